#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An ordinary user sees what an ordinary user may, is told what is missing and why, and a history is nobody else's to read."""
import json
import os
import stat
import subprocess
import tempfile
import unittest

import ferrytest
from ferrytest import FERRY, Recorder, brief, check, ferry, listing

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]


def as_nobody(*arguments, **more):
    return subprocess.run([*NOBODY, FERRY, *map(str, arguments)], capture_output=True, text=True, **more)


class Rights(unittest.TestCase):
    def setUp(self):
        os.chmod(tempfile.gettempdir(), 0o755)
        if subprocess.run([*NOBODY, FERRY, "version"], capture_output=True).returncode != 0:
            self.skipTest(f"nobody may not run {FERRY} where it lies")
        check(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"])
        self.home = tempfile.mkdtemp()
        os.chown(self.home, 65534, 65534)

    def tearDown(self):
        subprocess.run(["ip", "link", "del", "d0"], check=False)

    def test_watch(self):
        with_nobody = Recorder(command="watch", wrapper=NOBODY)
        try:
            with_nobody.started()
            position = with_nobody.settle()
            check(["ip", "link", "set", "d0", "mtu", "1400"])
            with_nobody.settle()
            changes = [change for change in with_nobody.since(position) if change["address"] == "netlink/route/link/d0"]
            self.assertEqual([(change["before"], change["after"]) for change in changes], [({"mtu": 1500}, {"mtu": 1400})], listing(changes))
            actor = changes[0]["actor"]
            self.assertIsNone(actor["pid"], brief(changes[0]))
            self.assertTrue(actor["unknown"], brief(changes[0]))
            missing = {each["subject"]: each["why"] for each in with_nobody.said("watching")["watching"] if not each["watched"]}
            self.assertIn("sysctl", missing)
            self.assertIn("CAP_", missing["sysctl"])
            self.assertIn("CAP_", actor["unknown"])
        finally:
            with_nobody.stop()
            with_nobody.__exit__()

    def test_watch_in_words(self):
        done = as_nobody("watch", "--for", "0.5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"not watched: sysctl: .*CAP_")

    def test_record_where_the_history_may_not_be_written(self):
        forbidden = os.path.join(tempfile.mkdtemp(), "sub", "history.db")
        done = as_nobody("record", "--for", "1", "--db", forbidden)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("history", done.stderr)
        self.assertIn("ermi", done.stderr)  # permission, permitted

    def test_record_where_nothing_can_be_watched(self):
        done = as_nobody("record", "--for", "1", "--db", os.path.join(self.home, "history.db"), "sysctl/net")
        self.assertEqual(done.returncode, 4, f"{done.stdout}{done.stderr}")
        self.assertIn("sysctl", done.stderr)
        self.assertIn("CAP_", done.stderr)

    def test_record_for_oneself(self):
        environment = {**os.environ, "XDG_STATE_HOME": self.home, "HOME": self.home}
        recorder = Recorder(db=False, wrapper=NOBODY, environment=environment)
        try:
            recorder.started()
            recorder.settle()
            check(["ip", "link", "set", "d0", "mtu", "1400"])
            recorder.settle()
            self.assertEqual(recorder.stop(), 0, recorder.words)
            path = os.path.join(self.home, "ferry", "history.db")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
            done = as_nobody("log", "--json", env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn({"mtu": 1400}, [json.loads(line).get("after") for line in done.stdout.splitlines()])
        finally:
            recorder.__exit__()

    def test_root_history_is_private(self):
        folder = os.path.join(tempfile.mkdtemp(), "ferry")
        path = os.path.join(folder, "history.db")
        os.umask(0)
        with Recorder(db=path) as recorder:
            recorder.settle()
            for name in os.listdir(folder):
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                self.assertEqual(mode & 0o077, 0, f"{name} is {mode:o}")
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
            recorder.stop()
        os.umask(0o022)
        done = as_nobody("log", "--db", path)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertTrue(done.stderr.strip())

    def test_two_recorders(self):
        with Recorder() as recorder:
            done = ferry("record", "--for", "1", "--db", recorder.db)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(str(recorder.pid), done.stderr)
            recorder.settle()

    def test_undo_without_rights(self):
        with Recorder() as recorder:
            position = recorder.settle()
            check(["ip", "link", "set", "d0", "mtu", "1400"])
            recorder.settle()
            identity = next(change["id"] for change in recorder.since(position) if change["address"] == "netlink/route/link/d0")
            recorder.stop()
            folder = os.path.dirname(recorder.db)
            for name in os.listdir(folder):
                os.chown(os.path.join(folder, name), 65534, 65534)
            os.chown(folder, 65534, 65534)
            done = as_nobody("undo", "--db", recorder.db, identity)
            self.assertEqual(done.returncode, 4, f"{done.stdout}{done.stderr}")
            self.assertTrue(done.stderr.strip())
            with open("/sys/class/net/d0/mtu", encoding="ascii") as file:
                self.assertEqual(file.read(), "1400\n")


if __name__ == "__main__":
    ferrytest.run_cases()
