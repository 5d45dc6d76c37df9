# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rulesets of nftables, as nft(8) reads them: what the kernel that runs takes of each of its expressions."""
import os
import re
import shutil
import socket
import struct
import subprocess

FRAME = [
    "table inet t", "table ip t", "table ip6 t", "table netdev t", "table bridge t", "table arp t { comment \"whose it is\"; }",
    "chain inet t c { type filter hook input priority filter; policy accept; comment \"first\"; }",
    "chain inet t o", "chain inet t fw { type filter hook forward priority 10; policy drop; }",
    "chain ip t post { type nat hook postrouting priority srcnat; }", "chain ip t pre { type nat hook prerouting priority dstnat; }",
    "chain ip t raw { type filter hook prerouting priority raw; }", "chain ip t m { type route hook output priority mangle; }",
    "chain netdev t i { type filter hook ingress device \"lo\" priority 0; }", "chain netdev t x { type filter hook egress device \"lo\" priority 5; }",
    "chain bridge t b { type filter hook forward priority 0; }", "chain arp t a { type filter hook input priority 0; }",
    "flowtable inet t f { hook ingress priority 0; devices = { lo }; }",
    "set inet t s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 1.1.1.1, 2.2.2.2-2.2.2.9 } }",
    "set inet t hosts { type ipv4_addr; comment \"who may\"; elements = { 1.2.3.4 comment \"one\", 1.2.3.5 } }",
    "set inet t six { type ipv6_addr; elements = { fe80::1, 2001:db8::1:2 } }",
    "set inet t macs { type ether_addr; elements = { 00:11:22:33:44:55 } }", "set inet t marks { type mark; elements = { 1, 0xfedc } }",
    "set inet t names { type ifname; elements = { \"lo\", \"eth0.5\" } }", "set inet t protocols { type inet_proto; elements = { tcp, udp } }",
    "set inet t aging { type ipv4_addr; flags timeout; timeout 1h; gc-interval 10m; elements = { 9.9.9.9, 9.9.9.8 timeout 2d } }",
    "set inet t met { type ipv4_addr; flags dynamic; size 100; timeout 1m; }",
    "set inet t pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90, 1.2.3.4 . 22 } }",
    "set inet t exact { type ipv4_addr . inet_service . mark; elements = { 10.0.0.1 . 80 . 1 } }",
    "set inet t counting { type inet_service; counter; elements = { 80 comment \"web\", 81 } }",
    "set inet t shaped { typeof tcp dport; elements = { 22 } }",
    "map inet t where { type inet_service : ipv4_addr; elements = { 80 : 1.2.3.4, 81 : 1.2.3.5 } }",
    "map inet t what { type ipv4_addr : verdict; elements = { 1.2.3.4 : jump o, 1.2.3.5 : drop, * : accept } }",
    "counter inet t seen", "quota inet t much { over 100 mbytes }", "limit inet t slow { rate 10/second }", "limit inet t wide { rate over 1 mbytes/minute burst 5 kbytes }",
    "ct helper inet t help { type \"ftp\" protocol tcp; }", "ct expectation inet t later { protocol tcp; dport 5432; timeout 1h; size 12; l3proto ip; }",
    "ct timeout inet t long { protocol tcp; l3proto ip; policy = { established : 100, close : 5 }; }",
    "synproxy inet t proxy { mss 1460; wscale 7; timestamp sack-perm; }",
    "map inet t objects { type inet_service : counter; elements = { 80 : \"seen\" } }",
]

