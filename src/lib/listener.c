/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening: a socket for each family of which something is wanted, so that what one loses is told as its own gap. */
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/time.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "channel/protocol.h"
#include "lib/context.h"
#include "lib/family.h"
#include "model/address.h"

#define RECEIVE_BYTES  (4 * 1024 * 1024)
#define DATAGRAM_BYTES (1024 * 1024) /* programs send each other more than the kernel sends; touched only where it is needed */
#define BATCH          1024          /* datagrams of one family before the others have their turn */
#define EVENTS         32

/* One family that is listened to. */
struct subscription {
	const struct family *family;
	char *address; /* "netlink/ethtool" */
	struct netlink *netlink;
	uint64_t drops;     /* that have been told */
	uint64_t last_time; /* of the last message or gap: a loss is behind it */
};

/* One group that was asked for. */
struct wanted_group {
	char *address;
	int error;
};

struct ferry_listener {
	struct ferry *ferry;
	struct ferry_listener_options options;
	struct families families;
	struct subscription *subscriptions;
	size_t count;
	struct wanted_group *wanted;
	size_t wanted_count;
	int poll;
	uint32_t port;
	struct arena arena;
	struct buffer address;
	struct ferry_recorder_counts counts;
};

/* ---- Choosing ---- */

static int add_wanted(struct ferry_listener *listener, char *address, int error)
{
	struct wanted_group *wanted = reallocarray(listener->wanted, listener->wanted_count + 1, sizeof(*wanted));

	if (!wanted) {
		free(address);
		return -ENOMEM;
	}
	listener->wanted = wanted;
	wanted[listener->wanted_count++] = (struct wanted_group){ address, error };
	return 0;
}

/* The kernel tells of processes only while somebody has asked it to, by a message of the connector's own. */
static int ask_for_processes(struct netlink *netlink, enum proc_cn_mcast_op wanted)
{
	const uint32_t operation = wanted;
	const struct cn_msg message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(operation) };
	const struct nlmsghdr header = { .nlmsg_len = NLMSG_LENGTH(sizeof(message) + sizeof(operation)),
					 .nlmsg_type = NLMSG_DONE,
					 .nlmsg_pid = netlink_port(netlink) };
	_cleanup_buffer_ struct buffer request = { 0 };

	buffer_add(&request, &header, sizeof(header));
	buffer_add(&request, &message, sizeof(message));
	buffer_add(&request, &operation, sizeof(operation));
	return request.failed ? -ENOMEM : netlink_send_to(netlink, 0, 0, request.data, request.length);
}

static int open_socket(struct ferry_listener *listener, struct subscription *subscription)
{
	const struct family *family = subscription->family;
	struct error *error = &listener->ferry->error;
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)(subscription - listener->subscriptions) };
	int r = netlink_open_at(family->protocol, family->protocol == NETLINK_USERSOCK ? listener->options.port : 0, &subscription->netlink, error);

	if (r < 0)
		return r;
	r = netlink_tell_senders(subscription->netlink);
	if (r == 0 && family->protocol == NETLINK_USERSOCK)
		r = netlink_reserve(subscription->netlink, DATAGRAM_BYTES);
	if (r == 0 && epoll_ctl(listener->poll, EPOLL_CTL_ADD, netlink_descriptor(subscription->netlink), &event) < 0)
		r = -errno;
	if (r < 0)
		return error_set(error, r, "cannot listen to %s: %s", subscription->address, error_text(r));
	netlink_set_receive_buffer(subscription->netlink, listener->options.receive_buffer ? listener->options.receive_buffer : RECEIVE_BYTES);
	subscription->last_time = time_real();
	return 0;
}

static int join(struct ferry_listener *listener, struct subscription *subscription, const struct family_group *group)
{
	const struct family *family = subscription->family;
	char *address = family_address(family, group->name);
	int r;

	if (!address)
		return -ENOMEM;
	if (!family_is_wanted(family, address, listener->options.addresses)) {
		free(address);
		return 0;
	}
	r = subscription->netlink ? 0 : open_socket(listener, subscription);
	if (r < 0) {
		free(address);
		return r;
	}
	r = netlink_join(subscription->netlink, group->number);
	if (r == 0 && family->protocol == NETLINK_CONNECTOR)
		r = ask_for_processes(subscription->netlink, PROC_CN_MCAST_LISTEN);
	return add_wanted(listener, address, r);
}

