/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stations of messages: netlink, and the tools that speak it beside those that do not. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/tour.h"
#include "show/value.h"

#define WAIT_MAXIMUM 5000 /* milliseconds that a listener waits: it ends where nothing comes */

static void make_links(struct tour *tour)
{
	static const char *const assignments[] = {
		"netlink/route/link/lo/flags=+UP",
		"netlink/route/link/tour0={linkinfo={kind=veth, data={peer={ifname=tour1}}}, flags=+UP}",
		"netlink/route/link/tour1/flags=+UP",
		"netlink/route/addr/tour0/10.77.0.1/24={}",
		"netlink/route/route/main/10.78.0.0/16={gateway=10.77.0.2}",
	};

	tour_say(tour, made_links, COLUMN_address, COLUMN_before, COLUMN_after);
	for (unsigned int i = 0; i < ARRAY_SIZE(assignments); i++)
		if (!tour_set(tour, assignments[i]))
			break;
}

static int ignore(void *data, const struct ferry_item *item)
{
	(void)data;
	(void)item;
	return 0;
}

/* In a visitor, by a context of its own: its sockets are opened while somebody looks. */
static void get_routes(struct tour *tour)
{
	struct ferry *ferry;

	(void)tour;
	if (ferry_new(&ferry) == 0)
		ferry_get(ferry, "netlink/route/route/main", 0, ignore, NULL);
}

static int tell_call(void *data, const struct ferry_crossing *crossing)
{
	struct tour *tour = data;

	if (crossing->kind != FERRY_CROSSING_CALL)
		return 0;
	tour_row(tour);
	tour_text(tour, crossing->name);
	tour_call(tour, crossing);
	return 0;
}

static int tell_spoken(void *data, const struct ferry_crossing *crossing)
{
	struct tour *tour = data;

	if (crossing->kind != FERRY_CROSSING_SPOKEN)
		return 0;
	tour_row(tour);
	tour_text(tour, crossing->address);
	tour_text(tour, crossing->name);
	tour_number(tour, crossing->objects);
	tour_number(tour, crossing->duration);
	return 0;
}

static void say_asking(struct tour *tour)
{
	static const char *const calls[] = { "call=socket", "call=bind", "call=sendto", "call=sendmsg", "call=recvfrom", "call=recvmsg", NULL };
	static const char *const channel[] = { "channel=netlink", NULL };
	struct tour_visitor visitor;

	tour_say(tour, socket, COLUMN_call, COLUMN_arguments, COLUMN_result, COLUMN_time);
	if (tour_visitor_start(tour, get_routes, &visitor) == 0)
		tour_trace(tour, &visitor, calls, true, tell_call, tour);
	tour_say(tour, asked, COLUMN_address, COLUMN_call, COLUMN_objects, COLUMN_time);
	if (tour_visitor_start(tour, get_routes, &visitor) == 0)
		tour_trace(tour, &visitor, channel, false, tell_spoken, tour);
}

/* ---- Listeners ---- */

/* What a listener tells through the shared memory. */
struct heard {
	int error;
	uint32_t port, sender_pid;
	uint64_t bytes;
	bool came;
	char address[128], text[256], words[256];
};

static struct heard *heard_at(const struct tour *tour, unsigned int number)
{
	return (struct heard *)tour->shared + number;
}

/* Of the listener that is started next. */
static const char *group;
static unsigned int number;

static int take_message(void *data, const struct ferry_message *message)
{
	struct heard *heard = data;
	_cleanup_buffer_ struct buffer text = { 0 };

	heard->came = true;
	heard->sender_pid = message->has_sender ? message->pid : 0;
	heard->bytes = message->length;
	snprintf(heard->address, sizeof(heard->address), "%s", message->address);
	value_short(&text, message->value);
	snprintf(heard->text, sizeof(heard->text), "%s", text.data ? text.data : "");
	return 1;
}

