/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look into the kernel's types (BTF), without reading all of them: libbpf makes 10 MB of its own of them first. Source:
 * Documentation/bpf/btf.rst. */
#ifndef FERRY_CHANNEL_KERNEL_TYPES_H
#define FERRY_CHANNEL_KERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define KERNEL_TYPES_FOLDER "/sys/kernel/btf" /* a file for the kernel itself and one for each module that is loaded */
#define KERNEL_TYPES_PATH   KERNEL_TYPES_FOLDER "/vmlinux"

struct btf_type;

/* Types that are walked: each call of kernel_types_next() moves AT on. */
struct kernel_types {
	const char *at, *end;
	const char *texts; /* the names */
	size_t text_length;
};

/* -EBADMSG where DATA is no such thing. */
int kernel_types_open(const void *data, size_t length, struct kernel_types *ret) _must_check_;
/* The next type with all that belongs to it: 1; 0 at the end, -EBADMSG where it is not understood. */
int kernel_types_next(struct kernel_types *types, const struct btf_type **ret) _must_check_;

typedef int kernel_types_function(void *data, const void *types, size_t length);
/* Hands the types of the file PATH to FUNCTION and returns what it does. -ENOENT where there is none. */
int kernel_types_read(const char *path, kernel_types_function *function, void *data) _must_check_;

struct kernel_place {
	const char *structure; /* NULL: NAME is a variable of which each processor has its own */
	const char *name;      /* of the member or variable */
	int64_t offset;        /* in the structure, or in a processor's memory; -1: the kernel has no such thing */
};

/* Fills in the OFFSET of each of COUNT places. -ENOENT where the kernel tells no types, -EBADMSG where they are not understood. */
int kernel_places(struct kernel_place *places, unsigned int count) _must_check_;

/* The same in types that were read already, for tests. */
int kernel_places_in(const void *types, size_t length, struct kernel_place *places, unsigned int count) _must_check_;

#endif
