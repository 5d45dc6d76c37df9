/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the kernel: requests, dumps and batches, each answer matched by port and sequence, each wait bounded. */
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/netlink-socket.h"

/* An ack takes this much of the receive queue by the kernel's own accounting: measured 832, with and without words. */
#define ACK_BYTES   1024
#define BATCH_BYTES (64 * 1024)
/* errno ends at 4095; ipset has numbers of its own behind. */
#define ERRORS_MAXIMUM 8191

/* What has been seen of an answer so far. */
struct answer {
	uint32_t sequence;
	netlink_function *function;
	void *data;
	struct netlink_ack *ack;
	bool dump;
	bool single; /* one message is all */
	bool done, interrupted, lost;
	bool ended; /* by the kernel, not by the function */
	int result; /* of the request, or what the function returned */
};

static struct timespec deadline(const struct netlink *netlink)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += netlink->deadline / 1000;
	until.tv_nsec += (long)(netlink->deadline % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

/* Never 0: the kernel's own notifications have that. */
static uint32_t next_sequence(struct netlink *netlink)
{
	if (++netlink->sequence == 0)
		netlink->sequence = 1;
	return netlink->sequence;
}

static void take_ack_attribute(struct netlink_ack *ack, uint16_t type, const uint8_t *data, size_t length)
{
	switch (type) {
	case NLMSGERR_ATTR_MSG:
		/* The kernel ends it with a NUL; what does not is not shown. */
		if (length > 0 && data[length - 1] == '\0')
			ack->message = (const char *)data;
		break;
	case NLMSGERR_ATTR_OFFS:
		if (length < sizeof(uint32_t))
			break;
		memcpy(&ack->offset, data, sizeof(uint32_t));
		ack->has_offset = true;
		break;
	case NLMSGERR_ATTR_POLICY:
		ack->policy = data;
		ack->policy_length = (uint32_t)length;
		break;
	case 5: /* NLMSGERR_ATTR_MISS_TYPE, since 5.19 */
		if (length >= sizeof(uint32_t))
			memcpy(&ack->missing_type, data, sizeof(uint32_t));
		break;
	case 6: /* NLMSGERR_ATTR_MISS_NEST */
		if (length < sizeof(uint32_t))
			break;
		memcpy(&ack->missing_nest, data, sizeof(uint32_t));
		ack->has_missing_nest = true;
		break;
	}
}

static void take_ack_attributes(struct netlink_ack *ack, const uint8_t *data, size_t length)
{
	struct nlattr attribute;

	while (length >= sizeof(attribute)) {
		memcpy(&attribute, data, sizeof(attribute));
		if (attribute.nla_len < sizeof(attribute) || attribute.nla_len > length)
			return;
		take_ack_attribute(ack, attribute.nla_type & NLA_TYPE_MASK, data + sizeof(attribute), attribute.nla_len - sizeof(attribute));
		if (NLA_ALIGN((size_t)attribute.nla_len) >= length)
			return;
		data += NLA_ALIGN((size_t)attribute.nla_len);
		length -= NLA_ALIGN((size_t)attribute.nla_len);
	}
}

int netlink_parse_ack(const struct nlmsghdr *message, struct netlink_ack *ret)
{
	const uint8_t *data = (const uint8_t *)message + NLMSG_HDRLEN;
	struct netlink_ack ack = { .sequence = message->nlmsg_seq };
	size_t length = message->nlmsg_len < NLMSG_HDRLEN ? 0 : message->nlmsg_len - NLMSG_HDRLEN;
	size_t quoted;
	int32_t code;

	if (length < sizeof(code))
		return -EBADMSG;
	memcpy(&code, data, sizeof(code));
	/* A positive code is no errno; the largest negative number has no opposite. */
	if (code > 0 || code < -ERRORS_MAXIMUM)
		code = message->nlmsg_type == NLMSG_ERROR ? -EPROTO : 0;
	ack.result = code;
	data += sizeof(code);
	length -= sizeof(code);
	if (message->nlmsg_type == NLMSG_ERROR) {
		if (length < NLMSG_HDRLEN)
			return -EBADMSG;
		ack.request = (const struct nlmsghdr *)data;
		quoted = message->nlmsg_flags & NLM_F_CAPPED ? NLMSG_HDRLEN : ack.request->nlmsg_len;
		/* A success quotes the header alone, whether it says that it is capped or not. */
		if (code == 0)
			quoted = NLMSG_HDRLEN;
		if (quoted < NLMSG_HDRLEN || quoted > length)
			return -EBADMSG;
		ack.request_length = (uint32_t)quoted;
		quoted = NLMSG_ALIGN(quoted) < length ? NLMSG_ALIGN(quoted) : length;
		data += quoted;
		length -= quoted;
	}
	if (message->nlmsg_flags & NLM_F_ACK_TLVS)
		take_ack_attributes(&ack, data, length);
	*ret = ack;
	return 0;
}

static int send_all(struct netlink *netlink, const void *data, size_t length)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do {
		sent = sendto(netlink->descriptor, data, length, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	netlink->traffic += (uint64_t)sent;
	return (size_t)sent == length ? 0 : -EMSGSIZE;
}

static void end(struct answer *answer, int result)
{
	answer->done = true;
	answer->result = result;
}

/* One message of an answer; foreign ones (of a request given up, of a multicast group) are passed over. */
static void take_message(struct netlink *netlink, struct answer *answer, const struct nlmsghdr *message)
{
	struct netlink_ack ack;
	int r;

	if (message->nlmsg_type == NLMSG_OVERRUN)
		answer->lost = true;
	if (message->nlmsg_seq != answer->sequence || (message->nlmsg_pid != netlink->port && (message->nlmsg_pid || !netlink->portless)))
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return;
	case NLMSG_DONE:
	case NLMSG_ERROR:
		answer->ended = true;
		r = netlink_parse_ack(message, &ack);
		/* The end of a dump may come without its code. */
		if (r < 0 && message->nlmsg_type == NLMSG_ERROR) {
			end(answer, r);
			return;
		}
		if (r == 0 && answer->ack)
			*answer->ack = ack;
		end(answer, r < 0 ? 0 : ack.result);
		return;
	default:
		if (!answer->function)
			return;
		/* It stands in the socket's own buffer. */
		if (netlink->family)
			((struct nlmsghdr *)message)->nlmsg_type = netlink_type_by_command(message);
		r = answer->function(answer->data, message);
		if (r != 0 || answer->single)
			end(answer, r);
	}
}

/* Reads until the answer ends. Pointers in its ack stand in the socket's buffer until the next read. */
static int read_answer(struct netlink *netlink, struct answer *answer)
{
	const struct timespec until = deadline(netlink);
	const struct nlmsghdr *message;
	const void *data;
	ssize_t length;
	size_t rest;

	while (!answer->done) {
		/* After a loss nothing more need come: what is queued is read, but not waited for. */
		length = answer->lost ? netlink_take(netlink) : netlink_wait(netlink, &until);
		if (length == 0)
			return -ENOBUFS;
		if (length == -ENOBUFS) {
			answer->lost = true;
			continue;
		}
		if (length < 0)
			return (int)length;
		data = netlink->buffer;
		rest = (size_t)length;
		while (!answer->done && netlink_next(&data, &rest, &message))
			take_message(netlink, answer, message);
	}
	return answer->lost && answer->result == 0 && answer->dump ? -ENOBUFS : answer->result;
}

/* A dump that its reader left in the middle goes on in the kernel until it is read: a new one would be refused with EBUSY. */
static int drain(struct netlink *netlink)
{
	struct answer answer = { .sequence = netlink->unfinished, .dump = true };
	int r;

	if (netlink->unfinished == 0)
		return 0;
	do {
		r = read_answer(netlink, &answer);
	} while (r == -EMSGSIZE);
	if (r == -ETIMEDOUT)
		return r;
	netlink->unfinished = 0;
	return 0;
}

static int begin(struct netlink *netlink)
{
	if (netlink->busy)
		return -EBUSY;
	return drain(netlink);
}

/* Puts a request of a generic family, which begins at START, as the kernel has it. */
static void put_in_family(const struct netlink *netlink, struct buffer *request, size_t start)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(request->data + start);
	const struct genlmsghdr generic = { .cmd = header->nlmsg_type & UINT8_MAX, .version = 1 };

	if (!netlink->family || header->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return;
	header->nlmsg_type = netlink->family;
	memcpy(NLMSG_DATA(header), &generic, sizeof(generic));
}

static int ask(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, struct answer *answer)
{
	const struct nlmsghdr header = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
		.nlmsg_type = type,
		.nlmsg_flags = flags | NLM_F_REQUEST,
		.nlmsg_seq = next_sequence(netlink),
		.nlmsg_pid = netlink->port,
	};
	_cleanup_buffer_ struct buffer request = { 0 };
	int r;

	if (length > UINT32_MAX - NLMSG_HDRLEN)
		return -EMSGSIZE;
	buffer_add(&request, &header, sizeof(header));
	buffer_add(&request, payload, length);
	if (request.failed)
		return -ENOMEM;
	put_in_family(netlink, &request, 0);
	answer->sequence = header.nlmsg_seq;
	r = send_all(netlink, request.data, request.length);
	if (r < 0)
		return r;
	netlink->busy = true;
	r = read_answer(netlink, answer);
	netlink->busy = false;
	return r;
}

