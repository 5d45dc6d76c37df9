/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/netfilter_places.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "channel/netfilter.h"
#include "channel/netfilter_order.h"
#include "channel/object-inside.h"

/* The next of the requests that stand one behind the other in RUN, each behind its length. */
static bool next_request(const struct buffer *run, size_t *position, struct buffer *ret)
{
	size_t length;

	if (*position + sizeof(length) > run->length)
		return false;
	memcpy(&length, run->data + *position, sizeof(length));
	*position += sizeof(length);
	*ret = (struct buffer){ .data = run->data + *position, .length = length };
	*position += length;
	return true;
}

static bool is_noted(const struct buffer *run, const struct buffer *request)
{
	struct buffer other;
	size_t position = 0;

	while (next_request(run, &position, &other))
		if (other.length == request->length && memcmp(other.data, request->data, other.length) == 0)
			return true;
	return false;
}

void netfilter_places_heed(struct netlink_source *source, const struct step *step)
{
	const struct nfgenmsg header = { .nfgen_family = (uint8_t)record_number(step->record, "family", 0), .version = NFNETLINK_V0 };
	_cleanup_buffer_ struct buffer request = { 0 };

	/* What is listed has its place on every kernel. */
	if (source->silent || step->message->nlmsg_flags & NLM_F_MULTI)
		return;
	/* One that is put before all others is told without either everywhere. */
	if (step->message->nlmsg_flags & NLM_F_APPEND || record_number(step->record, "position", 0))
		source->places_told = true;
	if (source->places_told)
		return;
	buffer_add(&request, &header, sizeof(header));
	netfilter_add_text(step->record, "table", NFTA_RULE_TABLE, &request);
	netfilter_add_text(step->record, "chain", NFTA_RULE_CHAIN, &request);
	if (request.failed || is_noted(&source->unplaced, &request))
		return;
	buffer_add(&source->unplaced, &request.length, sizeof(request.length));
	buffer_add(&source->unplaced, request.data, request.length);
}

struct asked {
	struct netlink_source *source;
	bool begun;
};

static int place(void *data, const struct nlmsghdr *message)
{
	struct asked *asked = data;
	struct netlink_source *source = asked->source;
	struct record *rule;

	if (!message)
		return 0;
	arena_reset(&source->arena);
	if (object_decode(&object_netfilter_rule, message, &source->arena, &rule) < 0)
		return 0;
	if (!asked->begun)
		netfilter_order_forget(source->order, rule);
	asked->begun = true;
	netfilter_order_add(&source->order, rule, 0);
	return 0;
}

void netfilter_places_ask(struct netlink_source *source)
{
	struct netlink *requests;
	struct buffer request;
	struct error ignored;
	size_t position = 0;
	bool interrupted;

	if (!source->unplaced.length)
		return;
	if (!source->unplaced.failed && !source->places_told && machine_netlink(source->recording.machine, source->protocol->number, &requests) == 0)
		while (next_request(&source->unplaced, &position, &request)) {
			struct asked asked = { .source = source };

			(void)!object_dump_request(&object_netfilter_rule, requests, &request, place, &asked, &interrupted, &ignored);
		}
	buffer_clear(&source->unplaced);
}
