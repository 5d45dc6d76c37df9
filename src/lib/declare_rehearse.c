/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The netlink part of a plan, tried where it harms nobody: in a network namespace that is made like this one. A socket stays in the namespace that it
 * was opened in, so that only its opening happens in there; the namespace is gone when it is closed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/declare_ruleset.h"
#include "lib/verbs.h"

#define SETTLE UINT64_C(500000000)

struct rehearsal {
	struct ferry *ferry, *scratch;
	struct wishes present, wanted; /* what the scratch is to hold first, and what is tried then */
	const char *stand_in;          /* kind of link */
	ferry_change_function *function;
	void *data;
};

/* ---- The scratch namespace ---- */

/* All that will be used: later we are elsewhere. A protocol that this kernel has not is none to rehearse. */
static int open_sockets(struct machine *machine)
{
	struct netlink *netlink;
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < PROTOCOL_COUNT; i++) {
		r = machine_netlink(machine, protocols[i]->number, &netlink);
		if (r == -EPROTONOSUPPORT)
			r = 0;
	}
	return r;
}

static int open_inside(struct rehearsal *rehearsal)
{
	struct stat status;
	int r = open_sockets(&rehearsal->scratch->machine);

	if (r == 0 && stat("/proc/thread-self/ns/net", &status) == 0)
		rehearsal->scratch->netns = status.st_ino;
	return r;
}

static int open_scratch(struct rehearsal *rehearsal)
{
	struct error *error = &rehearsal->ferry->error;
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0)
		return error_set(error, -errno, "cannot rehearse: /proc/thread-self/ns/net: %s", error_text(errno));
	if (unshare(CLONE_NEWNET) < 0) {
		r = -errno;
		return error_set(error, r, "cannot rehearse: a network namespace of its own needs CAP_SYS_ADMIN (%s)", error_text(r));
	}
	r = open_inside(rehearsal);
	if (setns(own, CLONE_NEWNET) < 0)
		return error_set(error, -errno, "cannot come back from the rehearsal's namespace: %s", error_text(errno));
	return r < 0 ? error_set(error, r, "cannot rehearse: %s", rehearsal->scratch->machine.error.text) : 0;
}

/* A dummy, or where this kernel has none, one end of a cable. */
static void choose_stand_in(struct rehearsal *rehearsal)
{
	static const char link[] = "netlink/route/link/ferry-probe";
	struct undo_verbs verbs = undo_verbs_of(rehearsal->scratch);
	_cleanup_free_ char *made = NULL, *removed = NULL;
	struct error ignored;

	rehearsal->stand_in = "veth";
	if (verbs.write(verbs.data, link, "{\"linkinfo\":{\"kind\":\"dummy\"}}", &made, &ignored) < 0)
		return;
	rehearsal->stand_in = "dummy";
	if (verbs.write(verbs.data, link, NULL, &removed, &ignored) < 0)
		machine_links_forget(&rehearsal->scratch->machine);
}

/* ---- What stands here, for in there ---- */

static bool is_text(const struct value *value, const char *text)
{
	return value && value->type == VALUE_TEXT && value->bytes.length == strlen(text) && memcmp(value->bytes.data, text, strlen(text)) == 0;
}

/* A device of the machine, or the end of a cable that leads elsewhere: another link takes its place and name. */
static int stand_in(struct rehearsal *rehearsal, struct arena *arena, struct record *record)
{
	const struct record *info = record_inside(record, "linkinfo");
	const struct value *kind = info ? record_find(info, "kind") : NULL;
	bool elsewhere = record_at(record, "link_netnsid") != NULL;
	struct record *other;
	int r;

	if (is_text(record_find(record, "ifname"), "lo") || (kind && !elsewhere && !is_text(kind, "tun")))
		return 0;
	record_drop(record, "link");
	record_drop(record, "link_index");
	record_drop(record, "link_netnsid");
	other = record_new(arena, schema_field(record->schema, "linkinfo")->schema);
	r = other ? record_put(arena, other, "kind", value_text(rehearsal->stand_in)) : -ENOMEM;
	return r < 0 ? r : record_put(arena, record, "linkinfo", (struct value){ .type = VALUE_RECORD, .record = other });
}

static int copy_object(struct rehearsal *rehearsal, const struct kind *kind, const struct standing *standing)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_buffer_ struct buffer address = { 0 }, json = { 0 };
	struct record *record, *declared, *copy;
	int r = standing_record(kind, standing, &arena, &record);

	if (r == 0 && origin_of(kind->channel->object, record) >= OBJECT_PASSING)
		return 0;
	if (r == 0)
		r = record_declared(&arena, record, false, &declared, NULL);
	if (r == 0)
		r = record_copy(&arena, declared, &copy);
	if (r == 0 && strcmp(kind->channel->object->name, "link") == 0)
		r = stand_in(rehearsal, &arena, copy);
	if (r < 0)
		return r;
	buffer_printf(&address, "%s/%s", kind->channel->name, standing->path);
	/* Names, not numbers: in there the numbers may be others. */
	record_json(&json, copy, &rehearsal->ferry->machine.naming);
	return address.failed || json.failed ? -ENOMEM : wishes_add_json(&rehearsal->present, address.data, json.data);
}

