#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thousands of objects in one document: all made, one refused in the middle, killed midway, said twice, in an order that does not matter. Judged by
ip -j.

The same on every kernel, but for the time that thousands take: route-write and declare ask the kernel for each of them."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ferrytest import FERRY, check, ferry, run_cases  # noqa: E402

COUNT = 2000
PREFIX = "netlink/route/route/main/"


def prefix(number):
    return f"20.{number // 256}.{number % 256}.0/24"


def line(number, value="gateway=10.9.0.2, dev=d0"):
    return f"{PREFIX}{prefix(number)},metric={number % 3 + 1} = {{{value}}}\n"


def routes():
    """What ip tells of them: destination and metric -> the way."""
    return {(route["dst"], route.get("metric", 0)): (route.get("gateway"), route.get("dev"), route.get("nhid"))
            for route in json.loads(check(["ip", "-j", "-N", "route", "show", "root", "20.0.0.0/8"])) if route["dst"].startswith("20.")}


def expected(numbers, way=("10.9.0.2", "d0", None)):
    return {(prefix(number), number % 3 + 1): way for number in numbers}


class Bulk(unittest.TestCase):
    def setUp(self):
        subprocess.run(["ip", "link", "del", "d0"], stderr=subprocess.DEVNULL, check=False)
        check(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"])
        check(["ip", "addr", "add", "10.9.0.1/24", "dev", "d0"])
        for link in ("d0", "d1"):
            check(["ip", "link", "set", link, "up"])
        self.folder = tempfile.mkdtemp(prefix="bulk-")
        self.state = os.path.join(self.folder, "state")

    def document(self, text):
        path = os.path.join(self.folder, "document")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def apply(self, text, status=0, argument=None):
        done = ferry("apply", "--state", self.state, argument or self.document(text))
        self.assertEqual(done.returncode, status, done.stdout[-2000:] + done.stderr)
        return done

    def test_all_are_made_told_and_taken_back(self):
        text = "".join(map(line, range(COUNT)))
        done = self.apply(text)
        told = [row for row in done.stdout.splitlines() if row.startswith(PREFIX)]
        self.assertEqual(len(told), COUNT)
        self.assertEqual(told[5].split(": ")[0] + " " + told[5].split(": ")[1].split(" -> ")[0], f"{PREFIX}{prefix(5)},metric=3 (none)")
        self.assertEqual(routes(), expected(range(COUNT)))
        again = self.apply(text)
        self.assertEqual((again.stdout, "stands already" in again.stderr), ("", True), again.stderr)
        done = ferry("rollback", "--state", self.state)
        # The second one did nothing, so that the first is still the last that can be taken back.
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(routes(), {})

    def test_from_standard_input(self):
        done = subprocess.run([FERRY, "apply", "--state", self.state, "-"], input="".join(map(line, range(50))), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(routes(), expected(range(50)))

    def test_one_refused_in_the_middle(self):
        middle = COUNT // 2
        check(["ip", "route", "add", prefix(7), "via", "10.9.0.3", "metric", "9"])
        before = routes()
        done = self.apply("".join(line(number, "gateway=10.77.0.1, dev=d0" if number == middle else "gateway=10.9.0.2, dev=d0") for number in range(COUNT)),
                          status=1)
        self.assertIn(f"{PREFIX}{prefix(middle)},metric={middle % 3 + 1}", done.stderr)
        self.assertIn("put back", done.stderr)
        self.assertEqual(routes(), before)

    def test_every_refusal_is_told(self):
        wrong = {100, 900, 1500}
        done = self.apply("".join(line(number, "gateway=10.77.0.1, dev=d0" if number in wrong else "gateway=10.9.0.2, dev=d0") for number in range(COUNT)),
                          status=1)
        told = {row.split(": ")[0] for row in done.stdout.splitlines() if "  refused: " in row}
        self.assertEqual(told, {f"{PREFIX}{prefix(number)},metric={number % 3 + 1}" for number in wrong})

    def test_killed_midway(self):
        kept = set(range(0, COUNT, 100))
        for number in kept:
            check(["ip", "route", "add", prefix(number), "via", "10.9.0.2", "metric", str(number % 3 + 1)])
        before = routes()
        # At the Nth send it is gone: some of it is done, most is not.
        done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=sendto", "-e", "inject=sendto:signal=KILL:when=12", "-o", os.path.join(self.folder, "trace"),
                               FERRY, "apply", "--state", self.state, self.document("".join(map(line, range(COUNT))))], capture_output=True, text=True)
        self.assertIn(done.returncode, (-signal.SIGKILL, 128 + signal.SIGKILL), done.stderr)
        half = routes()
        self.assertGreater(len(half), len(before))
        self.assertLess(len(half), COUNT)
        refused = self.apply(line(1), status=1)
        self.assertIn("cut off half-way", refused.stderr)
        done = ferry("rollback", "--pending", "--state", self.state)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
        self.assertEqual(routes(), before)

    def test_what_is_said_twice(self):
        # The same is one object; other ways are several, as the kernel keeps several beside each other; one field cannot have two values.
        self.apply("".join(map(line, range(300))) * 2)
        self.assertEqual(routes(), expected(range(300)))
        check(["ip", "route", "flush", "root", "20.0.0.0/8"])
        done = self.apply(f"{PREFIX}{prefix(3)}/gateway = 10.9.0.2\n{PREFIX}{prefix(3)}/gateway = 10.9.0.3\n", status=2)
        self.assertIn("twice", done.stderr)
        self.assertEqual(routes(), {})

    def test_what_others_stand_on_may_come_last(self):
        way = (None, None, 7)
        text = "".join(line(number, "nhid=7") for number in range(COUNT)) + "netlink/route/nexthop/7 = {gateway=10.9.0.2, dev=d0}\n"
        self.apply(text)
        found = {key: value[2] for key, value in routes().items()}
        self.assertEqual(found, {key: way[2] for key in expected(range(COUNT))})
        # A router that another route of the document leads to.
        self.apply(line(COUNT, "gateway=10.50.0.1, dev=d0") + f"{PREFIX}10.50.0.0/24 = {{dev=d0}}\n")
        self.assertIn((prefix(COUNT), COUNT % 3 + 1), routes())

    def test_many_are_removed_and_come_back(self):
        self.apply("".join(map(line, range(COUNT))))
        before = routes()
        self.apply("".join(f"-{PREFIX}{prefix(number)},metric={number % 3 + 1}\n" for number in range(0, COUNT, 2)))
        self.assertEqual(routes(), expected(range(1, COUNT, 2)))
        done = ferry("rollback", "--state", self.state)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(routes(), before)


if __name__ == "__main__":
    run_cases()
