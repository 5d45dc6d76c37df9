# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 tests/golden/capture.py [PROTOCOL...] (as root): the kernel's own bytes of every object, from a namespace full of them, into
tests/golden/PROTOCOL-NAME.bin, and what it tells as they come and go into PROTOCOL-notices.bin. After it, `FERRY_GOLDEN_WRITE=1 build-dev/tests/test-object-golden` (and
test-xfrm, test-netfilter, and test-operation-golden for what generic families tell beside objects) writes what they read as; look at the difference before committing it:
tests/live/route-objects.py and xfrm.py judge such state by ip(8). States of IPsec take a kernel with ESP, AH and IPComp: where it has none, the bytes that are there stay."""
import glob
import os
import random
import shutil
import socket
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'live'))
import audit_state
import bridge_state
import mpls_state
import multicast_state
import netfilter_state
import nftables_state
import route_state
import tc_state
import xfrm_state

REQUEST, ACK, DUMP = 1, 4, 0x300
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
# What is told beside them, from a few links of its own.
MORE = {
    'addrlabel': (74, [struct.pack('B11x', 10)]),
    'anycast': (62, [struct.pack('B7x', 10)]),
    'multicast': (58, [struct.pack('B7x', 2), struct.pack('B7x', 10)]),
    'netconf': (82, [bytes(4)]),
    'nsid': (90, [bytes(4)]),
    'ntable': (66, [bytes(4)]),
    'stats': (94, [struct.pack('III', 0, 0, 0x1f)]),
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
                if type_ in (ERROR, DONE):
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
    texts = nftables_state.texts()
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
    # As nft(8) prints the rules.
    with open(os.path.join(HERE, 'netfilter-text.txt'), 'w') as file:
        file.writelines(f'{address} {text}\n' for address, text in texts.items())


def capture_beside():
    """What netfilter keeps beside nftables."""
    subprocess.run(['sysctl', '-qw', 'net.netfilter.nf_conntrack_acct=1', 'net.netfilter.nf_conntrack_timestamp=1'], check=True)
    route_state.ip('link', 'set', 'lo', 'up')
    kept = netfilter_state.expect()
    print(len(netfilter_state.make_connections()), 'connections,', len(netfilter_state.make_sets()), 'sets and entries,', len(netfilter_state.make_counters()), 'counters')
    version, headers = struct.pack('HHBxxx', 5, 1, 7), struct.pack('HH', 8, 6 | 0x4000) + struct.pack('>I', 4)
    requests = {'conntrack': (1 << 8 | 1, b''), 'expectation': (2 << 8 | 1, b''), 'ipset': (6 << 8 | 7, version + headers), 'ipset_entry': (6 << 8 | 7, version), 'nfacct': (7 << 8 | 1, b'')}
    for name, (kind, attributes) in requests.items():
        with open(os.path.join(HERE, f'netfilter-{name}.bin'), 'wb') as file:
            file.write(ask(12, kind, DUMP, bytes(4) + attributes))
    for end in kept:
        end.close()


def capture_route():
    route_state.make_all()
    for name, (kind, payloads) in OBJECTS.items():
        with open(os.path.join(HERE, f'route-{name}.bin'), 'wb') as file:
            file.write(b''.join(dump(kind, payload) for payload in payloads))


def capture_more():
    for command in ('link set lo up', 'link add d0 type veth peer name d1', 'link add br0 type bridge mcast_stats_enabled 1 stp_state 1', 'link set d0 master br0', 'link set d0 up',
                    'link set d1 up', 'link set br0 up', 'addr add 2001:db8:5::1/64 dev d1 nodad', 'addrlabel add prefix 2001:db8:7::/48 dev d1 label 77'):
        route_state.ip(*command.split())
    subprocess.run(['sysctl', '-qw', 'net.ipv6.conf.d1.forwarding=1', 'net.ipv4.conf.d1.rp_filter=2'], check=True)
    with subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo; read end'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        for command in ('link add d2 type veth peer name d3', f'link set d3 netns {other.pid}'):
            route_state.ip(*command.split())
        for name, (kind, payloads) in MORE.items():
            with open(os.path.join(HERE, f'route-{name}.bin'), 'wb') as file:
                file.write(b''.join(dump(kind, payload) for payload in payloads))
        other.stdin.close()


def places(qdiscs):
    """Where filters may be asked for: device and parent, each once."""
    found = [(2 ** 32 - 1, 7)]
    for qdisc in qdiscs:
        _, index, handle, parent, _ = struct.unpack_from('=BxxxiIII', qdisc, 16)
        found += [(index, 0xfffffff2), (index, 0xfffffff3)] if parent == 0xfffffff1 and b'clsact' in qdisc else [(index, handle)] if handle and parent != 0xfffffff1 else []
    return found


def messages(data):
    at = 0
    while at < len(data):
        length, = struct.unpack_from('I', data, at)
        yield data[at:at + length]
        at += length + 3 & ~3


def capture_tc():
    """Every kind that the kernel has: one with all modules has most."""
    for command in ('link add d0 type veth peer name d1', 'link set d0 up', 'link set d1 up'):
        route_state.ip(*command.split())
    kinds = [*tc_state.make_kinds(), *tc_state.make_tree()]
    if 'netem' not in kinds:
        print('this kernel has few kinds of traffic control: the bytes that are there stay')
        return
    qdiscs = dump(38, bytes(20))
    devices = sorted({struct.unpack_from('i', qdisc, 20)[0] for qdisc in messages(qdiscs)})
    # Of a kernel with more than two queues a link the others say nothing new.
    found = {'qdisc': qdiscs, 'class': b''.join(dump(42, struct.pack('BxxxiIII', 0, index, 0, 0, 0)) for index in devices),
             'filter': b''.join(dump(46, struct.pack('=BxxxIIII', 0, index & 0xffffffff, 0, parent, 0)) for index, parent in places(messages(qdiscs)))}
    for name, answer in found.items():
        with open(os.path.join(HERE, f'route-{name}.bin'), 'wb') as file:
            file.write(answer)


def capture_bridge():
    """The databases of bridges, and what bridge(8) prints of VLANs where the kernel has them."""
    if not bridge_state.make():
        print('this kernel has no VLANs for bridges: the bytes that are there stay')
        return
    for name, kind, payload in ('fdb', 30, struct.pack('BxxxiHBB', 7, 0, 0, 0, 0)), ('mdb', 86, struct.pack('BxxxI', 7, 0)), ('vlan', 114, struct.pack('BxxxIHHI', 7, 0, 8, 1, 1)):
        with open(os.path.join(HERE, f'route-{name}.bin'), 'wb') as file:
            file.write(dump(kind, payload))
    with open(os.path.join(HERE, 'route-vlan.judge'), 'w', encoding='ascii') as file:
        file.write(subprocess.run(['bridge', '-j', '-d', 'vlan', 'show'], capture_output=True, text=True, check=True).stdout)


def capture_vni():
    if subprocess.run('ip link add vx0 type vxlan external vnifilter dstport 4789'.split(), capture_output=True).returncode:
        print('this kernel has no VXLAN links that take certain networks alone: the bytes that are there stay')
        return
    for words in '10-12', '20 remote 10.0.0.1', '21-22 remote fd00::1':
        subprocess.run(f'bridge vni add vni {words} dev vx0'.split(), check=True)
    with open(os.path.join(HERE, 'route-vni.bin'), 'wb') as file:
        file.write(dump(122, struct.pack('BBHI', 7, 1, 0, 0)))


# Each of a number of its own, far from those of the other links among the bytes.
KINDS = (
    'link add d0 index 101 type veth peer name d1 index 102', 'link add e0 index 103 type veth peer name e1 index 104', 'link add f0 index 105 type veth peer name f1 index 106',
    'link add bd0 index 107 type bond mode active-backup miimon 100 updelay 200', 'link set e0 master bd0', 'link add bd1 index 108 type bond mode 802.3ad miimon 100 lacp_rate fast',
    'link set e1 master bd1', 'link add vr0 index 109 type vrf table 77', 'link set d1 master vr0', 'link add link d0 name iv0 index 110 type ipvlan mode l3 private',
    'link add link f0 name it0 index 111 type ipvtap mode l3s', 'link add dm0 index 112 type dummy', 'link add link dm0 name mc0 index 113 type macsec port 11 encrypt on replay on window 32',
    'link add link dm0 name mc1 index 114 type macsec sci 1122334455660001 cipher gcm-aes-256 icvlen 16', 'link add tm0 index 115 type team', 'link add wg0 index 116 type wireguard',
    'link add link d0 name vl0 index 117 type vlan id 5 egress-qos-map 1:3', 'link add ge0 index 118 type geneve id 9 remote 10.9.9.9 ttl 7',
)


def number_of_link(message):
    return struct.unpack_from('i', message, 20)[0]


def capture_kinds():
    """Kinds of links, on a kernel that has all of them: behind the other links."""
    if not all([route_state.ip(*command.split(), may_fail=True) for command in KINDS]):
        print('this kernel has few kinds of links: the bytes that are there stay')
        return
    path = os.path.join(HERE, 'route-link.bin')
    with open(path, 'rb') as file:
        kept = [message for message in messages(file.read()) if number_of_link(message) <= 100]
    found = [message for message in messages(dump(OBJECTS['link'][0], OBJECTS['link'][1][0])) if number_of_link(message) > 100]
    with open(path, 'wb') as file:
        file.write(b''.join(message + bytes(-len(message) % 4) for message in [*kept, *found]))


def capture_mpls():
    route_state.ip('link', 'set', 'lo', 'up')
    if not mpls_state.has_mpls():
        print('this kernel has no MPLS: the bytes that are there stay')
        return
    mpls_state.make_links()
    mpls_state.make_routes()
    with open(os.path.join(HERE, 'route-mpls.bin'), 'wb') as file:
        file.write(dump(26, struct.pack('12B', 28, *[0] * 11)))


def capture_mroute():
    multicast_state.make_links()
    try:
        daemons = multicast_state.make_routes()
    except OSError:
        print('this kernel has no multicast routing: the bytes that are there stay')
        return
    with open(os.path.join(HERE, 'route-mroute.bin'), 'wb') as file:
        for family in 128, 129:
            file.write(dump(26, struct.pack('12B', family, *[0] * 11)))
    for daemon in daemons:
        daemon.close()


def capture_others():
    """How the audit stands, and what the crypto has."""
    if os.environ.get('FERRY_GUEST') == '1':
        subprocess.run(['modprobe', '-q', 'crypto_user'])
    if os.environ.get('FERRY_GUEST') == '1' and shutil.which('auditctl'):  # the audit has no namespaces
        audit_state.make_rules()
    for name, (protocol, kind, flags) in {'audit-status': (9, 1000, 0), 'audit-features': (9, 1019, 0), 'audit-rule': (9, 1013, DUMP), 'crypto-algorithm': (21, 0x13, DUMP)}.items():
        try:
            answer = ask(protocol, kind, flags, b'')
        except OSError as words:
            print(f'{name}: {words}: the bytes that are there stay')
            continue
        if not answer:
            print(f'{name}: there is none: the bytes that are there stay')
            continue
        with open(os.path.join(HERE, f'{name}.bin'), 'wb') as file:
            file.write(answer)


ETHTOOL = {'linkinfo': 2, 'linkmodes': 4, 'debug': 7, 'wol': 9, 'features': 11, 'privflags': 13, 'rings': 15, 'channels': 17, 'coalesce': 19, 'pause': 21, 'eee': 23, 'fec': 29, 'module': 34,
           'pse': 36, 'rss': 38, 'rss_context': 38, 'plca': 39, 'mm': 42, 'tsconfig': 46}
STATS_GET, HALVES = 32, (1, 2)
COUNTERS, STRINGS = {'pause': 4, 'fec': 4, 'mm': 4}, (4, 9, 10, 11)  # features, link modes, messages, ways to wake


def attribute(number, payload):
    return struct.pack('HH', 4 + len(payload), number) + payload + bytes(-len(payload) % 4)


def nest(number, *inside):
    return attribute(number | 0x8000, b''.join(inside))


def family_of(name):
    """The number that the kernel has given a generic family."""
    answer = ask(16, 16, 0, struct.pack('BBH', 3, 2, 0) + attribute(2, name.encode() + b'\0'))
    at = 20
    while at < len(answer):
        length, number = struct.unpack_from('HH', answer, at)
        if number == 1:
            return struct.unpack_from('H', answer, at + 4)[0]
        at += length + 3 & ~3
    return None


def attributes_of(data):
    """(number, payload) of each."""
    at = 0
    while at + 4 <= len(data):
        length, number = struct.unpack_from('HH', data, at)
        yield number & 0x3fff, data[at + 4:at + length]
        at += length + 3 & ~3


def group_of(family, group):
    """The number of a multicast group of a generic family."""
    answer = ask(16, 16, 0, struct.pack('BBH', 3, 2, 0) + attribute(2, family.encode() + b'\0'))
    groups = dict(attributes_of(answer[20:])).get(7, b'')  # CTRL_ATTR_MCAST_GROUPS
    each = [dict(attributes_of(payload)) for _, payload in attributes_of(groups)]
    return next(struct.unpack('I', told[2])[0] for told in each if told[1] == group.encode() + b'\0')


def of_each_link(family, command, header, *rest):
    """What is told of a link that is named, of all that tell it."""
    return b''.join(ask(16, family, 0, struct.pack('BBH', command, 1, 0) + nest(header, attribute(2, name.encode() + b'\0')) + b''.join(rest)) for _, name in socket.if_nameindex())


def make_device():
    """The device of device/device.c and one of netdevsim, whose modules FERRY_DEVICES names, in a guest (FERRY_GUEST=1): what no other at hand has."""
    if os.environ.get('FERRY_GUEST') != '1' or 'FERRY_DEVICES' not in os.environ:
        return
    for module in os.environ['FERRY_DEVICES'].split(':'):
        subprocess.run(['insmod', module], check=True)
    subprocess.run(['nsenter', '--net=/proc/1/ns/net', 'ip', 'link', 'set', 'sim0', 'netns', str(os.getpid())], check=True)
    with open('/sys/bus/netdevsim/new_device', 'w') as file:
        file.write('1 1 4')
    name = os.listdir('/sys/bus/netdevsim/devices/netdevsim1/net')[0]
    for command in (f'ip link set {name} up', 'ip link add vx0 type vxlan id 5 dstport 4789', 'ip link set vx0 up', f'ethtool --set-fec {name} encoding rs', 'ip link set sim0 up', 'ethtool -X sim0 context new',
                    'ethtool -X sim0 context new hfunc toeplitz equal 2'):
        subprocess.run(command.split(), check=True)


def test_cable(family, command):
    """What the kernel tells of a test of the cable: that it began, and what came of it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as listener:
        listener.bind((0, 0))
        listener.setsockopt(270, 1, group_of('ethtool', 'monitor'))  # SOL_NETLINK, NETLINK_ADD_MEMBERSHIP
        ask(16, family, ACK, struct.pack('BBH', command, 1, 0) + nest(1, attribute(2, b'sim0\0')))
        told = [listener.recv(1 << 16) for _ in range(2)]
    return b''.join(datagram + bytes(-len(datagram) % 4) for datagram in told)


