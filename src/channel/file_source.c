/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source for files of sysfs and procfs (and of sysctl, where there is no BPF): fanotify tells that a write succeeded and whose it was, the
 * baseline what stood there before; the probe, where it can, that one to sysfs was refused. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "channel/baseline.h"
#include "channel/path-parts.h"
#include "channel/source.h"
#include "wire/fanotify.h"
#include "wire/file.h"

/* The longest that an event is taken to wait for an idle recorder, ns. */
#define WAKE_UP 10000000
/* Refusals that are held. */
#define REFUSED_MAXIMUM 1024

struct refused {
	struct refused *next;
	struct origin origin;
	int result;
	char *written; /* NULL: not known */
	size_t length;
	bool cut;
	char path[sizeof("/sys") + PATH_PARTS_ROOM];
};

struct file_source {
	struct recording recording;
	struct baseline *baseline;
	struct netlink_source *route;
	struct fanotify *fanotify;
	bool with_sysctl;
	uint32_t device; /* of our sysfs, as the kernel numbers it: that of another network namespace is another one */
	struct refused *first, **tail;
	unsigned int refused_count;
	uint64_t last;  /* boottime of the last event: a gap begins there */
	uint64_t begun; /* when the last reading began */
	uint64_t since; /* no event that is read now is older */
};

int file_source_open(const struct recording *recording, struct baseline *baseline, struct netlink_source *route, bool with_sysctl,
		     struct file_source **ret, struct error *error)
{
	static const char *const paths[] = { "/proc", "/sys", NULL };
	struct file_source *source = calloc(1, sizeof(*source));
	struct stat status;
	int r;

	if (!source)
		return error_set(error, -ENOMEM, "no memory for the file source");
	source->recording = *recording;
	source->baseline = baseline;
	source->route = route;
	source->with_sysctl = with_sysctl;
	source->tail = &source->first;
	source->last = source->begun = boottime_now();
	if (stat("/sys", &status) == 0)
		source->device = (uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev));
	r = fanotify_open(paths, &source->fanotify, error);
	if (r < 0) {
		free(source);
		return r;
	}
	*ret = source;
	return 0;
}

static struct refused *refused_take(struct file_source *source)
{
	struct refused *refused = source->first;

	if (!refused)
		return NULL;
	source->first = refused->next;
	if (!source->first)
		source->tail = &source->first;
	source->refused_count--;
	return refused;
}

static void refused_free(struct refused *refused)
{
	actor_unref(refused->origin.actor);
	free(refused->written);
	free(refused);
}

struct file_source *file_source_close(struct file_source *source)
{
	struct refused *refused;

	if (!source)
		return NULL;
	while ((refused = refused_take(source)))
		refused_free(refused);
	fanotify_close(source->fanotify);
	free(source);
	return NULL;
}

int file_source_descriptor(const struct file_source *source)
{
	return fanotify_descriptor(source->fanotify);
}

/* One write, as far as it is known. */
struct written {
	struct file_source *source;
	const struct fanotify_event *event;
	const char *address;
	const struct nature *nature;
	struct buffer now, before;
	bool readable, known;
};

static void trim(struct buffer *buffer)
{
	while (buffer->length && buffer->data[buffer->length - 1] == '\n')
		buffer->data[--buffer->length] = '\0';
}

static void read_now(struct written *written)
{
	_cleanup_close_ int opened = -1;
	int descriptor = written->event->descriptor;

	if (written->nature && written->nature->flags & (NATURE_SLOW | NATURE_SECRET))
		return;
	if (descriptor < 0)
		descriptor = opened = file_open(-1, written->event->path, O_RDONLY);
	if (descriptor < 0)
		return;
	written->readable = file_read(descriptor, strncmp(written->address, "sysctl/", 7) ? 0 : FILE_READ_SINGLE, 0, &written->now) >= 0;
	trim(&written->now);
	buffer_add(&written->now, "", 0);
}

static bool is_sysfs(const char *address)
{
	return !strncmp(address, "sysfs/", 6);
}

