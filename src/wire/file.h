/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of procfs and sysfs: opened below a root that they cannot lead out of, read whole whatever their length, written in one piece.
 * Sources: openat2(2), proc(5), sysfs(5). */
#ifndef FERRY_WIRE_FILE_H
#define FERRY_WIRE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buffer.h"

/* The most that is read of one file: what is longer is cut, and told as -EFBIG. */
#define FILE_MAXIMUM (64u << 20)

/* Opens the absolute PATH below ROOT (an O_PATH descriptor; -1: the live machine). Links are followed but never out of ROOT, and the magic links of
 * procfs (exe, cwd, root, fd/N), which lead to any file of the machine, not at all (-ELOOP). O_CLOEXEC, O_NONBLOCK and O_NOCTTY are added. The
 * descriptor or a negative errno. */
int file_open(int root, const char *path, int flags) _must_check_;
/* Opens one NAME in DIRECTORY, never through a link (-ELOOP) nor in another file system's root that is mounted there (-EXDEV). */
int file_open_at(int directory, const char *name, int flags) _must_check_;

/* An O_PATH descriptor of what the link NAME in DIRECTORY leads to, where that lies below DIRECTORY; -ELOOP for a magic link, -EXDEV where it leads
 * elsewhere. */
int file_open_link(int directory, const char *name) _must_check_;

enum file_read_flags {
	/* The file hands out its whole content in one read(2), cut where the buffer is too small, and nothing at another position than 0 (/proc/sys):
	 * read again with a larger buffer until it fits. */
	FILE_READ_SINGLE = 1 << 0,
	/* A read(2) shorter than the buffer is the end (attributes of sysfs): spares the read that returns 0. */
	FILE_READ_SHORT_END = 1 << 1,
};
/* Appends all that DESCRIPTOR gives. DEADLINE in nanoseconds for the file, 0 = none, is looked at between reads: a read(2) that the kernel does not
 * end cannot be ended from this thread. 0; -ETIME past the deadline, -EFBIG past FILE_MAXIMUM, -ENOMEM, or the errno of read(2). What was read stays
 * appended. */
int file_read(int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret) _must_check_;
/* The same; *RET_READS is how many read(2)s gave something: a file of procfs that took more than one may be torn between them. */
int file_read_counted(int descriptor, unsigned int flags, uint64_t deadline, struct buffer *ret, unsigned int *ret_reads) _must_check_;

/* One write(2) at offset 0, never a second one: half a value is another value. 0; -EIO where the kernel took just a part; or the errno of write(2).
 */
int file_write(int descriptor, const void *data, size_t length) _must_check_;

/* Appends the target of the link NAME in DIRECTORY (AT_FDCWD: an absolute name). */
int file_link(int directory, const char *name, struct buffer *ret) _must_check_;

struct file_entry {
	const char *name;
	uint8_t type; /* DT_DIR, DT_REG, DT_LNK, ... */
};
/* The entries of DIRECTORY but for "." and "..", in the order that makes a walk's full paths come out sorted: a directory's name counts with its
 * slash. */
int file_entries(int directory, struct arena *arena, struct file_entry **ret_entries, unsigned int *ret_count) _must_check_;

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t file_clock(void);

#endif
