/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/follow.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#define FOREVER 3600 /* s: longer waits are cut into these */

uint64_t follow_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* What standard output did not take is a gap like any other. */
static void tell_loss(struct follow *follow)
{
	struct output_loss loss;

	if (!output_loss(&follow->program->output, &loss))
		return;
	follow->unwritten += loss.lines;
	const struct ferry_change gap = {
		.time = loss.to,
		.boottime = follow_now(),
		.kind = FERRY_GAP,
		.source = "standard output",
		.lost = loss.lines,
		.from = loss.from,
		.to = loss.to,
	};
	change_print(&follow->printer, &gap);
}

static int print(void *data, const struct ferry_change *change)
{
	struct follow *follow = data;

	if (follow->silent)
		return 0;
	tell_loss(follow);
	return change_print(&follow->printer, change) ? 0 : 1;
}

static int print_message(void *data, const struct ferry_message *message)
{
	struct follow *follow = data;

	tell_loss(follow);
	if (!message_print(&follow->message_printer, message))
		return 1;
	return ++follow->messages == follow->most ? 1 : 0;
}

static int start_recorder(struct follow *follow, struct ferry_recorder_options *options)
{
	if (!options)
		return 0;
	options->size = sizeof(*options);
	options->function = print;
	options->data = follow;
	return ferry_recorder_new(follow->program->ferry, options, &follow->recorder);
}

static int start_listener(struct follow *follow, struct ferry_listener_options *options)
{
	if (!options)
		return 0;
	options->size = sizeof(*options);
	options->function = print_message;
	options->gap = print;
	options->data = follow;
	return ferry_listener_new(follow->program->ferry, options, &follow->listener);
}

static void printers_done(struct follow *follow)
{
	change_printer_done(&follow->printer);
	message_printer_done(&follow->message_printer);
}

enum exit_status follow_begin(struct follow *follow, struct program *program, struct ferry_recorder_options *recorder,
			      struct ferry_listener_options *listener, uint64_t length)
{
	*follow = (struct follow){ .program = program };
	change_printer_init(&follow->printer, program->ferry, &program->output, program->json, false);
	message_printer_init(&follow->message_printer, &program->output, program->json);
	int r = start_listener(follow, listener);
	if (r == 0)
		r = start_recorder(follow, recorder);
	if (r < 0) {
		follow->listener = ferry_listener_free(follow->listener);
		printers_done(follow);
		return program_failed(program, r);
	}
	output_never_wait(&program->output);
	program_catch_signals(&follow->mask);
	follow->begun = follow_now();
	follow->until = length ? follow->begun + length : 0;
	return EXIT_DONE;
}

int follow_coverage(const struct follow *follow, ferry_coverage_function *function, void *data)
{
	int r = follow->listener ? ferry_listener_coverage(follow->listener, function, data) : 0;

	return r == 0 && follow->recorder ? ferry_recorder_coverage(follow->recorder, function, data) : r;
}

static void add_text(struct buffer *line, const char *text)
{
	if (text)
		buffer_add_json(line, text, strlen(text));
	else
		buffer_add_text(line, "null");
}

static int add_coverage(void *data, const struct ferry_coverage *coverage)
{
	struct buffer *line = data;

	if (line->data[line->length - 1] == '}')
		buffer_add_char(line, ',');
	buffer_add_text(line, "{\"subject\":");
	add_text(line, coverage->subject);
	buffer_add_text(line, coverage->watched ? ",\"watched\":true,\"how\":" : ",\"watched\":false,\"how\":");
	add_text(line, coverage->how);
	buffer_add_text(line, ",\"why\":");
	add_text(line, coverage->why);
	buffer_add_char(line, '}');
	return line->failed ? -ENOMEM : 0;
}

void follow_tell_watching(const struct follow *follow, const char *history)
{
	_cleanup_buffer_ struct buffer line = {};

	if (!follow->program->json || follow->program->quiet)
		return;
	buffer_add_text(&line, "{\"watching\":[");
	if (line.failed || follow_coverage(follow, add_coverage, &line) < 0)
		return;
	buffer_add_text(&line, "],\"history\":");
	add_text(&line, history);
	if (follow->listener && ferry_listener_port(follow->listener))
		buffer_printf(&line, ",\"port\":%u", ferry_listener_port(follow->listener));
	buffer_add_text(&line, "}\n");
	program_write_words(&line);
}

void follow_tell_counts(const struct follow *follow, const struct ferry_recorder_counts *counts)
{
	_cleanup_buffer_ struct buffer line = {};

	if (!follow->program->json || follow->program->quiet)
		return;
	buffer_printf(&line,
		      "{\"counts\":{\"seen\":%llu,\"delivered\":%llu,\"lost\":%llu,\"changes\":%llu,\"unknown\":%llu,\"kept\":%llu,\"unkept\":%llu,"
		      "\"unwritten\":%llu}}\n",
		      (unsigned long long)counts->seen, (unsigned long long)counts->delivered, (unsigned long long)counts->lost,
		      (unsigned long long)counts->changes, (unsigned long long)counts->unknown, (unsigned long long)counts->kept,
		      (unsigned long long)counts->unkept, (unsigned long long)follow->unwritten);
	program_write_words(&line);
}

