/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of twins. Sources: Documentation/ABI/testing/sysfs-class-net and -statistics, netdevice(7), rtnetlink(7), proc(5). Of /proc/net/dev just
 * the columns that are one counter stand here: its drop, frame and carrier are sums of several.
 */
#include "channel/doors.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if.h>
#include <string.h>

#include "model/schema.h"

#define LINK          "netlink/route/link/%i/"
#define SYSFS         "sysfs/class/net/%i/"
#define IOCTL         "ioctl/%i/"
#define LABEL         "ioctl/%l/"
#define ADDRESS       "netlink/route/addr/%i/%a/"
#define ROUTE         "netlink/route/route/main/%r/"
#define IOCTL_ROUTE   "ioctl/route/%r/"
#define COUNTER(name) LINK "stats64/" name, SYSFS "statistics/" name

const struct doors doors_table[] = {
	{ FERRY_COMPARE_PLAIN, { LINK "mtu", IOCTL "mtu", SYSFS "mtu" } },
	{ FERRY_COMPARE_PLAIN, { LINK "txqlen", IOCTL "txqueuelen", SYSFS "tx_queue_len" } },
	{ FERRY_COMPARE_FLAGS, { LINK "flags", IOCTL "flags", SYSFS "flags" } },
	{ FERRY_COMPARE_PLAIN, { LINK "address", IOCTL "hwaddr", SYSFS "address" } },
	{ FERRY_COMPARE_PLAIN, { LINK "broadcast", SYSFS "broadcast" } },
	{ FERRY_COMPARE_PLAIN, { LINK "ifindex", IOCTL "index", SYSFS "ifindex" } },
	{ FERRY_COMPARE_PLAIN, { LINK "link_type", IOCTL "hwtype", SYSFS "type" } },
	{ FERRY_COMPARE_PLAIN, { LINK "group", SYSFS "netdev_group" } },
	{ FERRY_COMPARE_PLAIN, { LINK "ifalias", SYSFS "ifalias" } },
	{ FERRY_COMPARE_PLAIN, { LINK "carrier", SYSFS "carrier" } },
	{ FERRY_COMPARE_PLAIN, { LINK "carrier_changes", SYSFS "carrier_changes" } },
	{ FERRY_COMPARE_PLAIN, { LINK "carrier_up_count", SYSFS "carrier_up_count" } },
	{ FERRY_COMPARE_PLAIN, { LINK "carrier_down_count", SYSFS "carrier_down_count" } },
	{ FERRY_COMPARE_WORD, { LINK "operstate", SYSFS "operstate" } },
	{ FERRY_COMPARE_PLAIN, { LINK "linkmode", SYSFS "link_mode" } },
	{ FERRY_COMPARE_PLAIN, { LINK "proto_down", SYSFS "proto_down" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_bytes"), "procfs/net/dev/%i/rx_bytes" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_packets"), "procfs/net/dev/%i/rx_packets" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_errors"), "procfs/net/dev/%i/rx_errors" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_fifo_errors"), "procfs/net/dev/%i/rx_fifo" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_compressed"), "procfs/net/dev/%i/rx_compressed" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("multicast"), "procfs/net/dev/%i/rx_multicast" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_bytes"), "procfs/net/dev/%i/tx_bytes" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_packets"), "procfs/net/dev/%i/tx_packets" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_errors"), "procfs/net/dev/%i/tx_errors" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_dropped"), "procfs/net/dev/%i/tx_dropped" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_fifo_errors"), "procfs/net/dev/%i/tx_fifo" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_compressed"), "procfs/net/dev/%i/tx_compressed" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("collisions"), "procfs/net/dev/%i/tx_collisions" } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_dropped") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_length_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_over_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_crc_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_frame_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_missed_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("rx_nohandler") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_aborted_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_carrier_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_heartbeat_errors") } },
	{ FERRY_COMPARE_PLAIN, { COUNTER("tx_window_errors") } },
	{ FERRY_COMPARE_PLAIN, { LINK "af_spec/inet/conf/%f", "sysctl/net/ipv4/conf/%i/%f" } },
	{ FERRY_COMPARE_PLAIN, { LINK "af_spec/inet6/conf/%f", "sysctl/net/ipv6/conf/%i/%f" } },
	{ FERRY_COMPARE_PLAIN, { ADDRESS "local", LABEL "address" } },
	{ FERRY_COMPARE_PREFIX, { ADDRESS "prefixlen", LABEL "netmask" } },
	{ FERRY_COMPARE_PLAIN, { ADDRESS "broadcast", LABEL "broadcast" } },
	{ FERRY_COMPARE_PLAIN, { ADDRESS "peer", LABEL "dstaddr" } },
	{ FERRY_COMPARE_PLAIN, { ROUTE "gateway", IOCTL_ROUTE "gateway" } },
	{ FERRY_COMPARE_PLAIN, { ROUTE "dev", IOCTL_ROUTE "iface" } },
	{ FERRY_COMPARE_PLAIN, { ROUTE "metric", IOCTL_ROUTE "metric" } },
};
const unsigned int doors_count = ARRAY_SIZE(doors_table);

