# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules of nftables at random, as text for nft(8): each of its expressions, compared in each way that it can be, and each of its statements."""
import ctypes
import os
import re

ICMP = ["echo-request", "echo-reply", "destination-unreachable", "redirect", "time-exceeded", "parameter-problem", "timestamp-request", "17"]
ICMP6 = ["echo-request", "echo-reply", "nd-neighbor-solicit", "nd-router-advert", "packet-too-big", "mld-listener-query", "destination-unreachable"]
PROTOCOLS = ["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "esp", "ah", "47", "udplite", "dccp", "igmp", "comp", "89"]
FLAGS = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"]
STATES = ["established", "related", "new", "invalid", "untracked"]
STATUSES = ["expected", "seen-reply", "assured", "confirmed", "snat", "dnat", "dying"]
DSCP = ["cs0", "cs1", "cs7", "af11", "af23", "af43", "ef", "va", "lephb", "0x05", "0x3f"]


class Rules:
    def __init__(self, random):
        self.random = random

    def choice(self, *words):
        return self.random.choice(words)

    # ---- Values ----

    def number(self, bits, least=0):
        return str(self.random.choice([least, 1, (1 << bits) - 1, self.random.randrange(least, 1 << bits), self.random.randrange(least, 1 << min(bits, 8))]))

    def port(self):
        return str(self.random.choice([22, 80, 443, 53, self.random.randrange(1, 65536)]))

    def address(self):
        return ".".join(str(self.random.randrange(256)) for _ in range(4))

    def address6(self):
        return self.choice("fe80::1", "2001:db8::1:2", "::1", ":".join(f"{self.random.randrange(1 << 16):x}" for _ in range(8)))

    def network(self):
        length = self.random.randrange(1, 32)
        number = self.random.randrange(1 << 32) >> 32 - length << 32 - length
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"

    def network6(self):
        return self.choice("2001:db8::/32", "fe80::/10", "2001:db8:1::/48", "2001:db8:0:8000::/49", "::/1")

    def ether(self):
        return ":".join(f"{self.random.randrange(256):02x}" for _ in range(6))

    def mark(self):
        return hex(self.random.randrange(1 << self.choice(4, 8, 16, 32)))

    def some(self, words, joint=","):
        return joint.join(self.random.sample(words, self.random.randrange(1, 4)))

    def several(self, value, ranges=True):
        """An anonymous set."""
        items = {value() for _ in range(self.random.randrange(1, 6))}
        return "{ " + ", ".join(sorted(items)) + " }"

    def between(self, value, key):
        low, high = sorted((value(), value()), key=key)
        return f"{low}-{high}"

    # ---- Comparisons ----

    def compared(self, what, value, key=None, masks=False):
        """WHAT with a VALUE; with KEY values have an order."""
        ways = ["", "!= ", "set", "not set"]
        if key:
            ways += ["< ", "> ", "<= ", ">= ", "range", "not range", "ranges"]
        if masks:
            ways += ["mask", "or"]
        way = self.random.choice(ways)
        if way in ("set", "not set"):
            return f"{what} {'!= ' if way[0] == 'n' else ''}{self.several(value)}"
        if way in ("range", "not range"):
            return f"{what} {'!= ' if way[0] == 'n' else ''}{self.between(value, key)}"
        if way == "ranges":
            low = sorted({value() for _ in range(6)}, key=key)
            pairs = [f"{a}-{b}" for a, b in zip(low[::2], low[1::2])]
            return f"{what} {{ {', '.join(pairs) or low[0]} }}"
        if way == "mask":
            return f"{what} & {value()} {self.choice('==', '!=')} {value()}"
        if way == "or":
            return f"{what} | {value()} == {value()}"
        return f"{what} {way}{value()}"

    def numbered(self, what, bits):
        return self.compared(what, lambda: self.number(bits), int)

    def flagged(self, what, words):
        both = self.some(words, " | ")
        return self.choice(f"{what} {self.some(words)}", f"{what} != {self.some(words)}", f"{what} == {self.choice(*words)}", f"{what} {self.several(lambda: self.choice(*words))}",
                           f"{what} & ({self.some(words, '|')}) {self.choice('==', '!=')} {self.some(words, '|')}", f"{what} & ({both}) == {both}", f"{what} & ({self.some(words, '|')}) != 0", f"{what} ! {self.choice(*words)}")

    def ip(self):
        end = self.choice("saddr", "daddr")
        four = [lambda: self.compared(f"ip {end}", self.address, lambda text: tuple(map(int, text.split(".")))), lambda: f"ip {end} {self.choice('', '!= ')}{self.network()}",
                lambda: f"ip {end} @{self.choice('s', 'hosts')}", lambda: f"ip {end} & {self.address()} == {self.address()}", lambda: f"ip {end} {{ {self.network()}, {self.address()} }}"]
        rest = [lambda: self.numbered("ip ttl", 8), lambda: self.numbered("ip id", 16), lambda: self.numbered("ip length", 16), lambda: self.compared("ip dscp", lambda: self.choice(*DSCP)),
                lambda: self.compared("ip ecn", lambda: self.choice("ce", "ect0", "ect1", "not-ect")), lambda: self.compared("ip protocol", lambda: self.choice(*PROTOCOLS)),
                lambda: self.numbered("ip version", 4), lambda: self.numbered("ip hdrlength", 4), lambda: f"ip frag-off & 0x1fff {self.choice('!=', '==')} 0", lambda: self.numbered("ip checksum", 16)]
        return self.random.choice(self.random.choice([four, rest]))()

    def ip6(self):
        end = self.choice("saddr", "daddr")
        return self.choice(self.compared(f"ip6 {end}", self.address6), f"ip6 {end} {self.network6()}", f"ip6 {end} != {self.network6()}", f"ip6 {end} @six", self.numbered("ip6 hoplimit", 8),
                           self.numbered("ip6 length", 16), self.numbered("ip6 flowlabel", 20), self.compared("ip6 dscp", lambda: self.choice(*DSCP)), f"ip6 nexthdr {self.choice(*PROTOCOLS)}",
                           f"ip6 {end} {{ {self.network6()}, {self.address6()} }}", self.numbered("ip6 version", 4), f"ip6 ecn {self.choice('ce', 'ect0')}")

    def transport(self):
        end, protocol = self.choice("sport", "dport"), self.choice("tcp", "udp", "sctp", "dccp", "udplite", "th")
        return self.choice(*[self.compared(f"{protocol} {end}", self.port, int, masks=True) for _ in range(4)], f"tcp sport {self.port()} tcp dport {self.port()}", self.flagged("tcp flags", FLAGS),
                           self.numbered("tcp window", 16), self.numbered("tcp sequence", 32), self.numbered("tcp doff", 4), self.numbered("udp length", 16), self.numbered("udp checksum", 16),
                           self.numbered("sctp vtag", 32), f"dccp type {self.choice('request', 'sync', 'data')}", self.numbered("ah spi", 32), self.numbered("esp spi", 32), self.numbered("comp cpi", 16),
                           f"{protocol} {end} @{self.choice('shaped', 'counting')}", self.numbered("udplite csumcov", 16), self.numbered("ah hdrlength", 8))

    def icmp(self):
        return self.choice(self.compared("icmp type", lambda: self.choice(*ICMP)), f"icmp type destination-unreachable icmp code {self.choice('port-unreachable', 'host-unreachable', '9', '77')}",
                           self.numbered("icmp id", 16), self.numbered("icmp sequence", 16), self.numbered("icmp mtu", 16), self.compared("icmp code", lambda: self.number(8), int),
                           f"icmp type echo-request icmp id {self.number(16)}", f"icmp type echo-reply icmp sequence {self.number(16)}")

    def icmp6(self):
        return self.choice(self.compared("icmpv6 type", lambda: self.choice(*ICMP6)), f"icmpv6 code {self.choice('no-route', 'addr-unreachable', '3')}", self.numbered("icmpv6 id", 16),
                           self.numbered("icmpv6 mtu", 32), self.numbered("icmpv6 max-delay", 16), f"icmpv6 type echo-request icmpv6 id {self.number(16)}", self.numbered("icmpv6 parameter-problem", 32))

    def option(self):
        return self.choice(f"tcp option {self.choice('sack-perm', 'maxseg', 'timestamp', 'sack', 'window')} {self.choice('exists', 'missing')}", self.numbered("tcp option maxseg size", 16),
                           self.numbered("tcp option timestamp tsval", 32), self.numbered("tcp option sack left", 32), self.numbered("tcp option window count", 8), "tcp option 77 exists",
                           f"exthdr {self.choice('hbh', 'frag', 'rt', 'dst', 'mh')} {self.choice('exists', 'missing')}", self.numbered("frag id", 32), self.numbered("rt seg-left", 8),
                           f"hbh nexthdr {self.choice('tcp', 'udp')}", f"mh type {self.choice('home-test', 'binding-update')}", self.numbered("frag frag-off", 13), "frag more-fragments 1",
                           f"ip option {self.choice('rr', 'lsrr', 'ra', 'ssrr')} exists", self.numbered("ip option rr ptr", 8), self.numbered("ip option ra value", 16),
                           f"sctp chunk {self.choice('data', 'init', 'sack', 'abort', 'asconf')} exists", self.numbered("sctp chunk data tsn", 32), self.numbered("sctp chunk init num-inbound-streams", 16))

    def meta(self):
        name = self.choice("iifname", "oifname")
        return self.choice(self.compared("meta mark", self.mark, lambda text: int(text, 16), masks=True), self.compared(name, lambda: self.choice('"lo"', '"eth0"', '"wlan0.5"', '"ppp1"')),
                           f'{name} "e{self.choice("", "th")}*"', f"{self.choice('iif', 'oif')} {self.choice('', '!= ')}\"lo\"", self.compared("meta l4proto", lambda: self.choice(*PROTOCOLS)),
                           self.numbered("meta length", 16), f"meta skuid {self.number(16)}", self.compared("meta skgid", lambda: self.number(16), int), self.numbered("meta cgroup", 16),
                           f"meta pkttype {self.choice('host', 'broadcast', 'multicast', 'other')}", f"meta iiftype {self.choice('loopback', 'ppp', '77')}", self.numbered("meta cpu", 3),
                           f"iifgroup {self.number(8)}", f"meta rtclassid {self.number(8)}", f"meta priority {self.choice('1:2', 'none', 'root', 'ffff:a')}", self.compared("meta random", lambda: self.number(32), int),
                           f"meta day \"{self.choice('Monday', 'Sunday', 'Saturday')}\"", f"meta hour \"{self.random.randrange(12):02}:{self.random.randrange(60):02}\"-\"{self.random.randrange(12, 24)}:05:09\"",
                           f"meta time {self.choice('<', '>')} \"20{self.random.randrange(10, 99)}-0{self.random.randrange(1, 9)}-1{self.random.randrange(9)} 0{self.random.randrange(9)}:0{self.random.randrange(9)}:00\"",
                           f"meta ipsec {self.choice('exists', 'missing')}", f"meta iifkind \"{self.choice('vlan', 'vrf')}\"", f"meta sdifname \"lo\"")

    def ct(self):
        return self.choice(self.flagged("ct state", STATES), self.flagged("ct status", STATUSES), self.compared("ct mark", self.mark, lambda text: int(text, 16), masks=True),
                           f"ct direction {self.choice('original', 'reply')}", f"ct expiration {self.choice('> ', '')}{self.random.randrange(1, 4000)}s", f"ct label {self.number(7)}",
                           f"ct {self.choice('', 'original ', 'reply ')}{self.choice('bytes', 'packets', 'avgpkt')} {self.choice('>', '<', '>=')} {self.number(20)}", self.numbered("ct zone", 16),
                           f"ct {self.choice('original', 'reply')} ip saddr {self.choice(self.address(), self.network())}", f"ct {self.choice('original', 'reply')} ip6 daddr {self.address6()}",
                           f"meta l4proto tcp ct original proto-dst {self.port()}", f'ct helper "{self.choice("ftp", "sip")}"', f"ct l3proto {self.choice('ipv4', 'ipv6')}", f"ct protocol {self.choice('tcp', 'udp')}",
                           self.numbered("ct id", 32))

    def other(self):
        return self.choice(f"fib {self.choice('saddr', 'daddr')} . {self.choice('iif', 'mark')} oif {self.choice('exists', 'missing')}", f"fib daddr type {self.choice('local', 'broadcast', '{ unicast, multicast }')}",
                           f"fib saddr . iif oifname \"lo\"", 'fib daddr oif "lo"', f"rt classid {self.number(8, 1)}", f"rt ip nexthop {self.address()}", f"rt ip6 nexthop {self.address6()}", f"rt mtu {self.choice('>', '')} 1400",
                           f"rt ipsec {self.choice('exists', 'missing')}", f"socket transparent {self.choice('0', '1')}", f"socket mark {self.mark()}", "socket wildcard 1", f"osf {self.choice('', 'ttl loose ', 'ttl skip ')}name \"Linux\"",
                           'osf version "Linux:4.20"', f"ipsec in {self.choice('', 'spnum 2 ')}reqid {self.number(8)}", f"ipsec in spi {self.number(16)}", f"ipsec {self.choice('in', 'out')} ip saddr {self.address()}",
                           f"numgen {self.choice('inc', 'random')} mod {self.random.randrange(2, 9)} {self.choice('', 'offset 3 ')}{self.choice('0', '< 5', '{ 1, 2 }')}",
                           f"jhash ip saddr . tcp dport mod {self.random.randrange(2, 9)} seed {self.mark()} {self.choice('1', '{ 1, 3 }')}", f"symhash mod {self.random.randrange(2, 9)} 1",
                           f"@nh,{self.choice(8, 16, 64)},{self.choice(8, 16)} {self.number(8)}", f"@th,{self.choice(16, 32, 64)},{self.choice(16, 32)} {self.number(16)}", f"@th,{self.random.randrange(1, 60)},{self.random.randrange(1, 9)} 1",
                           f"@ih,0,{self.choice(8, 16, 32)} {self.number(8)}", f"@nh,0,160 & 0xff != 7")

    def looked_up(self):
        """Sets and maps of several parts, and to verdicts."""
        pair = lambda: f"{self.address()} . {self.port()}"
        names = lambda: f"\"{self.choice('lo', 'eth0', 'eth1')}\" . {self.mark()}"
        verdict = lambda: self.choice("accept", "drop", "continue", "return", "jump o", "goto o")
        return self.choice(f"ip saddr . tcp dport {self.choice('', '!= ')}{self.several(pair)}", f"ip daddr . udp sport @pairs", f"meta iifname . meta mark {self.several(names)}",
                           f"ip saddr . ip daddr . meta l4proto {{ {self.address()} . {self.address()} . {self.choice('tcp', 'udp')} }}", f"ip saddr . tcp dport {{ {self.network()} . {self.between(self.port, int)}, {pair()} }}",
                           f"ether saddr . ip saddr {{ {self.ether()} . {self.address()} }}", f"ip6 saddr . udp dport {{ {self.address6()} . {self.port()} }}", f"ct state . meta mark {{ new . {self.mark()} }}",
                           f"tcp dport vmap {{ {self.port()} : {verdict()} }}", f"ip saddr vmap {{ {self.address()} : {verdict()}, {self.network()} : {verdict()} }}", "ip saddr vmap @what",
                           f"ct state vmap {{ established : accept, related : accept, invalid : drop }}", f"iifname vmap {{ \"lo\" : accept, \"eth0\" : {verdict()} }}",
                           f"ip saddr . tcp dport vmap {{ {pair()} : {verdict()}, {pair()} : {verdict()} }}", f"meta mark vmap {{ {self.mark()} : {verdict()}, 0x12345678-0x22345678 : drop }}",
                           f"icmp type vmap {{ echo-request : accept, redirect : drop }}", f"ip dscp vmap {{ cs1 : accept, ef : {verdict()} }}", f"tcp dport {{ {self.port()} comment \"what for\", 7 }}",
                           f"tcp dport {{ {self.port()} timeout 5m }}", f"ip daddr . icmp type {{ {self.address()} . echo-request }}")

    # ---- Statements ----

    def value_for_mark(self):
        return self.choice(self.mark(), "ct mark", "meta mark", f"meta mark & {self.mark()}", f"meta mark | {self.mark()}", f"meta mark ^ {self.mark()}", f"ct mark and {self.mark()} or {self.mark()}", "meta mark << 3",
                           "ct mark >> 2", f"tcp dport map {{ {self.port()} : {self.mark()}, {self.port()} : {self.mark()} }}", f"numgen random mod 4 offset {self.number(8)}", f"jhash ip saddr mod 7 seed {self.mark()}",
                           "symhash mod 2", f"ip saddr map {{ {self.network()} : {self.mark()} }}", f"meta iifname map {{ \"lo\" : 1, \"eth0\" : {self.mark()} }}", f"numgen inc mod 2 map {{ 0 : {self.mark()}, 1 : 5 }}")

    def statement(self):
        rate = lambda: f"{self.choice('', 'over ')}{self.random.randrange(1, 99)}"
        unit = lambda: self.choice("second", "minute", "hour", "day", "week")
        return self.choice("counter", "counter", f"limit rate {rate()}/{unit()}", f"limit rate {rate()}/{unit()} burst {self.random.randrange(1, 20)} packets",
                           f"limit rate {rate()} {self.choice('bytes', 'kbytes', 'mbytes')}/{unit()} {self.choice('', 'burst 3 kbytes', 'burst 512 bytes')}", f"quota {self.choice('', 'over ')}{self.random.randrange(1, 4000)} {self.choice('bytes', 'kbytes', 'mbytes')}",
                           "log", f"log prefix \"{self.choice('in: ', 'a b', 'drop')}\" {self.choice('', 'level ' + self.choice('emerg', 'crit', 'debug', 'info', 'warn'))}", "log flags all", "log flags skuid flags ether",
                           f"log group {self.number(8)} snaplen {self.number(8)} queue-threshold {self.number(8, 1)}", "log flags tcp options", "log flags ip options", "log level audit", f"meta mark set {self.value_for_mark()}",
                           f"ct mark set {self.value_for_mark()}", f"meta priority set {self.choice('1:2', 'none', 'root')}", f"meta pkttype set {self.choice('host', 'other')}", "meta nftrace set 1", f"ct zone set {self.number(8)}",
                           f"ct label set {self.number(7)}", f"ct event set {self.choice('new', 'new,related,destroy', 'assured,mark')}", "notrack", f"ip dscp set {self.choice(*DSCP)}", f"ip ttl set {self.number(8)}",
                           f"ip6 hoplimit set {self.number(8)}", f"tcp dport set {self.port()}", f"ip saddr set {self.address()}", f"ip6 dscp set {self.choice(*DSCP)}", f"ip ecn set {self.choice('ce', 'ect0')}",
                           f"tcp option maxseg size set {self.number(16)}", "tcp option maxseg size set rt mtu", "reset tcp option sack-perm", f"{self.choice('add', 'update', 'delete')} @met {{ ip saddr }}", "update @met { ip saddr timeout 5m }",
                           f"add @met {{ ip {self.choice('saddr', 'daddr')} counter }}", f"update @met {{ ip saddr limit rate {self.random.randrange(1, 9)}/second }}", "add @met { ip saddr ct count over 5 }", "add @where { tcp dport : ip saddr }",
                           f"meter m{self.number(20)} size 100 {{ ip {self.choice('saddr', 'daddr')} . tcp dport limit rate 5/second }}", f"meter m{self.number(20)} {{ ip saddr ct count over 5 }}",
                           "counter name \"seen\"", "quota name \"much\"", "limit name \"slow\"", "ct helper set \"help\"", "synproxy name \"proxy\"", "counter name tcp dport map @objects", f"ct count {self.choice('', 'over ')}{self.number(8)}",
                           "ct expectation set \"later\"", "ct timeout set \"long\"", f"synproxy mss {self.number(16)} wscale 7 {self.choice('', 'timestamp', 'sack-perm', 'timestamp sack-perm')}", "last",
                           f"ip6 flowlabel set {self.number(20)}", f"udp checksum set 0", f"tcp window set {self.number(16)}")

    def verdict(self):
        return self.choice("accept", "drop", "return", "continue", "jump o", "goto o", "reject", f"reject with tcp reset", f"reject with icmpx {self.choice('port-unreachable', 'host-unreachable', 'no-route', 'admin-prohibited')}",
                           f"reject with icmp {self.choice('port-unreachable', 'host-prohibited', 'net-unreachable')}", f"reject with icmpv6 {self.choice('no-route', 'addr-unreachable', 'port-unreachable')}", "", "", "")

    def nat(self):
        return self.choice("masquerade", f"masquerade {self.some(['random', 'fully-random', 'persistent'])}", f"snat to {self.address()}", f"snat to {self.network()}", f"tcp dport {self.port()} dnat to {self.address()}:{self.port()}",
                           f"udp sport 5 dnat to {self.between(self.address, lambda text: tuple(map(int, text.split('.'))))} persistent", f"dnat to tcp dport map {{ 80 : {self.address()}, 81 : {self.address()} }}", f"tcp dport 80 redirect to :{self.port()}",
                           "redirect", f"dnat to numgen inc mod 2 map {{ 0 : {self.address()}, 1 : {self.address()} }}", f"tcp sport 9 snat to :{self.between(self.port, int)}", "meta l4proto tcp masquerade to :1024-2048 random",
                           f"snat ip prefix to ip saddr map {{ 10.0.0.0/8 : 11.0.0.0/8 }}", f"meta l4proto tcp dnat ip to tcp dport map {{ 80 : {self.address()} . {self.port()} }}", f"dnat to {self.address()}")

    def way(self):
        return self.choice(f"meta l4proto tcp tproxy to :{self.port()}", f"meta l4proto udp tproxy to {self.address()}:{self.port()}", f"dup to {self.address()}", f'dup to {self.address()} device "lo"', "notrack")

    def link(self):
        return self.choice(f"ether saddr {self.ether()}", self.compared("ether daddr", self.ether), f"ether type {self.choice('ip', 'ip6', 'arp', '8021q', '0x88cc')}", self.numbered("vlan id", 12), f"vlan pcp {self.number(3)}", f"vlan id {self.number(12)} ip saddr {self.address()}",
                           f"vlan type {self.choice('ip', 'arp')}", "vlan id 5 tcp dport 22", f"meta protocol {self.choice('ip', 'ip6', 'arp')}", f"arp operation {self.choice('request', 'reply')}", f"ip saddr {self.address()}", "ip protocol icmp icmp type echo-request")

    def arp(self):
        return self.choice(f"arp operation {self.choice('request', 'reply', '77')}", self.compared("arp saddr ip", self.address), f"arp daddr ether {self.ether()}", "arp htype 1", f"arp ptype {self.choice('ip', '0x0800')}", self.numbered("arp plen", 8))

    def rule(self):
        """(chain, rule)."""
        kind = self.random.randrange(20)
        matches = [self.ip, self.ip6, self.transport, self.icmp, self.icmp6, self.option, self.meta, self.ct, self.other, self.looked_up]
        comment = self.choice("", "", "", ' comment "a word"')
        few = lambda makers, most: " ".join(self.random.choice(makers)() for _ in range(self.random.randrange(most + 1)))
        if kind == 0:
            return "ip t post", f"{few(matches[:1] + [self.transport], 1)} {self.nat()}{comment}"
        if kind == 1:
            return "ip t pre", f"{few([self.meta, self.transport], 1)} {self.nat()}{comment}"
        if kind == 2:
            return "ip t raw", f"{few([self.ip, self.transport, self.icmp], 2)} {self.way()}{comment}"
        if kind == 3:
            return "netdev t i", f"{few([self.link, self.transport], 2)} {self.choice('accept', 'drop', 'fwd to ' + chr(34) + 'lo' + chr(34), 'dup to ' + chr(34) + 'lo' + chr(34), 'counter')}"
        if kind == 4:
            return "bridge t b", f"{few([self.link, self.transport, self.icmp], 2)} {self.choice('accept', 'drop', 'counter drop')}{comment}"
        if kind == 5:
            return "arp t a", f"{self.arp()} {self.choice('accept', 'drop', 'counter')}"
        if kind in (6, 7):
            return "ip t raw", f"{few([self.ip, self.transport, self.icmp, self.meta, self.ct], 3)} {self.choice('accept', 'drop', 'counter', 'reject', 'reject with tcp reset')}{comment}"
        if kind in (8, 9):
            return "ip6 t c", f"{few([self.ip6, self.transport, self.icmp6, self.option], 2)} {self.choice('accept', 'drop', 'counter', 'reject', 'reject with tcp reset')}{comment}"
        return "inet t c", f"{few(matches, 3)} {few([self.statement], 2)} {self.verdict()}{comment}"


def run(lines):
    """Each line by itself, in this process: one that is refused takes no other along."""
    library = ctypes.CDLL("libnftables.so.1")
    library.nft_ctx_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.nft_ctx_new(0))
    library.nft_ctx_buffer_output(context)
    library.nft_ctx_buffer_error(context)
    for line in lines:
        library.nft_run_cmd_from_buffer(context, line.encode())


def add(random, count):
    """Adds up to COUNT rules; those that nft or the kernel does not take are left out."""
    rules = Rules(random)
    made = (rules.rule() for _ in range(count))
    # Of "this >= 1 that <= 2" nft 1.0.6 prints "that 1-2".
    lines = [f"add rule {chain} {rule}" for chain, rule in made if len(re.findall(" [<>]=? ", rule)) < 2]
    # nft ends itself at some that it cannot make: then just those behind it are lost.
    for first in range(0, count, 20):
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            run(lines[first:first + 20])
            os._exit(0)
        os.waitpid(child, 0)
