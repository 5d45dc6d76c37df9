/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that configure sysctl: which there are below the machine's root, in the order in which they count, and who loads them at boot.
 * Sources: sysctl.d(5), sysctl.conf(5), sysctl(8); doc/architecture.md says where the two programs differ. */
#ifndef FERRY_CHANNEL_SYSCTL_FILES_H
#define FERRY_CHANNEL_SYSCTL_FILES_H

#include "base/arena.h"
#include "channel/machine.h"
#include "ferry.h"

struct sysctl_file {
	const char *path;      /* "/etc/sysctl.d/10-router.conf": the root is not part of it */
	const char *name;      /* its base name, which sorts it; of /etc/sysctl.conf too, which comes last nevertheless */
	const char *masked_by; /* the file of the same name in a folder that counts more, which is loaded instead; NULL where this one is loaded */
	unsigned int loaders;  /* 1 << enum ferry_loader, of those that load it */
	const char *content;   /* LENGTH bytes; "" where it leads to /dev/null or could not be read */
	size_t length;
	bool null; /* it leads to /dev/null: nothing but a mask */
	int error; /* negative errno where it could not be read; words in ERROR_TEXT */
	const char *error_text;
};

struct sysctl_files {
	struct sysctl_file *list; /* in the order in which they are loaded; a masked one stands behind the one that masks it */
	unsigned int count;
	const char *error_folder; /* a folder that is there and could not be read, or NULL */
	int error;
};

/* Finds and reads them all. What cannot be read is told in RET, and is no failure; nor is it that there is none. -ENOMEM. */
int sysctl_files(struct machine *machine, struct arena *arena, struct sysctl_files *ret) _must_check_;

/* Which program loads the files at boot, as the files of the machine tell: systemd-sysctl where systemd is what boots and its unit is not masked,
 * else procps's sysctl, of the version that is installed. WANTED is FERRY_LOADER_BOOT for that, or what it has to be; *RET is FERRY_LOADER_SYSTEMD,
 * FERRY_LOADER_PROCPS_OLD or FERRY_LOADER_PROCPS_NEW. Appends how it is known. -ENOMEM. */
int sysctl_loader(struct machine *machine, enum ferry_loader wanted, enum ferry_loader *ret, struct buffer *ret_why) _must_check_;

/* The other program, with which a reading as LOADER is compared: the procps that is installed, or systemd. */
int sysctl_loader_other(struct machine *machine, enum ferry_loader loader, enum ferry_loader *ret) _must_check_;

typedef int sysctl_expand_function(void *data, const char *path);
/* Hands each file below /proc/sys that PATTERN matches, by the rules of glob(7), to FUNCTION, in PATTERN's own spelling: what stands there without
 * a pattern stays as it is. Sorted. 0, also where nothing matches; the negative errno of a folder that could not be read; or what FUNCTION returned.
 */
int sysctl_expand(struct machine *machine, const char *pattern, sysctl_expand_function *function, void *data) _must_check_;

#endif