static int request(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, struct answer *answer)
{
	struct netlink_ack *ack = answer->ack;
	int r = begin(netlink);

	if (ack)
		*ack = (struct netlink_ack){ .result = r };
	if (r < 0)
		return r;
	r = ask(netlink, type, flags, payload, length, answer);
	if (ack && ack->result == 0)
		ack->result = r < 0 ? r : 0;
	return r;
}

int netlink_request(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, netlink_function *function,
		    void *data, struct netlink_ack *ret_ack)
{
	return request(netlink, type, flags | NLM_F_ACK, payload, length, &(struct answer){ .function = function, .data = data, .ack = ret_ack });
}

int netlink_ask_one(struct netlink *netlink, uint16_t type, const void *payload, size_t length, netlink_function *function, void *data,
		    struct netlink_ack *ret_ack)
{
	return request(netlink, type, 0, payload, length, &(struct answer){ .function = function, .data = data, .ack = ret_ack, .single = true });
}

int netlink_dump(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, netlink_function *function, void *data,
		 bool *ret_interrupted, struct netlink_ack *ret_ack)
{
	struct netlink_ack ack = { 0 };
	struct answer answer = { .function = function, .data = data, .ack = &ack, .dump = true };
	int r = begin(netlink);

	if (ret_ack)
		*ret_ack = (struct netlink_ack){ .result = r };
	if (r < 0)
		return r;
	r = ask(netlink, type, flags | NLM_F_DUMP, payload, length, &answer);
	/* Left early (by the callback, a deadline, a datagram too large): its rest is still to come. */
	if (!answer.ended && answer.sequence != 0)
		netlink->unfinished = answer.sequence;
	if (ack.result == 0 && r < 0)
		ack.result = r;
	if (ret_ack)
		*ret_ack = ack;
	if (ret_interrupted)
		*ret_interrupted = answer.interrupted;
	return r;
}

