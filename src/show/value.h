/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values, and what differs between two of them, as short text. */
#ifndef FERRY_SHOW_VALUE_H
#define FERRY_SHOW_VALUE_H

#include "base/buffer.h"
#include "base/cleanup.h"
#include "ferry.h"

static inline void cleanup_value(struct ferry_value **value)
{
	ferry_value_free(*value);
}
#define _cleanup_value_ _cleanup_(cleanup_value)

/* Appends VALUE as `ferry get` prints it, or as compact JSON. */
void value_add_text(struct buffer *buffer, const struct ferry_value *value);
void value_add_json(struct buffer *buffer, const struct ferry_value *value);
/* Appends VALUE: a plain one as `ferry get` prints it, a record as "{gateway 10.1.1.1, dev d0}", a list as "[a, b]". */
void value_short(struct buffer *buffer, const struct ferry_value *value);
/* The same beside ADDRESS: without the fields of a record that ADDRESS says already (table main in route/main/10.0.0.0/8) and those that are empty.
 */
void value_beside(struct buffer *buffer, const struct ferry_value *value, const char *address);
/* Appends "mtu 1500 -> 1400, up false -> true" for records, "0 -> 1" for plain values; NULL is what is not known ("?"). */
void value_difference(struct buffer *buffer, const struct ferry_value *before, const struct ferry_value *after);
/* The item of a record called NAME, or NULL. */
const struct ferry_value *value_field(const struct ferry_value *record, const char *name);
/* Item INDEX of a list, or NULL. */
const struct ferry_value *value_row(const struct ferry_value *list, unsigned int index);
/* The leaf of VALUE that PATH (names joined by "/") leads to, or NULL. */
const struct ferry_value *value_at(const struct ferry_value *value, const char *path);
/* Every leaf of VALUE with its path below ADDRESS. A return other than 0 ends the walk and is returned. */
typedef int value_leaf_function(void *data, const char *address, const struct ferry_value *leaf);
int value_leaves(const char *address, const struct ferry_value *value, value_leaf_function *function, void *data);

#endif
