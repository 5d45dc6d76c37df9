/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One wish against what stands: nothing, a change, a removal and a making. */
#include <errno.h>
#include <string.h>

#include "channel/content.h"
#include "channel/files.h"
#include "channel/nature.h"
#include "lib/declare.h"

static int no_memory(struct plan *plan)
{
	return error_set(&plan->ferry->error, -ENOMEM, "no memory for a plan");
}

static const char *kept(struct plan *plan, struct buffer *text)
{
	return text->failed || !text->data ? NULL : arena_copy(&plan->arena, text->data, text->length);
}

static const char *json_of(struct plan *plan, const struct record *record)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	record_json(&text, record, &plan->ferry->machine.naming);
	return kept(plan, &text);
}

/* What lasts of a record, as JSON. */
static const char *declared_json(struct plan *plan, const struct record *record)
{
	struct record *declared;

	return record_declared(&plan->scratch, record, false, &declared, NULL) < 0 ? NULL : json_of(plan, declared);
}

/* ---- What differs ---- */

static int differences(struct plan *plan, const struct record *wanted, const struct record *now, const struct record *declared,
		       struct record **ret_want, struct record **ret_was);

static int add_pair(struct plan *plan, struct record *want, struct record *was, struct entry entry, struct value wanted, struct value now)
{
	int r;

	entry.value = wanted;
	r = record_add(&plan->scratch, want, entry);
	entry.value = now;
	return r < 0 ? r : record_add(&plan->scratch, was, entry);
}

static int compare_entry(struct plan *plan, const struct entry *entry, const struct record *now, const struct record *declared, struct record *want,
			 struct record *was)
{
	const struct entry *other = entry->name ? record_at(now, entry->name) : NULL;
	const struct value none = { .type = VALUE_NULL };
	struct record *inner_want, *inner_was;
	struct value first, second;
	int r;

	if (other && entry->value.type == VALUE_RECORD && other->value.type == VALUE_RECORD &&
	    entry->value.record->schema == other->value.record->schema) {
		if (!object_field_counts(entry->field))
			return 0;
		r = differences(plan, entry->value.record, other->value.record, declared && !plan->flat ? record_inside(declared, entry->name) : NULL,
				&inner_want, &inner_was);
		if (r < 0 || !inner_want->count)
			return r;
		first = (struct value){ .type = VALUE_RECORD, .record = inner_want };
		second = (struct value){ .type = VALUE_RECORD, .record = inner_was };
		return add_pair(plan, want, was, *entry, first, second);
	}
	if (object_entry_matches(entry, now, UINT64_MAX))
		return 0;
	return add_pair(plan, want, was, *entry, entry->value, other ? other->value : none);
}

/* Whether what a document leaves out of a whole object is to go: what the kernel tells of every object has a usual value, which nobody asked for. */
static bool is_surplus(const struct schema *schema, const struct entry *entry)
{
	const uint32_t flags = entry->field->flags;

	if (flags & FIELD_KEY || (flags & FIELD_CREATE && !(flags & FIELD_SETTABLE)) || object_is_header(schema, entry->name))
		return false;
	return !((entry->value.type == VALUE_UINT || entry->value.type == VALUE_INT) && entry->value.number == 0);
}

/* The parts of WANTED that are otherwise in NOW; of DECLARED (what of NOW a document says; may be NULL) also what is more there, as null. */
static int differences(struct plan *plan, const struct record *wanted, const struct record *now, const struct record *declared,
		       struct record **ret_want, struct record **ret_was)
{
	struct record *want = record_new_sized(&plan->scratch, wanted->schema, 2), *was = record_new_sized(&plan->scratch, now->schema, 2);
	int r = want && was ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < wanted->count; i++) {
		const struct entry *entry = &wanted->entries[i];

		/* What identifies is the same; what chooses a schema is looked at by renews(). */
		if (entry->field && !(entry->field->flags & FIELD_KEY))
			r = compare_entry(plan, entry, now, declared, want, was);
	}
	for (uint32_t i = 0; r == 0 && declared && i < declared->count; i++) {
		struct entry entry = declared->entries[i];

		if (!entry.field || !entry.name || record_at(wanted, entry.name) || !is_surplus(now->schema, &entry))
			continue;
		entry.value = (struct value){ .type = VALUE_NULL };
		if (!object_entry_matches(&entry, now, UINT64_MAX))
			r = add_pair(plan, want, was, entry, entry.value, declared->entries[i].value);
	}
	*ret_want = want;
	*ret_was = was;
	return r;
}

