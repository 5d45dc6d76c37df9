/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library was built with, and what of it is there now. */
#include <gnu/libc-version.h>
#if __has_include(<elfutils/version.h>)
#include <elfutils/version.h>
#endif

#include "base/buffer.h"
#include "history/sqlite.h"
#include "lib/context.h"
#include "model/jansson.h"
#include "wire/libbpf.h"
#include "wire/libelf.h"

#define TEXT(number)   #number
#define NUMBER(number) TEXT(number)

#ifdef _ELFUTILS_VERSION
#define ELFUTILS "0." NUMBER(_ELFUTILS_VERSION)
#else
#define ELFUTILS "version not told"
#endif

static const char *libbpf_running(void)
{
	const char *version = libbpf.libbpf_version_string();

	return version + (version[0] == 'v');
}

static const char *sqlite_running(void)
{
	return sqlite.libversion();
}

static const char *jansson_running(void)
{
	return jansson.version_str();
}

static const struct component {
	const char *name, *built;
	int (*load)(struct error *error); /* NULL: it is linked */
	const char *(*running)(void);     /* NULL: it does not tell */
} components[] = {
	{ "BPF programs", FERRY_BPF_PROGRAMS, NULL, NULL },
	{ "libbpf", NUMBER(LIBBPF_MAJOR_VERSION) "." NUMBER(LIBBPF_MINOR_VERSION), libbpf_load, libbpf_running },
	{ "SQLite", SQLITE_VERSION, sqlite_load, sqlite_running },
	{ "libelf", ELFUTILS, libelf_load, NULL },
	{ "jansson", JANSSON_VERSION, jansson_load, jansson_running },
	{ "glibc", NUMBER(__GLIBC__) "." NUMBER(__GLIBC_MINOR__), NULL, gnu_get_libc_version },
};

int ferry_components(struct ferry *ferry, ferry_component_function *function, void *data)
{
	(void)ferry;
	for (unsigned int i = 0; i < ARRAY_SIZE(components); i++) {
		const struct component *component = &components[i];
		struct error error = { 0 };
		const bool there = !component->load || component->load(&error) == 0;
		const struct ferry_component told = {
			.name = component->name,
			.built = component->built,
			.running = there && component->running ? component->running() : NULL,
			.when_needed = component->load != NULL,
			.missing = there ? NULL : error.text,
		};
		int r = function(data, &told);

		if (r)
			return r;
	}
	return 0;
}
