/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_LIB_VERBS_H
#define FERRY_LIB_VERBS_H

#include "state/undo.h"

/* How the state layer reads and writes through this context. */
struct undo_verbs undo_verbs_of(struct ferry *ferry);

#endif
