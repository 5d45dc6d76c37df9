/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every command needs: words for failures, and arguments turned into addresses, times and numbers. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"

/* One write, so that a line stays whole between those of other programs. */
void program_write_words(const struct buffer *line)
{
	size_t done = 0;

	while (!line->failed && done < line->length) {
		ssize_t written = write(STDERR_FILENO, line->data + done, line->length - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		done += (size_t)written;
	}
}

/* Words may quote what the kernel or the user said: every line is made safe for a terminal, and stays a line. */
static void add_words(struct buffer *line, const char *words)
{
	for (const char *next; *words; words = next) {
		size_t length = strcspn(words, "\n");
		buffer_add_escaped(line, words, length);
		next = words + length;
		if (*next == '\n' && *++next)
			buffer_add_text(line, "\n  ");
	}
}

static void add_error_json(struct buffer *line, enum exit_status status, int code, const char *words)
{
	buffer_add_text(line, "{\"error\":{\"code\":");
	if (code)
		buffer_add_json(line, error_symbol(code), strlen(error_symbol(code)));
	else
		buffer_add_text(line, "null");
	buffer_add_text(line, ",\"text\":");
	buffer_add_json(line, words, strlen(words));
	buffer_printf(line, ",\"exit\":%d}}\n", (int)status);
}

enum exit_status program_fail(struct program *program, enum exit_status status, int code, const char *format, ...)
{
	_cleanup_buffer_ struct buffer line = {};
	_cleanup_free_ char *words = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&words, format, arguments) < 0)
		words = NULL;
	va_end(arguments);
	if (program->json) {
		add_error_json(&line, status, code, words ? words : "out of memory");
	} else {
		buffer_add_text(&line, "ferry: ");
		add_words(&line, words ? words : "out of memory");
		buffer_add_char(&line, '\n');
	}
	/* Results so far come first where both go to the same terminal. */
	output_flush(&program->output);
	program_write_words(&line);
	program->status = exit_worse(program->status, status);
	return status;
}

enum exit_status program_failed(struct program *program, int error)
{
	const char *words = program->ferry ? ferry_error(program->ferry) : "";

	return program_fail(program, exit_of(error), error, "%s", *words ? words : error_text(error));
}

void program_say(const struct program *program, const char *format, ...)
{
	_cleanup_buffer_ struct buffer line = {};
	_cleanup_free_ char *words = NULL;
	va_list arguments;

	if (program->quiet || program->json)
		return;
	va_start(arguments, format);
	if (vasprintf(&words, format, arguments) < 0)
		words = NULL;
	va_end(arguments);
	if (!words)
		return;
	add_words(&line, words);
	buffer_add_char(&line, '\n');
	program_write_words(&line);
}

char *program_address(struct program *program, const char *text)
{
	char *address = NULL;
	int r = ferry_address(program->ferry, text, &address);

	if (r < 0) {
		program_fail(program, r == -EINVAL ? EXIT_USAGE : exit_of(r), r, "%s", ferry_error(program->ferry));
		return NULL;
	}
	return address;
}

void addresses_free(char **addresses)
{
	for (char **address = addresses; address && *address; address++)
		free(*address);
	free(addresses);
}

enum exit_status program_addresses(struct program *program, char ***ret_addresses)
{
	char **addresses;

	if (program->argument_count == 0) {
		*ret_addresses = NULL;
		return EXIT_DONE;
	}
	addresses = calloc(program->argument_count + 1, sizeof(*addresses));
	if (!addresses)
		return program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	for (unsigned int i = 0; i < program->argument_count; i++) {
		addresses[i] = program_address(program, program->arguments[i]);
		if (!addresses[i]) {
			addresses_free(addresses);
			return program->status;
		}
	}
	*ret_addresses = addresses;
	return EXIT_DONE;
}

enum exit_status program_time(struct program *program, const char *option, uint64_t *ret_time)
{
	struct timespec now;

	*ret_time = 0;
	if (!option)
		return EXIT_DONE;
	clock_gettime(CLOCK_REALTIME, &now);
	if (ferry_time_parse(option, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, ret_time) < 0)
		return program_fail(program, EXIT_USAGE, -EINVAL,
				    "not a time: %s (such as 10m, \"2h ago\", yesterday, 15:04, 2026-01-02, 2026-01-02T15:04:05Z)", option);
	return EXIT_DONE;
}

enum exit_status program_number(struct program *program, const char *what, const char *text, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno || end == text || *end || strspn(text, "0123456789") != strlen(text) || number == 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s: not a whole number above 0: %s", what, text);
	*ret_number = number;
	return EXIT_DONE;
}

enum exit_status program_size(struct program *program, const char *what, const char *text, uint64_t least, uint64_t most, uint64_t *ret_size)
{
	uint64_t size;

	if (ferry_size_parse(text, &size) < 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s: not a size: %s (such as 512K, 64M, 1G)", what, text);
	if (size < least || size > most)
		return program_fail(program, EXIT_USAGE, -ERANGE, "%s: from %llu to %llu bytes, not %s", what, (unsigned long long)least,
				    (unsigned long long)most, text);
	*ret_size = size;
	return EXIT_DONE;
}

enum exit_status program_length(struct program *program, const char *what, const char *text, uint64_t *ret_length)
{
	uint64_t length = 0;
	size_t digits = strspn(text, "0123456789"), fraction = 0;

	if (digits > 0 && digits < 10 && text[digits] == '.')
		fraction = 1 + strspn(text + digits + 1, "0123456789");
	if (digits > 0 && digits < 10 && fraction < 11 && !text[digits + fraction])
		length = (uint64_t)(strtod(text, NULL) * 1e9);
	else if (ferry_duration_parse(text, &length) < 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s: not a length of time: %s (such as 10, 0.5, 90s, 1h30m, 30d)", what, text);
	if (length == 0)
		return program_fail(program, EXIT_USAGE, -EINVAL, "%s: a length of time above 0 is needed", what);
	*ret_length = length;
	return EXIT_DONE;
}

struct ferry_history *program_history(struct program *program, const char *path)
{
	_cleanup_free_ char *standard = NULL;
	struct ferry_history *history = NULL;

	if (!path) {
		standard = ferry_history_path();
		if (!standard) {
			program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
			return NULL;
		}
		path = standard;
	}
	int r = ferry_history_open(program->ferry, path, &history);
	if (r == -ENOENT)
		program_fail(program, EXIT_NOT_FOUND, r, "there is no history at %s; \"ferry record\" makes one (--db FILE names another)", path);
	else if (r < 0)
		program_failed(program, r);
	return history;
}
