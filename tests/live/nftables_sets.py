# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets and maps of nftables at random, as text for nft(8): of each type that keys and data can have, with ranges and without, one type or several."""


class Sets:
    def __init__(self, random):
        self.random = random
        self.values = {
            "ipv4_addr": self.address, "ipv6_addr": self.address6, "inet_service": lambda: str(random.randrange(65536)), "ether_addr": self.ether,
            "mark": lambda: hex(random.choice([0, 1, 0xffffffff, random.randrange(1 << 32)])), "inet_proto": lambda: random.choice(["tcp", "udp", "icmp", "200", "47"]),
            "ifname": lambda: random.choice(["lo", "eth0.5", "br-lan", "a", "veth_1@x", "abcdefghijklmno", "0x1f", "catchall"]).join('""'),
            "icmp_type": lambda: random.choice(["echo-reply", "echo-request", "77"]), "ether_type": lambda: random.choice(["ip", "arp", "0x88cc"]),
            "ct_state": lambda: random.choice(["new", "established", "related"]), "dscp": lambda: random.choice(["cs1", "af11", "0x3f"]),
            "iface_index": lambda: "lo", "icmpv6_type": lambda: random.choice(["nd-neighbor-solicit", "mld-listener-query", "200"]), "uid": lambda: str(random.randrange(1 << 32)),
            "pkt_type": lambda: random.choice(["host", "broadcast"]),
        }

    def address(self):
        return ".".join(str(self.random.choice([0, 1, 255, self.random.randrange(256)])) for _ in range(4))

    def address6(self):
        return self.random.choice(["::", "::1", "fe80::1", ":".join(f"{self.random.randrange(1 << 16):x}" for _ in range(8)), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])

    def ether(self):
        return ":".join(f"{self.random.randrange(256):02x}" for _ in range(6))

    def network(self):
        length = self.random.randrange(1, 33)
        number = self.random.randrange(1 << 32) >> 32 - length << 32 - length
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"

    def between(self, make, key):
        low, high = sorted((make(), make()), key=key)
        return low if low == high else f"{low}-{high}"

    def range(self, kind):
        """A value of a set of ranges: one, a network, or from this to that."""
        make = self.values[kind]
        if kind == "ifname" and self.random.random() < 0.3:
            return '"eth*"'
        if self.random.random() < 0.4 or kind not in ("ipv4_addr", "ipv6_addr", "inet_service", "mark"):
            return make()
        if kind == "ipv6_addr":
            return self.random.choice(["fe80::/10", "2001:db8::/32", "::/1", "2001:db8::1-2001:db8::ff", "8000::/1"])
        if kind == "ipv4_addr":
            return self.random.choice([self.network(), self.between(self.address, lambda text: tuple(map(int, text.split("."))))])
        return self.between(make, lambda text: int(text, 0))

    def types(self, most):
        return [self.random.choice(list(self.values)) for _ in range(self.random.choice([1, 1, 1, 2, most]))]

    def element(self, types, ranges, data, number):
        parts = [(self.range if ranges else lambda kind: self.values[kind]())(kind) for kind in types]
        if ranges and len(types) > 1:  # of several parts the kernel takes what overlaps in one order, and not in another
            parts[0] = self.between(lambda: str(self.random.randrange(number * 1000, number * 1000 + 1000)), int)
        key = " . ".join(parts)
        if not data:
            return key + self.random.choice(["", "", ' comment "a word"'])
        if data == ["verdict"]:
            return f"{key} : {self.random.choice(['accept', 'drop', 'jump other', 'goto other', 'return', 'continue'])}"
        return f"{key} : " + " . ".join(self.values[kind]() for kind in data)

    def set(self, name):
        """(declaration, elements, each by itself)."""
        types = self.types(4)
        ranges = self.random.random() < 0.5 and "ct_state" not in types  # nft -j 1.0.6 ends itself at ranges of these
        types[0] = "inet_service" if ranges and len(types) > 1 else types[0]
        data = self.random.choice([None, None, ["verdict"], [self.random.choice(["ipv4_addr", "ipv6_addr", "inet_service", "mark", "ifname"])], ["ipv4_addr", "inet_service"]])
        kind = " . ".join(types) + (f" : {' . '.join(data)}" if data else "")
        flags = " flags interval;" if ranges else self.random.choice(["", "", " flags timeout;"])
        return f"{'map' if data else 'set'} inet t {name} {{ type {kind};{flags} }}", [self.element(types, ranges, data, number) for number in range(self.random.randrange(8))]
