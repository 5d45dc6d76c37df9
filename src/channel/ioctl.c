/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ioctl channel: what net-tools read and set, IPv4 alone. Interfaces stand at its top as ifconfig(8) lists them: those of /proc/net/dev, and the
 * labels (eth0:1) that only SIOCGIFCONF tells. */
#include "channel/ioctl.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

#include "base/error.h"
#include "channel/path-wants.h"
#include "wire/control.h"
#include "wire/file.h"

#define ROUTE "route"

/* ---- For both halves ---- */

int ioctl_refused(struct machine *machine, int code, const char *request, const char *subject)
{
	return error_set(&machine->error, code, "%s of " IOCTL_PREFIX "%s: the kernel refused: %s (%s)%s", request, subject, error_symbol(code),
			 error_text(code), code == -EPERM || code == -EACCES ? "; that needs CAP_NET_ADMIN" : "");
}

int ioctl_parse(struct machine *machine, const struct schema *schema, const char *rest, const char *value, struct arena *arena, struct record **ret)
{
	_cleanup_buffer_ struct buffer whole = { 0 };
	unsigned int depth = 0;

	/* {"map":{"irq":VALUE}} for map/irq. */
	for (; *rest; depth++) {
		const size_t length = strcspn(rest, "/");

		buffer_add_char(&whole, '{');
		buffer_add_json(&whole, rest, length);
		buffer_add_char(&whole, ':');
		rest += length + (rest[length] == '/');
	}
	buffer_add_text(&whole, value);
	while (depth-- > 0)
		buffer_add_char(&whole, '}');
	if (whole.failed)
		return error_set(&machine->error, -ENOMEM, "no memory for the value");
	return record_parse_json(schema, whole.data, whole.length, &machine->naming, arena, ret, &machine->error);
}

int ioctl_tell_now(struct machine *machine, const struct record *record, const char *rest, char **ret_now)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	struct value value = { .type = VALUE_RECORD, .record = record };
	const struct field *field = NULL;

	if (!record) {
		*ret_now = NULL;
		return 0;
	}
	while (*rest) {
		const size_t length = strcspn(rest, "/");
		const struct entry *found = NULL;

		for (uint32_t i = 0; value.type == VALUE_RECORD && i < value.record->count; i++)
			if (!strncmp(value.record->entries[i].name, rest, length) && !value.record->entries[i].name[length])
				found = &value.record->entries[i];
		field = found ? found->field : NULL;
		value = found ? found->value : (struct value){ .type = VALUE_NULL };
		rest += length + (rest[length] == '/');
	}
	value_json(&text, &value, field, &machine->naming);
	*ret_now = buffer_take(&text);
	return *ret_now ? 0 : error_set(&machine->error, -ENOMEM, "no memory for the value");
}

/* ---- The names at the top ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All names of interfaces and labels, and that of the routes, sorted. */
static int read_names(struct machine *machine, struct buffer *names, const char ***ret, size_t *ret_count)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	_cleanup_close_ int descriptor = -1;
	size_t count = 0, kept = 0;
	const char **list;
	int control, r = machine_control(machine, &control);

	if (r < 0)
		return r;
	descriptor = file_open(-1, "/proc/net/dev", O_RDONLY);
	r = descriptor < 0 ? descriptor : file_read(descriptor, 0, 0, &text);
	if (r < 0)
		return error_set(&machine->error, r == -ENOENT ? -EOPNOTSUPP : r, "/proc/net/dev: %s", error_text(r));
	control_names_in(text.data ? text.data : "", text.length, names);
	r = control_interfaces(control, names);
	if (r < 0 && r != -ENOMEM)
		return ioctl_refused(machine, r, "SIOCGIFCONF", "");
	buffer_add(names, ROUTE, sizeof(ROUTE));
	for (size_t i = 0; !names->failed && i < names->length; i++)
		count += names->data[i] == '\0';
	list = names->failed || r < 0 ? NULL : calloc(count, sizeof(*list));
	if (!list)
		return error_set(&machine->error, -ENOMEM, "no memory for the names of interfaces");
	for (const char *name = names->data; kept < count; name += strlen(name) + 1)
		list[kept++] = name;
	qsort(list, count, sizeof(*list), by_name);
	kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(list[kept - 1], list[i]) != 0)
			list[kept++] = list[i];
	*ret = list;
	*ret_count = kept;
	return 0;
}

