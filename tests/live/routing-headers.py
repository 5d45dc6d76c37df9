#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Segment routing (keys, the source of tunnels) and in-situ OAM (namespaces, schemas): read, set, recorded, taken back and declared, judged by `ip sr` and `ip ioam`; the keys themselves,
which must stand nowhere."""
import json
import os
import re
import tempfile
import unittest

import ferrytest
from ferrytest import Recorder, brief, check, ferry, listing, run

IOAM, SEG6 = "netlink/IOAM6", "netlink/SEG6"
SECRET = b"topsecret"


def ip(*arguments, **more):
    return check(["ip", *arguments], **more)


def has(family):
    """Whether ferry's judge reaches it: an older kernel may have none."""
    return ip_can(*{IOAM: ("ioam", "namespace", "show"), SEG6: ("sr", "tunsrc", "show")}[family])


def ip_can(*arguments):
    return run(["ip", *arguments]).status == 0


def told(family):
    """All that ip(8) prints of it."""
    commands = (("sr", "tunsrc"), ("sr", "hmac")) if family == SEG6 else (("ioam", "namespace"), ("ioam", "schema"))
    return [sorted(ip(*command, "show").splitlines()) for command in commands]


def make_key(number="18", algorithm="sha1"):
    ip("sr", "hmac", "set", number, algorithm, input=SECRET.decode() + "\n")


class Case(unittest.TestCase):
    FAMILY = None

    def setUp(self):
        if not has(self.FAMILY):
            print(f"# not to be judged here: this kernel has no {self.FAMILY}")
            done = ferry("get", self.FAMILY)
            self.assertEqual(done.returncode, 3 if "there is no" in done.stderr else 1, done.stderr)
            self.skip = True
            return
        self.skip = False
        self.addCleanup(self.clean)

    def clean(self):
        for address in json.loads(ferry("get", "--json", self.FAMILY).stdout or "{}"):
            if not address.endswith("/tunsrc/default"):
                check([ferrytest.FERRY, "set", "--yes", "--", f"-{address}"])
        if self.FAMILY == SEG6:
            ip("sr", "tunsrc", "set", "::")

    def read(self, address):
        done = ferry("get", "--json", address)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def set(self, *assignments):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(SECRET.hex(), done.stdout + done.stderr)

    def refused(self, status, words, *arguments):
        done = ferry("set", *arguments)
        self.assertEqual((done.returncode, words in done.stderr), (status, True), f"{arguments}: {done.returncode} {done.stderr}")

    def recording(self):
        """A recorder, and what makes a change, judges how it is told, and takes it back."""
        recorder = self.enterContext(Recorder())

        def there_and_back(command, kind, address, before, after, comes_back=True, text=""):
            state, position = told(self.FAMILY), recorder.settle()
            with tempfile.TemporaryFile("w+") as said:
                said.write(text)
                said.seek(0)
                done = run(command, stdin=said)
            self.assertEqual(done.status, 0, done)
            recorder.settle()
            found = [change for change in recorder.since(position) if change["address"].startswith(self.FAMILY)]
            self.assertEqual({(change["address"], change["actor"]["pid"], change["consistency"]) for change in found}, {(f"{self.FAMILY}/{address}", done.pid, "inferred")}, listing(found))
            # What is made anew may be seen in between.
            if kind is not None:
                self.assertEqual([(change["kind"], change["before"], change["after"]) for change in found], [(kind, before, after)])
            for change in reversed(found):
                undone = ferry("undo", "--db", recorder.db, change["id"])
                self.assertEqual(undone.returncode == 0, comes_back, f"{brief(change)}\n{undone.stderr}")
            recorder.settle()
            if comes_back:
                self.assertEqual(told(self.FAMILY), state)
            return undone

        return recorder, there_and_back


