#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every example of README.md, in both languages, and of `ferry help` is run as it stands there, on a machine that has what they speak of: eth0, a namespace, a history."""
import os
import re
import subprocess
import tempfile
import unittest

import ferrytest
from ferrytest import FERRY, HANG, Recorder, check, contents, run_cases

SOURCE = os.environ.get("FERRY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
ENDLESS = re.compile(r"^ferry (watch|record|listen)\b(?!.*--for)")
# What must stand before an example, where the one before it does not leave it so. "confirm" and "rollback" want something to confirm and take back.
AGAIN = "ferry undo $(ferry log --json -n 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])')"  # what the undo before has taken back stands again
PENDING = "ferry rollback 2>/dev/null; ip link set eth1 mtu 1500; ferry snapshot --only netlink/route -o net.ferry; ip link set eth1 mtu 1300; "
BEFORE = {
    "ferry undo -c 12": AGAIN,
    "ferry undo --dry-run 14 13 12": AGAIN,
    "ferry undo --dry-run --since 15:04 netlink/route": "ip link set eth0 mtu 1444",
    "ferry apply /etc/sysctl.d/50-router.conf": "ferry rollback",
    "ferry diff before.ferry after.ferry": "cp before.ferry after.ferry",
    "ferry apply --confirm 60 net.ferry": PENDING,
    "ferry confirm": PENDING + "ferry apply --confirm 60 net.ferry",
    "ferry rollback": PENDING + "ferry apply --confirm 60 net.ferry",
}
LISTENERS = {"ferry send --to 5000 hello": ("--port", "5000"), "ferry send --to 5000 - <file": ("--port", "5000"),
             "ferry send --group 3 'link is up'": ("--group", "3")}


def blocks(name):
    """The blocks of a document that stand between lines of ```."""
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return re.findall(r"^```\n(.*?)^```", file.read(), re.M | re.S)


def readme(name="README.md"):
    """The examples of README.md: the lines of its blocks without a prompt, comments cut off."""
    return [re.sub(r"\s+#.*", "", line) for block in blocks(name) if "$ " not in block for line in block.splitlines()]


def helped():
    """Those of each command's help."""
    lines = []
    for name in re.findall(r"^COMMAND\((\w+)\)", contents(os.path.join(SOURCE, "src/cmd/commands.def")), re.M):
        text = check([FERRY, "help", name])
        lines += re.findall(r"^  (\S.*)", text.partition("\nExamples\n")[2], re.M)
    return lines


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="documents-")
        os.mkdir(f"{cls.folder}/bin")
        for name, script in (("ferry", f'exec {FERRY} "$@"'), ("sudo", 'exec "$@"'), ("man", "cat >/dev/null"), ("flamegraph.pl", "cat >/dev/null"), ("make", "exit 0")):
            with open(f"{cls.folder}/bin/{name}", "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(f"{cls.folder}/bin/{name}", 0o755)
        with open(f"{cls.folder}/file", "w", encoding="utf-8") as file:
            file.write("hello\n")
        cls.environment = dict(os.environ, PATH=f"{cls.folder}/bin:{os.environ['PATH']}", TERM="dumb")
        for place in ("/var/lib", "/run", "/etc/sysctl.d"):
            check(["mount", "-t", "tmpfs", "tmpfs", place])
        with open("/etc/sysctl.d/50-router.conf", "w", encoding="utf-8") as file:
            file.write("net.ipv4.ip_forward = 1\n")
        cls.sh("mkdir -p /run/netns && ip netns add web && ip netns add blue && ip link add eth0 type veth peer name eth1 && ip link set eth1 up && ip link set eth0 up && "
               "ip addr add 10.1.1.2/24 dev eth0 && ip -n blue link set lo up && ip -n blue route add 10.2.0.0/16 dev lo")
        cls.untraced = None if ferrytest.can_trace() else ferrytest.feature("tracing of crossings")["detail"]
        cls.history()

    @classmethod
    def history(cls):
        """Changes that can be taken back in any order, many more than fourteen; what else happens meanwhile may be told between them."""
        folder = "/proc/sys/net/ipv4/conf/eth0"
        with Recorder(db=False) as recorder:
            for name in sorted(os.listdir(folder)):
                value = contents(f"{folder}/{name}").strip()
                if value in ("0", "1") and name not in ("mc_forwarding", "forwarding"):
                    cls.sh(f"sysctl -qw net.ipv4.conf.eth0.{name}={1 - int(value)}")
            cls.sh("sysctl -qw net.ipv4.ip_forward=1 && ip link set eth0 mtu 1444")
            recorder.wait("the settings", lambda: recorder.find("sysctl/net/ipv4/ip_forward", "changed") > 16)
            recorder.wait("eth0", lambda: recorder.find("netlink/route/link/eth0", "changed") >= 0)
            recorder.stop()

    @classmethod
    def sh(cls, line):
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=cls.folder, env=cls.environment, timeout=HANG)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def is_lacking(self, line, words):
        """Whether it is this kernel that has not what LINE takes, and WORDS say so."""
        family = re.search(r"the kernel that runs has no netlink family (\w+)", words)
        if family and f"Name: {family.group(1)}\n" in check(["genl", "ctrl", "list"]):
            return False
        lacking = family or self.untraced and self.untraced in words
        if lacking:
            print(f"# not to be judged here: {line}: this kernel has not what it takes")
        return lacking

    def run_all(self, lines):
        failed = []
        for line in lines:
            if line in BEFORE:
                self.sh(BEFORE[line])
            if line in LISTENERS:
                self.enterContext(Recorder(*LISTENERS[line], "-n", "1", command="listen", db=False))
            command = re.sub(r"--for \d+", "--for 0.1", line) + (" --for 0.1" if ENDLESS.match(line) else "")
            command = re.sub(r"-a 10\b", "-a 1", re.sub(r"-p \d+", "-p $!", command))
            command = re.sub(r"^ferry tour(?!.*--station)", "ferry tour --station 4", command)  # tour.py goes through all of it
            # A process that ends by itself, and with it what looks at it; on a machine that others load it is gone too soon, and lives longer the next time.
            for seconds in (1, 4, 16) if "-p $!" in command else (0,):
                whole = f"sleep {seconds} & {command}" if seconds else command
                done = subprocess.run(["bash", "-c", whole], capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=HANG)
                if done.returncode != 3:
                    break
            if done.returncode and not self.is_lacking(line, done.stderr):
                failed.append(f"{line}: exit status {done.returncode}: {done.stdout[-500:]}{done.stderr[-1000:]}")
        self.assertEqual("\n".join(failed), "")

    def test_readme(self):
        lines = [line for line in readme() if line]
        self.assertGreater(len(lines), 15)
        self.run_all(lines)

    def test_readme_in_chinese(self):
        """The same examples and the same pictures, so that running one runs the other; and each leads to the other."""
        self.assertEqual(readme("README.zh-CN.md"), readme())
        self.assertEqual([block for block in blocks("README.zh-CN.md") if "$ " in block], [block for block in blocks("README.md") if "$ " in block])
        for name, other in (("README.md", "README.zh-CN.md"), ("README.zh-CN.md", "README.md")):
            self.assertIn(f"]({other})", contents(os.path.join(SOURCE, name)))
        counts = [len(re.findall(r"^(?:#|- )", contents(os.path.join(SOURCE, name)), re.M)) for name in ("README.md", "README.zh-CN.md")]
        self.assertEqual(*counts)

    def test_help(self):
        lines = helped()
        self.assertGreater(len(lines), 50)
        self.run_all(lines)


if __name__ == "__main__":
    run_cases()