/* ---- Listing and reading ---- */

int ioctl_tell_object(struct ioctl_walk *walk, const char *own, const struct record *record)
{
	const char *rest;
	bool opened;
	int r = path_wants(own, walk->path, &rest, &opened);

	if (r <= 0)
		return r;
	walk->named = true;
	buffer_clear(&walk->items.address);
	buffer_add_text(&walk->items.address, walk->prefix);
	buffer_add_text(&walk->items.address, own);
	return record_items_tell(&walk->items, record, rest, opened && *walk->path);
}

static int tell_routes(const struct ioctl_walk *all, const char *path)
{
	struct ioctl_walk walk = *all;
	int r = 0;

	walk.prefix = IOCTL_ROUTE_PREFIX;
	walk.path = path;
	walk.items.help = schema_ioctl_route.help;
	walk.items.address = (struct buffer){ 0 };
	walk.items.found = walk.named = false;
	if (walk.items.fields && !*all->path)
		r = walk.items.function(walk.items.data, &(struct ferry_item){ .address = IOCTL_PREFIX ROUTE,
									       .kind = FERRY_ITEM_BRANCH,
									       .help = "IPv4 routes of the main table",
									       .promise = walk.items.promise });
	if (r == 0 && (!walk.items.fields || *all->path || walk.items.flags & FERRY_READ_RECURSIVE))
		r = ioctl_routes_tell(&walk);
	buffer_done(&walk.items.address);
	/* An empty table has no routes, but is there. */
	if (r == 0 && !walk.items.found && *path)
		return error_set(&all->machine->error, -ENOENT,
				 walk.named ? "there is no field " IOCTL_ROUTE_PREFIX "%s now" : "there is no " IOCTL_ROUTE_PREFIX "%s", path);
	return r;
}

/* Without reading it where nothing of it is wanted but its name. */
static int tell_interface(struct ioctl_walk *walk, const char *name)
{
	_cleanup_free_ char *only = NULL;
	_cleanup_arena_ struct arena arena = { 0 };
	struct record *record;
	const char *rest;
	bool opened;
	int r = path_wants(name, walk->path, &rest, &opened);

	if (r <= 0)
		return r;
	if (*rest && !strpbrk(rest, "*?[")) {
		only = strndup(rest, strcspn(rest, "/"));
		if (!only)
			return -ENOMEM;
	}
	if (walk->items.values || *rest || (opened && *walk->path) || walk->items.flags & FERRY_READ_RECURSIVE)
		r = ioctl_interface_read(walk->machine, name, only, &arena, &record);
	else
		r = (record = record_new(&arena, &schema_ioctl_interface)) ? 0 : -ENOMEM;
	if (r == 0)
		r = ioctl_tell_object(walk, name, record);
	return r == -ENOMEM ? error_set(&walk->machine->error, r, "no memory for " IOCTL_PREFIX "%s", name) : r;
}

static bool routes_wanted(const char *path, const char **ret_rest)
{
	const size_t length = strcspn(path, "/");
	_cleanup_free_ char *part = strndup(path, length);

	*ret_rest = path + length + (path[length] == '/');
	return !*path || (part && !fnmatch(part, ROUTE, FNM_NOESCAPE));
}

/* Several: what has gone meanwhile, or has no such field, is passed over. */
static int tell_all(struct ioctl_walk *walk)
{
	_cleanup_buffer_ struct buffer names = { 0 };
	_cleanup_free_ const char **list = NULL;
	bool found = false;
	const char *rest;
	size_t count = 0;
	int r = read_names(walk->machine, &names, &list, &count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		bool route = !strcmp(list[i], ROUTE);

		if (route && !routes_wanted(walk->path, &rest))
			continue;
		r = route ? tell_routes(walk, rest) : tell_interface(walk, list[i]);
		found |= route && r == 0;
		if (r == -ENODEV || r == -ENOENT)
			r = 0;
	}
	walk->items.found |= found;
	return r;
}