/* Whether a field that counts only when an object is made differs. */
static bool needs_making(const struct record *want)
{
	for (uint32_t i = 0; i < want->count; i++) {
		const struct entry *entry = &want->entries[i];

		if (entry->value.type == VALUE_RECORD ? needs_making(entry->value.record)
						      : entry->field && entry->field->flags & FIELD_CREATE && !(entry->field->flags & FIELD_SETTABLE))
			return true;
	}
	return false;
}

/* A link of another kind, or on another link below, is another link. */
static bool is_other_link(const struct record *wanted, const struct record *now)
{
	const struct record *info = record_inside(wanted, "linkinfo"), *now_info = record_inside(now, "linkinfo");
	const struct value *kind = info ? record_find(info, "kind") : NULL, *now_kind = now_info ? record_find(now_info, "kind") : NULL;
	const struct value *below = record_find(wanted, "link"), *now_below = record_find(now, "link");

	if (kind && (!now_kind || !value_equal(kind, now_kind)))
		return true;
	return below && now_below && below->type != VALUE_NULL && !value_equal(below, now_below);
}

static bool must_renew(const struct object *object, const struct record *wanted, const struct record *want, const struct record *now)
{
	if (object->write)
		return object->can_be_made && object_is_same(object, now, now) && strcmp(object->name, "link") == 0 &&
		       (is_other_link(wanted, now) || needs_making(want));
	return object->no_replace || needs_making(want) || (object->renews && object->renews(want, now));
}

/* ---- What is wished, by its schema ---- */

int wish_record(struct plan *plan, const struct wish *wish, const struct record *now, struct record **ret)
{
	const struct object *object = wish->channel->object;
	const struct naming *naming = &plan->ferry->machine.naming;
	struct error *error = &plan->ferry->error;
	struct record *generic, *key;
	const char *rest;
	int r = record_copy(&plan->scratch, wish->generic, &generic);

	if (r < 0)
		return no_memory(plan);
	if (wish->typed)
		return error_set(error, -ENOENT, "%s: its set is not known, so neither is what the key stands for; 0x... says it in bytes",
				 wish->address);
	r = object->parse(wish->path, naming, &plan->scratch, &key, &rest, error);
	if (r == 0)
		r = object_of_generic(object, generic, now ? now : key, naming, &plan->scratch, ret, error);
	for (uint32_t i = 0; r == 0 && i < key->count; i++)
		if (!record_at(*ret, key->entries[i].name))
			r = record_add(&plan->scratch, *ret, key->entries[i]);
	if (r < 0 && error->code != r)
		error_set(error, r, "%s", error_text(r));
	return r < 0 ? error_wrap(error, "%s", wish->address) : 0;
}

/* ---- Objects ---- */

static void drop_nulls(struct record *record)
{
	for (uint32_t i = record->count; i-- > 0;) {
		struct entry *entry = &record->entries[i];

		if (entry->value.type == VALUE_RECORD)
			drop_nulls((struct record *)entry->value.record);
		else if (entry->value.type == VALUE_NULL && entry->name)
			record_drop(record, entry->name);
	}
}

/* The request that makes RECORD, while it is at hand. What cannot be sent yet, as its interface is not there, is tried again when its turn comes. */
static void encode_making(struct plan *plan, const struct object *object, const struct record *record, struct step *step)
{
	struct machine *machine = &plan->ferry->machine;
	struct object_request request;
	char *payload;

	if (plan->purpose != PLAN_DO || object->write || object_has_transactions(object) ||
	    object_request(object, machine, &plan->scratch, record, OBJECT_CREATE, &request) < 0)
		return;
	payload = arena_copy(&plan->arena, request.payload.data, request.payload.length);
	if (payload) {
		step->request = request;
		step->request.payload =
			(struct buffer){ .data = payload, .length = request.payload.length, .size = request.payload.length + 1, .fixed = true };
	}
	buffer_done(&request.payload);
}

