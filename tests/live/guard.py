#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""apply --confirm: whatever happens to the terminal, the caller, the guard or the machine, what is not confirmed goes back, and nothing else does.

The same on every kernel: processes and files of our own; declare has what the kernel is asked for."""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from ferrytest import FERRY, Recorder, check, contents, ferry, run_cases, sysctl, until  # noqa: E402
from judge import difference, raw_state  # noqa: E402

KEY = "net.ipv4.ip_default_ttl"
LONG = 3600  # s: never comes


class Guard(unittest.TestCase):
    def setUp(self):
        for name in os.listdir("/sys/class/net"):
            if name != "lo":
                subprocess.run(["ip", "link", "del", name], capture_output=True)
        check(["sysctl", "-qw", f"{KEY}=64"])
        check(["ip", "link", "add", "w0", "type", "bridge"])
        check(["ip", "addr", "add", "10.0.0.1/24", "dev", "w0"])
        os.chdir(tempfile.mkdtemp(prefix="guard-"))
        self.write("net.ipv4.ip_default_ttl = 77\nnetlink/route/link/w0/mtu = 1400\nnetlink/route/addr/w0/10.0.0.2/24 = {}\nnet.ipv4.ip_forward = 1\n"
                   "-netlink/route/addr/w0/10.0.0.1/24\n")
        self.before = raw_state()
        self.forwarding = check(["sysctl", "-a", "-r", "ipv4.conf.*forwarding"])

    def tearDown(self):
        guard = self.guard()
        if guard:
            os.kill(guard, signal.SIGKILL)
        ferry("rollback", "--state", "state")

    def write(self, text):
        with open("document", "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, seconds):
        return [FERRY, "apply", "--state", "state", "--confirm", str(seconds), "document"]

    def apply(self, seconds, status=0):
        done = subprocess.run(self.command(seconds), capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def run_ferry(self, *arguments, status=0):
        done = ferry(*arguments, "--state", "state")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    @staticmethod
    def guard():
        """The process that holds the guard's lock, as the kernel lists locks."""
        try:
            status = os.stat("state/apply.guard")
        except OSError:
            return None
        # A file system of another test may have a file of the same number.
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in contents("/proc/locks").splitlines():
            words = line.split()
            if words[1] != "->" and words[5] == file and int(words[4]) > 0:
                return int(words[4])
        return None

    def is_applied(self):
        return sysctl(KEY) == "77"

    def waits(self):
        return os.path.exists("state/apply.pending")

    def check_applied(self):
        self.assertEqual(sysctl(KEY), "77")
        self.assertIn("10.0.0.2/24", check(["ip", "addr"]))

    def check_back(self):
        self.assertEqual(sysctl(KEY), "64")
        self.assertEqual(difference(self.before, raw_state()), "")
        self.assertEqual(check(["sysctl", "-a", "-r", "ipv4.conf.*forwarding"]), self.forwarding)

    def test_confirmed_is_kept(self):
        words = self.apply(LONG).stderr
        self.assertIn("confirm", words)
        self.check_applied()
        guard = self.guard()
        self.assertTrue(guard)
        self.run_ferry("confirm")
        until("the guard's end", lambda: self.guard() is None)
        self.check_applied()
        self.run_ferry("confirm", status=3)
        self.run_ferry("rollback")
        self.check_back()

    def test_one_after_the_other(self):
        """The guard of the apply before may still be about to end when the next one comes."""
        for _ in range(20):
            self.apply(LONG)
            self.run_ferry("confirm")
            self.run_ferry("rollback")
        until("the guards' end", lambda: self.guard() is None)
        self.check_back()

    def test_not_confirmed_goes_back(self):
        self.apply(1)
        until("the way back", lambda: not self.waits())
        self.check_back()
        self.run_ferry("confirm", status=6)

    def test_there_and_back_is_told_as_ferrys(self):
        """A recorder sees every step by its channel, each the other way round on the way back, and nobody else in it."""
        addresses = {"sysctl/net/ipv4/ip_default_ttl", "netlink/route/link/w0", "netlink/route/addr/w0/10.0.0.2/24", "netlink/route/addr/w0/10.0.0.1/24",
                     "sysctl/net/ipv4/ip_forward"}
        with Recorder() as recorder:
            self.apply(1)
            until("the way back", lambda: not self.waits())
            self.check_back()
            recorder.settle()
            told = [change for change in recorder.changes if change["address"] in addresses]
        for address in addresses:
            steps = [(change["before"], change["after"]) for change in told if change["address"] == address]
            self.assertEqual(len(steps), 2, (address, steps))
            self.assertEqual(steps[0], steps[1][::-1], address)
        for change in told:
            self.assertEqual((change["actor"]["comm"], change["result"], change["actor"]["exe"]), ("ferry", "ok", os.path.realpath(FERRY)), change)

    def test_wait_tells_how_it_ended(self):
        done = subprocess.run(self.command(1) + ["--wait"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 6, done.stderr)
        self.check_back()
        waiting = subprocess.Popen(self.command(LONG) + ["--wait"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the apply", self.waits)  # a confirm before it would hold the lock that the apply needs
        until("the confirmation", lambda: ferry("confirm", "--state", "state").returncode == 0)
        self.assertEqual(waiting.wait(), 0)
        self.check_applied()

    def test_the_journal_is_there_before_the_first_write(self):
        trace = subprocess.run(["strace", "-o", "trace", "-e", "trace=fsync,rename,pwrite64,sendto,sendmsg"] + self.command(LONG), capture_output=True, text=True)
        if trace.returncode == 127 or not os.path.exists("trace"):
            self.skipTest("no strace")
        lines = contents("trace").splitlines()
        first = next(i for i, line in enumerate(lines) if "pwrite64(" in line or "RTM_NEW" in line)
        renamed = next(i for i, line in enumerate(lines) if "rename(" in line and "apply.pending" in line)
        synced = [i for i, line in enumerate(lines) if "fsync(" in line]
        self.assertTrue(min(synced) < renamed < min(i for i in synced if i > renamed) < first)

    def test_killed_caller(self):
        process = subprocess.Popen(self.command(2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("the apply", lambda: self.is_applied() or process.poll() is not None)
        process.kill()
        process.wait()
        until("the way back", lambda: not self.waits())
        self.check_back()

    def test_killed_terminal(self):
        child, terminal = pty.fork()
        if child == 0:
            os.execv("/bin/sh", ["sh", "-c", " ".join(self.command(2)) + "; exec sleep 1000"])
        until("the guard", lambda: self.is_applied() and self.guard())
        os.close(terminal)
        os.kill(child, signal.SIGHUP)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        until("the way back", lambda: not self.waits())
        self.check_back()

    def test_killed_guard(self):
        self.apply(LONG)
        guard = self.guard()
        self.run_ferry("rollback", "--pending", status=1)  # it lives: it looks after it
        os.kill(guard, signal.SIGKILL)
        until("the guard's end", lambda: self.guard() is None)
        self.check_applied()
        self.run_ferry("rollback", "--pending")
        self.check_back()
        self.run_ferry("rollback", "--pending")

    def test_restart_in_the_middle(self):
        """Only the file is left, of an apply that was not at its end, in another boot."""
        self.apply(LONG)
        os.kill(self.guard(), signal.SIGKILL)
        until("the guard's end", lambda: self.guard() is None)
        lines = contents("state/apply.pending").splitlines()
        header = json.loads(lines[0])
        header.update(boot="00000000-0000-0000-0000-000000000000", state="applying", netns=1)
        with open("state/apply.pending", "w", encoding="utf-8") as file:
            file.write("\n".join([json.dumps(header, separators=(",", ":"))] + lines[1:]) + "\n")
        self.run_ferry("confirm", status=1)
        self.run_ferry("rollback", "--pending")
        self.check_back()

    def test_a_damaged_journal_is_told(self):
        self.apply(LONG)
        os.kill(self.guard(), signal.SIGKILL)
        text = contents("state/apply.pending")
        with open("state/apply.pending", "w", encoding="utf-8") as file:
            file.write(text[:len(text) // 2])
        until("the guard's end", lambda: self.guard() is None)
        self.assertIn("damaged", self.run_ferry("rollback", "--pending", status=1).stderr)
        with open("state/apply.pending", "w", encoding="utf-8") as file:
            file.write(text)
        self.run_ferry("rollback")
        self.check_back()

    def test_a_second_apply_is_refused(self):
        self.apply(LONG)
        done = self.apply(LONG, status=1)
        self.assertIn("ferry confirm", done.stderr)
        self.check_applied()
        self.run_ferry("rollback")
        self.check_back()

    def test_two_at_once(self):
        both = [subprocess.Popen(self.command(LONG), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        words = [process.communicate()[1] for process in both]
        self.assertEqual(sorted(process.returncode for process in both), [0, 1], words)
        self.run_ferry("rollback")
        self.check_back()

    def test_what_somebody_else_changed_is_left_alone(self):
        self.apply(LONG)
        check(["sysctl", "-qw", f"{KEY}=99"])
        check(["ip", "link", "set", "w0", "mtu", "1300"])
        done = self.run_ferry("rollback", status=6)
        self.assertIn("left alone", done.stdout)
        self.assertEqual(sysctl(KEY), "99")
        self.assertIn("mtu 1300", check(["ip", "link", "show", "w0"]))
        self.assertIn("10.0.0.1/24", check(["ip", "addr"]))
        self.assertNotIn("10.0.0.2/24", check(["ip", "addr"]))


if __name__ == "__main__":
    run_cases()
