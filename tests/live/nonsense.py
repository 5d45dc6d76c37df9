#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""About a thousand wrong addresses and values, generated from a seed, over every channel: each ends with the right exit status and words on standard error, the
kernel's own where it was asked, and nothing has changed. The judge is what ip(8) and sysctl(8) print of the whole namespace, before and after."""
import collections
import json
import os
import random
import re
import subprocess
import unittest

import judge
from ferrytest import FERRY, contents, run_cases, settled_pair

REFUSED, USAGE, NOT_FOUND, NOT_PERMITTED = 1, 2, 3, 4
# A setting that would go, put before a wrong one: it must not be done, or be put back.
COMPANIONS = ("net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1300", "sysfs/class/net/d0/tx_queue_len=77", "netlink/route/addr/d0/10.9.9.9/24={}",
              "netlink/route/rule/ipv4/77={table=77}", "net.ipv4.tcp_rmem=5000 60000 700000")
# How the kernel's refusal is told.
KERNEL = re.compile(r"\bE[A-Z0-9]{3,}\b")

Case = collections.namedtuple("Case", "arguments status kernel rights")


def state():
    found = judge.raw_state()
    found["sysctl"] = sorted(pair for pair in judge.sysctls("net").items() if "stable_secret" not in pair[0])
    found["sysfs"] = [contents(f"/sys/class/net/d0/{name}") for name in ("mtu", "tx_queue_len", "ifalias", "netdev_group", "flags")]
    found["procfs"] = contents(f"/proc/{os.getpid()}/oom_score_adj")
    return {f"{part} {json.dumps(item, sort_keys=True)}" for part, items in found.items() for item in (items if isinstance(items, list) else [items])}


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.cases = []

    def add(self, argument, status, kernel=False, rights=()):
        """KERNEL: it is the kernel that refuses, so its words must be there."""
        before = [self.random.choice(COMPANIONS)] if self.random.random() < 0.3 else []
        statuses = status if isinstance(status, tuple) else (status,)
        self.cases.append(Case([*before, argument], statuses, kernel, rights))

    def word(self, alphabet="abcdefghijklmnopqrstuvwxyz", least=3, most=12):
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(least, most)))

    # Where TEXT is not ASCII: bytes as the command line carries them.
    def garbage(self):
        return bytes(self.random.choice(b"\x01\x07\x1b\x7f\x80\xff\xc3\xe2\xf0!$%&()+;<>?@^`|~ghjkz") for _ in range(self.random.randint(1, 20)))

    def addresses(self):
        for _ in range(60):
            self.add(f"{self.word()}={self.word()}", USAGE)
            self.add(f"net.ipv4.{self.word()}q={self.random.randint(0, 9)}", NOT_FOUND)
            self.add(f"sysfs/class/net/{self.word()}q/mtu=1400", NOT_FOUND)
            self.add(f"netlink/route/link/{self.word(most=10)}/mtu=1400", NOT_FOUND)
        for _ in range(30):
            self.add(f"netlink/route/link/d0/{self.word()}q=1", NOT_FOUND)
            self.add(f"netlink/{self.word()}/{self.word()}=1", NOT_FOUND)
            self.add(f"netlink/route/{self.word()}q/{self.word()}={{}}", NOT_FOUND)
            self.add(b"sysctl/net/ipv4/" + self.garbage() + b"=1", (NOT_FOUND, USAGE))
            self.add(self.garbage() + b"=1", USAGE)
            self.add(f"netlink/route/link/d0/{self.word()}", USAGE)
            self.add(f"-netlink/route/link/{self.word(most=10)}q", NOT_FOUND)
            self.add(f"procfs/{self.random.randint(5000000, 90000000)}/oom_score_adj=0", NOT_FOUND)
        for address, status in (("net", USAGE), ("net.ipv4.conf", USAGE), ("sysfs/class/net/d0", USAGE), ("procfs/self", USAGE), ("net/ipv4/../../../etc/passwd", USAGE),
                                ("/etc/passwd", USAGE), ("", USAGE), ("=", USAGE), ("a" * 5000, USAGE), ("net.ipv4." + "a" * 300, NOT_FOUND),
                                ("sysctl/net/ipv4/conf/d*x/rp_filter", NOT_FOUND), ("netlink/route/link/q*/mtu", NOT_FOUND), ("net.ipv4.ip\nforward", NOT_FOUND),
                                ("netlink/route/link/" + "x" * 16 + "/mtu", USAGE), ("netlink/route/link//mtu", (USAGE, NOT_FOUND)), ("netlink/route", NOT_FOUND),
                                ("ioctl/nope/mtu", NOT_FOUND), ("netlink/route/addr/d0/10.1.1.2/24/nonsense", NOT_FOUND)):
            self.add(address + "=1", status)

    def knobs(self):
        for key in ("ip_forward", "conf/d0/rp_filter", "tcp_rmem", "ip_default_ttl", "tcp_retries1", "ip_local_port_range", "neigh/d0/gc_stale_time"):
            address = "sysctl/net/ipv4/" + key
            for _ in range(8):
                self.add(f"{address}={self.word('ghijklmnopqrstuvwyz')}", USAGE)
                self.add(address.encode() + b"=" + b"\xff" + self.garbage(), USAGE)
            for value in ("1\n2", "\\x00", "1\\x00", "\"1\\n2\"", "{a=1}", "[1]", "true", "null", "1,5;3", "1.5", "\"1\" 2", "z" * 5000):
                self.add(f"{address}={value}", USAGE)
            for value in ("9" * 30, "-" + "9" * 30, "0xfffffffffffffffff", "1x", "-", "+", "abc", "9" * 5000, "8" * 100000):
                self.add(f"{address}={value}", REFUSED, kernel=True)
        for key, values in (("ip_default_ttl", (0, -1, 256, 1000)), ("tcp_retries1", (-1, 256, 99999)), ("ip_local_port_range", ("5 4", "-1 5", "1 99999", "70000 70001")),
                            ("tcp_rmem", ("-1 2 3", "0 0 0", "4096 x 9")), ("tcp_congestion_control", ("nonsense", "reno!", "c" * 40)), ("tcp_syncookies", (-1, 256)),
                            ("ping_group_range", ("5 x", "-1 1"))):
            for value in values:
                self.add(f"net.ipv4.{key}={value}", (REFUSED, USAGE), kernel=False)
        for address in ("kernel.ostype", "kernel.version", "net.ipv4.tcp_available_congestion_control", "sysfs/class/net/d0/ifindex", "sysfs/class/net/d0/address",
                        "sysfs/class/net/d0/carrier_changes", "procfs/meminfo", "procfs/cpuinfo", "procfs/self/status", "sysfs/class/net/d0/statistics/rx_bytes"):
            for _ in range(3):
                self.add(f"{address}={self.random.randint(0, 99)}", NOT_PERMITTED)
        for name in ("mtu", "tx_queue_len", "group"):
            for value in ("x", "-5", "9" * 25, "1 2x", "", "\x7f", "m" * 3000):
                self.add(f"sysfs/class/net/d0/{'netdev_group' if name == 'group' else name}={value}", REFUSED, kernel=True)
        for value in ("2000", "-2000", "x", "9" * 22):
            self.add(f"procfs/{os.getpid()}/oom_score_adj={value}", REFUSED, kernel=True)
        for address in ("net.ipv4.route.flush=1", "net.ipv6.route.flush=1", "sysfs/class/net/d0/uevent=change", "-sysctl/net/ipv4/ip_forward", "-/sys/class/net/d0/mtu"):
            self.add(address, REFUSED)

    def links(self):
        link = "netlink/route/link/d0"
        for field in ("mtu", "txqlen", "group", "gso_max_size", "num_tx_queues"):
            for value in ("x", "-1", "1.5", "[1]", "{}", "\"\"", "4294967296", "99999999999999999999", "0x", "1 2", "true", "{mtu=1}", "", "1\\x00"):
                self.add(f"{link}/{field}={value}", USAGE)
        for _ in range(15):
            self.add(f"{link}/mtu={self.random.randint(0, 67)}", REFUSED, kernel=True)
            self.add(f"{link}/mtu={self.random.randint(65536, 4294967295)}", REFUSED, kernel=True)
            self.add(f"{link}/master={self.word(most=10)}q", NOT_FOUND)
            self.add(f"{link}/flags=[{self.word().upper()}Q]", USAGE)
            self.add(f"{link}/carrier_changes={self.random.randint(1000, 9999)}", REFUSED)
            self.add(f"{link}/stats64/rx_packets={self.random.randint(10**9, 10**10)}", REFUSED)
        for field, value, status, kernel in (
                ("address", "xx", USAGE, False), ("address", "02:00", REFUSED, True), ("address", "01:00:00:00:00:01", REFUSED, True), ("address", "10.0.0.0/8", USAGE, False),
                ("ifname", "x" * 16, USAGE, False), ("ifname", "a/b", REFUSED, True), ("ifname", "lo", REFUSED, True), ("ifname", "a b", REFUSED, True),
                ("ifalias", "\\x00", USAGE, False), ("ifalias", "y" * 300, USAGE, False), ("ifalias", "\"open", USAGE, False), ("ifalias", "a\\q", USAGE, False),
                ("ifname", "", USAGE, False), ("mtu", "null", REFUSED, False), ("flags", "[+UP, DOWN]", USAGE, False), ("flags", "up", USAGE, False),
                ("linkinfo/kind", "bridge", REFUSED, False), ("linkinfo", "{kind=nonsense}", REFUSED, False), ("linkinfo/data/id", "5", (USAGE, NOT_FOUND), False),
                ("ifindex", "77", REFUSED, False), ("link_type", "loopback", REFUSED, False), ("altnames", "x", USAGE, False), ("altnames", "[lo]", REFUSED, True),
                ("attribute 7", "00", NOT_FOUND, False), ("carrier", "maybe", USAGE, False)):
            self.add(f"{link}/{field}={value}", status, kernel)
        for value, status, kernel in (("{}", NOT_FOUND, False), ("{mtu=1400}", NOT_FOUND, False), ("{linkinfo={kind=nonsense}}", REFUSED, True),
                                      ("{linkinfo={kind=bridge}, mtu=7}", REFUSED, True), ("{linkinfo={kind=bridge}, master=nope}", NOT_FOUND, False),
                                      ("{linkinfo={kind=bridge, data={nonsense=1}}}", USAGE, False), ("{linkinfo={kind=bridge, data={hello_time=99999999999}}}", USAGE, False),
                                      ("{linkinfo={kind=bridge}, ifalias=\"" + "y" * 300 + "\"}", USAGE, False), ("x", USAGE, False), ("[1]", USAGE, False)):
            self.add(f"netlink/route/link/w7={value}", status, kernel)

    def others(self):
        route = "{gateway=10.1.1.1, metric=100, protocol=static}"
        for length in range(1, len(route)):
            self.add(f"netlink/route/route/main/10.50.0.0/16={route[:length]}", USAGE)
        for _ in range(20):
            self.add(f"netlink/route/route/main/10.50.0.0/16={{gateway=10.1.1.1, {self.word()}q=1}}", USAGE)
            self.add(f"netlink/route/route/main/10.{self.random.randint(10, 99)}.0.1/16={{gateway=10.1.1.1}}", REFUSED, kernel=True)
            self.add(f"netlink/route/route/main/10.60.0.0/16={{gateway=192.0.2.{self.random.randint(1, 254)}}}", REFUSED, kernel=True)
            self.add(f"-netlink/route/route/main/10.{self.random.randint(100, 200)}.0.0/16", NOT_FOUND)
        for address, status, kernel in (
                ("route/main/10.0.0.0/33={gateway=10.1.1.1}", USAGE, False), ("route/nope/10.0.0.0/8={gateway=10.1.1.1}", USAGE, False),
                ("route/main/10.0.0.0/8={gateway=10.1.1.1, metric=-1}", USAGE, False), ("route/main/10.0.0.0/8={gateway=300.1.1.1}", USAGE, False),
                ("route/main/10.0.0.0/8={dev=nope}", NOT_FOUND, False), ("route/main/10.0.0.0/8={nhid=4242}", REFUSED, True), ("route/main/10.0.0.0/8={type=nonsense}", USAGE, False),
                ("route/main/10.0.0.0/8,metric=5={gateway=10.1.1.1, metric=6}", USAGE, False), ("route/main/10.0.0.0/8={}", REFUSED, True),
                ("route/main/10.0.0.0/8={gateway=fd00::1}", REFUSED, True), ("route/main/fd00:9::/64={gateway=10.1.1.1}", REFUSED, True),
                ("addr/d0/10.0.0.1/33={}", REFUSED, True), ("addr/d0/300.0.0.1/24={}", USAGE, False), ("addr/nope/10.0.0.1/24={}", NOT_FOUND, False),
                ("addr/d0/10.0.0.1={}", USAGE, False), ("addr/d0/10.0.0.1/24={scope=nonsense}", USAGE, False), ("addr/d0/10.0.0.1/24=5", USAGE, False),
                ("addr/d0/fd00::1/129={}", USAGE, False), ("addr/d0/10.0.0.1/24={label=" + "l" * 20 + "}", USAGE, False), ("addr/d0/10.0.0.1/24={local=10.0.0.2}", USAGE, False),
                ("rule/ipv4/abc={}", USAGE, False), ("rule/ipv9/100={}", USAGE, False), ("rule/ipv4/100={action=nonsense}", USAGE, False),
                ("rule/ipv4/100,src=nonsense={}", USAGE, False), ("rule/ipv4/100={goto=50}", REFUSED, True), ("rule/ipv4/100={table=9999999999}", USAGE, False),
                ("neigh/d0/10.1.1.9={lladdr=02:00}", REFUSED, True), ("neigh/d0/10.1.1.9={state=nonsense}", USAGE, False), ("neigh/nope/10.1.1.9={}", NOT_FOUND, False),
                ("neigh/d0/nonsense={lladdr=02:00:00:00:00:01}", USAGE, False), ("nexthop/7={}", REFUSED, True), ("nexthop/x={}", USAGE, False),
                ("nexthop/7={dev=nope}", NOT_FOUND, False), ("nexthop/7={group=[{id=4242}]}", REFUSED, True), ("nexthop/7={gateway=192.0.2.1, dev=d0}", REFUSED, True),
                ("port/d0={}", NOT_FOUND, False), ("port/d0/options/cost=5", NOT_FOUND, False), ("port/lo={options={cost=1}}", NOT_FOUND, False)):
            self.add("netlink/route/" + address, status, kernel)
        for address, status in (("addr/d0/10.77.0.1/24", NOT_FOUND), ("addr/d0/10.1.1.2/24/flags", USAGE), ("rule/ipv4/4242", NOT_FOUND), ("neigh/d0/10.1.1.77", NOT_FOUND),
                                ("nexthop/4242", NOT_FOUND), ("link/d0/mtu", USAGE), ("port/d0", NOT_FOUND), ("route/nope/10.0.0.0/8", USAGE)):
            self.add("-netlink/route/" + address, status)

    def rights(self):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        # Root of a user namespace that our network namespace does not belong to.
        stranger = (*nobody, "unshare", "-Ur")
        for rights in (nobody, stranger) if subprocess.run([*stranger, "true"]).returncode == 0 else (nobody,):
            for argument in (*COMPANIONS, "-netlink/route/link/d0", "-netlink/route/addr/d0/10.1.1.2/24", "netlink/route/link/w7={linkinfo={kind=bridge}}",
                             "netlink/route/route/main/10.50.0.0/16={gateway=10.1.1.1}", "net.ipv4.tcp_wmem=5000 60000 700000", "sysfs/class/net/d0/ifalias=x"):
                self.cases.append(Case([argument], (NOT_PERMITTED,), False, rights))
            self.cases.append(Case(["netlink/route/link/nope/mtu=1"], (NOT_FOUND,), False, rights))
            self.cases.append(Case(["nonsense=1"], (USAGE,), False, rights))

    def all(self):
        for part in (self.addresses, self.knobs, self.links, self.others, self.rights):
            part()
        self.random.shuffle(self.cases)
        return self.cases


