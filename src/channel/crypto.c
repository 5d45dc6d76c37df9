/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NETLINK_CRYPTO: the algorithms of the kernel's crypto, as /proc/crypto tells them. They come with what asks for them. Sources:
 * <linux/cryptouser.h>, <linux/crypto.h>, crypto/crypto_user.c. */
#include <errno.h>
#include <linux/cryptouser.h>
#include <string.h>

#include "channel/object.h"

#define TYPE_MASK 0xfu /* CRYPTO_ALG_TYPE_MASK: what the report says as well */

NAMES(types, false, { CRYPTO_MSG_NEWALG, "CRYPTO_MSG_NEWALG" }, { CRYPTO_MSG_DELALG, "CRYPTO_MSG_DELALG" },
      { CRYPTO_MSG_UPDATEALG, "CRYPTO_MSG_UPDATEALG" }, { CRYPTO_MSG_GETALG, "CRYPTO_MSG_GETALG" }, { CRYPTO_MSG_DELRNG, "CRYPTO_MSG_DELRNG" },
      { CRYPTO_MSG_GETSTAT, "CRYPTO_MSG_GETSTAT" });

const struct protocol protocol_crypto = {
	.name = "netlink/crypto",
	.number = NETLINK_CRYPTO,
	.types = &types,
};

/* CRYPTO_ALG_*, which no header of the kernel's interface has. */
NAMES(flags, true, { 0x10, "larval" }, { 0x20, "dead" }, { 0x40, "dying" }, { 0x80, "async" }, { 0x100, "need_fallback" }, { 0x400, "tested" },
      { 0x800, "instance" }, { 0x1000, "kern_driver_only" }, { 0x2000, "internal" }, { 0x4000, "optional_key" }, { 0x8000, "no_larval" },
      { 0x10000, "allocates_memory" }, { 0x20000, "fips_internal" });

#define AT(member) HEADER_FIELD(struct crypto_user_alg, member)
static const struct field header[] = {
	{ "name", FIELD_TEXT, FIELD_KEY, 0, "algorithm", AT(cru_name) },
	{ "driver", FIELD_TEXT, FIELD_KEY, 0, "what computes it", AT(cru_driver_name) },
	{ "module", FIELD_TEXT, 0, 0, "module that it is of; kernel: built in", AT(cru_module_name) },
	{ "type", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request", AT(cru_type) },
	{ "mask", FIELD_U32, FIELD_HIDDEN | FIELD_DERIVED, 0, "of a request", AT(cru_mask) },
	{ "refcnt", FIELD_U32, FIELD_VOLATILE, 0, "users", AT(cru_refcnt) },
	{ "flags", FIELD_U32, 0, 0, "how it is used", AT(cru_flags), .names = &flags },
};
#undef AT

#define REPORT(kind, structure)                                                                                   \
	static const struct schema schema_##kind = {                                                              \
		.name = #kind, .header_size = sizeof(structure), .header = kind, .header_count = ARRAY_SIZE(kind) \
	}
#define TYPE(structure)                                                                      \
	{                                                                                    \
		"type", FIELD_TEXT, 0, 0, "kind of algorithm", HEADER_FIELD(structure, type) \
	}
#define NUMBER(structure, member, name, words)                                         \
	{                                                                              \
		name, FIELD_U32, 0, UNIT_BYTES, words, HEADER_FIELD(structure, member) \
	}
#define BLOCK(structure) NUMBER(structure, blocksize, "blocksize", "length of a block")
#define KEYS(structure)  NUMBER(structure, min_keysize, "min_keysize", "shortest key"), NUMBER(structure, max_keysize, "max_keysize", "longest key")

static const struct field hash[] = { TYPE(struct crypto_report_hash), BLOCK(struct crypto_report_hash),
				     NUMBER(struct crypto_report_hash, digestsize, "digestsize", "length of what comes out") };
REPORT(hash, struct crypto_report_hash);
static const struct field blkcipher[] = { TYPE(struct crypto_report_blkcipher),
					  { "geniv", FIELD_TEXT, 0, 0, "what makes initialization vectors",
					    HEADER_FIELD(struct crypto_report_blkcipher, geniv) },
					  BLOCK(struct crypto_report_blkcipher),
					  KEYS(struct crypto_report_blkcipher),
					  NUMBER(struct crypto_report_blkcipher, ivsize, "ivsize", "length of an initialization vector") };
REPORT(blkcipher, struct crypto_report_blkcipher);
static const struct field aead[] = { TYPE(struct crypto_report_aead),
				     { "geniv", FIELD_TEXT, 0, 0, "what makes initialization vectors",
				       HEADER_FIELD(struct crypto_report_aead, geniv) },
				     BLOCK(struct crypto_report_aead),
				     NUMBER(struct crypto_report_aead, maxauthsize, "maxauthsize", "longest authentication tag"),
				     NUMBER(struct crypto_report_aead, ivsize, "ivsize", "length of an initialization vector") };
