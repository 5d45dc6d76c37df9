/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int failed(const struct library *library, struct error *error)
{
	const char *words = dlerror();

	return error_set(error, -ELIBACC, "cannot load %s, which %s: %s", library->file, library->serves, words ? words : "no reason given");
}

/* Looked up in two rounds, so that nothing is stored of a library that lacks one. */
static int find_functions(const struct library *library, void *handle, struct error *error)
{
	size_t index = 0;

	for (const char *name = library->symbols; *name; name += strlen(name) + 1)
		if (!dlsym(handle, name))
			return failed(library, error);
	for (const char *name = library->symbols; *name; name += strlen(name) + 1)
		library->functions[index++] = dlsym(handle, name);
	return 0;
}

static int load(struct library *library, struct error *error)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	int r;

	if (!handle)
		return failed(library, error);
	r = find_functions(library, handle, error);
	if (r < 0)
		dlclose(handle);
	else
		__atomic_store_n(&library->loaded, true, __ATOMIC_RELEASE); /* and it stays loaded, as one that is linked does */
	return r;
}

int library_load(struct library *library, struct error *error)
{
	int r = 0;

	if (__atomic_load_n(&library->loaded, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&lock);
	if (!library->loaded)
		r = load(library, error);
	pthread_mutex_unlock(&lock);
	return r;
}
