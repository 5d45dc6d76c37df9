/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sysctl source. The probe tells an attempt, before the kernel's handler runs, with the value that stood there and the text written; and where
 * this kernel lets it, what the write returned. What became of the value is read back, or taken from the next attempt on the same knob, which saw it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/table.h"
#include "channel/baseline.h"
#include "channel/source.h"
#include "wire/file.h"

/* Attempts that are held, of some 500 bytes each: past that they are a gap, not memory without end. */
#define PENDING_MAXIMUM 32768
#define CAUSES          64
/* Without the kernel's word on a write's end: when it is taken to be over, as handlers take microseconds; and when an end is taken to be lost. */
#define SETTLED  3000000ull
#define END_LOST 2000000000ull
/* How near another thread's write of the same knob is for what is found there to be of either. */
#define NEAR 1000000000ull

struct text {
	char *data;
	int32_t length; /* negative errno: not known */
};

struct attempt {
	struct attempt *next;
	uint64_t number;
	struct origin origin;
	uint32_t netns;
	struct text before, written;
	bool cut, ended, again, end_comes;
	bool foreign; /* of another namespace than ours: the file that we could read shows another value */
	long long result;
	char name[EVENT_NAME_MAXIMUM + 8]; /* the address: "sysctl/net/ipv4/ip_forward" */
};

struct cause {
	uint64_t number, boottime;
	uint64_t knob; /* hash of its name */
	uint32_t tid;
};

struct sysctl_source {
	struct recording recording;
	struct baseline *baseline;
	struct attempt *first, **last;
	unsigned int count;
	struct cause causes[CAUSES];
	unsigned int next_cause;
	uint64_t lost, lost_until; /* attempts that nobody had room for; boottime until which they leave doubts */
	uint64_t dropped;          /* of these, those that there was no room for here */
};

int sysctl_source_open(const struct recording *recording, struct baseline *baseline, struct sysctl_source **ret)
{
	struct sysctl_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->recording = *recording;
	source->baseline = baseline;
	source->last = &source->first;
	*ret = source;
	return 0;
}

static void attempt_free(struct attempt *attempt)
{
	if (attempt->origin.actor)
		actor_unref(attempt->origin.actor);
	free(attempt->before.data);
	free(attempt->written.data);
	free(attempt);
}

struct sysctl_source *sysctl_source_close(struct sysctl_source *source)
{
	if (!source)
		return NULL;
	for (struct attempt *attempt = source->first, *next; attempt; attempt = next) {
		next = attempt->next;
		attempt_free(attempt);
	}
	free(source);
	return NULL;
}

/* ---- Events ---- */

static struct text text_of(const char *data, int32_t length, bool *cut)
{
	struct text text = { .length = length };

	if (length == -E2BIG) {
		*cut = true;
		length = EVENT_VALUE_MAXIMUM;
	}
	if (length < 0)
		return text;
	if (length > EVENT_VALUE_MAXIMUM)
		length = EVENT_VALUE_MAXIMUM;
	length = (int32_t)strnlen(data, (size_t)length);
	while (length && data[length - 1] == '\n')
		length--;
	text.data = strndup(data, (size_t)length);
	text.length = text.data ? length : -ENOMEM;
	return text;
}

static bool same_knob(const struct attempt *one, const struct attempt *other)
{
	return one->netns == other->netns && one->foreign == other->foreign && !strcmp(one->name, other->name);
}

/* An attempt that was lost may be one on any knob. */
static bool is_after_loss(struct sysctl_source *source, const struct attempt *attempt)
{
	uint64_t lost = probe_lost(source->recording.probe, EVENT_SYSCTL) + source->dropped;

	if (lost != source->lost) {
		source->lost = lost;
		source->lost_until = boottime_now() + NEAR;
	}
	return attempt->origin.boottime < source->lost_until;
}

/* Whether another thread wrote the same knob at about the same time. The probe reads the value before a write, and a writer can be held up between
 * that and its write: so neither what the next attempt found nor what stands there now tells for sure what this one left. */
static bool is_contended(struct sysctl_source *source, const struct attempt *attempt)
{
	uint64_t knob = table_hash(attempt->name, strlen(attempt->name));

	for (const struct attempt *other = source->first; other; other = other->next)
		if (other->origin.tid != attempt->origin.tid && same_knob(other, attempt))
			return true;
	for (unsigned int i = 0; i < CAUSES; i++) {
		const struct cause *other = &source->causes[i];

		if (other->knob == knob && other->tid != attempt->origin.tid && other->boottime + NEAR > attempt->origin.boottime)
			return true;
	}
	return is_after_loss(source, attempt);
}

