/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine at hand, as the channels need it: the root of the file channels, sockets opened once, interface names. */
#ifndef FERRY_CHANNEL_MACHINE_H
#define FERRY_CHANNEL_MACHINE_H

#include "base/error.h"
#include "model/schema.h"
#include "wire/netlink.h"

struct learned;

#define MACHINE_PROTOCOLS 40 /* the kernel's, and generic families (PROTOCOL_FAMILY) */

struct machine {
	char *root;                                 /* NULL: the live machine */
	int root_descriptor;                        /* O_PATH of the root, -1 for the live one */
	struct netlink *sockets[MACHINE_PROTOCOLS]; /* requests, by protocol; each opened at first use, NULL until then */
	int control;                                /* AF_INET socket for ioctl(2), opened at first use; -1 until then */
	struct links *links;                        /* index <-> name, filled at first use; NULL until then */
	struct naming naming;                       /* asks LINKS */
	struct learned *learned;                    /* what ferry learn has kept, read at first use; NULL until then, and where there is nothing */
	bool learned_read;
	struct error learned_error; /* why it is not believed */
	/* What a system call is called, by an AUDIT_ARCH_... (0: this machine's) and its number; NULL where it has no name. NULL: all are numbers. */
	const char *(*call_name)(uint32_t architecture, uint32_t number);
	uint64_t traffic;   /* bytes of ioctl arguments, and of sockets that are closed again */
	struct error error; /* words of the last failure */
};

void machine_init(struct machine *machine);
void machine_done(struct machine *machine);
/* Closes what was opened, for instance since another network namespace is meant from now on. */
void machine_forget(struct machine *machine);
int machine_set_root(struct machine *machine, const char *directory) _must_check_;
/* The socket for requests to PROTOCOL (NETLINK_ROUTE, ... or PROTOCOL_FAMILY()). -EPERM; -EPROTONOSUPPORT where the kernel that runs has no such
 * protocol, or has not loaded it: to look at it is no reason to. */
int machine_netlink(struct machine *machine, int protocol, struct netlink **ret) _must_check_;

/* What was learned of this kernel, NULL where nothing was. It stays as long as the machine. */
const struct learned *machine_learned(struct machine *machine);

/* Bytes that have crossed by netlink and ioctl. */
uint64_t machine_traffic(const struct machine *machine);
/* ioctl(2) on the socket of machine_control(), with LENGTH bytes of argument both ways. 0 or the negative errno. */
int machine_ioctl(struct machine *machine, unsigned long request, void *argument, size_t length) _must_check_;
/* The socket for ioctl(2). -EOPNOTSUPP below another root. */
int machine_control(struct machine *machine, int *ret) _must_check_;

/* Keeps the names in step: for every RTM_NEWLINK and RTM_DELLINK that the recorder sees. A name that went stays known as the index's last one until
 * the index is used again. */
void machine_link_named(struct machine *machine, uint32_t index, const char *name);
/* Forgets all names, so that the next question dumps the links anew. */
void machine_links_forget(struct machine *machine);

#endif
