/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Netlink sockets: requests with deadlines, answers matched by port and sequence, dumps that tell whether they are whole. Knows framing, acks and
 * errors; knows no family's attributes. Sources: netlink(7), <linux/netlink.h>. */
#ifndef FERRY_WIRE_NETLINK_H
#define FERRY_WIRE_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

struct netlink; /* one socket */

/* What an ack or error message says, with the extended ACK's parts where the kernel gave them. Pointers borrow from the receive buffer. */
struct netlink_ack {
	int result; /* 0 or negative errno */
	uint32_t sequence;
	const char *message; /* NLMSGERR_ATTR_MSG, or NULL; not escaped */
	bool has_offset;
	uint32_t offset;       /* NLMSGERR_ATTR_OFFS: of the offending attribute, from the start of the request's netlink header */
	uint32_t missing_type; /* NLMSGERR_ATTR_MISS_TYPE, 0 = none */
	bool has_missing_nest;
	uint32_t missing_nest; /* NLMSGERR_ATTR_MISS_NEST: offset as above */
	const void *policy;    /* NLMSGERR_ATTR_POLICY payload, or NULL */
	uint32_t policy_length;
	const struct nlmsghdr *request; /* the quoted request's header */
	uint32_t request_length;        /* bytes of the quoted request that are really there (just the header where capped) */
};

/* Opens a socket of PROTOCOL (NETLINK_ROUTE, ...) with extended and capped acks and strict checking, where the kernel has them. 0 or negative errno
 * with words. */
int netlink_open(int protocol, struct netlink **ret, struct error *error) _must_check_;
/* The same at PORT, which must be free (-EADDRINUSE); 0: one that the kernel chooses. */
int netlink_open_at(int protocol, uint32_t port, struct netlink **ret, struct error *error) _must_check_;
/* The same with a socket that is open, which is taken over also on failure. */
int netlink_open_with(int descriptor, int protocol, uint32_t port, struct netlink **ret, struct error *error) _must_check_;
struct netlink *netlink_close(struct netlink *netlink);
DEFINE_CLEANUP(struct netlink *, netlink, netlink_close)
int netlink_descriptor(const struct netlink *netlink);
/* Bytes sent and received so far. */
uint64_t netlink_traffic(const struct netlink *netlink);
uint32_t netlink_port(const struct netlink *netlink);
/* Milliseconds that an answer may take (default 5,000): then -ETIMEDOUT, and a late answer is dropped by its sequence. */
void netlink_set_deadline(struct netlink *netlink, unsigned int milliseconds);
/* SO_RCVBUFFORCE, else SO_RCVBUF. Returns the bytes that the kernel now gives. */
unsigned int netlink_set_receive_buffer(struct netlink *netlink, unsigned int bytes);
int netlink_join(struct netlink *netlink, unsigned int group) _must_check_;

/* Generic netlink. The kernel gives a family its number anew whenever it is registered, and all of its messages that one type. Ours have a type for
 * each command, which is none of a family's: what is asked of the kernel, and what it tells, since families number these apart. */
#define NETLINK_ASKED(command) (0x2000 | (command))
#define NETLINK_TOLD(command)  (0x4000 | (command))

/* From now on requests are of FAMILY: of a type as above, with a struct genlmsghdr in front, which is filled in; and so come answers. What is
 * received (netlink_receive()) stays as it is. */
void netlink_set_family(struct netlink *netlink, uint16_t family);
uint16_t netlink_family(const struct netlink *netlink);
/* The type by its command of a MESSAGE of a generic family; its own where it has none. */
uint16_t netlink_type_by_command(const struct nlmsghdr *message);

/* Called for each message of an answer; the message is valid until it returns. Non-zero ends the walk and is returned (the rest of the answer is
 * drained later). */
typedef int netlink_function(void *data, const struct nlmsghdr *message);

/* Sends one request (TYPE, FLAGS beside NLM_F_REQUEST; PAYLOAD with fixed header and attributes) and hands every answer to FUNCTION (may be NULL)
 * until the ack. RET_ACK (may be NULL) is filled also on failure. The kernel's refusal is returned as its negative errno. NLM_F_ACK is added. */
int netlink_request(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, netlink_function *function,
		    void *data, struct netlink_ack *ret_ack) _must_check_;

/* The same of a request that is answered with one message, which may come after an ack (audit): none is asked for. */
int netlink_ask_one(struct netlink *netlink, uint16_t type, const void *payload, size_t length, netlink_function *function, void *data,
		    struct netlink_ack *ret_ack) _must_check_;

