/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/declare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "show/brief.h"

#define DOCUMENT_MAXIMUM (256u << 20)
#define LARGE_PIECE      (1 << 20) /* bytes */

/* ---- Documents ---- */

static int read_all(int descriptor, struct buffer *text)
{
	for (;;) {
		ssize_t got;

		if (text->length > DOCUMENT_MAXIMUM)
			return -EFBIG;
		if (!buffer_reserve(text, 65536))
			return -ENOMEM;
		got = read(descriptor, text->data + text->length, 65535);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		text->length += (size_t)got;
		text->data[text->length] = '\0';
	}
}

void document_memory(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_PIECE);
}

enum exit_status document_read(struct program *program, const char *name, struct document *ret)
{
	_cleanup_close_ int descriptor = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
	_cleanup_buffer_ struct buffer text = {};
	int r;

	document_memory();
	r = descriptor < 0 ? -errno : read_all(descriptor, &text);

	if (r < 0)
		return program_fail(program, exit_of(r), r, "cannot read %s: %s", name, error_text(r));
	buffer_add(&text, "", 0);
	ret->length = text.length;
	ret->text = buffer_take(&text);
	return ret->text ? EXIT_DONE : program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
}

enum exit_status document_only(struct program *program, const char *option, struct document *document)
{
	_cleanup_free_ char *copy = option ? strdup(option) : NULL;
	size_t count = 1;
	char *rest = NULL;

	if (!copy)
		return EXIT_DONE;
	for (const char *comma = copy; (comma = strchr(comma, ',')); comma++)
		count++;
	document->only = calloc(count + 1, sizeof(*document->only));
	count = 0;
	for (char *part = strtok_r(copy, ",", &rest); document->only && part; part = strtok_r(NULL, ",", &rest)) {
		document->only[count] = program_address(program, part);
		if (!document->only[count])
			return program->status;
		if (strncmp(document->only[count++], "netlink", 7) != 0)
			return program_fail(program, EXIT_USAGE, 0, "%s: only objects of netlink can be the only ones", part);
	}
	return document->only ? EXIT_DONE : program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
}

void document_done(struct document *document)
{
	free(document->text);
	addresses_free(document->only);
}

/* ---- Steps ---- */

static void add_json(struct buffer *line, const struct ferry_change *change)
{
	change_brief_json(line, change);
	if (change->consistency == FERRY_UNKNOWN)
		buffer_add_text(line, ",\"pending\":true");
	if (change->result < 0)
		buffer_printf(line, ",\"result\":\"%s\"", error_symbol(change->result));
	buffer_add_char(line, '}');
}

int print_step(void *data, const struct ferry_change *change)
{
	struct program *program = data;
	struct buffer *line = &program->output.line;

	if (program->json) {
		add_json(line, change);
	} else {
		change_brief(line, program->ferry, change);
		if (change->result < 0)
			buffer_add_text(line, change->result == -ESTALE ? "  left alone: " : "  refused: ");
		else if (change->result_text)
			buffer_add_text(line, change->consistency == FERRY_UNKNOWN ? "  pending: " : "  ");
		if (change->result_text)
			buffer_add_escaped(line, change->result_text, strlen(change->result_text));
	}
	buffer_add_char(line, '\n');
	/* The reader may be gone: what was begun is finished all the same. */
	output_commit(&program->output);
	return 0;
}

enum exit_status document_failed(struct program *program, int error)
{
	const char *words = ferry_error(program->ferry);

	/* What is wrong with the document itself was seen before the kernel was asked. */
	if (strncmp(words, "line ", 5) == 0 && (error == -EINVAL || error == -ERANGE || error == -EEXIST || error == -ENOTDIR))
		return program_fail(program, EXIT_USAGE, error, "%s", words);
	if (error == -ECANCELED)
		return program_fail(program, EXIT_REFUSED, error, "%s", words);
	return program_failed(program, error);
}

/* ---- The guard ---- */

#define OURSELVES "/proc/self/exe"

/* The path of this very program, so that what the guard changes is told as ferry's and not as that of "exe"; the link where another file, or none,
 * has taken its place. */
static const char *own_path(char path[PATH_MAX])
{
	ssize_t length = readlink(OURSELVES, path, PATH_MAX - 1);
	struct stat named, ours;

	if (length <= 0)
		return OURSELVES;
	path[length] = 0;
	if (stat(path, &named) < 0 || stat(OURSELVES, &ours) < 0 || named.st_dev != ours.st_dev || named.st_ino != ours.st_ino)
		return OURSELVES;
	return path;
}

/* The child: nothing of ours but the two pipes. */
static void become_guard(const char *state, int applier, int ready)
{
	const char *arguments[] = { "ferry", "rollback", "--guard", "--quiet", state ? "--state" : NULL, state, NULL };
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	char path[PATH_MAX];

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (null < 0 || chdir("/") < 0 || dup2(applier, STDIN_FILENO) < 0 || dup2(ready, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(EXIT_REFUSED);
	close_range(3, ~0u, 0);
	execv(own_path(path), (char **)(uintptr_t)arguments);
	_exit(EXIT_REFUSED);
}

int guard_start(const char *state, int *ret_applier)
{
	_cleanup_close_ int ready_read = -1, ready_write = -1, applier_read = -1, applier_write = -1;
	_cleanup_free_ char *folder = state ? realpath(state, NULL) : NULL;
	int pipes[2];
	pid_t child;
	ssize_t got;
	char byte;

	if (state && !folder)
		return -errno;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	ready_read = pipes[0];
	ready_write = pipes[1];
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	applier_read = pipes[0];
	applier_write = pipes[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		become_guard(folder, applier_read, ready_write);
	close(TAKE_DESCRIPTOR(ready_write));
	do
		got = read(ready_read, &byte, 1);
	while (got < 0 && errno == EINTR);
	/* At its end without a byte: the guard has ended. */
	if (got != 1)
		return -ESRCH;
	*ret_applier = TAKE_DESCRIPTOR(applier_write);
	return 0;
}
