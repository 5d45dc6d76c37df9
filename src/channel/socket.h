/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets: what the kinds of NETLINK_SOCK_DIAG share, and whose they are. */
#ifndef FERRY_CHANNEL_SOCKET_H
#define FERRY_CHANNEL_SOCKET_H

#include "channel/object.h"

/* Fields of ours in every schema, behind the kernel's own attributes: whom a socket belongs to. */
#define SOCKET_USERS        30
#define SOCKET_USERS_HIDDEN 31
#define SOCKET_OWNER_FIELDS                                                                                                                     \
	[SOCKET_USERS] = { "users", FIELD_LIST, 0, 0, "processes that have it open", .element = &field_socket_user }, [SOCKET_USERS_HIDDEN] = { \
		"users_hidden", FIELD_BOOL, 0, 0, "processes that may have it could not be looked at"                                           \
	}

extern const struct field field_socket_user;
extern const struct schema schema_socket_memory;
extern const struct names words_socket_state, words_socket_kind, words_socket_shutdown;

/* Which processes have which sockets open, by the links in /proc/PID/fd. Read once for a whole reading. */
struct socket_owners;
int socket_owners_read(struct machine *machine, struct socket_owners **ret) _must_check_;
struct socket_owners *socket_owners_free(struct socket_owners *owners);
/* Puts the users of a socket into its RECORD, which has an "inode". */
int socket_owners_tell(const struct socket_owners *owners, struct arena *arena, struct record *record) _must_check_;

bool socket_cannot_be_made(const struct record *record, const char **ret_why);
enum object_origin socket_origin(const struct record *record);
int socket_no_removal(const struct record *record, struct buffer *request, struct error *error);
/* A path that is one number, such as an inode, into FIELD. */
int socket_parse_number(const struct schema *schema, const char *field, const char *text, const struct naming *naming, struct arena *arena,
			struct record **ret, const char **ret_rest, struct error *error);

#endif
