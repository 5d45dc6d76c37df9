/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sets of sysctl files come to. Every case here was seen to end so by the programs themselves; tests/live/configured.py has them judge sets made
 * at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <string.h>

#include "state/configured.h"

static const char *const tree[] = { "net/ipv4/conf/all/tag", "net/ipv4/conf/d0/tag", "net/ipv4/conf/e.1/tag", "vm/swappiness" };

static int expand(void *data, const char *pattern, configured_found_function *found, void *found_data)
{
	int r = 0;

	(void)data;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tree); i++)
		if (!fnmatch(pattern, tree[i], FNM_PATHNAME | FNM_PERIOD))
			r = found(found_data, tree[i]);
	return r;
}

/* What FILES (of text "a", "b", ...) come to: "KEY=VALUE@FILE:LINE" for what is set, "KEY!FATE@FILE:LINE>FILE:LINE" for each line that lost. */
static void resolve(enum ferry_loader loader, const char *const *texts, struct buffer *ret)
{
	static const char *const names[] = { "a", "b", "c" };
	struct configured_file files[ARRAY_SIZE(names)] = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct configured found;
	unsigned int count = 0;

	for (; texts[count]; count++) {
		bool masked = texts[count][0] == '!'; /* by the first */

		files[count] =
			(struct configured_file){ names[count], masked ? names[0] : NULL, texts[count] + masked, strlen(texts[count] + masked) };
	}
	assert_int_equal(configured_resolve(files, count, loader, expand, NULL, &arena, &found), 0);
	buffer_add_text(ret, "");
	for (unsigned int i = 0; i < found.count; i++) {
		const struct configured_key *key = found.keys[i];

		if (key->winner)
			buffer_printf(ret, "%s%s=%s@%s:%u ", key->address + 7, key->unmatched ? "?" : "", key->winner->line->value,
				      key->winner->line->file, key->winner->line->number);
		for (const struct configured_entry *entry = key->entries; entry; entry = entry->next)
			if (entry != key->winner)
				buffer_printf(ret, "%s!%d@%s:%u>%s:%u ", key->address + 7, entry->fate, entry->line->file, entry->line->number,
					      entry->by ? entry->by->file : entry->line->masked_by, entry->by ? entry->by->number : 0);
	}
	for (const struct configured_note *note = found.notes; note; note = note->next)
		buffer_printf(ret, "note@%s:%u ", note->file, note->line);
}

#define CASE_MAXIMUM 4

