/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running kernel tells by netlink multicast: families (protocols, and the generic ones, which the kernel lists itself) and their groups,
 * each an address: netlink/FAMILY/GROUP. */
#ifndef FERRY_CHANNEL_FAMILY_H
#define FERRY_CHANNEL_FAMILY_H

#include "channel/learned.h"
#include "channel/machine.h"

#define FAMILY_PREFIX   "netlink/"
#define USERSOCK_GROUPS 32 /* groups that programs may send to among themselves */

struct family_group {
	const char *name;
	uint32_t number;
};

struct family_operation {
	uint32_t number;
	uint32_t flags; /* GENL_CMD_CAP_DUMP, ... */
};

struct family {
	const char *name;
	const char *help;
	int protocol;
	uint16_t type;               /* generic: of its messages; else 0 */
	int header_size;             /* bytes before the attributes of a message, -1 where it differs */
	const struct schema *schema; /* of its messages, NULL where there is none */
	struct family_group *groups;
	size_t group_count;
	/* Generic families alone: */
	uint32_t version;
	struct family_operation *operations; /* commands that it takes */
	size_t operation_count;
	const struct learned_family *learned; /* what was learned of its messages, NULL where nothing was; the machine's */
};

/* All of the kernel that runs, sorted by name. Of a protocol that has objects only the groups that no object of channels.def is told by. */
struct families {
	struct family *list;
	size_t count;
	struct arena arena;
};

int families_read(struct machine *machine, struct families *ret) _must_check_;
void families_done(struct families *families);
#define _cleanup_families_ _cleanup_(families_done)

/* Of the messages of generic netlink's controller, and of the connector about processes. */
extern const struct schema schema_nlctrl, schema_process_event;

/* Adds the generic families, which CTRL_CMD_GETFAMILY tells. */
int families_add_generic(struct families *families, struct error *error) _must_check_;
int families_add(struct families *families, struct family family) _must_check_;
int family_add_group(struct families *families, struct family *family, const char *name, size_t length, uint32_t number) _must_check_;
/* The name of GROUP, or NULL. */
const char *family_group_name(const struct family *family, uint32_t group);

/* A netlink socket of this network namespace, as /proc/net/netlink tells it. */
struct netlink_holder {
	int protocol;
	uint32_t port;   /* 0: the kernel's own */
	uint32_t groups; /* the first 32, as bits */
	uint64_t drops;
};
typedef int netlink_holder_function(void *data, const struct netlink_holder *holder);
/* A return other than 0 ends the walk and is returned. */
int netlink_holders(netlink_holder_function *function, void *data) _must_check_;

#endif
