/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sysctl source under a flood of attempts whose ends do not come: what it has no room for is lost, and said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "channel/source.h"

#define OWN_NETNS   7
#define OTHER_NETNS 8

struct sink {
	uint64_t delivered, lost, told;
	const char *source;
	uint64_t from;
};

static uint64_t emit(void *data, struct ferry_change *change)
{
	struct sink *sink = data;

	assert_int_equal(change->kind, FERRY_CHANGED);
	return ++sink->told;
}

static void count(void *data, uint64_t delivered, uint64_t lost)
{
	struct sink *sink = data;

	sink->delivered += delivered;
	sink->lost += lost;
}

static void drop(void *data, const char *source, uint64_t boottime)
{
	struct sink *sink = data;

	if (!sink->source)
		sink->from = boottime;
	sink->source = source;
	count(data, 0, 1);
}

static void pump(void *data _unused_)
{
}

/* The write NUMBER of a knob of another namespace, so that no file is read, by an interrupt, so that no process is looked for. */
static struct event_sysctl attempt(uint64_t number)
{
	struct event_sysctl event = { .header = { .type = EVENT_SYSCTL, .size = sizeof(event), .time = 1000 + number },
				      .write_number = number,
				      .result_follows = 1,
				      .before_length = 1,
				      .after_length = 1,
				      .before = "1",
				      .after = "2",
				      .name = "net/ipv4/ip_forward" };

	event.header.task.flags = EVENT_TASK_INTERRUPT;
	event.header.task.netns = OTHER_NETNS;
	event.name_length = (uint32_t)strlen(event.name);
	return event;
}

static void test_flood(void **state _unused_)
{
	struct sink sink = { 0 };
	struct error error = { 0 };
	struct recording recording = { .netns = OWN_NETNS, .sink = &sink, .emit = emit, .count = count, .drop = drop, .pump = pump };
	struct sysctl_source *source;
	uint64_t number = 0;

	assert_int_equal(probe_new(NULL, 0, &recording.probe, &error), 0);
	assert_int_equal(sysctl_source_open(&recording, NULL, &source), 0);
	while (!sink.lost && number < 1u << 20) {
		struct event_sysctl event = attempt(number++);

		sysctl_source_event(source, &event.header);
	}
	assert_int_equal(sink.lost, 1);
	assert_string_equal(sink.source, "sysctl");
	assert_int_equal(sink.from, 1000 + number - 1);
	/* Long since over, so all that were held are told; one of another task may be what the lost one left. */
	assert_int_equal(sysctl_source_process(source, UINT64_MAX), 0);
	assert_int_equal(sink.told, number - 1);
	assert_int_equal(sink.delivered, number - 1);
	sysctl_source_close(source);
	probe_free(recording.probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