class Oam(Case):
    FAMILY = IOAM

    def make(self):
        ip("ioam", "schema", "add", "5", "hello")
        for command in "namespace add 9 data 0x77 wide 0x1234567890abcdef", "namespace add 10", "namespace set 9 schema 5":
            ip("ioam", *command.split())

    def test_read(self):
        if self.skip:
            return
        self.make()
        mine, numbers = self.read(IOAM), ("data", "wide")
        for entry in json.loads(ip("-j", "ioam", "namespace", "show")):
            row = mine[f"{IOAM}/namespace/{entry['namespace']}"]
            self.assertEqual({**row, **{name: int(row[name], 16) for name in numbers if name in row}}, {**entry, **{name: int(entry[name], 16) for name in numbers if name in entry}})
        # As text, since ip's JSON of schemas cannot be read.
        schema, namespace, data = re.match(r"schema (\d+) \[namespace (\d+)\], data: (.*)", ip("ioam", "schema", "show")).groups()
        self.assertEqual(mine[f"{IOAM}/schema/5"], {"schema": int(schema), "namespace": int(namespace), "data": data.replace(" ", "")})
        self.assertEqual(set(mine), {f"{IOAM}/{name}" for name in ("namespace/9", "namespace/10", "schema/5")})

    def test_set(self):
        if self.skip:
            return
        self.set(f"{IOAM}/schema/5={{data=68656c6c}}", f"{IOAM}/namespace/9={{data=0x77,schema=5}}", f"{IOAM}/namespace/12={{wide=7}}")
        self.assertEqual(sorted(ip("ioam", "namespace", "show").splitlines()), ["namespace 12, wide 0x0000000000000007", "namespace 9 [schema 5], data 0x00000077"])
        # What the kernel changes in nothing that stands: made anew, with what goes with it.
        self.set(f"{IOAM}/namespace/9/data=0x78", f"{IOAM}/schema/5/data=776f726c")
        self.assertEqual((sorted(ip("ioam", "namespace", "show").splitlines())[1], ip("ioam", "schema", "show")),
                         ("namespace 9 [schema 5], data 0x00000078", "schema 5 [namespace 9], data: 77 6f 72 6c\n"))
        self.set(f"{IOAM}/namespace/9/schema=null")
        self.assertNotIn("schema", ip("ioam", "namespace", "show"))
        self.set("--", f"-{IOAM}/namespace/9", f"-{IOAM}/schema/5")
        self.assertEqual(told(IOAM), [["namespace 12, wide 0x0000000000000007"], []])
        self.refused(1, "IOAM6_CMD_NS_SET_SCHEMA: No such file or directory (ENOENT)", f"{IOAM}/namespace/12/schema=99")
        self.refused(2, "is no namespace, which is a number", f"{IOAM}/namespace/x/data=1")
        self.assertEqual(told(IOAM), [["namespace 12, wide 0x0000000000000007"], []])

    def test_recorded(self):
        if self.skip:
            return
        self.make()
        _, there_and_back = self.recording()
        there_and_back(["ip", *"ioam namespace add 33 data 0x5".split()], "added", "namespace/33", None, {"namespace": 33, "data": "0x5"})
        there_and_back(["ip", *"ioam namespace del 10".split()], "removed", "namespace/10", {"namespace": 10}, None)
        there_and_back(["ip", *"ioam namespace set 9 schema none".split()], "changed", "namespace/9", {"schema": 5}, {"schema": None})
        there_and_back(["ip", *"ioam schema add 6 abcd".split()], "added", "schema/6", None, {"schema": 6, "data": "61626364"})
        there_and_back([ferrytest.FERRY, "set", f"{IOAM}/namespace/9/data=1"], None, "namespace/9", None, None)

    def test_declared(self):
        if self.skip:
            return
        self.make()
        document, state = os.path.join(tempfile.gettempdir(), "ioam.conf"), told(IOAM)
        check([ferrytest.FERRY, "snapshot", "--only", IOAM, "-o", document])
        for command in "namespace del 9", "namespace add 77 data 0x1", "schema del 5", "schema add 8 more":
            ip("ioam", *command.split())
        changed = told(IOAM)
        done = ferry("apply", document)
        self.assertEqual((done.returncode, told(IOAM)), (0, state), done.stderr)
        self.assertEqual(ferry("diff", document).stdout, "")
        check([ferrytest.FERRY, "rollback"])
        self.assertEqual(told(IOAM), changed)