static int add_making(struct plan *plan, struct record *record, struct step *step)
{
	const char *why = object_cannot_be_made(step->channel->object, record);

	drop_nulls(record);
	step->act = STEP_MAKE;
	step->origin = origin_of(step->channel->object, record);
	step->whole = json_of(plan, record);
	step->after = step->whole;
	step->before = NULL;
	step->standing = NULL;
	if (!step->whole)
		return no_memory(plan);
	if (why) {
		/* A port of a bridge comes with the link's master. */
		step->pending = true;
		step->note = arena_copy(&plan->arena, why, strlen(why));
	} else {
		encode_making(plan, step->channel->object, record, step);
	}
	return plan_add(plan, step);
}

static int add_removal(struct plan *plan, const struct record *now, struct step *step)
{
	step->act = STEP_REMOVE;
	step->origin = origin_of(step->channel->object, now);
	step->before = declared_json(plan, now);
	step->after = NULL;
	step->whole = step->before;
	return step->before ? plan_add(plan, step) : no_memory(plan);
}

/* Both: what is made anew keeps what is not said of it. */
static int add_renewal(struct plan *plan, const struct wish *wish, struct record *wanted, const struct record *now, struct step *step)
{
	struct record *declared, *merged;
	bool complete = wish && wishes_are_complete(plan->wishes, wish->address), other = is_other_link(wanted, now);
	int r;

	step->renewed = true;
	r = add_removal(plan, now, step);
	if (r < 0 || complete || (step->channel->object->write && other)) {
		return r < 0 ? r : add_making(plan, wanted, step);
	}
	r = record_declared(&plan->scratch, now, false, &declared, NULL);
	if (r == 0)
		r = record_copy(&plan->scratch, declared, &merged);
	if (r == 0)
		r = object_merge(&plan->scratch, merged, wanted);
	return r < 0 ? no_memory(plan) : add_making(plan, merged, step);
}

static int add_change(struct plan *plan, const struct wish *wish, const struct record *want, const struct record *was, const struct record *now,
		      struct step *step)
{
	struct record *declared, *merged;
	int r = 0;

	step->act = STEP_CHANGE;
	step->origin = step->follows ? OBJECT_FOLLOWS : origin_of(wish->channel->object, now);
	step->before = json_of(plan, was);
	step->after = json_of(plan, want);
	step->whole = step->after;
	if (!wish->channel->object->write) {
		r = record_declared(&plan->scratch, now, false, &declared, NULL);
		if (r == 0)
			r = record_copy(&plan->scratch, declared, &merged);
		if (r == 0)
			r = object_merge(&plan->scratch, merged, want);
		if (r == 0)
			drop_nulls(merged);
		step->whole = r == 0 ? json_of(plan, merged) : NULL;
	}
	return step->before && step->after && step->whole ? plan_add(plan, step) : no_memory(plan);
}

/* What of a link has no value that means "none" cannot be taken away; and a bridge without an address gets one from its ports. */
static void leave_impossible(struct record *want, struct record *was, struct step *step)
{
	static const char *const removable[] = { "master", "ifalias", "altnames" };
	struct entry *address = record_at(was, "address");

	for (uint32_t i = want->count; i-- > 0;) {
		bool possible = want->entries[i].value.type != VALUE_NULL;
		const char *name = want->entries[i].name;

		for (unsigned int j = 0; !possible && j < ARRAY_SIZE(removable); j++)
			possible = strcmp(name, removable[j]) == 0;
		if (!possible || (strcmp(name, "address") == 0 && address && address->value.type == VALUE_NULL && want->count > 1)) {
			record_drop(was, name);
			record_drop(want, name);
		}
	}
	address = record_at(was, "address");
	step->follows = address && address->value.type == VALUE_NULL;
}

