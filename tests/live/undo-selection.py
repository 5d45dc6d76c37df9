#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `ferry undo` takes back that is chosen by time, by program and by address; the judge is what ip(8), nft(8) and sysctl(8) print before and after."""
import json
import os
import pwd
import re
import shutil
import socket
import tempfile
import time

import ferrytest
import judge
from ferrytest import Recorder, check, ferry, listing, shell, sysctl
from recording import PATIENCE, Case

KNOBS = ("net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.d0.rp_filter", "net.ipv4.conf.d0.forwarding", "net.ipv4.tcp_sack")


def everything():
    state = judge.raw_state()
    state["sysctl"] = [[knob, sysctl(knob)] for knob in KNOBS]
    state["nft"] = re.sub(r" # handle \d+", "", check(["nft", "-s", "list", "ruleset"])).splitlines()
    return state


class Selection(Case):
    def setUp(self):
        super().setUp()
        shell("sysctl -qw net.ipv4.tcp_sack=1 net.ipv4.conf.d0.rp_filter=0; ip link set d0 mtu 1500")

    def back(self, before, words):
        deadline = time.monotonic() + PATIENCE
        while difference := judge.difference(before, everything()):
            if time.monotonic() > deadline:
                self.fail(f"{words}\n  what was (-) and what is now (+):\n{difference}")
            time.sleep(0.05)

    def recorded(self, recorder, command):
        """What was told of COMMAND, and that it did something."""
        before = everything()
        position = recorder.settle()
        shell(command)
        recorder.settle()
        self.assertTrue(judge.difference(before, everything()))
        return recorder.since(position)

    def undo(self, recorder, *arguments, status=0):
        """Below the addresses that the commands here reach, if not others: the machine has more programs."""
        arguments = tuple(map(str, arguments))
        if any(argument.startswith("-") for argument in arguments) and not any("/" in argument for argument in arguments):
            arguments += ("netlink/route", "netlink/netfilter", "sysctl/net")
        done = ferry("undo", "--db", recorder.db, *arguments)
        self.assertEqual(done.returncode, status, f"ferry undo {arguments}: {done.stdout}{done.stderr}")
        return done

    def since(self, changes):
        """Before the first of CHANGES, and after all that was before them."""
        return changes[0]["time"]


COMMANDS = """
ip link add w0 type veth peer name w1
ip link set w0 up mtu 1300
ip link set w1 up
ip addr add 10.9.0.1/24 dev w0
ip route add 10.77.0.0/16 via 10.9.0.2
ip route replace 10.77.0.0/16 via 10.9.0.3
sysctl -qw net.ipv4.ip_forward=1
sysctl -qw net.ipv4.conf.d0.rp_filter=2
sysctl -qw net.ipv4.conf.d0.rp_filter=1
nft 'add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 22 accept'
nft add rule inet t c counter drop
ip route del 10.77.0.0/16
ip link del w0
ip link set d0 mtu 1400
"""


class ByTime(Selection):
    def check_all(self, running):
        before = everything()
        with Recorder() as recorder:
            changes = self.recorded(recorder, COMMANDS)
            if not running:
                recorder.stop()
            since = self.since(changes)
            rehearsed = self.undo(recorder, "--dry-run", "--since", since)
            self.assertIn("would be taken back", rehearsed.stderr)
            self.assertTrue(judge.difference(before, everything()), "a rehearsal has changed something")
            done = self.undo(recorder, "--since", since)
            self.back(before, f"{listing(changes)}\n{done.stdout}{done.stderr}")
            self.assertIn(" 0 left as they are", done.stderr)
            # Each is told the once: what follows from a change goes with it.
            self.assertEqual(done.stdout.count("sysctl/net/ipv4/ip_forward: 1 -> 0"), 1, done.stdout)

    def test_while_recorded(self):
        self.check_all(True)

    def test_without_recorder(self):
        self.check_all(False)

    def test_until(self):
        with Recorder() as recorder:
            first = self.recorded(recorder, "ip link set d0 mtu 1400")
            between = everything()
            later = self.recorded(recorder, "ip addr add 10.9.0.1/24 dev d0; sysctl -qw net.ipv4.conf.d0.rp_filter=2")
            self.undo(recorder, "--since", self.since(later))
            self.back(between, listing(later))
            self.assertIn("mtu 1400 -> 1500", self.undo(recorder, "--since", self.since(first), "--until", self.since(later)).stdout)

    def test_nothing(self):
        with Recorder() as recorder:
            recorder.settle()
            done = self.undo(recorder, "--since", "1h", "sysctl/net/ipv4/tcp_sack")
            self.assertEqual((done.stdout, done.stderr), ("", "the history has no such change\n"))


