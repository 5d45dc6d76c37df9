#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder in a time namespace, whose clocks are ahead of the kernel's: its events are of the time at which they were, and join as elsewhere. Judged by the wall
clock before and after. TAP."""
import os
import subprocess
import tempfile
import time
import unittest
from datetime import datetime

from ferrytest import FERRY, Recorder, brief, check, ferry, listing, run, run_cases

AHEAD = ("unshare", "--time", "--boottime", "1000000", "--monotonic", "7000", "--fork", "--kill-child")


def there_is_none():
    """Kernels may be made without time namespaces."""
    return subprocess.run([*AHEAD, "true"], capture_output=True).returncode != 0


class Ahead(unittest.TestCase):
    def test_times_and_programs(self):
        if there_is_none():
            print("# no time namespaces on this kernel: not to be judged here")
            self.assertEqual(ferry("doctor").returncode, 0)
            return
        check(["ip", "link", "add", "t0", "type", "veth", "peer", "name", "t1"])
        self.addCleanup(check, ["ip", "link", "del", "t0"])
        with Recorder(wrapper=AHEAD) as recorder:
            recorder.settle()
            position, begun = len(recorder.changes), time.time()
            done = [run(["ip", "link", "set", "t0", "mtu", "1400"]), run(["sysctl", "-qw", "net.ipv4.conf.t0.rp_filter=2"]),
                    run(["sh", "-c", "echo 77 > /sys/class/net/t0/tx_queue_len"])]
            refused = run(["ip", "link", "set", "t0", "mtu", "20"])
            recorder.settle()
            changes = recorder.since(position)
            ended = time.time()
            told = [(change["address"], change["door"], change["actor"]["pid"]) for change in changes]
            self.assertEqual(told, [("netlink/route/link/t0", "netlink", done[0].pid), ("sysctl/net/ipv4/conf/t0/rp_filter", "sysctl", done[1].pid),
                                    ("netlink/route/link/t0", "sysfs", done[2].pid), ("netlink/route/link/t0", "netlink", refused.pid)], listing(changes))
            for change in changes:
                # Of the same moment as told by another clock: to the second and a little more.
                self.assertTrue(begun - 2 < datetime.fromisoformat(change["time"][:26] + "+00:00").timestamp() < ended + 2, brief(change))
            # An undo outside of it is one of the change within.
            self.assertEqual(ferry("undo", "--db", recorder.db, changes[0]["id"]).returncode, 0)
            recorder.settle()
            back = recorder.changes[recorder.find("netlink/route/link/t0", "changed")]
            self.assertEqual((back["after"], back["cause"]), ({"mtu": 1500}, changes[0]["id"]), brief(back))

    def test_the_guard_keeps_its_time(self):
        if there_is_none():
            return
        check(["sysctl", "-qw", "net.ipv4.ip_default_ttl=64"])
        folder = tempfile.mkdtemp()
        with open(os.path.join(folder, "document"), "w", encoding="utf-8") as file:
            file.write("net.ipv4.ip_default_ttl = 65\n")
        done = run([*AHEAD[:-1], FERRY, "apply", "--state", os.path.join(folder, "state"), "--confirm", "1", "--wait", os.path.join(folder, "document")])
        self.assertEqual(done.status, 6, done)
        self.assertEqual(check(["sysctl", "-n", "net.ipv4.ip_default_ttl"]), "64\n")


if __name__ == "__main__":
    run_cases()