REPORT(aead, struct crypto_report_aead);
static const struct field rng[] = { TYPE(struct crypto_report_rng), NUMBER(struct crypto_report_rng, seedsize, "seedsize", "length of a seed") };
REPORT(rng, struct crypto_report_rng);
static const struct field cipher[] = { TYPE(struct crypto_report_cipher), BLOCK(struct crypto_report_cipher), KEYS(struct crypto_report_cipher) };
REPORT(cipher, struct crypto_report_cipher);
/* Larval, compress, akcipher, kpp, acomp and sig say no more than what they are. */
static const struct field plain[] = { TYPE(struct crypto_report_comp) };
REPORT(plain, struct crypto_report_comp);

#define KIND(name, kind, words)                                           \
	{                                                                 \
		name, FIELD_RECORD, 0, 0, words, .schema = &schema_##kind \
	}
static const struct field algorithm[] = {
	[CRYPTOCFGA_PRIORITY_VAL] = { "priority", FIELD_U32, 0, 0, "of several of one name the highest is taken" },
	[CRYPTOCFGA_REPORT_LARVAL] = KIND("larval", plain, "one that is being looked for"),
	[CRYPTOCFGA_REPORT_HASH] = KIND("hash", hash, "a hash"),
	[CRYPTOCFGA_REPORT_BLKCIPHER] = KIND("skcipher", blkcipher, "a cipher of whole messages"),
	[CRYPTOCFGA_REPORT_AEAD] = KIND("aead", aead, "a cipher that authenticates too"),
	[CRYPTOCFGA_REPORT_COMPRESS] = KIND("compress", plain, "a compression"),
	[CRYPTOCFGA_REPORT_RNG] = KIND("rng", rng, "random numbers"),
	[CRYPTOCFGA_REPORT_CIPHER] = KIND("cipher", cipher, "a cipher of one block"),
	[CRYPTOCFGA_REPORT_AKCIPHER] = KIND("akcipher", plain, "a cipher with two keys"),
	[CRYPTOCFGA_REPORT_KPP] = KIND("kpp", plain, "an agreement on keys"),
	[CRYPTOCFGA_REPORT_ACOMP] = KIND("acomp", plain, "a compression"),
	[22] = KIND("sig", plain, "a signature"), /* CRYPTOCFGA_REPORT_SIG, 6.13 */
};

static const struct schema schema = {
	.name = "algorithm",
	.help = "an algorithm of the kernel's crypto",
	.header_size = sizeof(struct crypto_user_alg),
	.header = header,
	.header_count = ARRAY_SIZE(header),
	.attributes = algorithm,
	.attribute_count = ARRAY_SIZE(algorithm),
};

static int mend(struct arena *arena, struct record *record)
{
	return record_put(arena, record, "flags", value_uint(record_number(record, "flags", 0) & ~(uint64_t)TYPE_MASK));
}

static void path(const struct record *record, const struct naming *naming, struct buffer *ret)
{
	const struct value *driver = record_find(record, "driver");

	(void)naming;
	if (driver && driver->type == VALUE_TEXT)
		buffer_add(ret, driver->bytes.data, driver->bytes.length);
}

static int parse(const char *text, const struct naming *naming, struct arena *arena, struct record **ret, const char **ret_rest, struct error *error)
{
	const size_t length = strcspn(text, "/");
	struct record *record = record_new(arena, &schema);
	const char *copy = arena_copy(arena, text, length);
	int r = record && copy ? record_put(arena, record, "driver", value_data(VALUE_TEXT, copy, length)) : -ENOMEM;

	(void)naming;
	if (r < 0)
		return r;
	if (length == 0)
		return error_set(error, -EINVAL, "an algorithm is named by its driver, such as sha256-generic");
	*ret = record;
	*ret_rest = text + length + (text[length] == '/');
	return 0;
}

static void dump(struct buffer *request, uint8_t family)
{
	(void)request;
	(void)family;
}

static const struct object object_algorithm = {
	.name = "algorithm",
	.help = "algorithms of the kernel's crypto",
	.protocol = &protocol_crypto,
	.new_type = CRYPTO_MSG_GETALG,
	.get_type = CRYPTO_MSG_GETALG,
	.schema = &schema,
	.families = { AF_UNSPEC },
	.family_count = 1,
	.path = path,
	.parse = parse,
	.dump = dump,
	.mend = mend,
	.comes_by_itself = "algorithms come with what asks for them, and with their modules",
	.untold = true,
};

OBJECT_CHANNEL_OF(crypto, algorithm, object_algorithm, "algorithms of the kernel's crypto", "sampled");
