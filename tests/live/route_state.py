# SPDX-License-Identifier: LGPL-2.1-or-later
"""A namespace full of links, addresses, nexthops, routes, rules and neighbours, made with ip: what the live tests of the route objects look at."""
import os
import subprocess
import sys

children = []


def ip(*arguments, may_fail=False):
    done = subprocess.run(['ip', *arguments], capture_output=True, text=True)
    if done.returncode and not may_fail:
        sys.exit(f'ip {" ".join(arguments)}: {done.stderr.strip()}')
    return done.returncode == 0


def other_namespace():
    """A process in a network namespace of its own, which ends with us."""
    child = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo ready; read line'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    children.append(child)
    return child.pid


def make_links():
    kinds = set()

    def add(kind, *arguments):
        if ip('link', 'add', *arguments, may_fail=True):
            kinds.add(kind)
            return True
        return False

    ip('link', 'set', 'lo', 'up')
    add('veth', 'v0', 'mtu', '1400', 'type', 'veth', 'peer', 'name', 'v1')
    add('dummy', 'd0', 'type', 'dummy')
    add('bridge', 'br0', 'type', 'bridge', 'ageing_time', '12000', 'priority', '4096', 'mcast_query_interval', '6000', 'group_fwd_mask', '8')
    add('vlan', 'link', 'v0', 'name', 'v0.5', 'type', 'vlan', 'id', '5', 'egress-qos-map', '1:3', 'ingress-qos-map', '2:4')
    add('vxlan', 'vx4', 'type', 'vxlan', 'id', '7', 'remote', '10.9.9.9', 'local', '10.0.0.1', 'dev', 'v1', 'dstport', '4789', 'srcport', '1000', '2000', 'ttl', '9',
        'tos', '4', 'ageing', '77', 'maxaddress', '50', 'proxy', 'l2miss', 'udp6zerocsumtx')
    add('vxlan', 'vx6', 'type', 'vxlan', 'id', '8', 'group', 'ff02::5', 'dev', 'v1', 'dstport', '4790', 'nolearning', 'flowlabel', '0x123')
    add('vxlan', 'vxe', 'type', 'vxlan', 'dstport', '4791', 'external')
    add('bond', 'bond0', 'type', 'bond', 'mode', 'active-backup', 'miimon', '100')
    add('macvlan', 'link', 'v1', 'name', 'mv0', 'type', 'macvlan', 'mode', 'bridge')
    add('macvlan', 'link', 'v1', 'name', 'mvs', 'type', 'macvlan', 'mode', 'source')
    ip('link', 'set', 'mvs', 'type', 'macvlan', 'macaddr', 'add', '02:00:00:00:00:77', may_fail=True)
    add('macvtap', 'link', 'v1', 'name', 'mt0', 'type', 'macvtap', 'mode', 'bridge')
    add('ipvlan', 'link', 'd0', 'name', 'iv0', 'type', 'ipvlan', 'mode', 'l3', 'private')
    add('vrf', 'vrf0', 'type', 'vrf', 'table', '77')
    add('ifb', 'ifb7', 'type', 'ifb')
    add('geneve', 'ge0', 'type', 'geneve', 'id', '9', 'remote', '10.9.9.9', 'ttl', '7')
    if ip('tuntap', 'add', 'dev', 'tap0', 'mode', 'tap', 'multi_queue', 'vnet_hdr', may_fail=True):
        kinds.add('tun')
    ip('link', 'set', 'v0', 'master', 'br0')
    ip('link', 'set', 'v0', 'type', 'bridge_slave', 'cost', '17', 'hairpin', 'on', 'learning', 'off')
    for name in 'v0', 'v1', 'br0':
        ip('link', 'set', name, 'up')
    ip('link', 'set', 'v1', 'alias', 'the other end', 'txqueuelen', '123', 'group', '5', 'addrgenmode', 'none')
    ip('link', 'property', 'add', 'dev', 'v1', 'altname', 'a name that is longer than fifteen bytes'.replace(' ', '-'), 'altname', 'second')
    ip('link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there')
    ip('link', 'set', 'there', 'netns', str(other_namespace()))
    return kinds