/* The files whose content is that of the namespace of whoever opens them. */
static bool is_foreign(const struct sysctl_source *source, const struct attempt *attempt, uint32_t flags)
{
	static const struct {
		const char *pattern;
		uint32_t flag;
	} files[] = {
		{ "sysctl/kernel/hostname", EVENT_TASK_OTHER_UTS }, { "sysctl/kernel/domainname", EVENT_TASK_OTHER_UTS },
		{ "sysctl/kernel/shm*", EVENT_TASK_OTHER_IPC },     { "sysctl/kernel/msg*", EVENT_TASK_OTHER_IPC },
		{ "sysctl/kernel/sem*", EVENT_TASK_OTHER_IPC },     { "sysctl/kernel/auto_msgmni", EVENT_TASK_OTHER_IPC },
		{ "sysctl/fs/mqueue/*", EVENT_TASK_OTHER_IPC },
	};

	if (!strncmp(attempt->name, "sysctl/net/", 11))
		return attempt->netns != source->recording.netns;
	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++)
		if (flags & files[i].flag && nature_match(files[i].pattern, attempt->name))
			return true;
	return false;
}

static void begin(struct sysctl_source *source, const struct event_sysctl *event)
{
	struct attempt *attempt;

	if (source->count >= PENDING_MAXIMUM || !(attempt = calloc(1, sizeof(*attempt)))) {
		source->dropped++;
		source->recording.drop(source->recording.sink, "sysctl", event->header.time);
		return;
	}
	attempt->number = event->write_number;
	attempt->end_comes = event->result_follows;
	attempt->netns = event->header.task.netns;
	attempt->origin = (struct origin){ .actor = probe_actor(source->recording.probe, &event->header.task),
					   .door = FERRY_DOOR_SYSCTL,
					   .boottime = event->header.time,
					   .pid = event->header.task.key.pid,
					   .tid = event->header.task.tid };
	attempt->before = text_of(event->before, event->before_length, &attempt->cut);
	attempt->written = text_of(event->after, event->after_length, &attempt->cut);
	snprintf(attempt->name, sizeof(attempt->name), "sysctl/%.*s", EVENT_NAME_MAXIMUM - 1, event->name);
	attempt->foreign = is_foreign(source, attempt, event->header.task.flags);
	*source->last = attempt;
	source->last = &attempt->next;
	source->count++;
}

static void finish(struct sysctl_source *source, const struct event_sysctl_end *event)
{
	for (struct attempt *attempt = source->first; attempt; attempt = attempt->next)
		if (attempt->number == event->write_number) {
			attempt->ended = true;
			attempt->again =
				event->result <= -512 && event->result >= -516; /* ERESTARTSYS and its kin: it begins anew, as another attempt */
			attempt->result = event->result;
			return;
		}
}

void sysctl_source_event(struct sysctl_source *source, const struct event_header *event)
{
	if (event->type == EVENT_SYSCTL && event->size >= sizeof(struct event_sysctl))
		begin(source, (const struct event_sysctl *)event);
	else if (event->type == EVENT_SYSCTL_END && event->size >= sizeof(struct event_sysctl_end))
		finish(source, (const struct event_sysctl_end *)event);
}

/* ---- What became of it ---- */

static const struct attempt *later_attempt(const struct attempt *attempt)
{
	for (const struct attempt *later = attempt->next; later; later = later->next)
		if (same_knob(later, attempt))
			return later->before.length >= 0 ? later : NULL;
	return NULL;
}

static void trim(struct buffer *buffer)
{
	while (buffer->length && buffer->data[buffer->length - 1] == '\n')
		buffer->data[--buffer->length] = '\0';
}

static int read_back(const struct attempt *attempt, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer path = { 0 };
	_cleanup_close_ int descriptor = -1;
	int r;

	buffer_printf(&path, "/proc/sys/%s", attempt->name + strlen("sysctl/"));
	if (path.failed)
		return -ENOMEM;
	descriptor = file_open(-1, path.data, O_RDONLY);
	if (descriptor < 0)
		return descriptor;
	r = file_read(descriptor, FILE_READ_SINGLE, 0, ret);
	trim(ret);
	return r;
}

