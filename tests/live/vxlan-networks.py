#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks of VXLAN links that take just those that were added to them ("vnifilter"), judged by `bridge vni`: read, recorded with who did it, set, taken back, declared, traced."""
import json
import os
import random
import subprocess
import tempfile
import unittest

import ferrytest
from ferrytest import Recorder, brief, check, ferry, listing, shell

VNI = "netlink/route/vni"
LINK = "link add vx0 type vxlan external vnifilter dstport 4789"
HAS = subprocess.run(["ip", *LINK.split()], capture_output=True, check=False).returncode == 0
if HAS:
    check(["ip", "link", "del", "vx0"])


def theirs(*options):
    """Networks by link and number, runs spelt out."""
    found = {}
    for link in json.loads(check(["bridge", "-j", *options, "vni", "show"]) or "[]"):
        for entry in link["vnis"]:
            for vni in range(entry["vni"], entry.get("vniEnd", entry["vni"]) + 1):
                found[link["ifname"], vni] = {key: value for key, value in entry.items() if key in ("remote", "group", "stats")}
    return found


def mine():
    done = ferry("get", "--json", VNI)
    return {(record["dev"], record["vni"]): record for record in json.loads(done.stdout or "{}").values()}


class Case(unittest.TestCase):
    def setUp(self):
        check(["ip", "link", "set", "lo", "up"])
        for name in "vx0", "vx1":
            check(["ip", *LINK.replace("vx0", name).replace("4789", "4789" if name == "vx0" else "4790").split()])
            self.addCleanup(ferrytest.run, ["ip", "link", "del", name])
            check(["ip", "link", "set", name, "up"])


class Reading(Case):
    def test_as_bridge_says(self):
        chance = random.Random(20261129)
        for _ in range(40):
            first, link = chance.randrange(1, 1 << 24), chance.choice(("vx0", "vx1"))
            where = chance.choice(("", "remote 10.0.0.%d" % chance.randrange(1, 255), "remote fd00::%x" % chance.randrange(1, 9999)))
            last = min(first + chance.randrange(0, 5), (1 << 24) - 1)
            subprocess.run(["bridge", *f"vni add vni {first}-{last} dev {link} {where}".split()], capture_output=True, check=False)
        judge, told = theirs("-s"), mine()
        self.assertGreater(len(judge), 40)
        self.assertEqual(set(told), set(judge))
        for key, entry in judge.items():
            self.assertEqual(told[key].get("remote", told[key].get("remote6")), entry.get("remote"))
            self.assertEqual(list(told[key]["stats"].values()), list(entry["stats"].values()))

    def test_one(self):
        check(["bridge", *"vni add vni 70-72 dev vx0 remote 10.9.9.9".split()])
        self.assertEqual(ferry("get", "-n", f"{VNI}/vx0/71/remote").stdout, "10.9.9.9\n")
        self.assertEqual(ferry("get", f"{VNI}/vx0/73").returncode, 3)

    def test_told_by_trace(self):
        done = ferry("trace", "--json", "--", "bridge", *"vni add vni 10-12 dev vx0 remote 10.9.9.8".split())
        said = [crossing for crossing in map(json.loads, done.stdout.splitlines()) if crossing.get("address") == VNI]
        self.assertEqual([crossing["asked"] for crossing in said], [[{"dev": "vx0", "vni": vni, "remote": "10.9.9.8"} for vni in (10, 11, 12)]], done.stdout)
        done = ferry("trace", "--json", "--", "bridge", "vni", "show")
        said = [json.loads(line) for line in done.stdout.splitlines() if f'"{VNI}"' in line]
        self.assertEqual([(crossing["asked"], crossing["objects"]) for crossing in said], [({"family": 7, "dev": None}, 3)], done.stdout)


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def there_and_back(self, command, *told):
        before = theirs()
        position = self.recorder.settle()
        done = shell("exec " + command)
        self.assertEqual(done.status, 0, done)
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["address"].startswith(VNI)]
        self.assertEqual([(change["kind"], change["address"], change["actor"]["pid"]) for change in found], [(*each, done.pid) for each in told],
                         listing(self.recorder.since(position)))
        self.assertNotEqual(theirs(), before)
        for change in reversed(found):
            undone = ferry("undo", "--db", self.recorder.db, change["id"])
            self.assertEqual(undone.returncode, 0, f"{brief(change)}\n{undone.stdout}{undone.stderr}")
        self.assertEqual(theirs(), before, command)

    def test_there_and_back(self):
        check(["bridge", *"vni add vni 30 dev vx0 remote 10.0.0.1".split()])
        check(["bridge", *"vni add vni 40-41 dev vx0".split()])
        self.there_and_back("bridge vni add vni 10-12 dev vx0", *(("added", f"{VNI}/vx0/{vni}") for vni in (10, 11, 12)))
        self.there_and_back("bridge vni add vni 20 dev vx0 remote fd00::7", ("added", f"{VNI}/vx0/20"))
        self.there_and_back("bridge vni add vni 30 dev vx0 remote 10.0.0.2", ("changed", f"{VNI}/vx0/30"))
        self.there_and_back("bridge vni delete vni 30 dev vx0", ("removed", f"{VNI}/vx0/30"))
        self.there_and_back("bridge vni delete vni 40-41 dev vx0", *(("removed", f"{VNI}/vx0/{vni}") for vni in (40, 41)))

    def test_with_its_link(self):
        check(["bridge", *"vni add vni 50 dev vx1".split()])
        position = self.recorder.settle()
        done = shell("exec ip link del vx1")
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["address"] == f"{VNI}/vx1/50"]
        self.assertEqual([(change["kind"], change["actor"]["pid"]) for change in found], [("removed", done.pid)], listing(self.recorder.since(position)))