RULES = {
    "inet t c": [
        "tcp dport 80 accept", "ip saddr 10.0.0.1 counter drop", "ip6 saddr fe80::1 drop", "meta iifname \"lo\" accept", "meta mark 0x1", "meta mark & 0xff == 5",
        "ct state established,related accept", "ct mark set 5", "ct count over 5 drop", "limit rate 5/second burst 6 packets", "limit rate over 10 kbytes/second drop",
        "quota over 10 mbytes drop", "log prefix \"x: \" level warn", "log group 2 snaplen 64 queue-threshold 3", "log flags tcp sequence,options", "reject", "reject with tcp reset",
        "reject with icmpx admin-prohibited", "queue num 1 bypass", "queue flags bypass,fanout to 1-3", "queue to numgen inc mod 4", "fib saddr . iif oif missing drop",
        "fib daddr type local accept", "rt classid 5", "rt ip nexthop 10.0.0.1", "socket transparent 1", "socket mark 5", "socket cgroupv2 level 1 \"/\"",
        "tcp option maxseg size set 1000", "tcp option sack-perm exists", "exthdr hbh exists", "ip option rr exists", "sctp chunk data exists",
        "meta mark set numgen inc mod 2 offset 5", "meta mark set numgen random mod 9", "meta mark set jhash ip saddr mod 3 seed 0xbeef", "meta mark set symhash mod 3",
        "add @met { ip saddr }", "update @met { ip saddr timeout 5m counter }", "delete @met { ip saddr }", "counter name seen", "quota name much", "limit name slow",
        "counter name tcp dport map @objects", "synproxy name proxy", "notrack", "ip saddr @s drop", "ip saddr != @hosts", "tcp dport vmap { 80 : accept, 81 : jump o }",
        "ip saddr vmap @what", "tcp dport 10-20", "tcp dport != 10-20", "udp sport >= 1024", "osf name \"Linux\"", "synproxy mss 1460 wscale 7", "ipsec in reqid 1",
        "ipsec out ip daddr 1.2.3.4", "ct helper set \"help\"", "ct expectation set \"later\"", "tcp dport { 80, 443 } accept", "ip saddr . tcp dport @pairs",
        "ip saddr & 0.0.255.0 == 0.0.1.0", "ip dscp set cs1", "tcp flags & (syn|ack) == syn", "icmp type echo-request", "icmpv6 type nd-neighbor-solicit",
        "meta l4proto { tcp, udp } th dport 53", "@th,16,16 80", "@ih,0,8 5", "@nh,3,5 7", "ct original ip saddr 1.1.1.1", "meta l4proto tcp ct reply proto-dst 80", "vlan id 5",
        "ether saddr 00:11:22:33:44:55", "meta skuid 0", "meta cgroup 5", "meta random 5", "meta nftrace set 1", "ct expiration 5s", "ct label 5", "ct bytes > 1000",
        "meta priority set 1:2", "meta pkttype broadcast", "ip protocol tcp goto o", "continue", "return", "meta mark set ct mark", "ct mark set meta mark | 0x10",
        "meta mark set meta mark << 3", "meta hour \"10:00\"-\"11:00\"", "meta day \"Monday\"", "meta time < \"2030-01-01 00:00:00\"", "ip ttl 64 accept comment \"of us\"",
        "ip6 flowlabel 5", "tcp dport 22 limit rate 1/minute log accept", "iif \"lo\" accept", "meta oifname \"e*\" drop", "ip saddr 10.1.0.0/16 drop", "ip6 saddr 2001:db8::/32 drop",
        "meta iiftype ether counter drop", "meta iiftype { ether, loopback }",
    ],
    "inet t fw": ["flow add @f", "tcp option maxseg size set rt mtu", "accept"],
    "ip t post": ["masquerade", "masquerade random,persistent", "snat to 1.1.1.1", "tcp dport 80 snat to 1.1.1.1-1.1.1.5:10-20 fully-random",
                  "snat ip prefix to ip saddr map { 10.0.0.0/8 : 11.0.0.0/8 }", "tcp dport 5 masquerade to :1024-2048"],
    "ip t pre": ["tcp dport 80 dnat to 1.1.1.1:8080", "tcp dport 81 redirect to :8081", "redirect", "dnat to ip saddr map { 1.2.3.4 : 5.6.7.8 }"],
    "ip t raw": ["notrack", "meta l4proto tcp tproxy to :5000", "meta l4proto udp tproxy to 127.0.0.1:5000", "ct zone set 5", "socket wildcard 0", "dup to 1.1.1.1",
                 "dup to 1.1.1.1 device \"lo\"", "ip saddr 10.0.0.5"],
    "netdev t i": ["fwd to \"lo\"", "fwd ip to 1.1.1.1 device \"lo\"", "dup to \"lo\"", "vlan id 5", "meta mark set 1"],
    "bridge t b": ["ether type ip accept", "meta ibrname \"br0\"", "reject with icmp port-unreachable"],
    "arp t a": ["arp operation request accept", "arp saddr ip 1.2.3.4"],
}