static const char *knob_json(const struct written *written, struct buffer *ret, const struct buffer *content)
{
	file_value_json(ret, content->data, content->length, is_sysfs(written->address));
	return ret->failed ? NULL : ret->data;
}

/* The link whose attribute the file shows; NULL where it is no such file. */
static char *link_of(const struct written *written)
{
	static const char prefix[] = "sysfs/class/net/";
	const char *name = written->address + strlen(prefix);

	if (!written->source->route || !written->nature || !nature_other(written->nature) ||
	    strcmp(nature_other(written->nature), "netlink/route/link") || strncmp(written->address, prefix, strlen(prefix)))
		return NULL;
	return strndup(name, (size_t)(strchrnul(name, '/') - name));
}

/* A file that shows a link's attribute: the link's own message has told the change already, with more. */
static bool told_by_link(const struct written *written, const char *interface)
{
	struct file_source *source = written->source;

	if (!interface || written->nature->flags & NATURE_QUIET)
		return false;
	netlink_source_receive(source->route);
	source->recording.pump(source->recording.sink);
	netlink_source_process(source->route);
	return netlink_source_mirrored(source->route, (uint32_t)written->event->pid, interface);
}

static enum ferry_door door_of(const char *address)
{
	return is_sysfs(address) ? FERRY_DOOR_SYSFS : strncmp(address, "sysctl/", 7) ? FERRY_DOOR_PROCFS : FERRY_DOOR_SYSCTL;
}

static void tell(const struct written *written, const char *interface)
{
	struct recording *recording = &written->source->recording;
	_cleanup_buffer_ struct buffer was = { 0 }, is = { 0 };
	struct ferry_change change = { .boottime = boottime_now(),
				       .kind = FERRY_CHANGED,
				       .address = written->address,
				       .door = door_of(written->address),
				       .consistency = written->known && written->readable ? FERRY_WHOLE : FERRY_UNKNOWN };

	change.source = change.door == FERRY_DOOR_SYSFS ? "sysfs" : change.door == FERRY_DOOR_PROCFS ? "procfs" : "sysctl";
	change.before = written->known ? knob_json(written, &was, &written->before) : NULL;
	change.after = written->readable ? knob_json(written, &is, &written->now) : NULL;
	if (!strncmp(written->address, "sysctl/net/", 11))
		change.netns = recording->netns;
	change.actor = probe_actor_since(recording->probe, (uint32_t)written->event->pid, written->source->since);
	change.id = recording->emit(recording->sink, &change);
	if (interface)
		netlink_source_look(
			written->source->route, interface,
			&(struct origin){
				.actor = change.actor, .door = change.door, .boottime = change.boottime, .pid = (uint32_t)written->event->pid },
			change.id);
	actor_unref(change.actor);
}

static void settle(struct written *written)
{
	struct file_source *source = written->source;
	bool action = written->nature && written->nature->nature == FERRY_ACTION;
	_cleanup_free_ char *interface = link_of(written);

	read_now(written);
	if (written->readable)
		written->known = baseline_swap(source->baseline, written->address, written->now.data, written->now.length, &written->before) >= 0;
	buffer_add(&written->before, "", 0);
	if (written->known && !action && file_value_same(written->before.data, written->before.length, written->now.data, written->now.length))
		return;
	if (!told_by_link(written, interface))
		tell(written, interface);
}

static int event(void *data, const struct fanotify_event *event)
{
	struct file_source *source = data;
	_cleanup_buffer_ struct buffer address = { 0 };
	struct written written = { .source = source, .event = event };

	source->recording.count(source->recording.sink, 1, 0);
	source->last = boottime_now();
	if (!event->path || file_canonical(source->recording.machine, event->path, &address) < 0 || address.failed)
		return 0;
	written.address = address.data;
	written.nature = nature_of(address.data);
	if ((!source->with_sysctl && !strncmp(address.data, "sysctl/", 7)) || (written.nature && written.nature->flags & NATURE_NOISE))
		return 0;
	settle(&written);
	buffer_done(&written.now);
	buffer_done(&written.before);
	return 0;
}

/* ---- Refusals ---- */

