/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One key of ferry_configured(): its lines, its running value, and what the other program would leave there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "channel/files.h"
#include "channel/nature.h"
#include "lib/configured.h"

#define SECRET "(secret)"

const char *ferry_fate_name(enum ferry_fate fate)
{
	static const char *const names[] = {
		[FERRY_FATE_SET] = "set",           [FERRY_FATE_OVERRIDDEN] = "overridden", [FERRY_FATE_EXPLICIT] = "explicit",
		[FERRY_FATE_EXCLUDED] = "excluded", [FERRY_FATE_MASKED] = "masked",
	};

	return (size_t)fate < ARRAY_SIZE(names) ? names[fate] : NULL;
}

const char *ferry_agreement_name(enum ferry_agreement agreement)
{
	static const char *const names[] = {
		[FERRY_AGREES] = "agrees", [FERRY_DIFFERS] = "differs", [FERRY_ABSENT] = "absent",
		[FERRY_UNREAD] = "unread", [FERRY_NOT_SET] = "not set",
	};

	return (size_t)agreement < ARRAY_SIZE(names) ? names[agreement] : NULL;
}

static struct ferry_configured_line *make_line(struct arena *arena, const struct configured_entry *entry, bool secret)
{
	const struct configured_line *line = entry->line;
	struct ferry_configured_line *made = arena_new(arena, struct ferry_configured_line);

	if (!made)
		return NULL;
	*made = (struct ferry_configured_line){
		.file = line->file,
		.line = line->number,
		.key = line->key,
		.value = secret ? SECRET : line->value,
		.pattern = line->pattern,
		.ignore_errors = line->ignore_errors,
		.fate = entry->fate,
		.by_file = entry->by                          ? entry->by->file
			   : entry->fate == FERRY_FATE_MASKED ? line->masked_by
							      : NULL,
		.by_line = entry->by ? entry->by->number : 0,
	};
	return made;
}

static int make_lines(struct arena *arena, const struct configured_key *key, bool secret, struct ferry_configured_key *ret)
{
	const struct ferry_configured_line **lines = arena_array(arena, const struct ferry_configured_line *, key->count + 1);

	if (!lines)
		return -ENOMEM;
	for (const struct configured_entry *entry = key->entries; entry; entry = entry->next) {
		const struct ferry_configured_line *line = make_line(arena, entry, secret);

		if (!line)
			return -ENOMEM;
		lines[ret->line_count++] = line;
		if (entry == key->winner)
			ret->winner = line;
	}
	ret->lines = lines;
	return 0;
}

static bool winners_differ(const struct configured_key *own, const struct configured_key *other)
{
	const char *a = own && own->winner ? own->winner->line->value : NULL, *b = other && other->winner ? other->winner->line->value : NULL;

	if (!a || !b)
		return a || b;
	return !file_value_same(a, strlen(a), b, strlen(b));
}

static bool means_the_same(const char *configured, const struct buffer *running)
{
	size_t length = strlen(configured);

	return file_value_same(configured, length, running->data, running->length) ||
	       file_numbers_same(configured, length, running->data, running->length);
}

static void fail(struct ferry_configured_key *key, enum ferry_agreement agreement, int error, const char *why)
{
	key->agreement = agreement;
	key->error = error;
	key->why = why;
}

/* Not there: in the running kernel, or because the root has no kernel's files at all. */
static void tell_absent(struct machine *machine, struct ferry_configured_key *key, const char *why)
{
	_cleanup_close_ int descriptor = file_open(machine->root_descriptor, "/proc/sys", O_PATH | O_DIRECTORY);

	if (descriptor >= 0)
		fail(key, FERRY_ABSENT, 0, why);
	else
		fail(key, FERRY_UNREAD, 0, "there is no /proc/sys");
}

/* Reads what runs, and compares it with VALUE. */
static int read_running(struct ferry_configured *configured, const char *value, bool secret, struct ferry_configured_key *ret)
{
	struct machine *machine = &configured->ferry->machine;
	_cleanup_buffer_ struct buffer content = { 0 };
	int r = file_read_address(machine, ret->address, &content);

	if (r == -ENOMEM)
		return r;
	if (r == -ENOENT || r == -ENOTDIR) {
		tell_absent(machine, ret, "the running kernel has no such key: its module is not loaded, or the interface is not there");
		return 0;
	}
	if (r < 0) {
		fail(ret, FERRY_UNREAD, r, r == -EINVAL ? "it is a folder of keys" : error_text(r));
		return 0;
	}
	ret->agreement = means_the_same(value, &content) ? FERRY_AGREES : FERRY_DIFFERS;
	ret->running = secret ? SECRET : arena_copy(&configured->arena, content.data, content.length);
	return ret->running ? 0 : -ENOMEM;
}

int configured_key_compare(struct ferry_configured *configured, struct ferry_configured_key *key)
{
	const struct configured_key *own = configured_find(&configured->own, key->address);
	const struct nature *nature = nature_of(key->address);

	if (!key->winner)
		return 0;
	if (own->unmatched) {
		tell_absent(&configured->ferry->machine, key, "no key of the running kernel matches");
		return 0;
	}
	if (nature && (nature->nature == FERRY_ACTION || nature->nature == FERRY_VOLATILE || nature->flags & NATURE_SLOW)) {
		fail(key, FERRY_UNREAD, 0, nature_help(nature));
		return 0;
	}
	return read_running(configured, own->winner->line->value, nature && nature->flags & NATURE_SECRET, key);
}

int configured_key_fill(struct ferry_configured *configured, const struct configured_key *key, struct ferry_configured_key *ret)
{
	const struct configured_key *own = configured_find(&configured->own, key->address),
				    *other = configured_find(&configured->other, key->address);
	const struct nature *nature = nature_of(key->address);
	bool secret = nature && nature->flags & NATURE_SECRET;
	int r;

	*ret = (struct ferry_configured_key){
		.address = key->address, .order = own ? own->order : 0, .agreement = FERRY_UNREAD, .disputed = winners_differ(own, other)
	};
	if (other && other->winner) {
		ret->other = make_line(&configured->arena, other->winner, secret);
		if (!ret->other)
			return -ENOMEM;
	}
	r = make_lines(&configured->arena, own ? own : &(const struct configured_key){ 0 }, secret, ret);
	if (r == 0 && !ret->winner)
		fail(ret, FERRY_NOT_SET, 0, NULL);
	return r;
}
