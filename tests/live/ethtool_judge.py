# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of ethtool have in common: ferry's words beside those of ethtool(8), and a recorder whose changes are judged by both."""
import json
import subprocess
import unittest

from ferrytest import Recorder, brief, check, ferry, listing

ETHTOOL = "netlink/ethtool"


def record(kind, name):
    """An object as ferry tells it, None where there is none."""
    done = ferry("get", "--json", f"{ETHTOOL}/{kind}/{name}")
    return json.loads(done.stdout)[f"{ETHTOOL}/{kind}/{name}"] if done.returncode == 0 else None


def told(*arguments):
    """What ethtool(8) prints, "" where it cannot."""
    return subprocess.run(["ethtool", *arguments], capture_output=True, text=True).stdout


def takes(command, flag="do"):
    """Whether the kernel's ethtool has a request of this number, of one device, or (FLAG "dump") of all."""
    family = json.loads(ferry("--json", "get", "netlink/nlctrl/family/ethtool").stdout)["netlink/nlctrl/family/ethtool"]
    return any(operation["command"] == command and flag in operation["flags"] for operation in family["operations"])


class Case(unittest.TestCase):
    def refused(self, status, words, *arguments):
        done = ferry(*arguments)
        self.assertEqual((done.returncode, words in done.stderr), (status, True), f"{arguments}: {done.returncode} {done.stderr}")


class Recorded:
    """Beside a recorder: for cases."""

    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def settle(self):
        """All that was done before is told. The sentinel is a feature that nobody asks for here."""
        self.recorder.mark()
        for state in "on", "off":
            position = len(self.recorder.changes)
            check(["ethtool", "-K", "lo", "rx-gro-list", state])
            self.recorder.wait("the sentinel", lambda position=position, state=state: any(
                change["address"] == f"{ETHTOOL}/features/lo" and change["after"]["wanted"].get("rx-gro-list") == state for change in self.recorder.changes[position:]))
        return len(self.recorder.changes)

    def told(self, position):
        return [change for change in self.recorder.since(position) if change["address"].startswith(ETHTOOL) and not change["address"].endswith("/lo")]

    def there_and_back(self, doing, pid, door, address, before, after, judge):
        """What DOING does is told as one change by PID, and can be taken back, by all that JUDGE tells."""
        state, position = judge(), self.settle()
        done = doing()
        self.settle()
        found = self.told(position)
        self.assertEqual([(change["kind"], change["address"], change["door"], change["actor"]["pid"], change["consistency"]) for change in found],
                         [("changed", f"{ETHTOOL}/{address}", door, pid or done.pid, "whole")], listing(found))
        self.assertEqual((found[0]["before"], found[0]["after"]), (before, after))
        self.assertNotEqual(judge(), state)
        undone = ferry("undo", "--db", self.recorder.db, found[0]["id"])
        self.assertEqual(undone.returncode, 0, f"{brief(found[0])}\n{undone.stderr}")
        self.assertEqual(judge(), state)
