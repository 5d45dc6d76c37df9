/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two halves of the ioctl channel: interfaces, and below ioctl/route the IPv4 routes of the main table. */
#ifndef FERRY_CHANNEL_IOCTL_H
#define FERRY_CHANNEL_IOCTL_H

#include <net/if.h>
#include <netinet/in.h>

#include "channel/record-items.h"

#define IOCTL_PREFIX       "ioctl/"
#define IOCTL_ROUTE_PREFIX "ioctl/route/"

extern const struct schema schema_ioctl_interface, schema_ioctl_route;

enum ioctl_flags {
	IOCTL_CHECK = 1 << 0, /* only what can be said without writing: RET_NOW is untouched */
	IOCTL_WHOLE = 1 << 1, /* a route is just what the value says: what it leaves out goes */
};

/* What is asked for, and how it is told. */
struct ioctl_walk {
	struct machine *machine;
	const char *prefix; /* of the objects' addresses */
	const char *path;   /* behind it; "" for all */
	bool named;         /* at least one object matched */
	struct record_items items;
};
/* Tells the object at OWN, or the fields of it that are asked for; nothing where it is not. */
int ioctl_tell_object(struct ioctl_walk *walk, const char *own, const struct record *record) _must_check_;

/* ---- Interfaces ---- */

/* The record of the interface or label NAME, as far as it is set up; with ONLY (NULL: all) of its fields just that one. -ENODEV where there is none.
 */
int ioctl_interface_read(struct machine *machine, const char *name, const char *only, struct arena *arena, struct record **ret) _must_check_;
/* As channel->set() says; PATH is behind "ioctl/". */
int ioctl_interface_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now) _must_check_;
/* What stands at the object of PATH, NULL = nothing; *RET_REST is the field behind it, or "". With words. */
int ioctl_interface_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret,
			 const char **ret_rest) _must_check_;

/* ---- Routes ---- */

/* One line of /proc/net/route. Addresses are in network byte order. */
struct ioctl_route {
	char interface[IFNAMSIZ]; /* "*" where packets are refused */
	in_addr_t destination, gateway, mask;
	uint32_t flags, uses, metric, mss, window, irtt;
	int32_t references;
};

/* A line of LENGTH bytes without its newline. -EBADMSG. */
int ioctl_route_parse(const char *line, size_t length, struct ioctl_route *ret) _must_check_;
/* The destination and metric that PATH ("10.0.0.0/8,metric=5", "default") says; *RET_REST points to the field behind it, or to "". -EINVAL. */
int ioctl_route_path(const char *path, struct ioctl_route *ret, const char **ret_rest) _must_check_;
/* Appends the path of a route. */
void ioctl_route_name(const struct ioctl_route *route, struct buffer *ret);
int ioctl_route_record(const struct ioctl_route *route, struct arena *arena, struct record **ret) _must_check_;

/* Every route, in the order of the kernel's table, an array in ARENA. *RET_TORN: the file did not come in one piece. */
int ioctl_routes_read(struct machine *machine, struct arena *arena, struct ioctl_route **ret, size_t *ret_count, bool *ret_torn) _must_check_;
/* Tells those that WALK (path behind "ioctl/route/") asks for, sorted. */
int ioctl_routes_tell(struct ioctl_walk *walk) _must_check_;
int ioctl_route_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now) _must_check_;
int ioctl_route_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret, const char **ret_rest) _must_check_;

/* For both, below "ioctl/". */
int ioctl_set(struct machine *machine, const char *path, const char *value, unsigned int flags, char **ret_now) _must_check_;
int ioctl_look(struct machine *machine, const char *path, struct arena *arena, const struct record **ret, const char **ret_rest) _must_check_;
const struct schema *ioctl_schema(const char *path);
/* channel->prepare. */
int ioctl_prepare(const struct channel *channel, struct machine *machine, const char *path, const struct value *value, unsigned int flags,
		  struct setting **ret) _must_check_;

/* The field at REST of RECORD, or RECORD itself, as JSON: null where it has none. -ENOMEM. */
int ioctl_tell_now(struct machine *machine, const struct record *record, const char *rest, char **ret_now) _must_check_;
/* The record of SCHEMA that VALUE (JSON) says of the field REST, or of all where REST is "". With words. */
int ioctl_parse(struct machine *machine, const struct schema *schema, const char *rest, const char *value, struct arena *arena,
		struct record **ret) _must_check_;
/* The words for a refused REQUEST ("SIOCSIFMTU") about SUBJECT; returns CODE. */
int ioctl_refused(struct machine *machine, int code, const char *request, const char *subject);

#endif
