# SPDX-License-Identifier: LGPL-2.1-or-later
"""A case with a recorder: commands are run between two looks by ip(8), and what is told meanwhile is compared with what ip sees differ."""
import json
import os
import shutil
import time
import unittest

import ferrytest
import judge
from ferrytest import Recorder, brief, check, fold, leaves, listing, run, shell

PATIENCE = 10  # s that the kernel's own workers (carrier, namespaces) may need for what they do after a command


def is_carrier(change):
    """The kernel brings a link's operational state up to date when somebody asks for it, in the asker's name."""
    moved = set(leaves(change["before"] or {})) | set(leaves(change["after"] or {}))
    return change["kind"] == "changed" and bool(moved) and moved <= {"operstate", "carrier"}


def is_asked_for(change):
    """What no worker of the kernel does by itself, though it may be one that does it."""
    return change["address"].startswith(("netlink/route/addr/", "netlink/route/rule/", "netlink/route/nexthop/")) or (
        change["address"].startswith("netlink/route/link/") and change["kind"] != "changed")


class Step:
    """A command with the judge's state before and after, and what was told meanwhile."""

    def __init__(self, done, before, after, changes):
        self.done, self.before, self.after, self.changes = done, before, after, changes

    def of(self, address):
        return [change for change in self.changes if change.get("address") == address]

    def under(self, start):
        return [change for change in self.changes if (change.get("address") or "").startswith(start)]


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # No addresses and no duplicate detection by themselves: what is told is what the test did.
        shell("for i in all default lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/addr_gen_mode; echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; done 2>/dev/null")
        cls.recorder = Recorder()
        try:
            cls.recorder.started()
        except BaseException:
            cls.recorder.__exit__()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.recorder.stop()
        cls.recorder.__exit__()

    def setUp(self):
        self.clean()
        check(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"])

    def tearDown(self):
        self.clean()

    def clean(self):
        shell("ip nexthop flush; ip link del d0; ip link del w0; ip rule del priority 777; ip -6 rule del priority 777; ip route flush table 77; "
              "ip route flush proto static; ip route flush proto boot; echo 0 > /proc/sys/net/ipv4/ip_forward")

    def prepare(self, *commands):
        for command in commands:
            check(command.split())

    def up(self):
        """Both ends up, with an address each: carrier, and a network to route to."""
        self.prepare("ip link set d0 up", "ip link set d1 up", "ip addr add 10.1.0.1/24 dev d0", "ip -6 addr add fd01::1/64 dev d0 nodad")
        self.steady()

    def steady(self):
        """Until the kernel's workers have done what follows from commands before: what a link that has come up is, they may say a second later."""
        deadline, last = time.monotonic() + PATIENCE, None
        while time.monotonic() < deadline:
            now = judge.state(), len(self.recorder.since(0))
            unknown = [name for name in ("d0", "d1") if now[0].get("netlink/route/link/" + name, {}).get("operstate") == "UNKNOWN"]
            if now == last and not unknown:
                return
            last = now
            self.recorder.settle()

    def step(self, command, until=None, **more):
        """Runs COMMAND (words, or a line for the shell) and takes in what is told, until UNTIL(step) holds where that is given."""
        self.recorder.settle()
        before = judge.state()
        position = len(self.recorder.changes)
        done = shell(command, **more) if isinstance(command, str) else run(command, **more)
        deadline = time.monotonic() + PATIENCE
        while True:
            self.recorder.settle()
            step = Step(done, before, judge.state(), self.recorder.since(position))
            if time.monotonic() > deadline or (until(step) if until else self.is_settled(step)):
                return step

    def is_settled(self, step):
        """Whether the kernel's workers have done what follows: carrier is told a moment after ip sees it."""
        try:
            self.told_is_true(step, ignore=("link", "link_netnsid"))
        except AssertionError:
            return len(step.changes) == 0 or not any("operstate" in json.dumps([change["before"], change["after"]]) for change in step.changes)
        return True

    # ---- What is judged ----

    def actor(self, change, done, comm=None):
        """The change is by the process that the test started."""
        actor = change["actor"]
        argv = [os.fsdecode(word) for word in done.argv]
        told = {name: actor.get(name) for name in ("pid", "tid", "ppid", "comm", "argv", "uid", "netns")}
        self.assertEqual(told, {"pid": done.pid, "tid": done.pid, "ppid": os.getpid(), "comm": comm or os.path.basename(argv[0])[:15], "argv": argv, "uid": 0,
                                "netns": ferrytest.netns()}, brief(change))
        self.assertEqual(actor["exe"], os.path.realpath(shutil.which(argv[0])), brief(change))
        self.assertIsNone(actor.get("unknown"), brief(change))

    def told_is_true(self, step, ignore=()):
        """Every object that ip sees differ is told so, with ip's values; and nothing else is told of objects that ip knows."""
        before, after = step.before, step.after
        for address in {**before, **after}:
            if isinstance(address, tuple):
                continue  # rules: judged by their fields in their own case
            old, new = before.get(address), after.get(address)
            told = [change for change in step.of(address) if change["result"] == "ok"]
            told_old, told_new = fold(told, address)
            where = f"{address}\n  ip before: {old}\n  ip after:  {new}\n  told:\n{listing(step.changes)}\n  {step.done}"
            if old == new:
                known = [name for name in {**told_old, **told_new} if old and name in old]
                self.assertEqual(known, [], "told, and ip sees no difference: " + where)
                continue
            self.assertTrue(told, "not told: " + where)
            if old is None or new is None:
                whole, side = (new, told_new) if old is None else (old, told_old)
                kind, change = ("added", told[-1]) if old is None else ("removed", told[0])
                self.assertIn(kind, [each["kind"] for each in told], where)
                if kind == "removed" and told[-1]["kind"] == "removed":
                    side = {**leaves(told[-1]["before"]), **side}
                whole = {name: value for name, value in whole.items() if name not in ignore}
                self.compare(whole, {**side, **({} if kind == "removed" else self.whole(told))}, where)
                continue
            for name in {**old, **new}:
                if name in ignore:
                    continue
                if old.get(name) != new.get(name):
                    self.compare({name: old.get(name)}, told_old, "before: " + where)
                    self.compare({name: new.get(name)}, told_new, "after: " + where)
                else:
                    self.assertNotIn(name, told_new, "told, and ip sees no difference: " + where)

    @staticmethod
    def whole(told):
        """What an object that was added has come to."""
        fields = {}
        for change in told:
            fields.update(leaves(change["after"] or {}))
        return fields

    def compare(self, theirs, ours, where):
        for name, value in theirs.items():
            mine = ours.get(name)
            if isinstance(value, list) and isinstance(mine, list):
                if value and isinstance(value[0], dict):
                    mine = [{key: way[key] for key in each if key in way} for each, way in zip(value, mine)] if len(value) == len(mine) else mine
                elif name == "flags":
                    value, mine = sorted(value), sorted(set(mine) - judge.NO_FLAGS)
            self.assertEqual(mine, value, f"field {name} of {where}")

    def good(self, step, door, comm=None, ignore=()):
        """The command succeeded; all that is told is true, by it, and through DOOR. Changes by the kernel's workers may come on top: true as well."""
        self.assertEqual(step.done.status, 0, step.done)
        self.assertTrue(step.changes, f"nothing told of {step.done}")
        self.told_is_true(step, ignore)
        for change in step.changes:
            self.assertNotEqual(change["kind"], "gap", change)
            self.assertEqual(change["result"], "ok", brief(change))
            if change["actor"].get("kernel") and not is_asked_for(change):
                self.assertEqual(change["door"], "kernel", brief(change))
                continue
            if is_carrier(change):
                continue
            self.actor(change, step.done, comm)
            self.assertEqual(change["door"], door, brief(change))
            self.assertEqual(change["netns"] if not change["address"].startswith(("sysctl", "sysfs", "procfs")) else ferrytest.netns(), ferrytest.netns(), brief(change))

    def only(self, changes, what=""):
        self.assertEqual(len(changes), 1, f"{what}\n{listing(changes)}")
        return changes[0]

    def knob(self, step, address, before, after, door, comm=None):
        """Exactly one change of the knob, with these values."""
        self.assertEqual(step.done.status, 0, step.done)
        change = self.only(step.of(address), f"{address} by {step.done}; told:\n{listing(step.changes)}")
        self.assertEqual((change["kind"], change["before"], change["after"], change["door"], change["result"]), ("changed", before, after, door, "ok"), brief(change))
        self.actor(change, step.done, comm)
        return change

    def refused(self, step, address, error, message=None):
        """The attempt is told with its error, and nothing has changed."""
        self.assertNotEqual(step.done.status, 0, step.done)
        change = self.only([each for each in step.changes if each["kind"] != "gap" and each["result"] != "ok"], f"refused by the kernel: {step.done}; told:\n{listing(step.changes)}")
        self.assertEqual((change["address"], change["result"]), (address, error), brief(change))
        if message:
            self.assertIn(message, change.get("message") or "", brief(change))
        self.actor(change, step.done)
        self.assertEqual(step.before, step.after)
        self.assertEqual([each for each in step.changes if each["result"] == "ok"], [], listing(step.changes))
        return change
