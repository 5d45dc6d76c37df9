#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""MPLS routes and what links take of MPLS, judged by `ip -f mpls -j -d route` and `ip netconf`: read, recorded with who did it, taken back, set, declared, traced. Where the kernel has no
MPLS, what is said then."""
import json
import os
import tempfile
import unittest

import ferrytest
import mpls_state
from ferrytest import FERRY, Recorder, brief, check, ferry, ip, listing, shell
from mpls_state import ROUTES, has_mpls

MPLS = "netlink/route/mpls"


def routes():
    return ip("-d", "-f", "mpls", "route")


def way_of(entry):
    """One of ip's, as ferry tells it."""
    way = {name: entry[name] for name in ("dev", "flags") if name in entry}
    if "to" in entry:
        way["as_to"] = [int(label) for label in str(entry["to"]).split("/")]
    if "via" in entry:
        way["via"] = entry["via"]
    return way


def as_told(entry):
    told = {"family": "mpls", "table": "main", "dst": int(entry["dst"]), **{name: entry[name] for name in ("type", "protocol", "scope")}, **way_of(entry)}
    if "ttl-propogate" in entry:  # ip(8) spells it so
        told["ttl_propagate"] = entry["ttl-propogate"]
    if "nexthops" in entry:
        told["nexthops"] = [{"weight": 1, **way_of(way)} for way in entry["nexthops"]]
    return told


class Without(unittest.TestCase):
    def test_told(self):
        print("# this kernel has no MPLS: what is said then is judged here, and the rest not")
        for arguments in ("get", MPLS), ("get", f"{MPLS}/100"), ("ls", MPLS):
            done = ferry(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done)
            self.assertIn("does not tell of netlink/route/mpls", done.stderr)
        done = ferry("set", f"{MPLS}/100={{dev=lo}}")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("EOPNOTSUPP", done.stderr)
        self.assertEqual(ferry("get", "netlink/route").returncode, 0)


class Case(unittest.TestCase):
    def setUp(self):
        mpls_state.make_links()
        self.addCleanup(check, ["sysctl", "-qw", "net.mpls.platform_labels=0"])
        self.addCleanup(ferrytest.run, ["ip", "link", "del", "d0"])


class Reading(Case):
    def test_routes(self):
        mpls_state.make_routes()
        mine = json.loads(ferry("get", "--json", MPLS).stdout)
        self.assertEqual({address: record for address, record in mine.items()}, {f"{MPLS}/{entry['dst']}": as_told(entry) for entry in routes()})
        self.assertEqual(len(mine), len(ROUTES))
        self.assertEqual(ferry("get", "-n", f"{MPLS}/100/as_to").stdout, "[200, 201]\n")
        self.assertEqual(ferry("get", f"{MPLS}/99").returncode, 3)
        self.assertEqual(ferry("get", f"{MPLS}/none").returncode, 3)

    def test_links(self):
        check(["sysctl", "-qw", "net.mpls.conf.d0.input=1"])
        theirs = {entry["interface"]: entry["input"] for entry in ip("netconf") if entry["family"] == "mpls"}
        mine = json.loads(ferry("get", "--json", "netlink/route/netconf/mpls").stdout)
        self.assertEqual({record["dev"]: record["input"] == "on" for record in mine.values()}, theirs)
        self.assertEqual(ferry("get", "-n", "netlink/route/netconf/mpls/d0/input").stdout, "on\n")

    def test_traced(self):
        if not ferrytest.can_trace():
            return
        done = ferry("trace", "--", "ip", "-f", "mpls", "route", "add", "100", "as", "200", "via", "inet", "10.0.0.2", "dev", "d0")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(f"{MPLS} ", done.stdout + done.stderr)
        self.assertIn("as_to [200]", done.stdout + done.stderr)


class Changing(Case):
    def setUp(self):
        super().setUp()
        mpls_state.make_routes()
        self.recorder = self.enterContext(Recorder())

    def there_and_back(self, command, *told, undone=True):
        before, position = routes(), self.recorder.settle()
        done = shell("exec " + command)
        self.assertEqual(done.status, 0, done)
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["address"].startswith(MPLS)]
        self.assertEqual([(change["kind"], change["address"], change["actor"]["pid"]) for change in found], [(kind, f"{MPLS}/{label}", done.pid) for kind, label in told], listing(found))
        self.assertNotEqual(routes(), before)
        for change in reversed(found if undone else []):
            back = ferry("undo", "--db", self.recorder.db, change["id"])
            self.assertEqual(back.returncode, 0, f"{brief(change)}\n{back.stderr}")
        if undone:
            self.assertEqual(routes(), before)

    def test_recorded(self):
        self.there_and_back("ip -f mpls route add 99 as 500 via inet 10.0.0.2 dev d0", ("added", 99))
        self.there_and_back("ip -f mpls route replace 100 as 9 via inet6 2001:db8::3 dev d0", ("changed", 100))
        for route in ROUTES:
            label = route.split()[0]
            self.there_and_back(f"ip -f mpls route del {label}", ("removed", label))

    def test_what_goes_with_others(self):
        self.there_and_back("sysctl -qw net.mpls.platform_labels=103", *(("removed", label) for label in (103, 104, mpls_state.LABELS - 1)), undone=False)
        self.there_and_back("ip link del d0", ("removed", 100), ("removed", 102), undone=False)

    def test_set(self):
        before = routes()
        done = ferry("set", f"{MPLS}/99={{as_to=[7, 8], via={{host=10.0.0.9}}}}", f"{MPLS}/100/as_to=[9]", f"{MPLS}/103/ttl_propagate=false", "--", f"-{MPLS}/101")
        self.assertEqual(done.returncode, 0, done.stderr)
        now = {entry["dst"]: entry for entry in routes()}
        self.assertEqual((now["99"]["to"], now["99"]["dev"], now["99"]["protocol"]), ("7/8", "d0", "static"))
        self.assertEqual((now["100"]["to"], now["100"]["via"]["host"]), ("9", "10.0.0.2"))
        self.assertEqual((now["103"]["ttl-propogate"], now["103"]["via"]["host"]), (False, "02:00:00:00:00:09"))
        self.assertNotIn("101", now)
        self.recorder.settle()
        for change in reversed([change for change in self.recorder.changes if change["address"].startswith(MPLS)]):
            self.assertEqual(ferry("undo", "--db", self.recorder.db, change["id"]).returncode, 0)
        self.assertEqual(routes(), before)

    def test_refused(self):
        for value, words in (("5={dev=lo}", "Invalid label"), ("99={as_to=[16], dev=lo, via={family=link, host=02:00:00:00:00:01:02}}", "EINVAL"), ("99={via={host=10.0.0.9}, as_to=[1048576]}", "at most 1048575")):
            done = ferry("set", f"{MPLS}/{value}")
            self.assertNotEqual(done.returncode, 0, value)
            self.assertIn(words, done.stderr)

    def test_declared(self):
        before = routes()
        document = os.path.join(tempfile.gettempdir(), "labels")
        check([FERRY, "snapshot", "--only", MPLS, "-o", document])
        for command in "del 101", "del 104", "replace 100 as 9 via inet 10.0.0.5 dev d0", "add 99 dev lo":
            check(["ip", "-f", "mpls", "route", *command.split()])
        done = ferry("apply", document)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(routes(), before)


if has_mpls():
    del Without
else:
    del Reading, Changing

if __name__ == "__main__":
    ferrytest.run_cases()