class Bridge(Selection):
    """A link that is removed takes along what stands on it, which the kernel tells of before it tells of the link."""

    def setUp(self):
        super().setUp()
        for command in ("link add w0 type veth peer name w1", "link add b0 type bridge mcast_snooping 1", "link set w0 master b0 up", "link set w1 up", "link set b0 up",
                        "addr add 10.9.0.1/24 dev b0", "addr add 10.9.0.2/24 dev w1", "neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev b0"):
            check(["ip", *command.split()])
        self.addCleanup(shell, "ip link del b0; ip link del w0")
        # Somebody behind the port listens to a group: the bridge learns that.
        self.member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.member.close)

    def join(self):
        self.member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.2.3") + socket.inet_aton("10.9.0.2"))
        ferrytest.until("the group in the bridge", lambda: "grp 239.1.2.3 temp" in check(["bridge", "mdb", "show"]))

    def test_what_went_with_it_is_said_and_comes_back(self):
        with Recorder() as recorder:
            recorder.settle()
            self.join()
            position = recorder.settle()
            gone = ferrytest.run(["ip", "link", "del", "b0"])
            recorder.settle()
            changes = recorder.since(position)
            [removal] = [change for change in changes if change["kind"] == "removed" and change["address"] == "netlink/route/link/b0"]
            self.assertTrue([change for change in changes if change["address"].endswith("/239.1.2.3")], listing(changes))
            alone = self.undo(recorder, removal["id"])
            self.assertNotIn("10.9.0.1", check(["ip", "addr", "show", "b0"]))
            said = re.fullmatch(r'ip changed [0-9]+ more along with #[0-9]+: "ferry undo --by ([0-9]+) --since \'([^\']+)\'" takes all of it back\n', alone.stderr)
            self.assertTrue(said, alone.stderr)
            self.assertEqual(int(said[1]), gone.pid)
            done = ferry("undo", "--db", recorder.db, "--by", said[1], "--since", said[2])
            # The bridge's own address is that of its port; the kernel notes it with the one or the other.
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            # What the kernel had learnt it learns anew.
            self.assertNotIn("mdb", done.stdout + done.stderr)
            self.assertIn("10.9.0.1/24", check(["ip", "addr", "show", "b0"]))
            self.assertIn("10.9.0.9 lladdr 02:00:00:00:00:09", check(["ip", "neigh", "show", "dev", "b0"]))
            self.assertIn("master b0", check(["ip", "link", "show", "w0"]))

    def test_where_nothing_went_with_it_nothing_is_said(self):
        with Recorder() as recorder:
            check(["ip", "addr", "add", "10.8.0.1/24", "dev", "d0"])
            position = recorder.settle()
            check(["ip", "addr", "del", "10.8.0.1/24", "dev", "d0"])
            recorder.settle()
            [removal] = [change for change in recorder.since(position) if change["address"] == "netlink/route/addr/d0/10.8.0.1/24"]
            self.assertEqual(self.undo(recorder, removal["id"]).stderr, "")
            check(["ip", "addr", "del", "10.8.0.1/24", "dev", "d0"])


