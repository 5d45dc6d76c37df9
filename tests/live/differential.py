#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random state, and every attribute of it: ip(8) against ferry by the tables of attributes.py; what ip does not tell by sysfs, sysctl, or by what was asked for.

SEED=n repeats a run. LINKS, ADDRESSES, ROUTES and OTHERS are the sizes; FULL=1 stands for 50, 2000, 5000 and 300.
"""
import json
import os
import random
import re
import socket
import struct
import subprocess
import unittest

import attributes
from ferrytest import check, contents, ferry, run_cases
from random_state import State

FULL = os.environ.get("FULL") == "1"
SIZES = {name.lower(): int(os.environ.get(name, size[FULL])) for name, size in {"LINKS": (16, 50), "ADDRESSES": (200, 2000), "ROUTES": (500, 5000), "OTHERS": (60, 300)}.items()}
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 31)))
# The kernel may refuse what was drawn; more than this share of it is a test of nothing.
REFUSED_AT_MOST = 0.25
# NETLINK_ROUTE, for what is newer than ip.
NEWLINK, NEWADDR, ACK = 16, 20, 0x405


def numbers_of(folder):
    """Files below FOLDER that hold a number."""
    found = {}
    for name in sorted(os.listdir(folder)):
        try:
            found[name] = int(contents(os.path.join(folder, name)))
        except (OSError, ValueError):
            continue
    return found


def attribute(kind, payload):
    return struct.pack("HH", len(payload) + 4, kind) + payload + bytes(-len(payload) % 4)


def request(kind, payload):
    """Sends one request that must be done."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as route:
        route.send(struct.pack("IHHII", 16 + len(payload), kind, ACK, 1, 0) + payload)
        error = struct.unpack_from("i", route.recv(65536), 16)[0]
    if error:
        raise AssertionError(f"request {kind}: {os.strerror(-error)}")


