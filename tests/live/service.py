#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recorder under what its systemd unit leaves it: the capabilities, the read-only mounts, no new privileges; and that it makes no system call that the unit
filters. systemd itself need not run; `systemd-analyze`, where it is there, says which calls a group is and how exposed the unit is. TAP."""
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from ferrytest import HANG, Recorder, check, contents, run_cases

SOURCE = os.environ.get("FERRY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
# What systemd.exec(5) makes read-only for ProtectKernelTunables.
TUNABLES = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/sysrq-trigger", "/sys")


def settings():
    """The last value of each setting of the unit."""
    return dict(re.findall(r"^(\w+)=(.*)$", contents(os.path.join(SOURCE, "data/ferry.service.in")), re.M))


def group(name):
    """The calls of a group such as @system-service, its groups included."""
    text = re.sub(r"#.*", "", check(["systemd-analyze", "syscall-filter", name]))
    found = set()
    for word in text.split()[1:]:
        found |= group(word) if word.startswith("@") else {word}
    return found


def lives(pid):
    try:
        return contents(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Service(unittest.TestCase):
    def confined(self, log):
        """What stands before the recorder's command line."""
        unit = settings()
        capabilities = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in unit["CapabilityBoundingSet"].split())])
        self.assertEqual([unit[name] for name in ("ProtectKernelTunables", "ProtectSystem", "NoNewPrivileges")], ["yes", "strict", "yes"])
        mounts = "".join(f"if [ -e {path} ]; then mount --bind {path} {path}; mount -o remount,bind,ro {path}; fi; " for path in TUNABLES)
        script = f"set -e; {mounts} mount -o remount,bind,ro /; exec setpriv --no-new-privs --bounding-set {capabilities} strace -D -f -o {log} \"$@\""
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"]

    def test_it_sees_who_did_what(self):
        log = os.path.join(tempfile.mkdtemp(), "calls")
        check(["ip", "link", "add", "s0", "type", "veth", "peer", "name", "s1"])
        with Recorder(wrapper=self.confined(log)) as recorder:
            done = []
            for words in ("ip link set s0 mtu 1400", "sysctl -qw net.ipv4.ip_default_ttl=65"):
                process = subprocess.Popen(words.split())
                process.wait()
                done.append(process.pid)
            process = subprocess.Popen(["sh", "-c", "echo 77 > /sys/class/net/s0/tx_queue_len"])
            process.wait()
            done.append(process.pid)
            recorder.settle()
            told = [(change["address"], change["after"], change["actor"]["pid"], change["door"]) for change in recorder.changes
                    if change["address"] in ("netlink/route/link/s0", "sysctl/net/ipv4/ip_default_ttl")]
            tracer = re.search(r"(?m)^TracerPid:\s+(\d+)", contents(f"/proc/{recorder.pid}/status"))[1]
            recorder.stop()
        # strace is none of our children (-D), so that a signal reaches the recorder: its log is whole when it has ended.
        deadline = time.monotonic() + HANG
        while lives(tracer) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(told, [("netlink/route/link/s0", {"mtu": 1400}, done[0], "netlink"), ("sysctl/net/ipv4/ip_default_ttl", 65, done[1], "sysctl"),
                                ("netlink/route/link/s0", {"txqlen": 77}, done[2], "sysfs")])
        self.assert_calls_pass(set(re.findall(r"^\d+ +(\w+)\(", contents(log), re.M)))

    def assert_calls_pass(self, made):
        self.assertIn("bpf", made)
        if not shutil.which("systemd-analyze"):
            print("# no systemd-analyze: which calls the groups of the filter are is not to be judged here")
            return
        allowed = set()
        for word in settings()["SystemCallFilter"].split():
            allowed |= group(word) if word.startswith("@") else {word}
        self.assertEqual(made - allowed, set())

    def test_the_exposure_is_what_the_document_says(self):
        said, = re.findall(r"exposure level of ([\d.]+)", contents(os.path.join(SOURCE, "doc/security.md")))
        if not shutil.which("systemd-analyze"):
            print("# no systemd-analyze: the exposure is not to be judged here")
            return
        unit = os.path.join(tempfile.mkdtemp(), "ferry.service")
        with open(unit, "w", encoding="utf-8") as file:
            file.write(contents(os.path.join(SOURCE, "data/ferry.service.in")).replace("@bindir@", "/usr/bin"))
        judged = check(["systemd-analyze", "security", "--offline=true", "--no-pager", unit])
        version = int(re.search(r"systemd (\d+)", check(["systemd-analyze", "--version"])).group(1))
        found, = re.findall(r"Overall exposure level for ferry.service: ([\d.]+)", judged)
        if version == 252:
            self.assertEqual(found, said)
        else:
            print(f"# systemd {version} counts otherwise than 252: {found}")
            self.assertLess(float(found), 5)


if __name__ == "__main__":
    run_cases()