/* The value after ATTEMPT: 0, or a negative errno where it is not to be had (then the text written stands for it). */
static int value_after(struct sysctl_source *source, const struct attempt *attempt, struct buffer *ret)
{
	const struct attempt *later = later_attempt(attempt);
	int r = -EXDEV; /* another namespace's file cannot be read from here */

	if (!later && !attempt->foreign) {
		r = read_back(attempt, ret);
		/* Somebody may have written between the attempt and our reading: then that attempt tells what it found. */
		source->recording.pump(source->recording.sink);
		later = later_attempt(attempt);
	}
	if (!later)
		return r;
	buffer_clear(ret);
	buffer_add(ret, later->before.data, (size_t)later->before.length);
	return 0;
}

static bool same(const struct text *text, const struct buffer *value)
{
	return text->length >= 0 && file_value_same(text->data, (size_t)text->length, value->data, value->length);
}

/* What the kernel took or refused is what is certain where AFTER, which was found, may be another's. 0, or -ESTALE where AFTER holds it now instead.
 */
static int settle_contention(struct sysctl_source *source, const struct attempt *attempt, struct buffer *after)
{
	const struct text *text = attempt->result < 0 ? &attempt->before : &attempt->written;

	if (!attempt->ended || text->length < 0 || same(text, after) || !is_contended(source, attempt))
		return 0;
	buffer_clear(after);
	buffer_add(after, text->data, (size_t)text->length);
	return -ESTALE;
}

/* 0, or a negative errno: what the kernel returned, or what follows from the values where it did not tell. */
static int outcome(const struct attempt *attempt, const struct buffer *after)
{
	if (attempt->ended)
		return attempt->result < 0 ? (int)attempt->result : 0;
	if (same(&attempt->written, after) || attempt->before.length < 0 || !same(&attempt->before, after))
		return 0;
	return -EREMOTEIO;
}

/* ---- Telling ---- */

struct fanout {
	struct sysctl_source *source;
	const struct attempt *attempt;
	uint64_t cause;
};

/* Whether a write came behind ATTEMPT that may have changed ADDRESS too: then what was read there may be that one's doing. */
static bool is_written_since(const struct fanout *fanout, const char *address)
{
	const struct recording *recording = &fanout->source->recording;

	recording->pump(recording->sink);
	for (const struct attempt *later = fanout->attempt->next; later; later = later->next) {
		const struct nature *nature = nature_of(later->name);

		if (later->netns == fanout->attempt->netns && ((nature && nature->nature == FERRY_FANOUT) || !strcmp(later->name, address)))
			return true;
	}
	return false;
}

static int tell_fanout(void *data, const char *address, const char *before, size_t before_length, const char *after, size_t after_length)
{
	const struct fanout *fanout = data;
	struct recording *recording = &fanout->source->recording;
	_cleanup_buffer_ struct buffer was = { 0 }, is = { 0 };
	struct ferry_change change = { .boottime = fanout->attempt->origin.boottime,
				       .kind = FERRY_CHANGED,
				       .address = address,
				       .door = FERRY_DOOR_SYSCTL,
				       .actor = fanout->attempt->origin.actor,
				       .cause = fanout->cause,
				       .consistency = FERRY_INFERRED,
				       .source = "sysctl",
				       .netns = strncmp(address, "sysctl/net/", 11) ? 0 : recording->netns };

	if (!strcmp(address, fanout->attempt->name))
		return 0;
	if (is_written_since(fanout, address)) { /* that one will find it */
		(void)!baseline_swap(fanout->source->baseline, address, before, before_length, &was);
		return 1;
	}
	file_value_json(&was, before, before_length, false);
	file_value_json(&is, after, after_length, false);
	if (was.failed || is.failed)
		return -ENOMEM;
	change.before = was.data;
	change.after = is.data;
	recording->emit(recording->sink, &change);
	return 0;
}

static void knob_json(struct buffer *ret, const char *data, size_t length, const struct nature *nature)
{
	if (nature && nature->flags & NATURE_SECRET)
		buffer_add_text(ret, "\"(secret)\"");
	else
		file_value_json(ret, data, length, false);
}

