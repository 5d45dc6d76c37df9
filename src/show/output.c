/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/output.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_MAXIMUM (1024 * 1024) /* bytes that may wait for a reader */
#define WRITE_AT      (64 * 1024)   /* bytes after which a write is tried between two batches */
#define POLLED_CHUNK  2048          /* a pipe that polls writable has room for PIPE_BUF, a terminal for about this */
#define FINISH_WAIT   300           /* ms without any progress after which the reader counts as gone */

void output_open(struct output *output, int descriptor)
{
	const char *terminal_type = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	*output = (struct output){ .descriptor = descriptor, .own = -1 };
	output->terminal = isatty(descriptor);
	output->cursor = output->terminal && terminal_type && strcmp(terminal_type, "dumb") != 0;
	output->colour = output->cursor && (!no_colour || !*no_colour);
	output_measure(output);
}

/* Asked only where a text is cut: loading a locale takes longer than reading a value. */
static bool has_unicode(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool found = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

	if (locale)
		freelocale(locale);
	return found;
}

const char *output_dots(struct output *output)
{
	if (!output->dots)
		output->dots = has_unicode() ? "…" : "...";
	return output->dots;
}

void output_measure(struct output *output)
{
	struct winsize size;

	if (!output->terminal)
		return;
	output->width = 80;
	output->height = 0;
	if (ioctl(output->descriptor, TIOCGWINSZ, &size) != 0)
		return;
	if (size.ws_col > 0)
		output->width = size.ws_col;
	output->height = size.ws_row;
}

void output_never_wait(struct output *output)
{
	struct stat status;

	if (fstat(output->descriptor, &status) < 0 || S_ISREG(status.st_mode))
		return; /* a regular file takes what it is given; one of our own would have an offset of its own */
	if (S_ISSOCK(status.st_mode)) {
		output->way = OUTPUT_SOCKET;
		return;
	}
	/* O_NONBLOCK on the descriptor that we were given would be set for everybody who shares it, the user's shell among them: so a description of
	 * our own. */
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->descriptor);
	output->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	output->way = output->own >= 0 ? OUTPUT_OWN : OUTPUT_POLLED;
}

