/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "base/replace.h"

/* What stands in the folder is written to the kernel, as root perhaps. */
static int check_folder(const char *folder, struct error *error)
{
	struct stat status;

	if (stat(folder, &status) < 0) {
		int r = -errno;

		return error_set(error, r, "cannot look at the folder %s: %s", folder, error_text(r));
	}
	if (!S_ISDIR(status.st_mode))
		return error_set(error, -ENOTDIR, "%s is no folder", folder);
	if ((status.st_uid != geteuid() && status.st_uid != 0) || status.st_mode & 022)
		return error_set(error, -EPERM, "others can write in %s: a journal is not safe there", folder);
	return 0;
}

int pending_open(const char *folder, bool make, struct pending *ret, struct error *error)
{
	struct pending pending = { .lock = -1 };
	int r = make ? folders_make(folder, error) : 0;

	if (r >= 0 && (make || access(folder, F_OK) == 0 || errno != ENOENT))
		r = check_folder(folder, error);
	if (r < 0)
		return r;
	pending.folder = strdup(folder);
	if (asprintf(&pending.waiting, "%s/apply.pending", folder) < 0)
		pending.waiting = NULL;
	if (asprintf(&pending.last, "%s/apply.last", folder) < 0)
		pending.last = NULL;
	if (!pending.folder || !pending.waiting || !pending.last) {
		pending_close(&pending);
		return error_set(error, -ENOMEM, "no memory for the name of a file");
	}
	*ret = pending;
	return 0;
}

void pending_close(struct pending *pending)
{
	free(pending->folder);
	free(pending->waiting);
	free(pending->last);
	if (pending->folder && pending->lock >= 0)
		close(pending->lock);
	*pending = (struct pending){ .lock = -1 };
}

static int open_lock(const struct pending *pending, const char *name, int how)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int descriptor = -1;

	if (asprintf(&path, "%s/%s", pending->folder, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return -errno;
	while (flock(descriptor, how) < 0)
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return TAKE_DESCRIPTOR(descriptor);
}

int pending_lock(struct pending *pending, bool wait, struct error *error)
{
	int descriptor = open_lock(pending, "apply.lock", LOCK_EX | (wait ? 0 : LOCK_NB));

	if (descriptor == -EBUSY)
		return error_set(error, descriptor, "another ferry applies, confirms or rolls back at this moment (%s)", pending->folder);
	if (descriptor < 0)
		return error_set(error, descriptor, "cannot lock %s/apply.lock: %s", pending->folder, error_text(descriptor));
	pending->lock = descriptor;
	return 0;
}

int pending_guard(const struct pending *pending)
{
	return open_lock(pending, "apply.guard", LOCK_EX | LOCK_NB);
}

int pending_end(struct pending *pending, struct journal *journal, enum journal_state state, const char *words, struct error *error)
{
	/* What was being applied and stands in the place of what has ended is what was done: a large journal is not written again to say so. */
	const bool is_said = journal->state == JOURNAL_APPLYING && state == JOURNAL_DONE && !(words && *words) && !journal->unsaved;
	int r;

	journal->state = state;
	if (is_said)
		return rename_file(pending->waiting, pending->last, error);
	journal->words = journal_text(journal, words ? words : "");
	if (!journal->words)
		return error_set(error, -ENOMEM, "no memory for the journal");
	/* First in its place, then under its new name: at any moment one of both says what is. */
	r = journal_save(journal, pending->waiting, error);
	return r < 0 ? r : rename_file(pending->waiting, pending->last, error);
}
