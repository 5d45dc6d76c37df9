/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as items: what can be told without reading, the value, or why there is none. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/error.h"
#include "channel/files-walk.h"
#include "channel/report.h"

static const struct field secret_field = { .name = "secret", .kind = FIELD_TEXT, .flags = FIELD_SECRET };

static struct ferry_item item_of(const struct walk *walk, enum ferry_item_kind kind, uint32_t mode, const struct nature *nature)
{
	return (struct ferry_item){
		.address = walk->address.data,
		.kind = kind,
		.mode = mode & 07777,
		.nature = nature ? nature->nature : FERRY_SETTING,
		.help = nature ? nature_help(nature) : NULL,
		/* Only writes are told by the kernel, and only of the live machine: what nobody can write is not watched. */
		.promise = !walk->machine->root && (kind == FERRY_ITEM_BRANCH || mode & 0222) ? "writes only" : NULL,
		.consistency = FERRY_WHOLE,
	};
}

static int tell_error(struct walk *walk, struct ferry_item *item, int error)
{
	item->error = error;
	item->error_text = error_text(error);
	return walk->function(walk->data, item);
}

/* An item without a value because reading it was not tried. */
static int tell_unread(struct walk *walk, struct ferry_item *item, const char *why)
{
	buffer_clear(&walk->words);
	buffer_printf(&walk->words, "not read: %s", why);
	item->error = -ECANCELED;
	item->error_text = walk->words.failed ? "not read" : walk->words.data;
	return walk->function(walk->data, item);
}

static uint32_t mode_of(const struct walk *walk, int directory, const char *name)
{
	struct stat status;

	if (walk->named) {
		_cleanup_close_ int descriptor = file_open(walk->machine->root_descriptor, walk->named, O_PATH);

		return descriptor < 0 || fstat(descriptor, &status) ? 0 : status.st_mode;
	}
	return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) ? 0 : status.st_mode;
}

bool slow_names_hold(const struct slow_names *names, const char *name)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (!strcmp(names->list[i], name))
			return true;
	return false;
}

void slow_names_add(struct slow_names *names, const char *name)
{
	size_t length = strlen(name);

	if (names->count < ARRAY_SIZE(names->list) && length < sizeof(names->list[0]) && !slow_names_hold(names, name))
		memcpy(names->list[names->count++], name, length + 1);
}

/* The typed file (or link) that stands at the walk's place, or NULL. */
static const struct report *report_here(const struct walk *walk, bool link)
{
	const struct report *report = NULL;
	const char *rest;

	if (walk->tree->reports)
		report = report_of(walk->address.data + strlen(walk->tree->channel) + 1, &rest);
	return report && !report->layout == link ? report : NULL;
}

/* Reads the file into WALK->content; *RET_MODE also where it fails. */
static int read_content(struct walk *walk, int directory, const char *name, const struct report *report, uint32_t *ret_mode,
			enum ferry_consistency *ret_consistency)
{
	uint64_t begin = file_clock();
	_cleanup_close_ int descriptor = -1;
	struct stat status;
	int r;

	descriptor = walk->named ? file_open(walk->machine->root_descriptor, walk->named, O_RDONLY) : file_open_at(directory, name, O_RDONLY);
	buffer_clear(&walk->content);
	if (descriptor < 0) {
		*ret_mode = mode_of(walk, directory, name);
		return descriptor;
	}
	/* The folder has told that it is a regular file, and the kernel's own trees put nothing else in its place. */
	if (!(walk->flags & FERRY_READ_NO_MODE) || walk->named || walk->machine->root) {
		if (fstat(descriptor, &status))
			return -errno;
		*ret_mode = status.st_mode;
		if (!S_ISREG(status.st_mode))
			return -EINVAL;
	}
	if (walk->tree->reports)
		r = report_read(report, descriptor, walk->tree->read_flags, FILES_DEADLINE, &walk->content, ret_consistency);
	else
		r = file_read(descriptor, walk->tree->read_flags, FILES_DEADLINE, &walk->content);
	if (file_clock() - begin > FILES_DEADLINE)
		slow_names_add(&walk->slow, name);
	return r;
}

/* Whether a file that failed with ERROR is simply gone: a process that ended, a device that was removed while it was walked. */
static bool has_gone(int directory, const char *name, int error)
{
	if (error == -ENOENT || error == -ESRCH)
		return true;
	return error == -ENODEV && faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) && errno == ENOENT;
}

static int tell_content(struct walk *walk, struct ferry_item *item)
{
	struct content content;
	int r;

	arena_reset(&walk->arena);
	r = content_value(walk->content.data ? walk->content.data : "", walk->content.length, walk->tree->choices, &walk->arena, &content);
	if (r < 0)
		return r;
	item->type = content.type;
	return channel_item(item, &content.value, content.field, NULL, walk->function, walk->data);
}

/* How a record of a typed file is told, by what its ITEM says. The address is lent: take_back() returns it. */
static struct record_items items_of(struct walk *walk, const struct ferry_item *item)
{
	struct record_items items = {
		.address = walk->address,
		.flags = walk->flags,
		.fields = !walk->leaves,
		.values = walk->flags & FERRY_READ_VALUES,
		.mode = item->mode,
		.mode_settable = item->mode,
		.promise = item->promise,
		.promise_moving = item->promise,
		.consistency = item->consistency,
		.naming = NULL,
		.error = &walk->machine->error,
		.function = walk->function,
		.data = walk->data,
	};

