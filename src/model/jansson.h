/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jansson, loaded when JSON is read (base/library.h): jansson.loadb() is json_loadb(). */
#ifndef FERRY_MODEL_JANSSON_H
#define FERRY_MODEL_JANSSON_H

#include <jansson.h>

#include "base/error.h"

struct jansson {
#define SYMBOL(name) __typeof__(json_##name) *name;
#include "model/jansson.def"
#undef SYMBOL
	__typeof__(jansson_version_str) *version_str;
};

extern struct jansson jansson;

/* To be called before anything else of it. Errors as of library_load(). */
int jansson_load(struct error *error) _must_check_;

/* json_decref() of a text's outermost value, which nobody else holds; JSON may be NULL. That of the header calls a function that is not linked. */
static inline void jansson_release(json_t *json)
{
	if (json && json->refcount != (size_t)-1 && --json->refcount == 0)
		jansson.delete(json);
}

#endif
