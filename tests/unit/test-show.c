/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The faces: differences in words, tables, times, and an output that never waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ferry.h"
#include "show/change.h"
#include "show/moment.h"
#include "show/table.h"
#include "show/value.h"

static struct ferry_value *parsed(struct ferry *ferry, const char *json)
{
	struct ferry_value *value = NULL;

	if (json)
		assert_int_equal(ferry_value_parse(ferry, json, &value), 0);
	return value;
}

static void differences_in_words(void **state)
{
	static const struct {
		const char *before, *after, *words;
	} rows[] = {
		{ "0", "1", "0 -> 1" },
		{ NULL, "1", "? -> 1" },
		{ "1", NULL, "1 -> ?" },
		{ "{\"mtu\":1500}", "{\"mtu\":1400}", "mtu 1500 -> 1400" },
		{ "{\"mtu\":1500,\"up\":false}", "{\"mtu\":1400,\"up\":true}", "mtu 1500 -> 1400, up false -> true" },
		{ "{\"a\":1}", "{\"b\":2}", "b (none) -> 2, a 1 -> (none)" },
		{ "{\"info\":{\"kind\":\"veth\",\"x\":1}}", "{\"info\":{\"kind\":\"veth\",\"x\":2}}", "info/x 1 -> 2" },
		{ "{\"info\":{\"x\":1}}", "{\"info\":7}", "info {x 1} -> 7" },
		{ "{\"l\":[1,2]}", "{\"l\":[1,3]}", "l [1, 2] -> [1, 3]" },
		{ "{\"s\":\"a\\u001b[31m\"}", "{\"s\":\"b\"}", "s a\\x1b[31m -> b" },
		{ "{}", "{}", "" },
	};
	struct ferry *ferry;

	(void)state;
	assert_int_equal(ferry_new(&ferry), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_value_ struct ferry_value *before = parsed(ferry, rows[i].before), *after = parsed(ferry, rows[i].after);
		_cleanup_buffer_ struct buffer text = {};
		value_difference(&text, before, after);
		assert_string_equal(text.length ? text.data : "", rows[i].words);
	}
	ferry_free(ferry);
}

static void objects_beside_their_address(void **state)
{
	struct ferry *ferry;

	(void)state;
	assert_int_equal(ferry_new(&ferry), 0);
	{
		_cleanup_value_ struct ferry_value *value = parsed(
			ferry, "{\"table\":\"main\",\"dst\":\"10.0.0.0/8\",\"metric\":7,\"dev\":\"main2\",\"flags\":[],\"mtu\":0,\"x\":{\"y\":7}}");
		_cleanup_buffer_ struct buffer text = {};
		value_beside(&text, value, "netlink/route/route/main/10.0.0.0/8,metric=7");
		assert_string_equal(text.data, "{dev main2, mtu 0, x {y 7}}");
	}
	ferry_free(ferry);
}

static void fields_by_path(void **state)
{
	struct ferry *ferry;

	(void)state;
	assert_int_equal(ferry_new(&ferry), 0);
	{
		_cleanup_value_ struct ferry_value *value = parsed(ferry, "{\"a\":{\"b\":5},\"a/b\":6,\"c/d\":{\"e\":7}}");
		assert_int_equal(ferry_value_number(value_at(value, "a/b")), 5);
		assert_int_equal(ferry_value_number(value_at(value, "c/d/e")), 7);
		assert_null(value_at(value, "a/x"));
		assert_null(value_at(value, "a/b/c"));
		assert_ptr_equal(value_at(value, ""), value);
		assert_null(value_at(NULL, "a"));
	}
	ferry_free(ferry);
}

static void times_and_counts(void **state)
{
	static const struct {
		uint64_t length;
		const char *words;
	} rows[] = {
		{ 0, "0 ms" },
		{ 850000000, "850 ms" },
		{ 12345678901, "12.3 s" },
		{ 250 * 1000000000ull, "4 min 10 s" },
		{ 7500 * 1000000000ull, "2 h 5 min" },
		{ 100 * 3600 * 1000000000ull, "4 d 4 h" },
	};
	_cleanup_buffer_ struct buffer text = {};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		buffer_clear(&text);
		moment_length(&text, rows[i].length);
		assert_string_equal(text.data, rows[i].words);
	}
	setenv("TZ", "UTC", 1);
	buffer_clear(&text);
	moment_date(&text, 1767355445678901234ull);
	assert_string_equal(text.data, "2026-01-02 12:04:05.678");
	buffer_clear(&text);
	moment_count(&text, 1234567);
	buffer_add_char(&text, ' ');
	moment_count(&text, 999);
	buffer_add_char(&text, ' ');
	moment_count(&text, 0);
	assert_string_equal(text.data, "1,234,567 999 0");
}

