/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What channels ask of crossings. */
#ifndef FERRY_LIB_CROSSING_H
#define FERRY_LIB_CROSSING_H

#include <stdint.h>

/* As struct machine says. */
const char *call_name(uint32_t architecture, uint32_t number);

#endif
