#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What takes a device with queues or clocks: which queue takes what is received, and time stamps. Judged by ethtool(8) and by ioctl, with a device of a guest (FERRY_GUEST=1), which is
nobody's: that of the emulator, or whichever there is."""
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
from ethtool_judge import ETHTOOL, record, told
from ferrytest import check, ferry, run

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


def takes(command):
    """Whether the kernel's ethtool has a request of this number."""
    family = json.loads(ferry("--json", "get", "netlink/nlctrl/family/ethtool").stdout)["netlink/nlctrl/family/ethtool"]
    return any(operation["command"] == command for operation in family["operations"])


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