static int subscribe(struct ferry_listener *listener, const struct family *family)
{
	struct subscription *subscription = &listener->subscriptions[listener->count];
	int r = 0;

	*subscription = (struct subscription){ .family = family, .address = family_address(family, NULL) };
	if (!subscription->address)
		return -ENOMEM;
	listener->count++;
	if (family->protocol == NETLINK_USERSOCK && listener->options.usersock)
		r = open_socket(listener, subscription);
	for (size_t i = 0; r == 0 && i < family->group_count; i++)
		r = join(listener, subscription, &family->groups[i]);
	if (r < 0)
		return r;
	if (!subscription->netlink) {
		free(subscription->address);
		listener->count--;
	} else if (family->protocol == NETLINK_USERSOCK) {
		listener->port = netlink_port(subscription->netlink);
	}
	return 0;
}

static int tell_refused(struct ferry_listener *listener, const struct wanted_group *refused)
{
	struct error *error = &listener->ferry->error;

	if (refused->error == -EPERM || refused->error == -EACCES)
		return error_set(error, -EPERM, "cannot listen to %s: that needs CAP_NET_ADMIN (of a family with a capability of its own: that one)",
				 refused->address);
	return error_set(error, refused->error, "cannot listen to %s: %s", refused->address, error_text(refused->error));
}

/* What was asked for must be there. A group that is named must be allowed; of several, at least one. */
static int judge_pattern(struct ferry_listener *listener, const char *pattern)
{
	const struct wanted_group *refused = NULL;
	bool found = false, heard = false;

	for (size_t i = 0; i < listener->wanted_count; i++) {
		const struct wanted_group *wanted = &listener->wanted[i];

		if (!address_under(wanted->address, pattern))
			continue;
		found = true;
		heard |= wanted->error == 0;
		if (wanted->error && !refused)
			refused = wanted;
	}
	if (!found)
		return error_set(&listener->ferry->error, -ENOENT,
				 "the kernel that runs has nothing to listen to at %s (see \"ferry ls -R netlink\")", pattern);
	return heard || !refused ? 0 : tell_refused(listener, refused);
}

static int judge(struct ferry_listener *listener)
{
	int r = 0;

	for (const char *const *pattern = listener->options.addresses; r == 0 && pattern && *pattern; pattern++)
		r = judge_pattern(listener, *pattern);
	return r;
}

static int start(struct ferry_listener *listener)
{
	struct ferry *ferry = listener->ferry;
	int r = families_read(&ferry->machine, &listener->families);

	if (r < 0)
		return ferry_failed(ferry, r);
	ferry->error = (struct error){ 0 };
	protocols_prepare(&ferry->machine);
	listener->subscriptions = calloc(listener->families.count + 1, sizeof(*listener->subscriptions));
	listener->poll = epoll_create1(EPOLL_CLOEXEC);
	r = listener->poll < 0 ? -errno : listener->subscriptions ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < listener->families.count; i++)
		r = subscribe(listener, &listener->families.list[i]);
	if (r < 0 && ferry->error.code != r)
		return error_set(&ferry->error, r, "cannot listen: %s", error_text(r));
	return r < 0 ? r : judge(listener);
}

int ferry_listener_new(struct ferry *ferry, const struct ferry_listener_options *options, struct ferry_listener **ret_listener)
{
	struct ferry_listener *listener = calloc(1, sizeof(*listener));
	int r;

	if (!listener)
		return error_set(&ferry->error, -ENOMEM, "no memory for a listener");
	listener->ferry = ferry;
	listener->poll = -1;
	memcpy(&listener->options, options, options->size < sizeof(*options) ? options->size : sizeof(*options));
	r = start(listener);
	if (r < 0) {
		ferry_listener_free(listener);
		return r;
	}
	*ret_listener = listener;
	return 0;
}

