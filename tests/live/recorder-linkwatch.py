#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A carrier comes and goes, and the kernel's link watch makes that known in the course of whoever asks for links just then: that change is the kernel's, and never the asker's.
A program that sets the operational state itself is still told as who did it."""
import shutil
import subprocess
import time
import unittest

import ferrytest
from ferrytest import Recorder, brief, check, run, run_cases

FLIPS = 300  # at most, until the kernel has worked for an asker
STATES = {"operstate", "carrier"}
ASKERS = [["sh", "-c", "while :; do ip link show >/dev/null; done"], ["sh", "-c", "while :; do cat /sys/class/net/*/carrier /sys/class/net/*/operstate; done >/dev/null 2>&1"]]


def moved(change):
    return set(change["before"] or {}) | set(change["after"] or {})


class LinkWatch(unittest.TestCase):
    def setUp(self):
        check(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"])
        check(["ip", "link", "set", "d0", "up"])

    def tearDown(self):
        check(["ip", "link", "del", "d0"])

    def states(self, recorder):
        return [change for change in recorder.since(0) if change["kind"] == "changed" and change["address"].startswith("netlink/route/link/d") and moved(change) <= STATES]

    def test_asking_is_no_change(self):
        askers = ASKERS + ([["sh", "-c", "while :; do ethtool d0; done >/dev/null 2>&1"]] if shutil.which("ethtool") else [])
        with Recorder() as recorder:
            running = [subprocess.Popen(asker, start_new_session=True) for asker in askers]
            try:
                for flip in range(FLIPS):
                    check(["ip", "link", "set", "d1", "up" if flip % 2 == 0 else "down"])
                    time.sleep(0.02)
                    if flip > 20 and any(change["actor"]["comm"] == "linkwatch" for change in self.states(recorder)):
                        break
            finally:
                for process in running:
                    ferrytest.os.killpg(process.pid, ferrytest.signal.SIGKILL)
                    process.wait()
            recorder.settle()
            found = self.states(recorder)
            self.assertTrue(found, "the carrier came and went, and nothing was told")
            asked = sum(change["actor"]["comm"] == "linkwatch" for change in found)
            print(f"# {len(found)} changes of the state alone, {asked} of them in the course of an asker")
            for change in found:
                comm = change["actor"].get("comm")
                # `ip link set` itself may be whom the kernel works for: it does change a link.
                if comm == "ip" and "set" in change["actor"]["argv"]:
                    continue
                self.assertTrue(change["actor"].get("kernel"), brief(change))
                self.assertEqual(change["door"], "kernel", brief(change))
            if " linkwatch_sync_dev\n" in ferrytest.contents("/proc/kallsyms"):
                self.assertGreater(asked, 0, "the kernel never worked for an asker: the test has shown nothing")
            else:
                print("# in the course of an asker it is not to be judged here: this kernel does not work for who asks for links")

    def test_setting_the_state_is_a_change(self):
        check(["ip", "link", "set", "d1", "up"])
        with Recorder() as recorder:
            recorder.wait("carrier", lambda: ferrytest.contents("/sys/class/net/d0/operstate") == "up\n")
            done = run(["ip", "link", "set", "dev", "d0", "state", "dormant"])
            self.assertEqual(done.status, 0, done)
            recorder.settle()
            found = [change for change in self.states(recorder) if (change["after"] or {}).get("operstate") == "DORMANT"]
            self.assertEqual(len(found), 1, found)
            self.assertEqual((found[0]["actor"]["pid"], found[0]["door"]), (done.pid, "netlink"), brief(found[0]))


if __name__ == "__main__":
    run_cases()
