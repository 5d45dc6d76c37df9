/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tour.def as tables. */
#include <string.h>

#include "cmd/tour.h"

#define STATION(name, en, zh, en_text, zh_text)
#define STATEMENT(name, en, zh)
#define COLUMN(name, kind, en, zh)
#define WORD(en, zh)
#define PHRASE(name, en, zh)

#undef STATION
#define STATION(name, en, zh, en_text, zh_text) [STATION_##name] = { #name, TOUR_TEXT, { en, zh } },
const struct tour_words tour_stations[] = {
#include "cmd/tour.def"
};
#undef STATION
#define STATION(name, en, zh, en_text, zh_text) [STATION_##name] = { #name, TOUR_TEXT, { en_text, zh_text } },
const struct tour_words tour_station_texts[] = {
#include "cmd/tour.def"
};
#undef STATION
#define STATION(name, en, zh, en_text, zh_text)

#undef STATEMENT
#define STATEMENT(name, en, zh) [STATEMENT_##name] = { #name, TOUR_TEXT, { en, zh } },
const struct tour_words tour_statements[] = {
#include "cmd/tour.def"
};
#undef STATEMENT
#define STATEMENT(name, en, zh)

#undef COLUMN
#define COLUMN(name, kind, en, zh) [COLUMN_##name] = { #name, TOUR_##kind, { en, zh } },
const struct tour_words tour_columns[] = {
#include "cmd/tour.def"
};
#undef COLUMN
#define COLUMN(name, kind, en, zh)

#undef PHRASE
#define PHRASE(name, en, zh) [PHRASE_##name] = { #name, TOUR_TEXT, { en, zh } },
const struct tour_words tour_phrases[] = {
#include "cmd/tour.def"
};
#undef PHRASE
#define PHRASE(name, en, zh)

#undef WORD
#define WORD(en, zh) { en, TOUR_TEXT, { en, zh } },
static const struct tour_words cells[] = {
#include "cmd/tour.def"
};

const char *tour_word(enum tour_language language, const char *text)
{
	for (unsigned int i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		if (strcmp(cells[i].name, text) == 0)
			return cells[i].words[language];
	return text;
}
