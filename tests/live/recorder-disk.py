#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder whose history lies on a disk that is full: what it says meanwhile, and that nothing is lost without a word. Judged by how often a setting was written.
The same on every kernel. TAP."""
import os
import tempfile
import unittest

from ferrytest import Recorder, check, ferry_lines, run_cases

KNOB, ADDRESS = "/proc/sys/net/ipv4/ip_default_ttl", "sysctl/net/ipv4/ip_default_ttl"
CHANGES = 400


class Full(unittest.TestCase):
    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="disk-")
        check(["mount", "-t", "tmpfs", "-o", "size=2m", "disk", self.disk])
        self.addCleanup(check, ["umount", self.disk])
        self.db = os.path.join(self.disk, "history.db")

    def fill(self):
        with open(os.path.join(self.disk, "other"), "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass

    def write(self):
        for number in range(CHANGES):
            with open(KNOB, "w", encoding="ascii") as file:
                file.write(str(100 + number % 2))

    def record(self):
        """A recorder whose disk is full, and which says so."""
        recorder = Recorder(db=self.db).started()
        self.addCleanup(recorder.__exit__)
        self.fill()
        self.write()
        recorder.wait("words on the full disk", lambda: recorder.said("error") is not None)
        error = recorder.said("error")["error"]
        self.assertEqual(error["code"], "ENOSPC")
        self.assertIn("cannot be written", error["text"])
        return recorder

    def kept(self):
        return len([change for change in ferry_lines("log", "--json", "--db", self.db, ADDRESS) if change["kind"] == "changed"])

    def test_what_waits_is_kept_once_there_is_room(self):
        recorder = self.record()
        os.unlink(os.path.join(self.disk, "other"))
        recorder.settle()
        self.assertEqual(recorder.stop(), 0, recorder.words)
        self.assertEqual(self.kept(), CHANGES)

    def test_what_the_history_never_got_is_counted(self):
        recorder = self.record()
        self.assertEqual(recorder.stop(), 5, recorder.words)
        os.unlink(os.path.join(self.disk, "other"))
        lost = recorder.said("error")["error"]
        self.assertEqual(lost["exit"], 5)
        unkept = recorder.counts()["unkept"]
        self.assertTrue(lost["text"].startswith(f"{unkept:,} changes are not in the history"), lost)
        # Others on this machine may have changed something too.
        self.assertGreaterEqual(unkept, CHANGES - self.kept())
        self.assertLess(self.kept(), CHANGES)


if __name__ == "__main__":
    run_cases()