def capture_device(family):
    """What is asked for by more than the name of a device."""
    groups = nest(3, attribute(1, b''), attribute(2, struct.pack('I', 5)), attribute(4, struct.pack('I', 31)))  # all that there are, in the form without a mask
    found = {'stats': of_each_link(family, STATS_GET, 2, groups),  # a dump leaves out what a transceiver counts
             'stats_src': b''.join(ask(16, family, DUMP, struct.pack('BBH', STATS_GET, 1, 0) + nest(2) + groups + attribute(5, struct.pack('I', half))) for half in HALVES),
             'module_eeprom': of_each_link(family, 31, 1, attribute(2, struct.pack('I', 128)), attribute(3, struct.pack('I', 128)), attribute(4, b'\1'), attribute(6, b'\x50')),
             'tunnel_info': of_each_link(family, 28, 1)}
    if os.path.exists('/sys/class/net/sim0'):
        found |= {'cable_test_result': test_cable(family, 26), 'cable_test_tdr_result': test_cable(family, 27)}
    for name, answer in found.items():
        if answer:
            with open(os.path.join(HERE, f'ethtool-{name}.bin'), 'wb') as file:
                file.write(answer)


def capture_ethtool():
    """From a tap and a cable, and from whatever devices and drivers there are: what has none of a kind leaves the bytes that are there."""
    for command in ('tuntap add t0 mode tap', 'link add e0 numtxqueues 2 numrxqueues 2 type veth peer name e1'):
        route_state.ip(*command.split())
    make_device()
    subprocess.run(['ethtool', '-s', 't0', 'msglvl', 'drv', 'on', 'link', 'on'], check=True)
    family = family_of('ethtool')
    for name, command in ETHTOOL.items():
        flags = attribute(3, struct.pack('I', COUNTERS[name])) if name in COUNTERS else b''
        answer = ask(16, family, DUMP, struct.pack('BBH', command, 1, 0) + nest(1, flags))
        if answer:
            with open(os.path.join(HERE, f'ethtool-{name}.bin'), 'wb') as file:
                file.write(answer)
    with open(os.path.join(HERE, 'ethtool-names.bin'), 'wb') as file:
        sets = [nest(1, attribute(1, struct.pack('I', number))) for number in STRINGS]
        file.write(ask(16, family, 0, struct.pack('BBH', 1, 1, 0) + nest(1) + nest(2, *sets)))
    capture_device(family)
    capture_operations('ethtool', family)


