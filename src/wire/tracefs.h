/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tracefs, which describes the kernel's tracepoints. */
#ifndef FERRY_WIRE_TRACEFS_H
#define FERRY_WIRE_TRACEFS_H

#include "base/cleanup.h"

/* Its root: where it is mounted, else of an instance of our own that is attached nowhere and goes when it is closed. The negative errno where it is
 * not to be had. */
int tracefs_open(void) _must_check_;

#endif