struct ferry_listener *ferry_listener_free(struct ferry_listener *listener)
{
	if (!listener)
		return NULL;
	for (size_t i = 0; i < listener->count; i++) {
		/* Older kernels do not see by themselves that who has asked is gone. */
		if (listener->subscriptions[i].netlink && listener->subscriptions[i].family->protocol == NETLINK_CONNECTOR)
			(void)!ask_for_processes(listener->subscriptions[i].netlink, PROC_CN_MCAST_IGNORE);
		netlink_close(listener->subscriptions[i].netlink);
		free(listener->subscriptions[i].address);
	}
	for (size_t i = 0; i < listener->wanted_count; i++)
		free(listener->wanted[i].address);
	free(listener->wanted);
	free(listener->subscriptions);
	families_done(&listener->families);
	arena_done(&listener->arena);
	buffer_done(&listener->address);
	if (listener->poll >= 0)
		close(listener->poll);
	free(listener);
	return NULL;
}

/* ---- Hearing ---- */

static int tell(struct ferry_listener *listener, const struct subscription *subscription, const struct netlink_datagram *datagram, const void *data,
		const struct message *message)
{
	const struct family *family = subscription->family;
	const char *group = family_group_name(family, datagram->group);
	struct ferry_value value = { .value = message->value, .naming = &listener->ferry->machine.naming };

	buffer_clear(&listener->address);
	buffer_add_text(&listener->address, subscription->address);
	if (datagram->group) {
		buffer_add_char(&listener->address, '/');
		group ? buffer_add_text(&listener->address, group) : buffer_add_uint(&listener->address, datagram->group);
	}
	if (listener->address.failed)
		return -ENOMEM;
	const struct ferry_message told = {
		.time = subscription->last_time,
		.boottime = time_boot(),
		.address = listener->address.data,
		.group = datagram->group,
		.port = datagram->port,
		.has_sender = datagram->has_credentials,
		.pid = datagram->pid,
		.uid = datagram->uid,
		.gid = datagram->gid,
		.framed = message->framed,
		.type = message->type,
		.flags = message->flags,
		.sequence = message->sequence,
		.command = message->command,
		.data = data,
		.length = message->length,
		.value = &value,
		.guessed = message->provenance == PROVENANCE_GUESSED,
		.provenance = provenance_word(message->provenance),
	};
	int r = listener->options.function ? listener->options.function(listener->options.data, &told) : 0;
	channel_value_done(&value);
	return r;
}

/* Whether the kernel itself has sent it: its port is nobody else's. */
static bool is_of_kernel(const struct netlink_datagram *datagram)
{
	return datagram->port == 0;
}

/* Device events are believed where the kernel tells them, or where they come the way that udev's do. */
static int take_uevent(struct ferry_listener *listener, const struct netlink_datagram *datagram, struct message *ret)
{
	int r = -EBADMSG;

	if (is_of_kernel(datagram) || datagram->group != 1)
		r = message_uevent(datagram->data, datagram->length, &listener->arena, ret);
	if (r == -EBADMSG) {
		r = message_plain(datagram->data, datagram->length, &listener->arena, ret);
		ret->provenance = PROVENANCE_GUESSED;
	}
	return r;
}

static int take_unframed(struct ferry_listener *listener, const struct subscription *subscription, const struct netlink_datagram *datagram)
{
	struct message message;
	int r = subscription->family->protocol == NETLINK_USERSOCK ? message_plain(datagram->data, datagram->length, &listener->arena, &message)
								   : take_uevent(listener, datagram, &message);

	return r < 0 ? r : tell(listener, subscription, datagram, datagram->data, &message);
}

/* Every message of a datagram; what is left behind the last whole one is told too. */
static int take_framed(struct ferry_listener *listener, const struct subscription *subscription, const struct netlink_datagram *datagram)
{
	const struct nlmsghdr *header;
	const void *data = datagram->data;
	size_t length = datagram->length;
	struct message message;
	int r = 0;

	while (r == 0 && netlink_next(&data, &length, &header)) {
		arena_reset(&listener->arena);
		r = message_decode(subscription->family, header, &listener->arena, &message);
		if (r == 0)
			r = tell(listener, subscription, datagram, header, &message);
	}
	if (r != 0 || length == 0)
		return r;
	r = message_plain(data, length, &listener->arena, &message);
	message.provenance = PROVENANCE_GUESSED;
	return r < 0 ? r : tell(listener, subscription, datagram, data, &message);
}

