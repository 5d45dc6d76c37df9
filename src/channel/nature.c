/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/nature.h"

#include <ctype.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define SETTING  FERRY_SETTING
#define ACTION   FERRY_ACTION
#define LATCH    FERRY_LATCH
#define VOLATILE FERRY_VOLATILE
#define TWIN     FERRY_TWIN
#define FANOUT   FERRY_FANOUT
#define SECRET   NATURE_SECRET
#define NOISE    NATURE_NOISE
#define SLOW     NATURE_SLOW
#define MOUNT    NATURE_MOUNT
#define QUIET    NATURE_QUIET

/* The texts stand in one struct, and each row says where: with pointers, all of them would have to be relocated at each start of the program. */
#define JOIN_(name, line) name##line
#define JOIN(name, line)  JOIN_(name, line)
#define AT(name)          offsetof(struct texts, JOIN(name, __LINE__))

#define NATURE_GLOB NATURE
static const struct texts {
#define NATURE(folder, file, kind, mark, others, words)        \
	char JOIN(pattern, __LINE__)[sizeof(folder "/" file)]; \
	char JOIN(other, __LINE__)[sizeof(others)];            \
	char JOIN(help, __LINE__)[sizeof(words)];
#include "channel/nature.def"
#undef NATURE
} texts = {
#define NATURE(folder, file, kind, mark, others, words) folder "/" file, others, words,
#include "channel/nature.def"
#undef NATURE
};
_Static_assert(sizeof(texts) <= UINT16_MAX, "struct nature says where its texts stand in 16 bits");

static const struct nature rows[] = {
#define NATURE(folder, file, kind, mark, others, words) { AT(pattern), AT(other), AT(help), mark, kind },
#include "channel/nature.def"
#undef NATURE
};
#undef NATURE_GLOB

#define CHANNEL_AT    3
#define WITHOUT_LISTS 4 /* addresses */

/* Beside each row the name that its pattern ends with. */
static const struct {
	uint16_t name; /* where it stands */
	uint8_t length;
	char channel; /* by which sysctl, sysfs and procfs differ */
	bool glob;
} leaves[] = {
#define NATURE(folder, file, kind, mark, others, words)      { AT(pattern) + sizeof(folder), sizeof(file) - 1, (folder)[CHANNEL_AT], false },
#define NATURE_GLOB(folder, file, kind, mark, others, words) { AT(pattern) + sizeof(folder), sizeof(file) - 1, (folder)[CHANNEL_AT], true },
#include "channel/nature.def"
#undef NATURE
#undef NATURE_GLOB
};

static const char *text_at(uint16_t place)
{
	return (const char *)&texts + place;
}

const char *nature_pattern(const struct nature *nature)
{
	return text_at(nature->pattern);
}

const char *nature_other(const struct nature *nature)
{
	const char *other = text_at(nature->other);

	return *other ? other : NULL;
}

const char *nature_help(const struct nature *nature)
{
	return text_at(nature->help);
}

static bool has_glob(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '*' || text[i] == '?' || text[i] == '[')
			return true;
	return false;
}

/* One character against the set at SET ("[a-z]"); *RET_END behind it. A set without an end is a plain "[". */
static bool in_set(const char *set, unsigned char character, const char **ret_end)
{
	const char *p = set + 1;
	bool negated = *p == '!' || *p == '^', found = false;

	if (negated)
		p++;
	for (bool first = true; *p && (first || *p != ']'); first = false) {
		unsigned char low = (unsigned char)*p++, high = low;

		if (p[0] == '-' && p[1] && p[1] != ']') {
			high = (unsigned char)p[1];
			p += 2;
		}
		found |= character >= low && character <= high;
	}
	if (!*p) {
		*ret_end = set + 1;
		return character == '[';
	}
	*ret_end = p + 1;
	return found != negated;
}

/* Globs that do not cross a slash. Patterns are short and hold few stars, so going back is cheap. */
static bool match_part(const char *pattern, const char *pattern_end, const char *text, const char *text_end)
{
	const char *star = NULL, *retry = NULL, *after;

	for (;;) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		}
		if (text == text_end)
			return pattern == pattern_end;
		if (pattern < pattern_end && *pattern == '[' && in_set(pattern, (unsigned char)*text, &after) && after <= pattern_end) {
			pattern = after;
			text++;
			continue;
		}
		if (pattern < pattern_end && *pattern != '[' && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
			continue;
		}
		if (!star)
			return false;
		pattern = star;
		text = ++retry;
	}
}

