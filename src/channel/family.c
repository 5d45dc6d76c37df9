/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/family.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "channel/object.h"

#define PROTOCOLS 32 /* MAX_LINKS */

/* A line of families.def: one with a name begins a family, those that follow are its groups. */
static const struct line {
	const char *family, *help, *group;
	int protocol, header_size;
	uint32_t number;
} lines[] = {
#define FAMILY(name, protocol_number, size, words) { .family = name, .help = words, .protocol = protocol_number, .header_size = size },
#define GROUP(group_number, name)                  { .group = name, .number = group_number },
#include "channel/families.def"
#undef FAMILY
#undef GROUP
};

int families_add(struct families *families, struct family family)
{
	struct family *list = reallocarray(families->list, families->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	families->list = list;
	list[families->count++] = family;
	return 0;
}

int family_add_group(struct families *families, struct family *family, const char *name, size_t length, uint32_t number)
{
	struct family_group *groups = arena_array(&families->arena, struct family_group, family->group_count + 1);
	char *copy = arena_copy(&families->arena, name, length);

	if (!groups || !copy)
		return -ENOMEM;
	if (family->group_count)
		memcpy(groups, family->groups, family->group_count * sizeof(*groups));
	groups[family->group_count++] = (struct family_group){ copy, number };
	family->groups = groups;
	return 0;
}

const char *family_group_name(const struct family *family, uint32_t group)
{
	for (size_t i = 0; i < family->group_count; i++)
		if (family->groups[i].number == group)
			return family->groups[i].name;
	return NULL;
}

/* ---- Protocols ---- */

int netlink_holders(netlink_holder_function *function, void *data)
{
	/* Of the thread, so that a namespace which it has entered is the one that is told of. */
	_cleanup_fclose_ FILE *file = fopen("/proc/thread-self/net/netlink", "re");
	char line[512];
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && fgets(line, sizeof(line), file)) {
		struct netlink_holder holder;
		unsigned long long drops;

		if (sscanf(line, "%*s %d %u %x %*d %*u %*s %*u %llu", &holder.protocol, &holder.port, &holder.groups, &drops) != 4)
			continue;
		holder.drops = drops;
		r = function(data, &holder);
	}
	return r;
}

/* A protocol whose kernel side is there is told by its socket of port 0. To ask for the others would load modules. */
static int note_protocol(void *data, const struct netlink_holder *holder)
{
	uint32_t *present = data;

	if (holder->port == 0 && holder->protocol >= 0 && holder->protocol < PROTOCOLS)
		*present |= UINT32_C(1) << holder->protocol;
	return 0;
}

static bool is_told_by_object(int protocol, uint32_t group)
{
	const struct protocol *own = protocol_of(protocol);
	const struct object *object;
	unsigned int position = 0;

	while (own && (object = object_next(own, &position)))
		for (unsigned int i = 0; i < ARRAY_SIZE(object->groups) && object->groups[i]; i++)
			if (object->groups[i] == group)
				return true;
	return false;
}

static int add_numbered(struct families *families, struct family *family)
{
	char name[12];
	int r = 0;

	for (uint32_t group = 1; r == 0 && group <= USERSOCK_GROUPS; group++)
		r = family_add_group(families, family, name, (size_t)snprintf(name, sizeof(name), "%u", group), group);
	return r;
}

/* The family that begins at *LINE, which is moved behind it. */
static int take_family(struct families *families, size_t *line)
{
	const struct line *first = &lines[(*line)++];
	struct family family = { .name = first->family, .help = first->help, .protocol = first->protocol, .header_size = first->header_size };
	int r = 0;

	for (; r == 0 && *line < ARRAY_SIZE(lines) && !lines[*line].family; (*line)++) {
		const struct line *group = &lines[*line];

		if (!is_told_by_object(first->protocol, group->number))
			r = family_add_group(families, &family, group->group, strlen(group->group), group->number);
	}
	if (first->protocol == NETLINK_CONNECTOR) {
		family.schema = &schema_process_event;
		family.type = NLMSG_DONE; /* what its messages are */
	}
	if (r == 0 && first->protocol == NETLINK_USERSOCK)
		r = add_numbered(families, &family);
	return r < 0 ? r : families_add(families, family);
}

static void skip_family(size_t *line)
{
	while (++*line < ARRAY_SIZE(lines) && !lines[*line].family)
		;
}

/* A protocol that no line of families.def names, but that the kernel has. */
static int add_unnamed(struct families *families, int protocol)
{
	struct family family = { .protocol = protocol, .header_size = -1, .help = "a netlink protocol that ferry has no name for" };
	char name[20];

	if (protocol == NETLINK_GENERIC) /* the generic families are in its place */
		return 0;
	for (size_t line = 0; line < ARRAY_SIZE(lines); line++)
		if (lines[line].family && lines[line].protocol == protocol)
			return 0;
	family.name = arena_copy(&families->arena, name, (size_t)snprintf(name, sizeof(name), "protocol-%d", protocol));
	return family.name ? families_add(families, family) : -ENOMEM;
}

static int add_protocols(struct families *families, struct error *error)
{
	/* Programs talk to each other without a kernel side. */
	uint32_t present = UINT32_C(1) << NETLINK_USERSOCK;
	int r = netlink_holders(note_protocol, &present);

	if (r < 0)
		return error_set(error, r, "cannot read /proc/net/netlink, which tells the netlink families of the kernel: %s", error_text(r));
	for (size_t line = 0; r == 0 && line < ARRAY_SIZE(lines);) {
		if (present & UINT32_C(1) << lines[line].protocol)
			r = take_family(families, &line);
		else
			skip_family(&line);
	}
	for (int protocol = 0; r == 0 && protocol < PROTOCOLS; protocol++)
		if (present & UINT32_C(1) << protocol)
			r = add_unnamed(families, protocol);
	return r < 0 ? error_set(error, r, "no memory for the netlink families") : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct family *)a)->name, ((const struct family *)b)->name);
}

static int group_by_name(const void *a, const void *b)
{
	return strverscmp(((const struct family_group *)a)->name, ((const struct family_group *)b)->name);
}

int families_read(struct machine *machine, struct families *ret)
{
	_cleanup_families_ struct families families = { 0 };
	int r;

	if (machine->root)
		return error_set(&machine->error, -EOPNOTSUPP, "netlink asks the running kernel: not to be had below another root (%s)",
				 machine->root);
	r = add_protocols(&families, &machine->error);
	if (r == 0)
		r = families_add_generic(&families, &machine->error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < families.count; i++)
		families.list[i].learned = learned_find(machine_learned(machine), families.list[i].name);
	qsort(families.list, families.count, sizeof(*families.list), by_name);
	for (size_t i = 0; i < families.count; i++)
		if (families.list[i].group_count > 1)
			qsort(families.list[i].groups, families.list[i].group_count, sizeof(struct family_group), group_by_name);
	*ret = families;
	families = (struct families){ 0 };
	return 0;
}

void families_done(struct families *families)
{
	free(families->list);
	arena_done(&families->arena);
	*families = (struct families){ 0 };
}
