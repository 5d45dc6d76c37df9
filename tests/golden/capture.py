# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 tests/golden/capture.py [PROTOCOL...] (as root): the kernel's own bytes of every object, from a namespace full of them, into
tests/golden/PROTOCOL-NAME.bin, and what it tells as they come and go into PROTOCOL-notices.bin. After it, `FERRY_GOLDEN_WRITE=1 build-dev/tests/test-object-golden` (and
test-xfrm, test-netfilter) writes what they read as; look at the difference before committing it: tests/live/route-objects.py and xfrm.py judge such state by ip(8). States of IPsec take
a kernel with ESP, AH and IPComp: where it has none, the bytes that are there stay."""
import os
import random
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'live'))
import nftables_state
import route_state
import xfrm_state

REQUEST, DUMP = 1, 0x300
ERROR, DONE = 2, 3
# name: request type, and the payloads of its dumps
OBJECTS = {
    'link': (18, [struct.pack('BxHiII', 0, 0, 0, 0, 0)]),
    'addr': (22, [bytes(8)]),
    'route': (26, [struct.pack('12B', 2, *[0] * 11), struct.pack('12B', 10, *[0] * 11)]),
    'neigh': (30, [bytes(12)]),
    'proxy': (30, [struct.pack('BxxxiHBB', 0, 0, 0, 8, 0)]),
    'rule': (34, [struct.pack('12B', 2, *[0] * 11), struct.pack('12B', 10, *[0] * 11)]),
    'port': (18, [struct.pack('BxHiII', 7, 0, 0, 0, 0) + struct.pack('HHI', 8, 29, 4)]),
    'nexthop': (106, [bytes(8)]),
}


XFRM_OBJECTS = {
    'state': (0x12, DUMP, b''),
    'policy': (0x15, DUMP, b''),
    'default': (0x28, 0, bytes(3)),
}
NETFILTER_OBJECTS = {'table': 1, 'chain': 4, 'rule': 7, 'set': 10, 'object': 19, 'flowtable': 23}
NETFILTER, NEWSET, GETSETELEM = 10 << 8, 9, 13
NOTICE_GROUPS = 2, 3, 4  # expire, sa, policy


def ask(protocol, kind, flags, payload):
    """The messages of an answer, up to the acknowledgement."""
    answer = b''
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as s:
        s.bind((0, 0))
        s.send(struct.pack('IHHII', 16 + len(payload), kind, REQUEST | flags, 1, 0) + payload)
        while True:
            datagram = s.recv(1 << 20)
            at = 0
            while at < len(datagram):
                length, type_, _, _, _ = struct.unpack_from('IHHII', datagram, at)
                if type_ in (ERROR, DONE):
                    return answer
                answer += datagram[at:at + length] + bytes(-length % 4)
                at += length + 3 & ~3
            if not flags & DUMP:
                return answer


def dump(kind, payload):
    answer = b''
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.bind((0, 0))
        s.setsockopt(270, 12, 1)  # NETLINK_GET_STRICT_CHK
        s.send(struct.pack('IHHII', 16 + len(payload), kind, REQUEST | DUMP, 1, 0) + payload)
        while True:
            datagram = s.recv(1 << 20)
            at = 0
            while at < len(datagram):
                length, type_, _, _, _ = struct.unpack_from('IHHII', datagram, at)
                if type_ == DONE:
                    return answer
                answer += datagram[at:at + length] + bytes(-length % 4)
                at += length + 3 & ~3


def take_notices(listener):
    notices = b''
    listener.settimeout(2)
    try:
        while True:
            datagram = listener.recv(1 << 20)
            notices += datagram + bytes(-len(datagram) % 4)
    except TimeoutError:
        return notices


def make_xfrm():
    """Policies, and states where the kernel takes them; what was told of them, with their ends."""
    rolled = random.Random(5)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6) as listener:
        listener.bind((0, sum(1 << group - 1 for group in NOTICE_GROUPS)))
        policies = [policy for policy in (xfrm_state.policy(rolled) for _ in range(40)) if xfrm_state.ip('policy', 'add', *policy[0], *policy[1])]
        states = [state for state in (xfrm_state.state(rolled, number) for number in range(60)) if xfrm_state.ip('state', 'add', *state[0], *state[1])]
        for identity, more in policies[:5]:
            xfrm_state.ip('policy', 'update', *identity, *more, 'priority', '77') if 'tmpl' not in more else xfrm_state.ip('policy', 'delete', *identity)
        for identity, _, _ in states[:5]:
            xfrm_state.ip('state', 'delete', *(word for word in identity))
        xfrm_state.ip('policy', 'setdefault', 'fwd', 'block')
        # One that comes to its end by itself.
        xfrm_state.ip('policy', 'add', 'src', '10.99.0.0/24', 'dst', '10.98.0.0/24', 'dir', 'out', 'limit', 'time-hard', '1')
        xfrm_state.ip('state', 'add', 'src', '10.99.0.1', 'dst', '10.98.0.1', 'proto', 'esp', 'spi', '0x77', 'mode', 'tunnel', 'enc', 'cipher_null', '', 'auth', 'digest_null', '',
                      'limit', 'time-hard', '1')
        notices = take_notices(listener)
    return states, notices


def capture_xfrm():
    states, notices = make_xfrm()
    if not states:
        print('this kernel takes no state of IPsec: the bytes that are there stay')
        return
    for name, (kind, flags, payload) in XFRM_OBJECTS.items():
        with open(os.path.join(HERE, f'xfrm-{name}.bin'), 'wb') as file:
            file.write(ask(6, kind, flags, payload))
    with open(os.path.join(HERE, 'xfrm-notices.bin'), 'wb') as file:
        file.write(notices)


def capture_netfilter():
    """A ruleset with all that the kernel takes; what was told as a small one came and went."""
    nftables_state.make_all()
    dumps = {name: ask(12, NETFILTER | kind, DUMP, bytes(4)) for name, kind in NETFILTER_OBJECTS.items()}
    dumps['element'], at = b'', 0
    while at < len(dumps['set']):
        length, = struct.unpack_from('I', dumps['set'], at)
        body, attributes = dumps['set'][at + 20:at + length], b''
        while body:
            size, kind = struct.unpack_from('HH', body)
            attributes += body[:size] + bytes(-size % 4) if kind in (1, 2) else b''  # table and name, of the same numbers
            body = body[size + 3 & ~3:]
        dumps['element'] += ask(12, NETFILTER | GETSETELEM, DUMP, dumps['set'][at + 16:at + 18] + bytes(2) + attributes)
        at += length + 3 & ~3
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as listener:
        listener.bind((0, 1 << 7 - 1))
        nftables_state.nft('flush', 'ruleset')
        for each in nftables_state.FRAME[:1] + nftables_state.FRAME[6:8] + nftables_state.FRAME[18:20]:
            nftables_state.nft(f'add {each}')
        for rule in nftables_state.RULES['inet t c'][:2] + ['tcp dport { 80, 443 } accept']:
            nftables_state.nft(f'add rule inet t c {rule}')
        nftables_state.nft('flush', 'ruleset')
        dumps['notices'] = take_notices(listener)
    for name, data in dumps.items():
        if data:  # this kernel may have no flowtables
            with open(os.path.join(HERE, f'netfilter-{name}.bin'), 'wb') as file:
                file.write(data)


def capture_route():
    route_state.make_all()
    for name, (kind, payloads) in OBJECTS.items():
        with open(os.path.join(HERE, f'route-{name}.bin'), 'wb') as file:
            file.write(b''.join(dump(kind, payload) for payload in payloads))


def main():
    route_state.enter(__file__)
    for protocol in sys.argv[1:] or ['netfilter', 'route', 'xfrm']:
        {'netfilter': capture_netfilter, 'route': capture_route, 'xfrm': capture_xfrm}[protocol]()


main()
