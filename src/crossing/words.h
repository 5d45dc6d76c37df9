/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for the numbers in arguments of system calls: call_words_NAME for each group of words.def. */
#ifndef FERRY_CROSSING_WORDS_H
#define FERRY_CROSSING_WORDS_H

#include "model/schema.h"

#define CHOICE(name) extern const struct names call_words_##name;
#define FLAGS(name)  extern const struct names call_words_##name;
#define WORD(constant)
#define NAMED(number, text)
#define END_CHOICE(name)
#define END_FLAGS(name)
#define END_FLAGS_AND_CHOICE(name, mask)
#include "crossing/words.def"
#undef CHOICE
#undef FLAGS
#undef WORD
#undef NAMED
#undef END_CHOICE
#undef END_FLAGS
#undef END_FLAGS_AND_CHOICE

#endif