def capture_wireguard():
    """Two devices, one with peers: a message of each device, which holds both kinds."""
    if not shutil.which('wg') or not family_of('wireguard'):
        print('this kernel has no WireGuard, or there is no wg(8): the bytes that are there stay')
        return
    keys = [subprocess.run(['wg', 'genkey'], capture_output=True, check=True).stdout for _ in range(3)]
    public = [subprocess.run(['wg', 'pubkey'], input=key, capture_output=True, check=True).stdout.decode().strip() for key in keys]
    for name in 'wg2', 'wg3':
        route_state.ip('link', 'add', name, 'type', 'wireguard')
    subprocess.run(['wg', 'set', 'wg2', 'listen-port', '51820', 'fwmark', '0x10', 'private-key', '/dev/stdin'], input=keys[0], check=True)
    subprocess.run(['wg', 'set', 'wg2', 'peer', public[1], 'preshared-key', '/dev/stdin', *'allowed-ips 10.0.0.0/24,fd00::/64 endpoint 192.0.2.1:51821 persistent-keepalive 25'.split()],
                   input=keys[2], check=True)
    subprocess.run(['wg', 'set', 'wg2', 'peer', public[2], *'allowed-ips 0.0.0.0/0 endpoint [2001:db8::1]:4'.split()], check=True)
    family = family_of('wireguard')
    told = b''.join(ask(16, family, DUMP, struct.pack('BBH', 0, 1, 0) + attribute(1, struct.pack('I', socket.if_nametoindex(name)))) for name in ('wg2', 'wg3'))
    for name in 'device', 'peer':
        with open(os.path.join(HERE, f'wireguard-{name}.bin'), 'wb') as file:
            file.write(told)


