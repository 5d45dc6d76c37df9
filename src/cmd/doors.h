/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `get --doors`: one knob through every door that it has. */
#ifndef FERRY_CMD_DOORS_H
#define FERRY_CMD_DOORS_H

#include "cmd/command.h"

/* Runs `get --doors` for the program's arguments. */
int doors_run(struct program *program);

#endif
