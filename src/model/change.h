/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FERRY_MODEL_CHANGE_H
#define FERRY_MODEL_CHANGE_H

#include "base/buffer.h"
#include "ferry.h"

/* Appends what ferry_change_json() returns. */
void change_json(struct buffer *buffer, const struct ferry_change *change);
/* The actor alone: the object under "actor". */
void actor_json(struct buffer *buffer, const struct ferry_actor *actor);

#endif