/* ---- Addresses ---- */

/* Where the placeholder LETTER goes, and how much room there is. */
static char *place_of(struct doors_names *names, char letter, size_t *ret_room)
{
	switch (letter) {
	case 'i':
		*ret_room = sizeof(names->interface);
		return names->interface;
	case 'l':
		*ret_room = sizeof(names->label);
		return names->label;
	case 'a':
		*ret_room = sizeof(names->address);
		return names->address;
	case 'r':
		*ret_room = sizeof(names->route);
		return names->route;
	default:
		*ret_room = sizeof(names->name);
		return names->name;
	}
}

/* How much of TEXT the placeholder takes: one part, or the two of a prefix. */
static size_t placeholder_length(char letter, const char *text)
{
	size_t length = strcspn(text, "/");

	if ((letter == 'a' || letter == 'r') && text[length] == '/' && isdigit((unsigned char)text[length + 1]) && memchr(text, '.', length))
		length += 1 + strcspn(text + length + 1, "/");
	return length;
}

bool doors_match(const char *template, const char *address, struct doors_names *ret)
{
	struct doors_names names = { 0 };

	while (*template && *address) {
		size_t room, length;
		char *place;

		if (*template != '%') {
			if (*template ++ != *address++)
				return false;
			continue;
		}
		place = place_of(&names, template[1], &room);
		length = placeholder_length(template[1], address);
		if (!length || length >= room)
			return false;
		memcpy(place, address, length);
		place[length] = '\0';
		template += 2;
		address += length;
	}
	/* An address that ends before the template is an object above the field. */
	if (*address || (*template && *template != '/'))
		return false;
	*ret = names;
	return true;
}

bool doors_fill(const char *template, const struct doors_names *names, struct buffer *ret)
{
	struct doors_names copy = *names;

	for (; *template; template ++) {
		size_t room;
		const char *text;

		if (*template != '%') {
			buffer_add_char(ret, *template);
			continue;
		}
		text = place_of(&copy, *++template, &room);
		if (!*text && *template != 'a') /* an address may be any of IPv4 that the interface has */
			return false;
		buffer_add_text(ret, *text ? text : "*.*");
	}
	return !ret->failed;
}

/* ---- Values ---- */

/* What one door tells and another does not: flags above the 16 bits of an ioctl, and those that follow from the state. */
#define FLAGS_COMPARED (0xffffu & ~(unsigned int)IFF_RUNNING)

static bool whole_number(const char *text, int base, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return !errno && !*end;
}

static bool number_of(const struct ferry_value *value, const char *text, int base, uint64_t *ret)
{
	const struct value *inner = &value->value;

	if (value->field && value->field->kind == FIELD_INTERFACE) /* its name is what others tell */
		return false;
	switch (inner->type) {
	case VALUE_BOOL:
		*ret = inner->boolean;
		return true;
	case VALUE_INT:
	case VALUE_UINT:
		*ret = inner->number;
		return true;
	case VALUE_TEXT:
		return whole_number(text, base, ret);
	default:
		return false;
	}
}

static bool as_number(enum ferry_comparison comparison, const struct ferry_value *value, const char *text, uint64_t *ret)
{
	switch (comparison) {
	case FERRY_COMPARE_WORD:
		return false;
	case FERRY_COMPARE_FLAGS:
		if (!number_of(value, text, 16, ret))
			return false;
		*ret &= FLAGS_COMPARED;
		return true;
	default:
		return number_of(value, text, 10, ret);
	}
}

void doors_normal(enum ferry_comparison comparison, const struct ferry_value *value, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer text = { 0 };
	const struct value *inner = &value->value;
	uint64_t number;
	uint32_t mask;

	if (inner->type == VALUE_TEXT)
		buffer_add(&text, inner->bytes.data, inner->bytes.length);
	else
		value_print(&text, inner, value->field, value->naming);
	buffer_add(&text, "", 0);
	if (text.failed) {
		ret->failed = true;
		return;
	}
	if (comparison == FERRY_COMPARE_PREFIX && inner->type == VALUE_ADDRESS && inner->bytes.length == sizeof(mask)) {
		memcpy(&mask, inner->bytes.data, sizeof(mask));
		buffer_add_uint(ret, (unsigned int)__builtin_popcount(mask));
	} else if (as_number(comparison, value, text.data, &number)) {
		buffer_add_uint(ret, number);
	} else {
		for (size_t i = 0; i < text.length; i++)
			buffer_add_char(ret, comparison == FERRY_COMPARE_WORD ? (char)tolower((unsigned char)text.data[i]) : text.data[i]);
	}
}
