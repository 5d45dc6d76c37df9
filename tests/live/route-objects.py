#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every attribute that `ip -j -d` tells of links, addresses, routes, rules, neighbours and nexthops, and bridge(8) of ports, against what ferry tells of them, in a namespace
that holds one of each sort; and the addresses of these objects in the tree."""
import json
import os
import subprocess
import sys

import attributes
import route_state

FERRY = os.path.abspath(os.environ.get('FERRY', os.path.join(os.path.dirname(__file__), '../../build/ferry')))

failures = []


def fail(words):
    failures.append(words)


def ferry(*arguments, status=0):
    done = subprocess.run([FERRY, *arguments], capture_output=True, text=True)
    if done.returncode != status:
        fail(f'ferry {" ".join(arguments)}: status {done.returncode}, expected {status}: {done.stderr.strip()}')
    return done.stdout


def objects(kind):
    """Address below the kind -> record."""
    prefix = f'netlink/route/{kind}/'
    return {address.removeprefix(prefix): record for address, record in json.loads(ferry('--json', 'get', prefix.rstrip('/'))).items()}


# ---- Comparing ----

def same(where, field, theirs, ours):
    if theirs != ours:
        fail(f'{where}: {field}: ip says {theirs!r}, ferry {ours!r}')


def compare_attributes():
    """Links, addresses, routes, ...: by the tables of attributes.py."""
    for kind in attributes.KINDS:
        differences, compared, _ = attributes.compare(kind)
        failures.extend(differences)
        if not compared:
            fail(f'no {kind} to compare')


def compare_ports():
    """The bridge's own words, by bridge(8)."""
    ours = objects('port')
    text = subprocess.run(['bridge', '-j', '-d', 'link'], capture_output=True, text=True, check=True).stdout
    theirs = [port for port in json.loads(text or '[]') if port['ifname'] != port.get('master')]
    same('ports', 'names', sorted(port['ifname'] for port in theirs), sorted(ours))
    for port in theirs:
        where = f'port {port["ifname"]}'
        mine = ours[port['ifname']]
        for field, value in port.items():
            if field in ('ifindex', 'ifname', 'link', 'flags', 'mtu', 'operstate'):
                continue  # the link's
            if field == 'master':
                same(where, field, value, mine['master'])
            elif field == 'mcast_router':
                same(where, field, ['disabled', 'temporary query', 'permanent', 'temporary'][value], mine['options']['multicast_router'])
            else:
                same(where, field, value, mine['options'].get(field))


# ---- Addresses in the tree ----

def compare_tree():
    same('get', 'mtu', '1400\n', ferry('get', '-n', 'netlink/route/link/v0/mtu'))
    same('get', 'nested', '12000\n', ferry('get', '-n', 'netlink/route/link/br0/linkinfo/data/ageing_time'))
    same('get', 'glob', 'netlink/route/link/v0/mtu = 1400\nnetlink/route/link/v1/mtu = 1500\n', ferry('get', 'netlink/route/link/v[01]/mtu'))
    same('get', 'prefix', True, all(line.startswith('netlink/route/addr/br0/') for line in ferry('get', 'netlink/route/addr/br0').splitlines()))
    same('get', 'gateway', '10.0.0.9\n', ferry('get', '-n', 'netlink/route/route/main/10.10.0.0/16,metric=100/gateway'))
    same('get', 'default', '10.0.0.9\n10.0.0.9\n', ferry('get', '-n', 'netlink/route/route/main/0.0.0.0/0/gateway', 'netlink/route/route/main/0.0.0.0/0,metric=50/gateway'))
    same('get', 'from', '2001:db8::9\n', ferry('get', '-n', 'netlink/route/route/main/2001:db8:5::/48,from=2001:db8:6::/48/gateway'))
    same('get', 'rule', '300\n', ferry('get', '-n', 'netlink/route/rule/ipv4/103,ipproto=tcp,sport=100-200,dport=80/table'))
    same('get', 'neighbour', '02:00:00:00:00:50\n', ferry('get', '-n', 'netlink/route/neigh/v1/10.0.0.50/lladdr'))
    same('get', 'wrapped', '77\n', ferry('get', '-n', 'netlink/route/route/main/10.30.0.0/16/encap/id'))
    same('get', 'proxy', '[proxy, router]\n', ferry('get', '-n', 'netlink/route/proxy/v1/2001:db8::60/flags'))
    same('get', 'nexthop', 'bgp\n', ferry('get', '-n', 'netlink/route/nexthop/11/protocol'))
    for absent in 'link/nope', 'link/v0/nope', 'addr/v0/1.2.3.4/5', 'route/main/9.9.9.0/24', 'nexthop/99', 'neigh/v1/10.0.0.99', 'rule/ipv4/4':
        ferry('get', 'netlink/route/' + absent, status=3)
    # Each address that a list gives leads back to just its object.
    for kind in 'link', 'neigh', 'proxy', 'nexthop', 'rule', 'addr', 'route':
        for address in objects(kind):
            found = [line for line in ferry('ls', f'netlink/route/{kind}/{address}').splitlines()]
            if not found:
                fail(f'ls netlink/route/{kind}/{address}: nothing')


def main():
    route_state.enter(__file__)
    kinds = route_state.make_all()
    for compare in compare_attributes, compare_ports, compare_tree:
        compare()
    for words in failures:
        print(words)
    print(f'link kinds of this kernel: {" ".join(sorted(kinds))}; {len(failures)} differences')
    sys.exit(1 if failures else 0)


main()
