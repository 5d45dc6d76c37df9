/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ownership that releases itself at the end of a scope, and contracts for prototypes. */
#ifndef FERRY_BASE_CLEANUP_H
#define FERRY_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)    __attribute__((cleanup(function)))
#define _must_check_           __attribute__((warn_unused_result))
#define _nonnull_(...)         __attribute__((nonnull(__VA_ARGS__)))
#define _printf_(words, first) __attribute__((format(printf, words, first)))
#define _unused_               __attribute__((unused))

/* Defines cleanup_NAME(), to be used as _cleanup_(cleanup_NAME), for a destructor that takes NULL. */
#define DEFINE_CLEANUP(type, name, function)             \
	static inline void cleanup_##name(type *pointer) \
	{                                                \
		if (*pointer)                            \
			function(*pointer);              \
	}

/* Hands a pointer over: its value, and NULL left behind, so that the scope's cleanup does nothing. */
#define TAKE_POINTER(pointer)                           \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

/* The same for a file descriptor, which is left -1. */
#define TAKE_DESCRIPTOR(descriptor)        \
	({                                 \
		int taken_ = (descriptor); \
		(descriptor) = -1;         \
		taken_;                    \
	})

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

DEFINE_CLEANUP(FILE *, file, fclose)

#define _cleanup_free_   _cleanup_(cleanup_free)
#define _cleanup_close_  _cleanup_(cleanup_close)
#define _cleanup_fclose_ _cleanup_(cleanup_file)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