int compare_object(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing)
{
	const struct object *object = wish->channel->object;
	struct step step = {
		.channel = wish->channel, .wish = wish, .address = wish->address, .path = wish->path, .kind = kind, .standing = standing
	};
	struct record *wanted, *want, *was, *now = NULL, *declared = NULL;
	int r;

	step.beside = wish->first->next;
	if (standing && standing_record(kind, standing, &plan->scratch, &now) < 0)
		return no_memory(plan);
	if (wish->absent)
		return standing ? add_removal(plan, now, &step) : 0;
	r = wish_record(plan, wish, now, &wanted);
	if (r < 0)
		return wish->line ? error_wrap(&plan->ferry->error, "line %u", wish->line) : r;
	if (!standing)
		return add_making(plan, wanted, &step);
	if (wishes_are_complete(plan->wishes, wish->address) && record_declared(&plan->scratch, now, false, &declared, NULL) < 0)
		return no_memory(plan);
	/* A link's options keep what is not said of them. */
	plan->flat = object->write != NULL;
	r = differences(plan, wanted, now, declared, &want, &was);
	if (r < 0)
		return no_memory(plan);
	if (object->write && strcmp(object->name, "link") == 0 && is_other_link(wanted, now))
		return add_renewal(plan, wish, wanted, now, &step);
	if (strcmp(object->name, "link") == 0)
		leave_impossible(want, was, &step);
	if (!want->count)
		return 0;
	if (must_renew(object, wanted, want, now))
		return add_renewal(plan, wish, wanted, now, &step);
	return add_change(plan, wish, want, was, now, &step);
}

static int step_of(struct plan *plan, const struct kind *kind, const struct standing *standing, struct step *ret, struct record **ret_now)
{
	_cleanup_buffer_ struct buffer address = { 0 };

	if (standing_record(kind, standing, &plan->scratch, ret_now) < 0)
		return no_memory(plan);
	buffer_printf(&address, "%s/%s", kind->channel->name, standing->path);
	*ret = (struct step){ .channel = kind->channel, .kind = kind, .standing = standing, .address = kept(plan, &address) };
	if (!ret->address)
		return no_memory(plan);
	ret->path = ret->address + strlen(kind->channel->name) + 1;
	return 0;
}

int compare_renewal(struct plan *plan, const struct wish *wish, const struct kind *kind, const struct standing *standing)
{
	struct record *now, *wanted;
	struct step step;
	int r = step_of(plan, kind, standing, &step, &now);

	if (r < 0)
		return r;
	step.wish = wish;
	step.note = "made anew with what it names or stands in";
	if (wish)
		r = wish_record(plan, wish, now, &wanted);
	else
		wanted = record_new(&plan->scratch, now->schema);
	if (r == 0 && !wanted)
		return no_memory(plan);
	return r < 0 ? r : add_renewal(plan, wish, wanted, now, &step);
}

int compare_loss(struct plan *plan, const struct kind *kind, const struct standing *standing)
{
	struct record *now;
	struct step step;
	int r = step_of(plan, kind, standing, &step, &now);

	return r < 0 ? r : add_removal(plan, now, &step);
}

int compare_surplus(struct plan *plan, const struct kind *kind, const struct standing *standing)
{
	const struct object *object = kind->channel->object;
	struct record *now;
	struct step step;
	int r;

	if (standing->wished || !plan->wishes->only_count)
		return 0;
	r = step_of(plan, kind, standing, &step, &now);
	if (r < 0)
		return r;
	if (origin_of(object, now) >= OBJECT_PASSING)
		return 0;
	/* The kernel's own routes go with the address that they are of, and what is of an address that stands is not to go. */
	if (origin_of(object, now) == OBJECT_FOLLOWS && strcmp(object->name, "route") == 0)
		return 0;
	/* A device of the machine, and what goes with its link's master. */
	if (object_cannot_be_made(object, now))
		return 0;
	return wishes_are_complete(plan->wishes, step.address) ? add_removal(plan, now, &step) : 0;
}

/* ---- Files ---- */

static bool is_twin_unused(const struct plan *plan, const struct wish *wish, const struct nature *nature, const struct setting *setting)
{
	_cleanup_buffer_ struct buffer other = { 0 };

	if (!nature || nature->nature != FERRY_TWIN || !setting->after || strcmp(setting->after, "0") != 0)
		return false;
	/* 0 only says that the other one counts: it follows from that one's value, where that is wished. */
	nature_add_others(nature, wish->address, &other);
	return other.data && table_find(&plan->wishes->table, other.data, other.length);
}

