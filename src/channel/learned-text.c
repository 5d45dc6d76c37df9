/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was learned, as lines of words:
 *
 *   ferry learned 1 BUILD
 *   family NAME
 *   set PREFIX HIGHEST
 *   attribute NUMBER CONSTANT KIND PROVENANCE MINIMUM MAXIMUM NEST     of the set above
 *   command NUMBER NAME HEADER REQUEST ANSWER
 *   message NUMBER NAME HEADER - ANSWER
 *   end LINES
 *
 * "-" stands for what is not there. A set may be named before it comes; that is settled at the end of its family. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "channel/learned-file.h"

#define WORDS_MAXIMUM    9
#define NAME_MAXIMUM     96
#define FAMILIES_MAXIMUM 512
#define SETS_MAXIMUM     2048 /* of a family */
#define COMMANDS_MAXIMUM 1024
#define LINKS_MAXIMUM    20000

/* ---- Writing ---- */

static const char *set_name(const struct learned_set *set)
{
	return set ? set->schema.name : "-";
}

/* The set whose schema FIELD leads into. */
static const char *nest_name(const struct learned_family *family, enum learned_kind kind, const struct field *field)
{
	const struct schema *schema = kind == LEARNED_ARRAY ? field_element(field)->schema : field_schema(field);

	for (size_t i = 0; i < family->set_count; i++)
		if (schema == &family->sets[i]->schema)
			return schema->name;
	return "-";
}

static const char *provenance_text(uint32_t flags)
{
	return provenance_word(flags & FIELD_LEARNED ? PROVENANCE_LEARNED : flags & FIELD_GUESSED ? PROVENANCE_GUESSED : PROVENANCE_TABLE);
}

static void print_set(struct buffer *ret, const struct learned_family *family, const struct learned_set *set)
{
	buffer_printf(ret, "set %s %u\n", set->schema.name, set->schema.attribute_count - 1);
	for (uint32_t i = 0; i < set->schema.attribute_count; i++) {
		const struct field *field = &set->fields[i];
		const struct field_limits *limits = field_limits(field);
		const enum learned_kind kind = set->kinds[i];

		if (!field->name)
			continue;
		buffer_printf(ret, "attribute %u %s %s %s %" PRIu64 " %" PRIu64 " %s\n", i, field->help, learned_kind_word(kind),
			      provenance_text(field->flags), limits->minimum, limits->maximum, nest_name(family, kind, field));
	}
}

static void print_commands(struct buffer *ret, const char *word, const struct learned_command *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(ret, "%s %u %s %u %s %s\n", word, list[i].number, list[i].name, list[i].header_size, set_name(list[i].request),
			      set_name(list[i].answer));
}

static void print_family(struct buffer *ret, const struct learned_family *family)
{
	buffer_printf(ret, "family %s\n", family->name);
	for (size_t i = 0; i < family->set_count; i++)
		print_set(ret, family, family->sets[i]);
	print_commands(ret, "command", family->commands, family->command_count);
	print_commands(ret, "message", family->messages, family->message_count);
}

void learned_print(struct buffer *ret, const struct learned *learned, const struct learned *older, const char *build)
{
	size_t lines = 0;

	buffer_printf(ret, "ferry learned 1 %s\n", build);
	for (size_t i = 0; i < learned->family_count; i++)
		print_family(ret, learned->families[i]);
	for (size_t i = 0; older && i < older->family_count; i++)
		if (!learned_find(learned, older->families[i]->name))
			print_family(ret, older->families[i]);
	for (size_t i = 0; i < ret->length; i++)
		lines += ret->data[i] == '\n';
	buffer_printf(ret, "end %zu\n", lines);
}

/* ---- Reading ---- */

struct word {
	const char *text;
	size_t length;
};

/* A nest that names a set which may not have come yet. */
struct link {
	struct learned_set *set;
	uint32_t number, flags;
	enum learned_kind kind;
	uint64_t minimum, maximum;
	struct word nest;
};

/* A command that names sets. */
struct named {
	struct learned_command command;
	struct word name, request, answer;
	bool message;
};

struct parse {
	struct learned *learned;
	struct learned_family *family;
	struct learned_set *set;
	struct link *links;
	struct named *commands;
	size_t link_count, command_count;
	struct word words[WORDS_MAXIMUM];
	size_t word_count;
	size_t line;
	bool ended;
};

