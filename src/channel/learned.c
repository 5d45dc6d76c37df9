/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/learned.h"

#include <errno.h>
#include <string.h>

#include "channel/codecs.h"
#include "channel/looks.h"

/* ---- Kinds ---- */

static const struct field bitfield[] = {
	{ "value", FIELD_U32, FIELD_HEX, 0, "bits that are set", HEADER_FIELD(struct nla_bitfield32, value) },
	{ "selector", FIELD_U32, FIELD_HEX, 0, "bits that are meant", HEADER_FIELD(struct nla_bitfield32, selector) },
};
static const struct schema schema_bitfield = {
	.name = "bits", .header_size = sizeof(struct nla_bitfield32), .header = bitfield, .header_count = ARRAY_SIZE(bitfield)
};
/* A nest of which nothing is known: all that is in it is told by number. */
static const struct schema schema_unknown = { .name = "attributes" };

static const struct {
	const char *word;
	enum field_kind kind;
	const struct codec *codec;
	const struct schema *schema;
} kinds[] = {
	[LEARNED_FLAG] = { "flag", FIELD_FLAG },
	[LEARNED_U8] = { "u8", FIELD_U8 },
	[LEARNED_U16] = { "u16", FIELD_U16 },
	[LEARNED_U32] = { "u32", FIELD_U32 },
	[LEARNED_U64] = { "u64", FIELD_U64 },
	[LEARNED_S8] = { "s8", FIELD_S8 },
	[LEARNED_S16] = { "s16", FIELD_S16 },
	[LEARNED_S32] = { "s32", FIELD_S32 },
	[LEARNED_S64] = { "s64", FIELD_S64 },
	[LEARNED_BE16] = { "be16", FIELD_BE16 },
	[LEARNED_BE32] = { "be32", FIELD_BE32 },
	[LEARNED_BE64] = { "be64", FIELD_BE64 },
	[LEARNED_ADDRESS] = { "address", FIELD_ADDRESS },
	[LEARNED_UINT] = { "uint", FIELD_CODEC, &codec_uint },
	[LEARNED_SINT] = { "sint", FIELD_CODEC, &codec_sint },
	[LEARNED_TEXT] = { "text", FIELD_TEXT },
	[LEARNED_BYTES] = { "bytes", FIELD_BYTES },
	[LEARNED_PAD] = { "pad", FIELD_PAD },
	[LEARNED_BITS] = { "bits", FIELD_RECORD, NULL, &schema_bitfield },
	[LEARNED_NEST] = { "nest", FIELD_RECORD, NULL, &schema_unknown },
	[LEARNED_ARRAY] = { "array", FIELD_LIST },
	[LEARNED_LOOKS] = { "looks", FIELD_CODEC, &codec_looks },
	[LEARNED_DISPUTED] = { "disputed", FIELD_CODEC, &codec_looks },
};

const char *learned_kind_word(enum learned_kind kind)
{
	return kinds[kind].word;
}

enum learned_kind learned_kind_of(const char *word, size_t length)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].word) == length && memcmp(kinds[i].word, word, length) == 0)
			return (enum learned_kind)i;
	return LEARNED_KINDS;
}

/* Keys and passwords, which are shown to nobody, and the generic families whose messages hold them. Sources: <linux/seg6_genl.h>,
 * <linux/wireguard.h>, <linux/if_macsec.h>, <linux/ethtool_netlink.h>, <linux/nl80211.h>, <net/nl802154.h>, <linux/ovpn.h>, <linux/psp.h>,
 * <linux/tipc_netlink.h>. */
static const struct {
	const char *family, *constant;
} secrets[] = {
	{ "SEG6", "SEG6_ATTR_SECRET" },
	{ "ethtool", "ETHTOOL_A_WOL_SOPASS" },
	{ "macsec", "MACSEC_SA_ATTR_KEY" },
	{ "macsec", "MACSEC_SA_ATTR_SALT" },
	{ "nl80211", "NL80211_ATTR_KEY_DATA" },
	{ "nl80211", "NL80211_ATTR_PMK" },
	{ "nl80211", "NL80211_ATTR_SAE_PASSWORD" },
	{ "nl80211", "NL80211_KEY_DATA" },
	{ "wireguard", "WGDEVICE_A_PRIVATE_KEY" },
	{ "wireguard", "WGPEER_A_PRESHARED_KEY" },
	{ "nl80211", "NL80211_REKEY_DATA_KEK" },
	{ "nl80211", "NL80211_REKEY_DATA_KCK" },
	{ "nl80211", "NL80211_ATTR_FILS_KEK" },
	{ "nl802154", "NL802154_KEY_ATTR_BYTES" },
	{ "ovpn", "OVPN_A_KEYDIR_CIPHER_KEY" },
	{ "ovpn", "OVPN_A_KEYDIR_NONCE_TAIL" },
	{ "psp", "PSP_A_KEYS_KEY" },
	{ "TIPCv2", "TIPC_NLA_NODE_KEY" },
};

