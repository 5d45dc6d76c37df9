/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tour: stations, which measure and say what they found, and faces, which show it. A station is a function that says statements, each followed by
 * rows of figures; text, JSON and the page are made of these alone. All words stand in tour.def, in every language.
 */
#ifndef FERRY_CMD_TOUR_H
#define FERRY_CMD_TOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cmd/command.h"

enum tour_language { TOUR_ENGLISH, TOUR_CHINESE, TOUR_LANGUAGES };

/* How the cells of a column are meant. */
enum tour_kind { TOUR_TEXT, TOUR_COUNT, TOUR_TIME, TOUR_BYTES };

struct tour_words {
	const char *name; /* as JSON has it */
	enum tour_kind kind;
	const char *words[TOUR_LANGUAGES];
};

enum tour_column {
#define STATION(name, en, zh, en_text, zh_text)
#define STATEMENT(name, en, zh)
#define COLUMN(name, kind, en, zh) COLUMN_##name,
#define WORD(en, zh)
#define PHRASE(name, en, zh)
#include "cmd/tour.def"
#undef COLUMN
	COLUMN_COUNT,
#define COLUMN(name, kind, en, zh)
};
enum tour_statement_name {
#undef STATEMENT
#define STATEMENT(name, en, zh) STATEMENT_##name,
#include "cmd/tour.def"
#undef STATEMENT
#define STATEMENT(name, en, zh)
};
enum tour_station_name {
#undef STATION
#define STATION(name, en, zh, en_text, zh_text) STATION_##name,
#include "cmd/tour.def"
#undef STATION
	STATION_COUNT,
#define STATION(name, en, zh, en_text, zh_text)
};
enum tour_phrase {
#undef PHRASE
#define PHRASE(name, en, zh) PHRASE_##name,
#include "cmd/tour.def"
#undef PHRASE
};
#undef STATION
#undef STATEMENT
#undef COLUMN
#undef WORD

extern const struct tour_words tour_columns[], tour_statements[], tour_stations[], tour_station_texts[], tour_phrases[];
/* TEXT in LANGUAGE, where it is a word of ours; else TEXT. */
const char *tour_word(enum tour_language language, const char *text);

struct tour_cell {
	const char *text; /* of TOUR_TEXT, safe for a terminal; NULL: not known */
	uint64_t number;  /* UINT64_MAX: not known */
};

#define TOUR_COLUMNS_MAXIMUM 8

struct tour_row {
	struct tour_cell cells[TOUR_COLUMNS_MAXIMUM];
	unsigned int count;
	struct tour_row *next;
};

struct tour_statement {
	enum tour_statement_name name;
	enum tour_column columns[TOUR_COLUMNS_MAXIMUM];
	unsigned int column_count;
	int picture; /* the column that the page draws as bars, -1 for none */
	struct tour_row *rows, *last;
	const char *missing; /* why there are no figures, or not all; NULL */
	struct tour_statement *next;
};

struct tour_station {
	struct tour_statement *statements, *last;
	bool visited;
};

struct tour_visitor;

struct tour {
	struct program *program;
	struct ferry *ferry;
	enum tour_language language;
	struct arena arena;
	struct tour_station stations[STATION_COUNT], *station;
	char folder[32];            /* of our own, below /tmp; "" before it is made */
	struct tour_visitor *fresh; /* a process whose heap is as a program's at its start, waiting for the station of memory */
	void *shared;               /* TOUR_SHARED bytes that visitors write their results to */
	struct ferry_recorder *recorder;
	const char *unrecorded; /* why not; NULL */
	char *before;           /* what stood in our namespace, as a document */
	bool failed;            /* memory ran out */
};

#define TOUR_SHARED 65536

/* ---- Saying ---- */

void tour_say_columns(struct tour *tour, enum tour_statement_name name, const enum tour_column *columns, unsigned int count);
/* A statement of the present station, with the columns of its figures. */
#define tour_say(tour, name, ...)                                                             \
	tour_say_columns((tour), STATEMENT_##name, (const enum tour_column[]){ __VA_ARGS__ }, \
			 sizeof((const enum tour_column[]){ __VA_ARGS__ }) / sizeof(enum tour_column))