def make_addresses():
    for arguments in (
            ['10.0.0.1/24', 'dev', 'v1', 'broadcast', '10.0.0.255', 'label', 'v1:label'],
            ['10.0.0.2/24', 'dev', 'v1'],
            ['10.1.0.1', 'peer', '10.1.0.2/32', 'dev', 'v1'],
            ['10.1.0.1', 'peer', '10.1.0.3/32', 'dev', 'v1'],
            ['10.2.0.1/16', 'dev', 'v1', 'valid_lft', '5000', 'preferred_lft', '4000', 'noprefixroute', 'metric', '33'],
            ['2001:db8::1/64', 'dev', 'v1', 'nodad'],
            ['2001:db8::2', 'peer', '2001:db8::3/128', 'dev', 'v1', 'nodad'],
            ['2001:db8:1::1/64', 'dev', 'br0', 'nodad', 'valid_lft', '5000', 'preferred_lft', '0', 'noprefixroute', 'home'],
            ['fe80::5/64', 'dev', 'br0', 'nodad'],
            ['fe80::6/64', 'dev', 'v1', 'nodad']):
        ip('addr', 'add', *arguments)


def make_nexthops():
    for arguments in (
            ['id', '11', 'via', '10.0.0.9', 'dev', 'v1', 'proto', 'bgp'],
            ['id', '12', 'via', '10.0.0.10', 'dev', 'v1', 'onlink'],
            ['id', '13', 'blackhole'],
            ['id', '14', 'via', '2001:db8::9', 'dev', 'v1'],
            ['id', '15', 'dev', 'v1'],
            ['id', '16', 'encap', 'ip', 'id', '5', 'dst', '10.9.9.8', 'via', '10.0.0.9', 'dev', 'v1'],
            ['id', '20', 'group', '11,3/12,250'],
            ['id', '21', 'group', '11/12', 'type', 'resilient', 'buckets', '32', 'idle_timer', '60', 'unbalanced_timer', '300']):
        ip('nexthop', 'add', *arguments)


def make_routes():
    for arguments in (
            ['default', 'via', '10.0.0.9'],
            ['default', 'via', '10.0.0.9', 'metric', '50'],
            ['10.10.0.0/16', 'via', '10.0.0.9', 'dev', 'v1', 'metric', '100', 'proto', 'ospf', 'src', '10.0.0.1'],
            ['10.10.0.0/16', 'dev', 'v1', 'tos', '0x10'],
            ['10.11.0.0/16', 'via', '10.0.0.9', 'mtu', 'lock', '1300', 'advmss', '1200', 'window', '4000', 'rtt', '80ms', 'rttvar', '20ms', 'initcwnd', '9',
             'rto_min', '30ms', 'hoplimit', '33', 'quickack', '1', 'congctl', 'reno', 'features', 'ecn', 'realm', '3/4'],
            ['10.12.0.0/16', 'nexthop', 'via', '10.0.0.9', 'dev', 'v1', 'weight', '3', 'nexthop', 'via', '10.0.0.10', 'dev', 'v1', 'weight', '7', 'onlink'],
            ['10.13.0.0/16', 'nhid', '11'],
            ['10.14.0.0/16', 'nhid', '20'],
            ['10.15.0.0/16', 'via', 'inet6', 'fe80::9', 'dev', 'v1'],
            ['10.17.0.0/16', 'nexthop', 'via', 'inet6', 'fe80::9', 'dev', 'v1', 'nexthop', 'via', '10.0.0.10', 'dev', 'v1'],
            ['10.18.0.0/16', 'via', '10.200.0.1', 'dev', 'v1', 'onlink', 'table', '1000'],
            ['blackhole', '10.20.0.0/16'], ['unreachable', '10.21.0.0/16'], ['prohibit', '10.22.0.0/16', 'table', '300'], ['throw', '10.23.0.0/16'],
            ['broadcast', '10.24.0.255', 'dev', 'v1', 'table', 'local'],
            ['2001:db8:2::/48', 'via', '2001:db8::9', 'dev', 'v1'],
            ['2001:db8:3::/48', 'via', '2001:db8::9', 'dev', 'v1', 'metric', '7', 'pref', 'high', 'expires', '4000'],
            ['2001:db8:4::/48', 'nexthop', 'via', '2001:db8::9', 'dev', 'v1', 'weight', '2', 'nexthop', 'via', '2001:db8::8', 'dev', 'v1'],
            ['2001:db8:5::/48', 'from', '2001:db8:6::/48', 'via', '2001:db8::9', 'dev', 'v1'],
            ['2001:db8:7::/48', 'nhid', '14'],
            ['unreachable', '2001:db8:8::/48', 'metric', '99'],
            ['2001:db8:9::/64', 'dev', 'v1', 'mtu', '1290', 'hoplimit', '9'],
            ['2001:db8:9::/64', 'dev', 'br0', 'mtu', '1291', 'proto', 'ra'],
            ['10.30.0.0/16', 'encap', 'ip', 'id', '77', 'dst', '10.9.9.8', 'src', '10.0.0.1', 'ttl', '9', 'tos', '0x10', 'key', 'csum', 'via', '10.0.0.9', 'dev', 'v1'],
            ['10.31.0.0/16', 'nexthop', 'encap', 'seg6', 'mode', 'encap', 'segs', '2001:db8::a,2001:db8::b', 'via', '10.0.0.9', 'dev', 'v1', 'nexthop', 'via', '10.0.0.10', 'dev', 'v1'],
            ['2001:db8:20::/48', 'encap', 'ip6', 'id', '78', 'dst', '2001:db8::c', 'hoplimit', '3', 'tc', '0x20', 'via', '2001:db8::9', 'dev', 'v1'],
            ['2001:db8:21::/48', 'encap', 'seg6', 'mode', 'inline', 'segs', '2001:db8::a,2001:db8::b', 'via', '2001:db8::9', 'dev', 'v1'],
            ['2001:db8:22::/48', 'encap', 'seg6local', 'action', 'End.DT6', 'table', '300', 'count', 'dev', 'v1'],
            ['2001:db8:23::/48', 'encap', 'seg6local', 'action', 'End.B6.Encaps', 'srh', 'segs', '2001:db8::a,2001:db8::b', 'dev', 'v1'],
            ['default', 'via', '2001:db8::9', 'dev', 'v1']):
        version = '-6' if any('2001:' in word for word in arguments) and not arguments[0].startswith('10.') else '-4'
        # The kernel itself puts routes of one destination side by side, by link; iproute2 only as "append".
        ip(version, 'route', 'append' if 'br0' in arguments else 'add', *arguments)
    ip('-4', 'route', 'append', '10.11.0.0/16', 'via', '10.0.0.10')