static void fill_table(struct show_table *table)
{
	static const char *const cells[][3] = { { "NAME", "MTU", "A LONG HEADING" }, { "lo", "65536", "x\033y" }, { "d0", NULL, "z" } };

	show_table_init(table, 3);
	for (unsigned int row = 0; row < ARRAY_SIZE(cells); row++) {
		show_table_row(table);
		for (unsigned int column = 0; column < 3; column++)
			if (cells[row][column])
				show_table_set(table, column, cells[row][column]);
	}
}

/* An output that keeps everything in its queue. */
static struct output kept(unsigned int width, const char *dots)
{
	return (struct output){ .descriptor = -1, .own = -1, .way = OUTPUT_SOCKET, .width = width, .dots = dots };
}

static void table_is(struct output output, bool chosen, const char *text)
{
	struct show_table table;

	fill_table(&table);
	assert_int_equal(show_table_print(&table, &output, chosen), 0);
	assert_string_equal(output.pending.data, text);
	show_table_done(&table);
	output_done(&output);
}

static void tables_fit(void **state)
{
	(void)state;
	table_is(kept(0, "..."), false,
		 "NAME  MTU    A LONG HEADING\n"
		 "lo    65536  x\\x1by\n"
		 "d0    -      z\n");
	/* A terminal of 20 columns: whole columns as far as they fit, and a sign that there are more. */
	table_is(kept(20, "..."), false,
		 "NAME  MTU    ...\n"
		 "lo    65536\n"
		 "d0    -\n");
	/* All columns asked for: the widest gives way. */
	table_is(kept(24, "…"), true,
		 "NAME  MTU    A LONG HEA…\n"
		 "lo    65536  x\\x1by\n"
		 "d0    -      z\n");
}

static void text_is_cut_between_characters(void **state)
{
	struct output output = { .dots = "…" };
	_cleanup_buffer_ struct buffer text = {};

	(void)state;
	text_cut(&output, &text, "größer", 6);
	buffer_add_char(&text, '|');
	text_cut(&output, &text, "größer", 4);
	buffer_add_char(&text, '|');
	text_cut(&output, &text, "\u4e09\u79cd\u89e6\u53d1", 8);
	buffer_add_char(&text, '|');
	text_cut(&output, &text, "\u4e09\u79cd\u89e6\u53d1", 7);
	buffer_add_char(&text, '|');
	text_cut(&output, &text, "größer", 1);
	buffer_add_char(&text, '|');
	text_cut(&output, &text, "", 0);
	assert_string_equal(text.data, "größer|grö…|\u4e09\u79cd\u89e6\u53d1|\u4e09\u79cd\u89e6…|…|");
}

/* Reads lines until the writer is done; how many came. */
static unsigned long drain(int descriptor)
{
	char data[65536];
	unsigned long lines = 0;
	ssize_t length;

	while ((length = read(descriptor, data, sizeof(data))) > 0)
		for (ssize_t i = 0; i < length; i++)
			lines += data[i] == '\n';
	return lines;
}

/* Nobody reads while 100,000 lines are written: none of the calls waits, and what is not in the pipe or the queue is counted. */
static void lose_nothing_in_silence(int reader, int writer, enum output_way way)
{
	const unsigned long total = 100000;
	struct output_loss loss = {};
	struct output output;
	int status;

	output_open(&output, writer);
	output_never_wait(&output);
	assert_int_equal(output.way, way);
	for (unsigned long i = 0; i < total; i++) {
		buffer_printf(&output.line, "line %lu of some length, as changes have it\n", i);
		assert_true(output_commit(&output));
	}
	uint64_t lost = output.lost;
	assert_true(lost > 0);
	assert_false(output_loss(&output, &loss)); /* no room yet to say so */
	pid_t child = fork();
	if (child == 0) {
		close(writer);
		output_done(&output);
		_exit(drain(reader) == total - lost ? 0 : 1);
	}
	close(reader);
	assert_int_equal(output_finish(&output), 0);
	assert_true(output_loss(&output, &loss));
	assert_int_equal(loss.lines, lost);
	assert_true(loss.from <= loss.to);
	assert_false(output_loss(&output, &loss));
	output_done(&output);
	close(writer);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_pipe_that_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	lose_nothing_in_silence(ends[0], ends[1], OUTPUT_OWN);
}

static void a_socket_that_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	lose_nothing_in_silence(ends[0], ends[1], OUTPUT_SOCKET);
}

static void the_pipe_stays_blocking_for_others(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	output_open(&output, ends[1]);
	output_never_wait(&output);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	output_done(&output);
	close(ends[0]);
	close(ends[1]);
}

static void a_reader_that_went(void **state)
{
	struct output output;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	output_open(&output, ends[1]);
	close(ends[0]);
	buffer_add_text(&output.line, "line\n");
	assert_true(output_commit(&output));
	assert_int_equal(output_flush(&output), -EPIPE);
	buffer_add_text(&output.line, "line\n");
	assert_false(output_commit(&output));
	output_done(&output);
	close(ends[1]);
}

#define TIME 1767355445678901234ull /* 2026-01-02 12:04:05.678 UTC */

