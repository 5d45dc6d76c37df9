#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Netlink protocols beside the large ones: the audit as a socket of Python's own is told it, the kernel's crypto as /proc/crypto has it, and what is said of what this kernel has not."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import unittest

import audit_state
import ferrytest
from ferrytest import ferry, ferry_lines, run_cases

AUDIT, CRYPTO = 9, 21
AUDIT_GET, AUDIT_LIST_RULES, AUDIT_GET_FEATURE = 1000, 1013, 1019
STATUS = ("mask", "enabled", "failure", "pid", "rate_limit", "backlog_limit", "lost", "backlog", "features", "backlog_wait_time", "backlog_wait_time_actual")


def ask_audit(kind, count):
    """The numbers of an answer."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, AUDIT) as asking:
        asking.settimeout(ferrytest.HANG)
        asking.send(struct.pack("=IHHII", 16, kind, 1, 7, 0))
        answer = asking.recv(8192)
    if struct.unpack_from("H", answer, 4)[0] == 2:
        raise OSError(-struct.unpack_from("i", answer, 16)[0], "refused")
    return struct.unpack_from(f"={count}I", answer, 16)


def has_protocol(number):
    with open("/proc/net/netlink") as file:
        return any(words[1] == str(number) and words[2] == "0" for words in map(str.split, file.read().splitlines()[1:]))


def read(address):
    done = ferry("--json", "get", address)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


class Audit(unittest.TestCase):
    def test_status(self):
        if not has_protocol(AUDIT):
            self.refused("netlink/audit", AUDIT)
            return
        theirs = dict(zip(STATUS, ask_audit(AUDIT_GET, len(STATUS))))
        mine = read("netlink/audit/status/kernel")["netlink/audit/status/kernel"]
        self.assertEqual(mine["enabled"], ("off", "on", "locked")[theirs["enabled"]])
        self.assertEqual(mine["failure"], ("silent", "printk", "panic")[theirs["failure"]])
        self.assertEqual(len(mine["features"]), theirs["features"].bit_count())
        for name in "pid", "rate_limit", "backlog_limit", "backlog_wait_time":
            self.assertEqual(mine[name], theirs[name], name)
        self.assertEqual(set(mine), set(STATUS) - {"mask"})
        self.assertEqual(ferry("get", "-n", "netlink/audit/status/kernel/backlog_limit").stdout, f"{theirs['backlog_limit']}\n")

    def test_features(self):
        if not has_protocol(AUDIT):
            print("# this kernel has no audit: not to be judged here")
            return
        version, mask, features, lock = ask_audit(AUDIT_GET_FEATURE, 4)
        mine = read("netlink/audit/features/kernel")["netlink/audit/features/kernel"]
        names = lambda bits: {name for bit, name in enumerate(("only_unset_loginuid", "loginuid_immutable")) if bits & 1 << bit}
        known = names(3)
        self.assertEqual((mine["version"], set(mine["mask"]) & known, set(mine["features"]), set(mine["lock"])), (version, names(mask), names(features), names(lock)))

    def rules(self):
        """How many a socket of Python's own is told of, whatever this machine has."""
        count = 0
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, AUDIT) as asking:
            asking.settimeout(ferrytest.HANG)
            asking.send(struct.pack("=IHHII", 16, AUDIT_LIST_RULES, 1, 7, 0))
            while True:
                answer = asking.recv(65536)
                kind, = struct.unpack_from("H", answer, 4)
                if kind != AUDIT_LIST_RULES:
                    self.assertEqual(kind, 3)  # NLMSG_DONE
                    return count
                count += 1

    def test_rules(self):
        """As auditctl(8) lists them, in a guest: it could only be asked to add some where the audit is nobody's."""
        if not has_protocol(AUDIT):
            print("# this kernel has no audit: not to be judged here")
            return
        made = audit_state.make_rules() if os.environ.get("FERRY_GUEST") == "1" and shutil.which("auditctl") else None
        mine = read("netlink/audit/rule")
        self.assertEqual(len(mine), self.rules())
        if made is None:
            print("# no guest with auditctl(8): that as many are told as there are is judged here")
            return
        self.addCleanup(subprocess.run, ["auditctl", "-D"], capture_output=True)
        self.assertGreater(made, 15)
        theirs = ferrytest.check(["auditctl", "-l"]).replace("filetype=32768", "filetype=file").splitlines()
        self.assertEqual(sorted(told["rule"] for told in mine.values()), sorted(theirs))
        self.assertEqual([told["conditions"] for told in mine.values() if told["list"] == "filesystem"], [[{"field": "fstype", "operator": "=", "value": "tracefs"}]])
        address = next(iter(mine))
        self.assertEqual(read(address), {address: mine[address]})
        self.assertEqual([ferry("set", "--", value).returncode for value in (f"-{address}", f"{address}/action=never")], [1, 1])
        self.assertEqual(len(read("netlink/audit/rule")), len(theirs))

    def test_never_set(self):
        """Whoever sets it may become its daemon, to which the log then goes."""
        before = ask_audit(AUDIT_GET, len(STATUS)) if has_protocol(AUDIT) else None
        for value in "netlink/audit/status/kernel/enabled=off", "netlink/audit/status/kernel={pid=1}", "netlink/audit/features/kernel/lock=[]":
            self.assertEqual(ferry("set", value).returncode, 1, value)
        self.assertEqual(ferry("set", "--", "-netlink/audit/status/kernel").returncode, 1)
        if before:
            self.assertEqual(ask_audit(AUDIT_GET, len(STATUS))[3], before[3])

    def test_rights(self):
        done = subprocess.run(["setpriv", "--bounding-set", "-audit_control", "--inh-caps", "-all", ferrytest.FERRY, "get", "netlink/audit/status"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        if has_protocol(AUDIT):
            self.assertIn("EPERM", done.stderr)
            for kind in "status", "rule":
                done = ferrytest.run(["unshare", "-Ur", ferrytest.FERRY, "get", f"netlink/audit/{kind}"])
                self.assertEqual((done.status, "user namespace" in done.err), (4, True), done)

    def refused(self, address, number):
        done = ferry("get", address)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn(f"no netlink protocol {number}", done.stderr)


class Crypto(unittest.TestCase):
    def test_algorithms(self):
        if os.environ.get("FERRY_GUEST") == "1":
            subprocess.run(["modprobe", "-q", "crypto_user"])
        if not has_protocol(CRYPTO):
            Audit.refused(self, "netlink/crypto", CRYPTO)
            self.assertEqual(ferry("get", "netlink/crypto/algorithm/sha256-generic").returncode, 1)
            print("# this kernel does not tell of its crypto: what is said then is judged here")
            return
        with open("/proc/crypto") as file:
            theirs = [dict(re.findall(r"^(\w+)\s*: (.*)$", part, re.M)) for part in file.read().strip().split("\n\n")]
        mine = list(read("netlink/crypto/algorithm").values())
        self.assertEqual(sorted((told["name"], told["driver"]) for told in mine), sorted((told["name"], told["driver"]) for told in theirs))
        compared = 0
        for told in mine:
            judged = next(other for other in theirs if (other["name"], other["driver"]) == (told["name"], told["driver"]))
            kind = next((value for value in told.values() if isinstance(value, dict)), {})
            self.assertEqual((told["module"], str(told.get("priority")), "tested" in told["flags"], "internal" in told["flags"]),
                             (judged["module"], judged["priority"], judged["selftest"] == "passed", judged["internal"] == "yes"), judged)
            for word, name in ("blocksize", "blocksize"), ("digestsize", "digestsize"), ("min keysize", "min_keysize"), ("ivsize", "ivsize"):
                if name in kind and judged.get(word):
                    self.assertEqual(str(kind[name]), judged[word], judged)
                    compared += 1
        self.assertGreater(compared, 10)


class Families(unittest.TestCase):
    def test_each_can_be_asked(self):
        """Whatever this kernel has: a list, a value, or words; a dump that the kernel refuses is told with its reason."""
        asked = 0
        for family in ferry_lines("--json", "ls", "netlink"):
            for place in ferry_lines("--json", "ls", family["address"].rstrip("/")):
                done = ferry("--json", "get", place["address"].rstrip("/"))
                asked += 1
                self.assertIn(done.returncode, (0, 1, 3), done)
                self.assertTrue(done.stdout or done.returncode, done)
                self.assertTrue(done.returncode == 0 or "ferry" in done.stderr or "error" in done.stderr, done)
        self.assertGreater(asked, 30)


class Learned(unittest.TestCase):
    """Families of modules that have no table: what learning makes of them."""

    def test_tipc(self):
        if os.environ.get("FERRY_GUEST") == "1":
            subprocess.run(["modprobe", "-q", "tipc"])
        if ferry("ls", "netlink/TIPCv2").returncode != 0:
            print("# this kernel has no TIPC: not to be judged here")
            return
        # With a number of its own it publishes nothing more a second later.
        for command in "tipc node set address 1.1.1", "ip link add t0 type veth peer name t1", "ip link set t0 up", "ip link set t1 up", "tipc bearer enable media eth dev t0":
            ferrytest.check(command.split())
        self.addCleanup(ferrytest.run, ["ip", "link", "del", "t0"])
        told, = ferry_lines("--json", "learn", "TIPCv2")
        if not ferrytest.tells_types("tipc"):
            print("# this kernel tells no types of its modules: that it is said is judged here")
            self.assertEqual((told["attributes"], "of modules it tells none" in told["why"], ferry("get", "netlink/TIPCv2/bearer_get").returncode), (0, True, 3))
            return
        bearers = [row["bearer"]["name"] for row in read("netlink/TIPCv2/bearer_get").values()]
        self.assertEqual(bearers, ferrytest.check(["tipc", "bearer", "list"]).split())
        self.assertEqual(str(read("netlink/TIPCv2/net_get")["netlink/TIPCv2/net_get/0"]["net"]["id"]), ferrytest.check(["tipc", "node", "get", "netid"]).strip())
        names = [row["name_table"]["publ"] for row in read("netlink/TIPCv2/name_table_get").values()]
        theirs = json.loads(ferrytest.check(["tipc", "-j", "nametable", "show"]))
        self.assertEqual([[name[part] for part in ("type", "lower", "upper", "ref")] for name in names], [[name[part] for part in ("type", "lower", "upper", "port")] for name in theirs])
        if not ferrytest.can_trace():
            return
        # Whether the kernel takes the key or not.
        done = ferry("trace", "--", "tipc", "node", "set", "key", "0x" + b"top secret".hex())
        self.assertIn("key (secret)", done.stdout + done.stderr)
        self.assertNotIn(b"top secret".hex(), done.stdout + done.stderr)


if __name__ == "__main__":
    run_cases()
