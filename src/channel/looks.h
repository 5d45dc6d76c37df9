/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bytes look like where nothing says what they are. */
#ifndef FERRY_CHANNEL_LOOKS_H
#define FERRY_CHANNEL_LOOKS_H

#include "model/schema.h"

/* A run of at least one attribute that ends where it should, without numbers that nobody gives. Returns their count, 0 where it is none. */
uint32_t looks_attributes(const uint8_t *data, size_t length);
/* A run inside an attribute where the sender has not said that it is one: a small number looks like one too, so more is asked for. */
bool looks_nested(const uint8_t *data, size_t length);
/* Valid UTF-8 of at least one character, none of them a control but white space. */
bool looks_text(const char *text, size_t length);
bool looks_number(size_t length);
uint64_t looks_number_of(const uint8_t *data, size_t length, bool network_order);

/* For an attribute of which the name is known and nothing else: attributes of the field's SCHEMA, a text, a number, a flag or bytes. Only for fields
 * that are attributes, since it looks at the bits of their header. */
extern const struct codec codec_looks;

#endif
