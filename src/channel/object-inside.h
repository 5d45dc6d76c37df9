/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the generic object code share among themselves. */
#ifndef FERRY_CHANNEL_OBJECT_INSIDE_H
#define FERRY_CHANNEL_OBJECT_INSIDE_H

#include "channel/object.h"

/* Whether the fixed header of SCHEMA has a field NAME. */
bool object_is_header(const struct schema *schema, const char *name);

/* object_dump() of one request, tried once. */
int object_dump_request(const struct object *object, struct netlink *netlink, const struct buffer *request, object_message_function *function,
			void *data, bool *ret_interrupted, struct error *error) _must_check_;

/* Whether the kernel that runs has nothing of OBJECT, which it may lack, and answers so. */
bool object_is_lacking(const struct object *object, struct netlink *netlink);

/* One request, ready to be sent. */
struct object_request {
	uint16_t type, flags;
	struct buffer payload;
};
/* The one request by which RECORD is created, replaced or removed (no change). The payload is the caller's to give back. */
int object_request(const struct object *object, struct machine *machine, struct arena *arena, const struct record *record, enum object_write write,
		   struct object_request *ret) _must_check_;
/* REQUEST as a transaction of its own; ECHO (may be NULL) is given what the kernel tells of its outcome. A refusal in words in machine->error. */
int object_transact(const struct object *object, struct machine *machine, const struct object_request *request, netlink_function *echo,
		    void *data) _must_check_;
/* The words for the refusal of a request. */
int object_refused(const struct object *object, const struct object_request *request, const struct netlink_ack *ack, struct error *error);

/* One that is put together already. */
int object_send_request(const struct object *object, struct machine *machine, const struct object_request *request) _must_check_;
/* One request of TYPE with the fields of RECORD that FILTER takes. A refusal in words in machine->error. */
int object_send(const struct object *object, struct machine *machine, uint16_t type, uint16_t flags, const struct record *record,
		uint32_t filter) _must_check_;
/* Puts the fields of WANTED over those of NOW, nests down to the field. A null takes a field away. */
int object_merge(struct arena *arena, struct record *now, const struct record *wanted) _must_check_;
/* Whether two records have the same identity. False also where memory ran out. */
bool object_is_same(const struct object *object, const struct record *a, const struct record *b);
/* A copy of RECORD as object->prepare() leaves it. */
int object_prepared(const struct object *object, struct arena *arena, const struct record *record, enum object_write write,
		    struct record **ret) _must_check_;

#endif
