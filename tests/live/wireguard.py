#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""WireGuard: devices and peers read, set, recorded with who did it though the kernel tells no one, taken back and declared, judged by wg(8); and keys, which must stand nowhere in what ferry
prints or keeps. Where the kernel has none, or there is no wg(8) (WG=FILE names one), the refusal is all that there is to see."""
import base64
import json
import os
import shutil
import tempfile
import unittest

import ferrytest
from ferrytest import Recorder, brief, check, ferry, listing, run

WIREGUARD = "netlink/wireguard"
WG = os.environ.get("WG") or shutil.which("wg")


def has_wireguard():
    made = run(["ip", "link", "add", "wg0", "type", "wireguard"])
    run(["ip", "link", "del", "wg0"])
    return made.status == 0


def wg(*arguments, **more):
    return check([WG, *arguments], **more).strip()


def key_file(name):
    path = os.path.join(tempfile.gettempdir(), name)
    with open(path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(wg("genkey"))
    return path


def address(device, key):
    return f"{WIREGUARD}/peer/{device}/{key.rstrip('=').translate(str.maketrans('/+', '_-'))}"


def told():
    """All that wg prints but for what moves: handshakes and counters."""
    return ["\t".join(words[:6] + words[8:]) for words in (line.split("\t") for line in wg("show", "all", "dump").splitlines())]


class Missing(unittest.TestCase):
    """What this kernel has not is said in words."""

    def test_refused(self):
        if has_wireguard():
            print("# the kernel has WireGuard: what is said without it is not to be judged here")
            return
        self.assertEqual(ferry("ls", WIREGUARD).stdout.split(), [f"{WIREGUARD}/device/", f"{WIREGUARD}/peer/"])
        for arguments in ("get", f"{WIREGUARD}/device"), ("get", f"{WIREGUARD}/peer/wg0"), ("set", f"{WIREGUARD}/device/wg0/listen_port=51820"):
            done = ferry(*arguments)
            self.assertEqual((done.returncode, "has no generic netlink family wireguard" in done.stderr), (1, True), f"{arguments}: {done.returncode} {done.stderr}")
        done = ferry("set", f"{WIREGUARD}/peer/wg0/short={{}}")
        self.assertEqual((done.returncode, "is no peer" in done.stderr), (2, True), done.stderr)


class Case(unittest.TestCase):
    def setUp(self):
        self.private, self.other, self.preshared = (key_file(name) for name in ("private", "other", "preshared"))
        self.key = wg("pubkey", input=ferrytest.contents(self.other))
        self.peer = address("wg0", self.key)
        check(["ip", "link", "add", "wg0", "type", "wireguard"])
        self.addCleanup(run, ["ip", "link", "del", "wg0"])

    def secrets(self):
        for path in self.private, self.preshared:
            key = ferrytest.contents(path).strip()
            yield from (key, base64.b64decode(key).hex())

    def make_peer(self, *more):
        wg("set", "wg0", "peer", self.key, "allowed-ips", "10.0.0.0/24,fd00::/64", "endpoint", "192.0.2.1:51821", "persistent-keepalive", "25", *more)


class Reading(Case):
    def test_read(self):
        wg("set", "wg0", "listen-port", "51820", "private-key", self.private, "fwmark", "0x10")
        self.make_peer("preshared-key", self.preshared)
        done = ferry("get", "--json", WIREGUARD)
        self.assertEqual(done.returncode, 0, done.stderr)
        mine = json.loads(done.stdout)
        _, _, public, port, mark = wg("show", "all", "dump").splitlines()[0].split("\t")
        self.assertEqual(mine[f"{WIREGUARD}/device/wg0"], {"listen_port": int(port), "fwmark": mark, "dev": "wg0", "private_key": "(secret)", "public_key": public})
        peer = mine[self.peer]
        self.assertEqual({name: peer[name] for name in ("public_key", "endpoint", "persistent_keepalive", "allowed_ips", "preshared_key")},
                         {"public_key": self.key, "endpoint": "192.0.2.1:51821", "persistent_keepalive": 25, "allowed_ips": ["10.0.0.0/24", "fd00::/64"], "preshared_key": "(secret)"})
        for secret in self.secrets():
            self.assertNotIn(secret, done.stdout + ferry("get", WIREGUARD).stdout)

    def test_many(self):
        """A device with more peers than a message holds, each with several networks."""
        path = os.path.join(tempfile.gettempdir(), "many")
        with open(path, "w") as file:
            for number in range(400):
                networks = ", ".join(f"10.{number // 200}.{number % 200}.{each}/32" for each in range(1 + number % 40))
                file.write(f"[Peer]\nPublicKey = {base64.b64encode(bytes([number & 255, number >> 8]) + bytes(29) + bytes([64])).decode()}\nAllowedIPs = {networks}\n")
        wg("addconf", "wg0", path)
        theirs = {words[0]: sorted(words[1].split()) for words in (line.split("\t") for line in wg("show", "wg0", "allowed-ips").splitlines())}
        mine = {record["public_key"]: sorted(record["allowed_ips"]) for record in json.loads(ferry("get", "--json", f"{WIREGUARD}/peer/wg0").stdout).values()}
        self.assertEqual((mine, len(mine)), (theirs, 400))


class Setting(Case):
    def set(self, *assignments):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, 0, done.stderr)
        for secret in self.secrets():
            self.assertNotIn(secret, done.stdout + done.stderr)

    def test_set(self):
        key = ferrytest.contents(self.private).strip()
        self.set(f'{WIREGUARD}/device/wg0={{listen_port=51999, fwmark=0x7, private_key="{key}"}}')
        self.assertEqual((wg("show", "wg0", "private-key"), wg("show", "wg0", "listen-port"), wg("show", "wg0", "fwmark")), (key, "51999", "0x7"))
        self.set(f'{self.peer}={{allowed_ips=[10.1.0.0/16], endpoint="[2001:db8::1]:99"}}')
        self.assertEqual((wg("show", "wg0", "endpoints"), wg("show", "wg0", "allowed-ips")), (f"{self.key}\t[2001:db8::1]:99", f"{self.key}\t10.1.0.0/16"))
        self.set(f"{self.peer}/persistent_keepalive=10", f"{self.peer}/allowed_ips=[10.2.0.0/16, fd01::/64]")
        self.assertEqual((wg("show", "wg0", "persistent-keepalive"), wg("show", "wg0", "allowed-ips")), (f"{self.key}\t10", f"{self.key}\t10.2.0.0/16 fd01::/64"))
        preshared = ferrytest.contents(self.preshared).strip()
        self.set(f'{self.peer}/preshared_key="{preshared}"')
        self.assertEqual(wg("show", "wg0", "preshared-keys"), f"{self.key}\t{preshared}")
        refused = ferry("set", "--", f"-{self.peer}")
        self.assertEqual((refused.returncode, "its preshared key is kept nowhere" in refused.stderr), (1, True), refused.stderr)
        self.set("--yes", "--", f"-{self.peer}")
        self.assertEqual(wg("show", "wg0", "peers"), "")

    def test_refused(self):
        for assignment, status, words in ((f"{WIREGUARD}/device/none/listen_port=4", 3, "there is no"), (f"{self.peer}={{endpoint=nowhere}}", 1, "no endpoint"),
                                          (f"{WIREGUARD}/device/wg0/private_key=abc", 1, "no key"), (f"-{WIREGUARD}/device/wg0", 1, "it can be changed alone")):
            done = ferry("set", "--", assignment)
            self.assertEqual((done.returncode, words in done.stderr), (status, True), f"{assignment}: {done.returncode} {done.stderr}")
        self.assertEqual(wg("show", "wg0", "peers"), "")


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def there_and_back(self, command, kind, where):
        """What COMMAND does is told as one change of WHERE by its process, and taken back."""
        before, position = told(), self.recorder.settle()
        done = run(command)
        self.assertEqual(done.status, 0, done)
        self.recorder.settle()
        found = [change for change in self.recorder.since(position) if change["address"].startswith(WIREGUARD)]
        self.assertEqual([(change["kind"], change["address"], change["actor"]["pid"], change["consistency"]) for change in found], [(kind, where, done.pid, "inferred")], listing(found))
        undone = ferry("undo", "--db", self.recorder.db, found[0]["id"])
        self.assertEqual((undone.returncode, told()), (0, before), f"{brief(found[0])}\n{undone.stderr}")

    def test_recorded(self):
        device = f"{WIREGUARD}/device/wg0"
        self.there_and_back([WG, *"set wg0 listen-port 4567 fwmark 9".split()], "changed", device)
        self.there_and_back([WG, "set", "wg0", "peer", self.key, "allowed-ips", "10.0.0.0/24"], "added", self.peer)
        self.make_peer()
        self.there_and_back([WG, "set", "wg0", "peer", self.key, "persistent-keepalive", "7", "allowed-ips", "10.9.0.0/16"], "changed", self.peer)
        self.there_and_back([WG, "set", "wg0", "peer", self.key, "remove"], "removed", self.peer)
        self.there_and_back([ferrytest.FERRY, "set", f"{device}/listen_port=99"], "changed", device)

    def made(self, position):
        """What was told since POSITION, but for keys and what follows from them."""
        self.recorder.settle()
        return [(change["kind"], change["address"].removeprefix(WIREGUARD), change["actor"]["pid"]) for change in self.recorder.since(position) if change["address"].startswith(WIREGUARD)]

    def test_links_come_and_go(self):
        """What a device begins with is nobody's change, also where it is set up at once; what was made on one that goes went with it, by who removed the link."""
        position = self.recorder.settle()
        check(["ip", "link", "add", "wg1", "type", "wireguard"])
        self.assertEqual(self.made(position), [])
        done = run([WG, *"set wg0 listen-port 4567".split()])
        self.assertEqual(self.made(position), [("changed", "/device/wg0", done.pid)])
        position = self.recorder.settle()
        done = run(["sh", "-c", f"ip link add wg2 type wireguard; exec {WG} set wg2 listen-port 7 peer {self.key} allowed-ips 10.0.0.0/24"])
        self.assertEqual(sorted(self.made(position)), [("added", address("wg2", self.key).removeprefix(WIREGUARD), done.pid), ("changed", "/device/wg2", done.pid)])
        position = self.recorder.settle()
        done = run(["ip", "link", "del", "wg2"])
        self.assertEqual(self.made(position), [("removed", address("wg2", self.key).removeprefix(WIREGUARD), done.pid)])
        [link] = [change for change in self.recorder.since(position) if change["address"] == "netlink/route/link/wg2"]
        [peer] = [change for change in self.recorder.since(position) if change["address"].startswith(WIREGUARD)]
        self.assertEqual(peer["cause"], link["id"], brief(peer))
        undone = ferry("undo", "--db", self.recorder.db, "-c", link["id"])
        self.assertEqual((undone.returncode, wg("show", "wg2", "allowed-ips")), (0, f"{self.key}\t10.0.0.0/24"), undone.stderr)
        for name in "wg1", "wg2":
            check(["ip", "link", "del", name])

    def test_keys(self):
        """Neither what wg(8) reads from a file nor what is said on the command line."""
        self.recorder.settle()
        wg("set", "wg0", "private-key", self.private)
        self.make_peer("preshared-key", self.preshared)
        key = ferrytest.contents(self.private).strip()
        wg("set", "wg0", "private-key", "/dev/null")
        self.recorder.settle()
        self.assertEqual(run([ferrytest.FERRY, "set", f'{WIREGUARD}/device/wg0/private_key="{key}"']).status, 0)
        self.recorder.settle()
        kept = b"".join(open(path, "rb").read() for path in (self.recorder.db, self.recorder.db + "-wal") if os.path.exists(path))
        said = json.dumps(self.recorder.changes) + "\n".join(self.recorder.words)
        self.assertIn("(secret)", said)
        for secret in self.secrets():
            self.assertNotIn(secret, said)
            self.assertNotIn(secret.encode(), kept)
        if not ferrytest.can_trace():
            return
        traced = ferry("trace", "--json", "--", WG, "set", "wg0", "peer", self.key, "preshared-key", self.preshared)
        self.assertIn(f"{WIREGUARD}/device", traced.stdout)
        for secret in self.secrets():
            self.assertNotIn(secret, traced.stdout)