/* Any number of parts. */
static bool is_any(const char *pattern, size_t length)
{
	return length == 2 && pattern[0] == '*' && pattern[1] == '*';
}

/* *RET_FIRST, *RET_LENGTH: the part of TEXT that the first part of PATTERN with a glob stands for. */
static bool match(const char *pattern, const char *text, const char **ret_first, size_t *ret_length)
{
	for (;;) {
		const char *pattern_end = strchrnul(pattern, '/'), *text_end = strchrnul(text, '/');

		if (is_any(pattern, (size_t)(pattern_end - pattern))) {
			if (!*pattern_end)
				return *text;
			for (;; text = text_end + 1) {
				if (match(pattern_end + 1, text, ret_first, ret_length))
					return true;
				text_end = strchrnul(text, '/');
				if (!*text_end)
					return false;
			}
		}
		if (!match_part(pattern, pattern_end, text, text_end))
			return false;
		if (ret_first && !*ret_first && has_glob(pattern, (size_t)(pattern_end - pattern))) {
			*ret_first = text;
			*ret_length = (size_t)(text_end - text);
		}
		if (!*pattern_end || !*text_end)
			return *pattern_end == *text_end;
		pattern = pattern_end + 1;
		text = text_end + 1;
	}
}

bool nature_match(const char *pattern, const char *address)
{
	return match(pattern, address, NULL, NULL);
}

static bool may_be_named(const char *pattern, size_t pattern_length, const char *name, size_t length)
{
	return is_any(pattern, pattern_length) || match_part(pattern, pattern + pattern_length, name, name + length);
}

/* Rows whose leaf holds no glob by a number made of that, the others by their channel: each list in the order of the table. Numbers from 1 on, 0
 * ends. */
static uint16_t by_leaf[1024], with_glob[32], after[ARRAY_SIZE(rows)];

/* Bytes of each pattern before its first glob; before the part that holds that; before its leaf, where no glob comes earlier and it is one part. */
static struct {
	uint8_t plain, parts, folder;
} places[ARRAY_SIZE(rows)];

static unsigned int leaf_number(const char *leaf, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)leaf;

	return length ? (bytes[0] * 31u + bytes[length / 2] * 131u + bytes[length - 1] * 7u + (unsigned int)length) % ARRAY_SIZE(by_leaf) : 0;
}

static unsigned int channel_number(char channel)
{
	return (unsigned char)channel % ARRAY_SIZE(with_glob);
}

static void find_places(size_t row)
{
	const char *pattern = nature_pattern(&rows[row]);
	const size_t plain = strcspn(pattern, "*?["), folder = (size_t)(text_at(leaves[row].name) - pattern);

	places[row].plain = plain < UINT8_MAX ? (uint8_t)plain : UINT8_MAX;
	places[row].folder = folder <= places[row].plain && !is_any(text_at(leaves[row].name), leaves[row].length) ? (uint8_t)folder : 0;
	for (places[row].parts = places[row].plain; pattern[places[row].parts - 1] != '/';)
		places[row].parts--;
}

static void make_lists(void)
{
	for (size_t i = ARRAY_SIZE(rows); i-- > 0;) {
		uint16_t *list = leaves[i].glob ? &with_glob[channel_number(leaves[i].channel)]
						: &by_leaf[leaf_number(text_at(leaves[i].name), leaves[i].length)];

		find_places(i);
		after[i] = *list;
		*list = (uint16_t)(i + 1);
	}
}

/* The next row of either list, in the order of the table. */
static size_t next_row(uint16_t *plain, uint16_t *glob)
{
	uint16_t *list = *plain && (!*glob || *plain < *glob) ? plain : glob;
	const size_t row = (size_t)*list - 1;

	*list = after[row];
	return row;
}

/* Almost every row is told apart without looking at its whole pattern. */
static bool row_matches(size_t row, const char *address, const char *name, size_t length)
{
	const char *leaf = text_at(leaves[row].name), *pattern = nature_pattern(&rows[row]);
	const ptrdiff_t folder = name - address;
	const uint8_t plain = places[row].plain;

	if (leaves[row].channel != address[CHANNEL_AT] || (places[row].folder && places[row].folder != folder) ||
	    plain > folder + (ptrdiff_t)length || memcmp(pattern, address, plain) != 0)
		return false;
	if (leaves[row].glob ? !may_be_named(leaf, leaves[row].length, name, length)
			     : leaves[row].length != length || memcmp(leaf, name, length) != 0)
		return false;
	return match(pattern + places[row].parts, address + places[row].parts, NULL, NULL);
}

