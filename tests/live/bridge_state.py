# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bridge with two ports, a VXLAN, and what their databases hold, made with bridge(8): what the tests of bridges look at."""
import subprocess

LINKS = ('link add d0 type veth peer name d1', 'link add d2 type veth peer name d3', 'link set d0 master br0', 'link set d2 master br0', 'link set br0 up', 'link set d0 up',
         'link set d1 up', 'link set d2 up', 'link set d3 up', 'link add vx type vxlan id 3 dstport 4789 dev d1', 'link set vx up')
ENTRIES = ('fdb add 02:00:00:00:00:01 dev d0 master static', 'fdb add 02:00:00:00:00:02 dev d0 master static sticky', 'fdb add 02:00:00:00:00:03 dev d1 self',
           'fdb add 02:00:00:00:00:04 dev d2 master dynamic extern_learn', 'fdb add 00:00:00:00:00:00 dev vx dst 10.0.0.1', 'fdb add 02:00:00:00:00:09 dev br0 self local',
           'fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.2 port 99 vni 7 via d1', 'fdb add 02:00:00:00:00:0a dev vx dst 10.0.0.8', 'fdb add 02:00:00:00:00:05 dev d0 master static vlan 1',
           'mdb add dev br0 port d0 grp 239.1.1.1 permanent', 'mdb add dev br0 port d2 grp ff1e::5 permanent', 'mdb add dev br0 port d2 grp 239.1.1.2 src 10.0.0.9 permanent',
           'mdb add dev br0 port br0 grp 01:02:03:04:05:06 permanent', 'mdb add dev br0 port d2 grp 239.7.7.7 temp', 'mdb add dev br0 port d2 grp 239.1.1.1 permanent vid 1')
VLANS = ('vlan add dev d0 vid 10-14', 'vlan add dev d2 vid 7 pvid untagged', 'vlan add dev br0 vid 9 self', 'vlan set dev d0 vid 12 state blocking', 'vlan set dev d2 vid 7 mcast_router 2')


def bridge(command):
    return subprocess.run(['bridge', *command.split()], capture_output=True).returncode == 0


def make(filtering=True):
    """Whether the kernel has VLANs for bridges."""
    taken = filtering and subprocess.run('ip link add br0 type bridge vlan_filtering 1 mcast_snooping 1 vlan_stats_enabled 1'.split(), capture_output=True).returncode == 0
    if not taken:
        subprocess.run('ip link add br0 type bridge'.split(), check=True)
    for command in LINKS:
        subprocess.run(['ip', *command.split()], check=True)
    made = [command for command in ENTRIES if bridge(command)]
    if len(made) < len(ENTRIES) - 3:
        raise AssertionError(f'bridge took only {made}')
    if taken:
        for command in VLANS:
            bridge(command)
    return taken