static const char command[] = "ifconfig\0d0\0mtu\0001400";
static const char odd_command[] = "a b\0\033]0;x\a\0";
static const struct ferry_actor actor = {
	.pid = 4242, .comm = "ifconfig", .argv = command, .argv_length = sizeof(command), .uid = 0, .login_uid = UINT32_MAX
};
static const struct ferry_actor odd = {
	.pid = 5, .comm = "x", .argv = odd_command, .argv_length = sizeof(odd_command), .uid = 4000000001u, .login_uid = UINT32_MAX
};
static const struct ferry_actor kernel = { .comm = "softirq", .kernel = true };
static const struct ferry_actor unknown = { .comm = "", .unknown = "needs CAP_BPF" };

static const struct {
	struct ferry_change change;
	const char *line;
} lines[] = {
	{ { .kind = FERRY_CHANGED,
	    .address = "netlink/route/link/d0",
	    .before = "{\"mtu\":1500}",
	    .after = "{\"mtu\":1400}",
	    .door = FERRY_DOOR_IOCTL,
	    .actor = &actor },
	  "12:04:05.678 netlink/route/link/d0 mtu 1500 -> 1400  ifconfig d0 mtu 1400 (pid 4242, root)  ioctl\n" },
	{ { .kind = FERRY_ADDED, .address = "a", .after = "{\"gateway\":\"10.1.1.1\",\"dev\":\"d0\"}", .door = FERRY_DOOR_NETLINK, .actor = &odd },
	  "12:04:05.678 + a {gateway 10.1.1.1, dev d0}  'a b' '\\x1b]0;x\\x07' '' (pid 5, uid 4000000001)  netlink\n" },
	{ { .id = 12, .kind = FERRY_REMOVED, .address = "a", .before = "{\"dev\":\"d0\"}", .door = FERRY_DOOR_KERNEL, .actor = &kernel, .cause = 11 },
	  "#12 12:04:05.678 - a {dev d0}  kernel: softirq  (because of #11)\n" },
	{ { .kind = FERRY_CHANGED,
	    .address = "a",
	    .before = "0",
	    .after = "7",
	    .door = FERRY_DOOR_SYSCTL,
	    .actor = &unknown,
	    .result = -EINVAL,
	    .result_text = "words" },
	  "12:04:05.678 ! a 0 -> 7  EINVAL: words  unknown (needs CAP_BPF)  sysctl\n" },
	{ { .kind = FERRY_CHANGED, .address = "a", .after = "7", .actor = &unknown, .result = -EREMOTEIO },
	  "12:04:05.678 ! a -> 7  refused  unknown (needs CAP_BPF)\n" },
	{ { .kind = FERRY_GAP, .source = "netlink/route", .lost = 36, .from = TIME - 1000000000, .to = TIME },
	  "12:04:05.678 ? netlink/route: 36 lost between 12:04:04.678 and 12:04:05.678\n" },
	{ { .kind = FERRY_GAP, .source = "sysctl", .lost = UINT64_MAX }, "12:04:05.678 ? sysctl: an unknown number of changes lost\n" },
};

static const char *line_of(struct change_printer *printer, unsigned int row)
{
	struct ferry_change change = lines[row].change;

	change.time = TIME;
	buffer_clear(&printer->output->pending);
	assert_true(change_print(printer, &change));
	return printer->output->pending.data;
}

static void lines_for_people(void **state)
{
	struct output output = kept(0, "...");
	struct change_printer printer;
	struct ferry *ferry;

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_int_equal(ferry_new(&ferry), 0);
	change_printer_init(&printer, ferry, &output, false, false);
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		assert_string_equal(line_of(&printer, i), lines[i].line);
	/* The first of them on terminals: the words around the command line stay, and where it fits it is whole. */
	unsigned int whole = (unsigned int)strlen(lines[0].line) - 1;
	for (unsigned int width = 20; width < 200; width++) {
		output.width = width;
		const char *line = line_of(&printer, 0);
		unsigned int columns = text_columns(line, strlen(line)) - 1;
		assert_non_null(strstr(line, "netlink/route/link/d0 mtu "));
		assert_non_null(strstr(line, " (pid 4242, root)  ioctl\n"));
		assert_true(columns <= whole);
		if (width >= whole)
			assert_string_equal(line, lines[0].line);
		else if (width >= whole - 4)
			assert_true(columns <= width); /* in one row, with the command line cut */
	}
	change_printer_done(&printer);
	output_done(&output);
	ferry_free(ferry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_in_words),
		cmocka_unit_test(objects_beside_their_address),
		cmocka_unit_test(fields_by_path),
		cmocka_unit_test(times_and_counts),
		cmocka_unit_test(tables_fit),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(a_pipe_that_nobody_reads),
		cmocka_unit_test(a_socket_that_nobody_reads),
		cmocka_unit_test(the_pipe_stays_blocking_for_others),
		cmocka_unit_test(a_reader_that_went),
		cmocka_unit_test(lines_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
