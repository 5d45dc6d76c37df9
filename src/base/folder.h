/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_BASE_FOLDER_H
#define FERRY_BASE_FOLDER_H

#include "base/error.h"

/* mkdir -p, mode 0700 for what is missing. FOLDER is not empty. */
int folders_make(const char *folder, struct error *error) _must_check_;

#endif
