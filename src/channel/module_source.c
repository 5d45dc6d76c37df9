/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source for modules of the kernel. The probe tells that one came or went, in the context of the program that did it. Where the kernel started
 * that program itself, since somebody made it want the module, that one is who did it. */
#include <errno.h>
#include <string.h>

#include "channel/source.h"

/* Past that many that wait to be told they are a gap. */
#define PENDING_MAXIMUM 1024
#define REQUESTS        32
/* After that a request is over, whatever came of it. */
#define REQUEST_LASTS 60000000000ull

struct request {
	char name[64];
	struct origin origin; /* its actor is NULL where there is none here */
};

struct pending {
	struct pending *next;
	struct origin origin;
	bool comes;
	uint32_t taints;
	char name[64];
};

struct module_source {
	struct recording recording;
	struct pending *first, **last;
	unsigned int count, next_request;
	struct request requests[REQUESTS];
};

int module_source_open(const struct recording *recording, struct module_source **ret)
{
	struct module_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->recording = *recording;
	source->last = &source->first;
	*ret = source;
	return 0;
}

static struct pending *pending_take(struct module_source *source)
{
	struct pending *pending = source->first;

	if (!pending)
		return NULL;
	source->first = pending->next;
	if (!source->first)
		source->last = &source->first;
	source->count--;
	return pending;
}

static void pending_free(struct pending *pending)
{
	actor_unref(pending->origin.actor);
	free(pending);
}

struct module_source *module_source_close(struct module_source *source)
{
	struct pending *pending;

	if (!source)
		return NULL;
	while ((pending = pending_take(source)))
		pending_free(pending);
	for (unsigned int i = 0; i < REQUESTS; i++)
		actor_unref(source->requests[i].origin.actor);
	free(source);
	return NULL;
}

/* ---- Events ---- */

static struct origin origin_of(const struct module_source *source, const struct event_header *header)
{
	return (struct origin){ .actor = probe_actor(source->recording.probe, &header->task),
				.door = probe_door(&header->task),
				.boottime = header->time,
				.pid = header->task.key.pid,
				.tid = header->task.tid };
}

static void name_copy(char ret[64], const struct event_module *event)
{
	memcpy(ret, event->name, sizeof(event->name));
	ret[sizeof(event->name) - 1] = '\0';
	/* It becomes a part of an address. */
	for (char *slash = ret; (slash = strchr(slash, '/'));)
		*slash = '!';
}

static void keep_request(struct module_source *source, const struct event_module *event)
{
	struct request *request = &source->requests[source->next_request++ % REQUESTS];

	actor_unref(request->origin.actor);
	request->origin = origin_of(source, &event->header);
	memcpy(request->name, event->name, sizeof(request->name));
	request->name[sizeof(request->name) - 1] = '\0';
}

static void keep_module(struct module_source *source, const struct event_module *event)
{
	struct pending *pending = source->count < PENDING_MAXIMUM ? calloc(1, sizeof(*pending)) : NULL;

	if (!pending) {
		source->recording.drop(source->recording.sink, "modules", event->header.time);
		return;
	}
	pending->origin = origin_of(source, &event->header);
	pending->comes = event->what == MODULE_LOADED;
	pending->taints = event->taints;
	name_copy(pending->name, event);
	*source->last = pending;
	source->last = &pending->next;
	source->count++;
}

void module_source_event(struct module_source *source, const struct event_module *event)
{
	if (event->header.size < sizeof(*event))
		return;
	if (event->what == MODULE_REQUESTED)
		keep_request(source, event);
	else
		keep_module(source, event);
}

/* ---- Telling ---- */

/* What the kernel asks its helper for: modprobe -q -- NAME. NULL where ACTOR is no such program. Source: kernel/module/kmod.c. */
static const char *asked_for(const struct ferry_actor *actor)
{
	static const char options[] = "-q\0--"; /* and its NUL */
	const char *text = actor ? actor->argv : NULL, *end = text ? text + actor->argv_length : NULL;

	if (!text || actor->argv_cut || actor->uid || text[actor->argv_length - 1])
		return NULL;
	text += strlen(text) + 1;
	if ((size_t)(end - text) <= sizeof(options) || memcmp(text, options, sizeof(options)))
		return NULL;
	text += sizeof(options);
	return text + strlen(text) + 1 == end ? text : NULL;
}

static const struct origin *doer_of(const struct module_source *source, const struct pending *pending)
{
	const char *name = asked_for(pending->origin.actor);

	for (unsigned int i = 1; name && i <= REQUESTS; i++) {
		const struct request *request = &source->requests[(source->next_request - i) % REQUESTS];

		if (request->origin.actor && !strcmp(request->name, name) && request->origin.boottime <= pending->origin.boottime &&
		    pending->origin.boottime - request->origin.boottime < REQUEST_LASTS)
			return &request->origin;
	}
	return &pending->origin;
}

/* As /proc/modules has them. Source: kernel/panic.c, taint_flags[]. */
static void add_taints(struct buffer *ret, uint32_t taints)
{
	static const struct {
		uint8_t bit;
		char letter;
	} letters[] = { { 0, 'P' }, { 1, 'F' }, { 10, 'C' }, { 12, 'O' }, { 13, 'E' }, { 15, 'K' }, { 18, 'N' } };

	if (!taints)
		return;
	buffer_add_text(ret, ",\"taints\":\"");
	for (unsigned int i = 0; i < ARRAY_SIZE(letters); i++)
		if (taints >> letters[i].bit & 1)
			buffer_add_char(ret, letters[i].letter);
	buffer_add_char(ret, '"');
}

static void tell(struct module_source *source, const struct pending *pending)
{
	const struct origin *doer = doer_of(source, pending);
	_cleanup_buffer_ struct buffer address = { 0 }, value = { 0 };
	struct ferry_change change = { .boottime = pending->origin.boottime,
				       .kind = pending->comes ? FERRY_ADDED : FERRY_REMOVED,
				       .door = doer->door,
				       .actor = doer->actor,
				       .consistency = FERRY_WHOLE,
				       .source = "modules" };

	buffer_printf(&address, "procfs/modules/%s", pending->name);
	buffer_add_text(&value, "{\"name\":");
	buffer_add_json(&value, pending->name, strlen(pending->name));
	add_taints(&value, pending->taints);
	buffer_add_char(&value, '}');
	if (address.failed || value.failed)
		return;
	change.address = address.data;
	change.before = pending->comes ? NULL : value.data;
	change.after = pending->comes ? value.data : NULL;
	source->recording.count(source->recording.sink, 1, 0);
	source->recording.emit(source->recording.sink, &change);
}

void module_source_process(struct module_source *source, uint64_t until)
{
	while (source->first && source->first->origin.boottime < until) {
		struct pending *pending = pending_take(source);

		tell(source, pending);
		pending_free(pending);
	}
}
