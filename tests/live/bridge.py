#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forwarding entries, multicast groups and VLANs of bridges, judged by bridge(8): read, recorded with who did it, set, and taken back. Of VLANs, which the running kernel may
lack, bridge(8) has said beforehand what it makes of the recorded bytes."""
import json
import os
import re
import unittest

import bridge_state
import ferrytest
from ferrytest import Recorder, brief, check, ferry, listing, shell, until

FDB, MDB, VLAN = (f"netlink/route/{kind}" for kind in ("fdb", "mdb", "vlan"))
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden")
MANY = 20000


def objects(kind):
    done = ferry("get", "--json", kind)
    return json.loads(done.stdout or "{}")


def bridge(*words):
    return json.loads(check(["bridge", "-j", "-d", *words]) or "[]")


def learnt(entry):
    """What comes and goes with packets."""
    return not entry.get("state") and "extern_learn" not in entry.get("flags", [])


def fdb_theirs(entry):
    return (entry["mac"], entry["ifname"], entry.get("vlan"), entry.get("master"), entry.get("state", ""), entry.get("dst"), entry.get("port"), entry.get("vni"),
            entry.get("viaIf"), tuple(sorted(flag for flag in entry.get("flags", []) if flag in ("sticky", "extern_learn", "self"))))


def fdb_mine(record):
    state = next((word for word in ("permanent", "static", "stale") if word in record["state"]), "")
    return (record["lladdr"], record["dev"], record.get("vlan"), record.get("master"), state, record.get("dst"), record.get("port"), record.get("vni"), record.get("via"),
            tuple(sorted(flag for flag in record["flags"] if flag in ("sticky", "extern_learn", "self"))))


class Case(unittest.TestCase):
    def setUp(self):
        self.filtering = bridge_state.make()
        if not self.filtering:
            bridge_links = {link["ifname"] for link in ferrytest.ip("link")}
            self.assertIn("br0", bridge_links)
        self.addCleanup(self.clear)

    def clear(self):
        for name in "br0", "vx", "d0", "d2":
            ferrytest.run(["ip", "link", "del", name])


class Reading(Case):
    def test_fdb(self):
        """What is learnt meanwhile is left out on both sides."""
        def theirs():
            return sorted(map(str, (fdb_theirs(entry) for entry in bridge("fdb", "show") if not learnt(entry))))

        def read():
            """Links that have just come up hear more groups, one after the other."""
            before = theirs()
            mine = sorted(map(str, (fdb_mine(record) for record in objects(FDB).values() if set(record["state"]) & {"permanent", "static"} or "extern_learn" in record["flags"])))
            return (mine, before) if theirs() == before else None
        mine, judge = until("two readings of bridge(8) without a change between them", read)
        self.assertEqual(mine, judge)

    def test_mdb(self):
        theirs = sorted((entry["dev"], entry["port"], entry["grp"], entry.get("src", ""), entry.get("vid", 0), entry["state"]) for part in bridge("mdb", "show") for entry in part["mdb"]
                        if entry["state"] == "permanent")
        mine = sorted((record["dev"], record["port"], record["group"], record.get("src", ""), record["vid"], record["state"]) for record in objects(MDB).values() if record["state"] == "permanent")
        self.assertEqual(mine, theirs)
        self.assertGreaterEqual(len(mine), 3)

    def test_each_address_leads_to_its_object(self):
        for kind in FDB, MDB:
            for address, record in objects(kind).items():
                if "static" in record["state"] or "permanent" in record["state"]:
                    self.assertEqual(list(json.loads(ferry("get", "--json", address).stdout)), [address])

    def test_vlans(self):
        if not self.filtering:
            print("the kernel has no VLANs for bridges: not to be judged here but by recorded bytes")
            self.assertEqual(objects(VLAN), {})
            return
        self.assertEqual(vlans_mine(objects(VLAN).values()), vlans_theirs(bridge("vlan", "show")))

    def test_recorded_vlans(self):
        with open(os.path.join(GOLDEN, "route-vlan.judge"), encoding="ascii") as file:
            theirs = json.load(file)
        with open(os.path.join(GOLDEN, "route-vlan.json"), encoding="ascii") as file:
            mine = [json.loads(line.split(" ", 1)[1]) for line in file]
        # The links of the recording have other names among those of the test.
        self.assertEqual(sorted(entry[1:] for entry in vlans_mine(mine)), sorted(entry[1:] for entry in vlans_theirs(theirs)))

    def test_many(self):
        """Entries without end are read in one go, each once."""
        vlan = " vlan 1" if self.filtering else ""
        commands = "".join(f"fdb add 02:00:{n >> 24 & 255:02x}:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x} dev d2 master static{vlan}\n" for n in range(0x01000000, 0x01000000 + MANY))
        check(["bridge", "-batch", "-"], input=commands)
        listed = check([ferrytest.FERRY, "ls", f"{FDB}/br0"]).splitlines()
        self.assertEqual(len([line for line in listed if line.startswith(f"{FDB}/br0/02:00:01:")]), MANY)
        self.assertEqual(len(listed), len(set(listed)))


def vlans_theirs(told):
    found = []
    for link in told:
        for vlan in link["vlans"]:
            for vid in range(vlan["vlan"], vlan.get("vlanEnd", vlan["vlan"]) + 1):
                found.append((link["ifname"], vid, "PVID" in vlan.get("flags", []), "Egress Untagged" in vlan.get("flags", []), vlan.get("state")))
    return sorted(found)


def vlans_mine(records):
    return sorted((record["dev"], record["vid"], "pvid" in record["flags"], "untagged" in record["flags"], record.get("state")) for record in records)


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def everything(self):
        """What is asked for."""
        return sorted(map(str, [fdb_theirs(entry) for entry in bridge("fdb", "show") if not learnt(entry)] +
                          [entry for part in bridge("mdb", "show") for entry in part["mdb"] if entry["state"] == "permanent"] + (bridge("vlan", "show") if self.filtering else [])))

    def there_and_back(self, command, *told):
        before = self.everything()
        position = self.recorder.settle()
        done = shell("exec " + command)
        self.assertEqual(done.status, 0, done)
        self.recorder.settle()
        # A port has its own address in each of its VLANs.
        found = [change for change in self.recorder.since(position) if change["address"].startswith((FDB, MDB, VLAN)) and change["actor"]["pid"] == done.pid and
                 not (VLAN in told[0][1] and change["address"].startswith(FDB))]
        # With the last place to which a VXLAN sends some kernels tell its address once more, without a place.
        found = [change for change in found if not (change["address"].startswith(f"{FDB}/vx/") and "dst=" not in change["address"])]
        self.assertEqual([(change["kind"], change["address"]) for change in found], list(told), listing(self.recorder.since(position)))
        self.assertNotEqual(self.everything(), before)
        for change in reversed(found):
            undone = ferry("undo", "--db", self.recorder.db, change["id"])
            self.assertEqual(undone.returncode, 0, f"{brief(change)}\n{undone.stdout}{undone.stderr}")
        self.assertEqual(self.everything(), before, command)

    def test_fdb(self):
        words, option = (" vlan 1", ",vlan=1") if self.filtering else ("", "")
        self.there_and_back("bridge fdb add 02:00:00:00:00:77 dev d0 master static" + words, ("added", f"{FDB}/br0/02:00:00:00:00:77{option}"))
        self.there_and_back("bridge fdb del 02:00:00:00:00:03 dev d1 self", ("removed", f"{FDB}/d1/02:00:00:00:00:03,self"))
        self.there_and_back("bridge fdb del 02:00:00:00:00:0a dev vx dst 10.0.0.8", ("removed", f"{FDB}/vx/02:00:00:00:00:0a,self,dst=10.0.0.8"))
        self.there_and_back("bridge fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.7", ("added", f"{FDB}/vx/00:00:00:00:00:00,self,dst=10.0.0.7"))
        self.there_and_back("bridge fdb del 00:00:00:00:00:00 dev vx dst 10.0.0.2 port 99 vni 7 via d1",
                            ("removed", f"{FDB}/vx/00:00:00:00:00:00,self,dst=10.0.0.2,port=99,vni=7,via=d1"))

    def test_another_port(self):
        """An address that another port has from now on is the same entry."""
        if not self.filtering:
            self.there_and_back("bridge fdb replace 02:00:00:00:00:01 dev d2 master static", ("changed", f"{FDB}/br0/02:00:00:00:00:01"))

    def test_port_goes(self):
        """What is forwarded to a port goes with it, and follows from no address that goes as well."""
        shell("ip link add p0 type veth peer name p1; ip link set p0 master br0; ip addr add 10.3.0.1/24 dev p0; ip link set p0 up")
        shell("bridge fdb add 02:00:00:00:00:78 dev p0 master static" + (" vlan 1" if self.filtering else ""))
        position = self.recorder.settle()
        done = shell("exec ip link del p0")
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["address"].startswith(f"{FDB}/br0/02:00:00:00:00:78")]
        self.assertEqual([(change["kind"], change["actor"]["pid"], change.get("cause")) for change in found], [("removed", done.pid, None)], listing(self.recorder.since(position)))

    def test_mdb(self):
        suffix = ",vid=1" if self.filtering else ""
        vid = " vid 1" if self.filtering else ""
        self.there_and_back("bridge mdb add dev br0 port d0 grp 239.9.9.9 permanent" + vid, ("added", f"{MDB}/br0/d0/239.9.9.9{suffix}"))
        self.there_and_back("bridge mdb del dev br0 port d0 grp 239.1.1.1 permanent" + vid, ("removed", f"{MDB}/br0/d0/239.1.1.1{suffix}"))
        self.there_and_back("bridge mdb del dev br0 port d2 grp 239.1.1.2 src 10.0.0.9 permanent" + vid, ("removed", f"{MDB}/br0/d2/239.1.1.2{suffix},src=10.0.0.9"))

    def test_vlans(self):
        if not self.filtering:
            print("the kernel has no VLANs for bridges: not to be judged here")
            done = ferry("set", f"{VLAN}/d0/30={{}}")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertRegex(done.stderr, r"RTM_\w+VLAN: .*\(E\w+\)")
            return
        self.there_and_back("bridge vlan add dev d0 vid 20-22", *(("added", f"{VLAN}/d0/{vid}") for vid in range(20, 23)))
        self.there_and_back("bridge vlan del dev d0 vid 12", ("removed", f"{VLAN}/d0/12"))
        self.there_and_back("bridge vlan set dev d0 vid 11 state blocking", ("changed", f"{VLAN}/d0/11"))

    def test_with_its_link(self):
        check(["ip", "link", "set", "vx", "down"])
        position = self.recorder.settle()
        check(["ip", "link", "del", "d0"])
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["kind"] == "removed" and change["address"] == f"{FDB}/d1/02:00:00:00:00:03,self"]
        self.assertEqual(len(found), 1, listing(self.recorder.since(position)))


class Setting(Case):
    def set(self, *assignments, status=0):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, status, f"{assignments}\n{done.stdout}{done.stderr}")
        return done

    def fdb(self, address):
        return [entry for entry in bridge("fdb", "show") if entry["mac"] == address]

    def test_fdb(self):
        vlan = ",vlan=1" if self.filtering else ""
        self.set(f"{FDB}/br0/02:00:00:00:00:55{vlan}={{dev=d0}}")
        self.assertEqual([(entry["ifname"], entry["state"]) for entry in self.fdb("02:00:00:00:00:55")], [("d0", "static")])
        self.set(f"{FDB}/br0/02:00:00:00:00:55{vlan}/dev=d2")
        self.assertEqual([entry["ifname"] for entry in self.fdb("02:00:00:00:00:55")], ["d2"])
        self.set(f"{FDB}/d1/02:00:00:00:00:66,self={{}}", f"{FDB}/vx/00:00:00:00:00:00,self,dst=10.0.0.3={{}}")
        self.assertEqual([entry["flags"] for entry in self.fdb("02:00:00:00:00:66")], [["self"]])
        self.assertIn("10.0.0.3", [entry.get("dst") for entry in self.fdb("00:00:00:00:00:00")])
        self.set("--", f"-{FDB}/br0/02:00:00:00:00:55{vlan}", f"-{FDB}/d1/02:00:00:00:00:66,self", f"-{FDB}/vx/00:00:00:00:00:00,self,dst=10.0.0.3")
        self.assertFalse(self.fdb("02:00:00:00:00:55") + self.fdb("02:00:00:00:00:66"))

    def test_mdb(self):
        vid = ",vid=1" if self.filtering else ""
        self.set(f"{MDB}/br0/d0/239.5.5.5{vid}={{}}")
        self.assertRegex(check(["bridge", "mdb", "show"]), r"port d0 grp 239\.5\.5\.5 permanent")
        self.set("--", f"-{MDB}/br0/d0/239.5.5.5{vid}")
        self.assertNotIn("239.5.5.5", check(["bridge", "mdb", "show"]))

    @staticmethod
    def groups():
        return [entry for part in bridge("mdb", "show") for entry in part["mdb"]]

    def test_told_by_trace(self):
        """A request has another layout than what is told, which tells many in a message."""
        if not ferrytest.can_trace():
            return
        def said(*words):
            done = ferry("trace", "--json", "--", "bridge", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
            return [json.loads(line) for line in done.stdout.splitlines() if f'"{MDB}"' in line or f'"{VLAN}"' in line]
        words, vid = (("vid", "1"), 1) if self.filtering else ((), 0)
        asked = {"dev": "br0", "port": "d2", "state": "permanent", "flags": [], "vid": vid, "group": "239.4.4.4", "src": "10.0.0.7"}
        self.assertEqual([crossing["asked"] for crossing in said(*"mdb add dev br0 port d2 grp 239.4.4.4 src 10.0.0.7 permanent".split(), *words)], [asked])
        # The kernel joins groups of its own meanwhile.
        before, entries = None, self.groups()
        while before != entries:
            shown = said("mdb", "show")
            before, entries = entries, self.groups()
        self.assertEqual([crossing["asked"] for crossing in shown], [{"family": 7, "dev": None}] * len(shown))
        self.assertEqual({crossing["objects"] for crossing in shown}, {len(entries)})
        if self.filtering:
            self.assertEqual([[vlan["vid"] for vlan in crossing["asked"]] for crossing in said(*"vlan set dev d0 vid 11-13 state blocking".split())], [[11, 12, 13]])

    def test_refused(self):
        done = self.set(f"{FDB}/br0/02:00:00:00:00={{dev=d0}}", status=2)
        self.assertIn("BRIDGE/ADDRESS", done.stderr)
        done = self.set(f"{MDB}/br0/d1/239.5.5.5={{}}", status=1)
        self.assertTrue(re.search(r"RTM_NEWMDB: .*\(E\w+\)", done.stderr), done.stderr)
        done = self.set("--", f"-{FDB}/br0/02:00:00:00:00:99", status=3)
        self.assertIn("there is no", done.stderr)


ferrytest.run_cases()