static uint64_t tell(struct sysctl_source *source, const struct attempt *attempt, const struct nature *nature, const struct buffer *after, int result,
		     bool unsure)
{
	_cleanup_buffer_ struct buffer was = { 0 }, is = { 0 };
	struct ferry_change change = { .boottime = attempt->origin.boottime,
				       .kind = FERRY_CHANGED,
				       .address = attempt->name,
				       .door = FERRY_DOOR_SYSCTL,
				       .actor = attempt->origin.actor,
				       .result = result,
				       .consistency = unsure ? FERRY_UNKNOWN : FERRY_WHOLE,
				       .source = "sysctl" };

	if (!strncmp(attempt->name, "sysctl/net/", 11))
		change.netns = attempt->netns;
	if (attempt->before.length >= 0) {
		knob_json(&was, attempt->before.data, (size_t)attempt->before.length, nature);
		change.before = was.data;
	}
	knob_json(&is, after->data, after->length, nature);
	change.after = is.data;
	if (was.failed || is.failed)
		return 0;
	return source->recording.emit(source->recording.sink, &change);
}

static void keep_cause(struct sysctl_source *source, const struct attempt *attempt, uint64_t number)
{
	source->causes[source->next_cause++ % CAUSES] =
		(struct cause){ number, attempt->origin.boottime, table_hash(attempt->name, strlen(attempt->name)), attempt->origin.tid };
}

static void settle(struct sysctl_source *source, const struct attempt *attempt)
{
	const struct nature *nature = nature_of(attempt->name);
	_cleanup_buffer_ struct buffer after = { 0 }, old = { 0 };
	int known = value_after(source, attempt, &after), result;
	bool unchanged;
	uint64_t number;

	if (known < 0) {
		buffer_clear(&after);
		if (attempt->written.length > 0)
			buffer_add(&after, attempt->written.data, (size_t)attempt->written.length);
	} else if (settle_contention(source, attempt, &after) < 0)
		known = -ESTALE;
	buffer_add(&after, "", 0);
	result = outcome(attempt, &after);
	unchanged = same(&attempt->before, &after);
	source->recording.count(source->recording.sink, 1, 0);
	if (!attempt->foreign && known != -ESTALE)
		(void)!baseline_swap(source->baseline, attempt->name, after.data, after.length, &old);
	if ((result < 0 && unchanged) || (nature && nature->nature == FERRY_ACTION)) { /* what it wanted says more than that nothing stayed */
		buffer_clear(&after);
		if (attempt->written.length > 0)
			buffer_add(&after, attempt->written.data, (size_t)attempt->written.length);
		buffer_add(&after, "", 0);
	} else if (unchanged) {
		keep_cause(source, attempt, 0);
		return;
	}
	number = tell(source, attempt, nature, &after, result, known < 0 || attempt->cut);
	keep_cause(source, attempt, number);
	if (nature && nature->nature == FERRY_FANOUT && !unchanged && !attempt->foreign)
		(void)!baseline_fanout(source->baseline, nature, attempt->name, tell_fanout, &(struct fanout){ source, attempt, number });
}

/* When ATTEMPT can be told: now (0), or the boottime to look again. */
static uint64_t ready(const struct attempt *attempt, uint64_t now)
{
	uint64_t settled = attempt->origin.boottime + (attempt->end_comes ? END_LOST : SETTLED);

	/* An end that did not come for so long is lost, or the handler is at work for seconds (drop_caches): looked at again until the thread does
	 * something else. */
	return attempt->ended || now >= settled ? 0 : settled;
}

uint64_t sysctl_source_process(struct sysctl_source *source, uint64_t until)
{
	struct attempt **link = &source->first, *attempt;
	uint64_t now = boottime_now(), next = 0;

	while ((attempt = *link) && attempt->origin.boottime < until) {
		uint64_t when = ready(attempt, now);

		if (when) {
			next = !next || when < next ? when : next;
			link = &attempt->next;
			continue;
		}
		if (!attempt->again)
			settle(source, attempt); /* may append */
		*link = attempt->next;
		if (source->last == &attempt->next)
			source->last = link;
		source->count--;
		attempt_free(attempt);
	}
	return next;
}

uint64_t sysctl_source_cause(struct sysctl_source *source, uint32_t tid, uint64_t boottime, bool *ret_pending)
{
	for (const struct attempt *attempt = source->first; attempt; attempt = attempt->next)
		if (attempt->origin.tid == tid && attempt->origin.boottime <= boottime) {
			*ret_pending = true;
			return 0;
		}
	*ret_pending = false;
	for (unsigned int back = 1; back <= CAUSES; back++) {
		const struct cause *cause = &source->causes[(source->next_cause - back) % CAUSES];

		if (cause->tid == tid && cause->boottime && cause->boottime <= boottime)
			return cause->number;
	}
	return 0;
}