class Loading(unittest.TestCase):
    """The kernel's module comes, goes and comes again while the recorder runs, each time under another number."""

    def test_loaded_later(self):
        if os.environ.get("FERRY_GUEST") != "1":
            print("# modules of a machine that is not ours alone are left as they are: not to be judged here")
            return
        check(["modprobe", "-r", "wireguard"])
        self.addCleanup(run, ["ip", "link", "del", "wg0"])
        recorder = self.enterContext(Recorder())
        [source] = [source for source in recorder.said("watching")["watching"] if source["subject"] == WIREGUARD]
        self.assertEqual((source["watched"], "once it is, it is watched" in source["why"]), (False, True), source)
        for port in "4567", "4568":
            check(["ip", "link", "add", "wg0", "type", "wireguard"])
            recorder.settle()
            position = len(recorder.changes)
            done = run([WG, "set", "wg0", "listen-port", port])
            self.assertEqual(done.status, 0, done)
            recorder.settle()
            found = [change for change in recorder.since(position) if change["address"].startswith(WIREGUARD)]
            self.assertEqual([(change["kind"], change["address"], change["actor"]["pid"]) for change in found], [("changed", f"{WIREGUARD}/device/wg0", done.pid)], listing(found))
            check(["ip", "link", "del", "wg0"])
            check(["modprobe", "-r", "wireguard"])