/* The interface that FILE belongs to, where a link of that name is wished. */
static const char *interface_wished(const struct plan *plan, const char *address)
{
	_cleanup_buffer_ struct buffer link = { 0 };

	for (const char *part = address, *end; *part; part = end + (*end == '/')) {
		const struct wish *wish;

		end = strchrnul(part, '/');
		buffer_clear(&link);
		buffer_printf(&link, "netlink/route/link/%.*s", (int)(end - part), part);
		wish = link.failed ? NULL : table_find(&plan->wishes->table, link.data, link.length);
		if (wish && !wish->absent)
			return wish->address;
	}
	return NULL;
}

static bool is_of_interfaces(const char *address)
{
	static const char *const folders[] = { "sysctl/net/ipv4/conf/",  "sysctl/net/ipv6/conf/", "sysctl/net/ipv4/neigh/",
					       "sysctl/net/ipv6/neigh/", "sysctl/net/mpls/conf/", "sysfs/class/net/" };

	for (unsigned int i = 0; i < ARRAY_SIZE(folders); i++)
		if (strncmp(address, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static const char *note(struct plan *plan, const char *format, const char *words)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	buffer_add_text(&text, format);
	buffer_add_text(&text, words ? words : "");
	return kept(plan, &text);
}

static int add_notes(struct plan *plan, struct step *step, const struct nature *nature, const struct setting *setting)
{
	_cleanup_buffer_ struct buffer others = { 0 };

	if (!nature)
		return 0;
	if (nature->nature == FERRY_ACTION) {
		step->action = step->needs_yes = true;
		step->note = note(plan, "an action, which cannot be undone: ", nature_help(nature));
	} else if (nature->nature == FERRY_LATCH && (!nature_other(nature) || (setting->after && strstr(setting->after, nature_other(nature)) &&
									       strlen(setting->after) <= strlen(nature_other(nature)) + 2))) {
		step->needs_yes = true;
		step->note = note(plan, "a latch, which cannot be undone before the next boot: ", nature_help(nature));
	} else if (nature->nature == FERRY_FANOUT || nature->nature == FERRY_TWIN) {
		nature_add_others(nature, step->address, &others);
		step->note = note(plan, "rewrites ", others.data);
	}
	return 0;
}

static int add_file_pending(struct plan *plan, const struct wish *wish, struct step *step, int code)
{
	_cleanup_buffer_ struct buffer after = { 0 };
	const char *link = interface_wished(plan, wish->address);
	struct value value = wish->value;

	if (!is_of_interfaces(wish->address) || code != -ENOENT)
		return wish->lenient ? 0 : error_wrap(&plan->ferry->error, "line %u", wish->line);
	value_json(&after, &value, NULL, NULL);
	step->after = kept(plan, &after);
	step->pending = true;
	step->note = link ? note(plan, "waits for ", link) : "waits for its interface, which nothing here makes";
	return plan_add(plan, step);
}

int compare_file(struct plan *plan, const struct wish *wish)
{
	struct step step = { .act = STEP_WRITE, .channel = wish->channel, .wish = wish, .address = wish->address, .path = wish->path };
	struct machine *machine = &plan->ferry->machine;
	const struct nature *nature = nature_of(wish->address);
	_cleanup_setting_ struct setting *setting = NULL;
	static const unsigned int purposes[] = {
		[PLAN_DO] = SETTING_STANDING, [PLAN_TELL] = SETTING_STANDING | SETTING_PLAN, [PLAN_COMPARE] = SETTING_COMPARE
	};
	int r = setting_prepare(wish->channel, machine, wish->path, &wish->value, SETTING_STRICT | SETTING_YES | purposes[plan->purpose], &setting);

	if (r < 0) {
		ferry_failed(plan->ferry, r);
		return add_file_pending(plan, wish, &step, r);
	}
	if (setting->unreadable && plan->purpose == PLAN_COMPARE) {
		if (!plan->unread++)
			plan->first_unread = wish->address;
		return 0;
	}
	if ((setting->stands && !(nature && nature->nature == FERRY_ACTION)) || is_twin_unused(plan, wish, nature, setting))
		return 0;
	step.before = setting->before ? arena_copy(&plan->arena, setting->before, strlen(setting->before)) : NULL;
	step.after = setting->after ? arena_copy(&plan->arena, setting->after, strlen(setting->after)) : NULL;
	if (!step.after)
		return no_memory(plan);
	r = add_notes(plan, &step, nature, setting);
	return r < 0 ? r : plan_add(plan, &step);
}
