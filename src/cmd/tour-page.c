/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tour as one page: HTML that is XML as well, with pictures drawn from the same figures. Nothing outside of the file is referred to. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "cmd/tour.h"

#define BARS_MAXIMUM 12
#define BAR_HEIGHT   40

static const char style[] =
	":root{color-scheme:light "
	"dark;--paper:#fbfaf7;--ink:#1c2733;--faint:#5b6875;--line:#d9dfe4;--bar:#1f7a8c;--water:#d5ebf2;--wave:#8fc3d6;--note:#a4480b}"
	"@media(prefers-color-scheme:dark){:root{--paper:#12181e;--ink:#e4e9ee;--faint:#9aa8b5;--line:#2c3741;--bar:#4fb3c8;--water:#14323d;--wave:#"
	"2c6478;--note:#f0a35e}}"
	"*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}"
	"main{max-width:900px;margin:0 auto;padding:1rem}h1{font-size:1.7rem;line-height:1.25}h2{margin-top:3rem;border-top:1px solid "
	"var(--line);padding-top:1.5rem}"
	"nav ol{columns:2 16rem;padding-left:1.5rem}a{color:var(--bar)}.about{color:var(--faint)}.said{margin:1.8rem 0 .5rem;font-weight:600}"
	".figures{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}th,td{text-align:left;vertical-align:top;padding:.25rem .9rem "
	".25rem 0;border-bottom:1px solid var(--line)}"
	"th{color:var(--faint);font-weight:600;white-space:nowrap}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
	"td{max-width:28rem;overflow-wrap:break-word;min-width:3rem}.note{color:var(--note)}"
	"svg{display:block;width:100%;margin:.7rem 0}svg text{fill:var(--ink);font-size:13px}svg .faint{fill:var(--faint)}.bar{fill:var(--bar)}"
	".bank{fill:var(--line)}.river{fill:var(--water)}.wave{fill:none;stroke:var(--wave);stroke-width:2}.way{stroke:var(--bar);stroke-width:3;"
	"fill:none}.head{fill:var(--bar)}"
	".border{max-width:560px;margin:1rem auto}.border text{font-size:12px;text-anchor:middle}";

/* TEXT, which has no control characters and is UTF-8, as it may stand between tags and in an attribute. */
static void add_text(struct buffer *page, const char *text)
{
	for (const char *place = text; *place; place++) {
		if (*place == '&')
			buffer_add_text(page, "&amp;");
		else if (*place == '<')
			buffer_add_text(page, "&lt;");
		else if (*place == '>')
			buffer_add_text(page, "&gt;");
		else if (*place == '"')
			buffer_add_text(page, "&quot;");
		else
			buffer_add_char(page, *place);
	}
}

/* The same with text that is not known to be such. */
static void add_foreign(struct buffer *page, const char *text)
{
	_cleanup_buffer_ struct buffer shown = { 0 };

	buffer_add_escaped(&shown, text, strlen(text));
	page->failed |= shown.failed;
	add_text(page, shown.data ? shown.data : "");
}

static void add_cell_text(struct buffer *page, const struct tour *tour, enum tour_column column, const struct tour_cell *cell)
{
	_cleanup_buffer_ struct buffer text = { 0 };

	tour_add_cell(&text, tour, column, cell);
	add_text(page, text.data ? text.data : "");
}

/* ---- Figures ---- */

static void add_cell(struct buffer *page, const struct tour *tour, enum tour_column column, const struct tour_cell *cell)
{
	const bool text = tour_columns[column].kind == TOUR_TEXT;

	/* The figure itself, as JSON has it; none where it is not known. */
	buffer_add_text(page, text ? "<td" : "<td class=\"n\"");
	if (text ? cell->text != NULL : cell->number != UINT64_MAX) {
		buffer_add_text(page, " data-value=\"");
		if (text)
			add_text(page, cell->text);
		else
			buffer_printf(page, "%" PRIu64, cell->number);
		buffer_add_char(page, '"');
	}
	buffer_add_char(page, '>');
	add_cell_text(page, tour, column, cell);
	buffer_add_text(page, "</td>");
}

static void add_table(struct buffer *page, const struct tour *tour, const struct tour_statement *statement)
{
	buffer_add_text(page, "<div class=\"figures\"><table><thead><tr>");
	for (unsigned int i = 0; i < statement->column_count; i++) {
		const struct tour_words *column = &tour_columns[statement->columns[i]];

		buffer_printf(page, "<th%s data-name=\"%s\">", column->kind == TOUR_TEXT ? "" : " class=\"n\"", column->name);
		add_text(page, column->words[tour->language]);
		buffer_add_text(page, "</th>");
	}
	buffer_add_text(page, "</tr></thead><tbody>\n");
	for (const struct tour_row *row = statement->rows; row; row = row->next) {
		buffer_add_text(page, "<tr>");
		for (unsigned int i = 0; i < row->count; i++)
			add_cell(page, tour, statement->columns[i], &row->cells[i]);
		buffer_add_text(page, "</tr>\n");
	}
	buffer_add_text(page, "</tbody></table></div>\n");
}

