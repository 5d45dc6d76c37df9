/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users by their names, from /etc/passwd alone: the name service may wait for a network. */
#ifndef FERRY_BASE_USER_H
#define FERRY_BASE_USER_H

#include <stdint.h>

#include "base/cleanup.h"

/* The number of the user NAME; -ENOENT where there is none. */
int user_number(const char *name, uint32_t *ret) _must_check_;

#endif
