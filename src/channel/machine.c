/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/table.h"
#include "channel/learned-file.h"
#include "channel/family.h"
#include "channel/protocol.h"
#include "wire/control.h"

/* One interface number, and the name that it has or last had. */
struct link_name {
	uint32_t index;
	uint64_t named; /* the later, the greater: of two numbers of one name the later is meant */
	char name[IFNAMSIZ];
};

struct links {
	struct table by_index;
	uint64_t count;
	bool filled;
};

static bool match_index(const void *entry, const void *key, size_t length)
{
	const struct link_name *name = entry;

	return length == sizeof(name->index) && memcmp(&name->index, key, length) == 0;
}

static struct links *links_of(struct machine *machine)
{
	if (!machine->links) {
		machine->links = calloc(1, sizeof(*machine->links));
		if (machine->links)
			table_init(&machine->links->by_index, match_index);
	}
	return machine->links;
}

static void links_clear(struct links *links)
{
	struct link_name *name;
	size_t position = 0;

	while ((name = table_next(&links->by_index, &position)))
		free(name);
	table_done(&links->by_index);
	table_init(&links->by_index, match_index);
	links->filled = false;
}

void machine_links_forget(struct machine *machine)
{
	if (machine->links)
		links_clear(machine->links);
}

void machine_link_named(struct machine *machine, uint32_t index, const char *name)
{
	struct links *links = links_of(machine);
	struct link_name *entry;

	if (!links || index == 0 || strlen(name) >= sizeof(entry->name))
		return;
	entry = table_find(&links->by_index, &index, sizeof(index));
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return;
		entry->index = index;
		if (table_add(&links->by_index, &index, sizeof(index), entry) < 0) {
			free(entry);
			return;
		}
	}
	memcpy(entry->name, name, strlen(name) + 1);
	entry->named = ++links->count;
}

static int take_link(void *data, const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	char name[IFNAMSIZ] = "";

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return 0;
	for (struct attribute_iterator i =
		     attributes((const uint8_t *)link + NLMSG_ALIGN(sizeof(*link)), message->nlmsg_len - NLMSG_SPACE(sizeof(*link)));
	     attribute_next(&i);)
		if (i.type == IFLA_IFNAME && i.length > 0 && i.length <= sizeof(name))
			memcpy(name, i.data, strnlen(i.data, i.length));
	name[sizeof(name) - 1] = '\0';
	if (name[0])
		machine_link_named(data, (uint32_t)link->ifi_index, name);
	return 0;
}

static int dump_names(struct machine *machine, struct netlink *netlink)
{
	struct {
		struct ifinfomsg link;
		struct nlattr attribute;
		uint32_t filter;
	} request = { .attribute = { sizeof(request.attribute) + sizeof(request.filter), IFLA_EXT_MASK }, .filter = 8 /* RTEXT_FILTER_SKIP_STATS */ };
	bool interrupted;

	return netlink_dump(netlink, RTM_GETLINK, 0, &request, sizeof(request), take_link, machine, &interrupted, NULL);
}

/* Asked for in the middle of another dump, our socket is in use: then by one of its own, once. */
static void fill(struct machine *machine)
{
	_cleanup_(cleanup_netlink) struct netlink *own = NULL;
	struct netlink *shared;
	struct links *links = links_of(machine);
	struct error error = { 0 };
	int r = -EBUSY;

	if (!links || links->filled || machine->root)
		return;
	links->filled = true;
	if (machine_netlink(machine, NETLINK_ROUTE, &shared) == 0)
		r = dump_names(machine, shared);
	if (r == -EBUSY && netlink_open(NETLINK_ROUTE, &own, &error) == 0)
		(void)!dump_names(machine, own);
}

static const struct link_name *find_name(const struct machine *machine, uint32_t index)
{
	return machine->links ? table_find(&machine->links->by_index, &index, sizeof(index)) : NULL;
}

/* One of which something is told before the link itself is: a new bridge has an address before anybody hears of the bridge. */
static const struct link_name *ask_name(struct machine *machine, uint32_t index)
{
	struct ifreq request = { .ifr_ifindex = (int)index };
	const struct error before = machine->error;
	int control;

	if (machine->root || !index || machine_control(machine, &control) < 0 || control_call(control, SIOCGIFNAME, &request) < 0) {
		machine->error = before;
		return NULL;
	}
	request.ifr_name[IFNAMSIZ - 1] = 0;
	machine_link_named(machine, index, request.ifr_name);
	return find_name(machine, index);
}

static const char *interface_name(void *data, uint32_t index)
{
	struct machine *machine = data;
	const struct link_name *name;

	fill(machine);
	name = find_name(machine, index);
	if (!name)
		name = ask_name(machine, index);
	return name ? name->name : NULL;
}

static uint32_t interface_index(void *data, const char *name)
{
	struct machine *machine = data;
	const struct link_name *entry, *best = NULL;
	size_t position = 0;

	fill(machine);
	while (machine->links && (entry = table_next(&machine->links->by_index, &position)))
		if (strcmp(entry->name, name) == 0 && (!best || entry->named > best->named))
			best = entry;
	return best ? best->index : 0;
}