class SegmentRouting(Case):
    FAMILY = SEG6

    def test_read(self):
        if self.skip:
            return
        ip("sr", "tunsrc", "set", "2001:db8::5")
        make_key()
        mine = self.read(SEG6)
        self.assertEqual([mine[f"{SEG6}/tunsrc/default"]], json.loads(ip("-j", "sr", "tunsrc", "show")))
        for entry in json.loads(ip("-j", "sr", "hmac", "show")):
            self.assertEqual(mine[f"{SEG6}/hmac/{entry['hmac']}"], {"keyid": entry["hmac"], "algorithm": entry["algo"], "secret_length": len(entry["secret"]), "secret": "(secret)"})
        self.assertEqual(len(mine), 2)

    def test_set(self):
        if self.skip:
            return
        self.set(f"{SEG6}/tunsrc/default/tunsrc=2001:db8::7", f"{SEG6}/hmac/5={{secret={SECRET.hex()},algorithm=sha1}}")
        self.assertEqual(told(SEG6), [["tunsrc addr 2001:db8::7"], [f'hmac 5 algo sha1 secret "{SECRET.decode()}"']])
        self.set(f"{SEG6}/hmac/5/algorithm=sha256")
        self.assertEqual(ip("sr", "hmac", "show"), f'hmac 5 algo sha256 secret "{SECRET.decode()}"\n')
        self.refused(1, "its secret is kept nowhere", "--", f"-{SEG6}/hmac/5")
        self.refused(1, "it can be changed alone", "--", f"-{SEG6}/tunsrc/default")
        self.refused(3, "its secret is not known", f"{SEG6}/hmac/6={{algorithm=sha1}}")
        self.refused(1, "1 to 64 bytes", f"{SEG6}/hmac/5/secret={'11' * 65}")
        self.refused(2, "there is just one, default", f"{SEG6}/tunsrc/other/tunsrc=::1")
        self.set("--yes", "--", f"-{SEG6}/hmac/5")
        self.assertEqual(ip("sr", "hmac", "show"), "")

    def test_recorded(self):
        if self.skip:
            return
        recorder, there_and_back = self.recording()
        there_and_back(["ip", *"sr tunsrc set 2001:db8::9".split()], "changed", "tunsrc/default", {"tunsrc": "::"}, {"tunsrc": "2001:db8::9"})
        key = {"keyid": 18, "secret": "(secret)", "algorithm": "sha1"}
        there_and_back(["ip", *"sr hmac set 18 sha1".split()], "added", "hmac/18", None, key, text=SECRET.decode() + "\n")
        make_key()
        there_and_back([ferrytest.FERRY, "set", f"{SEG6}/hmac/18/algorithm=sha256"], "changed", "hmac/18", {"algorithm": "sha1"}, {"algorithm": "sha256"})
        undone = there_and_back(["ip", *"sr hmac set 18 sha1".split()], "removed", "hmac/18", key, None, False, text="\n")
        self.assertIn("secret", undone.stderr)
        self.assertEqual(run([ferrytest.FERRY, "set", f"{SEG6}/hmac/7={{secret={SECRET.hex()},algorithm=sha1}}"]).status, 0)
        recorder.settle()
        kept = b"".join(open(path, "rb").read() for path in (recorder.db, recorder.db + "-wal") if os.path.exists(path))
        said = json.dumps(recorder.changes) + "\n".join(recorder.words)
        self.assertIn("hmac/7", said)
        for secret in SECRET, SECRET.hex().encode():
            self.assertNotIn(secret, kept)
            self.assertNotIn(secret.decode(), said)

    def test_declared(self):
        """Keys are in no document."""
        if self.skip:
            return
        document = os.path.join(tempfile.gettempdir(), "seg6.conf")
        make_key()
        ip("sr", "tunsrc", "set", "2001:db8::5")
        state = told(SEG6)
        check([ferrytest.FERRY, "snapshot", SEG6, "-o", document])
        self.assertNotIn("hmac/", ferrytest.contents(document))
        ip("sr", "tunsrc", "set", "2001:db8::6")
        done = ferry("apply", document)
        self.assertEqual((done.returncode, told(SEG6)), (0, state), done.stderr)
        check([ferrytest.FERRY, "rollback"])
        self.assertEqual(ip("sr", "tunsrc", "show"), "tunsrc addr 2001:db8::6\n")


del Case
ferrytest.run_cases()
