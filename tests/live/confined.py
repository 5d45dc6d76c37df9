#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where ferry may do less: in a container with docker's capabilities and filter of system calls, in a user namespace, without the kernel's types, under lockdown; and
on hosts with control groups of either version. What works, works, judged by ip(8), sysctl(8) and /proc; what does not is told in words, and why."""
import json
import os
import subprocess
import tempfile
import unittest

import ferrytest
from ferrytest import FERRY, Recorder, brief, build, check, contents, listing, sysctl

# Source: the documentation of `docker run --cap-add`.
CAPABILITIES = ("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid", "setfcap", "setpcap", "net_bind_service", "sys_chroot", "kill", "audit_write")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def container():
    """What stands before a command that is to run in one, in the network namespace of the test."""
    mounts = "".join(f"if [ -e {path} ]; then mount --bind {path} {path}; mount -o remount,bind,ro {path}; fi; " for path in READ_ONLY)
    capabilities = ",".join(["-all", *("+" + name for name in CAPABILITIES)])
    script = (f"set -e; {mounts} mount --bind /sys /sys; mount -o remount,bind,ro /sys; mount -t tmpfs -o ro tmpfs /sys/firmware; "
              f"exec setpriv --bounding-set {capabilities} --inh-caps=-all {build('confine')} \"$@\"")
    return ["unshare", "--pid", "--fork", "--ipc", "--uts", "--cgroup", "--mount", "--mount-proc", "--kill-child", "sh", "-c", script, "sh"]


def without_types():
    return ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /sys/kernel/btf; exec \"$@\"", "sh"]


class Case(unittest.TestCase):
    wrapper = ()

    def ferry(self, *arguments):
        return subprocess.run([*self.wrapper, FERRY, *map(str, arguments)], capture_output=True, text=True, check=False)

    def lines(self, *arguments):
        done = self.ferry("--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def features(self):
        return {row["name"]: row for row in self.lines("doctor")["features"]}

    def refused(self, status, words, *arguments):
        done = self.ferry(*arguments)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertRegex(done.stderr, words)

    def recorded(self, *commands, command="watch", protocols=()):
        """What a recorder in there tells of COMMANDS run out here, and what it said of itself."""
        recorder = Recorder(command=command, wrapper=self.wrapper)
        try:
            recorder.started()
            position = recorder.settle(*protocols)
            for words in commands:
                check(words.split() if isinstance(words, str) else words)
            recorder.settle(*protocols)
            return recorder.since(position), {each["subject"]: each for each in recorder.said("watching")["watching"]}
        finally:
            # The wrapper may be another process than the recorder, which then goes with it.
            recorder.__exit__()

    def link_and_address(self, changes):
        """The address that was added is told whole and as ip(8) has it."""
        told = [change for change in changes if change["address"] == "netlink/route/addr/lo/10.9.8.7/32"]
        self.assertEqual([change["kind"] for change in told], ["added"], listing(changes))
        judged, = [address for link in json.loads(check(["ip", "-j", "addr", "show", "dev", "lo"])) for address in link["addr_info"] if address["local"] == "10.9.8.7"]
        self.assertEqual((told[0]["after"]["scope"], told[0]["after"]["label"]), (judged["scope"], judged["label"]))
        return told[0]

    def tearDown(self):
        subprocess.run(["ip", "addr", "del", "10.9.8.7/32", "dev", "lo"], capture_output=True, check=False)


ADD = "ip addr add 10.9.8.7/32 dev lo"


class Container(Case):
    def setUp(self):
        self.wrapper = container()

    def test_watch(self):
        changes, watched = self.recorded(ADD, "sysctl -qw net.ipv4.ip_default_ttl=66")
        actor = self.link_and_address(changes)["actor"]
        self.assertIsNone(actor["pid"])
        self.assertIn("CAP_BPF", actor["unknown"])
        for subject in "sysctl", "sysfs", "who changes netlink objects":
            self.assertFalse(watched[subject]["watched"], subject)
            self.assertRegex(watched[subject]["why"], "CAP_(BPF|SYS_ADMIN)|not permitted", subject)
        self.assertEqual([change for change in changes if change["address"].startswith("sysctl/")], [])

    def test_read(self):
        self.assertEqual(self.lines("get", "net.ipv4.ip_default_ttl"), {"sysctl/net/ipv4/ip_default_ttl": int(sysctl("net.ipv4.ip_default_ttl"))})
        links = self.lines("get", "-t", "-o", "mtu", "netlink/route/link")
        self.assertIn("lo", json.dumps(links))
        processes = self.lines("get", "procfs/process")
        self.assertIn("procfs/process/1", processes)
        self.assertLess(len(processes), 5, "the container's own")

    def test_set(self):
        before = sysctl("net.ipv4.ip_default_ttl")
        self.refused(1, "[Rr]ead-only", "set", "net.ipv4.ip_default_ttl=77")
        self.assertEqual(sysctl("net.ipv4.ip_default_ttl"), before)
        self.refused(4, "CAP_NET_ADMIN", "set", "netlink/route/link/lo/mtu=1400")
        self.assertEqual(json.loads(check(["ip", "-j", "link", "show", "lo"]))[0]["mtu"], 65536)

    def test_what_takes_programs(self):
        self.refused(4, "CAP_BPF", "stat", "--", "true")
        self.refused(4, "CAP_BPF", "trace", "--", "true")
        rows = self.features()
        self.assertFalse(rows["CAP_BPF"]["present"])
        for name in "counting of crossings", "tracing of crossings", "BPF filter on a netlink socket", "fanotify on /sys", "BPF task iterator":
            self.assertFalse(rows[name]["present"], name)
            self.assertTrue(rows[name]["detail"], name)

    def test_cost(self):
        done = self.ferry("--cost", "get", "net.ipv4.ip_default_ttl")
        self.assertEqual((done.returncode, done.stdout), (0, f"sysctl/net/ipv4/ip_default_ttl = {sysctl('net.ipv4.ip_default_ttl')}\n"), done.stderr)
        self.assertTrue(done.stderr)


class Namespace(Case):
    """Root in there, nobody out here."""
    wrapper = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private")

    def setUp(self):
        os.chmod(tempfile.gettempdir(), 0o755)
        self.there = subprocess.run([*self.wrapper, "true"], capture_output=True, check=False).returncode == 0
        if not self.there:
            print("# not to be judged here: nobody may make a user namespace")

    def inside(self, script):
        done = subprocess.run([*self.wrapper, "sh", "-ec", script], capture_output=True, text=True, check=False, env={**os.environ, "FERRY": FERRY})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_set(self):
        if not self.there:
            return
        done = self.inside("ip link set lo up; $FERRY set net.ipv4.ip_forward=1 >/dev/null; cat /proc/sys/net/ipv4/ip_forward; "
                           "$FERRY set 'netlink/route/addr/lo/10.1.2.3/32={}' >/dev/null; ip -o addr show dev lo")
        self.assertEqual(done.stdout.splitlines()[0], "1")
        self.assertIn("inet 10.1.2.3/32", done.stdout)

    def test_watch(self):
        if not self.there:
            return
        done = self.inside("ip link set lo up; $FERRY watch --json --for 4 netlink/route/addr 2>/dev/null & watch=$!; "
                           "n=0; while ! ip addr add 10.1.2.$((n += 1))/32 dev lo || [ $n -lt 60 ]; do sleep 0.05; done; wait $watch")
        changes = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(changes)
        for change in changes:
            self.assertEqual((change["kind"], change["actor"]["pid"]), ("added", None), brief(change))
            self.assertTrue(change["actor"]["unknown"], brief(change))

    def test_what_is_said(self):
        if not self.there:
            return
        rows = self.features()
        self.assertTrue(rows["CAP_BPF"]["present"], "the namespace's own, which the kernel does not ask for")
        for name in "BPF filter on a netlink socket", "counting of crossings":
            self.assertFalse(rows[name]["present"], name)
            self.assertRegex(rows[name]["detail"], "not permitted|user namespace", name)
        for command in "stat", "trace":
            self.refused(4, "not permitted|user namespace", command, "--", "true")


class Types(Case):
    wrapper = without_types()

    def test_watch(self):
        changes, watched = self.recorded(ADD, "sysctl -qw net.ipv4.ip_default_ttl=67")
        self.assertIn("BTF", self.link_and_address(changes)["actor"]["unknown"])
        self.assertIn("BTF", watched["who changes netlink objects"]["why"])
        # fanotify tells of the write; of who it was only what /proc still has.
        told = [change for change in changes if change["address"] == "sysctl/net/ipv4/ip_default_ttl"]
        self.assertEqual([change["after"] for change in told], [67], listing(changes))
        self.assertTrue(watched["sysctl"]["watched"])
        self.assertIn("fanotify", watched["sysctl"]["how"])

    def test_what_takes_programs(self):
        for command in "stat", "trace":
            self.refused(1, "BTF", command, "--", "true")
        self.assertFalse(self.features()["BTF"]["present"])

    def test_processes(self):
        self.assertIn("/proc", self.ferry("--help").stdout + "/proc")
        rows = self.lines("get", "procfs/process")
        self.assertEqual(rows["procfs/process/1"]["comm"], contents("/proc/1/comm").strip())

    def test_learn(self):
        self.refused(1, "/sys/kernel/btf", "learn")


class ControlGroups(Case):
    """sysctl is recorded with who did it whatever is mounted there, and the group of that one is told where there is one."""
    LAYOUTS = {
        "1": "mount -t tmpfs tmpfs /sys/fs/cgroup; mkdir /sys/fs/cgroup/ferry; mount -t cgroup -o none,name=ferry-test cgroup /sys/fs/cgroup/ferry",
        "hybrid": "mount -t tmpfs tmpfs /sys/fs/cgroup; mkdir /sys/fs/cgroup/ferry /sys/fs/cgroup/unified; "
                  "mount -t cgroup -o none,name=ferry-test cgroup /sys/fs/cgroup/ferry; mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified",
        "2": "[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        "none": "mount -t tmpfs tmpfs /sys/fs/cgroup",
    }

    def judge(self, layout, value):
        script = self.LAYOUTS[layout]
        with open("/proc/filesystems", encoding="ascii") as file:
            kinds = {line.split()[-1] for line in file}
        if "name=" in script and "cgroup" not in kinds:
            print(f"# not to be judged here: this kernel has no control groups of version 1 ({layout})")
            return
        self.wrapper = ["unshare", "--mount", "sh", "-ec", script + "; exec \"$@\"", "sh"]
        self.assertTrue(self.features()["cgroup/sysctl program"]["present"])
        before = int(sysctl("net.ipv4.ip_default_ttl"))
        changes, watched = self.recorded(["sysctl", "-qw", f"net.ipv4.ip_default_ttl={value}"])
        told, = [change for change in changes if change["address"] == "sysctl/net/ipv4/ip_default_ttl"]
        self.assertEqual((told["before"], told["after"], told["actor"]["comm"]), (before, value, "sysctl"), brief(told))
        self.assertIn("cgroup/sysctl", watched["sysctl"]["how"])
        own = [line[3:] for line in contents("/proc/self/cgroup").splitlines() if line.startswith("0::")]
        self.assertEqual([told["actor"]["cgroup"]], own or [told["actor"]["cgroup"]])

    def test_version_1(self):
        self.judge("1", 81)

    def test_hybrid(self):
        self.judge("hybrid", 82)

    def test_version_2(self):
        self.judge("2", 83)

    def test_none(self):
        self.judge("none", 84)


class UnderLockdown(Case):
    """It cannot be taken back before the next start, so this is for machines that are thrown away, and comes last."""

    def level(self):
        try:
            return contents("/sys/kernel/security/lockdown").split("[")[1].split("]")[0]
        except OSError:
            return None

    def test_levels(self):
        if os.environ.get("FERRY_GUEST") != "1":
            print("# not to be judged here: the machine could not be used afterwards")
            return
        subprocess.run(["mount", "-t", "securityfs", "securityfs", "/sys/kernel/security"], capture_output=True, check=False)
        if self.level() is None:
            print("# not to be judged here: this kernel has no lockdown")
            return
        before = self.features()
        for level in "integrity", "confidentiality":
            with open("/sys/kernel/security/lockdown", "w", encoding="ascii") as file:
                file.write(level)
            self.assertEqual(self.level(), level)
            rows = self.features()
            changes, watched = self.recorded(ADD, f"sysctl -qw net.ipv4.ip_default_ttl={70 + len(level)}")
            actor = self.link_and_address(changes)["actor"]
            self.assertTrue([change for change in changes if change["address"] == "sysctl/net/ipv4/ip_default_ttl" and change["after"] == 70 + len(level)], listing(changes))
            if level == "integrity":
                self.assertEqual(actor["comm"], "ip")
                self.assertEqual(rows["counting of crossings"]["present"], before["counting of crossings"]["present"])
            else:
                self.assertIsNone(actor["pid"])
                self.assertIn("lockdown", actor["unknown"])
                self.assertIn("lockdown", rows["BPF filter on a netlink socket"]["detail"])
                self.assertIn("lockdown", watched["who changes netlink objects"]["why"])
                for command in "stat", "trace":
                    self.refused(4, "lockdown", command, "--", "true")
            check(["ip", "addr", "del", "10.9.8.7/32", "dev", "lo"])


ferrytest.run_cases()
