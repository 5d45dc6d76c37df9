/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NETLINK_XFRM: its messages, and what the recorder must know of it. Sources: <linux/xfrm.h>, net/xfrm/xfrm_user.c. The group that tells of packets
 * without a state (XFRMNLGRP_ACQUIRE) is never listened to here: while it is, the kernel takes it that a key manager is there. */
#include <linux/ipsec.h>
#include <netinet/in.h>
#include <string.h>

#include "channel/netlink_source.h"
#include "channel/xfrm.h"

/* Marks a unified notice of an update: neither the kernel nor a comparison with a dump sets it. */
#define UPDATES NLM_F_APPEND

#define TYPE(name)                                 \
	{                                          \
		XFRM_MSG_##name, "XFRM_MSG_" #name \
	}

NAMES(types, false, TYPE(NEWSA), TYPE(DELSA), TYPE(GETSA), TYPE(UPDSA), TYPE(ALLOCSPI), TYPE(EXPIRE), TYPE(NEWPOLICY), TYPE(DELPOLICY),
      TYPE(GETPOLICY), TYPE(UPDPOLICY), TYPE(POLEXPIRE), TYPE(FLUSHSA), TYPE(FLUSHPOLICY), TYPE(SETDEFAULT), TYPE(GETDEFAULT));

/* ---- One form for all that is told of a state or policy ---- */

/* A message's body: a header of its own and attributes. */
struct body {
	const char *header;
	const uint8_t *attributes;
	size_t length; /* of the attributes */
};

/* False where MESSAGE is shorter than a header of SIZE. */
static bool body_of(const struct nlmsghdr *message, size_t size, struct body *ret)
{
	const size_t skip = NLMSG_ALIGN(size);

	if (message->nlmsg_len < NLMSG_LENGTH(size))
		return false;
	*ret = (struct body){ .header = NLMSG_DATA(message) };
	ret->length = message->nlmsg_len - NLMSG_HDRLEN > skip ? message->nlmsg_len - NLMSG_HDRLEN - skip : 0;
	ret->attributes = (const uint8_t *)ret->header + skip;
	return true;
}

/* The last attribute of TYPE that has at least SIZE bytes, NULL where there is none. */
static const void *find(const struct body *body, uint16_t type, size_t size)
{
	const void *found = NULL;

	for (struct attribute_iterator i = attributes(body->attributes, body->length); attribute_next(&i);)
		if (i.type == type && i.length >= size)
			found = i.data;
	return found;
}

/* MESSAGE as one of TYPE with HEADER and the attributes of BODY but those of the type LEFT_OUT. */
static const struct nlmsghdr *build(const struct nlmsghdr *message, uint16_t type, const void *header, size_t size, const struct body *body,
				    uint16_t left_out, struct buffer *room)
{
	static const char padding[NLMSG_ALIGNTO] = "";
	struct nlmsghdr *built;

	buffer_clear(room);
	buffer_add(room, message, NLMSG_HDRLEN);
	buffer_add(room, header, size);
	buffer_add(room, padding, NLMSG_ALIGN(size) - size);
	for (struct attribute_iterator i = attributes(body->attributes, body->length); attribute_next(&i);)
		if (i.type != left_out)
			attribute_add(room, i.type, i.data, i.length);
	if (room->failed)
		return message;
	built = (struct nlmsghdr *)room->data;
	built->nlmsg_type = type;
	built->nlmsg_len = (uint32_t)room->length;
	return built;
}

static const struct nlmsghdr *retype(const struct nlmsghdr *message, uint16_t type, uint16_t flags, struct buffer *room)
{
	struct nlmsghdr *copy;

	buffer_clear(room);
	buffer_add(room, message, message->nlmsg_len);
	if (room->failed)
		return message;
	copy = (struct nlmsghdr *)room->data;
	copy->nlmsg_type = type;
	copy->nlmsg_flags |= flags;
	return copy;
}

/* The kernel tells a removed state in an attribute; a request only names it. */
static const struct nlmsghdr *unify_state_removal(const struct nlmsghdr *message, struct buffer *room)
{
	struct xfrm_usersa_info info = { 0 };
	struct xfrm_usersa_id id;
	struct body body;
	const void *told;

	if (!body_of(message, sizeof(id), &body))
		return message;
	told = find(&body, XFRMA_SA, sizeof(info));
	if (told)
		return build(message, XFRM_MSG_DELSA, told, sizeof(info), &body, XFRMA_SA, room);
	memcpy(&id, body.header, sizeof(id));
	info.id = (struct xfrm_id){ .daddr = id.daddr, .spi = id.spi, .proto = id.proto };
	info.family = id.family;
	told = find(&body, XFRMA_SRCADDR, sizeof(info.saddr));
	if (told)
		memcpy(&info.saddr, told, sizeof(info.saddr));
	return build(message, XFRM_MSG_DELSA, &info, sizeof(info), &body, XFRMA_SRCADDR, room);
}

static const struct nlmsghdr *unify_policy_removal(const struct nlmsghdr *message, struct buffer *room)
{
	struct xfrm_userpolicy_info info = { 0 };
	struct xfrm_userpolicy_id id;
	struct body body;
	const void *told;

	if (!body_of(message, sizeof(id), &body))
		return message;
	told = find(&body, XFRMA_POLICY, sizeof(info));
	if (told)
		return build(message, XFRM_MSG_DELPOLICY, told, sizeof(info), &body, XFRMA_POLICY, room);
	memcpy(&id, body.header, sizeof(id));
	info.sel = id.sel;
	info.index = id.index;
	info.dir = id.dir;
	return build(message, XFRM_MSG_DELPOLICY, &info, sizeof(info), &body, XFRMA_POLICY, room);
}