void file_source_refused(struct file_source *source, const struct event_file *event)
{
	struct refused *refused;

	/* From -512 to -516 it begins anew, as another write. */
	if (event->header.size < sizeof(*event) || event->device != source->device || event->result >= 0 ||
	    (event->result <= -512 && event->result >= -516))
		return;
	refused = source->refused_count < REFUSED_MAXIMUM ? calloc(1, sizeof(*refused)) : NULL;
	if (!refused) {
		source->recording.drop(source->recording.sink, "sysfs and procfs", event->header.time);
		return;
	}
	refused->origin = (struct origin){ .actor = probe_actor(source->recording.probe, &event->header.task), .boottime = event->header.time };
	refused->result = (int)event->result;
	if (event->text_length >= 0) {
		refused->cut = event->text_length > EVENT_TEXT_MAXIMUM;
		refused->length = strnlen(event->text, refused->cut ? EVENT_TEXT_MAXIMUM : (size_t)event->text_length);
		refused->written = strndup(event->text, refused->length);
	}
	memcpy(refused->path, "/sys", 4);
	path_parts_join(event->path, event->path_length, refused->path + 4);
	*source->tail = refused;
	source->tail = &refused->next;
	source->refused_count++;
}

/* What stands there, and what was to stand there. */
static void tell_refused(struct file_source *source, const struct refused *refused, const char *address)
{
	const struct nature *nature = nature_of(address);
	_cleanup_buffer_ struct buffer now = { 0 }, was = { 0 }, wanted = { 0 };
	struct ferry_change change = { .boottime = refused->origin.boottime,
				       .kind = FERRY_CHANGED,
				       .address = address,
				       .door = FERRY_DOOR_SYSFS,
				       .actor = refused->origin.actor,
				       .result = refused->result,
				       .consistency = refused->cut || !refused->written ? FERRY_UNKNOWN : FERRY_WHOLE,
				       .source = "sysfs" };
	bool secret = nature && nature->flags & NATURE_SECRET;

	if (nature && nature->flags & NATURE_NOISE)
		return;
	if (!secret && !(nature && nature->flags & NATURE_SLOW) && file_read_address(source->recording.machine, address, &now) >= 0) {
		trim(&now);
		buffer_add(&now, "", 0);
		file_value_json(&was, now.data, now.length, true);
		change.before = was.failed ? NULL : was.data;
	}
	if (refused->written && secret)
		buffer_add_text(&wanted, "\"(secret)\"");
	else if (refused->written)
		file_value_json(&wanted, refused->written, strcspn(refused->written, "\n"), false);
	change.after = wanted.failed ? NULL : wanted.data;
	source->recording.count(source->recording.sink, 1, 0);
	source->recording.emit(source->recording.sink, &change);
}

static void process_refused(struct file_source *source)
{
	struct refused *refused;

	while ((refused = refused_take(source))) {
		_cleanup_buffer_ struct buffer address = { 0 };

		if (file_canonical(source->recording.machine, refused->path, &address) >= 0 && !address.failed)
			tell_refused(source, refused, address.data);
		refused_free(refused);
	}
}

static void tell_lost(struct file_source *source, uint64_t lost)
{
	struct ferry_change gap = {
		.kind = FERRY_GAP, .boottime = boottime_now(), .source = "sysfs and procfs", .lost = lost, .from = boottime_to_realtime(source->last)
	};

	gap.to = gap.time = boottime_to_realtime(gap.boottime);
	if (lost != UINT64_MAX)
		source->recording.count(source->recording.sink, 0, lost);
	source->recording.emit(source->recording.sink, &gap);
}

int file_source_process(struct file_source *source)
{
	uint64_t lost = 0, begin = boottime_now(), last = source->begun;
	int r;

	/* What came while the reading before this one went on, or has woken us just now. */
	source->since = begin - last > WAKE_UP ? begin - WAKE_UP : last;
	source->begun = begin;
	process_refused(source);
	r = fanotify_read(source->fanotify, event, source, &lost);
	if (lost)
		tell_lost(source, lost);
	return r;
}