/* The same for a dump (NLM_F_DUMP is added). *RET_INTERRUPTED tells that the kernel marked it NLM_F_DUMP_INTR; the caller has had the messages all
 * the same. */
int netlink_dump(struct netlink *netlink, uint16_t type, uint16_t flags, const void *payload, size_t length, netlink_function *function, void *data,
		 bool *ret_interrupted, struct netlink_ack *ret_ack) _must_check_;

/* Many requests in as few sends as fit. Append with netlink_batch_add(), then netlink_batch_send() sends all and hands each request's ack to FUNCTION
 * in order. An error of one does not stop the others (only nf_tables is atomic): the first error is returned. */
struct netlink_batch {
	struct buffer buffer;
	uint32_t first_sequence, count;
};
typedef int netlink_ack_function(void *data, uint32_t index, const struct netlink_ack *ack);
int netlink_batch_add(struct netlink *netlink, struct netlink_batch *batch, uint16_t type, uint16_t flags, const void *payload,
		      size_t length) _must_check_;
int netlink_batch_send(struct netlink *netlink, struct netlink_batch *batch, netlink_ack_function *function, void *data) _must_check_;
void netlink_batch_done(struct netlink_batch *batch);

/* The requests of BATCH as one transaction of netfilter's SUBSYSTEM, of which all is done or nothing. GENERATION, where it is not
 * 0, is the one that the state must still have: -ERESTART where somebody has changed it since. REFUSED is given each request that the kernel refused,
 * with its index; ECHO the answers to those that ask for one (NLM_F_ECHO). Either may be NULL. The batch begins anew. */
int netlink_transaction(struct netlink *netlink, struct netlink_batch *batch, uint16_t subsystem, uint32_t generation, netlink_ack_function *refused,
			netlink_function *echo, void *data) _must_check_;

/* Reads what is queued on a multicast socket without waiting, one datagram a call, into a buffer that the socket owns. Returns its length, 0 where
 * nothing is there, -ENOBUFS where the kernel dropped messages since the last call (netlink_drops() tells how many), -EMSGSIZE where a datagram was
 * larger than the buffer (which has been grown; that one is lost and counted as one drop). Datagrams not sent by the kernel are passed over. */
ssize_t netlink_receive(struct netlink *netlink, const void **ret_data) _must_check_;
/* Messages that the kernel dropped at this socket since it was opened (SO_MEMINFO), plus truncated ones. */
uint64_t netlink_drops(const struct netlink *netlink);

/* A datagram and who sent it. The data stands in the socket's buffer until the next read. */
struct netlink_datagram {
	const uint8_t *data;
	size_t length;
	uint32_t port;  /* of the sender; 0 = the kernel, and nobody else can have that */
	uint32_t group; /* that it was sent to; 0 = our port alone */
	bool has_credentials;
	uint32_t pid, uid, gid; /* of the sending process; a pid of 0 is the kernel, or a process that our pid namespace does not show */
};

/* From now on the kernel tells the group and the process of each datagram. */
int netlink_tell_senders(struct netlink *netlink) _must_check_;
/* As netlink_receive(), from whomever. */
ssize_t netlink_receive_from(struct netlink *netlink, struct netlink_datagram *ret) _must_check_;
/* Makes the buffer large enough for a datagram of LENGTH bytes, up to 16 MiB. -ENOMEM, -EMSGSIZE. */
int netlink_reserve(struct netlink *netlink, size_t length);
/* DATA as it stands, without a header, to the process at PORT, or to whoever listens to GROUP (1 to 32; then PORT is 0) but us. Waits for room at
 * PORT as long as the deadline says. -ECONNREFUSED: nobody is at PORT; -EAGAIN: who is there does not read; -EMSGSIZE; -EPERM. Whether anybody has
 * had what went to a group the kernel does not tell. */
int netlink_send_to(struct netlink *netlink, uint32_t port, uint32_t group, const void *data, size_t length) _must_check_;

/* Walks the messages of a datagram. False at its end or where the rest is malformed. */
bool netlink_next(const void **data, size_t *length, const struct nlmsghdr **ret_message);
/* Parses an NLMSG_ERROR (or a NLMSG_DONE with a code); -EBADMSG where it is malformed. */
int netlink_parse_ack(const struct nlmsghdr *message, struct netlink_ack *ret) _must_check_;

#endif
