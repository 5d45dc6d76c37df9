/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/content.h"

#include <errno.h>
#include <string.h>

size_t content_length(const char *content, size_t length)
{
	return length && content[length - 1] == '\n' ? length - 1 : length;
}

static bool is_binary(const char *text, size_t length)
{
	if (length && !*text)
		return true;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		/* A NUL may part words (a command line, strings of the device tree); an escape starts a colour. */
		if (c < ' ' && c && (c < '\t' || c > '\r') && c != 0x1b)
			return true;
	}
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Walks the words of a line: false at its end. */
static bool next_word(const char **at, const char *end, const char **ret_word, size_t *ret_length)
{
	const char *p = *at;

	while (p < end && is_blank(*p))
		p++;
	*ret_word = p;
	while (p < end && !is_blank(*p))
		p++;
	*at = p;
	*ret_length = (size_t)(p - *ret_word);
	return *ret_length > 0;
}

/* Counts the words of a choice, 0 where the line is none: exactly one word in brackets, no other bracket anywhere, each as short as a name. */
static unsigned int count_choice(const char *text, size_t length)
{
	const char *end = text + length, *word;
	unsigned int count = 0, chosen = 0;
	size_t size;

	if (!memchr(text, '[', length))
		return 0;
	while (next_word(&text, end, &word, &size)) {
		count++;
		if (size > 2 && word[0] == '[' && word[size - 1] == ']') {
			chosen++;
			word++;
			size -= 2;
		}
		if (size >= sizeof(((struct name *)NULL)->text))
			return 0;
		for (size_t i = 0; i < size; i++)
			if (word[i] == '[' || word[i] == ']' || (unsigned char)word[i] < ' ')
				return 0;
	}
	return chosen == 1 ? count : 0;
}

static int make_choice(const char *text, size_t length, unsigned int count, struct arena *arena, struct content *ret)
{
	const char *end = text + length, *word;
	struct name *list = arena_array(arena, struct name, count);
	struct names *names = arena_new(arena, struct names);
	struct field *field = arena_new(arena, struct field);
	size_t size;

	if (!list || !names || !field)
		return -ENOMEM;
	for (unsigned int i = 0; next_word(&text, end, &word, &size); i++) {
		if (*word == '[') {
			word++;
			size -= 2;
			ret->value = value_data(VALUE_TEXT, word, size);
		}
		list[i].value = i;
		memcpy(list[i].text, word, size);
	}
	*names = (struct names){ .list = list, .count = count };
	*field = (struct field){ .name = "choice", .kind = FIELD_TEXT, .flags = FIELD_SETTABLE, .names = names };
	ret->field = field;
	ret->type = "choice";
	return 0;
}

int content_value(const char *content, size_t length, bool sysfs, struct arena *arena, struct content *ret)
{
	struct content typed = { .type = "text" };
	unsigned int count;

	length = content_length(content, length);
	if (length > UINT32_MAX)
		return -EFBIG;
	count = sysfs ? count_choice(content, length) : 0;
	if (integer_parse(content, length, &typed.value)) {
		typed.type = "int";
	} else if (is_binary(content, length)) {
		typed.value = value_data(VALUE_BYTES, content, length);
		typed.type = "bytes";
	} else if (count) {
		int r = make_choice(content, length, count, arena, &typed);

		if (r < 0)
			return r;
	} else {
		typed.value = value_data(VALUE_TEXT, length ? content : "", length);
	}
	*ret = typed;
	return 0;
}

void file_value_json(struct buffer *ret, const char *content, size_t length, bool sysfs)
{
	struct arena arena = { 0 };
	struct content typed;

	if (content_value(content, length, sysfs, &arena, &typed) < 0)
		ret->failed = true;
	else
		value_json(ret, &typed.value, typed.field, NULL);
	arena_done(&arena);
}