static void listen_work(struct tour *tour)
{
	struct heard *heard = heard_at(tour, number);
	const char *const addresses[] = { group, NULL };
	const struct ferry_listener_options options = {
		.size = sizeof(options), .addresses = group ? addresses : NULL, .usersock = !group, .function = take_message, .data = heard
	};
	struct ferry_listener *listener;
	struct ferry *ferry;
	struct pollfd wait = { .events = POLLIN };
	int r = ferry_new(&ferry);

	if (r == 0)
		r = ferry_listener_new(ferry, &options, &listener);
	heard->error = r;
	if (r < 0) {
		snprintf(heard->words, sizeof(heard->words), "%s", ferry_error(ferry));
		return;
	}
	heard->port = ferry_listener_port(listener);
	wait.fd = ferry_listener_descriptor(listener);
	tour_wait();
	while (!heard->came && poll(&wait, 1, WAIT_MAXIMUM) > 0)
		if (ferry_listener_process(listener) < 0)
			break;
}

/* LISTENERS of them, which listen when this returns true. */
static bool begin_listening(struct tour *tour, struct tour_visitor *visitors, unsigned int listeners, const char *to)
{
	bool listen = true;

	memset(tour->shared, 0, TOUR_SHARED);
	group = to;
	for (number = 0; number < listeners; number++) {
		visitors[number] = (struct tour_visitor){ .go = -1, .done = -1 };
		listen = listen && tour_visitor_start(tour, listen_work, &visitors[number]) == 0 && tour_visitor_go(&visitors[number]);
		if (!listen && heard_at(tour, number)->error)
			tour_missing(tour, "%s", heard_at(tour, number)->words);
	}
	return listen;
}

static void end_listening(struct tour_visitor *visitors, unsigned int listeners, bool wait)
{
	char byte = 0;

	for (unsigned int i = 0; i < listeners; i++)
		if (visitors[i].pid && wait)
			(void)!write(visitors[i].go, &byte, 1);
	for (unsigned int i = 0; i < listeners; i++)
		tour_visitor_end(&visitors[i]);
}

static void add_heard(struct tour *tour, pid_t pid, const struct heard *heard)
{
	if (!heard->came)
		return;
	tour_row(tour);
	tour_printf(tour, "pid %d", (int)pid);
	if (heard->sender_pid)
		tour_printf(tour, "pid %u", heard->sender_pid);
	else
		tour_text(tour, "kernel");
	tour_text(tour, heard->address);
	tour_number(tour, heard->bytes);
	tour_shown(tour, arena_copy(&tour->arena, heard->text, strlen(heard->text)));
}

/* What LISTENERS at GROUP hear of what DO does. */
static void say_heard(struct tour *tour, unsigned int listeners, const char *to, tour_function *work)
{
	struct tour_visitor visitors[2];
	pid_t pids[2] = { 0 };
	const bool listen = begin_listening(tour, visitors, listeners, to);

	for (unsigned int i = 0; i < listeners; i++)
		pids[i] = visitors[i].pid;
	if (listen)
		work(tour);
	end_listening(visitors, listeners, listen);
	for (unsigned int i = 0; i < listeners; i++)
		add_heard(tour, pids[i], heard_at(tour, i));
}

