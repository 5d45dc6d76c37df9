/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/control.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* More interfaces than this are not asked for: 64 MiB of answer. */
#define ANSWER_MAXIMUM (64 << 20)

int control_open(struct error *error)
{
	int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (descriptor < 0) {
		const int code = -errno;

		return error_set(error, code, "cannot open an AF_INET socket for ioctl: %s", error_text(code));
	}
	return descriptor;
}

int control_call(int descriptor, unsigned long request, void *argument)
{
	int r;

	do
		r = ioctl(descriptor, request, argument);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static void add_name(const char *name, size_t length, struct buffer *ret)
{
	if (length == 0 || length >= IFNAMSIZ || memchr(name, '/', length) || memchr(name, '\0', length))
		return;
	buffer_add(ret, name, length);
	buffer_add_char(ret, '\0');
}

void control_names_of(const void *data, size_t length, struct buffer *ret)
{
	const char *bytes = data;

	for (; length >= sizeof(struct ifreq); bytes += sizeof(struct ifreq), length -= sizeof(struct ifreq))
		add_name(bytes + offsetof(struct ifreq, ifr_name), strnlen(bytes + offsetof(struct ifreq, ifr_name), IFNAMSIZ), ret);
}

/* Two lines of heading, then "  eth0: 1 2 3": neither blanks nor colons stand in the name of an interface. */
void control_names_in(const char *text, size_t length, struct buffer *ret)
{
	size_t line_length;

	for (size_t at = 0, line = 0; at < length; at += line_length + 1, line++) {
		const char *begin = text + at, *next = memchr(begin, '\n', length - at), *colon;
		size_t blanks = 0;

		line_length = next ? (size_t)(next - begin) : length - at;
		while (blanks < line_length && begin[blanks] == ' ')
			blanks++;
		colon = line < 2 || blanks == line_length ? NULL : memchr(begin + blanks, ':', line_length - blanks);
		if (colon && !memchr(begin + blanks, ' ', (size_t)(colon - begin) - blanks))
			add_name(begin + blanks, (size_t)(colon - begin) - blanks, ret);
	}
}

int control_interfaces(int descriptor, struct buffer *ret)
{
	struct ifconf answer = { 0 };
	int r = control_call(descriptor, SIOCGIFCONF, &answer), room;

	/* What fits is told and the rest is not, without a word: only an answer with room left over is whole. */
	for (room = answer.ifc_len + 16 * (int)sizeof(struct ifreq); r == 0 && room <= ANSWER_MAXIMUM; room *= 2) {
		_cleanup_free_ char *data = malloc((size_t)room);

		if (!data)
			return -ENOMEM;
		answer = (struct ifconf){ .ifc_len = room, .ifc_buf = data };
		r = control_call(descriptor, SIOCGIFCONF, &answer);
		if (r < 0 || answer.ifc_len < 0 || answer.ifc_len > room)
			return r < 0 ? r : -EBADMSG;
		if (room - answer.ifc_len < (int)sizeof(struct ifreq))
			continue;
		control_names_of(data, (size_t)answer.ifc_len, ret);
		return ret->failed ? -ENOMEM : 0;
	}
	return r < 0 ? r : -EFBIG;
}