static ssize_t write_some(struct output *output, const char *data, size_t length)
{
	struct pollfd polled = { .fd = output->descriptor, .events = POLLOUT };

	switch (output->way) {
	case OUTPUT_OWN:
		return write(output->own, data, length);
	case OUTPUT_SOCKET:
		return send(output->descriptor, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	case OUTPUT_POLLED:
		if (poll(&polled, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		return write(output->descriptor, data, length < POLLED_CHUNK ? length : POLLED_CHUNK);
	case OUTPUT_WAITS:
		break;
	}
	return write(output->descriptor, data, length);
}

int output_flush(struct output *output)
{
	while (output_waiting(output)) {
		ssize_t written = write_some(output, output->pending.data + output->sent, output->pending.length - output->sent);
		if (written >= 0) {
			output->sent += (size_t)written;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && output->way != OUTPUT_WAITS)
			break;
		if (errno == EAGAIN) { /* somebody else has made the shared description non-blocking */
			struct pollfd polled = { .fd = output->descriptor, .events = POLLOUT };
			poll(&polled, 1, -1);
			continue;
		}
		output->error = -errno;
	}
	if (output->error == 0 && output->sent < output->pending.length) {
		memmove(output->pending.data, output->pending.data + output->sent, output->pending.length - output->sent);
		output->pending.length -= output->sent;
	} else {
		buffer_clear(&output->pending);
	}
	output->sent = 0;
	return output->error;
}

/* What waits will never be written: its lines are lost, the one of which a part was written as well. */
static void give_up(struct output *output)
{
	for (size_t i = output->sent; i < output->pending.length; i++)
		output->lost += output->pending.data[i] == '\n';
	buffer_clear(&output->pending);
	output->sent = 0;
	output->stopped = true;
}

/* Rows of the terminal that a line takes. What begins with an escape shows nothing up to its last letter. */
static unsigned int rows_of(const struct output *output, const char *text, size_t length)
{
	const char *end = text + length;
	unsigned int columns = 0;

	while (text < end) {
		const char *escape = memchr(text, '\033', (size_t)(end - text)), *plain_end = escape ? escape : end;

		columns += text_columns(text, (size_t)(plain_end - text));
		text = plain_end;
		while (text < end && !(*text >= 'A' && *text <= 'Z') && !(*text >= 'a' && *text <= 'z'))
			text++;
		text += text < end;
	}
	return columns > output->width ? (columns - 1) / output->width + 1 : 1;
}

void output_fit(struct output *output)
{
	const unsigned int height = output->height;
	size_t keep = output->sent, at = output->sent;
	unsigned int rows = 0, hidden = 0;

	if (!output->cursor || !height || !output->width)
		return;
	while (at < output->pending.length) {
		const char *line = output->pending.data + at, *end = memchr(line, '\n', output->pending.length - at);
		const size_t length = end ? (size_t)(end - line) : output->pending.length - at;

		rows += rows_of(output, line, length);
		at += length + (end != NULL);
		/* The last row is the cursor's, or the words'. */
		if (rows < height)
			keep = at;
		else
			hidden++;
	}
	if (!hidden)
		return;
	output->pending.length = keep;
	buffer_printf(&output->pending, "%u more lines", hidden);
}

int output_finish(struct output *output)
{
	output_flush(output);
	while (output_waiting(output)) {
		struct pollfd polled = { .fd = output_descriptor(output), .events = POLLOUT };
		int r = poll(&polled, 1, FINISH_WAIT);
		if (r == 0 || (r < 0 && errno != EINTR)) {
			give_up(output);
			break;
		}
		output_flush(output);
	}
	return output->error;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

bool output_commit(struct output *output)
{
	if (output->line.failed) {
		output->error = -ENOMEM;
		buffer_done(&output->line);
	}
	if (output->error != 0)
		return false;
	if (output->way != OUTPUT_WAITS && output->pending.length - output->sent + output->line.length > QUEUE_MAXIMUM)
		output_flush(output);
	if (output->way != OUTPUT_WAITS && (output->lost || output->pending.length - output->sent + output->line.length > QUEUE_MAXIMUM)) {
		output->lost_to = now();
		if (output->lost++ == 0)
			output->lost_from = output->lost_to;
	} else {
		buffer_add(&output->pending, output->line.data, output->line.length);
		if (output->pending.failed) {
			output->error = -ENOMEM;
			buffer_done(&output->pending);
		}
		if (output->pending.length - output->sent >= WRITE_AT)
			output_flush(output);
	}
	buffer_clear(&output->line);
	return output->error == 0;
}

bool output_loss(struct output *output, struct output_loss *ret)
{
	if (output->lost == 0 || output->pending.length - output->sent > QUEUE_MAXIMUM / 2)
		return false;
	*ret = (struct output_loss){ output->lost, output->lost_from, output->lost_to };
	output->lost = 0;
	return true;
}

void output_done(struct output *output)
{
	if (output->own >= 0)
		close(output->own);
	output->own = -1;
	buffer_done(&output->pending);
	buffer_done(&output->line);
}

void output_styled(const struct output *output, struct buffer *line, enum style style, const char *text)
{
	static const char *const codes[] = {
		[STYLE_STRONG] = "1",     [STYLE_FAINT] = "2",  [STYLE_ADDED] = "32", [STYLE_REMOVED] = "31",
		[STYLE_REFUSED] = "1;31", [STYLE_GAP] = "1;33", [STYLE_WHO] = "36",
	};

	if (!output->colour || style == STYLE_PLAIN) {
		buffer_add_text(line, text);
		return;
	}
	buffer_add_text(line, "\033[");
	buffer_add_text(line, codes[style]);
	buffer_add_char(line, 'm');
	buffer_add_text(line, text);
	buffer_add_text(line, "\033[0m");
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* What terminals show two columns wide (Unicode's UAX #11: W and F), in runs. */
static bool is_wide(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0xa4cf }, { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(wide) && character >= wide[i].first; i++)
		if (character <= wide[i].last)
			return true;
	return false;
}

/* Of the byte at TEXT, which is valid UTF-8 or none: those that continue a character take none. */
static unsigned int byte_columns(const char *text, size_t length)
{
	const unsigned char lead = (unsigned char)text[0];
	const unsigned int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 0; /* nothing shorter is wide */
	uint32_t character = more == 3 ? lead & 0x07 : lead & 0x0f;

	if (continues(text[0]))
		return 0;
	if (more == 0 || length <= more)
		return 1;
	for (unsigned int i = 1; i <= more; i++)
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	return is_wide(character) ? 2 : 1;
}

unsigned int text_columns(const char *text, size_t length)
{
	unsigned int columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += byte_columns(text + i, length - i);
	return columns;
}

void text_cut(struct output *output, struct buffer *line, const char *text, unsigned int columns)
{
	size_t length = strlen(text), end = 0;
	unsigned int dots, used = 0;

	if (text_columns(text, length) <= columns) {
		buffer_add(line, text, length);
		return;
	}
	dots = text_columns(output_dots(output), strlen(output_dots(output)));
	unsigned int room = columns > dots ? columns - dots : 0;
	while (end < length) {
		used += byte_columns(text + end, length - end);
		if (used > room)
			break;
		end++;
	}
	buffer_add(line, text, end);
	buffer_add_text(line, output_dots(output));
}