static void turn_knob(struct tour *tour)
{
	if (ferry_set(tour->ferry, (const char *const[]){ "sysctl/net/ipv4/conf/lo/rp_filter=1", NULL }, 0, NULL, NULL) < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
	tour_record(tour);
}

static void send_message(struct tour *tour)
{
	static const char text[] = "hello from the tour";

	if (ferry_send(tour->ferry, heard_at(tour, 0)->port, 0, text, strlen(text)) < 0)
		tour_missing(tour, "%s", ferry_error(tour->ferry));
}

static void make_table(struct tour *tour)
{
	const char *output = "";
	const int status = tour_run(tour, (const char *const[]){ "nft", "add", "table", "ip", "tour", NULL }, &output);

	if (status == EXIT_NO_PROGRAM)
		tour_missing_phrase(tour, PHRASE_not_installed, "nft");
	else if (status)
		tour_missing_phrase(tour, PHRASE_not_here, output ? output : "");
}

static void say_filters(struct tour *tour)
{
	tour_say(tour, ipsec, COLUMN_address, COLUMN_before, COLUMN_after);
	tour_set(tour, "netlink/xfrm/policy/out/10.79.0.0/16/10.80.0.0/16={action=block}");
	tour_say(tour, netfilter, COLUMN_listener, COLUMN_sender, COLUMN_address, COLUMN_bytes, COLUMN_heard);
	say_heard(tour, 1, "netlink/netfilter/nftables", make_table);
	/* No document covers it: it goes as it came. */
	tour_run(tour, (const char *const[]){ "nft", "delete", "table", "ip", "tour", NULL }, NULL);
}

void tour_netlink(struct tour *tour)
{
	make_links(tour);
	say_asking(tour);
	tour_say(tour, heard, COLUMN_listener, COLUMN_sender, COLUMN_address, COLUMN_bytes, COLUMN_heard);
	say_heard(tour, 2, "netlink/route/ipv4_netconf", turn_knob);
	say_filters(tour);
	tour_say(tour, between, COLUMN_listener, COLUMN_sender, COLUMN_address, COLUMN_bytes, COLUMN_heard);
	say_heard(tour, 1, NULL, send_message);
}

/* ---- net-tools and iproute2 ---- */

static const char *asked_address;

static void get_work(struct tour *tour)
{
	struct ferry *ferry;

	(void)tour;
	if (ferry_new(&ferry) == 0)
		ferry_get(ferry, asked_address, 0, ignore, NULL);
}

static void say_doors(struct tour *tour)
{
	static const char *const addresses[] = { "ioctl/lo/mtu", "sysfs/class/net/lo/mtu", "netlink/route/link/lo/mtu" };

	tour_say(tour, mtu, COLUMN_address, COLUMN_answer, COLUMN_crossings, COLUMN_time);
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct tour_counted counted;
		bool known;

		asked_address = addresses[i];
		known = tour_count(tour, get_work, false, &counted);
		tour_row(tour);
		tour_text(tour, addresses[i]);
		tour_shown(tour, tour_get(tour, addresses[i]));
		tour_number(tour, known ? tour_figure(counted.figures, "triggers", "system calls", "count") - 1 : UINT64_MAX);
		tour_number(tour, known ? tour_figure(counted.figures, "triggers", "system calls", "time") -
						  tour_figure(counted.figures, "calls", "exit_group", "time")
					: UINT64_MAX);
		tour_counted_done(&counted);
	}
	tour_picture(tour, COLUMN_crossings);
}

static const struct question {
	const char *words, *program, *arguments[6];
	bool routes; /* else the MTU */
} questions[] = {
	{ "what is the MTU of lo?", "ifconfig", { "ifconfig", "lo" }, false },
	{ "what is the MTU of lo?", "ip", { "ip", "link", "show", "dev", "lo" }, false },
	{ "how many IPv4 routes?", "route", { "route", "-n" }, true },
	{ "how many IPv4 routes?", "ip", { "ip", "-4", "route" }, true },
};

static const struct question *asked;

static void program_work(struct tour *tour)
{
	const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)tour;
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	execvp(asked->program, (char *const *)asked->arguments);
}

/* A route is a line that begins with an address. */
static void add_answer(struct tour *tour, const struct question *question, const char *output)
{
	const char *mtu = strstr(output, "mtu ");
	unsigned int lines = 0;

	for (const char *line = output; *line; line += strcspn(line, "\n"), line += *line == '\n')
		lines += (*line >= '0' && *line <= '9') || !strncmp(line, "default", 7);
	if (question->routes)
		tour_printf(tour, "%u", lines);
	else
		tour_printf(tour, "%.*s", mtu ? (int)strspn(mtu + 4, "0123456789") : 0, mtu ? mtu + 4 : "");
}

void tour_tools(struct tour *tour)
{
	say_doors(tour);
	tour_say(tour, programs, COLUMN_question, COLUMN_program, COLUMN_answer, COLUMN_crossings, COLUMN_processor);
	for (unsigned int i = 0; i < ARRAY_SIZE(questions); i++) {
		const char *output = "";
		struct tour_counted counted;
		bool known;

		asked = &questions[i];
		if (tour_run(tour, asked->arguments, &output) == EXIT_NO_PROGRAM) {
			tour_missing_phrase(tour, PHRASE_not_installed, asked->program);
			continue;
		}
		known = tour_count(tour, program_work, true, &counted);
		tour_row(tour);
		tour_text(tour, asked->words);
		tour_text(tour, asked->program);
		add_answer(tour, asked, output ? output : "");
		tour_number(tour, known ? tour_figure(counted.figures, "triggers", "system calls", "count") : UINT64_MAX);
		tour_number(tour, known ? ferry_value_number(value_field(counted.figures, "processor")) : UINT64_MAX);
		tour_counted_done(&counted);
	}
	tour_picture(tour, COLUMN_crossings);
}
