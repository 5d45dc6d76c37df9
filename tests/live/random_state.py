# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network namespace full of links, addresses, nexthops, routes, rules and neighbours drawn at random, made with ip(8): every option that it and this kernel know.
The same seed and the same sizes make the same requests."""
import json
import random
import re
import subprocess

from route_state import other_namespace

KINDS = {
    "veth": ["veth"], "bridge": ["bridge"], "ifb": ["ifb"], "dummy": ["dummy"], "vxlan": ["vxlan", "id", "5", "dstport", "4789"], "vrf": ["vrf", "table", "5"],
    "bond": ["bond"], "geneve": ["geneve", "id", "5", "remote", "192.0.2.1"], "vlan": ["vlan", "id", "5"], "macvlan": ["macvlan"], "macvtap": ["macvtap"], "ipvlan": ["ipvlan"],
}
STACKED = ("vlan", "macvlan", "macvtap", "ipvlan")


def batch(lines, family=()):
    """Hands LINES to one ip(8); what the kernel refused of them, as (line, words)."""
    done = subprocess.run(["ip", "-force", *family, "-batch", "-"], input="\n".join([*lines, "link show lo"]) + "\n", capture_output=True, text=True)
    if " lo: " not in done.stdout:  # a word that ip does not know ends it at once
        raise AssertionError(f"ip ended early: {done.stderr[-500:]}")
    refused = []
    words = ""
    for line in done.stderr.splitlines():
        match = re.match(r"Command failed -:(\d+)$", line)
        if match:
            refused.append((lines[int(match.group(1)) - 1], words.strip()))
            words = ""
        else:
            words += line + " "
    return refused


def names(*conditions):
    """The links that there are, with CONDITIONS as ip(8) takes them."""
    done = subprocess.run(["ip", "-j", "link", "show", *conditions], capture_output=True, text=True, check=True)
    return [link["ifname"] for link in json.loads(done.stdout or "[]") if link]


def kinds_of_this_kernel():
    """The kinds of link that can be made here."""
    subprocess.run(["ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"], check=True)
    found = []
    for kind, words in KINDS.items():
        below = ["link", "probe0"] if kind in STACKED else []
        if subprocess.run(["ip", "link", "add", *below, "name", "probe2", "type", *words], capture_output=True).returncode == 0:
            subprocess.run(["ip", "link", "del", "probe2"], check=True)
            found.append(kind)
    subprocess.run(["ip", "link", "del", "probe0"], check=True)
    return found


class State:
    """Draws requests; .refused holds what the kernel would not do, .made how many there were of each kind."""

    def __init__(self, seed, links, addresses, routes, others):
        self.random = random.Random(seed)
        self.sizes = {"links": links, "addresses": addresses, "routes": routes, "others": others}
        self.names, self.ports, self.bridges, self.up = [], [], [], []
        self.refused = {}
        self.made = {}
        self.numbers = {}

    def do(self, what, lines):
        """Lines that begin with -4 or -6 go in a batch of that family."""
        self.made[what] = self.made.get(what, 0) + len(lines)
        refused = self.refused.setdefault(what, [])
        for family in "", "-4", "-6":
            chosen = [line.removeprefix(family).strip() for line in lines if line.startswith(family or ("address", "link", "nexthop", "route", "neigh", "token", "tuntap"))]
            refused.extend(batch(chosen, [family] if family else []) if chosen else [])

    # ---- Drawing ----

    def maybe(self, chance, *words):
        """WORDS, or nothing; a function among them is asked."""
        if self.random.random() >= chance:
            return []
        return [str(word() if callable(word) else word) for word in words]

    def number(self, low, high):
        return lambda: self.random.randint(low, high)

    def one_of(self, *words):
        return lambda: self.random.choice(words)

    def hexadecimal(self):
        return "%#x" % self.random.randrange(256)

    def hardware(self):
        return "02:" + ":".join("%02x" % self.random.randrange(256) for _ in range(5))

    def four(self, first=10):
        return "%d.%d.%d.%d" % (first, self.random.randrange(256), self.random.randrange(256), self.random.randrange(1, 255))

    def six(self, first="2001:db8"):
        return "%s:%x:%x::%x" % (first, self.random.randrange(1, 65536), self.random.randrange(1, 65536), self.random.randrange(1, 65536))

    def fresh(self, what, low):
        """A number that was not drawn before."""
        self.numbers[what] = self.numbers.get(what, low - 1) + 1
        return self.numbers[what]

    def name(self, kind):
        """Names of every spelling that the kernel takes."""
        number = self.fresh("name", 0)
        return self.random.choice([f"{kind[:4]}{number}", f"{kind[:4]}{number}.{self.random.randrange(4095)}", f"{kind[:3]}-{number}", f"{kind[:3]}_{number}@x", f"{number}{kind[:3]}"])

    # ---- Links ----

    def make_links(self):
        kinds = kinds_of_this_kernel()
        self.kinds = kinds
        lines = [self.link_veth(self.name("veth"))]
        while len(self.names) < self.sizes["links"]:
            kind = self.random.choice(kinds)
            lines.append(getattr(self, "link_" + kind)(self.name(kind)))
        self.do("links", lines)
        there = set(names())
        self.names, self.ports, self.bridges = ([name for name in each if name in there] for each in (self.names, self.ports, self.bridges))
        self.do("link changes", [line for name in self.names for line in self.link_changes(name)])
        self.make_ports()
        self.make_taps()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.up = self.random.sample(self.names, max(2, len(self.names) * 3 // 4))
        self.do("links up", [f"link set {name} up" for name in self.up])
        self.up = [name for name in self.up if name in names("up")]
        here, there = self.name("veth"), self.name("veth")
        self.do("links", [f"link add {here} type veth peer name {there}", f"link set {there} netns {other_namespace()}"])

    def common(self):
        return (self.maybe(0.5, "mtu", self.number(1280, 9000)) + self.maybe(0.3, "address", self.hardware) + self.maybe(0.3, "txqueuelen", self.number(0, 5000)) +
                self.maybe(0.2, "numtxqueues", self.number(1, 4)) + self.maybe(0.2, "numrxqueues", self.number(1, 4)) + self.maybe(0.1, "gso_max_size", self.number(1000, 65536)) +
                self.maybe(0.1, "gso_max_segs", self.number(1, 65535)))

    def add(self, name, kind, options, below=()):
        self.names.append(name)
        return " ".join(["link", "add", *below, "name", name, *self.common(), "type", kind, *options])

    def link_veth(self, name):
        other = self.name("veth")
        self.names.append(other)
        self.ports += [name, other]
        return self.add(name, "veth", ["peer", "name", other] + self.maybe(0.3, "mtu", self.number(1280, 9000)))

    def link_ifb(self, name):
        self.ports.append(name)
        return self.add(name, "ifb", [])

    def link_dummy(self, name):
        self.ports.append(name)
        return self.add(name, "dummy", [])

    def link_bridge(self, name):
        hundredths = ("mcast_last_member_interval", "mcast_membership_interval", "mcast_querier_interval", "mcast_query_interval", "mcast_query_response_interval",
                      "mcast_startup_query_interval")
        switches = ("mcast_snooping", "mcast_query_use_ifaddr", "mcast_querier", "mcast_stats_enabled", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables",
                    "no_linklocal_learn", "stp_state")
        options = (self.maybe(0.4, "forward_delay", self.number(200, 3000)) + self.maybe(0.4, "hello_time", self.number(100, 1000)) +
                   self.maybe(0.4, "max_age", self.number(600, 4000)) + self.maybe(0.4, "ageing_time", self.number(0, 100000)) + self.maybe(0.5, "priority", self.number(0, 65535)) +
                   self.maybe(0.3, "group_fwd_mask", self.one_of("8", "0x4000", "65528")) + self.maybe(0.2, "group_address", self.one_of("01:80:c2:00:00:0e", "01:80:c2:00:00:05")) +
                   self.maybe(0.3, "mcast_router", self.number(0, 2)) + self.maybe(0.3, "mcast_hash_max", self.one_of(512, 1024, 8192)) +
                   self.maybe(0.3, "mcast_last_member_count", self.number(1, 9)) + self.maybe(0.3, "mcast_startup_query_count", self.number(1, 9)) +
                   self.maybe(0.3, "mcast_igmp_version", self.number(2, 3)) + self.maybe(0.3, "mcast_mld_version", self.number(1, 2)))
        for word in hundredths:
            options += self.maybe(0.2, word, self.number(1000, 40000))
        for word in switches:
            options += self.maybe(0.3, word, self.number(0, 1))
        self.bridges.append(name)
        return self.add(name, "bridge", options)

    def link_vxlan(self, name):
        six = self.random.random() < 0.4
        options = self.maybe(0.8, "ttl", self.one_of("inherit", "auto", 1, 64, 255)) + self.maybe(0.4, "tos", self.one_of("inherit", "0x10", "4", "0xfc"))
        options += self.maybe(0.4, "ageing", self.number(0, 90000)) + self.maybe(0.4, "maxaddress", self.number(1, 1000)) + self.maybe(0.3, "df", self.one_of("set", "unset", "inherit"))
        options += self.maybe(0.4, "srcport", self.number(1000, 2000), self.number(3000, 60000)) + self.maybe(0.7, "dstport", self.number(1, 65535))
        for word in ("learning", "rsc", "proxy", "l2miss", "l3miss", "udpcsum", "udp6zerocsumtx", "udp6zerocsumrx", "remcsumtx", "remcsumrx"):
            options += self.maybe(0.3, self.one_of(word, "no" + word))
        options += self.maybe(0.15, "gbp")
        if self.random.random() < 0.15:
            return self.add(name, "vxlan", [*options, "external"] + self.maybe(0.5, "vnifilter"))
        options = ["id", str(self.fresh("vni", 1)), *options]
        if six:
            options += self.maybe(0.5, "local", self.six) + self.maybe(0.6, "remote", self.six) + self.maybe(0.4, "flowlabel", self.one_of("0x12345", "0xfffff", "1"))
        elif self.random.random() < 0.3 and self.ports:
            options += ["group", "239.1.2.%d" % self.random.randrange(255), "dev", self.random.choice(self.ports)]
        else:
            options += self.maybe(0.5, "local", self.four) + self.maybe(0.6, "remote", self.four)
        return self.add(name, "vxlan", options)

    def below(self):
        return ("link", self.random.choice(self.ports))

    def link_vlan(self, name):
        return self.add(name, "vlan", ["id", str(self.random.randrange(1, 4095))] + self.maybe(0.3, "protocol", self.one_of("802.1ad", "802.1Q")) +
                        self.maybe(0.3, "gvrp", "on") + self.maybe(0.3, "ingress-qos-map", "2:4") + self.maybe(0.3, "egress-qos-map", "1:3"), self.below())

    def link_macvlan(self, name, kind="macvlan"):
        # One in passthru mode bars the others from its link.
        return self.add(name, kind, ["mode", self.random.choice(("private", "vepa", "bridge", "source"))] + self.maybe(0.3, "bcqueuelen", self.number(1, 5000)), self.below())

    def link_macvtap(self, name):
        return self.link_macvlan(name, "macvtap")

    def link_ipvlan(self, name):
        return self.add(name, "ipvlan", ["mode", self.random.choice(("l2", "l3", "l3s"))] + self.maybe(0.5, self.one_of("private", "vepa", "bridge")), self.below())

    def link_vrf(self, name):
        return self.add(name, "vrf", ["table", str(self.random.randrange(1000, 2000))])

    def link_bond(self, name):
        return self.add(name, "bond", ["mode", self.random.choice(("active-backup", "balance-rr", "802.3ad"))] + self.maybe(0.5, "miimon", self.number(1, 1000)))

    def link_geneve(self, name):
        return self.add(name, "geneve", ["id", str(self.fresh("vni", 1)), "remote", self.four()] + self.maybe(0.5, "ttl", self.number(1, 255)))

    def link_changes(self, name):
        options = [self.maybe(0.2, "alias", self.one_of('"the other end"', '"ünïcode \\\\ quote"', "x" * 200)), self.maybe(0.2, "group", self.number(0, 2 ** 31 - 1)),
                   self.maybe(0.3, "addrgenmode", self.one_of("none", "eui64", "random")), self.maybe(0.1, "arp", "off"), self.maybe(0.1, "multicast", "off"),
                   self.maybe(0.1, "allmulticast", "on"), self.maybe(0.1, "promisc", "on"), self.maybe(0.1, "dynamic", "on"), self.maybe(0.1, "trailers", "off"),
                   self.maybe(0.1, "mode", "dormant"), self.maybe(0.1, "protodown", "on"), self.maybe(0.1, "gro_max_size", self.number(1000, 65536)),
                   self.maybe(0.1, "brd", self.hardware), self.maybe(0.1, "carrier", "off")]
        lines = [f"link set dev {name} {' '.join(words)}" for words in options if words]
        if self.random.random() < 0.1:
            lines += [f"link set dev {name} protodown on", f"link set dev {name} protodown_reason {self.random.randrange(32)} on"]
        for _ in range(self.random.choice((0, 0, 0, 1, 3))):
            lines.append(f"link property add dev {name} altname {'another-name-' * self.random.randrange(1, 9)}{self.fresh('altname', 0)}")
        if self.random.random() < 0.2:
            lines.append(f"token set ::{self.random.randrange(1, 65536):x}:1 dev {name}")
        return lines

    def make_ports(self):
        switches = ("guard", "hairpin", "fastleave", "root_block", "learning", "flood", "mcast_flood", "bcast_flood", "mcast_to_unicast", "proxy_arp", "proxy_arp_wifi",
                    "vlan_tunnel", "neigh_suppress", "isolated")
        lines = []
        for port in self.random.sample(self.ports, len(self.ports) // 2) if self.bridges else []:
            options = self.maybe(0.4, "cost", self.number(1, 65535)) + self.maybe(0.4, "priority", self.number(0, 63)) + self.maybe(0.4, "mcast_router", self.number(0, 3))
            options += self.maybe(0.3, "group_fwd_mask", self.one_of("8", "0x4000"))
            lines.append(f"link set dev {port} master {self.random.choice(self.bridges)}")
            for word in switches:
                options += self.maybe(0.3, word, self.one_of("on", "off"))
            if options:
                lines.append(f"link set dev {port} type bridge_slave {' '.join(options)}")
        self.do("bridge ports", lines)

    def make_taps(self):
        lines = []
        for _ in range(2):
            name = self.name("tap")
            lines.append(f"tuntap add dev {name} mode {self.random.choice(('tun', 'tap'))} " +
                         " ".join(self.maybe(0.5, "multi_queue") + self.maybe(0.5, "vnet_hdr") + self.maybe(0.5, "pi") + self.maybe(0.5, "user", 12) + self.maybe(0.5, "group", 34)))
        self.do("tuntap", lines)

    # ---- Addresses ----

    def make_addresses(self):
        self.own4, self.own6 = [], []
        self.do("addresses", [self.address4() if self.random.random() < 0.5 else self.address6() for _ in range(self.sizes["addresses"])])

    def lifetimes(self):
        left = self.random.randrange(100000, 900000)
        return self.maybe(0.2, "valid_lft", left, "preferred_lft", self.random.choice((0, left // 2, left)))

    def address4(self):
        first = 239 if self.random.random() < 0.03 else 10
        address, link = self.four(first), self.random.choice(self.up)
        if first == 10:
            self.own4.append((address, link))
        words = [address + "/" + str(self.random.choice((8, 16, 24, 30, 31, 32)))]
        if self.random.random() < 0.2:
            words = [address, "peer", self.four() + self.random.choice(("", "/24", "/32"))]
        words += self.maybe(0.4, "broadcast", self.one_of("+", "10.255.255.255", "-")) + self.maybe(0.3, "scope", self.one_of("host", "link", "site", "global", "200"))
        words += self.maybe(0.2, "noprefixroute") + self.maybe(0.2, "metric", self.number(1, 2 ** 32 - 1)) + (["autojoin"] if 224 <= first < 240 else [])
        if len(link) < 10:
            words += self.maybe(0.2, "label", f"{link}:{self.random.randrange(99)}")
        return f"address add {' '.join(words)} dev {link} {' '.join(self.lifetimes())}"

    def address6(self):
        address, link = self.six(self.random.choice(("2001:db8", "fd00:1", "fe80:0"))), self.random.choice(self.up)
        self.own6.append((address, link))
        words = [address + "/" + str(self.random.choice((48, 64, 96, 127, 128)))]
        if self.random.random() < 0.15:
            words = [address, "peer", self.six() + self.random.choice(("/64", "/128", ""))]
        words += self.maybe(0.2, "noprefixroute") + self.maybe(0.2, "metric", self.number(1, 2 ** 32 - 1)) + self.maybe(0.1, "home") + (self.maybe(0.3, "mngtmpaddr") if words[0].endswith("/64") else [])
        words += self.maybe(0.2, "scope", self.one_of("link", "site", "global"))
        return f"address add {' '.join(words)} dev {link} nodad {' '.join(self.lifetimes())}"

    # ---- Nexthops ----

    def make_nexthops(self):
        carrier = [link["ifname"] for link in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout) if "LOWER_UP" in link["flags"]]
        self.single4, self.single6, self.groups, self.fdb = [], [], [], []
        lines = []
        for _ in range(self.sizes["others"]):
            number = self.fresh("nexthop", 100)
            link = self.random.choice(carrier)
            protocol = self.maybe(0.4, "proto", self.one_of("bgp", "static", "zebra", 77))
            draw = self.random.random()
            if draw < 0.35:
                self.single4.append(number)
                lines.append(f"nexthop add id {number} {' '.join(self.maybe(0.2, *self.encap4()))} via {self.four()} dev {link} onlink {' '.join(protocol)}")
            elif draw < 0.55:
                self.single6.append(number)
                lines.append(f"-6 nexthop add id {number} {' '.join(self.maybe(0.2, *self.encap6()))} via {self.six()} dev {link} onlink {' '.join(protocol)}")
            elif draw < 0.6:
                lines.append(f"nexthop add id {number} dev {link} {' '.join(protocol)}")
            elif draw < 0.65:
                lines.append(f"{self.random.choice(('', '-6 '))}nexthop add id {number} blackhole {' '.join(protocol)}")
            elif draw < 0.72:
                self.fdb.append(number)
                lines.append(f"nexthop add id {number} via {self.four()} fdb {' '.join(protocol)}")
            elif draw < 0.75 and len(self.fdb) > 1:
                lines.append(f"nexthop add id {number} group {'/'.join(map(str, self.random.sample(self.fdb, 2)))} fdb")
            elif len(self.single4) > 3:
                self.groups.append(number)
                members = [f"{member}{self.random.choice(('', ',1', ',7', ',255', ',254'))}" for member in self.random.sample(self.single4, self.random.randrange(1, 4))]
                kind = self.maybe(0.4, "type", "resilient", "buckets", self.one_of(8, 32, 256), "idle_timer", self.number(1, 5000), "unbalanced_timer", self.number(0, 5000))
                lines.append(f"nexthop add id {number} group {'/'.join(members)} {' '.join(kind)} {' '.join(protocol)}")
        self.do("nexthops", lines)

    def encap4(self):
        return self.random.choice((["encap", "ip", "id", self.number(1, 2 ** 32 - 1), "dst", self.four, "src", self.four, "ttl", self.number(1, 255), "tos", self.hexadecimal],
                                   ["encap", "ip", "id", 5, "dst", self.four, "csum", "key"], self.seg6()))

    def encap6(self):
        return self.random.choice((["encap", "ip6", "id", self.number(1, 2 ** 32 - 1), "dst", self.six, "src", self.six, "hoplimit", self.number(1, 255), "tc", self.hexadecimal],
                                   self.seg6("inline"), self.seg6local()))

    def seg6(self, *modes):
        return ["encap", "seg6", "mode", self.one_of("encap", "l2encap", *modes), "segs", ",".join(self.six() for _ in range(self.random.randrange(1, 4)))]

    def seg6local(self):
        return self.random.choice((["encap", "seg6local", "action", "End"], ["encap", "seg6local", "action", "End.X", "nh6", self.six],
                                   ["encap", "seg6local", "action", "End.DT6", "table", self.number(1, 2 ** 31)], ["encap", "seg6local", "action", "End.DX4", "nh4", self.four],
                                   ["encap", "seg6local", "action", "End.T", "table", self.number(1, 900), "count"],
                                   ["encap", "seg6local", "action", "End.B6.Encaps", "srh", "segs", self.six()]))

    # ---- Routes ----

    def make_routes(self):
        lines = [self.route4() if self.random.random() < 0.5 else self.route6() for _ in range(self.sizes["routes"])]
        self.do("routes", lines)

    def metrics(self):
        words = []
        for name, low, high in (("mtu", 1280, 9000), ("advmss", 536, 9000), ("window", 1, 2 ** 31), ("cwnd", 1, 999), ("initcwnd", 1, 99), ("initrwnd", 1, 99), ("ssthresh", 1, 9999),
                                ("reordering", 1, 99), ("hoplimit", 1, 255), ("quickack", 0, 1), ("fastopen_no_cookie", 0, 1)):
            value = self.number(low, high)
            words += self.maybe(0.15, *([name, "lock", value] if name not in ("quickack", "fastopen_no_cookie", "initcwnd", "initrwnd") and self.random.random() < 0.3 else [name, value]))
        words += self.maybe(0.1, "rtt", self.one_of("80ms", "1s", "123")) + self.maybe(0.1, "rttvar", self.one_of("20ms", "7")) + self.maybe(0.1, "rto_min", self.one_of("30ms", "5s"))
        return words + self.maybe(0.1, "features", "ecn") + self.maybe(0.1, "congctl", self.one_of("reno", "cubic"))

    def table(self):
        return self.maybe(0.4, "table", self.one_of(10, 300, 1000, 70000, 2 ** 32 - 1))

    def protocol(self):
        return self.maybe(0.4, "proto", self.one_of("static", "bgp", "ospf", "dhcp", "zebra", "kernel", 77, 255))

    def ways(self, address, encap):
        words = []
        for _ in range(self.random.randrange(2, 5)):
            words += ["nexthop", *self.maybe(0.1, *encap()), "via", address(), "dev", self.random.choice(self.up), "onlink", *self.maybe(0.5, "weight", self.number(1, 256))]
        return words

    def route4(self):
        words = [self.four(self.random.randrange(11, 200)) + "/32"] if self.random.random() < 0.3 else [f"{self.random.randrange(11, 200)}.{self.random.randrange(256)}.{self.random.randrange(256)}.0/24"]
        draw = self.random.random()
        options = self.table() + self.protocol() + self.maybe(0.4, "metric", self.number(1, 2 ** 32 - 1)) + self.maybe(0.2, "tos", self.one_of("0x10", "0x04", "0x1c"))
        if draw < 0.12:
            return f"route add {self.random.choice(('blackhole', 'unreachable', 'prohibit', 'throw'))} {' '.join(words + options)}"
        options += self.metrics()
        if draw < 0.2 and self.single4 + self.groups:
            return f"route add {' '.join(words)} nhid {self.random.choice(self.single4 + self.groups)} {' '.join(options)}"
        if self.own4:
            options += self.maybe(0.15, "src", self.one_of(*[address for address, _ in self.own4[:50]]))
        options += self.maybe(0.1, "realms", self.one_of("3", "3/4", "0/9"))
        if draw < 0.35:
            return f"route add {' '.join(words + options + self.ways(self.four, self.encap4))}"
        options += self.maybe(0.1, "ttl-propagate", "enabled") if draw < 0.36 else []
        if draw < 0.4:
            return f"route add {' '.join(words)} via inet6 {self.six('fe80:0')} dev {self.random.choice(self.up)} onlink {' '.join(options)}"
        if draw < 0.5:
            return (f"route add {self.random.choice(('unicast', 'local', 'broadcast', 'multicast'))} {' '.join(words)} dev {self.random.choice(self.up)} {' '.join(options)} " +
                    " ".join(self.maybe(0.4, "scope", self.one_of("link", "host", "global", "site"))))
        return f"route add {' '.join(words)} {' '.join(self.maybe(0.15, *self.encap4()))} via {self.four()} dev {self.random.choice(self.up)} onlink {' '.join(options)}"

    def route6(self):
        words = [self.six("fd77:%x" % self.random.randrange(1, 99))] if self.random.random() < 0.3 else ["2a00:%x:%x::/48" % (self.random.randrange(65536), self.random.randrange(65536))]
        draw = self.random.random()
        words += self.maybe(0.15, "from", "fd55:%x::/32" % self.random.randrange(65536))
        options = self.table() + self.protocol() + self.maybe(0.4, "metric", self.number(1, 2 ** 31)) + self.maybe(0.3, "pref", self.one_of("low", "medium", "high"))
        if draw < 0.12:
            return f"-6 route add {self.random.choice(('blackhole', 'unreachable', 'prohibit', 'throw'))} {' '.join(words + options)}"
        options += self.metrics()
        if draw < 0.2 and self.single6 and "from" not in words:
            return f"-6 route add {' '.join(words)} nhid {self.random.choice(self.single6)} {' '.join(options)}"
        if draw < 0.35:
            return f"-6 route add {' '.join(words + options + self.ways(self.six, self.encap6))}"
        options += self.maybe(0.15, "expires", self.number(10000, 90000))
        if draw < 0.45:
            return f"-6 route add {' '.join(words)} dev {self.random.choice(self.up)} {' '.join(options)}"
        return f"-6 route add {' '.join(words)} {' '.join(self.maybe(0.15, *self.encap6()))} via {self.six()} dev {self.random.choice(self.up)} onlink {' '.join(options)}"

    # ---- Rules and neighbours ----

    def make_rules(self):
        lines = []
        for _ in range(self.sizes["others"]):
            six = self.random.random() < 0.5
            prefix = (lambda: self.six() + self.random.choice(("/64", "/128", "/48"))) if six else (lambda: self.four() + self.random.choice(("/24", "/32", "/8")))
            words = self.maybe(0.1, "not") + self.maybe(0.4, "from", prefix) + self.maybe(0.4, "to", prefix) + self.maybe(0.3, "tos", self.one_of("0x10", "0x04"))
            words += self.maybe(0.3, "fwmark", self.one_of("7", "0x10/0xff", "0/0xffff", "0xffffffff", "0x1/0x1")) + self.maybe(0.2, "iif", self.one_of("lo", "nowhere", *self.up[:5]))
            words += self.maybe(0.2, "oif", self.one_of("lo", "nowhere2", *self.up[:5])) + self.maybe(0.2, "uidrange", self.one_of("5-9", "0-4294967294", "77-77"))
            words += self.maybe(0.3, "ipproto", self.one_of("tcp", "udp", "icmp", "ospf", 200)) + self.maybe(0.2, "sport", self.one_of("80", "100-200")) + self.maybe(0.2, "dport", self.one_of("443", "1-65534"))
            words += self.maybe(0.1, "tun_id", self.number(1, 2 ** 63)) + self.maybe(0.3, "protocol", self.one_of("bgp", "static", 77)) + self.maybe(0.2, "priority", self.number(1, 40000))
            draw = self.random.random()
            if draw < 0.2:
                words += [self.random.choice(("unreachable", "blackhole", "prohibit", "nop"))]
            elif draw < 0.3:
                words += ["goto", str(self.random.choice((32766, 50000)))]
            elif draw < 0.35:
                words += ["l3mdev"]
            else:
                words += ["lookup", str(self.random.choice(("main", "local", 10, 300, 70000, 2 ** 32 - 1)))]
                words += self.maybe(0.2, "suppress_prefixlength", self.number(0, 32)) + self.maybe(0.2, "suppress_ifgroup", self.number(0, 99)) + self.maybe(0.2, "realms", self.one_of("3", "3/4"))
            lines.append(f"{'-6' if six else '-4'} rule add {' '.join(words)}")
        self.do("rules", lines)

    def make_neighbours(self):
        lines = []
        for _ in range(self.sizes["others"]):
            six = self.random.random() < 0.5
            address, link = self.six() if six else self.four(), self.random.choice(self.up)
            if self.random.random() < 0.25:
                lines.append(f"neighbour add proxy {address} dev {link} {' '.join(self.maybe(0.4, 'router') + self.maybe(0.4, 'protocol', self.one_of('bgp', 77)))}")
                continue
            state = self.random.choice(("permanent", "noarp", "reachable", "stale", "delay", "probe", "failed", "none", "incomplete"))
            words = self.maybe(0.2 if state in ("failed", "none", "incomplete") else 1, "lladdr", self.hardware) + ["nud", state]
            words += self.maybe(0.3, "router") + self.maybe(0.2, "extern_learn") + self.maybe(0.3, "protocol", self.one_of("zebra", "static", 77)) + self.maybe(0.1, "managed") + self.maybe(0.1, "use")
            lines.append(f"neighbour add {address} dev {link} {' '.join(words)}")
        self.do("neighbours", lines)

    def make_all(self):
        self.make_links()
        self.make_addresses()
        self.make_nexthops()
        self.make_routes()
        self.make_rules()
        self.make_neighbours()