def make_rules():
    for arguments in (
            ['priority', '100', 'from', '10.0.0.0/8', 'to', '10.3.0.0/16', 'fwmark', '0x10/0xff', 'lookup', '300'],
            ['priority', '101', 'iif', 'v1', 'tos', '0x10', 'lookup', 'main'],
            ['priority', '101', 'oif', 'notthere', 'lookup', 'main', 'suppress_prefixlength', '0', 'protocol', 'bgp'],
            ['priority', '102', 'not', 'from', 'all', 'fwmark', '7', 'lookup', '1000'],
            ['priority', '103', 'ipproto', 'tcp', 'sport', '100-200', 'dport', '80', 'lookup', '300'],
            ['priority', '104', 'uidrange', '5-9', 'goto', '32766'],
            ['priority', '105', 'from', '10.9.0.0/16', 'unreachable'],
            ['priority', '106', 'from', '10.40.0.0/16', 'blackhole'], ['priority', '107', 'from', '10.40.0.0/16', 'prohibit'],
            ['priority', '109', 'fwmark', '0/0xff', 'ipproto', 'ospf', 'lookup', '300'],
            ['priority', '108', 'tun_id', '99', 'lookup', '300', 'suppress_ifgroup', '5']):
        ip('rule', 'add', *arguments)
        ip('-6', 'rule', 'add', *[word.replace('10.0.0.0/8', '2001:db8::/32').replace('10.3.0.0/16', 'fe80::/10').replace('10.9.0.0/16', '2001:db9::/32').replace('10.40.0.0/16', '2001:dba::/32')
                                  for word in arguments])


def make_neighbours():
    for arguments in (
            ['10.0.0.50', 'lladdr', '02:00:00:00:00:50', 'dev', 'v1', 'nud', 'permanent'],
            ['10.0.0.51', 'lladdr', '02:00:00:00:00:51', 'dev', 'v1', 'nud', 'noarp', 'extern_learn'],
            ['10.0.0.52', 'lladdr', '02:00:00:00:00:52', 'dev', 'v1', 'nud', 'stale', 'protocol', 'zebra'],
            ['proxy', '10.0.0.60', 'dev', 'v1', 'protocol', 'zebra'], ['proxy', '2001:db8::60', 'dev', 'v1', 'router'],
            ['2001:db8::50', 'lladdr', '02:00:00:00:00:53', 'dev', 'v1', 'nud', 'permanent', 'router']):
        ip('neigh', 'add', *arguments)


def make_all():
    kinds = make_links()
    make_addresses()
    make_nexthops()
    make_routes()
    make_rules()
    make_neighbours()
    return kinds


def enter(script):
    """Runs SCRIPT anew in namespaces of its own, with a sysfs that shows them."""
    if os.geteuid() != 0:
        print('skipped: needs root')
        sys.exit(77)
    if os.environ.get('FERRY_INSIDE') != '1':
        os.execvpe('unshare', ['unshare', '-nm', sys.executable, os.path.abspath(script), *sys.argv[1:]], dict(os.environ, FERRY_INSIDE='1'))
    subprocess.run(['mount', '-t', 'sysfs', 'sysfs', '/sys'], check=False, capture_output=True)
