#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which way a packet would take: netlink/route/lookup beside `ip -j route get`, and the route that it names beside `ip -j route get fibmatch`; over routes made at random (SEED=n repeats
them), with rules, tables, local and broadcast addresses, and what is refused."""
import ipaddress
import json
import os
import random
import subprocess
import unittest

import ferrytest
from ferrytest import check, ferry

LOOKUP = "netlink/route/lookup"
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))


def asked(*arguments):
    """What ip(8) says, None where the kernel knows no way."""
    done = subprocess.run(["ip", "-j", "-d", "route", "get", *arguments], capture_output=True, text=True)
    return json.loads(done.stdout)[0] if done.returncode == 0 else None


class Lookup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"# SEED={SEED}")
        cls.rolled = random.Random(SEED)
        for command in ("link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", "addr add 10.0.0.1/24 dev d0", "addr add 2001:db8::1/64 dev d0 nodad",
                        "addr add 10.1.0.1/24 dev d1", "route add default via 10.0.0.9", "-6 route add default via 2001:db8::9", "route add 10.9.0.0/16 via 10.1.0.9 table 77",
                        "route add unreachable 10.250.0.0/16", "route add prohibit 10.251.0.0/16", "-6 route add unreachable 2001:db8:250::/48"):
            check(["ip", *command.split()])
        cls.prefixes = []
        for i in range(60):
            if i % 2:
                network = ipaddress.ip_network((0x20010db8 << 96 | cls.rolled.getrandbits(32) << 64, cls.rolled.randrange(34, 64)), strict=False)
            else:
                network = ipaddress.ip_network((20 << 24 | cls.rolled.getrandbits(24), cls.rolled.randrange(9, 33)), strict=False)
            gateway = "2001:db8::7" if i % 2 else cls.rolled.choice(("10.0.0.7", "10.1.0.7"))
            if subprocess.run(["ip", "route", "add", str(network), "via", gateway, "metric", str(cls.rolled.randrange(1, 99))], capture_output=True).returncode == 0:
                cls.prefixes.append(network)

    def look_up(self, question, *arguments):
        """The answer, compared with ip(8)'s; None where both know no way."""
        done, judged = ferry("--json", "get", f"{LOOKUP}/{question}"), asked(*arguments)
        if not judged:
            self.assertEqual((done.returncode, "RTM_GETROUTE: " in done.stderr), (1, True), done)
            return None
        self.assertEqual(done.returncode, 0, done)
        told = json.loads(done.stdout)[f"{LOOKUP}/{question}"]
        self.assertEqual(told["dst"].rsplit("/", 1)[0], judged["dst"])
        for name in "gateway", "dev", "prefsrc", "type", "metric", "uid":
            self.assertEqual(told.get(name), judged.get(name), f"{question}: {name}")
        # ip(8) leaves out what it takes for the main table; where there are no rules, IPv4's local one is told as that.
        if judged["type"] == "unicast":
            self.assertEqual(str(told.get("table", "main")), str(judged.get("table", "main")), question)
        match = asked("fibmatch", *arguments)
        self.assertEqual("route" in told, match is not None, question)
        if not match:
            return told
        prefix = ipaddress.ip_network(match["dst"].replace("default", "::/0" if ":" in judged["dst"] else "0.0.0.0/0"))
        self.assertEqual(ipaddress.ip_network(told["route"].split("/", 4)[4].split(",")[0]), prefix, question)
        route = json.loads(ferry("--json", "get", told["route"]).stdout)[told["route"]]
        self.assertEqual((route.get("gateway"), route.get("metric", 0)), (match.get("gateway"), match.get("metric", 0)), question)
        if match["type"] != "multicast":  # of the packet, whatever the route is
            self.assertEqual(route["type"], match["type"], question)
        return told

    def test_at_random(self):
        self.assertGreater(len(self.prefixes), 40)
        for network in self.prefixes:
            address = str(network[self.rolled.randrange(network.num_addresses)])
            self.assertIsNotNone(self.look_up(address, address))

    def test_kinds(self):
        for address in "10.0.0.1", "10.0.0.255", "127.0.0.1", "224.1.1.1", "192.0.2.1", "2001:db8::1", "::1", "2001:db8:ffff::1", "ff02::5":
            self.assertIsNotNone(self.look_up(address, address), address)
        self.assertEqual(ferry("get", "-n", f"{LOOKUP}/10.0.0.1/route").stdout, "netlink/route/route/local/10.0.0.1/32\n")
        self.assertEqual(ferry("get", "-n", f"{LOOKUP}/192.0.2.1/gateway").stdout, "10.0.0.9\n")

    def test_options(self):
        check(["ip", "rule", "add", "fwmark", "0x5", "table", "77"])
        self.addCleanup(check, ["ip", "rule", "del", "fwmark", "0x5", "table", "77"])
        self.assertEqual(self.look_up("10.9.1.1,mark=0x5", "10.9.1.1", "mark", "5")["table"], 77)
        self.assertEqual(self.look_up("10.9.1.1", "10.9.1.1")["table"], "main")
        self.look_up("10.1.0.7,from=10.1.0.1", "10.1.0.7", "from", "10.1.0.1")
        self.look_up("192.0.2.1,dev=d1", "192.0.2.1", "oif", "d1")
        self.look_up("10.0.0.77,from=10.1.0.77,iif=d1", "10.0.0.77", "from", "10.1.0.77", "iif", "d1")
        self.look_up("192.0.2.1,ipproto=tcp,sport=1000,dport=443", "192.0.2.1", "ipproto", "tcp", "sport", "1000", "dport", "443")
        self.look_up("192.0.2.1,uid=1000", "192.0.2.1", "uid", "1000")

    def test_refused(self):
        for address, word in ("10.250.1.1", "EHOSTUNREACH"), ("10.251.1.1", "EACCES"), ("2001:db8:250::1", "UNREACH"):
            self.assertIsNone(self.look_up(address, address))
            self.assertIn(word, ferry("get", f"{LOOKUP}/{address}").stderr)
        for question in "x", "10.0.0.1,none=1", "10.0.0.1,from=x", "10.0.0.1x":
            done = ferry("get", f"{LOOKUP}/{question}")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("ADDRESS[,from=ADDRESS]", done.stderr)
        self.assertEqual(ferry("get", f"{LOOKUP}/10.0.0.1/none").returncode, 3)
        self.assertEqual(ferry("get", LOOKUP).returncode, 3)
        self.assertEqual(ferry("ls", LOOKUP).stdout, "")
        self.assertEqual(ferry("set", f"{LOOKUP}/192.0.2.1/gateway=10.0.0.8").returncode, 1)
        self.assertNotIn("lookup", ferry("snapshot", "netlink/route").stdout)
        self.assertEqual(ferry("snapshot", f"{LOOKUP}/192.0.2.1").returncode, 3)
        whole = ferry("get", "netlink/route")
        self.assertEqual((whole.returncode, LOOKUP in whole.stdout), (0, False))


if __name__ == "__main__":
    ferrytest.run_cases()
