/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two contents of a file mean the same: what was asked for, and what the kernel made of it. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "channel/content.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n';
}

/* Cuts what does not count at both ends. */
static void trim(const char **text, size_t *length)
{
	while (*length && is_space((*text)[*length - 1]))
		(*length)--;
	while (*length && is_space(**text)) {
		(*text)++;
		(*length)--;
	}
}

bool file_value_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t i = 0, j = 0;

	trim(&a, &a_length);
	trim(&b, &b_length);
	while (i < a_length && j < b_length) {
		if (is_blank(a[i]) && is_blank(b[j])) {
			while (i < a_length && is_blank(a[i]))
				i++;
			while (j < b_length && is_blank(b[j]))
				j++;
		} else if (a[i++] != b[j++]) {
			return false;
		}
	}
	return i == a_length && j == b_length;
}

/* A number as the kernel's kstrtoull() and memparse() read it: 0x..., 0... (octal), with K, M, G or T behind it. */
static bool number_of(const char *word, uint64_t *ret)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	errno = 0;
	*ret = strtoull(word, &end, 0);
	if (errno || end == word)
		return false;
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit && !end[1]) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (*ret > UINT64_MAX >> shift)
			return false;
		*ret <<= shift;
		return true;
	}
	return !*end;
}

/* The digits of a mask: groups of hexadecimal, of which zeros in front do not count. */
static bool same_mask(const char *a, const char *b)
{
	if (strspn(a, "0123456789abcdefABCDEF,") != strlen(a) || strspn(b, "0123456789abcdef,") != strlen(b))
		return false;
	/* Without a sign of it, b is a plain number. */
	if (!strpbrk(b, "abcdef,") && !(b[0] == '0' && b[1]))
		return false;
	a += strspn(a, "0,");
	b += strspn(b, "0,");
	for (;; a++, b++) {
		a += *a == ',';
		b += *b == ',';
		if (!*a || !*b || strncasecmp(a, b, 1) != 0)
			return !*a && !*b;
	}
}

static int switch_of(const char *word)
{
	static const char *const on[] = { "1", "y", "on", "true", "yes", "enabled" }, *const off[] = { "0", "n", "off", "false", "no", "disabled" };

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcasecmp(word, on[i]) == 0)
			return 1;
		if (strcasecmp(word, off[i]) == 0)
			return 0;
	}
	return -1;
}

static bool same_word(const char *a, const char *b)
{
	uint64_t first, second;

	if (strcmp(a, b) == 0)
		return true;
	if (number_of(a, &first) && number_of(b, &second))
		return first == second || same_mask(a, b);
	return same_mask(a, b) || (switch_of(a) >= 0 && switch_of(a) == switch_of(b));
}

/* Copies the next word of a text; false at its end, or where it is too long to be a number. */
static bool next_word(const char **text, size_t *length, char word[80])
{
	size_t size = 0;

	trim(text, length);
	while (size < *length && !is_space((*text)[size]))
		size++;
	if (size == 0 || size >= 80)
		return false;
	memcpy(word, *text, size);
	word[size] = '\0';
	*text += size;
	*length -= size;
	return true;
}

bool file_numbers_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
	char first[80], second[80];

	while (next_word(&a, &a_length, first)) {
		if (!next_word(&b, &b_length, second) || !same_word(first, second))
			return false;
	}
	return a_length == 0 && b_length == 0;
}