# Of generic families: command, flags, attributes.
OPERATIONS = {
    'nlctrl': {'family': (3, DUMP, b'')},
    'netdev': {'dev': (1, DUMP, b''), 'page_pool': (5, DUMP, b''), 'queue': (10, DUMP, b''), 'napi': (11, DUMP, b'')},
    'mptcp_pm': {'endpoint': (3, DUMP, b''), 'limits': (6, 0, b'')},
    'tcp_metrics': {'peer': (1, DUMP, b'')},
    'ethtool': {'linkstate': (6, DUMP, nest(1)), 'phc_vclocks': (33, DUMP, nest(1)), 'phy': (45, DUMP, nest(1)), 'plca_status': (41, DUMP, nest(1)), 'tsinfo': (25, DUMP, nest(1)),
                'mse': (51, DUMP, nest(1)), 'strset': (1, 0, nest(1) + nest(2, nest(1, attribute(1, struct.pack('I', 16)))))},
    'SEG6': {'hmac': (2, DUMP, b''), 'tunsrc': (4, 0, b'')},
    'IOAM6': {'namespace': (3, DUMP, b''), 'schema': (6, DUMP, b'')},
}


def make_generic():
    """Something of each family."""
    for command in ('link set lo up', 'tuntap add t0 mode tap', 'link add e0 numtxqueues 2 numrxqueues 2 type veth peer name e1', 'link set e0 up', 'link set e1 up',
                    'mptcp limits set subflows 3 add_addr_accepted 2', 'mptcp endpoint add 10.3.3.3 id 5 dev e0 subflow backup', 'mptcp endpoint add 2001:db8::3 id 6 signal', 'mptcp endpoint add 127.0.0.1 port 4000 id 7 signal',
                    'sr tunsrc set 2001:db8::5', 'ioam namespace add 9 data 0x77 wide 0x1234567890abcdef', 'ioam namespace add 10',
                    'ioam schema add 5 hello', 'ioam schema add 6 abcd', 'ioam namespace set 9 schema 5'):
        route_state.ip(*command.split(), may_fail=True)
    subprocess.run(['ip', 'sr', 'hmac', 'set', '18', 'sha1'], input=b'topsecret\n', capture_output=True, check=False)
    subprocess.run(['ethtool', '-K', 'e0', 'gro', 'on'], capture_output=True, check=False)
    if os.environ.get('FERRY_GUEST') == '1':  # whose clocks are nobody's
        for path in glob.glob('/sys/class/ptp/*/n_vclocks'):
            with open(path, 'w') as file:
                file.write('2')
    for family, address in (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'):
        with socket.create_server((address, 0), family=family) as server, socket.create_connection(server.getsockname()[:2]) as near, server.accept()[0] as far:
            near.send(b'x' * 1000)
            far.recv(1000)


def capture_operations(family, number):
    for name, (command, flags, attributes) in OPERATIONS[family].items():
        answer = ask(16, number, flags, struct.pack('BBH', command, 1, 0) + attributes) if number else b''
        if not answer:
            print(f'{family}-{name}: this kernel has none: the bytes that are there stay')
            continue
        with open(os.path.join(HERE, f'{family}-{name}.bin'), 'wb') as file:
            file.write(answer)


def capture_generic():
    make_generic()
    for family in OPERATIONS:
        capture_operations(family, family_of(family))


def capture_taskstats():
    """Of this program, as a thread and as a process. The family is there in the first network namespace alone, in which whoever started this program should be."""
    number = family_of('TASKSTATS')
    if number:
        with open(os.path.join(HERE, 'TASKSTATS-task.bin'), 'wb') as file:
            file.write(b''.join(ask(16, number, 0, struct.pack('BBH', 1, 1, 0) + attribute(kind, struct.pack('I', os.getpid()))) for kind in (1, 2)))
    elif os.environ.get('FERRY_BESIDE') != '1':
        subprocess.run(['nsenter', f'--net=/proc/{os.getppid()}/ns/net', sys.executable, os.path.abspath(__file__), 'taskstats'], env=dict(os.environ, FERRY_BESIDE='1'), check=True)
    else:
        print('TASKSTATS-task: this kernel has none: the bytes that are there stay')


def make_sockets():
    """One of each, with connections, names and groups; to be kept open."""
    kept = []
    for family, address in (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'):
        listening = socket.create_server((address, 0), family=family)
        near = socket.create_connection(listening.getsockname()[:2])
        near.send(b'x' * 100)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, 0))
        kept += [listening, near, listening.accept()[0], udp, socket.socket(family, socket.SOCK_RAW, 58 if family == socket.AF_INET6 else 1)]
    named = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    named.bind('\0ferry-golden')
    named.listen(3)
    waits = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waits.connect('\0ferry-golden')
    pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pair[0].shutdown(socket.SHUT_WR)
    hears = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    hears.bind((0, 0x411))
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800))
    packets.bind(('lo', 0x800))
    return [*kept, named, waits, *pair, hears, packets]