static bool is_word(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool is_none(const struct word *word)
{
	return is_word(word, "-");
}

/* What becomes part of an address: nothing that steps out of it, and nothing that a terminal obeys. */
static bool is_name(const struct word *word)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

	return word->length > 0 && word->length <= NAME_MAXIMUM && word->text[0] != '-' && word->text[0] != '.' &&
	       strspn(word->text, letters) >= word->length;
}

static bool take_number(const struct word *word, uint64_t most, uint64_t *ret)
{
	uint64_t number = 0;

	if (word->length == 0 || word->length > 20)
		return false;
	for (size_t i = 0; i < word->length; i++) {
		const unsigned int digit = (unsigned int)(word->text[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret = number;
	return number <= most;
}

static int take_head(struct parse *parse, const char *build)
{
	const struct word *words = parse->words;

	if (parse->word_count != 4 || !is_word(&words[0], "ferry") || !is_word(&words[1], "learned") || !is_word(&words[2], "1") ||
	    !is_word(&words[3], build))
		return -EBADMSG;
	return 0;
}

static const struct learned_set *find_set(const struct parse *parse, const struct word *word)
{
	return is_none(word) ? NULL : learned_set(parse->family, word->text, word->length);
}

static int settle_links(struct parse *parse)
{
	for (size_t i = 0; i < parse->link_count; i++) {
		const struct link *link = &parse->links[i];
		const struct learned_set *nest = find_set(parse, &link->nest);
		int r;

		if (!nest && !is_none(&link->nest))
			return -EBADMSG;
		r = learned_type(parse->learned, link->set, link->number, link->kind, link->flags, nest);
		if (r == 0)
			r = learned_range(parse->learned, link->set, link->number, link->minimum, link->maximum);
		if (r < 0)
			return r == -EINVAL ? -EBADMSG : r;
	}
	parse->link_count = 0;
	return 0;
}

static int settle_commands(struct parse *parse)
{
	struct learned_family *family = parse->family;

	for (size_t i = 0; i < parse->command_count; i++) {
		struct named *named = &parse->commands[i];
		int r;

		named->command.name = named->name.text;
		named->command.request = find_set(parse, &named->request);
		named->command.answer = find_set(parse, &named->answer);
		if ((!named->command.request && !is_none(&named->request)) || (!named->command.answer && !is_none(&named->answer)))
			return -EBADMSG;
		r = learned_add_command(parse->learned, named->message ? &family->messages : &family->commands,
					named->message ? &family->message_count : &family->command_count, &named->command, named->name.length);
		if (r < 0)
			return r;
	}
	parse->command_count = 0;
	return 0;
}

static int settle(struct parse *parse)
{
	int r = parse->family ? settle_links(parse) : 0;

	return r < 0 || !parse->family ? r : settle_commands(parse);
}

static int take_family(struct parse *parse)
{
	const struct word *name = &parse->words[1];
	int r = settle(parse);

	if (r < 0)
		return r;
	if (parse->word_count != 2 || !is_name(name) || parse->learned->family_count >= FAMILIES_MAXIMUM)
		return -EBADMSG;
	parse->set = NULL;
	parse->family = learned_add_family(parse->learned, name->text, name->length);
	return parse->family ? 0 : -ENOMEM;
}

static int take_set(struct parse *parse)
{
	const struct word *name = &parse->words[1];
	uint64_t highest;

	if (parse->word_count != 3 || !parse->family || !is_name(name) || !take_number(&parse->words[2], LEARNED_NUMBER_MAXIMUM, &highest) ||
	    parse->family->set_count >= SETS_MAXIMUM || parse->learned->slots + highest >= LEARNED_SLOTS_MAXIMUM ||
	    learned_set(parse->family, name->text, name->length))
		return -EBADMSG;
	parse->set = learned_add_set(parse->learned, parse->family, name->text, name->length, (uint32_t)highest);
	return parse->set ? 0 : -ENOMEM;
}

static int take_attribute(struct parse *parse)
{
	const struct word *words = parse->words;
	struct link link = { .set = parse->set, .nest = words[7] };
	uint64_t number;
	int r;

	if (parse->word_count != 8 || !parse->set || parse->link_count >= LINKS_MAXIMUM || !is_name(&words[2]) ||
	    !take_number(&words[1], LEARNED_NUMBER_MAXIMUM, &number) || !take_number(&words[5], UINT64_MAX, &link.minimum) ||
	    !take_number(&words[6], UINT64_MAX, &link.maximum))
		return -EBADMSG;
	link.number = (uint32_t)number;
	link.kind = learned_kind_of(words[3].text, words[3].length);
	link.flags = is_word(&words[4], "learned") ? FIELD_LEARNED : is_word(&words[4], "guessed") ? FIELD_GUESSED : 0;
	if (link.kind == LEARNED_KINDS || (link.flags == 0 && !is_word(&words[4], "table")))
		return -EBADMSG;
	r = learned_name(parse->learned, parse->set, link.number, words[2].text, words[2].length);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	parse->links[parse->link_count++] = link;
	return 0;
}

static int take_command(struct parse *parse, bool message)
{
	const struct word *words = parse->words;
	struct named named = { .name = words[2], .request = words[4], .answer = words[5], .message = message };
	uint64_t number, header;

	if (parse->word_count != 6 || !parse->family || parse->command_count >= COMMANDS_MAXIMUM || !is_name(&words[2]) ||
	    !take_number(&words[1], UINT16_MAX, &number) || !take_number(&words[3], 512, &header))
		return -EBADMSG;
	named.command.number = (uint16_t)number;
	named.command.header_size = (uint16_t)header;
	parse->commands[parse->command_count++] = named;
	return 0;
}

static int take_end(struct parse *parse)
{
	uint64_t lines;
	int r = settle(parse);

	if (r < 0)
		return r;
	if (parse->word_count != 2 || !take_number(&parse->words[1], UINT32_MAX, &lines) || lines != parse->line)
		return -EBADMSG;
	parse->ended = true;
	return 0;
}

static int take_line(struct parse *parse, const char *build)
{
	const struct word *first = &parse->words[0];

	if (parse->line == 0)
		return take_head(parse, build);
	if (parse->ended || parse->word_count == 0)
		return -EBADMSG;
	if (is_word(first, "family"))
		return take_family(parse);
	if (is_word(first, "set"))
		return take_set(parse);
	if (is_word(first, "attribute"))
		return take_attribute(parse);
	if (is_word(first, "command") || is_word(first, "message"))
		return take_command(parse, is_word(first, "message"));
	return is_word(first, "end") ? take_end(parse) : -EBADMSG;
}

/* Words between single blanks. */
static int split(struct parse *parse, const char *line, size_t length)
{
	const char *end = line + length;

	parse->word_count = 0;
	while (line <= end) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));
		const size_t word = (size_t)((blank ? blank : end) - line);

		if (parse->word_count == WORDS_MAXIMUM)
			return -EBADMSG;
		parse->words[parse->word_count++] = (struct word){ line, word };
		line += word + 1;
	}
	return 0;
}

