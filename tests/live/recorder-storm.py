#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A storm of 100,000 route changes from two processes: what was seen is what was told and what was lost, exactly, however small the buffer and whoever
does not read. The judge is the storm's own count of requests that the kernel accepted: each is one message to every listener.

Runs alone: what other tests change at the same time would be part of the storm."""
import collections
import json
import os
import re
import signal
import subprocess
import time
import unittest

import ferrytest
import judge
from ferrytest import Recorder, check

CHANGES = int(os.environ.get("CHANGES", "100000"))
WINDOW = 500
ROUTE = re.compile(r"^netlink/route/route/main/10\.(1|2)\.\d+\.\d+/32$")


def storm(changes, count=2):
    """Runs COUNT makers at once, on different processors; the requests that the kernel accepted and the seconds they took."""
    maker = ferrytest.build("maker")
    processors = sorted(os.sched_getaffinity(0))
    each = (changes // count + WINDOW) // 2
    makers = [subprocess.Popen([maker, "n", str(number), str(each), "m0", str(WINDOW)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda n=number: os.sched_setaffinity(0, {processors[n % len(processors)]})) for number in range(1, count + 1)]
    time.sleep(0.05)  # until each waits for its start
    for process in makers:
        process.stdin.close()
        process.stdin = None
    results = [json.loads(process.communicate()[0]) for process in makers]
    for result in results:
        assert result["refused"] == 0, result
    return sum(result["accepted"] for result in results), (max(r["ended"] for r in results) - min(r["begun"] for r in results)) / 1e9


def is_storm(change):
    return bool(ROUTE.match(change.get("address") or ""))


def told(changes):
    """(told whole, inferred, lost by source) of a list of changes; one change is one message."""
    whole = sum(1 for change in changes if (change.get("address") or "").startswith("netlink/") and change["result"] == "ok" and change["consistency"] == "whole")
    inferred = sum(1 for change in changes if is_storm(change) and change["consistency"] != "whole")
    lost = collections.Counter()
    for change in changes:
        if change["kind"] == "gap":
            lost[change["source"]] += change["lost"]
    return whole, inferred, lost


def standing(changes):
    """The storm's routes that stand when all CHANGES are believed."""
    found = set()
    for change in changes:
        if is_storm(change) and change["result"] == "ok":
            if change["kind"] == "removed":
                found.discard(change["address"])
            else:
                found.add(change["address"])
    return found