const struct learned *machine_learned(struct machine *machine)
{
	struct learned *learned;

	if (machine->learned_read || machine->root)
		return machine->learned;
	machine->learned_read = true;
	learned = calloc(1, sizeof(*learned));
	if (learned && learned_load(learned, &machine->learned_error) == 0)
		machine->learned = learned;
	else
		free(learned);
	return machine->learned;
}

void machine_init(struct machine *machine)
{
	*machine = (struct machine){
		.root_descriptor = -1,
		.control = -1,
		.naming = { machine, interface_name, interface_index },
	};
}

void machine_forget(struct machine *machine)
{
	machine_links_forget(machine);
	machine->traffic = machine_traffic(machine);
	for (unsigned int i = 0; i < MACHINE_PROTOCOLS; i++)
		machine->sockets[i] = netlink_close(machine->sockets[i]);
	if (machine->control >= 0)
		close(machine->control);
	machine->control = -1;
}

void machine_done(struct machine *machine)
{
	machine_forget(machine);
	if (machine->links)
		table_done(&machine->links->by_index);
	free(machine->links);
	if (machine->learned)
		learned_done(machine->learned);
	free(machine->learned);
	if (machine->root_descriptor >= 0)
		close(machine->root_descriptor);
	free(machine->root);
	*machine = (struct machine){ .root_descriptor = -1, .control = -1 };
}

int machine_set_root(struct machine *machine, const char *directory)
{
	_cleanup_close_ int descriptor = -1;
	char *root;
	int r;

	descriptor = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0) {
		r = -errno;
		return error_set(&machine->error, r, "cannot use %s as the root: %s", directory, error_text(r));
	}
	root = strdup(directory);
	if (!root)
		return error_set(&machine->error, -ENOMEM, "no memory for the root");
	free(machine->root);
	machine->root = root;
	if (machine->root_descriptor >= 0)
		close(machine->root_descriptor);
	machine->root_descriptor = TAKE_DESCRIPTOR(descriptor);
	return 0;
}

static int note_kernel(void *data, const struct netlink_holder *holder)
{
	return holder->protocol == *(const int *)data && holder->port == 0;
}

/* The kernel's side of a protocol is a socket of port 0. To open one of ours where it is not there would load its module. */
static int check_protocol(struct machine *machine, int protocol)
{
	int r = protocol == NETLINK_ROUTE ? 1 : netlink_holders(note_kernel, &protocol);

	if (r < 0)
		return error_set(&machine->error, r, "cannot read /proc/net/netlink, which tells the netlink protocols of the kernel: %s",
				 error_text(r));
	if (r == 0)
		return error_set(&machine->error, -EPROTONOSUPPORT,
				 "the kernel that runs has no netlink protocol %d: it is not built in, or its module is not loaded", protocol);
	return 0;
}

static int open_protocol(struct machine *machine, int protocol)
{
	int r = check_protocol(machine, protocol);

	return r < 0 ? r : netlink_open(protocol, &machine->sockets[protocol], &machine->error);
}

static int open_family(struct machine *machine, const struct protocol *protocol)
{
	struct netlink **socket = &machine->sockets[protocol->number];
	int r = protocol_open(protocol, socket, &machine->error);

	if (r == 0 && protocol->opened)
		protocol->opened(*socket);
	return r;
}

int machine_netlink(struct machine *machine, int protocol, struct netlink **ret)
{
	int r;

	/* Another machine's files say nothing of this kernel's objects. */
	if (machine->root)
		return error_set(&machine->error, -EOPNOTSUPP, "netlink asks the running kernel: not to be had below another root (%s)",
				 machine->root);
	if (!machine->sockets[protocol]) {
		r = protocol >= PROTOCOL_FAMILY(0) ? open_family(machine, protocol_of(protocol)) : open_protocol(machine, protocol);
		if (r < 0)
			return r;
	}
	*ret = machine->sockets[protocol];
	return 0;
}

int machine_control(struct machine *machine, int *ret)
{
	if (machine->root)
		return error_set(&machine->error, -EOPNOTSUPP, "ioctl asks the running kernel: not to be had below another root (%s)", machine->root);
	if (machine->control < 0)
		machine->control = control_open(&machine->error);
	if (machine->control < 0)
		return machine->control;
	*ret = machine->control;
	return 0;
}

uint64_t machine_traffic(const struct machine *machine)
{
	uint64_t traffic = machine->traffic;

	for (unsigned int i = 0; i < MACHINE_PROTOCOLS; i++)
		if (machine->sockets[i])
			traffic += netlink_traffic(machine->sockets[i]);
	return traffic;
}

int machine_ioctl(struct machine *machine, unsigned long request, void *argument, size_t length)
{
	machine->traffic += 2 * length;
	return control_call(machine->control, request, argument);
}