static int parse_lines(struct parse *parse, const char *text, size_t length, const char *build)
{
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : 0;
		int r;

		/* Words are looked at as texts that something ends: the blank, or the newline. */
		if (!end)
			return -EBADMSG;
		r = split(parse, text, line);
		if (r == 0)
			r = take_line(parse, build);
		if (r < 0)
			return r;
		parse->line++;
		text += line + 1;
		length -= line + 1;
	}
	return parse->ended ? 0 : -EBADMSG;
}

int learned_parse(const char *text, size_t length, const char *build, struct learned *ret, struct error *error)
{
	_cleanup_learned_ struct learned learned = { 0 };
	struct parse parse = { .learned = &learned };
	int r = -ENOMEM;

	parse.links = calloc(LINKS_MAXIMUM, sizeof(*parse.links));
	parse.commands = calloc(COMMANDS_MAXIMUM, sizeof(*parse.commands));
	if (parse.links && parse.commands)
		r = parse_lines(&parse, text, length, build);
	free(parse.links);
	free(parse.commands);
	if (r == -EBADMSG)
		return error_set(error, r, "line %zu is not what ferry learn writes for this kernel", parse.line + 1);
	if (r < 0)
		return error_set(error, r, "no memory for what was learned");
	*ret = learned;
	learned = (struct learned){ 0 };
	return 0;
}
