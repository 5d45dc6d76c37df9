#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shells complete commands, options, and addresses by what is there now: bash, zsh and fish, each asked itself. TAP.

The same on every kernel: shells and their terminals."""
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

from ferrytest import FERRY, HANG, check, run_cases

BASH = """
. "$1"
compopt() { :; }
COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
_ferry
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="completion-")
        for shell, name in (("bash", "ferry.bash"), ("zsh", "_ferry"), ("fish", "ferry.fish")):
            with open(f"{cls.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(check([FERRY, "help", "--completion", shell]))
        cls.environment = dict(os.environ, PATH=f"{os.path.dirname(FERRY)}:{os.environ['PATH']}", HOME=cls.folder, TERM="dumb")
        check(["ip", "link", "add", "here0", "type", "veth", "peer", "name", "here1"])

    def ask(self, *argv):
        done = subprocess.run(argv, capture_output=True, text=True, env=self.environment, timeout=HANG)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def has(self, shell):
        if not shutil.which(shell):
            print(f"# no {shell}: what it completes is not to be judged here")
        return shutil.which(shell)

    def test_bash(self):
        def completed(*words):
            return self.ask("bash", "-c", BASH, "bash", f"{self.folder}/ferry.bash", "ferry", *words).split()
        self.assertEqual(completed("snap"), ["snapshot"])
        self.assertEqual(completed("get", "netlink/route/link/here"), ["netlink/route/link/here0", "netlink/route/link/here1"])
        self.assertIn("sysctl/net/ipv4/ip_forward", completed("set", "sysctl/net/ipv4/ip_forw"))

    def test_fish(self):
        if self.has("fish"):
            def completed(line):
                return [row.split("\t")[0] for row in self.ask("fish", "-N", "-c", f"source {self.folder}/ferry.fish; complete -C '{line}'").splitlines()]
            self.assertEqual(completed("ferry snap"), ["snapshot"])
            self.assertIn("--html", completed("ferry tour --h"))
            self.assertEqual(completed("ferry get netlink/route/link/here"), ["netlink/route/link/here0", "netlink/route/link/here1"])

    def test_zsh(self):
        """On a terminal of its own, which shows what is added to the line; its first completion loads the function."""
        if not self.has("zsh"):
            return
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.environment)
        self.addCleanup(lambda: (os.kill(pid, signal.SIGKILL), os.waitpid(pid, 0), os.close(terminal)))

        def typed(keys, wanted):
            answer = b""
            os.write(terminal, keys.encode())
            while wanted.encode() not in answer:
                if not select.select([terminal], [], [], HANG)[0]:
                    self.fail(f"{keys!r} is answered by {answer!r}, without {wanted}")
                answer += os.read(terminal, 65536)
        typed(f"fpath=({self.folder} $fpath); autoload -Uz compinit; compinit -u -D; echo rea''dy\n", "\nready")
        for line, wanted in (("ferry snap", "shot"), ("ferry get sysctl/net/ipv4/ip_forward_up", "date_priority"), ("ferry get netlink/route/link/he", "re")):
            typed(line + "\t", wanted)
            typed("\x15", "\r")


if __name__ == "__main__":
    run_cases()