static bool is_secret(const char *constant)
{
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (strcmp(constant, secrets[i].constant) == 0)
			return true;
	return false;
}

bool family_has_secrets(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (strcmp(name, secrets[i].family) == 0)
			return true;
	return false;
}

static void withhold(struct record *record);

static void withhold_inside(struct value *value)
{
	if (value->type == VALUE_RECORD)
		withhold((struct record *)value->record);
	for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count; i++)
		withhold_inside((struct value *)&value->list.items[i]);
}

static void withhold(struct record *record)
{
	static const char words[] = "(secret)";

	for (uint32_t i = 0; i < record->count; i++) {
		struct entry *entry = &record->entries[i];

		if (!entry->field && !entry->name)
			entry->value = value_data(VALUE_TEXT, words, sizeof(words) - 1);
		else
			withhold_inside(&entry->value);
	}
}

void family_withhold(const char *name, struct record *record)
{
	if (family_has_secrets(name))
		withhold(record);
}

/* ---- Asking ---- */

void learned_done(struct learned *learned)
{
	free(learned->families);
	arena_done(&learned->arena);
	*learned = (struct learned){ 0 };
}

const struct learned_family *learned_find(const struct learned *learned, const char *name)
{
	for (size_t i = 0; learned && i < learned->family_count; i++)
		if (strcmp(learned->families[i]->name, name) == 0)
			return learned->families[i];
	return NULL;
}

const struct learned_command *learned_number(const struct learned_command *list, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].number == number)
			return &list[i];
	return NULL;
}

struct learned_set *learned_set(const struct learned_family *family, const char *name, size_t length)
{
	for (size_t i = 0; i < family->set_count; i++)
		if (strlen(family->sets[i]->schema.name) == length && memcmp(family->sets[i]->schema.name, name, length) == 0)
			return family->sets[i];
	return NULL;
}

void learned_figures(const struct learned_set *set, unsigned int *ret_named, unsigned int *ret_typed)
{
	for (uint32_t i = 0; i < set->schema.attribute_count; i++) {
		if (!set->fields[i].name || set->kinds[i] == LEARNED_PAD)
			continue;
		++*ret_named;
		*ret_typed += set->fields[i].flags & FIELD_LEARNED ? 1 : 0;
	}
}

/* ---- Making ---- */

struct learned_family *learned_add_family(struct learned *learned, const char *name, size_t length)
{
	struct learned_family **families = reallocarray(learned->families, learned->family_count + 1, sizeof(struct learned_family *));
	struct learned_family *family = arena_new(&learned->arena, struct learned_family);

	if (families)
		learned->families = families;
	if (!families || !family)
		return NULL;
	family->name = arena_copy(&learned->arena, name, length);
	if (!family->name)
		return NULL;
	families[learned->family_count++] = family;
	return family;
}

/* One more behind COUNT items of SIZE bytes at LIST, which doubles where it must grow; NULL where memory ran out. */
static void *one_more(struct arena *arena, const void *list, size_t count, size_t size)
{
	void *grown;

	if (count & (count - 1))
		return (void *)list;
	grown = arena_allocate(arena, size * (count ? count * 2 : 1));
	if (grown && count)
		memcpy(grown, list, size * count);
	return grown;
}

struct learned_set *learned_add_set(struct learned *learned, struct learned_family *family, const char *name, size_t length, uint32_t highest)
{
	struct learned_set **sets, *set;
	const uint32_t count = highest + 1;