def link_message(name, *options):
    return struct.pack("BxHiII", 0, 0, socket.if_nametoindex(name), 0, 0) + b"".join(options)


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = State(SEED, **SIZES)
        cls.state.make_all()
        print(f"# SEED={SEED}; {SIZES}; kinds of link here: {' '.join(cls.state.kinds)}")
        for what, count in cls.state.made.items():
            print(f"# {what}: {count} asked for, {len(cls.state.refused[what])} refused")
        # What needs a moment to settle (a neighbour that is looked for) is told apart by two readings.
        cls.links = {record["ifname"]: record for _, record in attributes.ferry_objects("link")}

    def judge(self, kind):
        differences, compared, moved = attributes.compare(kind)
        print(f"# {kind}: {compared} compared, {moved} moved between two readings of ip")
        self.assertFalse(differences, f"SEED={SEED}, {len(differences)} differences:\n" + "\n".join(differences[:20]))
        self.assertGreater(compared, 0)
        return compared

    def test_most_was_made(self):
        for what, count in self.state.made.items():
            if what in ("addresses", "nexthops", "routes", "rules", "neighbours"):
                self.assertLess(len(self.state.refused[what]), max(4, REFUSED_AT_MOST * count), f"{what}: {self.state.refused[what][:5]}")

    def test_links(self):
        self.assertGreaterEqual(self.judge("link"), SIZES["links"] // 2)

    def test_addresses(self):
        self.assertGreaterEqual(self.judge("addr"), SIZES["addresses"] * 3 // 4)

    def test_routes(self):
        self.assertGreaterEqual(self.judge("route"), SIZES["routes"] * 3 // 4)

    def test_rules(self):
        self.judge("rule")

    def test_neighbours(self):
        self.judge("neigh")

    def test_proxies(self):
        self.judge("proxy")

    def test_nexthops(self):
        self.judge("nexthop")

    # ---- What ip does not tell as JSON ----

    def test_times_that_run(self):
        """Lifetimes and expiry, of which the tables compare only that there is an end."""
        ours = {(record["dev"], record["local"], record.get("peer"), record["prefixlen"]): record["cacheinfo"] for _, record in attributes.ferry_objects("addr")}
        for entry in attributes.ip_addresses():
            mine = ours[entry["dev"], entry["local"], entry.get("address"), entry["prefixlen"]]
            for name in ("valid_life_time", "preferred_life_time"):
                if mine[name] != "forever":
                    self.assertLess(abs(mine[name] - entry[name]), attributes.TOLERANCE, f"{entry}: {mine}")
        ours = {(str(record["table"]), record["dst"], record.get("from"), record["metric"]): record["cacheinfo"]["expires"] for _, record in attributes.ferry_objects("route")
                if record["family"] == "inet6"}
        for entry in attributes.ip_entries("-6", "route", "show", "table", "all"):
            if "expires" in entry:
                mine = ours[str(entry.get("table", "main")), attributes.network(entry["dst"], True), entry.get("from"), entry["metric"]]
                self.assertLess(abs(mine / 100 - entry["expires"]), attributes.TOLERANCE, entry)

    def test_tokens(self):
        for entry in json.loads(check(["ip", "-j", "token"]) or "[]"):
            self.assertEqual(self.links[entry["ifname"]]["af_spec"]["inet6"]["token"], entry["token"], entry)

    def test_tunnel_ttl(self):
        for line, entry in zip(attributes.ip_lines("link"), attributes.ip_entries("link"), strict=True):
            match = re.search(r"\bvxlan .*? ttl (\w+)", line)
            if " vxlan " in line and match:
                data = self.links[entry["ifname"]]["linkinfo"]["data"]
                self.assertEqual((data["ttl"], data["ttl_inherit"]), (int(match.group(1)) if match.group(1).isdigit() else 0, match.group(1) == "inherit"), line)

    def test_counters_and_carrier(self):
        compared = 0
        for name in self.links:
            folder = f"/sys/class/net/{name}"
            for _ in range(5):  # until nothing moved in between
                before = numbers_of(f"{folder}/statistics"), numbers_of(folder)
                record = json.loads(ferry("--json", "get", f"netlink/route/link/{name}").stdout)[f"netlink/route/link/{name}"]
                if before == (numbers_of(f"{folder}/statistics"), numbers_of(folder)):
                    break
            else:
                continue
            for field, value in before[0].items():
                self.assertEqual(record["stats64"][field], value, f"{name}: {field}")
                compared += 1
            for field, ours in (("carrier", "carrier"), ("carrier_changes", "carrier_changes"), ("carrier_up_count", "carrier_up_count"), ("carrier_down_count", "carrier_down_count"),
                                ("ifindex", "ifindex"), ("mtu", "mtu"), ("tx_queue_len", "txqlen"), ("proto_down", "proto_down"), ("iflink", "link_index")):
                if field in before[1] and ours in record:
                    self.assertEqual(int(record[ours]), before[1][field], f"{name}: {field}")
                    compared += 1
        self.assertGreater(compared, len(self.links))

    def test_configuration(self):
        """af_spec/inet*/conf against the sysctls of the same names, but for units."""
        turned = {"router_solicitation_interval": 1000, "router_solicitation_delay": 1000, "router_solicitation_max_interval": 1000, "router_probe_interval": 1000}
        for name, record in self.links.items():
            for family, folder in (("inet", "ipv4"), ("inet6", "ipv6")):
                for field, value in record["af_spec"].get(family, {}).get("conf", {}).items():
                    path = f"/proc/sys/net/{folder}/conf/{name}/{field}"
                    if os.path.exists(path):
                        # A 32 bit field of netlink shows the largest numbers as negative ones.
                        self.assertEqual(value & 0xffffffff, int(contents(path)) * turned.get(field, 1) & 0xffffffff, path)
                    elif value:  # it tells the places that are kept free, too
                        self.assertIn(field, ("forwarding", "addr_gen_mode", "tag"), path)

    # ---- What is newer than this ip, by what was asked for ----

    def test_newer_than_ip(self):
        """And no newer than this kernel, which takes no notice of what it does not know."""
        names = set(re.findall(r"'(\w+)' val=", check(["bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux"])))
        self.assertIn("IFLA_MTU", names)
        check(["ip", "link", "add", "newer0", "type", "veth", "peer", "name", "newer1"])
        self.addCleanup(subprocess.run, ["ip", "link", "del", "newer0"], capture_output=True, check=False)
        for link, more in (("newer2", ["vxlan", "id", "99999", "dstport", "4799"]), ("newer3", ["bridge"])):
            check(["ip", "link", "add", link, "type", *more])
            self.addCleanup(subprocess.run, ["ip", "link", "del", link], capture_output=True, check=False)
        index = socket.if_nametoindex("newer0")
        request(NEWADDR, struct.pack("BBBBI", 2, 24, 0, 0, index) + attribute(2, bytes([10, 250, 0, 1])) + attribute(1, bytes([10, 250, 0, 1])) + attribute(11, bytes([77])))
        request(NEWLINK, link_message("newer0", attribute(63, struct.pack("I", 12345)), attribute(64, struct.pack("I", 23456))))
        request(NEWLINK, link_message("newer2", attribute(39, b"\1"), attribute(0x8000 | 55, attribute(1, struct.pack("I", 0x48)) + attribute(2, struct.pack("I", 0x48)))))
        request(NEWLINK, link_message("newer3", attribute(0x8000 | 18, attribute(1, b"bridge\0") + attribute(0x8000 | 2, attribute(49, struct.pack("I", 4711))))))
        for constant, path, value in (("IFA_PROTO", "addr/newer0/10.250.0.1/24/protocol", "77"), ("IFLA_GSO_IPV4_MAX_SIZE", "link/newer0/gso_ipv4_max_size", "12345"),
                                      ("IFLA_GRO_IPV4_MAX_SIZE", "link/newer0/gro_ipv4_max_size", "23456"), ("IFLA_PROTO_DOWN_REASON_VALUE", "link/newer2/proto_down_reason/value", "0x48"),
                                      ("IFLA_BR_FDB_MAX_LEARNED", "link/newer3/linkinfo/data/fdb_max_learned", "4711")):
            if constant in names:
                self.assertEqual(self.value(path), value, constant)
            else:
                print(f"# not to be judged here: this kernel has no {constant}")

    def value(self, path):
        done = ferry("get", "-n", f"netlink/route/{path}")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    # ---- The tree ----

    def test_addresses_of_objects_lead_back(self):
        """What a list gives as an address names that object, and no more than those that share it."""
        chosen = random.Random(SEED)
        for kind in ("link", "addr", "route", "rule", "proxy", "nexthop"):
            listed = [address for address, _ in attributes.ferry_objects(kind)]
            for address in chosen.sample(listed, min(len(listed), 25)):
                done = ferry("--json", "get", f"netlink/route/{kind}/{address}")
                self.assertEqual(done.returncode, 0, f"{kind}/{address}: {done.stderr}")
                found = attributes.pairs(done.stdout)[1]
                self.assertEqual([name for name, _ in found], [f"netlink/route/{kind}/{address}"] * listed.count(address))


if __name__ == "__main__":
    run_cases()