# Rules by extensions, most of which refuse to be for another protocol than theirs.
EXTENSIONS = [
    "iptables-nft -A INPUT -p tcp -m tcp --dport 22 -m comment --comment ssh -j ACCEPT", "iptables-nft -A INPUT -p tcp -m multiport --dports 22,80:90 -j ACCEPT",
    "iptables-nft -A INPUT -p udp -m multiport ! --sports 53 -j DROP", "iptables-nft -A INPUT ! -p tcp -m addrtype --dst-type LOCAL -j ACCEPT",
    "iptables-nft -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", "iptables-nft -A INPUT -s 10.0.0.0/8 -i lo -j DROP",
    "iptables-nft -A INPUT -m limit --limit 5/min -j LOG --log-prefix x", "iptables-nft -A INPUT -p tcp -j REJECT --reject-with tcp-reset",
    "iptables-nft -A INPUT -m hashlimit --hashlimit-name x --hashlimit-upto 5/sec -j ACCEPT", "iptables-nft -A INPUT -m statistic --mode random --probability 0.5 -j ACCEPT",
    "iptables-nft -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", "iptables-nft -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
    "iptables-nft -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080", "iptables-nft -t mangle -A PREROUTING -j MARK --set-xmark 0x5/0xff",
    "ip6tables-nft -A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT", "ip6tables-nft -A INPUT -p tcp -j REJECT --reject-with tcp-reset",
    "ebtables-nft -A INPUT -p IPv4 --ip-src 10.0.0.1 -j DROP", "ebtables-nft -A INPUT -p ! IPv4 --pkttype-type host -j mark --mark-set 5",
    "ebtables-nft -A INPUT -p 802_1Q --vlan-id 5 -j DROP",
]


def make_extensions():
    """What iptables(8) says of each that the kernel takes; none where it is not installed."""
    if not shutil.which("iptables-nft"):
        print("iptables-nft is not installed: rules with extensions are not to be judged here", flush=True)
        return []
    refused = [each for each in EXTENSIONS if subprocess.run(each.split(), capture_output=True).returncode != 0]
    if refused:
        print("rules that this kernel does not take, not to be judged here: " + "; ".join(refused), flush=True)
    return extensions()


def extensions():
    """Without counters, and without when it was."""
    return [line for family in ("iptables", "ip6tables", "ebtables") for line in subprocess.run([f"{family}-nft-save"], capture_output=True, text=True, check=True).stdout.splitlines()
            if line.startswith("-A")]


# ---- Objects that nft(8) has no words for: by requests of our own, judged by the bytes that the kernel tells ----

def attribute(kind, *parts):
    data = b"".join(parts)
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def message(kind, flags, family, *parts):
    data = b"".join(parts)
    return struct.pack("=IHHIIBBH", 20 + len(data), kind, flags, 1, 0, family, 0, socket.htons(10) if kind >> 8 == 0 else 0) + data


def big(number, width=4):
    return number.to_bytes(width, "big")