	walk->address = (struct buffer){ 0 };
	return items;
}

static int take_back(struct walk *walk, struct record_items *items, int r)
{
	walk->address = items->address;
	walk->matched += items->found && walk->inside;
	return r;
}

static int tell_report(struct walk *walk, const struct report *report, const struct ferry_item *item)
{
	const char *inside = walk->inside ? walk->inside : "";
	struct record_items items = items_of(walk, item);

	walk->torn |= item->consistency == FERRY_INTERRUPTED;
	return take_back(walk, &items, report_tell(report, &walk->content, inside, walk->named, &walk->arena, &items));
}

static int read_leaf(struct walk *walk, int directory, const char *name, const struct nature *nature, const struct report *report)
{
	enum ferry_consistency consistency = FERRY_WHOLE;
	struct ferry_item item;
	uint32_t mode = 0;
	int r = read_content(walk, directory, name, report, &mode, &consistency);

	if (r < 0 && (!walk->named || walk->globbed) && has_gone(directory, name, r))
		return 0;
	item = item_of(walk, FERRY_ITEM_LEAF, mode, nature);
	item.consistency = consistency;
	if (r == -EACCES && mode && !(mode & 0444))
		return walk->function(walk->data, &item); /* for writing only: nothing failed */
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		walk->matched += walk->inside != NULL;
		return tell_error(walk, &item, r);
	}
	return report ? tell_report(walk, report, &item) : tell_content(walk, &item);
}

/* Without its values: a typed file that was asked for has its fields or rows as children, for which it must be read. */
static int list_leaf(struct walk *walk, int directory, const char *name, const struct nature *nature, const struct report *report)
{
	struct ferry_item item;

	if (report && walk->named)
		return read_leaf(walk, directory, name, nature, report);
	item = item_of(walk, FERRY_ITEM_LEAF, mode_of(walk, directory, name), nature);
	if (report)
		item.kind = report_has_rows(report) ? FERRY_ITEM_BRANCH : FERRY_ITEM_OBJECT;
	return walk->function(walk->data, &item);
}

int walk_leaf(struct walk *walk, int directory, const char *name)
{
	const struct nature *nature = nature_of(walk->address.data);
	const struct report *report = report_here(walk, false);
	struct ferry_item item;

	/* A table among other files is a branch, which is opened where all that lies below is wanted. */
	if (!(walk->flags & FERRY_READ_VALUES) ||
	    (report && report_has_rows(report) && !walk->named && !walk->leaves && !(walk->flags & FERRY_READ_RECURSIVE)))
		return list_leaf(walk, directory, name, nature, report);
	if (nature && nature->flags & NATURE_SECRET) {
		struct value secret = value_text("(secret)");

		item = item_of(walk, FERRY_ITEM_LEAF, mode_of(walk, directory, name), nature);
		item.type = "text";
		return channel_item(&item, &secret, &secret_field, NULL, walk->function, walk->data);
	}
	if (!(walk->named && walk->meant) && nature && nature->flags & NATURE_SLOW) {
		item = item_of(walk, FERRY_ITEM_LEAF, mode_of(walk, directory, name), nature);
		if (nature->nature == FERRY_ACTION) /* it has no value that one could miss */
			return walk->function(walk->data, &item);
		return tell_unread(walk, &item, nature_help(nature));
	}
	if (!(walk->named && walk->meant) && slow_names_hold(&walk->slow, name)) {
		item = item_of(walk, FERRY_ITEM_LEAF, mode_of(walk, directory, name), nature);
		return tell_unread(walk, &item, "a file of this name took too long");
	}
	return read_leaf(walk, directory, name, nature, report);
}

int walk_link(struct walk *walk, int directory, const char *name)
{
	struct ferry_item item = item_of(walk, FERRY_ITEM_LEAF, 0, nature_of(walk->address.data));
	const struct report *report = report_here(walk, true);
	struct value target;
	int r;

	if (!(walk->flags & FERRY_READ_VALUES) && !(report && walk->named))
		return walk->function(walk->data, &item);
	buffer_clear(&walk->content);
	r = file_link(directory, name, &walk->content);
	if (r < 0)
		return has_gone(directory, name, r) ? 0 : tell_error(walk, &item, r);
	if (report) {
		const char *inside = walk->inside ? walk->inside : "";
		struct record_items items = items_of(walk, &item);

		return take_back(walk, &items, report_tell_link(report, &walk->content, inside, walk->named, &walk->arena, &items));
	}
	target = value_data(VALUE_TEXT, walk->content.data, walk->content.length);
	item.type = "text";
	return channel_item(&item, &target, NULL, NULL, walk->function, walk->data);
}

int walk_branch(struct walk *walk, int directory, const char *name, const struct nature *nature, const char *why)
{
	struct ferry_item item = item_of(walk, FERRY_ITEM_BRANCH, mode_of(walk, directory, name), nature);

	return why ? tell_unread(walk, &item, why) : walk->function(walk->data, &item);
}

int walk_refused(struct walk *walk, int code)
{
	struct ferry_item item = item_of(walk, FERRY_ITEM_BRANCH, 0, nature_of(walk->address.data));

	return tell_error(walk, &item, code);
}
