# SPDX-License-Identifier: LGPL-2.1-or-later
"""Qdiscs, classes and filters of every kind, made with tc as far as the running kernel has them: what the tests of traffic control look at."""
import subprocess

QDISCS = {
    'pfifo': 'limit 77', 'bfifo': 'limit 7777', 'pfifo_head_drop': 'limit 5', 'prio': 'bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 3', 'multiq': '',
    'tbf': 'rate 1mbit burst 10k latency 50ms peakrate 2mbit minburst 1540 mpu 64 overhead 8', 'htb': 'default 0x11 r2q 20', 'hfsc': 'default 12', 'drr': '', 'qfq': '',
    'codel': 'limit 500 target 10ms interval 200ms ecn ce_threshold 3ms', 'fq_codel': 'limit 2000 flows 64 target 7ms interval 90ms quantum 900 noecn memory_limit 4mb',
    'fq': 'limit 300 flow_limit 40 quantum 3000 initial_quantum 9000 maxrate 3mbit ce_threshold 4ms buckets 256', 'sfq': 'limit 100 perturb 10 quantum 1600 depth 50 headdrop',
    'red': 'limit 400000 min 30000 max 90000 avpkt 1000 burst 55 ecn bandwidth 10mbit probability 0.05', 'ets': 'bands 4 strict 1 quanta 2500 1500 1000 priomap 3 2 1 0',
    'pie': 'limit 300 target 20ms tupdate 30ms alpha 3 beta 21 ecn', 'choke': 'limit 1000 bandwidth 10mbit ecn', 'hhf': 'limit 500',
    'netem': 'limit 50 delay 10ms 3ms 25% loss 1.5% 10% duplicate 2% reorder 20% 50% gap 5 corrupt 0.3% rate 2mbit 20 100 5',
    'cake': 'bandwidth 20mbit diffserv4 dual-srchost nat wash ingress ack-filter rtt 50ms overhead 18 mpu 64 memlimit 8mb fwmark 0xff',
    'sfb': '', 'plug': 'limit 3000', 'skbprio': 'limit 9', 'noqueue': '', 'mq': '',
    'mqprio': 'num_tc 2 map 0 0 1 1 queues 1@0 1@1 hw 0', 'cbs': 'idleslope 20000 sendslope -980000 hicredit 30 locredit -1470',
}
LOSS = {'netem': ('loss gemodel 1% 10% 70% 0.1%', 'loss state 1% 70% 2% 3% 5%', 'delay 5ms slot 800us 1ms packets 4 bytes 9000', 'rate 40gbit')}

FILTERS = (
    'protocol ip prio 1 handle 2: u32 divisor 16',
    'protocol ip prio 1 u32 ht 2:5: match ip dport 80 0xffff flowid 1:11',
    'protocol ip prio 1 u32 match ip dst 10.0.0.0/8 link 2: hashkey mask 0x000000ff at 12',
    'protocol ip prio 1 u32 match ip src 10.1.2.3/32 match ip dport 80 0xffff match mark 3 0xff indev d1 flowid 1:11',
    'protocol all prio 2 matchall skip_hw classid 1:11', 'protocol ip prio 3 handle 5 fw classid 1:11', 'protocol ip prio 4 handle 6/0xff fw classid 1:12',
    'protocol ip prio 5 basic match cmp(u8 at 9 layer network mask 0xff eq 6) classid 1:11', 'protocol all prio 6 handle 1: cgroup',
    "protocol ip prio 7 bpf bytecode 1,6\u00a00\u00a00\u00a04294967295, classid 1:12",
    'protocol ip prio 8 flower src_mac 02:00:00:00:00:01 dst_mac 02:00:00:00:00:00/ff:00:00:00:00:00 ip_proto tcp src_ip 10.0.0.0/8 dst_ip 1.2.3.4 src_port 1000 dst_port 80 '
    'tcp_flags 0x2/0x17 ip_tos 4/0xfc ip_ttl 64 classid 1:11',
    'protocol ipv6 prio 9 flower ip_proto icmpv6 type 8 code 0 src_ip 2001:db8::/32 ip_flags nofrag classid 1:11',
    'protocol 802.1Q prio 10 flower vlan_id 7 vlan_prio 3 vlan_ethtype ip ip_proto udp dst_port 100-200 classid 1:11',
    'protocol arp prio 11 flower arp_op request arp_sip 10.0.0.0/24 arp_tip 10.0.0.9 classid 1:11',
    'protocol ip prio 12 flower enc_src_ip 10.9.0.1 enc_dst_ip 10.9.0.2 enc_key_id 77 enc_dst_port 4789 enc_tos 3 enc_ttl 9 classid 1:11',
    'protocol ip prio 13 flower ct_state +trk+est ct_zone 5 ct_mark 0x3/0xf classid 1:11',
    'protocol mpls_uc prio 14 flower mpls_label 100 mpls_tc 3 mpls_bos 1 mpls_ttl 9 classid 1:11',
    'protocol ip prio 15 chain 4 matchall action pass',
)

