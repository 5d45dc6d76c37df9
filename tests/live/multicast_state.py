# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a multicast routing daemon does: routes of groups, made by options of its sockets (<linux/mroute.h>, <linux/mroute6.h>)."""
import socket
import struct
import subprocess

INIT, ADD_LINK, ADD_ROUTE, DELETE_ROUTE = 200, 202, 204, 205
LINKS = ('link add v0 type veth peer name v1', 'link add v2 type veth peer name v3', *(f'link set v{number} up' for number in range(4)))
NONE = 255  # a TTL that no packet has more of


def make_links():
    for command in LINKS:
        subprocess.run(['ip', *command.split()], check=True)


class Daemon:
    """Routes between LINKS, as long as it is open. OSError where the kernel has no multicast routing."""

    def __init__(self, family, links):
        self.family = family
        self.level = socket.IPPROTO_IP if family == socket.AF_INET else socket.IPPROTO_IPV6
        self.socket = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_IGMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6)
        try:
            self.socket.setsockopt(self.level, INIT, 1)
        except OSError:
            self.socket.close()
            raise
        for number, link in enumerate(links):
            index = socket.if_nametoindex(link)
            if family == socket.AF_INET:
                option = struct.pack('=HBBIiI', number, 8, 1, 0, index, 0)  # VIFF_USE_IFINDEX
            else:
                option = struct.pack('=HBBHxxI', number, 0, 1, index, 0)
            self.socket.setsockopt(self.level, ADD_LINK, option)

    def close(self):
        self.socket.close()

    def option_of(self, source, group, parent, ttls):
        if self.family == socket.AF_INET:
            return struct.pack('=4s4sH32sxxIIIi', socket.inet_aton(source), socket.inet_aton(group), parent, bytes(ttls + [NONE] * (32 - len(ttls))), 0, 0, 0, 0)
        addresses = b''.join(struct.pack('=HHI16sI', socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, address), 0) for address in (source, group))
        outputs = sum(1 << number for number, ttl in enumerate(ttls) if ttl != NONE)
        return addresses + struct.pack('=Hxx8I', parent, outputs, *[0] * 7)

    def add(self, source, group, parent, ttls):
        """Also in the place of one that is there. TTLS: of each link."""
        self.socket.setsockopt(self.level, ADD_ROUTE, self.option_of(source, group, parent, ttls))

    def delete(self, source, group):
        self.socket.setsockopt(self.level, DELETE_ROUTE, self.option_of(source, group, 0, []))


def make_routes():
    """The daemons, to be closed."""
    fourth, sixth = Daemon(socket.AF_INET, ('v0', 'v2')), Daemon(socket.AF_INET6, ('v0', 'v2'))
    fourth.add('10.1.0.9', '239.1.1.1', 0, [NONE, 4])
    fourth.add('0.0.0.0', '239.2.2.2', 1, [1, 1])
    fourth.add('10.1.0.9', '239.3.3.3', 0, [])
    sixth.add('fd00::9', 'ff0e::1', 0, [NONE, 1])
    sixth.add('fd00::8', 'ff0e::2', 1, [1, NONE])
    return fourth, sixth
