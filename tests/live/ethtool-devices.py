#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What takes a device with queues or clocks: which queue takes what is received, and time stamps. Judged by ethtool(8) and by ioctl, with a device of a guest (FERRY_GUEST=1), which is
nobody's: that of the emulator, or whichever there is. What no such device has (further contexts, statistics of the standards, a module, tests of the cable) with that of
tests/golden/device, whose module FERRY_DEVICES names."""
import array
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import tempfile

import ethtool_judge
import ferrytest
from ethtool_judge import ETHTOOL, record, takes, told
from ferrytest import check, ferry, listing, run

SIOCGHWTSTAMP = 0x89b1
RSS_SET = 48  # ETHTOOL_MSG_RSS_SET


def borrow(kind):
    """Moves here a device of the guest that has KIND, until the test program ends; None where there is none."""
    if os.environ.get("FERRY_GUEST") != "1":
        return None
    for module in "virtio_net", "igb", "e1000e":
        subprocess.run(["modprobe", "-q", module])
    listed = [line.split("/")[3] for place in ([], ["--netns", "1"]) for line in ferry(*place, "ls", f"{ETHTOOL}/{kind}").stdout.splitlines() if line.split("/")[3].startswith("eth")]
    for name in listed[:1]:
        subprocess.run(["nsenter", "--net=/proc/1/ns/net", "ip", "link", "set", name, "netns", str(os.getpid())], capture_output=True)
        check(["ip", "link", "set", name, "up"])
        return name
    return None


def stamping(name):
    """(type for sending, filter for receiving), by number, as drivers tell them by ioctl."""
    argument = array.array("B", bytes(12))
    with socket.socket() as asking:
        fcntl.ioctl(asking, SIOCGHWTSTAMP, struct.pack("16sP8x", name.encode(), argument.buffer_info()[0]))
    return struct.unpack("III", argument)[1:]


class Hashing(ethtool_judge.Recorded, ethtool_judge.Case):
    """Which queue takes what is received."""

    def setUp(self):
        super().setUp()
        self.name = borrow("rss")
        if not self.name:
            print("# not to be judged here: no device spreads what it receives")

    def judge(self):
        return [told("-x", self.name), *(told("-n", self.name, "rx-flow-hash", kind) for kind in ("tcp4", "tcp6", "udp4", "udp6"))]

    def flow(self, kind):
        """The parts of a packet of KIND that are hashed, as ethtool(8) tells them."""
        words = {"IP SA": "ip-src", "IP DA": "ip-dst", "L4 bytes 0 & 1": "l4-b-0-1", "L4 bytes 2 & 3": "l4-b-2-3"}
        text = told("-n", self.name, "rx-flow-hash", kind)
        return [ours for theirs, ours in words.items() if theirs in text]

    def document(self, address, key, other):
        """One may name the key; a snapshot does not, as it is another one after each start."""
        path = os.path.join(tempfile.gettempdir(), "hashing.conf")
        check([ferrytest.FERRY, "snapshot", f"{ETHTOOL}/{address}", "-o", path])
        snapshot = ferrytest.contents(path)
        self.assertEqual(("/hfunc = " in snapshot, "/hkey = " in snapshot), (True, False))
        with open(path, "w") as file:
            file.write(f"{ETHTOOL}/{address}/hkey = {other}\n")
        for command, expected in (["apply", path], other), (["rollback"], key):
            check([ferrytest.FERRY, *command])
            self.assertEqual(record("rss", self.name)["hkey"], expected)

    def test_read(self):
        if not self.name:
            return
        mine, judged = record("rss", self.name), told("-x", self.name)
        self.assertEqual(mine["indir"], [int(queue) for line in re.findall(r"^ +\d+:(.*)$", judged, re.M) for queue in line.split()])
        self.assertEqual(mine["hkey"], re.search(r"RSS hash key:\n(\S+)", judged).group(1).replace(":", ""))
        self.assertIn(f"    {mine['hfunc']}: on\n", judged)
        for kind in ("tcp4", "tcp6", "udp4", "udp6") if "flow_hash" in mine else ():
            self.assertEqual(mine["flow_hash"][kind], self.flow(kind), kind)

    def test_there_and_back(self):
        """By ioctl, which is what ethtool(8) knows, and by ferry."""
        if not self.name:
            return
        key = record("rss", self.name)["hkey"]
        other = "".join(f"{byte:02x}" for byte in range(len(key) // 2))
        if not takes(RSS_SET):
            print("# not to be judged here: this kernel has no request to set it")
            self.refused(1, "ETHTOOL_MSG_RSS_SET", "set", f"{ETHTOOL}/rss/{self.name}/hkey={other}")
            return
        address = f"rss/{self.name}"
        self.there_and_back(lambda: run(["ethtool", "-X", self.name, "hkey", ":".join(re.findall("..", other))]), None, "ioctl", address, {"hkey": key}, {"hkey": other}, self.judge)
        self.there_and_back(lambda: run([ferrytest.FERRY, "set", f"{ETHTOOL}/{address}/hkey={other}"]), None, "netlink", address, {"hkey": key}, {"hkey": other}, self.judge)
        both, ends = ["ip-src", "ip-dst", "l4-b-0-1", "l4-b-2-3"], ["ip-src", "ip-dst"]
        before, after = (ends, both) if self.flow("udp4") == ends else (both, ends)
        self.there_and_back(lambda: run(["ethtool", "-N", self.name, "rx-flow-hash", "udp4", "sdfn" if after == both else "sd"]), None, "ioctl", address,
                            {"flow_hash": {"udp4": before}}, {"flow_hash": {"udp4": after}}, self.judge)
        self.there_and_back(lambda: run([ferrytest.FERRY, "set", f"{ETHTOOL}/{address}/flow_hash/udp4=[{', '.join(after)}]"]), None, "netlink", address,
                            {"flow_hash": {"udp4": before}}, {"flow_hash": {"udp4": after}}, self.judge)
        self.document(address, key, other)
        self.refused(1, "queue out of range (999) (attribute indir)", "set", f"{ETHTOOL}/{address}/indir=[999]")


class Made(ethtool_judge.Recorded, ethtool_judge.Case):
    """With a device that has everything."""

    def setUp(self):
        super().setUp()
        self.made = os.environ.get("FERRY_GUEST") == "1" and "FERRY_DEVICES" in os.environ
        if not self.made:
            print("# not to be judged here: no device has it")
            return
        if not os.path.exists("/sys/module/device"):
            check(["insmod", os.environ["FERRY_DEVICES"].split(":")[0]])
        if run(["ip", "link", "show", "sim0"]).status:
            check(["nsenter", "--net=/proc/1/ns/net", "ip", "link", "set", "sim0", "netns", str(os.getpid())])
        check(["ip", "link", "set", "sim0", "up"])
        self.settle()

    def judge(self):
        return [told("-x", "sim0"), *(told("-x", "sim0", "context", str(number)) for number in (1, 2, 3))]

    def change_of(self, doing, kind, door, address):
        """The change that DOING makes, by whom it should be."""
        position = self.settle()
        done = doing()
        self.assertEqual(done.status, 0, done)
        self.settle()
        found = self.told(position)
        self.assertEqual([(change["kind"], change["address"], change["door"], change["actor"]["pid"], change["consistency"]) for change in found],
                         [(kind, f"{ETHTOOL}/{address}", door, done.pid, "whole")], listing(found))
        return found[0]

    def undone(self, change, before):
        done = ferry("undo", "--db", self.recorder.db, change["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.judge(), before)

    def test_contexts(self):
        """Made and removed by ioctl and by ferry, told, and taken back."""
        if not self.made:
            return
        address, key = f"{ETHTOOL}/rss_context/sim0/1", "0f0e0d0c0b0a09080706050403020100"
        none = self.judge()
        for doing, undoing, door in (
                (["ethtool", "-X", "sim0", "context", "new", "equal", "2", "hkey", ":".join(re.findall("..", key))], ["ethtool", "-X", "sim0", "context", "1", "delete"], "ioctl"),
                ([ferrytest.FERRY, "set", f"{address}={{indir=[0,1,0,1,0,1,0,1],hkey={key}}}"], [ferrytest.FERRY, "set", "--", f"-{address}"], "netlink")):
            added = self.change_of(lambda doing=doing: run(doing), "added", door, "rss_context/sim0/1")
            self.assertEqual((added["after"]["indir"], added["after"]["hkey"]), ([0, 1] * 4, key))
            standing = self.judge()
            self.assertIn(":".join(re.findall("..", key)), standing[1])
            self.undone(added, none)
            self.assertEqual(run(doing).status, 0)
            removed = self.change_of(lambda undoing=undoing: run(undoing), "removed", door, "rss_context/sim0/1")
            self.assertEqual(self.judge(), none)
            self.undone(removed, standing)
            check([ferrytest.FERRY, "set", f"{address}/flow_hash/udp4=[ip-src]"])
            check(undoing)
        self.refused(1, "ETHTOOL_MSG_RSS_CREATE_ACT: Numerical result out of range (ERANGE) (attribute context)", "set", f"{ETHTOOL}/rss_context/sim0/9={{}}")
        self.refused(1, "entry 0: queue out of range (9) (attribute indir)", "set", f"{address}={{indir=[9]}}")
        self.assertEqual(self.judge(), none)

    def test_contexts_in_a_document(self):
        if not self.made:
            return
        path, none = os.path.join(tempfile.gettempdir(), "contexts.conf"), self.judge()
        with open(path, "w") as file:
            file.write(f"{ETHTOOL}/rss_context/sim0/2 = {{indir=[3,3,3,3,2,2,2,2],flow_hash={{udp4=[ip-dst]}}}}\n")
        check([ferrytest.FERRY, "apply", path])
        self.assertRegex(self.judge()[2], r" 0: +3 +3 +3 +3 +2 +2 +2 +2\n")
        self.assertEqual(ferry("diff", path).stdout, "")
        check([ferrytest.FERRY, "rollback"])
        self.assertEqual(self.judge(), none)

    def test_statistics(self):
        if not self.made:
            return
        judged = {name: {key: value for key, value in group.items()} for name, group in json.loads(told("--json", "-S", "sim0", "--all-groups"))[0].items() if isinstance(group, dict) and group}
        mine = record("stats", "sim0")
        for name, group in judged.items():
            theirs = {{"rx-pktsNtoM": "hist_rx", "tx-pktsNtoM": "hist_tx"}.get(key, key): value for key, value in group.items()}
            self.assertEqual(mine[name], theirs, name)
        # ethtool(8) of Debian 12 does not know this group.
        self.assertEqual(mine["phydev"], {"RxFrames": 51, "RxOctets": 52, "RxErrors": 53, "TxFrames": 54, "TxOctets": 55, "TxErrors": 56})
        self.assertEqual(set(mine), {"src", "dev", "phydev", *judged})
        for half in "emac", "pmac":
            self.assertEqual(record("stats_src", f"sim0/{half}")["src"], half)

    def test_module(self):
        if not self.made:
            return
        for page, bank, address in (0, 0, 0x50), (1, 0, 0x50), (1, 1, 0x51):
            judged = subprocess.run(["ethtool", "-m", "sim0", "raw", "on", "page", str(page), "bank", str(bank), "i2c", str(address), "offset", "128", "length", "128"], capture_output=True).stdout
            mine = record("module_eeprom", f"sim0,page={page},bank={bank},offset=128,length=128,i2c_address={address}")
            self.assertEqual((mine["data"], len(judged)), (judged.hex(), 128))
        self.refused(1, "module_eeprom/sim0,page=3: Invalid argument: no such page", "get", f"{ETHTOOL}/module_eeprom/sim0,page=3")
        self.there_and_back(lambda: run([ferrytest.FERRY, "set", f"{ETHTOOL}/module/sim0/power_mode_policy=high"]), None, "netlink", "module/sim0",
                            {"power_mode_policy": "auto"}, {"power_mode_policy": "high"}, lambda: [told("--show-module", "sim0")])

    def test_cable(self):
        """What comes of a test is told to whoever watches."""
        if not self.made:
            return
        watch = subprocess.Popen([ferrytest.FERRY, "watch", "--json", f"{ETHTOOL}/monitor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertTrue(json.loads(watch.stderr.readline())["watching"][0]["watched"])
        for address, results in (("cable_test", {"result": [{"pair": "A", "code": "ok", "src": "tdr"}, {"pair": "B", "code": "open", "src": "tdr"}], "fault_length": {"pair": "B", "cm": 250, "src": "tdr"}}),
                                 ("cable_test_tdr", {"pulse": {"mV": 1000}, "step": {"first": 100, "last": 300, "step": 100}, "amplitude": [{"pair": "A", "mV": -5}, {"pair": "A", "mV": 5}, {"pair": "A", "mV": 15}]})):
            asked = "{cfg={first=100,last=300,step=100,pair=A}}" if address == "cable_test_tdr" else "{}"
            check([ferrytest.FERRY, "set", "--yes", f"{ETHTOOL}/{address}/sim0={asked}"])
            said = [json.loads(watch.stdout.readline()) for _ in range(2)]
            # The kernel's own state machine may be done before the request that began it is.
            self.assertEqual(sorted(((line["address"], line["provenance"], line["message"]["status"], line["message"].get("nest")) for line in said), key=lambda told: told[2]),
                             [(f"{ETHTOOL}/monitor", "table", "completed", results), (f"{ETHTOOL}/monitor", "table", "started", None)])
        watch.terminate()
        watch.communicate()


class Stamping(ethtool_judge.Case):
    def ferry(self, *arguments):
        done = ferry(*arguments)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_time_stamps(self):
        """Of these the kernel tells nobody: set and declared, and not recorded."""
        name = borrow("tsconfig")
        if not name:
            print("# not to be judged here: no device puts time stamps on frames")
            return
        self.assertEqual(stamping(name), (0, 0))
        self.ferry("set", f"{ETHTOOL}/tsconfig/{name}={{tx_types=[on],rx_filters=[ptpv2-event]}}")
        self.assertEqual(stamping(name), (1, 12))
        self.refused(1, "bit name not found (attribute rx_filters)", "set", f"{ETHTOOL}/tsconfig/{name}/rx_filters=[nonsense]")
        document = os.path.join(tempfile.gettempdir(), "stamping.conf")
        with open(document, "w") as file:
            file.write(f"{ETHTOOL}/tsconfig/{name} = {{tx_types=[off],rx_filters=[none]}}\n")
        self.assertEqual(self.ferry("plan", document).split(":")[0], f"{ETHTOOL}/tsconfig/{name}")
        self.ferry("apply", document)
        self.assertEqual(stamping(name), (0, 0))
        self.ferry("rollback")
        self.assertEqual(stamping(name), (1, 12))
        self.ferry("apply", document)


ferrytest.run_cases()
