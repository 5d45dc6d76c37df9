/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_LIB_HISTORY_H
#define FERRY_LIB_HISTORY_H

#include "history/history.h"
#include "lib/context.h"

struct ferry_history {
	struct ferry *ferry;
	struct history_reader *reader; /* its file: history_reader_path() */
};

#endif