class Declaring(Case):
    def test_declared(self):
        document = os.path.join(tempfile.gettempdir(), "wireguard.conf")
        self.make_peer()
        wg("set", "wg0", "listen-port", "5000")
        state = told()
        check([ferrytest.FERRY, "snapshot", "--only", WIREGUARD, "-o", document])
        wg("set", "wg0", "listen-port", "5001", "peer", self.key, "allowed-ips", "10.7.0.0/16", "peer", wg("pubkey", input=wg("genkey")), "allowed-ips", "10.8.0.0/16")
        done = ferry("apply", document)
        self.assertEqual((done.returncode, told()), (0, state), done.stderr)
        self.assertEqual(ferry("diff", document).stdout, "")
        wg("set", "wg0", "peer", self.key, "remove")
        done = ferry("apply", document)
        self.assertEqual((done.returncode, told()), (0, state), done.stderr)


if __name__ == "__main__":
    # In the namespace of our own that ferrytest.isolate() runs this in again.
    if os.environ.get("FERRY_TEST_ISOLATED") == str(os.getppid()) and not (WG and has_wireguard()):
        print("# WireGuard itself is not to be judged here:", "there is no wg(8)" if not WG else "the kernel has none")
        del Reading, Setting, Recording, Loading, Declaring, Case
    ferrytest.run_cases()