/* ---- Batches ---- */

int netlink_batch_add(struct netlink *netlink, struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *payload, size_t length)
{
	struct nlmsghdr header = {
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
		.nlmsg_type = type,
		.nlmsg_flags = flags | NLM_F_REQUEST,
		.nlmsg_pid = netlink->port,
	};
	size_t begin_length = batch->buffer.length, padding;

	if (length > UINT32_MAX - NLMSG_HDRLEN - NLMSG_ALIGNTO)
		return -EMSGSIZE;
	/* The numbers of a batch are one run, also if the socket is asked something else before it is sent. */
	header.nlmsg_seq = batch->count;
	buffer_add(&batch->buffer, &header, sizeof(header));
	buffer_add(&batch->buffer, payload, length);
	padding = NLMSG_ALIGN(length) - length;
	buffer_add(&batch->buffer, "\0\0\0", padding);
	if (batch->buffer.failed) {
		batch->buffer.length = begin_length;
		return -ENOMEM;
	}
	put_in_family(netlink, &batch->buffer, begin_length);
	batch->count++;
	return 0;
}

void netlink_batch_done(struct netlink_batch *batch)
{
	buffer_done(&batch->buffer);
	*batch = (struct netlink_batch){ 0 };
}

/* A run of requests that is sent at once: only the last asks for an ack. A refusal comes without asking, so that whatever has none by the time of the
 * last ack was done: one answer to read instead of hundreds, and no queue that overflows with them. */
struct portion {
	struct netlink *netlink;
	struct netlink_batch *batch;
	netlink_ack_function *function;
	void *data;
	uint32_t index; /* of its first request */
	uint32_t count;
	uint32_t told; /* requests whose outcome was handed on */
	int first_error;
	int stop; /* what the function returned */
	bool lost;
};

static void tell(struct portion *portion, const struct netlink_ack *ack)
{
	if (ack->result < 0 && portion->first_error == 0)
		portion->first_error = ack->result;
	if (portion->function && portion->stop == 0)
		portion->stop = portion->function(portion->data, portion->index + portion->told, ack);
	portion->told++;
}

