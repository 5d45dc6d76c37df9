/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One walk over a tree of files: its place, its buffers, what it met. */
#ifndef FERRY_CHANNEL_FILES_WALK_H
#define FERRY_CHANNEL_FILES_WALK_H

#include "channel/files.h"
#include "channel/nature.h"

#define WALK_DEPTH_MAXIMUM 64

/* Names of files that missed the deadline: others of the same name are not tried. */
struct slow_names {
	char list[16][64];
	unsigned int count;
};
bool slow_names_hold(const struct slow_names *names, const char *name);
void slow_names_add(struct slow_names *names, const char *name);

struct walk {
	const struct file_tree *tree;
	struct machine *machine;
	unsigned int flags; /* enum ferry_read_flags */
	bool leaves;        /* get: only leaves are told, with their values */
	bool places;        /* what a path leads to, unread and unopened */
	ferry_item_function *function;
	void *data;
	struct buffer address; /* of the place where the walk is */
	struct buffer content; /* of the file being read */
	struct buffer words;   /* of an item's error */
	struct arena arena;    /* of the value being told */
	const char *named;     /* path of the one file that was asked for: links to it are followed, slow files are read; NULL in a walk */
	const char *inside;    /* what of a report (report.h) is asked for behind the file's own address; "" for all of it */
	bool globbed;          /* the address has globs: what fails at one of its places is told there, what is gone passed over */
	bool meant;            /* NAMED was said, not found by a glob in its own name */
	bool torn;             /* a file changed each time that it was read */
	unsigned int depth, matched;
	struct slow_names slow;
};

/* Tells the leaf NAME of DIRECTORY (or WALK->named), whose address stands in WALK. */
int walk_leaf(struct walk *walk, int directory, const char *name);
/* Tells the link NAME of DIRECTORY that leads to no folder: its target is its value. */
int walk_link(struct walk *walk, int directory, const char *name);
/* Tells a folder. WHY: why it is not entered, or NULL. */
int walk_branch(struct walk *walk, int directory, const char *name, const struct nature *nature, const char *why);
/* Tells that the place where the walk stands cannot be had, because of CODE. */
int walk_refused(struct walk *walk, int code);
/* Everything in DIRECTORY. */
int walk_directory(struct walk *walk, int directory);

#endif