def encoded(argument):
    return argument if isinstance(argument, bytes) else argument.encode()


class Nonsense(unittest.TestCase):
    def setUp(self):
        settled_pair()

    def judge(self, case, done):
        """What is wrong with how it ended, or nothing."""
        words = done.stderr.decode(errors="replace")
        if done.returncode not in case.status:
            return f"ended with {done.returncode}, not {case.status}"
        if done.stdout:
            return "said something on standard output"
        if not words.startswith("ferry: ") or not words.endswith("\n"):
            return "has no words"
        if any(ord(letter) < 32 and letter != "\n" or ord(letter) == 127 for letter in words):
            return "has words that a terminal obeys"
        if case.kernel and not KERNEL.search(words):
            return "does not tell what the kernel said"
        return None

    def unchanged(self, before, who):
        now = state()
        self.assertEqual(now, before, f"{now ^ before} has changed by {who}")

    def test_a_thousand(self):
        seed = int(os.environ.get("SEED", "20"))
        cases = Generator(seed).all()
        print(f"# seed {seed}, {len(cases)} cases")
        self.assertGreater(len(cases), 1000)
        before, wrong = state(), []
        for index, case in enumerate(cases):
            done = subprocess.run([*case.rights, FERRY, "set", *map(encoded, case.arguments)], capture_output=True)
            fault = self.judge(case, done)
            # The whole is looked at now and then; where it has changed, the last ones are to blame.
            if index % 100 == 99:
                self.unchanged(before, f"one of {[each.arguments for each in cases[index - 99:index + 1]]}")
            if fault:
                wrong.append(f"{[*case.rights, *(encoded(each)[:200] for each in case.arguments)]} {fault}: {done.returncode} {done.stdout.decode()[:200]}{done.stderr.decode(errors='replace')[:400]}")
        self.unchanged(before, "one of the last")
        self.assertFalse(wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:40]))


if __name__ == "__main__":
    run_cases()
