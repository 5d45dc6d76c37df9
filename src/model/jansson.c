/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/jansson.h"

#include "base/library.h"

struct jansson jansson;

static const char symbols[] =
#define SYMBOL(name) "json_" #name "\0"
#include "model/jansson.def"
#undef SYMBOL
	"jansson_version_str\0";

int jansson_load(struct error *error)
{
	static struct library library = { "libjansson.so.4", "reads JSON", symbols, (void **)&jansson, false };

	return library_load(&library, error);
}