	if (highest > LEARNED_NUMBER_MAXIMUM || count > LEARNED_SLOTS_MAXIMUM - learned->slots)
		return NULL;
	sets = one_more(&learned->arena, family->sets, family->set_count, sizeof(*sets));
	set = arena_new(&learned->arena, struct learned_set);
	if (!sets || !set)
		return NULL;
	family->sets = sets;
	set->fields = arena_array(&learned->arena, struct field, count);
	set->kinds = arena_array(&learned->arena, uint8_t, count);
	set->schema = (struct schema){ .name = arena_copy(&learned->arena, name, length), .attributes = set->fields, .attribute_count = count };
	if (!set->fields || !set->kinds || !set->schema.name)
		return NULL;
	learned->slots += count;
	sets[family->set_count++] = set;
	return set;
}

int learned_name(struct learned *learned, struct learned_set *set, uint32_t number, const char *constant, size_t length)
{
	const size_t prefix = strlen(set->schema.name) + 1;
	char *help, *name;

	if (number >= set->schema.attribute_count || set->fields[number].name || length <= prefix || constant[prefix - 1] != '_' ||
	    memcmp(constant, set->schema.name, prefix - 1) != 0)
		return -EINVAL;
	help = arena_copy(&learned->arena, constant, length);
	name = arena_copy(&learned->arena, constant + prefix, length - prefix);
	if (!help || !name)
		return -ENOMEM;
	for (char *letter = name; *letter; letter++)
		if (*letter >= 'A' && *letter <= 'Z')
			*letter += 'a' - 'A';
	set->fields[number] = (struct field){ .name = name, .help = help };
	return learned_type(learned, set, number, LEARNED_LOOKS, FIELD_GUESSED, NULL);
}

static const struct field *array_element(struct learned *learned, const struct learned_set *nest)
{
	struct field *element = arena_new(&learned->arena, struct field);

	if (element)
		*element = (struct field){ .name = "item", .kind = FIELD_RECORD, .schema = &nest->schema };
	return element;
}

int learned_type(struct learned *learned, struct learned_set *set, uint32_t number, enum learned_kind kind, uint32_t flags,
		 const struct learned_set *nest)
{
	struct field *field;

	if (number >= set->schema.attribute_count || !set->fields[number].name || kind >= LEARNED_KINDS)
		return -EINVAL;
	field = &set->fields[number];
	if (nest && kind != LEARNED_NEST && kind != LEARNED_ARRAY && kind != LEARNED_LOOKS)
		return -EINVAL;
	if (kind == LEARNED_ARRAY && !nest)
		return -EINVAL;
	if (kind == LEARNED_ARRAY) {
		const struct field *element = array_element(learned, nest);

		if (!element)
			return -ENOMEM;
		field->element = element;
	} else {
		field->schema = nest ? &nest->schema : kinds[kind].schema;
	}
	set->kinds[number] = (uint8_t)kind;
	field->kind = kinds[kind].kind;
	if (field->kind == FIELD_CODEC)
		field->codec = kinds[kind].codec;
	else
		field->limits = NULL;
	field->flags = flags | FIELD_MANY | (is_secret(field->help) ? FIELD_SECRET : 0);
	return 0;
}

int learned_range(struct learned *learned, struct learned_set *set, uint32_t number, uint64_t minimum, uint64_t maximum)
{
	struct field_limits *limits;
	struct field *field;
	struct codec *codec;

	if (number >= set->schema.attribute_count)
		return -EINVAL;
	if (minimum == 0 && maximum == 0)
		return 0;
	limits = arena_new(&learned->arena, struct field_limits);
	if (!limits)
		return -ENOMEM;
	*limits = (struct field_limits){ .minimum = minimum, .maximum = maximum };
	field = &set->fields[number];
	if (field->kind != FIELD_CODEC) {
		field->limits = limits;
		return 0;
	}
	codec = arena_new(&learned->arena, struct codec);
	if (!codec)
		return -ENOMEM;
	*codec = *field->codec;
	codec->limits = limits;
	field->codec = codec;
	return 0;
}

int learned_add_command(struct learned *learned, struct learned_command **list, size_t *count, const struct learned_command *command,
			size_t name_length)
{
	struct learned_command *grown = one_more(&learned->arena, *list, *count, sizeof(*grown)), copy = *command;

	copy.name = arena_copy(&learned->arena, command->name, name_length);
	if (!grown || !copy.name)
		return -ENOMEM;
	*list = grown;
	grown[(*count)++] = copy;
	return 0;
}