class Setting(Case):
    def set(self, *assignments, status=0):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, status, f"{assignments}\n{done.stdout}{done.stderr}")
        return done

    def test_set(self):
        self.set(f"{VNI}/vx0/7={{}}", f"{VNI}/vx0/8={{remote=10.0.0.8}}", f"{VNI}/vx1/8={{remote6=fd00::8}}")
        self.assertEqual(theirs(), {("vx0", 7): {}, ("vx0", 8): {"remote": "10.0.0.8"}, ("vx1", 8): {"remote": "fd00::8"}})
        self.set(f"{VNI}/vx0/8/remote=10.0.0.9")
        self.set("--", f"-{VNI}/vx0/7", f"-{VNI}/vx1/8")
        self.assertEqual(theirs(), {("vx0", 8): {"remote": "10.0.0.9"}})

    def test_refused(self):
        self.assertIn("LINK/NUMBER", self.set(f"{VNI}/vx0/16777216={{}}", status=2).stderr)
        self.assertIn("not a vxlan device", self.set(f"{VNI}/lo/5={{}}", status=1).stderr)
        self.assertIn("there is no", self.set("--", f"-{VNI}/vx0/9", status=3).stderr)
        self.assertEqual(theirs(), {})

    def test_document(self):
        check(["bridge", *"vni add vni 1-5 dev vx0".split()])
        check(["bridge", *"vni add vni 9 dev vx1 remote 10.0.0.1".split()])
        before = theirs()
        with tempfile.TemporaryDirectory() as folder:
            document = os.path.join(folder, "document")
            self.assertEqual(ferry("snapshot", VNI, "-o", document).returncode, 0)
            check(["bridge", *"vni delete vni 2-3 dev vx0".split()])
            check(["bridge", *"vni add vni 9 dev vx1 remote 10.0.0.2".split()])
            check(["bridge", *"vni add vni 77 dev vx1".split()])
            done = ferry("apply", "--state", os.path.join(folder, "state"), document)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(theirs(), {**before, ("vx1", 77): {}})


@unittest.skipIf(HAS, "the kernel has them")
class Lacking(unittest.TestCase):
    def test_refused(self):
        done = ferry("set", f"{VNI}/lo/5={{}}")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, r"RTM_NEWTUNNEL: .*\(E\w+\)")
        self.assertEqual(mine(), {})


if not HAS:
    print("the kernel has no VXLAN links that take certain networks alone: not to be judged here")
    del Reading, Recording, Setting
else:
    del Lacking
ferrytest.run_cases()
