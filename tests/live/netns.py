#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--netns: the files, sockets and objects of another network namespace, and nothing of the caller's. Judged by ip, sysctl and cat run in there. TAP."""
import json
import os
import subprocess
import tempfile
import time
import unittest

from ferrytest import HANG, Recorder, check, contents, ferry, run_cases

BLUE = "ferry-blue"


def inside(*argv):
    """What ARGV says within the namespace: ip netns exec gives it a sysfs of its own too."""
    return check(["ip", "netns", "exec", BLUE, *argv])


def mounts():
    return contents("/proc/self/mountinfo")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs("/run/netns", exist_ok=True)
        check(["mount", "-t", "tmpfs", "netns", "/run/netns"])
        check(["ip", "netns", "add", BLUE])
        check(["ip", "-n", BLUE, "link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", str(os.getpid())])
        check(["ip", "-n", BLUE, "link", "set", "inner", "mtu", "1420", "up"])
        check(["ip", "-n", BLUE, "addr", "add", "10.77.0.1/24", "dev", "inner"])
        check(["ip", "link", "set", "outer", "mtu", "1390", "up"])
        check(["ip", "addr", "add", "10.66.0.1/24", "dev", "outer"])
        inside("sysctl", "-qw", "net.ipv4.ip_default_ttl=33")
        # What the kernel does by itself, the carrier and duplicate detection, is over.
        deadline = time.monotonic() + HANG
        while any("tentative" in told or "state UP" not in told for told in (inside("ip", "addr", "show", "inner"), check(["ip", "addr", "show", "outer"]))):
            if time.monotonic() > deadline:
                raise AssertionError("inner and outer do not come up")
            time.sleep(0.02)
        cls.sleeper = subprocess.Popen(["ip", "netns", "exec", BLUE, "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        cls.sleeper.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        cls.sleeper.kill()
        cls.sleeper.wait()
        cls.sleeper.stdout.close()

    def out(self, *arguments):
        done = ferry(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def names(self):
        return BLUE, str(self.sleeper.pid), f"/run/netns/{BLUE}", f"/proc/{self.sleeper.pid}/ns/net"

    def test_every_spelling_leads_to_it(self):
        for name in self.names():
            self.assertEqual(self.out("get", "-n", "-N", name, "net.ipv4.ip_default_ttl"), "33\n", name)
            self.assertEqual(self.out("get", "-n", "--netns=" + name, "netlink/route/link/inner/mtu"), "1420\n", name)
        self.assertEqual(self.out("get", "-n", "net.ipv4.ip_default_ttl"), "64\n")

    def test_the_callers_own_is_one_too(self):
        for name in (str(os.getpid()), "/proc/self/ns/net"):
            self.assertEqual(self.out("get", "-n", "-N", name, "sysfs/class/net/outer/mtu", "netlink/route/link/outer/mtu", "net.ipv4.ip_default_ttl"), "1390\n1390\n64\n", name)

    def test_each_channel_shows_it_and_nothing_of_the_callers(self):
        for address, judge in (("sysfs/class/net", ["ls", "/sys/class/net"]), ("sysctl/net/ipv4/conf", ["ls", "/proc/sys/net/ipv4/conf"]),
                               ("sysctl/net/ipv6/neigh", ["ls", "/proc/sys/net/ipv6/neigh"])):
            found = {line.rstrip("/").rsplit("/", 1)[1] for line in self.out("ls", "-N", BLUE, address).splitlines()}
            self.assertEqual(found, set(inside(*judge).split()), address)
            self.assertIn("inner", found)
            self.assertNotIn("outer", found)
            own = {line.rstrip("/").rsplit("/", 1)[1] for line in self.out("ls", address).splitlines()}
            self.assertEqual(own, set(check(judge).split()), address)
            self.assertIn("outer", own)
            self.assertNotIn("inner", own)

    def test_values_are_its_own(self):
        self.assertEqual(self.out("get", "-n", "-N", BLUE, "sysfs/class/net/inner/mtu"), inside("cat", "/sys/class/net/inner/mtu"))
        self.assertEqual(self.out("get", "-n", "-N", BLUE, "sysfs/devices/virtual/net/inner/address"), inside("cat", "/sys/class/net/inner/address"))
        self.assertEqual(ferry("get", "-N", BLUE, "sysfs/class/net/outer/mtu").returncode, 3)
        for name in ("net/dev", "net/route", "net/fib_trie"):
            theirs = json.loads(self.out("get", "--json", "-N", BLUE, "procfs/" + name))
            text = json.dumps(theirs)
            self.assertNotIn("outer", text, name)
            self.assertNotIn("10.66", text, name)
        self.assertIn("inner", self.out("get", "-N", BLUE, "procfs/net/dev"))

    def test_objects_are_its_own(self):
        theirs = json.loads(self.out("get", "--json", "-N", BLUE, "netlink/route/addr"))
        self.assertIn("netlink/route/addr/inner/10.77.0.1/24", theirs)
        judged = {f"netlink/route/addr/{link['ifname']}/{a['local']}/{a['prefixlen']}" for link in json.loads(inside("ip", "-j", "addr"))
                  for a in link.get("addr_info", [])}
        self.assertEqual(set(theirs), judged)

    def test_every_channel_is_set_in_there(self):
        check(["ip", "link", "add", "inner", "type", "bridge"])  # one of the same name out here, which is to stay as it is
        self.addCleanup(check, ["ip", "link", "del", "inner"])
        before = json.loads(check(["ip", "-j", "-d", "addr"])), check(["sysctl", "-a", "-r", "^net.ipv4"])
        done = ferry("set", "-N", BLUE, "net.ipv4.conf.inner.rp_filter=2", "sysfs/class/net/inner/tx_queue_len=555", "netlink/route/link/inner/mtu=1401",
                     "ioctl/inner/metric=0", "netlink/route/addr/inner/10.77.9.1/24={}", "netlink/route/route/main/10.99.0.0/16={gateway=10.77.0.2}")
        self.assertEqual(done.returncode, 0, done.stderr)
        link = json.loads(inside("ip", "-j", "addr", "show", "inner"))[0]
        self.assertEqual((link["txqlen"], link["mtu"], inside("sysctl", "-n", "net.ipv4.conf.inner.rp_filter")), (555, 1401, "2\n"))
        self.assertIn("10.77.9.1", [a["local"] for a in link["addr_info"]])
        self.assertIn("10.99.0.0/16 via 10.77.0.2", inside("ip", "route"))
        done = ferry("set", "-N", BLUE, "ioctl/inner/mtu=1402", "-netlink/route/route/main/10.99.0.0/16", "-netlink/route/addr/inner/10.77.9.1/24")
        self.assertEqual((done.returncode, json.loads(inside("ip", "-j", "link", "show", "inner"))[0]["mtu"]), (0, 1402), done.stderr)
        self.assertEqual((json.loads(check(["ip", "-j", "-d", "addr"])), check(["sysctl", "-a", "-r", "^net.ipv4"])), before)
        done = ferry("set", "-N", BLUE, "netlink/route/link/inner/mtu=1420", "netlink/route/link/outer/mtu=1300")
        self.assertEqual((done.returncode, json.loads(inside("ip", "-j", "link", "show", "inner"))[0]["mtu"]), (3, 1402), done.stderr)
        inside("ip", "link", "set", "inner", "mtu", "1420", "txqueuelen", "1000")

    def test_a_document_is_taken_and_applied_in_there(self):
        with tempfile.TemporaryDirectory() as folder:
            document = os.path.join(folder, "document")
            self.out("snapshot", "-N", BLUE, "-o", document, "netlink/route", "sysctl/net/ipv4/conf/inner")
            self.assertNotIn("outer", contents(document))
            judged = inside("ip", "-d", "addr"), inside("ip", "route"), inside("sysctl", "-a", "-r", "conf.inner")
            own = check(["ip", "-d", "addr"]), check(["ip", "route"])
            inside("sysctl", "-qw", "net.ipv4.conf.inner.log_martians=1")
            inside("ip", "addr", "add", "10.55.0.1/24", "dev", "inner")
            inside("ip", "route", "add", "blackhole", "10.56.0.0/16")
            plan = self.out("plan", "-q", "-N", BLUE, "--only", "netlink/route/addr/inner,netlink/route/route/main", document)
            for words in ("log_martians: 1 -> 0", "10.55.0.1/24", "10.56.0.0/16"):
                self.assertIn(words, plan)
            self.assertIn("10.56.0.0/16", inside("ip", "route"))
            done = ferry("apply", "-N", BLUE, "--only", "netlink/route/addr/inner,netlink/route/route/main", "--state", os.path.join(folder, "state"), document)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual((inside("ip", "-d", "addr"), inside("ip", "route"), inside("sysctl", "-a", "-r", "conf.inner")), judged)
            self.assertEqual((check(["ip", "-d", "addr"]), check(["ip", "route"])), own)

    def test_what_the_files_set_is_compared_and_applied_in_there(self):
        check(["mount", "-t", "tmpfs", "sysctl.d", "/etc/sysctl.d"])
        self.addCleanup(check, ["umount", "/etc/sysctl.d"])
        self.addCleanup(inside, "sysctl", "-qw", "net.ipv4.ip_default_ttl=33")
        with open("/etc/sysctl.d/50-ours.conf", "w", encoding="utf-8") as file:
            file.write("net.ipv4.ip_default_ttl = 44\nnet.ipv4.conf.inner.log_martians = 1\n")
        self.assertIn("44", self.out("plan", "-q", "-N", BLUE, "--configured", "net.ipv4.ip_default_ttl"))
        row = json.loads(self.out("get", "--json", "-N", BLUE, "--configured", "net.ipv4.ip_default_ttl"))["keys"]["sysctl/net/ipv4/ip_default_ttl"]
        self.assertIn("33", json.dumps(row))
        self.assertNotIn("64", json.dumps(row))
        done = ferry("apply", "-N", BLUE, "--configured", "net.ipv4")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(inside("sysctl", "-n", "net.ipv4.ip_default_ttl", "net.ipv4.conf.inner.log_martians"), "44\n1\n")
        self.assertEqual(check(["sysctl", "-n", "net.ipv4.ip_default_ttl"]), "64\n")

    def test_nothing_changes_for_anybody_else(self):
        before = mounts(), os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/mnt"), os.listdir("/sys/class/net")
        self.out("get", "-N", BLUE, "sysfs/class/net/inner/mtu")
        self.assertEqual(before, (mounts(), os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/mnt"), os.listdir("/sys/class/net")))

    def test_what_is_mounted_below_sys_stays(self):
        own = self.out("ls", "sysfs/fs/cgroup")
        self.assertEqual(self.out("ls", "-N", BLUE, "sysfs/fs/cgroup"), own)

    def test_a_name_that_is_not_there(self):
        for name in ("nosuch", "4999999", "/run/netns/nosuch", "/proc/4999999/ns/net"):
            done = ferry("get", "-N", name, "sysctl/net")
            self.assertEqual((done.returncode, done.stdout), (3, ""), name)
            self.assertIn("no network namespace", done.stderr)
            error = json.loads(ferry("get", "--json", "-N", name, "sysctl/net").stderr)
            self.assertEqual(error["error"]["code"], "ENOENT")

    def test_what_is_no_network_namespace(self):
        for name in ("/etc/passwd", f"/proc/{self.sleeper.pid}/ns/mnt", "/", ".", "..", ""):
            done = ferry("get", "-N", name, "sysctl/net")
            self.assertEqual(done.returncode, 2, (name, done.stderr))
        self.assertEqual(ferry("get", "-N", BLUE, "--root", "/", "sysctl/net").returncode, 2)

    def test_without_rights(self):
        done = ferry("get", "-N", BLUE, "sysctl/net", preexec_fn=lambda: (os.setgroups([]), os.setresuid(1000, 1000, 1000)))
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("CAP_SYS_ADMIN", done.stderr)

    def test_the_recorder_sees_it(self):
        with Recorder("-N", BLUE) as recorder:
            check(["ip", "link", "set", "outer", "mtu", "1391"])
            inside("ip", "link", "set", "inner", "mtu", "1421")
            inside("sysctl", "-qw", "net.ipv4.conf.inner.rp_filter=1")
            inside("sh", "-c", "echo 777 > /sys/class/net/inner/tx_queue_len")
            for address in ("netlink/route/link/inner", "sysctl/net/ipv4/conf/inner/rp_filter"):
                recorder.wait(address, lambda: recorder.find(address, "changed") >= 0)
            recorder.wait("txqlen", lambda: any((c.get("after") or {}).get("txqlen") == 777 for c in recorder.changes if isinstance(c.get("after"), dict)))
            self.assertFalse([c for c in recorder.changes if "outer" in (c.get("address") or "") and c["address"].startswith("netlink/route/link")])
            change = recorder.changes[recorder.find("netlink/route/link/inner", "changed")]
            self.assertEqual(change["actor"]["comm"], "sh" if "txqlen" in change["after"] else "ip")


if __name__ == "__main__":
    run_cases()