static struct timespec remaining(const struct follow *follow)
{
	uint64_t now = follow_now(), left = FOREVER * 1000000000ull;

	if (follow->until)
		left = follow->until <= now ? 0 : follow->until - now < left ? follow->until - now : left;
	return (struct timespec){ .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u) };
}

/* Waits for changes, messages, room in standard output or its end. Whether there is something to process; signals are let in here alone. */
static bool wait_for_work(struct follow *follow, bool *ret_reader_gone)
{
	struct output *output = &follow->program->output;
	struct pollfd polled[] = {
		{ .fd = follow->recorder ? ferry_recorder_descriptor(follow->recorder) : -1, .events = POLLIN },
		{ .fd = follow->listener ? ferry_listener_descriptor(follow->listener) : -1, .events = POLLIN },
		{ .fd = output_descriptor(output), .events = output_waiting(output) ? POLLOUT : 0 },
	};
	struct timespec timeout = remaining(follow);

	/* Nobody has asked for lines, or a file takes them: then its end says nothing. */
	if (follow->silent || output->way == OUTPUT_WAITS)
		polled[2].fd = -1;
	*ret_reader_gone = false;
	if (ppoll(polled, ARRAY_SIZE(polled), &timeout, &follow->mask) <= 0)
		return false;
	if ((polled[2].revents & (POLLERR | POLLNVAL)) || (output->terminal && (polled[2].revents & POLLHUP)))
		*ret_reader_gone = true;
	return polled[0].revents != 0 || polled[1].revents != 0;
}

/* That the history cannot be written is told when it begins, under --quiet too, and when it is over. */
static void tell_trouble(struct follow *follow)
{
	const char *words;
	int r = follow->recorder ? ferry_recorder_trouble(follow->recorder, &words) : 0;

	if (r < 0 && !follow->troubled)
		program_fail(follow->program, EXIT_DONE, r, "the history cannot be written: %s; what changes meanwhile waits in memory", words);
	else if (r == 0 && follow->troubled)
		program_say(follow->program, "ferry: the history is written again");
	follow->troubled = r < 0;
}

static int process(struct follow *follow)
{
	int r = follow->listener ? ferry_listener_process(follow->listener) : 0;

	return r == 0 && follow->recorder ? ferry_recorder_process(follow->recorder) : r;
}

enum exit_status follow_run(struct follow *follow)
{
	struct program *program = follow->program;
	struct output *output = &program->output;
	bool reader_gone = false;
	int r = 0;

	while (!program_stop && !reader_gone && r == 0 && output->error == 0 && (!follow->until || follow_now() < follow->until)) {
		if (wait_for_work(follow, &reader_gone)) {
			output_measure(output);
			r = process(follow);
			tell_trouble(follow);
		}
		output_flush(output);
		if (!output_waiting(output) || output->lost) {
			tell_loss(follow);
			output_flush(output);
		}
	}
	return r < 0 ? program_failed(program, r) : EXIT_DONE;
}

static void end_recorder(struct follow *follow, struct ferry_recorder_counts *counts)
{
	const char *words;

	if (!follow->recorder)
		return;
	/* What is there by now was seen: it is told before the end. */
	if (follow->program->output.error == 0)
		ferry_recorder_finish(follow->recorder);
	ferry_recorder_counts(follow->recorder, counts);
	if (ferry_recorder_trouble(follow->recorder, &words) < 0)
		follow->trouble = strdup(words);
	follow->recorder = ferry_recorder_free(follow->recorder);
}

static void end_listener(struct follow *follow, struct ferry_recorder_counts *counts)
{
	struct ferry_recorder_counts heard;

	if (!follow->listener)
		return;
	if (follow->program->output.error == 0 && (!follow->most || follow->messages < follow->most))
		ferry_listener_process(follow->listener);
	ferry_listener_counts(follow->listener, &heard);
	counts->seen += heard.seen;
	counts->delivered += heard.delivered;
	counts->lost += heard.lost;
	follow->listener = ferry_listener_free(follow->listener);
}

void follow_end(struct follow *follow, struct ferry_recorder_counts *ret_counts)
{
	*ret_counts = (struct ferry_recorder_counts){};
	end_recorder(follow, ret_counts);
	end_listener(follow, ret_counts);
	output_finish(&follow->program->output);
	if (follow->program->output.stopped) {
		follow->unwritten += follow->program->output.lost;
	} else {
		tell_loss(follow);
		output_finish(&follow->program->output);
	}
	printers_done(follow);
}
