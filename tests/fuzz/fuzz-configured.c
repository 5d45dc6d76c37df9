/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sysctl files from any bytes, as each program would load them: what comes out is sorted, has one winner at most a key, and every line that lost says
 * to whom. The first byte chooses the program; 0x01 parts the files, and a file that begins with 0x02 is a masked one. */
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "state/configured.h"

#define FILES_MAXIMUM 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const char *const tree[] = { "net/ipv4/conf/all/tag", "net/ipv4/conf/d0/tag", "net/ipv4/conf/d0/rp_filter", "net/ipv4/conf/e.1/tag",
				    "vm/swappiness" };

static int expand(void *data, const char *pattern, configured_found_function *found, void *found_data)
{
	int r = 0;

	(void)data;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tree); i++)
		if (!fnmatch(pattern, tree[i], FNM_PATHNAME | FNM_PERIOD))
			r = found(found_data, tree[i]);
	return r;
}

static void check_entry(const struct configured_key *key, const struct configured_entry *entry)
{
	const struct configured_line *line = entry->line;

	require(line->number > 0 && line->value);
	require((entry == key->winner) == (entry->fate == FERRY_FATE_SET));
	require((entry->fate == FERRY_FATE_MASKED) == !!line->masked_by);
	require(!entry->by == (entry->fate == FERRY_FATE_SET || entry->fate == FERRY_FATE_MASKED));
	if (entry->fate == FERRY_FATE_EXCLUDED)
		require(!entry->by->value);
	if (entry->fate == FERRY_FATE_EXPLICIT)
		require(line->pattern && entry->by->value);
	if (entry->next)
		require(line->order < entry->next->line->order);
}

static void check_result(const struct configured *found)
{
	for (unsigned int i = 0; i < found->count; i++) {
		const struct configured_key *key = found->keys[i];
		unsigned int count = 0;

		require(strncmp(key->address, "sysctl/", 7) == 0 && key->address[7] && !strstr(key->address, "//"));
		require(i == 0 || strcmp(found->keys[i - 1]->address, key->address) < 0);
		require(configured_find(found, key->address) == key);
		for (const struct configured_entry *entry = key->entries; entry; entry = entry->next, count++)
			check_entry(key, entry);
		require(count && count == key->count);
	}
	for (const struct configured_note *note = found->notes; note; note = note->next)
		require(note->file && note->line && note->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ferry_loader loaders[] = { FERRY_LOADER_SYSTEMD, FERRY_LOADER_PROCPS_OLD, FERRY_LOADER_PROCPS_NEW };
	struct configured_file files[FILES_MAXIMUM];
	_cleanup_arena_ struct arena arena = { 0 };
	struct configured found;
	unsigned int count = 0;
	const char *at, *end;

	if (!size)
		return 0;
	at = (const char *)data + 1;
	end = (const char *)data + size;
	while (at < end && count < FILES_MAXIMUM) {
		const char *stop = memchr(at, 1, (size_t)(end - at));
		bool masked = *at == 2;

		stop = stop ? stop : end;
		at += masked;
		files[count++] = (struct configured_file){ "/etc/sysctl.d/a.conf", masked ? "/etc/sysctl.d/b.conf" : NULL, at, (size_t)(stop - at) };
		at = stop < end ? stop + 1 : end;
	}
	require(configured_resolve(files, count, loaders[data[0] % 3], expand, NULL, &arena, &found) == 0);
	check_result(&found);
	return 0;
}
