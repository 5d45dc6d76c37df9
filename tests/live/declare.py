#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""State as a document: each command, and rounds of snapshot, random changes by ip and sysctl, apply: the state is that of the snapshot again, as ip -j -d and
sysctl tell it. ROUNDS says how many, SEED with which random numbers."""
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ferrytest import FERRY, Recorder, check, contents, ferry, listing, load_protocols, run, run_cases, sysctl  # noqa: E402
from judge import difference, raw_state, sysctls  # noqa: E402

PATIENCE = 20  # s, for what the kernel does behind our back
# Numbers that the kernel gives (one that came anew has another), and timers.
GIVEN = ("ifindex", "link_index", "forward_delay_timer", "hold_timer", "message_age_timer", "state_timer")


def without_numbers(value):
    if isinstance(value, dict):
        return {name: without_numbers(item) for name, item in value.items() if name not in GIVEN}
    return [without_numbers(item) for item in value] if isinstance(value, list) else value


def state():
    found = without_numbers(raw_state())
    for link in found["addr"]:
        # Which address of a link was made first, across networks, is not said by a document.
        link["addr_info"] = sorted(link.get("addr_info", []), key=json.dumps)
    return found


def leaves(value, path=""):
    if isinstance(value, dict):
        value = value.items()
    elif isinstance(value, list):
        value = enumerate(value)
    else:
        return {path: value}
    found = {}
    for name, item in value:
        found.update(leaves(item, f"{path}/{name}"))
    return found


def parts(before, after):
    """The leaves in which links differ, for words."""
    words = ""
    for kind in ("link", "addr"):
        old, new = ({link["ifname"]: leaves(link) for link in each[kind]} for each in (before, after))
        for name in sorted({*old, *new}):
            a, b = old.get(name, {}), new.get(name, {})
            words += "".join(f"    {kind} {name}{leaf} {a.get(leaf)} -> {b.get(leaf)}\n" for leaf in sorted({*a, *b}) if a.get(leaf) != b.get(leaf))
    return words


def settings():
    """Interfaces that are not ours (made with a tunnel module) keep theirs."""
    return sysctls("net.ipv[46].(conf|neigh|ip_forward)")


def ip_may(*arguments):
    return subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True).returncode == 0


def settled():
    """Until duplicate detection is over: what is to be compared stands still then."""
    deadline = time.monotonic() + PATIENCE
    while "tentative" in check(["ip", "-6", "addr"]) and time.monotonic() < deadline:
        time.sleep(0.05)


def clear():
    for name in sorted(os.listdir("/sys/class/net")):
        if name != "lo":
            ip_may("link", "del", name)
    for family in "-4", "-6":
        ip_may(family, "rule", "flush")
        for priority, table in (("0", "local"), ("32766", "main"), ("32767", "default")):
            if table != "default" or family == "-4":
                ip_may(family, "rule", "add", "priority", priority, "lookup", table)
    for table in ("main", "100", "200"):
        ip_may("route", "flush", "table", table, "proto", "boot")
    ip_may("nexthop", "flush")


class Folder(unittest.TestCase):
    def setUp(self):
        clear()
        self.folder = tempfile.mkdtemp(prefix="declare-")
        os.chdir(self.folder)

    def file(self, text, name="document"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def apply(self, path, *more, status=0):
        done = ferry("apply", "--state", os.path.join(self.folder, "state"), *more, path)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def rollback(self, status=0):
        done = ferry("rollback", "--state", os.path.join(self.folder, "state"))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done


class Commands(Folder):
    def test_snapshot_is_what_get_prints(self):
        check(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
        done = ferry("snapshot", "sysctl/net/ipv4", "netlink/route/link/v0")
        self.assertEqual(done.returncode, 0, done.stderr)
        got = set(ferry("get", "sysctl/net/ipv4", "netlink/route/link/v0").stdout.splitlines())
        lines = [line for line in done.stdout.splitlines() if not line.startswith("#")]
        self.assertGreater(len(lines), 100)
        self.assertEqual([line for line in lines if line not in got], [])
        for word in ("# host: ", "# kernel: ", "# time: ", "# network namespace: ", "# left out: "):
            self.assertIn(word, done.stdout)
        for word in ("stats64", "tcp_fastopen_key", "operstate", "route/flush", "tcp_available_congestion_control"):
            self.assertNotIn(word, done.stdout)
        self.assertIn("stats64", ferry("snapshot", "-a", "netlink/route/link/v0").stdout)

    def test_a_port_gets_its_number_back(self):
        """The first that is free: what came since has to leave first."""
        for name in ("v1", "v2"):
            check(["ip", "link", "add", name, "type", "veth", "peer", "name", "p" + name])
        check(["ip", "link", "add", "br0", "type", "bridge"])
        check(["ip", "link", "set", "v1", "master", "br0"])
        number = contents("/sys/class/net/v1/brport/port_no")
        self.assertEqual(ferry("snapshot", "--only", "-o", "one", "netlink/route/link").returncode, 0)
        check(["ip", "link", "set", "v1", "nomaster"])
        check(["ip", "link", "set", "v2", "master", "br0"])
        self.apply("one")
        self.assertEqual(contents("/sys/class/net/v1/brport/port_no"), number)
        self.assertFalse(os.path.exists("/sys/class/net/v2/brport"))

    def test_snapshot_file_is_private_and_whole(self):
        done = ferry("snapshot", "-o", "one", "net.ipv4.ip_forward")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertEqual(os.stat("one").st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir("."), ["one"])
        self.assertIn(f"sysctl/net/ipv4/ip_forward = {sysctl('net.ipv4.ip_forward')}\n", contents("one"))
        self.assertNotEqual(ferry("snapshot", "-o", "/dev/null", "net.ipv4.ip_forward").returncode, 0)
        self.assertTrue(os.path.exists("/dev/null") and not os.path.isfile("/dev/null"))
        self.assertEqual(ferry("snapshot", "sysctl/no/such/thing").returncode, 3)

    def test_names_that_are_printed_with_escapes_or_hold_an_equals_sign(self):
        names = "m=n", "a\\x2db", "w\x1b[31m", "#x", "{z}", "*g", "-d", "\u4e2d\u6587"
        for name in names:
            check(["ip", "link", "add", "name", name, "type", "veth", "peer", "name", name + "'"])
        self.assertEqual(ferry("snapshot", "--only", "-o", "one", "netlink/route/link", "sysctl/net/ipv4/conf").returncode, 0)
        self.assertNotIn("\x1b", contents("one"))
        self.assertIn("all of it stands already", self.apply("one").stderr)
        for name in names:
            check(["ip", "link", "set", "dev", name, "mtu", "1400"])
            with open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w", encoding="utf-8") as file:
                file.write("2")
        self.apply("one")
        for name in names:
            self.assertEqual((contents(f"/sys/class/net/{name}/mtu"), contents(f"/proc/sys/net/ipv4/conf/{name}/rp_filter")), ("1500\n", "0\n"), name)

    def test_kinds_that_may_not_be_read_are_told(self):
        load_protocols()
        unprivileged = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", FERRY, "snapshot", "--only")
        done = run([*unprivileged, "netlink/netfilter", "netlink/route/link"])
        self.assertEqual(done.status, 5, done.err)
        self.assertRegex(done.err, r"^ferry: left out: \d+ kinds of objects that only CAP_NET_ADMIN may read\n$")
        self.assertIn("netlink/route/link = only\n", done.out)
        self.assertNotIn("\nnetlink/netfilter", done.out)
        for address in "netlink/netfilter/table", "netlink/xfrm/policy":
            done = run([*unprivileged, address])
            self.assertEqual((done.status, done.out), (4, ""), done.err)
            self.assertRegex(done.err, r"^ferry: .*(nftables|XFRM_MSG_GETPOLICY).*needs CAP_NET_ADMIN\n$")
        self.assertEqual(ferry("snapshot", "netlink/netfilter").returncode, 0)

    def test_sysctl_conf_is_a_document(self):
        path = self.file("# a comment\n; another\nnet.ipv4.ip_default_ttl=77\nnet/ipv4/conf/lo/rp_filter = 2\n-net.ipv4.no_such_key = 1\n")
        done = ferry("plan", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("sysctl/net/ipv4/ip_default_ttl: 64 -> 77", done.stdout)
        self.apply(path)
        self.assertEqual((sysctl("net.ipv4.ip_default_ttl"), sysctl("net.ipv4.conf.lo.rp_filter")), ("77", "2"))
        self.assertIn("all of it stands already", self.apply(path).stderr)
        self.rollback()
        self.assertEqual((sysctl("net.ipv4.ip_default_ttl"), sysctl("net.ipv4.conf.lo.rp_filter")), ("64", "0"))

    def test_plan_orders_and_changes_nothing(self):
        path = self.file("netlink/route/rule/ipv4/100,src=10.0.0.0/8/table = 100\nnetlink/route/route/main/10.5.0.0/16 = {gateway=10.0.0.9, dev=w0}\n"
                         "netlink/route/addr/w0/10.0.0.1/24 = {}\nnet.ipv4.conf.w0.rp_filter = 2\nnetlink/route/link/p0 = {linkinfo={kind=veth}, master=w0}\n"
                         "netlink/route/link/w0 = {linkinfo={kind=bridge}, flags=[UP, BROADCAST, MULTICAST]}\nnet.ipv4.ip_forward = 1\n")
        before = state()
        done = ferry("plan", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        order = [line.split(": ")[0] for line in done.stdout.splitlines()]
        self.assertEqual(order, ["sysctl/net/ipv4/ip_forward", "netlink/route/link/w0", "netlink/route/link/p0", "sysctl/net/ipv4/conf/w0/rp_filter",
                                 "netlink/route/addr/w0/10.0.0.1/24", "netlink/route/route/main/10.5.0.0/16", "netlink/route/rule/ipv4/100,src=10.0.0.0/8"])
        self.assertIn("rewrites sysctl/net/ipv4/conf/*/forwarding", done.stdout)
        self.assertIn("pending: waits for netlink/route/link/w0", done.stdout)
        self.assertEqual(difference(before, state()), "")
        self.apply(path)
        self.assertEqual(sysctl("net.ipv4.conf.w0.rp_filter"), "2")
        self.assertIn("10.5.0.0/16 via 10.0.0.9 dev w0", check(["ip", "route"]))
        self.rollback()
        self.assertEqual(sysctl("net.ipv4.ip_forward"), "0")
        self.assertEqual(difference(before, state()), "")

    def test_a_refusal_in_the_middle_puts_back_what_was_done(self):
        check(["ip", "link", "add", "w0", "type", "bridge"])
        check(["ip", "link", "set", "w0", "up"])
        settled()
        before, ttl = state(), sysctl("net.ipv4.ip_default_ttl")
        path = self.file("net.ipv4.ip_default_ttl = 99\nnetlink/route/addr/w0/10.0.0.1/24 = {}\nnetlink/route/route/main/10.7.0.0/16/gateway = 192.0.2.1\n")
        done = self.apply(path, status=1)
        self.assertIn("Nexthop has invalid gateway", done.stderr)
        self.assertIn("put back", done.stderr)
        self.assertEqual(sysctl("net.ipv4.ip_default_ttl"), ttl)
        self.assertEqual(difference(before, state()), "")
        self.assertEqual(ferry("rollback", "--pending", "--state", "state").returncode, 0)

    def test_what_is_wrong_changes_nothing(self):
        before = settings()
        for text, status in (("nonsense\n", 2), ("netlink/route/link/lo/mtu = many\n", 2), ("net.ipv4.no_such_key = 1\n", 3), ("netlink/route/link/eth9/mtu = 1400\n", 3),
                             ("vm.drop_caches = 1\n", 1), ("net.ipv4.ip_default_ttl = 4\nnet.ipv4.ip_default_ttl\n", 2), ("netlink/route/link/lo = 5\n", 2),
                             ("a\0b = 1\n", 2)):
            done = ferry("apply", "--state", "state", self.file(text))
            self.assertEqual(done.returncode, status, (text, done.stderr))
            self.assertTrue(done.stderr, text)
        self.assertEqual(ferry("apply", "--state", "state", "missing").returncode, 3)
        self.assertEqual(settings(), before)

    def test_what_is_not_named_is_left_alone_but_not_below_only(self):
        check(["ip", "link", "add", "w0", "type", "bridge"])
        check(["ip", "link", "add", "w1", "type", "bridge"])
        for address in ("10.0.0.1/24", "10.1.0.1/24"):
            check(["ip", "addr", "add", address, "dev", "w0"])
        check(["ip", "addr", "add", "10.2.0.1/24", "dev", "w1"])
        self.apply(self.file("netlink/route/addr/w0/10.3.0.1/24 = {}\n"))
        self.assertIn("10.1.0.1/24", check(["ip", "addr"]))
        self.apply(self.file("netlink/route/addr/w0 = only\nnetlink/route/addr/w0/10.3.0.1/24 = {}\n"))
        self.assertEqual([word for word in ("10.0.0.1/24", "10.1.0.1/24", "10.2.0.1/24", "10.3.0.1/24") if word in check(["ip", "addr"])], ["10.2.0.1/24", "10.3.0.1/24"])
        self.apply(self.file("# nothing\n"), "--only", "netlink/route/addr/w1")
        self.assertNotIn("10.2.0.1", check(["ip", "addr"]))
        self.apply(self.file("-netlink/route/link/w1\n"))
        self.assertFalse(os.path.exists("/sys/class/net/w1"))

    def test_diff(self):
        first = self.file("net.ipv4.ip_default_ttl = 64\nnetlink/route/link/lo/mtu = 65536\nvm.swappiness = 10\n", "a")
        second = self.file("net.ipv4.ip_default_ttl = 65\nnetlink/route/link/lo/mtu = 65536\n", "b")
        done = ferry("diff", "--json", first, second)
        self.assertEqual(done.returncode, 0, done.stderr)
        changes = {change["address"]: (change["kind"], str(change["before"]), str(change["after"])) for change in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(changes, {"sysctl/net/ipv4/ip_default_ttl": ("changed", "64", "65"), "sysctl/vm/swappiness": ("removed", "10", "None")})
        ferry("snapshot", "-o", "s", "sysctl/net/ipv4", "netlink/route")
        self.assertEqual(ferry("diff", "s").stdout, "")
        check(["sysctl", "-qw", "net.ipv4.ip_default_ttl=70"])
        self.assertEqual(ferry("diff", "s").stdout, "sysctl/net/ipv4/ip_default_ttl: 64 -> 70\n")
        check(["sysctl", "-qw", "net.ipv4.ip_default_ttl=64"])

    def done(self, *arguments):
        done = ferry(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def test_a_snapshot_of_all_is_compared_by_anybody(self):
        """It holds values that this machine lets nobody set, that only root reads, and (-a) that nobody can set: none of it keeps a comparison from being made."""
        folder = tempfile.mkdtemp(prefix="all-")
        os.chmod(folder, 0o755)
        document, everything = f"{folder}/settings", f"{folder}/everything"
        self.done("snapshot", "-o", document)
        self.done("snapshot", "-a", "-o", everything, "sysctl")
        os.chmod(document, 0o644)
        for command in ("diff", "plan"):
            lines = self.done(command, document).stdout.splitlines()
            self.assertEqual([line for line in lines if line.startswith("sysctl/")], [], command)
        addresses = {line.split(": ")[0] for line in self.done("diff", everything).stdout.splitlines()}
        self.assertIn("sysctl/kernel/random/uuid", addresses)
        self.assertNotIn("sysctl/kernel/ostype", addresses)
        nobody = ferry("diff", document, preexec_fn=lambda: (os.setgroups([]), os.setresuid(65534, 65534, 65534)))
        self.assertEqual(nobody.returncode, 5, nobody.stderr)
        self.assertIn("cannot be read by this user", nobody.stderr)
        self.assertEqual([line for line in nobody.stdout.splitlines() if line.startswith("sysctl/")], [])

    def test_rehearsal_shows_the_kernels_refusal_and_changes_nothing(self):
        check(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
        for name in ("v0", "v1"):
            check(["ip", "link", "set", name, "up"])
        check(["ip", "addr", "add", "10.0.0.1/24", "dev", "v0"])
        settled()
        before = state()
        done = ferry("plan", "--rehearse", self.file("netlink/route/route/main/10.7.0.0/16/gateway = 192.0.2.1\nnetlink/route/route/main/10.8.0.0/16/gateway = 10.0.0.7\n"))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("10.7.0.0/16", [line for line in done.stdout.splitlines() if "Nexthop has invalid gateway" in line][0])
        self.assertNotIn("refused", [line for line in done.stdout.splitlines() if "10.8.0.0/16" in line][0])
        self.assertEqual(difference(before, state()), "")

    def test_the_recorder_sees_who_applied(self):
        check(["ip", "link", "add", "w0", "type", "bridge"])
        path = self.file("net.ipv4.ip_default_ttl = 71\nnetlink/route/link/w0/mtu = 1400\n")
        with Recorder() as recorder:
            position = recorder.settle()
            self.apply(path)
            recorder.settle()
            changes = recorder.since(position)
        found = {change["address"]: (change["actor"] or {}).get("comm") for change in changes if change["result"] == "ok"}
        for address in ("sysctl/net/ipv4/ip_default_ttl", "netlink/route/link/w0"):
            self.assertEqual(found.get(address), "ferry", listing(changes))
        self.rollback()


class Rounds(Folder):
    """snapshot -> random changes -> apply."""

    def build(self, chance):
        for i in range(3):
            ip_may("link", "add", f"v{i}", "type", "veth", "peer", "name", f"p{i}")
        ip_may("link", "add", "br0", "type", "bridge")
        ip_may("link", "add", "x0", "type", "vxlan", "id", "7", "dstport", "4789", "remote", "10.9.9.9", "dev", "v0")
        ip_may("link", "add", "link", "v1", "name", "m0", "type", "macvlan", "mode", "bridge")
        for name in ("v0", "p0", "v1", "p1", "v2", "p2", "br0"):
            ip_may("link", "set", name, "up")
        ip_may("link", "set", "v2", "master", "br0")
        ip_may("link", "set", "p2", "alias", "the other end", "mtu", 1400)
        for i in range(chance.randrange(4, 12)):
            ip_may("addr", "add", f"10.{chance.randrange(3)}.0.{chance.randrange(1, 250)}/24", "dev", chance.choice(["v0", "v1", "br0"]))
            ip_may("addr", "add", f"2001:db8:{chance.randrange(3)}::{chance.randrange(1, 250)}/64", "dev", chance.choice(["v0", "v1"]), "nodad")
        ip_may("addr", "add", "10.50.0.1/24", "dev", "v0")
        for i in range(4):
            ip_may("nexthop", "add", "id", 10 + i, "via", f"10.50.0.{10 + i}", "dev", "v0")
        ip_may("nexthop", "add", "id", 20, "group", "10/11,3")
        for i in range(chance.randrange(5, 15)):
            ip_may("route", "add", f"10.{60 + i}.0.0/16", "via", f"10.50.0.{chance.randrange(2, 200)}", "table", chance.choice(["main", "100", "200"]),
                   "metric", chance.randrange(3))
        ip_may("route", "add", "10.90.0.0/16", "nhid", 20)
        ip_may("route", "add", "blackhole", "10.91.0.0/16")
        ip_may("-6", "route", "add", "2001:db8:77::/48", "dev", "v1", "metric", 33)
        for i in range(chance.randrange(1, 5)):
            ip_may("rule", "add", "priority", 100 + i, "from", f"10.{i}.0.0/16", "lookup", chance.choice(["100", "200"]))
        ip_may("neigh", "add", "10.50.0.99", "lladdr", "02:00:00:00:00:99", "dev", "v0", "nud", "permanent")
        for name in ("v0", "br0"):
            check(["sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter={chance.randrange(3)}"])

    def change(self, chance):
        links = [name for name in os.listdir("/sys/class/net") if name != "lo"]
        link = chance.choice(links or ["lo"])
        number = chance.randrange(1, 250)
        return chance.choice([
            lambda: ip_may("link", "del", link),
            lambda: ip_may("link", "set", link, "down"),
            lambda: ip_may("link", "set", link, "up"),
            lambda: ip_may("link", "set", link, "mtu", chance.randrange(1300, 1500)),
            lambda: ip_may("link", "set", link, "alias", f"alias {number}"),
            lambda: ip_may("link", "set", link, "txqueuelen", number),
            lambda: ip_may("link", "set", link, "master", "br0"),
            lambda: ip_may("link", "set", link, "nomaster"),
            lambda: ip_may("link", "set", link, "address", f"02:00:00:00:01:{number:02x}"),
            lambda: ip_may("link", "add", f"n{number}", "type", "bridge"),
            lambda: ip_may("link", "add", f"n{number}", "type", "veth", "peer", "name", f"o{number}"),
            lambda: ip_may("link", "property", "add", "dev", link, "altname", f"another{number}"),
            lambda: ip_may("link", "set", "br0", "type", "bridge", "ageing_time", number * 100),
            lambda: ip_may("addr", "add", f"10.{chance.randrange(5)}.0.{number}/24", "dev", link),
            lambda: ip_may("addr", "add", f"2001:db8:9::{number}/64", "dev", link, "nodad"),
            lambda: ip_may("addr", "flush", "dev", link),
            lambda: self.remove_address(chance),
            lambda: ip_may("route", "add", f"10.{number}.0.0/16", "dev", link),
            lambda: ip_may("route", "add", "blackhole", f"10.{number}.0.0/16", "table", 100),
            lambda: ip_may("route", "flush", "table", chance.choice(["main", "100", "200"])),
            lambda: ip_may("route", "replace", f"10.{60 + number % 15}.0.0/16", "via", f"10.50.0.{number}"),
            lambda: ip_may("rule", "add", "priority", number, "fwmark", number, "lookup", "100"),
            lambda: ip_may("rule", "del", "priority", 100 + number % 5),
            lambda: ip_may("nexthop", "del", "id", 10 + number % 4),
            lambda: ip_may("nexthop", "add", "id", 300 + number, "blackhole"),
            lambda: ip_may("nexthop", "flush"),
            lambda: ip_may("neigh", "add", f"10.50.0.{number}", "lladdr", "02:00:00:00:00:77", "dev", "v0", "nud", "permanent"),
            lambda: ip_may("neigh", "flush", "all", "nud", "permanent"),
            lambda: subprocess.run(["sysctl", "-qw", f"net.ipv4.ip_forward={number % 2}"], check=False),
            lambda: subprocess.run(["sysctl", "-qw", f"net.ipv4.conf.{link}.rp_filter={number % 3}"], check=False, capture_output=True),
            lambda: subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{link}.hop_limit={number}"], check=False, capture_output=True),
            lambda: subprocess.run(["sysctl", "-qw", f"net.ipv4.conf.all.forwarding={number % 2}"], check=False),
        ])()

    @staticmethod
    def remove_address(chance):
        every = [(link["ifname"], f"{each['local']}/{each['prefixlen']}") for link in json.loads(check(["ip", "-j", "addr"])) for each in link.get("addr_info", [])
                 if link["ifname"] != "lo"]
        if every:
            link, address = chance.choice(every)
            ip_may("addr", "del", address, "dev", link)

    def compare(self, before, knobs, seed):
        deadline = time.monotonic() + PATIENCE
        while True:
            settled()
            present = state()
            words = parts(before, present) + difference(before, present)
            now = settings()
            words += "".join(f"    {key} {knobs.get(key)} -> {now.get(key)}\n" for key in sorted({*knobs, *now}) if knobs.get(key) != now.get(key))
            if not words or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self.assertEqual(words, "", f"seed {seed}\n{words}")

    def one(self, seed):
        chance = random.Random(seed)
        clear()
        self.build(chance)
        settled()
        done = ferry("snapshot", "--only", "-o", "snapshot", "sysctl/net/ipv4", "sysctl/net/ipv6", "netlink/route")
        self.assertEqual(done.returncode, 0, done.stderr)
        before, knobs = state(), settings()
        for _ in range(chance.randrange(1, 25)):
            self.change(chance)
        settled()
        middle = state()
        done = ferry("apply", "--state", "state", "--settle", PATIENCE, "snapshot")
        self.assertEqual(done.returncode, 0, f'seed {seed}\n{done.stderr}left:\n{ferry("plan", "snapshot").stdout}done:\n{done.stdout[-3000:]}')
        self.compare(before, knobs, seed)
        return middle

    def test_apply_gives_the_snapshots_state(self):
        first = int(os.environ.get("SEED") or random.randrange(1 << 30))
        rounds = int(os.environ.get("ROUNDS") or 5)
        print(f"# {rounds} rounds from seed {first}")
        for seed in range(first, first + rounds):
            self.one(seed)


if __name__ == "__main__":
    run_cases()
