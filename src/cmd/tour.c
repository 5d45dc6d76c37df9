/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/tour.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

enum { OPTION_HTML, OPTION_LANGUAGE, OPTION_STATION };

static const struct command_option options[] = {
	[OPTION_HTML] = { "html", 0, "FILE", "write a page with pictures too: one file, nothing outside of it" },
	[OPTION_LANGUAGE] = { "lang", 0, "LANGUAGE", "en or zh" },
	[OPTION_STATION] = { "station", 's', "N,...", "these stations alone, 1 to 9", true },
	{},
};

static tour_function *const stations[STATION_COUNT] = {
	[STATION_triggers] = tour_triggers, [STATION_classes] = tour_classes, [STATION_memory] = tour_memory,
	[STATION_procfs] = tour_procfs,     [STATION_sysctl] = tour_sysctl,   [STATION_sysfs] = tour_sysfs,
	[STATION_netlink] = tour_netlink,   [STATION_tools] = tour_tools,     [STATION_logbook] = tour_logbook,
};

static enum exit_status choose_language(struct program *program, struct tour *tour)
{
	const char *name = program->given[OPTION_LANGUAGE];

	if (!name || strcmp(name, "en") == 0)
		tour->language = TOUR_ENGLISH;
	else if (strcmp(name, "zh") == 0)
		tour->language = TOUR_CHINESE;
	else
		return program_fail(program, EXIT_USAGE, -EINVAL, "--lang takes en or zh");
	return EXIT_DONE;
}

/* Which stations are visited: all, or those that were named. */
static enum exit_status choose_stations(struct program *program, struct tour *tour)
{
	const char *text = program->given[OPTION_STATION];

	for (unsigned int i = 0; i < STATION_COUNT; i++)
		tour->stations[i].visited = !text;
	for (; text && *text; text += *text == ',') {
		char *end;
		const unsigned long number = strtoul(text, &end, 10);

		if (end == text || number < 1 || number > STATION_COUNT || (*end && *end != ','))
			return program_fail(program, EXIT_USAGE, -EINVAL, "--station takes numbers from 1 to %d", STATION_COUNT);
		tour->stations[number - 1].visited = true;
		text = end;
	}
	return EXIT_DONE;
}

/* The heap of a fresh program is wanted at the third station, so that visitor is made before anything else has used it. */
static enum exit_status begin(struct program *program, struct tour *tour, struct tour_visitor *fresh)
{
	int r;

	tour->shared = mmap(NULL, TOUR_SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tour->shared == MAP_FAILED)
		return program_fail(program, EXIT_REFUSED, -errno, "out of memory");
	r = tour_visitor_start(tour, tour_memory_work, fresh);
	if (r < 0)
		return program_fail(program, EXIT_REFUSED, r, "cannot start a process: %s", error_text(r));
	tour->fresh = fresh;
	snprintf(tour->folder, sizeof(tour->folder), "/tmp/ferry-tour-XXXXXX");
	if (!mkdtemp(tour->folder)) {
		r = -errno;
		tour->folder[0] = '\0';
		return program_fail(program, exit_of(r), r, "cannot make a folder in /tmp: %s", error_text(r));
	}
	r = ferry_own_netns(tour->ferry);
	return r < 0 ? program_failed(program, r) : EXIT_DONE;
}

/* Whether a signal waits that is to end the tour: it is taken at the end, when all is cleared away. */
static bool is_ended(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
}

static void visit(struct program *program, struct tour *tour)
{
	tour_record_begin(tour);
	for (unsigned int i = 0; i < STATION_COUNT; i++) {
		/* The last one is always called at: it takes back what the others did. */
		if (i != STATION_logbook && (!tour->stations[i].visited || is_ended()))
			continue;
		tour->station = &tour->stations[i];
		stations[i](tour);
		if (!tour->stations[i].visited)
			continue;
		(program->json ? tour_print_json : tour_print)(tour, i);
	}
}

static int run(struct program *program)
{
	struct tour tour = { .program = program, .ferry = program->ferry };
	struct tour_visitor fresh = { 0 };
	sigset_t signals;
	enum exit_status status = choose_language(program, &tour);

	if (status == EXIT_DONE)
		status = choose_stations(program, &tour);
	if (status != EXIT_DONE)
		return status;
	program_hold_signals(&signals);
	status = begin(program, &tour, &fresh);
	if (status == EXIT_DONE)
		visit(program, &tour);
	if (status == EXIT_DONE && tour.failed)
		status = program_fail(program, EXIT_REFUSED, -ENOMEM, "out of memory");
	if (status == EXIT_DONE && program->given[OPTION_HTML]) {
		struct error error = { 0 };
		int r = tour_page(&tour, program->given[OPTION_HTML], &error);

		if (r < 0)
			status = program_fail(program, exit_of(r), r, "%s", error.text);
	}
	ferry_recorder_free(tour.recorder);
	if (tour.folder[0])
		rmdir(tour.folder);
	if (tour.fresh)
		tour_visitor_end(&fresh);
	free(tour.before);
	arena_done(&tour.arena);
	output_flush(&program->output);
	sigprocmask(SIG_SETMASK, &signals, NULL);
	return status;
}

static const struct command_example examples[] = {
	{ "ferry tour", "all nine stations" },
	{ "ferry tour --html tour.html", "the same as a page with pictures" },
	{ "ferry tour --lang zh --station 3", "one station, in Chinese" },
	{},
};

const struct command command_tour = {
	.name = "tour",
	.synopsis = "",
	.help = "a walk through all that crosses into the kernel, measured here and now",
	.details =
		"Nine stations: the three triggers, the five classes of system calls, memory, procfs, sysctl, sysfs, netlink, the old and the new "
		"network tools, and the log book of what the tour itself changed. Each statement is followed by what was just measured on this "
		"machine. It takes some ten seconds.\n\n"
		"It goes into a network namespace and a mount namespace of its own: nothing of the machine's own is changed, and at the end it takes "
		"back what it changed there and says what is left. Where the kernel or the rights lack something the station says so and goes on. "
		"Without root it becomes root of a user namespace of its own, from where most of what BPF tells cannot be had.",
	.options = options,
	.examples = examples,
	.run = run,
};