/* Those before NUMBER that have not been told. Where answers were lost their outcome is not known, and that is what they are told. */
static void tell_until(struct portion *portion, uint32_t number)
{
	struct netlink_ack ack = { .result = portion->lost ? -ENOBUFS : 0 };

	while (portion->told < number) {
		ack.sequence = portion->batch->first_sequence + portion->index + portion->told;
		tell(portion, &ack);
	}
}

/* Returns 1 where the portion's last request was answered. */
static int take_batch_message(struct portion *portion, const struct nlmsghdr *message)
{
	uint32_t number = message->nlmsg_seq - (portion->batch->first_sequence + portion->index);
	struct netlink_ack ack;
	int r;

	if (message->nlmsg_type == NLMSG_OVERRUN)
		portion->lost = true;
	if (message->nlmsg_type != NLMSG_ERROR || message->nlmsg_pid != portion->netlink->port || number >= portion->count || number < portion->told)
		return 0;
	r = netlink_parse_ack(message, &ack);
	if (r < 0)
		ack = (struct netlink_ack){ .result = r, .sequence = message->nlmsg_seq };
	tell_until(portion, number);
	tell(portion, &ack);
	return number == portion->count - 1;
}

static int read_batch(struct portion *portion)
{
	const struct timespec until = deadline(portion->netlink);
	const struct nlmsghdr *message;
	const void *data;
	ssize_t length;
	size_t rest;

	for (;;) {
		length = portion->lost ? netlink_take(portion->netlink) : netlink_wait(portion->netlink, &until);
		if (length == -ENOBUFS || length == -EMSGSIZE) {
			portion->lost = true;
			continue;
		}
		if (length == 0)
			tell_until(portion, portion->count);
		if (length <= 0)
			return (int)length;
		data = portion->netlink->buffer;
		rest = (size_t)length;
		while (netlink_next(&data, &rest, &message))
			if (take_batch_message(portion, message))
				return 0;
	}
}

/* How many bytes from OFFSET on make the next portion; its requests in RET_COUNT. */
static size_t next_portion(struct netlink *netlink, const struct netlink_batch *batch, size_t offset, uint32_t *ret_count)
{
	const uint32_t room = netlink_receive_bytes(netlink) / ACK_BYTES, most = room > 1 ? room : 1;
	struct nlmsghdr *header = NULL;
	size_t at = offset, step;
	uint32_t count = 0;

	while (at < batch->buffer.length && count < most) {
		struct nlmsghdr *next = (struct nlmsghdr *)(batch->buffer.data + at);

		step = NLMSG_ALIGN((size_t)next->nlmsg_len);
		if (count > 0 && at + step - offset > BATCH_BYTES)
			break;
		next->nlmsg_seq += batch->first_sequence;
		header = next;
		at += step;
		count++;
	}
	if (header)
		header->nlmsg_flags |= NLM_F_ACK;
	*ret_count = count;
	return at - offset;
}

static int send_portions(struct netlink *netlink, struct netlink_batch *batch, netlink_ack_function *function, void *data)
{
	struct portion portion = { .netlink = netlink, .batch = batch, .function = function, .data = data };
	size_t offset = 0, length;
	int r;

	while (offset < batch->buffer.length) {
		portion.index += portion.count;
		portion.told = 0;
		length = next_portion(netlink, batch, offset, &portion.count);
		r = send_all(netlink, batch->buffer.data + offset, length);
		if (r == 0)
			r = read_batch(&portion);
		if (r < 0)
			return r;
		if (portion.stop != 0)
			return portion.stop;
		offset += length;
	}
	return portion.first_error;
}

int netlink_batch_send(struct netlink *netlink, struct netlink_batch *batch, netlink_ack_function *function, void *data)
{
	int r = begin(netlink);

	if (r < 0)
		return r;
	if (batch->buffer.failed)
		return -ENOMEM;
	/* A run of numbers that does not pass 0, which is the kernel's own. */
	if (netlink->sequence > UINT32_MAX - batch->count - 1)
		netlink->sequence = 0;
	batch->first_sequence = netlink->sequence + 1;
	netlink->sequence += batch->count;
	netlink->busy = true;
	r = send_portions(netlink, batch, function, data);
	netlink->busy = false;
	/* Sent: the batch begins anew, its memory kept. */
	buffer_clear(&batch->buffer);
	batch->count = 0;
	return r;
}