static int tell(struct ioctl_walk *walk)
{
	struct machine *machine = walk->machine;
	const char *path = walk->path, *rest;
	int r;

	if (machine->root)
		return error_set(&machine->error, -EOPNOTSUPP, "ioctl asks the running kernel: not to be had below another root (%s)", machine->root);
	if (!strncmp(path, ROUTE "/", sizeof(ROUTE)) || !strcmp(path, ROUTE))
		return tell_routes(walk, routes_wanted(path, &rest) ? rest : "");
	if (!*path || strpbrk(path, "*?[")) {
		r = tell_all(walk);
	} else {
		_cleanup_free_ char *name = strndup(path, strcspn(path, "/"));

		r = name ? tell_interface(walk, name) : error_set(&machine->error, -ENOMEM, "no memory for the address");
	}
	if (r == 0 && !walk->items.found)
		r = error_set(&machine->error, -ENOENT, walk->named ? "there is no field " IOCTL_PREFIX "%s now" : "there is no " IOCTL_PREFIX "%s",
			      path);
	return r;
}

static int walk_path(struct machine *machine, const char *path, unsigned int flags, bool fields, ferry_item_function *function, void *data)
{
	struct ioctl_walk walk = { .machine = machine,
				   .prefix = IOCTL_PREFIX,
				   .path = path,
				   .items = { .flags = flags,
					      .fields = fields,
					      .values = flags & FERRY_READ_VALUES,
					      .help = schema_ioctl_interface.help,
					      .mode = 0444,
					      .mode_settable = 0644,
					      .promise = "sampled",
					      .promise_moving = "sampled",
					      .naming = &machine->naming,
					      .error = &machine->error,
					      .function = function,
					      .data = data } };
	int r = tell(&walk);

	buffer_done(&walk.items.address);
	return r;
}

static int list(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
		void *data)
{
	return walk_path(machine, path, flags & ~(unsigned int)FERRY_READ_LEAVES, true, function, data);
}

static int get(const struct channel *channel _unused_, struct machine *machine, const char *path, unsigned int flags, ferry_item_function *function,
	       void *data)
{
	return walk_path(machine, path, flags | FERRY_READ_VALUES, false, function, data);
}

static bool is_route(const char *path)
{
	return !strncmp(path, ROUTE, sizeof(ROUTE) - 1) && (!path[sizeof(ROUTE) - 1] || path[sizeof(ROUTE) - 1] == '/');
}

const struct schema *ioctl_schema(const char *path)
{
	return is_route(path) ? &schema_ioctl_route : &schema_ioctl_interface;
}

/* The destination of a route, behind "route/". */
static const char *route_path(const char *path)
{
	return path + strlen(ROUTE) + (path[strlen(ROUTE)] == '/');
}

int ioctl_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret, const char **ret_rest)
{
	if (is_route(path))
		return ioctl_route_look(machine, route_path(path), arena, ret, ret_rest);
	return ioctl_interface_look(machine, path, arena, ret, ret_rest);
}

int ioctl_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now)
{
	if (is_route(path))
		return ioctl_route_set(machine, route_path(path), value, flags, ret_now);
	return ioctl_interface_set(machine, path, value, flags, ret_now);
}

static int set(const struct channel *channel _unused_, struct machine *machine, const char *path, const char *value, char **ret_now)
{
	if (machine->root)
		return error_set(&machine->error, -EROFS, "nothing is written below another root (%s)", machine->root);
	return ioctl_set(machine, path, value, 0, ret_now);
}

const struct channel channel_ioctl = {
	.name = "ioctl",
	.help = "interfaces and IPv4 routes the way of ifconfig and route",
	.promise = "sampled",
	.list = list,
	.get = get,
	.set = set,
	.prepare = ioctl_prepare,
	.schema = ioctl_schema,
};