/* What has come to its end is gone; what only nears it stands as it did. */
static const struct nlmsghdr *unify_state_end(const struct nlmsghdr *message, struct buffer *room)
{
	struct body body;

	if (!body_of(message, sizeof(struct xfrm_user_expire), &body) || !body.header[offsetof(struct xfrm_user_expire, hard)])
		return message;
	return build(message, XFRM_MSG_DELSA, body.header, sizeof(struct xfrm_usersa_info), &body, XFRMA_SA, room);
}

static const struct nlmsghdr *unify_policy_end(const struct nlmsghdr *message, struct buffer *room)
{
	struct body body;

	if (!body_of(message, sizeof(struct xfrm_user_polexpire), &body) || !body.header[offsetof(struct xfrm_user_polexpire, hard)])
		return message;
	return build(message, XFRM_MSG_DELPOLICY, body.header, sizeof(struct xfrm_userpolicy_info), &body, XFRMA_POLICY, room);
}

static const struct nlmsghdr *unify_allocation(const struct nlmsghdr *message, struct buffer *room)
{
	struct body body;

	if (!body_of(message, sizeof(struct xfrm_userspi_info), &body))
		return message;
	return build(message, XFRM_MSG_NEWSA, body.header, sizeof(struct xfrm_usersa_info), &body, XFRMA_SA, room);
}

static const struct nlmsghdr *unify(const struct nlmsghdr *message, struct buffer *room)
{
	switch (message->nlmsg_type) {
	case XFRM_MSG_UPDSA:
		return retype(message, XFRM_MSG_NEWSA, UPDATES, room);
	case XFRM_MSG_UPDPOLICY:
		return retype(message, XFRM_MSG_NEWPOLICY, UPDATES, room);
	case XFRM_MSG_SETDEFAULT:
		return retype(message, XFRM_MSG_GETDEFAULT, 0, room);
	case XFRM_MSG_DELSA:
		return unify_state_removal(message, room);
	case XFRM_MSG_DELPOLICY:
		return unify_policy_removal(message, room);
	case XFRM_MSG_EXPIRE:
		return unify_state_end(message, room);
	case XFRM_MSG_POLEXPIRE:
		return unify_policy_end(message, room);
	case XFRM_MSG_ALLOCSPI:
		return unify_allocation(message, room);
	default:
		return message;
	}
}

/* ---- One notice for many ---- */

static bool is_of_many(const struct nlmsghdr *message)
{
	return message->nlmsg_type == XFRM_MSG_FLUSHSA || message->nlmsg_type == XFRM_MSG_FLUSHPOLICY || message->nlmsg_type == XFRM_MSG_MIGRATE;
}

static bool takes_state(const struct nlmsghdr *cached, const void *data)
{
	const struct xfrm_usersa_info *info = NLMSG_DATA(cached);
	const uint8_t wanted = *(const uint8_t *)data, proto = info->id.proto;

	if (wanted == IPSEC_PROTO_ANY)
		return proto == IPPROTO_AH || proto == IPPROTO_ESP || proto == IPPROTO_COMP;
	/* Tunnels that the kernel made for compression stay as long as they are needed. */
	return proto == wanted || (wanted == 0 && proto != IPPROTO_IPIP && proto != IPPROTO_IPV6);
}

static bool takes_policy(const struct nlmsghdr *cached, const void *data)
{
	struct body body;
	const uint8_t *type;

	if (!body_of(cached, sizeof(struct xfrm_userpolicy_info), &body))
		return false;
	type = find(&body, XFRMA_POLICY_TYPE, sizeof(struct xfrm_userpolicy_type));
	return (type ? *type : XFRM_POLICY_TYPE_MAIN) == *(const uint8_t *)data;
}

/* A flush that found nothing is not told, one that left something tells what it took: so all that it is for is gone. */
static void flush_states(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	struct body body;

	step->object = &object_state;
	if (body_of(message, sizeof(struct xfrm_usersa_flush), &body))
		source_sweep(source, step, takes_state, body.header);
}

static void flush_policies(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	const uint8_t main_type = XFRM_POLICY_TYPE_MAIN, *type = NULL;
	struct body body;

	step->object = &object_policy;
	if (body_of(message, 0, &body))
		type = find(&body, XFRMA_POLICY_TYPE, sizeof(struct xfrm_userpolicy_type));
	source_sweep(source, step, takes_policy, type ? type : &main_type);
}

static void many(struct netlink_source *source, const struct nlmsghdr *message, struct step *step)
{
	if (message->nlmsg_type == XFRM_MSG_FLUSHSA) {
		flush_states(source, message, step);
	} else if (message->nlmsg_type == XFRM_MSG_FLUSHPOLICY) {
		flush_policies(source, message, step);
	} else { /* it names what moved by its old addresses alone */
		source_check(source, (struct check){ .kind = CHECK_KIND, .index = XFRM_MSG_NEWPOLICY }, &step->origin);
		source_check(source, (struct check){ .kind = CHECK_KIND, .index = XFRM_MSG_NEWSA }, &step->origin);
	}
}

/* Of an update of a state that stands the kernel tells what was asked for, of which it takes only a part. */
static bool decoded(struct netlink_source *source, const struct step *step, const struct cache_entry *known)
{
	if (step->object != &object_state || !known || step->removed || !(step->message->nlmsg_flags & UPDATES))
		return true;
	source_check(source, (struct check){ .kind = CHECK_KIND, .index = XFRM_MSG_NEWSA }, &step->origin);
	return false;
}

static const struct source_rules rules = {
	.decoded = decoded,
	.is_of_many = is_of_many,
	.many = many,
};

const struct protocol protocol_xfrm = {
	.name = "netlink/xfrm",
	.number = NETLINK_XFRM,
	.types = &types,
	.unify = unify,
	.rules = &rules,
};