/* A new row of the last statement, and its next cells. */
void tour_row(struct tour *tour);
void tour_text(struct tour *tour, const char *text);
/* The same with text that is escaped already, and lives as long as the tour. */
void tour_shown(struct tour *tour, const char *text);
void tour_number(struct tour *tour, uint64_t number);
void tour_printf(struct tour *tour, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tour_value(struct tour *tour, const struct ferry_value *value);
/* The same of JSON; NULL: nothing there. */
void tour_json(struct tour *tour, const char *json);
/* A row of a change: address, before, after. DATA: the tour. */
int tour_tell_change(void *data, const struct ferry_change *change);
/* Arguments, result and time of a system call. */
void tour_call(struct tour *tour, const struct ferry_crossing *crossing);
/* The page draws this column. */
void tour_picture(struct tour *tour, enum tour_column column);
/* Why figures of the last statement are missing. */
void tour_missing(struct tour *tour, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tour_missing_phrase(struct tour *tour, enum tour_phrase phrase, const char *what);

/* ---- Visitors: child processes that do what is measured ---- */

typedef void tour_function(struct tour *tour);

struct tour_visitor {
	pid_t pid;
	int go, done; /* -1 once it has ended */
};

/* A child that waits, and then does WORK and ends. */
int tour_visitor_start(struct tour *tour, tour_function *work, struct tour_visitor *ret_visitor);
/* Lets it go on, until it waits again (true) or has ended. */
bool tour_visitor_go(struct tour_visitor *visitor);
/* Waits for its end, which comes at once where it waits to be let go on. May be called again. */
void tour_visitor_end(struct tour_visitor *visitor);
/* In the visitor: waits to be let go on. */
void tour_wait(void);

struct tour_counted {
	struct ferry_stat *stat;
	const struct ferry_value *figures;
	struct tour_visitor visitor;
};

/* Counts what a visitor does; from its execve(2) on where FROM_EXEC. False, with the reason as missing, where that cannot be: then WORK was done all
 * the same. */
bool tour_count(struct tour *tour, tour_function *work, bool from_exec, struct tour_counted *ret_counted);
void tour_counted_done(struct tour_counted *counted);
/* A figure of the record or list at PATH ("triggers"), of the row whose NAME field is ROW. 0 where there is none. */
uint64_t tour_figure(const struct ferry_value *figures, const char *list, const char *row, const char *field);
/* Traces a visitor. False as tour_count(). */
bool tour_trace(struct tour *tour, struct tour_visitor *visitor, const char *const *filters, bool all, ferry_crossing_function *function, void *data);

/* ---- Asking the library ---- */

/* The value at ADDRESS as text that lives as long as the tour; NULL where there is none, with words in ferry_error(). */
const char *tour_get(struct tour *tour, const char *address);
/* Its number; UINT64_MAX where there is none. */
uint64_t tour_get_number(struct tour *tour, const char *address);
/* How many items there are at or below ADDRESS. */
uint64_t tour_count_items(struct tour *tour, const char *address, unsigned int flags);
/* Sets, and says a row of the last statement: what, before, after. False where it was refused, which is said as missing. */
bool tour_set(struct tour *tour, const char *assignment);
uint64_t tour_now(void);
/* Runs ARGUMENTS to its end, its output thrown away or (RET_OUTPUT) taken; its exit status, 127 where there is no such program. */
int tour_run(struct tour *tour, const char *const *arguments, const char **ret_output);
/* The recorder takes in what has happened. */
void tour_record(struct tour *tour);
/* The changes that the recorder has seen from our own process and its children. */
int tour_changes(struct tour *tour, ferry_change_function *function, void *data);

/* ---- The stations ---- */

tour_function tour_triggers, tour_classes, tour_memory, tour_procfs, tour_sysctl, tour_sysfs, tour_netlink, tour_tools, tour_logbook;
/* The visitor that tour_memory() is about. */
void tour_memory_work(struct tour *tour);
/* Begins to record, in the namespace; remembers what stands there. */
void tour_record_begin(struct tour *tour);

/* ---- The faces ---- */

/* A cell as people read it: "1,234", "5.6 us", "64 MiB". */
void tour_add_cell(struct buffer *buffer, const struct tour *tour, enum tour_column column, const struct tour_cell *cell);
void tour_print(struct tour *tour, enum tour_station_name number);
void tour_print_json(struct tour *tour, enum tour_station_name number);
/* Writes the page. Errors as of replace_file(). */
int tour_page(struct tour *tour, const char *path, struct error *error);

#endif