/* ---- Pictures ---- */

static bool has_bar(const struct tour_statement *statement, const struct tour_row *row)
{
	return row->count > (unsigned int)statement->picture && row->cells[statement->picture].number != UINT64_MAX;
}

/* What a bar is of: the texts before its figure. */
static void add_label(struct buffer *page, const struct tour *tour, const struct tour_statement *statement, const struct tour_row *row)
{
	bool first = true;

	for (unsigned int i = 0; i < row->count && i < 2; i++) {
		if (tour_columns[statement->columns[i]].kind != TOUR_TEXT)
			continue;
		if (!first)
			buffer_add_text(page, " \xc2\xb7 ");
		add_cell_text(page, tour, statement->columns[i], &row->cells[i]);
		first = false;
	}
}

static void add_bars(struct buffer *page, const struct tour *tour, const struct tour_statement *statement)
{
	const unsigned int column = (unsigned int)statement->picture;
	uint64_t most = 0;
	unsigned int count = 0;

	for (const struct tour_row *row = statement->rows; row; row = row->next) {
		if (!has_bar(statement, row))
			continue;
		count++;
		if (row->cells[column].number > most)
			most = row->cells[column].number;
	}
	if (count < 2 || count > BARS_MAXIMUM || most == 0)
		return;
	buffer_printf(page, "<svg role=\"img\" height=\"%u\" aria-label=\"", count * BAR_HEIGHT);
	add_text(page, tour_columns[statement->columns[column]].words[tour->language]);
	buffer_add_text(page, "\">");
	count = 0;
	for (const struct tour_row *row = statement->rows; row; row = row->next) {
		if (!has_bar(statement, row))
			continue;
		const uint64_t figure = row->cells[column].number;
		const double width = 99.5 * (double)figure / (double)most;
		buffer_printf(page, "<text x=\"0\" y=\"%u\">", count * BAR_HEIGHT + 14);
		add_label(page, tour, statement, row);
		buffer_printf(page, "</text><text class=\"faint\" x=\"100%%\" text-anchor=\"end\" y=\"%u\">", count * BAR_HEIGHT + 14);
		add_cell_text(page, tour, statement->columns[column], &row->cells[column]);
		/* Never thinner than can be seen. */
		buffer_printf(page, "</text><rect class=\"bar\" x=\"0\" y=\"%u\" width=\"%.2f%%\" height=\"12\" rx=\"2\"/>", count * BAR_HEIGHT + 19,
			      figure && width < 0.4 ? 0.4 : width);
		count++;
	}
	buffer_add_text(page, "</svg>\n");
}

/* The two banks, and the three ways over with how often they were gone. */
static void add_border(struct buffer *page, const struct tour *tour)
{
	static const char *const triggers[] = { "system calls", "exceptions", "interrupts" };
	const struct tour_statement *statement = tour->stations[STATION_triggers].statements;

	buffer_add_text(page, "<svg class=\"border\" viewBox=\"0 0 400 200\" role=\"img\" aria-label=\"");
	add_text(page, tour_stations[STATION_triggers].words[tour->language]);
	buffer_add_text(page,
			"\"><rect class=\"bank\" width=\"400\" height=\"45\" rx=\"6\"/><rect class=\"river\" y=\"45\" width=\"400\" height=\"105\"/>"
			"<rect class=\"bank\" y=\"150\" width=\"400\" height=\"50\" rx=\"6\"/>");
	for (unsigned int i = 0; i < 3; i++)
		buffer_printf(page, "<path class=\"wave\" d=\"M0 %u q25 -12 50 0 t50 0 t50 0 t50 0 t50 0 t50 0 t50 0 t50 0\"/>", 68 + i * 30);
	buffer_add_text(page, "<text x=\"200\" y=\"28\">");
	add_text(page, tour_phrases[PHRASE_programs].words[tour->language]);
	buffer_add_text(page, "</text><text x=\"200\" y=\"172\">");
	add_text(page, tour_phrases[PHRASE_kernel].words[tour->language]);
	buffer_add_text(
		page,
		"</text><text class=\"faint\" x=\"200\" y=\"190\">procfs \xc2\xb7 sysctl \xc2\xb7 sysfs \xc2\xb7 netlink \xc2\xb7 ioctl</text>");
	for (unsigned int i = 0; i < 3; i++) {
		const unsigned int x = 70 + i * 130;
		const bool up = i == 2; /* an interrupt comes from the other bank */

		buffer_printf(page, "<path class=\"way\" d=\"M%u 50 V145\"/><path class=\"head\" d=\"M%u %u l-7 %d h14 z\"/><text x=\"%u\" y=\"92\">",
			      x - 34, x - 34, up ? 44 : 151, up ? 12 : -12, x + 16);
		add_text(page, tour_word(tour->language, triggers[i]));
		buffer_add_text(page, "</text>");
		for (const struct tour_row *row = statement ? statement->rows : NULL; row; row = row->next) {
			if (row->count < 2 || !row->cells[0].text || strcmp(row->cells[0].text, triggers[i]) != 0)
				continue;
			buffer_printf(page, "<text x=\"%u\" y=\"110\">", x + 16);
			add_cell_text(page, tour, statement->columns[1], &row->cells[1]);
			buffer_add_text(page, "</text>");
		}
	}
	buffer_add_text(page, "</svg>\n");
}