class ByProgramAndAddress(Selection):
    def test_one_program_of_two(self):
        with tempfile.TemporaryDirectory() as folder, Recorder() as recorder:
            deploy = os.path.join(folder, "deploy")
            shutil.copy(shutil.which("ip"), deploy)
            before = everything()
            changes = self.recorded(recorder, f"{deploy} addr add 10.9.0.1/24 dev d0; sysctl -qw net.ipv4.tcp_sack=0; {deploy} link set d0 mtu 1400; {deploy} rule add from 10.9.0.0/16 table 7")
            done = self.undo(recorder, "--by", "deploy")
            self.assertEqual(sysctl("net.ipv4.tcp_sack"), "0")
            check(["sysctl", "-qw", "net.ipv4.tcp_sack=1"])
            self.back(before, f"{listing(changes)}\n{done.stdout}{done.stderr}")

    def test_below_an_address(self):
        with Recorder() as recorder:
            changes = self.recorded(recorder, "ip link set d0 mtu 1400; sysctl -qw net.ipv4.tcp_sack=0; sysctl -qw net.ipv4.conf.d0.rp_filter=2")
            self.undo(recorder, "--since", self.since(changes), "sysctl/net/ipv4/conf", "net.ipv4.tcp_sack")
            self.assertEqual((sysctl("net.ipv4.tcp_sack"), sysctl("net.ipv4.conf.d0.rp_filter")), ("1", "0"))
            self.assertEqual(json.loads(check(["ip", "-j", "link", "show", "d0"]))[0]["mtu"], 1400)

    def test_the_last(self):
        with Recorder() as recorder:
            self.recorded(recorder, "sysctl -qw net.ipv4.tcp_sack=0; sysctl -qw net.ipv4.conf.d0.rp_filter=1; sysctl -qw net.ipv4.conf.d0.rp_filter=2")
            self.undo(recorder, "-n", "1", "sysctl/net/ipv4")
            self.assertEqual((sysctl("net.ipv4.tcp_sack"), sysctl("net.ipv4.conf.d0.rp_filter")), ("0", "1"))


class Refused(Selection):
    def test_changed_since(self):
        """What nobody recorded has changed meanwhile is left alone and told; the others go back."""
        with Recorder() as recorder:
            changes = self.recorded(recorder, "sysctl -qw net.ipv4.tcp_sack=0; ip link set d0 mtu 1400; ip addr add 10.9.0.1/24 dev d0")
            recorder.stop()
            check(["ip", "link", "set", "d0", "mtu", "1350"])
            done = self.undo(recorder, "--since", self.since(changes), status=1)
            self.assertIn("--force", done.stderr)
            self.assertIn("1 left as they are", done.stderr)
            self.assertEqual((sysctl("net.ipv4.tcp_sack"), json.loads(check(["ip", "-j", "link", "show", "d0"]))[0]["mtu"]), ("1", 1350))
            self.assertNotIn("10.9.0.1", check(["ip", "addr"]))
            self.undo(recorder, "--force", "--since", self.since(changes))
            self.assertEqual(json.loads(check(["ip", "-j", "link", "show", "d0"]))[0]["mtu"], 1500)

    def test_what_is_no_question(self):
        with Recorder() as recorder:
            recorder.settle()
            self.assertIn("--since", self.undo(recorder, status=2).stderr)
            self.assertIn("--since", self.undo(recorder, "sysctl/net/ipv4", status=2).stderr)
            self.undo(recorder, "--since", "yesteryear", status=2)
            self.undo(recorder, "--since", "1h", "no such/address", status=2)
            # What is no number is found before anything is taken back.
            [change] = self.recorded(recorder, "sysctl -qw net.ipv4.tcp_sack=0")
            self.undo(recorder, change["id"], "x", status=2)
            self.assertEqual(sysctl("net.ipv4.tcp_sack"), "0")
            for who in "", "uid=no-such-user", "uid=", "pid=x":
                self.assertIn("--by: ", self.undo(recorder, "--by", who, "sysctl/net", status=2).stderr)


class ByUser(Selection):
    def test_a_user_by_number_and_by_name(self):
        with Recorder() as recorder:
            address = "netlink/route/link/d0"
            self.recorded(recorder, "ip link set d0 mtu 1400")
            self.recorded(recorder, "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin ip link set d0 mtu 1300")
            for who, after in ("uid=0", 1400), ("uid=root", 1400), ("uid=65534", 1300), (f"uid={pwd.getpwuid(65534).pw_name}", 1300):
                [change] = map(json.loads, ferry("log", "--json", "--db", recorder.db, "--by", who, address).stdout.splitlines())
                self.assertEqual(change["after"], {"mtu": after}, who)
            # A word is a program or a control group: that a user is called so is said.
            done = ferry("log", "--db", recorder.db, "--by", "root", address)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
            self.assertIn("--by uid=root", done.stderr)


if __name__ == "__main__":
    ferrytest.run_cases()
