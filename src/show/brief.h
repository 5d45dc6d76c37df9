/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change as those see it who make it: "address: before -> after". */
#ifndef FERRY_SHOW_BRIEF_H
#define FERRY_SHOW_BRIEF_H

#include "base/buffer.h"
#include "ferry.h"

void change_brief(struct buffer *line, struct ferry *ferry, const struct ferry_change *change);
/* The same as a JSON object, but for its closing brace: the caller may know more. */
void change_brief_json(struct buffer *line, const struct ferry_change *change);

#endif