/* ---- The page ---- */

static void add_head(struct buffer *page, const struct tour *tour)
{
	const enum tour_language language = tour->language;
	const time_t now = time(NULL);
	struct utsname system = { 0 };
	struct tm date;
	char when[32];

	uname(&system);
	gmtime_r(&now, &date);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &date);
	buffer_printf(page,
		      "<!DOCTYPE html>\n<html lang=\"%s\" xmlns=\"http://www.w3.org/1999/xhtml\"><head><meta charset=\"utf-8\"/>"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>ferry tour</title><style>%s</style></head>\n"
		      "<body><main><h1>",
		      language == TOUR_CHINESE ? "zh-CN" : "en", style);
	add_text(page, tour_phrases[PHRASE_title].words[language]);
	buffer_add_text(page, "</h1>\n<p class=\"about\">");
	add_text(page, tour_phrases[PHRASE_measured].words[language]);
	buffer_add_text(page, " ");
	add_foreign(page, system.sysname);
	buffer_add_char(page, ' ');
	add_foreign(page, system.release);
	buffer_add_char(page, ' ');
	add_foreign(page, system.machine);
	buffer_printf(page, ", %ld CPU, %s, ferry %s</p>\n", sysconf(_SC_NPROCESSORS_ONLN), when, ferry_version());
}

static void add_station(struct buffer *page, const struct tour *tour, enum tour_station_name number)
{
	buffer_printf(page, "<section id=\"%s\" data-station=\"%u\"><h2>%u. ", tour_stations[number].name, number + 1, number + 1);
	add_text(page, tour_stations[number].words[tour->language]);
	buffer_add_text(page, "</h2>\n<p class=\"about\">");
	add_text(page, tour_station_texts[number].words[tour->language]);
	buffer_add_text(page, "</p>\n");
	for (const struct tour_statement *statement = tour->stations[number].statements; statement; statement = statement->next) {
		buffer_printf(page, "<div data-statement=\"%s\"><p class=\"said\">", tour_statements[statement->name].name);
		add_text(page, tour_statements[statement->name].words[tour->language]);
		buffer_add_text(page, "</p>\n");
		if (statement->picture >= 0)
			add_bars(page, tour, statement);
		if (statement->rows)
			add_table(page, tour, statement);
		if (statement->missing) {
			buffer_add_text(page, "<p class=\"note\">");
			add_text(page, statement->missing);
			buffer_add_text(page, "</p>\n");
		}
		buffer_add_text(page, "</div>\n");
	}
	buffer_add_text(page, "</section>\n");
}

static int write_page(const struct buffer *page, const char *path, struct error *error)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r = file < 0 ? -errno : 0;

	for (size_t done = 0; r == 0 && done < page->length;) {
		const ssize_t written = write(file, page->data + done, page->length - done);

		if (written < 0 && errno != EINTR)
			r = -errno;
		if (written > 0)
			done += (size_t)written;
	}
	if (file >= 0 && close(file) < 0 && r == 0)
		r = -errno;
	return r < 0 ? error_set(error, r, "cannot write %s: %s", path, error_text(r)) : 0;
}

int tour_page(struct tour *tour, const char *path, struct error *error)
{
	_cleanup_buffer_ struct buffer page = { 0 };

	add_head(&page, tour);
	add_border(&page, tour);
	buffer_add_text(&page, "<nav><ol>\n");
	for (unsigned int i = 0; i < STATION_COUNT; i++) {
		if (!tour->stations[i].visited)
			continue;
		buffer_printf(&page, "<li value=\"%u\"><a href=\"#%s\">", i + 1, tour_stations[i].name);
		add_text(&page, tour_stations[i].words[tour->language]);
		buffer_add_text(&page, "</a></li>\n");
	}
	buffer_add_text(&page, "</ol></nav>\n");
	for (unsigned int i = 0; i < STATION_COUNT; i++)
		if (tour->stations[i].visited)
			add_station(&page, tour, i);
	buffer_add_text(&page, "</main></body></html>\n");
	return page.failed ? error_set(error, -ENOMEM, "out of memory") : write_page(&page, path, error);
}
