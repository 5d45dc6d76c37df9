/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs every file of the folders (or the files) named on the command line through a fuzz target: how an ordinary build reruns the corpora. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	_cleanup_buffer_ struct buffer input = { 0 };
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	_cleanup_free_ uint8_t *exact = NULL;
	char chunk[4096];
	size_t got;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buffer_add(&input, chunk, got);
	/* In a block of just its size, so that a sanitizer sees the first byte read beyond it. */
	exact = malloc(input.length ? input.length : 1);
	if (input.failed || !exact || ferror(file)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return -1;
	}
	if (input.length)
		memcpy(exact, input.data, input.length);
	LLVMFuzzerTestOneInput(exact, input.length);
	return 1;
}

/* How many files were run, or -1. */
static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!folder)
		return run_file(path);
	while (count >= 0 && (entry = readdir(folder))) {
		_cleanup_buffer_ struct buffer name = { 0 };

		if (entry->d_name[0] == '.')
			continue;
		buffer_printf(&name, "%s/%s", path, entry->d_name);
		count = !name.failed && run_file(name.data) > 0 ? count + 1 : -1;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = run_folder(argv[i]);

		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs\n", total);
	/* A corpus that has gone away is no pass. */
	return total > 0 ? 0 : 1;
}
