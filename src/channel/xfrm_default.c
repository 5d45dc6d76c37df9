/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to packets that no IPsec policy is for: one object, which always stands (since 5.14). Source: <linux/xfrm.h>, ip-xfrm(8). */
#include <errno.h>

#include "channel/xfrm.h"

#define PATH "policy"

NAMES(defaults, false, { XFRM_USERPOLICY_BLOCK, "block" }, { XFRM_USERPOLICY_ACCEPT, "accept" });

static const struct field header[] = {
	{ "in", FIELD_U8, FIELD_SETTABLE, 0, "packets for this machine", HEADER_FIELD(struct xfrm_userpolicy_default, in), .names = &defaults },
	{ "fwd", FIELD_U8, FIELD_SETTABLE, 0, "packets that are handed on", HEADER_FIELD(struct xfrm_userpolicy_default, fwd), .names = &defaults },
	{ "out", FIELD_U8, FIELD_SETTABLE, 0, "packets of this machine", HEADER_FIELD(struct xfrm_userpolicy_default, out), .names = &defaults },
};

static const struct schema schema = {
	.name = "default",
	.help = "what happens without an IPsec policy",
	.header_size = sizeof(struct xfrm_userpolicy_default),
	.header = header,
	.header_count = ARRAY_SIZE(header),
};

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	(void)record;
	(void)naming;
	buffer_add_text(ret, PATH);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	(void)naming;
	return object_parse_only(&schema, PATH, text, arena, ret, ret_rest, error);
}

static int get(const struct record *key, struct buffer *request)
{
	const struct xfrm_userpolicy_default nothing = { 0 };

	(void)key;
	buffer_add(request, &nothing, sizeof(nothing));
	return OBJECT_GET_ONE;
}

static int remove_request(const struct record *record, struct buffer *request, struct error *error)
{
	(void)record;
	(void)request;
	return error_set(error, -EOPNOTSUPP, "the default always stands: it can be set to accept or block, not removed");
}

const struct object object_default = {
	.name = "default",
	.help = "what happens without an IPsec policy",
	.protocol = &protocol_xfrm,
	.new_type = XFRM_MSG_GETDEFAULT, /* also when it was set */
	.get_type = XFRM_MSG_GETDEFAULT,
	.replace_type = XFRM_MSG_SETDEFAULT,
	.schema = &schema,
	.groups = { XFRMNLGRP_POLICY },
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.get = get,
	.remove_request = remove_request,
	.single = true,
};

OBJECT_CHANNEL(xfrm, default, object_default, "what happens to packets that no IPsec policy is for");
