/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "lib/trace.h"

static int parse_trigger(struct trace_filter *filter, const char *word, struct error *error)
{
	static const struct {
		const char *word;
		enum trace_trigger trigger;
	} triggers[] = {
		{ "syscall", TRIGGER_CALL }, { "exception", TRIGGER_EXCEPTION }, { "fault", TRIGGER_EXCEPTION }, { "interrupt", TRIGGER_INTERRUPT }
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(triggers); i++)
		if (strcmp(triggers[i].word, word) == 0) {
			filter->triggers |= triggers[i].trigger;
			return 0;
		}
	return error_set(error, -EINVAL, "no such trigger: %s (they are syscall, exception, interrupt)", word);
}

static int parse_class(struct trace_filter *filter, const char *word, struct error *error)
{
	for (unsigned int i = 0; i < FERRY_CLASS_COUNT; i++)
		if (strcmp(ferry_call_class_name(i), word) == 0) {
			filter->classes |= 1u << i;
			return 0;
		}
	return error_set(error, -EINVAL, "no such class: %s (they are process, file, device, information, communication)", word);
}

static int parse_channel(struct trace_filter *filter, const char *word, struct error *error)
{
	static const enum ferry_door doors[] = { FERRY_DOOR_NETLINK, FERRY_DOOR_IOCTL, FERRY_DOOR_SYSFS, FERRY_DOOR_SYSCTL, FERRY_DOOR_PROCFS };

	for (unsigned int i = 0; i < ARRAY_SIZE(doors); i++)
		if (strcmp(ferry_door_name(doors[i]), word) == 0) {
			filter->doors |= 1u << doors[i];
			return 0;
		}
	return error_set(error, -EINVAL, "no such channel: %s (they are procfs, sysctl, sysfs, netlink, ioctl)", word);
}

static int parse_call(struct trace_filter *filter, const char *word, struct error *error)
{
	if (!system_call_named(word))
		return error_set(error, -EINVAL, "no such system call: %s", word);
	if (filter->call_count == FILTER_CALLS)
		return error_set(error, -E2BIG, "more than %d calls in one filter", FILTER_CALLS);
	filter->calls[filter->call_count++] = word;
	return 0;
}

static int parse_error(struct trace_filter *filter, const char *word, struct error *error)
{
	struct trace_results *results = &filter->results;

	results->filtered = true;
	if (!word)
		memset(results->failures, 0xff, sizeof(results->failures));
	for (int number = 1; word && number < TRACE_ERRORS; number++)
		if (strcmp(error_symbol(number), word) == 0) {
			results->failures[number / 64] |= UINT64_C(1) << number % 64;
			return 0;
		}
	return word ? error_set(error, -EINVAL, "no such error: %s", word) : 0;
}

static int parse_one(struct trace_filter *filter, const char *text, struct error *error)
{
	static const struct {
		const char *key;
		int (*parse)(struct trace_filter *filter, const char *word, struct error *error);
	} keys[] = { { "trigger=", parse_trigger },
		     { "class=", parse_class },
		     { "channel=", parse_channel },
		     { "call=", parse_call },
		     { "error=", parse_error } };

	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		if (strncmp(text, keys[i].key, strlen(keys[i].key)) == 0)
			return keys[i].parse(filter, text + strlen(keys[i].key), error);
	if (strcmp(text, "error") == 0)
		return parse_error(filter, NULL, error);
	if (strcmp(text, "success") != 0)
		return error_set(error, -EINVAL, "no such filter: %s (they are trigger=, class=, channel=, call=, error, error=, success)", text);
	filter->results.filtered = filter->results.successes = true;
	return 0;
}

int trace_filter_parse(const char *const *filters, struct trace_filter *ret, struct error *error)
{
	int r = 0;

	*ret = (struct trace_filter){ 0 };
	for (; r == 0 && filters && *filters; filters++)
		r = parse_one(ret, *filters, error);
	return r;
}

bool trace_filter_wants(const struct trace_filter *filter, const struct system_call *call)
{
	if (filter->classes && !(filter->classes & 1u << call->class))
		return false;
	for (unsigned int i = 0; i < filter->call_count; i++)
		if (strcmp(filter->calls[i], call->name) == 0)
			return true;
	return filter->call_count == 0;
}