static int copy_kind(struct rehearsal *rehearsal, const struct ruleset *ruleset, const struct kind *kind)
{
	_cleanup_free_ struct standing **list = ruleset_in_order(kind);
	_cleanup_arena_ struct arena arena = { 0 };
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < kind->count; i++) {
		_cleanup_buffer_ struct buffer address = { 0 }, json = { 0 };
		struct record *declared;
		bool owned;

		arena_reset(&arena);
		r = ruleset_declared(ruleset, kind, list[i], false, &arena, &declared, &address, &owned, NULL);
		if (r < 0 || !declared)
			continue;
		record_json(&json, declared, &rehearsal->ferry->machine.naming);
		r = json.failed ? -ENOMEM : wishes_add_json(&rehearsal->present, address.data, json.data);
	}
	return r;
}

static int copy_ruleset(struct rehearsal *rehearsal)
{
	struct ruleset *ruleset;
	int r = ruleset_read(rehearsal->ferry, &ruleset);

	if (r < 0)
		return r;
	for (unsigned int i = 0; r == 0 && i < RULESET_KINDS; i++)
		r = copy_kind(rehearsal, ruleset, &ruleset->kinds[i]);
	ruleset_free(ruleset);
	return r;
}

/* What ethtool sets: another link that stands in for a device has not what its driver has. Keys of WireGuard are not told. */
static bool is_of_a_driver(const struct object *object)
{
	return object->protocol->family;
}

static int copy_present(struct rehearsal *rehearsal)
{
	int r = 0;

	machine_links_forget(&rehearsal->ferry->machine);
	for (unsigned int i = 0; r == 0 && i < channel_count; i++) {
		struct kind kind = { 0 };

		if (!kind_may_follow(channels[i]) || is_of_a_driver(channels[i]->object))
			continue;
		r = kind_read_allowed(rehearsal->ferry, channels[i], &kind);
		for (size_t j = 0; r == 0 && j < kind.count; j++)
			r = copy_object(rehearsal, &kind, &kind.list[j]);
		kind_done(&kind);
	}
	return r < 0 ? r : copy_ruleset(rehearsal);
}

/* ---- Trying ---- */

/* What is not of netlink is left out: files belong to the whole machine, or show the namespace of whoever reads them. Likewise what is of a driver.
 */
static void leave_others(struct wishes *wishes)
{
	size_t kept = 0;

	for (size_t i = 0; i < wishes->count; i++)
		if (wishes->list[i]->channel->object && !is_of_a_driver(wishes->list[i]->channel->object))
			wishes->list[kept++] = wishes->list[i];
	wishes->count = kept;
}

static int take(void *data, const struct ferry_change *change)
{
	struct rehearsal *rehearsal = data;

	return rehearsal->function(rehearsal->data, change);
}

static int rehearse(struct rehearsal *rehearsal, const char *text, size_t length, const char *const *only)
{
	struct converge build = { .ferry = rehearsal->scratch,
				  .wishes = &rehearsal->present,
				  .flags = CONVERGE_ON | CONVERGE_QUIET,
				  .settle = SETTLE,
				  .source = "rehearsal" };
	struct converge trial = { .ferry = rehearsal->scratch,
				  .wishes = &rehearsal->wanted,
				  .flags = CONVERGE_ON,
				  .settle = SETTLE,
				  .source = "rehearsal",
				  .function = take,
				  .data = rehearsal };
	int r = open_scratch(rehearsal);

	if (r < 0)
		return r;
	choose_stand_in(rehearsal);
	r = copy_present(rehearsal);
	if (r == 0)
		r = converge(&build);
	if (r == 0)
		r = wishes_read(&rehearsal->wanted, text, length);
	for (; r == 0 && only && *only; only++)
		r = wishes_add_only(&rehearsal->wanted, *only);
	if (r < 0)
		return r;
	leave_others(&rehearsal->wanted);
	r = converge(&trial);
	return r != 0 ? r : trial.refused ? FERRY_INCOMPLETE : 0;
}

int ferry_rehearse(struct ferry *ferry, const char *text, size_t length, const char *const *only, ferry_change_function *function, void *data)
{
	struct rehearsal rehearsal = { .ferry = ferry, .function = function, .data = data };
	int r;

	ferry->error = (struct error){ 0 };
	r = ferry_new(&rehearsal.scratch);
	if (r < 0)
		return error_set(&ferry->error, r, "no memory for a rehearsal");
	wishes_init(&rehearsal.present, rehearsal.scratch);
	wishes_init(&rehearsal.wanted, rehearsal.scratch);
	r = rehearse(&rehearsal, text, length, only);
	if (r < 0 && !ferry->error.code)
		ferry->error = rehearsal.scratch->error;
	wishes_done(&rehearsal.present);
	wishes_done(&rehearsal.wanted);
	ferry_free(rehearsal.scratch);
	return r;
}