def capture_sock_diag():
    """Sockets of each kind: the tables of inet, and the three that reach no network."""
    route_state.ip('link', 'set', 'lo', 'up')
    kept = make_sockets()
    everything = 0xffffffff
    requests = {name: [struct.pack('=BBBxI48x', family, number, 0xff, everything) for family in (2, 10)] for name, number in (('tcp', 6), ('udp', 17), ('raw', 255))}
    requests['unix'] = [struct.pack('=BBHIIIQ', 1, 0, 0, everything, 0, 0x7f, 0)]
    requests['netlink'] = [struct.pack('=BBHIIQ', 16, 255, 0, 0, 11, 0)]
    requests['packet'] = [struct.pack('=BBHIIQ', 17, 0, 0, 0, 0x3f, 0)]
    found = {name: b''.join(ask(4, 20, DUMP, payload) for payload in payloads) for name, payloads in requests.items()}
    if not all(found.values()):
        print('this kernel does not tell of ' + ', '.join(name for name, answer in found.items() if not answer) + ': the bytes that are there stay')
        return
    for name, answer in found.items():
        with open(os.path.join(HERE, f'sock_diag-{name}.bin'), 'wb') as file:
            file.write(answer)
    for each in kept:
        each.close()


def main():
    route_state.enter(__file__)
    for protocol in sys.argv[1:] or ['netfilter', 'route', 'kinds', 'xfrm', 'tc', 'bridge', 'vni', 'sock_diag', 'beside', 'more', 'mpls', 'mroute', 'others', 'ethtool', 'wireguard', 'generic', 'taskstats']:
        {'more': capture_more, 'netfilter': capture_netfilter, 'beside': capture_beside, 'route': capture_route, 'kinds': capture_kinds, 'xfrm': capture_xfrm, 'tc': capture_tc, 'bridge': capture_bridge, 'vni': capture_vni, 'sock_diag': capture_sock_diag,
         'ethtool': capture_ethtool, 'wireguard': capture_wireguard, 'mpls': capture_mpls, 'mroute': capture_mroute, 'others': capture_others, 'generic': capture_generic,
         'taskstats': capture_taskstats}[protocol]()


main()