TUNNEL, CONNLIMIT = 6, 5
OBJECTS = {
    "plain": (TUNNEL, attribute(1, big(10)) + attribute(2, attribute(1, bytes([1, 1, 1, 1])), attribute(2, bytes([2, 2, 2, 2])))),
    "full": (TUNNEL, attribute(1, big(11)) + attribute(2, attribute(1, bytes([1, 1, 1, 1])), attribute(2, bytes([2, 2, 2, 2]))) + attribute(4, big(2)) + attribute(5, b"\x10") +
             attribute(6, b"\x07") + attribute(7, big(5, 2)) + attribute(8, big(4789, 2))),
    "six": (TUNNEL, attribute(1, big(12)) + attribute(3, attribute(1, bytes(15) + b"\1"), attribute(2, bytes(15) + b"\2"), attribute(3, big(5)))),
    "vxlan": (TUNNEL, attribute(1, big(13)) + attribute(2, attribute(2, bytes([2, 2, 2, 2]))) + attribute(9, attribute(1, attribute(1, big(7))))),
    "erspan": (TUNNEL, attribute(1, big(14)) + attribute(2, attribute(2, bytes([2, 2, 2, 2]))) + attribute(9, attribute(2, attribute(1, big(1)), attribute(2, big(9))))),
    "few": (CONNLIMIT, attribute(1, big(5))), "many": (CONNLIMIT, attribute(1, big(6)) + attribute(2, big(1))),
}


def make_objects():
    """Those that the kernel takes, in the tables "n"."""
    nft("-f", "-", input="add table inet n\nadd table netdev n\n")
    made = []
    for name, (kind, data) in OBJECTS.items():
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
            netlink.send(message(16, 1, 0) + message(10 << 8 | 18, 0x605, 5 if kind == TUNNEL else 1, attribute(1, b"n\0"), attribute(2, name.encode() + b"\0"), attribute(3, big(kind)), attribute(4, data)) +
                         message(17, 1, 0))
            answer = netlink.recv(65536)
        if struct.unpack_from("=i", answer, 16)[0] == 0:
            made.append(name)
    if len(made) < len(OBJECTS):
        print("objects that this kernel does not take, not to be judged here: " + ", ".join(sorted(set(OBJECTS) - set(made))), flush=True)
    return made


def objects():
    """The bytes of each that the kernel tells, by its name, without its number and how often it is used."""
    found = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.send(message(10 << 8 | 19, 0x301, 0))
        while True:
            data = netlink.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == 3:
                    return found
                parts, rest = {}, data[20:length]
                while rest:
                    size, number = struct.unpack_from("=HH", rest)
                    parts[number & 0x3fff] = rest[4:size]
                    rest = rest[size + 3 & ~3:]
                found[parts[2].rstrip(b"\0").decode()] = {number: parts[number] for number in parts if number not in (5, 6, 7)}
                data = data[length + 3 & ~3:]


def nft(*arguments, **more):
    """Whether `nft ARGUMENTS` was taken."""
    return subprocess.run(["nft", *arguments], capture_output=True, text=True, **more).returncode == 0


taken = []


def make_frame():
    """All that rules stand in and name."""
    if not taken:
        taken.append([each for each in FRAME if nft(f"add {each}")])
    nft("flush", "ruleset")
    nft("-f", "-", input="".join(f"add {each}\n" for each in taken[0]))


def make_all():
    """A rule of each kind that the kernel takes: (chain, rule)."""
    make_frame()
    if len(taken) == 1:
        taken.append([(chain, rule) for chain, rules in RULES.items() for rule in rules if nft(f"add rule {chain} {rule}")])
        make_frame()
    nft("-f", "-", input="".join(f"add rule {chain} {rule}\n" for chain, rule in taken[1]))
    return taken[1]


def texts(*options):
    """What nft prints of each rule: FAMILY/TABLE/CHAIN/HANDLE: text. Times are of Greenwich."""
    found, place, chain = {}, None, None
    listed = subprocess.run(["nft", "-a", *options, "list", "ruleset"], capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"}).stdout
    for line in listed.splitlines():
        if table := re.match(r"table (\S+) (\S+) { # handle", line):
            place = "/".join(table.groups())
        elif head := re.match(r"\tchain (\S+) { # handle", line):
            chain = head[1]
        elif line == "\t}":
            chain = None
        elif (rule := re.match(r"\t\t(.*) # handle (\d+)$", line)) and chain:
            found[f"{place}/{chain}/{rule[2]}"] = rule[1]
    return found