static int take_datagram(struct ferry_listener *listener, struct subscription *subscription, const struct netlink_datagram *datagram)
{
	const int protocol = subscription->family->protocol;

	arena_reset(&listener->arena);
	subscription->last_time = time_real();
	listener->counts.seen++;
	listener->counts.delivered++;
	if (protocol == NETLINK_USERSOCK || protocol == NETLINK_KOBJECT_UEVENT)
		return take_unframed(listener, subscription, datagram);
	return take_framed(listener, subscription, datagram);
}

/* What the kernel has dropped at this socket since the last time is told as a gap. */
static int take_loss(struct ferry_listener *listener, struct subscription *subscription)
{
	const uint64_t drops = netlink_drops(subscription->netlink), lost = drops - subscription->drops;
	struct ferry_change gap = {
		.time = time_real(),
		.boottime = time_boot(),
		.kind = FERRY_GAP,
		.source = subscription->address,
		/* Where the kernel says that there was a loss but not of how much. */
		.lost = lost ? lost : UINT64_MAX,
		.from = subscription->last_time,
	};

	gap.to = gap.time;
	subscription->drops = drops;
	subscription->last_time = gap.time;
	listener->counts.seen += lost ? lost : 1;
	listener->counts.lost += lost ? lost : 1;
	return listener->options.gap ? listener->options.gap(listener->options.data, &gap) : 0;
}

static int take_all(struct ferry_listener *listener, struct subscription *subscription)
{
	struct netlink_datagram datagram;

	for (unsigned int i = 0; i < BATCH; i++) {
		ssize_t length = netlink_receive_from(subscription->netlink, &datagram);
		int r;

		if (length == 0)
			return 0;
		if (length == -ENOBUFS || length == -EMSGSIZE)
			r = take_loss(listener, subscription);
		else if (length < 0)
			return error_set(&listener->ferry->error, (int)length, "cannot read from %s: %s", subscription->address,
					 error_text((int)length));
		else
			r = take_datagram(listener, subscription, &datagram);
		if (r == -ENOMEM)
			return error_set(&listener->ferry->error, r, "no memory for a message of %s", subscription->address);
		if (r != 0)
			return r;
	}
	return 0;
}

int ferry_listener_process(struct ferry_listener *listener)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(listener->poll, events, EVENTS, 0), r = 0;

	if (count < 0)
		return errno == EINTR ? 0 : error_set(&listener->ferry->error, -errno, "cannot listen: %s", error_text(errno));
	for (int i = 0; r == 0 && i < count; i++)
		r = take_all(listener, &listener->subscriptions[events[i].data.u32]);
	return r;
}

int ferry_listener_descriptor(const struct ferry_listener *listener)
{
	return listener->poll;
}

uint32_t ferry_listener_port(const struct ferry_listener *listener)
{
	return listener->port;
}

void ferry_listener_counts(const struct ferry_listener *listener, struct ferry_recorder_counts *ret_counts)
{
	*ret_counts = listener->counts;
}

int ferry_listener_coverage(struct ferry_listener *listener, ferry_coverage_function *function, void *data)
{
	const struct ferry_coverage port = { .subject = FAMILY_PREFIX "usersock", .watched = true, .how = "a port of its own" };
	int r = listener->options.usersock ? function(data, &port) : 0;

	for (size_t i = 0; r == 0 && i < listener->wanted_count; i++) {
		const struct wanted_group *wanted = &listener->wanted[i];
		const struct ferry_coverage coverage = {
			.subject = wanted->address,
			.watched = wanted->error == 0,
			.how = wanted->error ? NULL : "multicast",
			.why = wanted->error == -EPERM ? "needs CAP_NET_ADMIN, or the capability of that family"
			       : wanted->error         ? error_text(wanted->error)
						       : NULL,
		};
		r = function(data, &coverage);
	}
	return r;
}
