#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Multicast routes, as a routing daemon makes them by options of its sockets: read as `ip mroute` prints them, recorded with who did it, and not to be set."""
import json
import os
import socket
import unittest

import ferrytest
import multicast_state
from ferrytest import Recorder, check, ferry, listing
from multicast_state import NONE

MROUTE = "netlink/route/mroute"


def has_routing():
    try:
        for family in socket.AF_INET, socket.AF_INET6:
            multicast_state.Daemon(family, ()).close()
    except OSError:
        return False
    return True


def mine():
    done = ferry("get", "--json", MROUTE)
    return json.loads(done.stdout or "{}")


def theirs():
    """Of both families, as mine() has them."""
    found = {}
    for option, family, table in ("-4", "ipmr", "default"), ("-6", "ip6mr", "main"):
        for entry in json.loads(check(["ip", option, "-j", "-s", "mroute", "show", "table", "all"]) or "[]"):
            any_source = entry["src"] in ("0.0.0.0", "::")
            found[f"{MROUTE}/{entry.get('table', table)}/{entry['dst']}" + ("" if any_source else f",src={entry['src']}")] = {
                "family": family, "src": entry["src"], "dst": entry["dst"], "iif": entry["iif"],
                "oifs": [{"dev": output["oif"], "ttl": output.get("ttl", 1)} for output in entry.get("multipath", [])],
                "packets": entry["packets"], "bytes": entry["bytes"]}
    return found


class Case(unittest.TestCase):
    def setUp(self):
        check(["ip", "link", "set", "lo", "up"])
        multicast_state.make_links()
        for name in "v0", "v2":
            self.addCleanup(ferrytest.run, ["ip", "link", "del", name])


class Routing(Case):
    def test_as_ip_says(self):
        for daemon in multicast_state.make_routes():
            self.addCleanup(daemon.close)
        told = {address: {**{name: record.get(name, []) for name in ("family", "src", "dst", "iif", "oifs")}, "packets": record["stats"]["packets"], "bytes": record["stats"]["bytes"]}
                for address, record in mine().items()}
        self.assertEqual(told, theirs())
        self.assertEqual(len(told), 5)
        self.assertEqual(ferry("get", "-n", f"{MROUTE}/default/239.1.1.1,src=10.1.0.9/iif").stdout, "v0\n")
        self.assertEqual(ferry("get", "-n", f"{MROUTE}/main/ff0e::1,src=fd00::9/oifs").stdout, "[{dev=v2, ttl=1}]\n")

    def refused(self, recorder, change):
        undone = ferry("undo", "--db", recorder.db, change["id"])
        self.assertEqual(undone.returncode, 1, undone.stdout + undone.stderr)
        self.assertIn("routing daemons", undone.stdout + undone.stderr)

    def test_recorded(self):
        recorder = self.enterContext(Recorder())
        position = recorder.settle()
        daemon = multicast_state.Daemon(socket.AF_INET, ("v0", "v2"))
        self.addCleanup(daemon.close)
        daemon.add("10.1.0.9", "239.1.1.1", 0, [NONE, 1])
        daemon.add("10.1.0.9", "239.1.1.1", 0, [NONE, 4])
        daemon.delete("10.1.0.9", "239.1.1.1")
        daemon.add("10.1.0.9", "239.5.5.5", 0, [NONE, 1])
        recorder.settle()
        added = [change for change in recorder.since(position) if "239.5.5.5" in change["address"]]
        self.refused(recorder, added[0])
        daemon.close()
        recorder.settle()
        first, second = f"{MROUTE}/default/239.1.1.1,src=10.1.0.9", f"{MROUTE}/default/239.5.5.5,src=10.1.0.9"
        found = [change for change in recorder.since(position) if change["address"].startswith(MROUTE)]
        self.assertEqual([(change["kind"], change["address"]) for change in found],
                         [("added", first), ("changed", first), ("removed", first), ("added", second), ("removed", second)], listing(recorder.since(position)))
        self.assertEqual((found[1]["before"], found[1]["after"]), ({"oifs": [{"dev": "v2", "ttl": 1}]}, {"oifs": [{"dev": "v2", "ttl": 4}]}))
        self.assertEqual({(change["actor"]["pid"], change["door"]) for change in found}, {(os.getpid(), "syscall")})
        self.refused(recorder, found[2])

    def test_not_set(self):
        for daemon in multicast_state.make_routes():
            self.addCleanup(daemon.close)
        before = theirs()
        for status, words, assignment in (3, "routing daemons", f"{MROUTE}/default/239.7.7.7,src=10.1.0.9={{}}"), (1, "routing daemons", f"-{MROUTE}/default/239.2.2.2"), \
                (1, "not set", f"{MROUTE}/default/239.2.2.2/iif=v0"), (2, "TABLE/GROUP", f"{MROUTE}/239.2.2.2={{}}"):
            done = ferry("set", "--", assignment)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
            self.assertIn(words, done.stderr)
        self.assertEqual(theirs(), before)


class Lacking(Case):
    def test_none(self):
        """Where the kernel has none it must not answer with the routes of all other families."""
        self.assertEqual(mine(), {})


if has_routing():
    del Lacking
else:
    print("the kernel has no multicast routing: not to be judged here")
    del Routing
ferrytest.run_cases()
