/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Templates of policies: which states packets need. Source: <linux/xfrm.h>. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "channel/xfrm.h"

#define SET FIELD_SETTABLE

NAMES(levels, false, { 0, "required" }, { 1, "use" });

static const struct field template[] = {
	[1] = { "src", FIELD_ADDRESS, SET, 0, "one end of the tunnel" },
	[2] = { "dst", FIELD_ADDRESS, SET, 0, "the other end" },
	[3] = { "proto", FIELD_U8, SET, 0, "protocol", .names = &words_xfrm_protocol },
	[4] = { "spi", FIELD_U32, SET | FIELD_HEX, 0, "security parameter index, 0 = any" },
	[5] = { "mode", FIELD_U8, SET, 0, "transport, tunnel, ...", .names = &words_xfrm_mode },
	[6] = { "reqid", FIELD_U32, SET, 0, "number of the states, 0 = any" },
	[7] = { "level", FIELD_U8, SET, 0, "whether packets go without it", .names = &levels },
	[8] = { "share", FIELD_U8, SET, 0, "with whom states are shared", .names = &words_xfrm_share },
	[9] = { "auth_algorithms", FIELD_U32, SET | FIELD_HEX, 0, "authentication that is allowed, as bits" },
	[10] = { "crypt_algorithms", FIELD_U32, SET | FIELD_HEX, 0, "encryption that is allowed, as bits" },
	[11] = { "comp_algorithms", FIELD_U32, SET | FIELD_HEX, 0, "compression that is allowed, as bits" },
};
static const struct schema schema = { .name = "template", .attributes = template, .attribute_count = ARRAY_SIZE(template) };

const struct field field_xfrm_template = { "template", FIELD_RECORD, SET, 0, "a state that packets need", .schema = &schema };

/* What every template allows need not be said. */
static int put_mask(struct arena *arena, struct record *record, const char *name, uint32_t mask)
{
	return mask == UINT32_MAX ? 0 : record_put(arena, record, name, value_uint(mask));
}

static int decode_one(struct arena *arena, const struct xfrm_user_tmpl *from, struct value *ret)
{
	struct record *record = record_new(arena, &schema);
	const struct {
		const char *name;
		uint64_t number;
	} numbers[] = { { "proto", from->id.proto }, { "spi", be32toh(from->id.spi) }, { "mode", from->mode },
			{ "reqid", from->reqid },    { "level", from->optional },      { "share", from->share } };
	int r = 0;

	if (!record)
		return -ENOMEM;
	if (from->family == AF_INET || from->family == AF_INET6) {
		r = record_put(arena, record, "src", xfrm_address(from->family, &from->saddr));
		if (r == 0)
			r = record_put(arena, record, "dst", xfrm_address(from->family, &from->id.daddr));
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = record_put(arena, record, numbers[i].name, value_uint(numbers[i].number));
	if (r == 0)
		r = put_mask(arena, record, "auth_algorithms", from->aalgos);
	if (r == 0)
		r = put_mask(arena, record, "crypt_algorithms", from->ealgos);
	if (r == 0)
		r = put_mask(arena, record, "comp_algorithms", from->calgos);
	*ret = (struct value){ .type = VALUE_RECORD, .record = record };
	return r;
}

static int decode_templates(struct decode *decode, const struct field *field, const void *data, size_t length, struct value *ret)
{
	const size_t count = length / sizeof(struct xfrm_user_tmpl);
	struct xfrm_user_tmpl *copies;
	struct value *items;
	int r = 0;

	(void)field;
	if (length % sizeof(struct xfrm_user_tmpl))
		return -EBADMSG;
	/* In a message they may stand at an address that is not aligned. */
	copies = (struct xfrm_user_tmpl *)arena_copy(decode->arena, data, length);
	items = arena_array(decode->arena, struct value, count);
	if (!copies || !items)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = decode_one(decode->arena, &copies[i], &items[i]);
	*ret = (struct value){ .type = VALUE_LIST, .list = { items, (uint32_t)count } };
	return r;
}

static int put_address(const struct record *record, const char *name, xfrm_address_t *ret, uint16_t *family, struct error *error)
{
	const struct value *value = record_find(record, name);

	if (!value || value->type == VALUE_NULL)
		return 0;
	if (*family && *family != xfrm_family_of(value))
		return error_set(error, -EINVAL, "template: src and dst must be of one family");
	*family = xfrm_family_of(value);
	return xfrm_put_address(schema_field(&schema, name), value, ret, error);
}

static int encode_one(const struct record *record, struct buffer *buffer, struct error *error)
{
	struct xfrm_user_tmpl to = { 0 };
	int r = schema_check(record, error);

	if (r == 0)
		r = put_address(record, "src", &to.saddr, &to.family, error);
	if (r == 0)
		r = put_address(record, "dst", &to.id.daddr, &to.family, error);
	if (r < 0)
		return r;
	to.id.proto = (uint8_t)record_number(record, "proto", 0);
	to.id.spi = htobe32((uint32_t)record_number(record, "spi", 0));
	to.mode = (uint8_t)record_number(record, "mode", 0);
	to.reqid = (uint32_t)record_number(record, "reqid", 0);
	to.optional = (uint8_t)record_number(record, "level", 0);
	to.share = (uint8_t)record_number(record, "share", 0);
	to.aalgos = (uint32_t)record_number(record, "auth_algorithms", UINT32_MAX);
	to.ealgos = (uint32_t)record_number(record, "crypt_algorithms", UINT32_MAX);
	to.calgos = (uint32_t)record_number(record, "comp_algorithms", UINT32_MAX);
	buffer_add(buffer, &to, sizeof(to));
	return 0;
}

static int encode_templates(const struct field *field, const struct value *value, struct buffer *buffer, struct error *error)
{
	int r = value->type == VALUE_LIST ? 0 : error_set(error, -EINVAL, "%s must be a list", field->name);

	for (uint32_t i = 0; r == 0 && i < value->list.count; i++) {
		const struct value *item = &value->list.items[i];

		r = item->type == VALUE_RECORD ? encode_one(item->record, buffer, error)
					       : error_set(error, -EINVAL, "%s: each template must be a record", field->name);
	}
	return r;
}

const struct codec codec_xfrm_templates = { decode_templates, encode_templates, FIELD_LIST };