/* Without the lists: for a few addresses it takes longer to make them. */
static const struct nature *look_through(const char *address, const char *name, size_t length)
{
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		if (leaves[row].channel == address[CHANNEL_AT] && (leaves[row].glob || leaves[row].length == length) &&
		    (leaves[row].glob || memcmp(text_at(leaves[row].name), name, length) == 0) && nature_match(nature_pattern(&rows[row]), address))
			return &rows[row];
	return NULL;
}

const struct nature *nature_of(const char *address)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static unsigned int asked;
	const char *slash = strrchr(address, '/'), *name;
	size_t length;

	if (!slash || slash - address <= CHANNEL_AT) /* shorter than any channel's name */
		return NULL;
	name = slash + 1;
	length = strlen(name);
	if (__atomic_load_n(&asked, __ATOMIC_RELAXED) < WITHOUT_LISTS) {
		__atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED);
		return look_through(address, name, length);
	}
	(void)!pthread_once(&once, make_lists);
	for (uint16_t plain = by_leaf[leaf_number(name, length)], glob = with_glob[channel_number(address[CHANNEL_AT])]; plain || glob;) {
		const size_t row = next_row(&plain, &glob);

		if (row_matches(row, address, name, length))
			return &rows[row];
	}
	return NULL;
}

void nature_add_others(const struct nature *nature, const char *address, struct buffer *ret)
{
	const char *first = NULL, *other = nature_other(nature);
	size_t length = 0;

	if (!other || (nature->nature != FERRY_FANOUT && nature->nature != FERRY_TWIN))
		return;
	if (!match(nature_pattern(nature), address, &first, &length))
		length = 0;
	for (const char *p = other; *p; p++) {
		if (*p == '%')
			buffer_add(ret, first ? first : "", length);
		else
			buffer_add_char(ret, *p);
	}
}

const struct nature *nature_row(unsigned int index)
{
	return index < ARRAY_SIZE(rows) ? &rows[index] : NULL;
}

static bool is_word(char character)
{
	return isalnum((unsigned char)character) || character == '_' || character == '-';
}

/* NAME, whose first character may be a star, stands in TEXT as a word of its own; one that is an everyday word only as a part of a path. */
static bool names(const char *text, size_t length, const char *name)
{
	const char *word = *name == '*' ? name + 1 : name;
	size_t word_length = strlen(word);
	bool everyday = !strpbrk(word, "_-");

	for (const char *at = text; (at = memmem(at, length - (size_t)(at - text), word, word_length)); at++) {
		const char *end = at + word_length;
		char before = at > text ? at[-1] : ' ';

		if ((word != name || (everyday ? before == '/' : !is_word(before))) && (end == text + length || !is_word(*end)))
			return true;
	}
	return false;
}

static bool has(const char *text, size_t length, const char *word)
{
	return memmem(text, length, word, strlen(word)) != NULL;
}

/* A command that makes an IPsec state may hold its keys: also within a longer one, of a shell. */
static bool makes_state(const char *text, size_t length)
{
	return has(text, length, "xfrm") && has(text, length, "state") &&
	       (has(text, length, "add") || has(text, length, "upd") || has(text, length, "key"));
}

/* Arguments with a NUL after each: ip(8) takes the beginning of a word for the word, and no other of its objects begins so. */
static bool is_ip_xfrm(const char *text, size_t length)
{
	const char *end = text + length, *at = text;
	size_t name = strnlen(text, length);
	const char *slash = memrchr(text, '/', name);

	name -= slash ? (size_t)(slash + 1 - text) : 0;
	if (name != 2 || memcmp(slash ? slash + 1 : text, "ip", 2) != 0)
		return false;
	while ((at = memchr(at, '\0', (size_t)(end - at))) && ++at < end) {
		const size_t word = strnlen(at, (size_t)(end - at));

		if (word && word <= strlen("xfrm") && memcmp(at, "xfrm", word) == 0)
			return true;
	}
	return false;
}

bool nature_names_secret(const char *text, size_t length)
{
	if (makes_state(text, length) || is_ip_xfrm(text, length))
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].flags & NATURE_SECRET && names(text, length, text_at(leaves[i].name)))
			return true;
	return false;
}
