#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every object of a full namespace is removed and put back from the JSON that was told of it, and must then be what it was; changes of single fields; refusals in
words. Judged by `ip -j -d` before and after."""
import json
import os
import subprocess
import sys

import route_state

FERRY = os.path.abspath(os.environ.get('FERRY', os.path.join(os.path.dirname(__file__), '../../build/ferry')))
SET = os.path.join(os.environ.get('FERRY_TESTS', os.path.join(os.path.dirname(FERRY), 'tests')), 'object-set')
failures = []


def fail(words):
    failures.append(words)


def get(address):
    done = subprocess.run([FERRY, '--json', 'get', address], capture_output=True, text=True)
    return list(json.loads(done.stdout).values())[0] if done.returncode == 0 else None


def addresses(kind):
    return subprocess.run([FERRY, 'ls', f'netlink/route/{kind}'], capture_output=True, text=True, check=True).stdout.split()


def write(address, value=None, refused=None):
    """Removes without VALUE. With REFUSED the words that must be in the answer."""
    done = subprocess.run([SET, address] + ([] if value is None else [json.dumps(value)]), capture_output=True, text=True)
    if refused is not None:
        if done.returncode == 0 or refused not in done.stderr:
            fail(f'{address} = {value}: expected a refusal with {refused!r}, got status {done.returncode}: {done.stdout.strip()}{done.stderr.strip()}')
        return None
    if done.returncode:
        fail(f'{address} = {str(value)[:300]}: {done.stderr.strip()}')
        return None
    return json.loads(done.stdout) if done.stdout.strip() else None


def ip(*arguments):
    text = subprocess.run(['ip', '-j', '-d', *arguments], capture_output=True, text=True, check=True).stdout
    return json.loads(text or '[]')


# What moves by itself between two looks, and what an object made anew cannot have again.
MOVING = {'valid_life_time', 'preferred_life_time', 'expires', 'hold_timer', 'message_age_timer', 'forward_delay_timer', 'gc_timer', 'hello_timer', 'tcn_timer',
          'topology_change_timer', 'confirmed', 'used', 'updated', 'state', 'operstate', 'tentative', 'refcnt', 'probes', 'users'}


def steady(value):
    if isinstance(value, dict):
        return {name: steady(item) for name, item in value.items() if name not in MOVING}
    if isinstance(value, list):
        return sorted((steady(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def steady_links(links):
    for link in links:
        # Carrier and what follows from it settle in their own time.
        link.pop('tso_max_size', None)  # a bridge's follows from the ports that it has had
        if 'UP' not in link['flags']:
            link.pop('qdisc', None)  # "noop" until it has been up once, "noqueue" from then on
        link['flags'] = [flag for flag in link['flags'] if flag not in ('NO-CARRIER', 'LOWER_UP', 'M-DOWN')]
        for part in 'bridge_id', 'root_id', 'topology_change', 'topology_change_detected':
            link.get('linkinfo', {}).get('info_data', {}).pop(part, None)
    return steady(links)


LISTS = {
    'link': lambda: steady_links(ip('link')),
    'addr': lambda: steady([[link['ifname'], link.get('addr_info')] for link in ip('addr')]),
    'route': lambda: steady([ip('-4', 'route', 'show', 'table', 'all'), ip('-6', 'route', 'show', 'table', 'all')]),
    'rule': lambda: steady([ip('-4', 'rule'), ip('-6', 'rule')]),
    'neigh': lambda: steady(ip('neigh', 'show', 'nud', 'all')),
    'proxy': lambda: ip('neigh', 'show', 'proxy'),
    'nexthop': lambda: steady(ip('nexthop')),
}


def difference(before, after):
    flat = lambda value: {json.dumps(item, sort_keys=True) for part in value for item in (part if isinstance(part, list) else [part])}
    return f'gone: {sorted(flat(before) - flat(after))}\n    new: {sorted(flat(after) - flat(before))}'


def put_back(kind, address):
    """One object, removed and put back."""
    before, record = LISTS[kind](), get(address)
    if record is None:
        fail(f'{address}: cannot be read')
        return
    write(address)
    if LISTS[kind]() == before:
        fail(f'{address}: was not removed')
    write(address, record)
    after = LISTS[kind]()
    if after != before:
        fail(f'{address}: is not what it was:\n    {difference(before, after)}')


def is_own(kind, address, record):
    """Whether the object can be removed by itself, and no other goes or comes with it."""
    if kind == 'route':
        # A repeated address names the first only; the kernel's own routes come back by themselves or are refused.
        return record['protocol'] != 'kernel' and address not in REPEATED
    if kind == 'rule':
        return record['priority'] != 0
    if kind == 'neigh':
        return 'PERMANENT' in record['state'] or 'STALE' in record['state'] or record['flags']
    if kind == 'nexthop':
        return True
    return True


REPEATED = {'netlink/route/route/main/10.11.0.0/16', 'netlink/route/route/main/2001:db8:9::/64'}


def all_put_back():
    for kind in 'rule', 'neigh', 'proxy', 'route':
        for address in addresses(kind):
            record = get(address)
            if record and is_own(kind, address, record):
                put_back(kind, address)
    # Those that no route uses; a group goes before its members.
    for address in ('netlink/route/nexthop/13', 'netlink/route/nexthop/16', 'netlink/route/nexthop/21', 'netlink/route/nexthop/15'):
        put_back('nexthop', address)
    for address in addresses('addr'):
        # Removing a primary address takes its secondaries with it, and IPv4 lists them in the order of adding.
        if '10.0.0.1/' not in address and '/fe80::' not in address and '127.0.0.1' not in address and '::1/128' not in address and '10.1.0.1' not in address:
            put_back('addr', address)


def links_put_back(kinds):
    """In a second state, without what hangs on the links."""
    for kind, address in (('vxlan', 'vx4'), ('vxlan', 'vx6'), ('vxlan', 'vxe'), ('macvlan', 'mv0'), ('macvlan', 'mvs'), ('macvtap', 'mt0'), ('ifb', 'ifb7'), ('vlan', 'v0.5'),
                          ('bond', 'bond0'), ('ipvlan', 'iv0'), ('dummy', 'd0'), ('vrf', 'vrf0'), ('geneve', 'ge0')):
        if kind in kinds:
            if kind == 'dummy':  # with it goes what stands on it
                subprocess.run(['ip', 'link', 'del', 'iv0'], capture_output=True)
            put_back('link', 'netlink/route/link/' + address)
    # A bridge with a port: the port stays, without its master.
    record, port = get('netlink/route/link/br0'), get('netlink/route/link/v0')
    before = LISTS['link']()
    write('netlink/route/link/br0')
    write('netlink/route/link/br0', record)
    write('netlink/route/link/v0', {'master': 'br0', 'linkinfo': port['linkinfo']})
    write('netlink/route/link/v0', {'linkinfo': {'slave_data': {field: port['linkinfo']['slave_data'][field] for field in ('cost', 'hairpin', 'learning')}}})
    if LISTS['link']() != before:
        fail(f'br0 and its port:\n    {difference(before, LISTS["link"]())}')
    # Both ends of a veth go and come together.
    subprocess.run(['ip', 'link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1'], check=True)
    subprocess.run(['ip', 'link', 'set', 'p0', 'up', 'alias', 'a veth', 'mtu', '1333'], check=True)
    subprocess.run(['ip', 'link', 'property', 'add', 'dev', 'p0', 'altname', 'a-second-name'], check=True)
    ours = lambda: [{name: link.get(name) for name in ('ifindex', 'ifname', 'mtu', 'ifalias', 'altnames', 'link', 'txqlen')} | {'up': 'UP' in link['flags']}
                    for link in ip('link') if link['ifname'] in ('p0', 'p1')]
    before, record = ours(), get('netlink/route/link/p0')
    write('netlink/route/link/p0')
    if ours():
        fail(f'p0 and p1 were not removed: {ours()}')
    write('netlink/route/link/p0', record)
    if ours() != before:
        fail(f'veth: {before}\n    became {ours()}')


def changes():
    for address, value in (
            ('netlink/route/link/v0/mtu', 1350), ('netlink/route/link/v0/txqlen', 55), ('netlink/route/link/v0/address', '02:00:00:00:00:aa'),
            ('netlink/route/link/br0/linkinfo/data/forward_delay', 1600), ('netlink/route/link/v0/linkinfo/slave_data/cost', 99),
            ('netlink/route/link/v1/ifalias', 'another'), ('netlink/route/link/v1/altnames', ['one', 'two']), ('netlink/route/link/v1/af_spec/inet6/addr_gen_mode', 'eui64'),
            ('netlink/route/port/v0/options/learning', True), ('netlink/route/port/v0/options/cost', 77),
            ('netlink/route/link/v0/master', None), ('netlink/route/link/v0/master', 'br0'),
            ('netlink/route/route/main/10.10.0.0/16,metric=100/gateway', '10.0.0.77'), ('netlink/route/route/main/2001:db8:2::/48/gateway', '2001:db8::77'),
            ('netlink/route/neigh/v1/10.0.0.50/lladdr', '02:00:00:00:00:99'), ('netlink/route/nexthop/11/gateway', '10.0.0.33'),
            ('netlink/route/addr/v1/10.2.0.1/16/metric', 44), ('netlink/route/rule/ipv4/105,src=10.9.0.0/16/protocol', 'static')):
        now = write(address, value) if value is not None else subprocess.run([SET, address, 'null'], capture_output=True, text=True).stdout.strip() != 'null' or None
        if now != value:
            fail(f'{address}: set to {value!r}, reads {now!r}')
        if value is not None and get(address) != value:
            fail(f'{address}: set to {value!r}, ferry get says {get(address)!r}')
    links = {link['ifname']: link for link in ip('link')}
    if (links['v0']['mtu'], links['v0']['txqlen'], links['v0']['address'], links['v1']['ifalias'], links['v1']['altnames']) != (
            1350, 55, '02:00:00:00:00:aa', 'another', ['one', 'two']):
        fail(f'links after the changes: {links["v0"]} {links["v1"]}')
    write('netlink/route/link/v0', {'flags': [flag for flag in get('netlink/route/link/v0/flags') if flag != 'UP']})
    if 'UP' in {link['ifname']: link for link in ip('link')}['v0']['flags']:
        fail('v0 is still up')


def refusals():
    write('netlink/route/link/v1/mtu', 60, refused='RTM_NEWLINK: Invalid argument (EINVAL): mtu less than device minimum')
    write('netlink/route/link/v1/mtu', 'much', refused='mtu: must be a number')
    write('netlink/route/link/v1/nope', 1, refused='no such field')
    write('netlink/route/link/v1/carrier_changes', 1, refused='told by the kernel')
    write('netlink/route/link/nope/mtu', 1500, refused='there is no netlink/route/link/nope')
    write('netlink/route/link/v1/master', 'nope', refused='no interface is named "nope"')
    write('netlink/route/link/new0', {'linkinfo': {'kind': 'nosuchkind'}}, refused='Unknown device type')
    write('netlink/route/link/new0', {'mtu': 1400}, refused='a device of the machine')
    write('netlink/route/route/main/10.99.0.0/16', {'gateway': '10.250.0.1', 'dev': 'v1'}, refused='RTM_NEWROUTE: Network is unreachable (ENETUNREACH): Nexthop has invalid gateway')
    write('netlink/route/route/main/10.99.0.0', {'gateway': '10.0.0.1'}, refused='is no route')
    write('netlink/route/addr/v1/10.77.0.1/24/local', '10.77.0.2', refused='there is no')
    write('netlink/route/addr/v1/10.2.0.1/16/local', '10.2.0.2', refused='another addr')
    write('netlink/route/nexthop/50', {'gateway': '10.0.0.1'}, refused='RTM_NEWNEXTHOP')
    write('netlink/route/port/v0', refused='by its master')
    write('netlink/route/rule/ipv9/5', {'table': 'main'}, refused='is no rule')
    # A name that stands already: refused, and the link that stands is left alone.
    before = ip('link')
    write('netlink/route/link/br0', {'linkinfo': {'kind': 'vxlan', 'data': {'id': 5}}}, refused='RTM_NEWLINK')
    if steady_links(ip('link')) != steady_links(before):
        fail('a refused creation changed a link')
    # The middle of a creation refused: what was made of it goes again.
    write('netlink/route/link/half0', {'linkinfo': {'kind': 'veth'}, 'mtu': 1400, 'master': 'v1'}, refused='has been removed again')
    if any(link['ifname'] == 'half0' for link in ip('link')):
        fail('half a link was left')


def main():
    route_state.enter(__file__)
    # No address that comes by itself, some time later.
    subprocess.run(['sysctl', '-qw', 'net.ipv6.conf.default.addr_gen_mode=1'], check=True)
    kinds = route_state.make_all()
    refusals()
    all_put_back()
    changes()
    links_put_back(kinds)
    for words in failures:
        print(words)
    print(f'{len(failures)} failures')
    sys.exit(1 if failures else 0)


main()