static const struct {
	const char *texts[CASE_MAXIMUM];
	const char *systemd, *procps_old, *procps_new; /* NULL: as the one before */
} cases[] = {
	/* The last one wins. */
	{ { "vm.swappiness=1\n", "vm/swappiness = 2\n" }, "vm/swappiness=2@b:1 vm/swappiness!1@a:1>b:1 " },
	/* Said again: systemd and procps agree. */
	{ { "vm.swappiness=1\n\nvm.swappiness=1" }, "vm/swappiness=1@a:3 vm/swappiness!1@a:1>a:3 " },
	/* The file is masked. */
	{ { "# nothing\n", "!vm.swappiness=1\n" }, "vm/swappiness!4@b:1>a:0 " },
	/* An explicit key keeps a pattern off, wherever it stands. */
	{ { "net.ipv4.conf.d0.tag=1\n", "net.ipv4.conf.[de]*.tag=2\n" },
	  "net/ipv4/conf/d0/tag=1@a:1 net/ipv4/conf/d0/tag!2@b:1>a:1 net/ipv4/conf/e.1/tag=2@b:1 " },
	/* "-key" keeps a pattern off. */
	{ { "-net.ipv4.conf.d0.tag\n", "net.ipv4.conf.[de]*.tag=2\n" }, "net/ipv4/conf/d0/tag!3@b:1>a:1 net/ipv4/conf/e.1/tag=2@b:1 " },
	/* "-key" behind "key=value": to systemd it is the last word on the key, to procps it is there for patterns. */
	{ { "vm.swappiness=1\n-vm.swappiness\n" }, "vm/swappiness!3@a:1>a:2 ", "vm/swappiness=1@a:1 " },
	/* The same with a pattern. */
	{ { "vm.swap*=1\n-vm.swap*\n" }, "vm/swappiness!3@a:1>a:2 ", "vm/swappiness=1@a:1 ", "vm/swappiness!3@a:1>a:2 " },
	/* A pattern behind "-": procps since 4.0.5 alone heeds it, slashes and all. */
	{ { "-net*tag\n", "net.ipv4.conf.d0*.tag=2\n" }, "net/ipv4/conf/d0/tag=2@b:1 ", NULL, "net/ipv4/conf/d0/tag!3@b:1>a:1 " },
	/* A pattern that is said again keeps its old place with systemd: the one between comes later. */
	{ { "vm.s*=1\nvm.sw*=2\nvm.s*=1\n" },
	  "vm/swappiness=2@a:2 vm/swappiness!1@a:1>a:3 vm/swappiness!1@a:3>a:2 ",
	  "vm/swappiness=1@a:3 vm/swappiness!1@a:1>a:2 vm/swappiness!1@a:2>a:3 " },
	/* Doubled slashes make another key for procps, which keeps no pattern off. */
	{ { "vm//swappiness=1\nvm.swap*=2\n" }, "vm/swappiness=1@a:1 vm/swappiness!2@a:2>a:1 ", "vm/swappiness=2@a:2 vm/swappiness!1@a:1>a:2 " },
	/* What matches nothing, what is no assignment, what leads out. */
	{ { "net.nope.*=1\nwords\nx/../y=1\nvm/../vm/swap*=1\n" }, "net/nope/*?=1@a:1 note@a:2 note@a:3 note@a:4 " },
	{ { "net.nope.*=1\n-net.nope.*\n" }, "net/nope/*!3@a:1>a:2 ", "net/nope/*?=1@a:1 " },
	/* Spelling. */
	{ { "net.ipv4.conf.e/1.tag=1\nnet/ipv4/conf/e.1/tag = 2\n" }, "net/ipv4/conf/e.1/tag=2@a:2 net/ipv4/conf/e.1/tag!1@a:1>a:2 " },
	{ { "--vm.swappiness=1\n" }, "-vm/swappiness=1@a:1 ", "vm/swappiness=1@a:1 " },
	{ { "- vm.swappiness=1\n" }, "vm/swappiness=1@a:1 ", " vm/swappiness=1@a:1 " },
	{ { "vm.swappiness=1\rvm.swappiness=2\n" }, "vm/swappiness=2@a:1 vm/swappiness!1@a:1>a:1 ", "vm/swappiness=1\rvm.swappiness=2@a:1 " },
};

static void test_cases(void **state)
{
	static const enum ferry_loader loaders[] = { FERRY_LOADER_SYSTEMD, FERRY_LOADER_PROCPS_OLD, FERRY_LOADER_PROCPS_NEW };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *wanted[] = { cases[i].systemd, cases[i].procps_old, cases[i].procps_new };

		for (size_t j = 0; j < ARRAY_SIZE(loaders); j++) {
			_cleanup_buffer_ struct buffer found = { 0 };

			if (!wanted[j])
				wanted[j] = wanted[j - 1];
			resolve(loaders[j], cases[i].texts, &found);
			assert_string_equal(found.data, wanted[j]);
		}
	}
}

static void test_long_line(void **state)
{
	_cleanup_buffer_ struct buffer text = { 0 }, found = { 0 };
	const char *texts[2] = { NULL };

	(void)state;
	buffer_add_text(&text, "vm.swappiness=1\n# ");
	for (unsigned int i = 0; i < 1u << 20; i++)
		buffer_add_char(&text, 'x');
	buffer_add_text(&text, "\nvm.swappiness=2\n");
	texts[0] = text.data;
	resolve(FERRY_LOADER_SYSTEMD, texts, &found);
	assert_string_equal(found.data, "vm/swappiness=1@a:1 note@a:2 ");
	buffer_clear(&found);
	resolve(FERRY_LOADER_PROCPS_NEW, texts, &found);
	assert_string_equal(found.data, "vm/swappiness=2@a:3 vm/swappiness!1@a:1>a:3 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