class Storm(unittest.TestCase):
    def setUp(self):
        # Nothing that comes by itself, a second later.
        with open("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "w", encoding="ascii") as file:
            file.write("1")
        check(["ip", "link", "add", "m0", "type", "veth", "peer", "name", "m1"])
        check(["ip", "link", "set", "m0", "up"])
        check(["ip", "link", "set", "m1", "up"])

    def tearDown(self):
        subprocess.run(["ip", "link", "del", "m0"], check=False)

    def routes_by_ip(self):
        return {address for address in judge.routes() if ROUTE.match(address)}

    def judge(self, name, accepted, seconds, history, recorder):
        whole, inferred, lost = told(history)
        sentinels = 4 * recorder.marks  # an address and its route, that come and go
        words = f"{name}: {accepted} accepted in {seconds:.2f} s and {sentinels} for sentinels, {whole} told whole, {inferred} inferred, lost {dict(lost)}"
        print("# " + words)
        self.assertEqual(accepted + sentinels, whole + lost["netlink/route"], words)
        self.assertEqual(standing(history), self.routes_by_ip(), "the changes come to another state than ip sees: " + words)
        unknown = [change for change in history if is_storm(change) and change["consistency"] == "whole" and not change["actor"].get("pid")]
        wrong = [change for change in history if is_storm(change) and change["consistency"] == "whole" and change["actor"].get("pid") and
                 change["actor"]["argv"][2] != change["address"].split("/")[4].split(".")[1]]
        self.assertEqual(wrong[:3], [], f"{len(wrong)} changes by the wrong program; {words}")
        return lost["netlink/route"], len(unknown)

    def history(self, recorder):
        """Everything that is kept, when the recorder has ended."""
        recorder.stop()
        return ferrytest.ferry_lines("log", "--json", "--db", recorder.db)

    def ordinary(self, name, *options):
        with Recorder(*options) as recorder:
            recorder.settle()
            accepted, seconds = storm(CHANGES)
            recorder.settle()
            kept = self.history(recorder)
            lost, unknown = self.judge(name, accepted, seconds, kept, recorder)
            counts = recorder.counts()
            self.assertEqual(recorder.process.returncode, 5 if counts["lost"] else 0, "\n".join(recorder.words))
            print(f"# {name}: {counts}")
            self.assertEqual(counts["seen"], counts["delivered"] + counts["lost"])
            everywhere = sum(change["lost"] for change in kept if change["kind"] == "gap")
            self.assertEqual((counts["lost"], counts["kept"]), (everywhere, len(kept)))
            # What is not in the history was printed as a gap, so standard output comes to as much.
            printed = recorder.since(0, sentinels=True)
            missing = sum(change["lost"] for change in printed if change["kind"] == "gap" and change["source"] == "standard output")
            self.assertEqual(len([change for change in printed if change["id"]]) + missing, len(kept))
            return lost, unknown

    def test_normal_buffer(self):
        lost, unknown = self.ordinary("normal buffer")
        if not lost:
            self.assertEqual(unknown, 0)

    def test_large_buffer(self):
        lost, unknown = self.ordinary("256 MiB buffer", "--receive-buffer", "256M")
        self.assertEqual((lost, unknown), (0, 0))

    def test_a_recorder_that_stands_still(self):
        """It gets no processor while the storm lasts: what waits in the kernel is told with who, as far as there is room for it."""
        with Recorder("--receive-buffer", "256M") as recorder:
            recorder.settle()
            recorder.process.send_signal(signal.SIGSTOP)
            try:
                accepted, seconds = storm(CHANGES)
            finally:
                recorder.process.send_signal(signal.SIGCONT)
            recorder.settle()
            self.assertEqual(self.judge("a recorder that stands still", accepted, seconds, self.history(recorder), recorder), (0, 0))

    def test_tiny_buffer(self):
        lost, _ = self.ordinary("4 KiB buffer", "--receive-buffer", "4K")
        self.assertGreater(lost, 0, "a tiny buffer must have lost something, or the test tests nothing")

    def test_stopped_sink(self):
        """Nobody reads standard output: the history goes on, and what was not printed is a gap there, counted."""
        reader, writer = os.pipe()
        recorder = Recorder("--receive-buffer", "256M", output=writer)
        os.close(writer)
        try:
            recorder.started()
            accepted, seconds = storm(CHANGES)
            # As long as the history grows, and until it has all: without a word on standard output to go by.
            deadline, count = time.monotonic() + ferrytest.HANG, -1
            while time.monotonic() < deadline:
                time.sleep(0.3)
                now = int(check(["sqlite3", "-readonly", recorder.db, "SELECT count(*) FROM change"]))
                if now == count and now >= accepted:
                    break
                count = now
            # Ended while its reader still sleeps: it must end all the same, and with a word about it.
            recorder.process.terminate()
            recorder.process.wait()
            with os.fdopen(reader, "rb") as file:
                printed = [json.loads(line) for line in file.read().split(b"\n")[:-1]]  # the last may be cut
            for thread in recorder.threads:
                thread.join()
            history = ferrytest.ferry_lines("log", "--json", "--db", recorder.db)
            self.judge("stopped sink", accepted, seconds, history, recorder)
            # Gaps as well: on a busy machine another source may have lost something.
            kept = [change for change in history if change.get("source") != "standard output"]
            lines = [change for change in printed if change.get("source") != "standard output"]
            gaps = sum(change["lost"] for change in printed if change.get("source") == "standard output")
            unsaid = recorder.counts()["unwritten"]
            print(f"# stopped sink: {len(kept)} kept, {len(lines)} printed, gaps of {gaps} among them, {unsaid} not printed in all")
            self.assertGreater(unsaid, 0, "the pipe took it all: the test tests nothing")
            self.assertEqual(len(kept), len(lines) + unsaid)
        finally:
            recorder.__exit__()

    def test_a_sink_that_goes_on(self):
        """A reader that sleeps through the storm and then reads: the gap stands in the stream, where the lines are missing, with their number."""
        reader, writer = os.pipe()
        recorder = Recorder("--receive-buffer", "256M", output=writer)
        os.close(writer)
        try:
            recorder.started()
            accepted, _ = storm(CHANGES // 5)
            deadline = time.monotonic() + ferrytest.HANG
            while time.monotonic() < deadline and int(check(["sqlite3", "-readonly", recorder.db, "SELECT count(*) FROM change"])) < accepted:
                time.sleep(0.2)
            printed, stream = [], os.fdopen(reader, "rb")
            check(["ip", "link", "set", "m0", "mtu", "1400"])
            for line in stream:
                printed.append(json.loads(line))
                if (printed[-1].get("after") or {}) == {"mtu": 1400}:
                    break
                if printed[-1]["kind"] == "gap":
                    check(["ip", "link", "set", "m0", "mtu", "1500"])
                    check(["ip", "link", "set", "m0", "mtu", "1400"])
            recorder.process.terminate()
            printed += [json.loads(line) for line in stream]
            recorder.process.wait()
            history = ferrytest.ferry_lines("log", "--json", "--db", recorder.db)
            kept = [change["id"] for change in history if change["kind"] != "gap"]
            lines = [change["id"] for change in printed if change["kind"] != "gap"]
            gaps = [change["lost"] for change in printed if change["kind"] == "gap" and change["source"] == "standard output"]
            print(f"# a sink that goes on: {len(kept)} kept, {len(lines)} printed, gaps {gaps}")
            self.assertTrue(gaps, "the pipe took it all: the test tests nothing")
            self.assertEqual(len(kept), len(lines) + sum(gaps))
            self.assertEqual(lines, sorted(lines))
        finally:
            recorder.__exit__()


if __name__ == "__main__":
    ferrytest.run_cases()
