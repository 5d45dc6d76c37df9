/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorder: one loop over the sources. Whatever wakes it, it takes in what all of them have (the kernel's buffers are small), and then tells. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "base/time.h"
#include "channel/baseline.h"
#include "lib/recorder.h"
#include "model/address.h"

/* A signal that sets *STOP just before the wait begins does not end it: this is how late it is noticed at the most. */
#define STOP_LATENCY 1000000000ull
/* What the first reading of sysfs may take before recording begins, and in each slice afterwards. */
#define BASELINE_FIRST 250000000ull
#define BASELINE_SLICE 2000000ull
#define BASELINE_PAUSE 8000000ull

/* ---- The netlink sources that there are ---- */

static struct netlink_source **source_from(struct ferry_recorder *recorder, size_t index)
{
	for (; index < PROTOCOL_COUNT; index++)
		if (recorder->netlink[index])
			return &recorder->netlink[index];
	return NULL;
}

static struct netlink_source **first_source(struct ferry_recorder *recorder)
{
	return source_from(recorder, 0);
}

static struct netlink_source **next_source(struct ferry_recorder *recorder, struct netlink_source **source)
{
	return source_from(recorder, (size_t)(source - recorder->netlink) + 1);
}

/* ---- What the probe tells goes to the source that it is about ---- */

static void take_notice(struct ferry_recorder *recorder, const struct event_notice *notice)
{
	if (notice->socket < PROTOCOL_COUNT && recorder->by_socket[notice->socket])
		netlink_source_notice(recorder->by_socket[notice->socket], notice);
}

static int event(void *data, const struct event_header *header)
{
	struct ferry_recorder *recorder = data;

	switch (header->type) {
	case EVENT_NOTICE:
		take_notice(recorder, (const struct event_notice *)header);
		break;
	case EVENT_REFUSED:
	case EVENT_REQUEST:
		for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
			netlink_source_refused(*source, (const struct event_message *)header);
		break;
	case EVENT_SYSCTL:
	case EVENT_SYSCTL_END:
		if (recorder->sysctl)
			sysctl_source_event(recorder->sysctl, header);
		break;
	case EVENT_FILE:
		if (recorder->file)
			file_source_refused(recorder->file, (const struct event_file *)header);
		break;
	case EVENT_MODULE:
		if (recorder->module)
			module_source_event(recorder->module, (const struct event_module *)header);
		break;
	}
	return 0;
}

static void pump(void *sink)
{
	struct ferry_recorder *recorder = sink;

	if (recorder->probe)
		(void)!probe_read(recorder->probe, event, recorder);
}

static void before(void *sink, uint64_t boottime)
{
	struct ferry_recorder *recorder = sink;

	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		netlink_source_refusals(*source, boottime);
	if (recorder->sysctl)
		sysctl_source_process(recorder->sysctl, boottime);
	if (recorder->module)
		module_source_process(recorder->module, boottime);
}

static uint64_t sysctl_cause(void *sink, uint32_t tid, uint64_t boottime, bool *ret_pending)
{
	struct ferry_recorder *recorder = sink;

	*ret_pending = false;
	if (!recorder->sysctl)
		return 0;
	pump(recorder);
	sysctl_source_process(recorder->sysctl, boottime);
	return sysctl_source_cause(recorder->sysctl, tid, boottime, ret_pending);
}

/* Its files are read once the hurry is over. */
static void link_added(void *sink, const char *name, uint32_t index)
{
	struct ferry_recorder *recorder = sink;

	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		netlink_source_link_added(*source, index);
	if (baseline_interface(recorder->baseline, name) >= 0)
		recorder->baseline_more = true;
}

static void link_removed(void *sink, uint32_t index, const struct origin *origin, uint64_t cause)
{
	struct ferry_recorder *recorder = sink;

	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		netlink_source_link_removed(*source, index, origin, cause);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a ? b : !b || a < b ? a : b;
}

static void set_timer(struct ferry_recorder *recorder, uint64_t boottime)
{
	(void)!time_boot_arm(recorder->timer, boottime);
}

/* ---- Starting ---- */

static int watch_descriptor(struct ferry_recorder *recorder, int descriptor)
{
	struct epoll_event wanted = { .events = EPOLLIN, .data.fd = descriptor };

	if (descriptor < 0)
		return 0;
	return epoll_ctl(recorder->poll, EPOLL_CTL_ADD, descriptor, &wanted) < 0 ? -errno : 0;
}

static int copy_addresses(struct ferry_recorder *recorder, const char *const *addresses)
{
	unsigned int count = 0;

	if (!addresses || !*addresses)
		return 0;
	while (addresses[count])
		count++;
	recorder->addresses = calloc(count + 1, sizeof(char *));
	if (!recorder->addresses)
		return error_set(&recorder->ferry->error, -ENOMEM, "no memory for the addresses");
	for (unsigned int i = 0; i < count; i++) {
		int r = ferry_address(recorder->ferry, addresses[i], &recorder->addresses[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static void missing(char **why, const struct error *error)
{
	*why = strdup(error->text);
}

/* Whether changes of what is below NAME, or of all above it, are asked for. */
static bool is_wanted(const struct ferry_recorder *recorder, const char *name)
{
	if (!recorder->addresses)
		return true;
	for (unsigned int i = 0; recorder->addresses[i]; i++)
		if (address_under(name, recorder->addresses[i]) || address_under(recorder->addresses[i], name))
			return true;
	return false;
}

static void open_netlink(struct ferry_recorder *recorder, unsigned int receive_buffer)
{
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++) {
		struct error error = { 0 };

		if (!protocols[i]->rules)
			recorder->missing.netlink[i] = strdup("the kernel does not tell when a socket comes or goes");
		else if (netlink_source_open(protocols[i], &recorder->ferry->machine, receive_buffer, is_wanted(recorder, protocols[i]->name),
					     &recorder->netlink[i], &error) < 0)
			missing(&recorder->missing.netlink[i], &error);
		else if (netlink_source_waits(recorder->netlink[i]))
			missing(&recorder->missing.netlink[i], &recorder->ferry->machine.error);
	}
}

static int open_files(struct ferry_recorder *recorder)
{
	struct error error = { 0 };
	const char *why = probe_state(recorder->probe, PROBE_SYSCTL)->why;
	bool sysctl = probe_state(recorder->probe, PROBE_SYSCTL)->active;
	int r;

	r = baseline_new(&recorder->ferry->machine, &recorder->baseline, &error);
	if (r < 0)
		return error_set(&recorder->ferry->error, r, "%s", error.text);
	if (sysctl) {
		r = sysctl_source_open(&recorder->recording, recorder->baseline, &recorder->sysctl);
		if (r < 0)
			return error_set(&recorder->ferry->error, r, "cannot watch sysctl: %s", error_text(r));
	} else {
		recorder->missing.sysctl = why ? strdup(why) : NULL;
	}
	r = file_source_open(&recorder->recording, recorder->baseline, recorder->netlink[PROTOCOL_AT_route], !sysctl, &recorder->file, &error);
	if (r < 0)
		missing(&recorder->missing.file, &error);
	if (!probe_state(recorder->probe, PROBE_MODULE)->active)
		return 0;
	r = module_source_open(&recorder->recording, &recorder->module);
	return r < 0 ? error_set(&recorder->ferry->error, r, "cannot watch modules: %s", error_text(r)) : 0;
}

static const char *why_not_netlink(const struct ferry_recorder *recorder, const char *address)
{
	const char *why = NULL;

	for (unsigned int i = PROTOCOL_COUNT; i-- > 0;) {
		if (!address_under(protocols[i]->name, address) && !address_under(address, protocols[i]->name))
			continue;
		if (recorder->netlink[i] && !netlink_source_waits(recorder->netlink[i]))
			return NULL;
		why = recorder->missing.netlink[i];
	}
	return why ? why : "the kernel does not allow it";
}

/* What the probe and the sources lack, in the words of the first that says it; NULL where ADDRESS can be watched. */
static const char *why_not(const struct ferry_recorder *recorder, const char *address)
{
	const char *why = recorder->missing.file;
	bool watched = recorder->file;

	if (!strncmp(address, "ioctl", 5))
		return "what is changed by ioctl is told below netlink/route/link, netlink/route/addr and netlink/route/route";
	if (!strncmp(address, "netlink", 7))
		return why_not_netlink(recorder, address);
	if (!strncmp(address, "sysctl", 6) && !watched) {
		watched = recorder->sysctl;
		why = recorder->missing.sysctl;
	}
	return watched ? NULL : why ? why : "the kernel does not allow it";
}

/* A recorder that can see nothing of what it was asked for would look as if nothing happened. */
static int check_watched(struct ferry_recorder *recorder)
{
	const char *why = NULL;

	if (!recorder->addresses) {
		if (first_source(recorder) || recorder->sysctl || recorder->file)
			return 0;
		return error_set(&recorder->ferry->error, -EPERM, "nothing can be watched: %s", why_not(recorder, "netlink"));
	}
	for (char **address = recorder->addresses; *address; address++) {
		why = why_not(recorder, *address);
		if (!why)
			return 0;
	}
	return error_set(&recorder->ferry->error, strncmp(recorder->addresses[0], "ioctl", 5) ? -EPERM : -EOPNOTSUPP, "%s cannot be watched: %s",
			 recorder->addresses[0], why);
}

static int open_sources(struct ferry_recorder *recorder, const struct ferry_recorder_options *options)
{
	struct ferry *ferry = recorder->ferry;
	int sockets[PROTOCOL_COUNT], r;
	unsigned int count = 0;

	open_netlink(recorder, options->receive_buffer);
	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source)) {
		recorder->by_socket[count] = *source;
		sockets[count++] = netlink_source_descriptor(*source);
	}
	r = probe_new(sockets, count, &recorder->probe, &ferry->error);
	if (r < 0)
		return r;
	recorder->recording = (struct recording){ .machine = &ferry->machine,
						  .probe = recorder->probe,
						  .netns = (uint32_t)ferry->netns,
						  .sink = recorder,
						  .emit = recorder_emit,
						  .count = recorder_count,
						  .drop = recorder_drop,
						  .pump = pump,
						  .before = before,
						  .sysctl_cause = sysctl_cause,
						  .link_added = link_added,
						  .link_removed = link_removed };
	r = open_files(recorder);
	for (struct netlink_source **source = first_source(recorder); r >= 0 && source; source = next_source(recorder, source))
		r = netlink_source_start(*source, &recorder->recording, &ferry->error);
	if (r < 0)
		return r;
	r = check_watched(recorder);
	if (r < 0)
		return r;
	if (recorder->file || recorder->sysctl)
		recorder->baseline_more = baseline_step(recorder->baseline, BASELINE_FIRST) > 0;
	return 0;
}

static int open_poll(struct ferry_recorder *recorder)
{
	int r;

	recorder->poll = epoll_create1(EPOLL_CLOEXEC);
	recorder->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (recorder->poll < 0 || recorder->timer < 0)
		return error_set(&recorder->ferry->error, -errno, "cannot make the recorder's event loop: %s", error_text(errno));
	r = watch_descriptor(recorder, recorder->timer);
	for (struct netlink_source **source = first_source(recorder); r >= 0 && source; source = next_source(recorder, source))
		r = watch_descriptor(recorder, netlink_source_descriptor(*source));
	if (r >= 0)
		r = watch_descriptor(recorder, probe_descriptor(recorder->probe));
	if (r >= 0 && recorder->file)
		r = watch_descriptor(recorder, file_source_descriptor(recorder->file));
	return r < 0 ? error_set(&recorder->ferry->error, r, "cannot watch the recorder's sources: %s", error_text(r)) : 0;
}

static int open_history(struct ferry_recorder *recorder, const struct ferry_recorder_options *options)
{
	struct error *error = &recorder->ferry->error;
	int r = history_create(options->history, options->keep_time, options->keep_bytes, &recorder->history, error);

	return r < 0 ? error_wrap(error, "the history") : 0;
}

int ferry_recorder_new(struct ferry *ferry, const struct ferry_recorder_options *options, struct ferry_recorder **ret_recorder)
{
	struct ferry_recorder *recorder = calloc(1, sizeof(*recorder));
	int r;

	if (!recorder)
		return error_set(&ferry->error, -ENOMEM, "no memory for the recorder");
	if (ferry->machine.root) {
		free(recorder);
		return error_set(&ferry->error, -EOPNOTSUPP, "the running kernel tells of changes: none are seen below another root (%s)",
				 ferry->machine.root);
	}
	recorder->ferry = ferry;
	recorder->poll = recorder->timer = -1;
	recorder->function = options->function;
	recorder->data = options->data;
	r = copy_addresses(recorder, options->addresses);
	if (r >= 0 && options->history)
		r = open_history(recorder, options);
	if (r >= 0)
		r = open_sources(recorder, options);
	if (r >= 0)
		r = open_poll(recorder);
	if (r >= 0 && recorder->baseline_more)
		set_timer(recorder, boottime_now() + BASELINE_PAUSE);
	if (r < 0) {
		ferry_recorder_free(recorder);
		return r;
	}
	*ret_recorder = recorder;
	return 0;
}

struct ferry_recorder *ferry_recorder_free(struct ferry_recorder *recorder)
{
	if (!recorder)
		return NULL;
	file_source_close(recorder->file);
	sysctl_source_close(recorder->sysctl);
	module_source_close(recorder->module);
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		netlink_source_close(recorder->netlink[i]);
	probe_free(recorder->probe);
	baseline_free(recorder->baseline);
	recorder_flush(recorder, true);
	history_close(recorder->history);
	if (recorder->poll >= 0)
		close(recorder->poll);
	if (recorder->timer >= 0)
		close(recorder->timer);
	for (char **address = recorder->addresses; address && *address; address++)
		free(*address);
	free(recorder->addresses);
	for (unsigned int i = 0; i < PROTOCOL_COUNT; i++)
		free(recorder->missing.netlink[i]);
	free(recorder->missing.sysctl);
	free(recorder->missing.file);
	free(recorder);
	return NULL;
}

/* ---- Running ---- */

int ferry_recorder_descriptor(const struct ferry_recorder *recorder)
{
	return recorder->poll;
}

/* Identities and refusals that the probe itself had no room for. */
static void tell_probe_lost(struct ferry_recorder *recorder)
{
	uint64_t lost = probe_lost(recorder->probe, EVENT_REFUSED) + probe_lost(recorder->probe, EVENT_SYSCTL) +
			probe_lost(recorder->probe, EVENT_FILE) + probe_lost(recorder->probe, EVENT_MODULE);
	struct ferry_change gap = { .kind = FERRY_GAP, .boottime = boottime_now(), .source = "probe", .lost = lost - recorder->told_lost };

	if (lost == recorder->told_lost)
		return;
	recorder->told_lost = lost;
	gap.from = gap.to = boottime_to_realtime(gap.boottime);
	recorder_count(recorder, 0, gap.lost);
	recorder_emit(recorder, &gap);
	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		netlink_source_answers_lost(*source);
}

/* NEXT, or the time before it at which one of them wants to be called again. */
static uint64_t process_netlink(struct ferry_recorder *recorder, uint64_t next)
{
	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		next = earlier(next, netlink_source_process(*source));
	return next;
}

bool ferry_recorder_ready(const struct ferry_recorder *recorder)
{
	return !recorder->baseline_more;
}

int ferry_recorder_process(struct ferry_recorder *recorder)
{
	uint64_t next = 0, expired;
	int r = 0;

	while (read(recorder->timer, &expired, sizeof(expired)) > 0)
		;
	for (struct netlink_source **source = first_source(recorder); r >= 0 && source; source = next_source(recorder, source))
		r = netlink_source_receive(*source);
	pump(recorder);
	recorder->offset = boottime_to_realtime(0);
	next = process_netlink(recorder, next);
	if (recorder->sysctl)
		next = earlier(next, sysctl_source_process(recorder->sysctl, UINT64_MAX));
	if (recorder->module)
		module_source_process(recorder->module, UINT64_MAX);
	if (recorder->file && r >= 0)
		r = file_source_process(recorder->file);
	/* A file may have led to a look at the socket and what it shows. */
	if (recorder->file)
		next = process_netlink(recorder, next);
	if (recorder->baseline_more) {
		recorder->baseline_more = baseline_step(recorder->baseline, BASELINE_SLICE) > 0;
		next = earlier(next, recorder->baseline_more ? boottime_now() + BASELINE_PAUSE : 0);
	}
	tell_probe_lost(recorder);
	recorder_tell_dropped(recorder);
	recorder_flush(recorder, false);
	if (recorder->history)
		next = earlier(next, history_due(recorder->history));
	set_timer(recorder, next);
	if (r < 0)
		return error_set(&recorder->ferry->error, r, "cannot read what the kernel tells: %s", error_text(r));
	return recorder->stopped;
}

int ferry_recorder_finish(struct ferry_recorder *recorder)
{
	int r = ferry_recorder_process(recorder);

	for (struct netlink_source **source = first_source(recorder); source; source = next_source(recorder, source))
		netlink_source_finish(*source);
	tell_probe_lost(recorder);
	recorder_tell_dropped(recorder);
	recorder_flush(recorder, true);
	return r ? r : recorder->stopped;
}

int ferry_recorder_run(struct ferry_recorder *recorder, const volatile bool *stop, uint64_t until)
{
	if (until)
		until = time_boot_of(until);
	while (!*stop) {
		struct pollfd wait = { .fd = recorder->poll, .events = POLLIN };
		uint64_t now = boottime_now(), most = STOP_LATENCY;
		int r;

		if (until && now >= until)
			break;
		if (until && until - now < most)
			most = until - now;
		if (poll(&wait, 1, (int)(most / 1000000u) + 1) < 0 && errno != EINTR)
			return error_set(&recorder->ferry->error, -errno, "cannot wait for changes: %s", error_text(errno));
		r = ferry_recorder_process(recorder);
		if (r)
			return r;
	}
	return ferry_recorder_finish(recorder);
}

int ferry_recorder_coverage(struct ferry_recorder *recorder, ferry_coverage_function *function, void *data)
{
	return recorder_coverage(recorder, function, data);
}

void ferry_recorder_counts(const struct ferry_recorder *recorder, struct ferry_recorder_counts *ret_counts)
{
	*ret_counts = recorder->counts;
	if (!recorder->history)
		return;
	ret_counts->kept = history_kept(recorder->history);
	ret_counts->unkept = history_waiting(recorder->history) + recorder->history_lost;
}

int ferry_recorder_trouble(const struct ferry_recorder *recorder, const char **ret_words)
{
	return recorder->history ? history_trouble(recorder->history, ret_words) : 0;
}
