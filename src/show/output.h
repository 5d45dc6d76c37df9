/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard output and standard error: a queue in front of a descriptor, what kind of thing is behind it, and how it may be styled. */
#ifndef FERRY_SHOW_OUTPUT_H
#define FERRY_SHOW_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum output_way {
	OUTPUT_WAITS,  /* write(2), which may block: right for results that somebody asked for */
	OUTPUT_OWN,    /* write(2) to a description of our own that never blocks */
	OUTPUT_SOCKET, /* send(2), told not to wait */
	OUTPUT_POLLED, /* write(2) of few bytes, only after poll(2) has said that there is room */
};

struct output {
	int descriptor;
	int own; /* what was opened for OUTPUT_OWN, or -1 */
	enum output_way way;
	bool terminal, colour;
	bool cursor;        /* a terminal on which what stands can be written over */
	const char *dots;   /* see output_dots(); NULL as long as nothing was cut */
	unsigned int width; /* columns of the terminal; 0 where it is none */
	unsigned int height;
	struct buffer pending;
	size_t sent;        /* of PENDING, already written */
	struct buffer line; /* being built: see output_commit() */
	int error;          /* negative errno of the first write that failed; nothing is written after it */
	bool stopped;       /* output_finish() has found that nobody reads any more */
	uint64_t lost;      /* lines that found no room since the last output_loss() */
	uint64_t lost_from, lost_to;
};

struct output_loss {
	uint64_t lines;
	uint64_t from, to; /* CLOCK_REALTIME */
};

void output_open(struct output *output, int descriptor);
/* From now on a reader that does not read makes counted losses and never a wait. */
void output_never_wait(struct output *output);
/* What stands where a text was cut: "…" where the locale can show it. */
const char *output_dots(struct output *output);
/* Asks the terminal for its size again. */
void output_measure(struct output *output);
/* Puts output->line into the queue as it stands (with its newline) and empties it. Whether anybody still wants more. */
bool output_commit(struct output *output);
/* Of what waits to be written only as much as the terminal shows at once: its last line says how many lines more there were. */
void output_fit(struct output *output);
/* Writes what can be written. 0, or the negative errno of the first failed write. */
int output_flush(struct output *output);
/* Writes what is left, waiting for a reader that goes on reading but not for one that has stopped: what that one has not taken is lost. */
int output_finish(struct output *output);
/* Whether lines were lost and there is room to say so: what was lost, and the count begins anew. */
bool output_loss(struct output *output, struct output_loss *ret);
static inline bool output_waiting(const struct output *output)
{
	return output->pending.length > output->sent && output->error == 0;
}
/* The descriptor to poll. */
static inline int output_descriptor(const struct output *output)
{
	return output->way == OUTPUT_OWN ? output->own : output->descriptor;
}
void output_done(struct output *output);

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_FAINT,
	STYLE_ADDED,
	STYLE_REMOVED,
	STYLE_REFUSED,
	STYLE_GAP,
	STYLE_WHO,
};

/* Appends TEXT (which is escaped already) to LINE in STYLE, where OUTPUT may be styled at all. */
void output_styled(const struct output *output, struct buffer *line, enum style style, const char *text);
/* Columns that TEXT takes on a terminal: one for each UTF-8 character, two for wide ones (Chinese, Japanese, Korean). */
unsigned int text_columns(const char *text, size_t length);
/* Appends as much of TEXT as fits into COLUMNS, the last of them for the ellipsis where something had to go. */
void text_cut(struct output *output, struct buffer *line, const char *text, unsigned int columns);

#endif