ACTIONS = (
    'action pass', 'action drop', 'action reclassify', 'action continue', 'action pass random determ drop 5', 'action mirred egress redirect dev d1',
    'action mirred ingress mirror dev d1 pipe action drop', 'action skbedit priority 1:7 mark 5 queue_mapping 1 ptype host', 'action skbedit inheritdsfield',
    'action vlan push id 7 priority 3 protocol 802.1ad', 'action vlan pop', 'action vlan modify id 9', 'action csum ip4h and tcp', 'action nat ingress 10.0.0.0/8 11.0.0.0',
    'action nat egress 10.1.1.1 11.1.1.1', 'action police rate 1mbit burst 10k mtu 2000 conform-exceed drop/pipe', 'action police rate 1mbit burst 10k peakrate 2mbit mtu 1540 drop',
    'action police pkts_rate 1000 pkts_burst 200 drop', 'action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 id 9 dst_port 4789 tos 3 ttl 7 nocsum', 'action tunnel_key unset',
    'action pedit ex munge ip ttl set 5 munge tcp dport set 99', 'action pedit munge offset 12 u32 set 0x01020304', 'action ct commit zone 3 mark 5/0xff nat src addr 10.0.0.1-10.0.0.9 port 100-200',
    'action ct clear', 'action bpf bytecode 1,6\u00a00\u00a00\u00a00,', 'action sample rate 9 group 3', 'action simple sdata hi', 'action mpls pop protocol ip', 'action gate clockid CLOCK_TAI sched-entry open 200000000 -1 -1',
    'action drop cookie 0011223344', 'action drop hw_stats disabled', 'action goto chain 4', 'action pass jump 1 action drop',
)


def tc(command):
    """Whether tc took it. A blank that is no separator is written as a no-break space."""
    return subprocess.run(['tc', *(word.replace('\u00a0', ' ') for word in command.split())], capture_output=True).returncode == 0


def make_tree():
    """A tree of htb, with a queue at a leaf, at d0; both sides of its entry. The kinds of filters and actions that this kernel has."""
    for command in ('qdisc add dev d0 root handle 1: htb default 0x11', 'class add dev d0 parent 1: classid 1:1 htb rate 1mbit ceil 2mbit burst 10k',
                    'class add dev d0 parent 1:1 classid 1:11 htb rate 512kbit ceil 40gbit prio 3 quantum 3000 overhead 8 mpu 64',
                    'class add dev d0 parent 1:1 classid 1:12 htb rate 20gbit ceil 40gbit burst 100k cburst 200k', 'qdisc add dev d0 parent 1:11 handle 10: bfifo limit 5000',
                    'qdisc add dev d0 clsact'):
        if not tc(command):
            raise AssertionError(f'tc {command} failed')
    made = [each for each in FILTERS if tc('filter add dev d0 parent 1: ' + each)]
    for number, action in enumerate(ACTIONS, 1):
        side = ('ingress', 'egress')[number % 2]
        if tc(f'filter add dev d0 {side} protocol ip prio {number} u32 match ip dst 10.0.0.{number} {action}'):
            made.append(action)
    tc('qdisc add dev d1 ingress_block 7 ingress')
    tc('filter add block 7 prio 3 protocol ip u32 match ip src 1.2.3.4 action mirred egress redirect dev d0')
    return made


def make_kinds():
    """A link of each kind of qdisc that this kernel has, with classes where they are made one by one; the kinds."""
    made = []
    for number, (kind, options) in enumerate(QDISCS.items()):
        dev = f'q{number}'
        subprocess.run(['ip', 'link', 'add', dev, 'type', 'dummy'], capture_output=True)
        subprocess.run(['ip', 'link', 'add', dev, 'numtxqueues', '2', 'type', 'veth', 'peer', 'name', f'p{number}'], capture_output=True)
        subprocess.run(['ip', 'link', 'set', dev, 'up'], check=True)
        if tc(f'qdisc add dev {dev} root handle 1: {kind} {options}'):
            made.append(kind)
        tc(f'class add dev {dev} parent 1: classid 1:1 hfsc sc rate 1mbit ul rate 2mbit')
        tc(f'class add dev {dev} parent 1:1 classid 1:2 hfsc rt m1 500kbit d 10ms m2 100kbit ls rate 200kbit')
        tc(f'class add dev {dev} parent 1: classid 1:1 drr quantum 2000')
        tc(f'class add dev {dev} parent 1: classid 1:1 qfq weight 9 maxpkt 2048')
    for number, options in enumerate(LOSS['netem']):
        if 'netem' in made:
            subprocess.run(['ip', 'link', 'add', f'n{number}', 'type', 'dummy'], check=True)
            tc(f'qdisc add dev n{number} root handle 1: netem {options}')
    return made
