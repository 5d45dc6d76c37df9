#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What depends on the kernel's build: modules that come and go, with who wanted them, judged by /proc/modules; writes to sysfs that the kernel refuses, judged by
what it says to the writer."""
import errno
import json
import os
import subprocess
import unittest

import ferrytest
from ferrytest import Recorder, brief, check, contents, feature, ferry, listing


def modules():
    """By name, as /proc/modules has them."""
    return {line.split()[0]: line.split() for line in contents("/proc/modules").splitlines()}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.recorder = Recorder()
        cls.recorder.started()

    @classmethod
    def tearDownClass(cls):
        cls.recorder.stop()
        cls.recorder.__exit__()

    def told(self, *command, under):
        """What was told below UNDER while COMMAND ran, and how that ended."""
        position = self.recorder.settle()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.recorder.settle()
        return [change for change in self.recorder.since(position) if (change.get("address") or "").startswith(under)], done

    def watched(self, subject):
        return next(each for each in self.recorder.said("watching")["watching"] if each["subject"] == subject)


class Modules(Case):
    def setUp(self):
        self.there = feature("module tracepoints")["present"]
        self.assertEqual(self.watched("modules of the kernel")["watched"], self.there)
        if not self.there:
            print("# not to be judged here: this kernel takes no modules")
            self.assertIn("CONFIG_MODULES", feature("module tracepoints")["detail"])
            self.assertIn("CONFIG_MODULES", self.watched("modules of the kernel")["why"])
            self.assertFalse(os.path.exists("/proc/modules"))
            return
        self.clean()

    def tearDown(self):
        if self.there:
            self.clean()

    def clean(self):
        for link in "m0", "m1":
            subprocess.run(["ip", "link", "del", link], capture_output=True, check=False)
        for name in "dummy", "vxlan", "ip6_udp_tunnel", "udp_tunnel":
            if name in modules():
                check(["modprobe", "-r", name])

    def same(self, changes, kind, names, comm, door):
        self.assertEqual({change["address"] for change in changes}, {f"procfs/modules/{name}" for name in names}, listing(changes))
        for change in changes:
            self.assertEqual((change["kind"], change["actor"]["comm"], change["actor"]["uid"], change["door"]), (kind, comm, 0, door), brief(change))
            self.assertEqual(change["after" if kind == "added" else "before"]["name"], change["address"].rsplit("/", 1)[1])

    def test_by_hand(self):
        if not self.there:
            return
        before = set(modules())
        changes, _ = self.told("modprobe", "dummy", under="procfs/modules")
        self.same(changes, "added", set(modules()) - before, "modprobe", "syscall")
        self.assertEqual([change["address"] for change in changes], ["procfs/modules/dummy"])
        taints = modules()["dummy"][6:]
        self.assertEqual(changes[0]["after"].get("taints"), taints[0].strip("()") if taints else None)
        changes, _ = self.told("modprobe", "-r", "dummy", under="procfs/modules")
        self.same(changes, "removed", ["dummy"], "modprobe", "syscall")

    def test_wanted_by_the_kernel(self):
        """A link whose kind is a module: the kernel starts modprobe, for whoever asks for the link; what that module needs comes with it."""
        if not self.there:
            return
        for link, more, expected in (("m0", ["dummy"], "dummy"), ("m1", ["vxlan", "id", "7", "dstport", "4789"], "vxlan")):
            before = set(modules())
            changes, done = self.told("ip", "link", "add", link, "type", *more, under="procfs/modules")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same(changes, "added", set(modules()) - before, "ip", "netlink")
            self.assertIn(f"procfs/modules/{expected}", [change["address"] for change in changes])
        self.assertGreater(len(changes), 1)

    def test_refused(self):
        """What the kernel does not take is no change."""
        if not self.there:
            return
        with open("/tmp/no-module.ko", "wb") as file:
            file.write(b"no module")
        changes, done = self.told("insmod", "/tmp/no-module.ko", under="procfs/modules")
        os.unlink("/tmp/no-module.ko")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(changes, [])
        changes, _ = self.told("ip", "link", "add", "m0", "type", "nothing", under="procfs/modules")
        self.assertEqual(changes, [])

    def test_read(self):
        if not self.there:
            self.assertEqual(ferry("get", "procfs/modules").returncode, 3)
            return
        check(["modprobe", "vxlan"])
        rows = json.loads(ferry("--json", "get", "procfs/modules").stdout)
        for name, words in modules().items():
            row = rows[f"procfs/modules/{name}"]
            self.assertEqual((row["size"], row["used_by"], row["state"]), (int(words[1]), words[3], words[4]), name)
        self.assertEqual(set(rows), {f"procfs/modules/{name}" for name in modules()})

    def test_undo_refuses(self):
        if not self.there:
            return
        changes, _ = self.told("modprobe", "dummy", under="procfs/modules")
        done = ferry("undo", "--db", self.recorder.db, changes[0]["id"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("procfs/modules/dummy", done.stderr)
        self.assertIn("dummy", modules())


class Sysfs(Case):
    """A file that the kernel does not take, a text that it does not understand."""

    def setUp(self):
        check(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"])
        self.there = feature("results of sysfs writes")["present"]
        self.assertEqual(self.watched("refused sysfs writes")["watched"], self.there)

    def tearDown(self):
        check(["ip", "link", "del", "d0"])

    def test_refused(self):
        path = "/sys/class/net/d0/mtu"
        for text in "none", "4294967295", "1" * 300:
            changes, done = self.told("bash", "-c", f"echo {text} > {path}", under="sysfs/class/net/d0")
            self.assertNotEqual(done.returncode, 0)
            if not self.there:
                self.assertEqual(changes, [], listing(changes))
                continue
            change, = changes
            self.assertEqual((change["address"], change["kind"], change["door"], change["before"]), ("sysfs/class/net/d0/mtu", "changed", "sysfs", 1500), brief(change))
            self.assertEqual((change["actor"]["comm"], change["actor"]["argv"][-1]), ("bash", f"echo {text} > {path}"[:len(change["actor"]["argv"][-1])]), brief(change))
            self.assertTrue(change["result"] != "ok" and os.strerror(getattr(errno, change["result"])) in done.stderr, (brief(change), done.stderr))
            self.assertEqual(str(change["after"]), text[:256])
            self.assertEqual(change["consistency"], "whole" if len(text) < 256 else "unknown")
        self.assertEqual(contents(path), "1500\n")
        if not self.there:
            print(f"# not to be judged here: {feature('results of sysfs writes')['detail']}")

    def test_another_namespace(self):
        """Its sysfs is another: what is refused there is none of ours, though the link has the same name."""
        script = "ip link add d0 type veth peer name d1; mount -t sysfs sysfs /sys; echo none > /sys/class/net/d0/mtu"
        changes, done = self.told("unshare", "-n", "-m", "sh", "-c", script, under="sysfs/class/net/d0")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(changes, [], listing(changes))


ferrytest.run_cases()
