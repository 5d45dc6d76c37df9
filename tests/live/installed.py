#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `make install` brings: a program outside the tree builds against it, shared and static, manual pages without a complaint of groff's, and after
`make uninstall` nothing is left.

The same on every kernel: compilers and files."""
import os
import subprocess
import tempfile
import unittest

from ferrytest import FERRY, check, run_cases

SOURCE = os.environ.get("FERRY_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.path.dirname(FERRY)
EXAMPLE = os.path.join(SOURCE, "doc/examples/values.c")
QUESTIONS = ["net.ipv4.ip_forward", "netlink/route/link/lo/mtu", "/sys/class/net/lo/mtu"]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="installed-")
        check(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", cls.root])
        cls.files = [os.path.join(folder, name) for folder, _, names in os.walk(cls.root) for name in names]
        cls.environment = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=cls.root, PKG_CONFIG_PATH=os.path.dirname(cls.find("ferry.pc")),
                               LD_LIBRARY_PATH=os.path.dirname(cls.find("libferry.so")))

    @classmethod
    def find(cls, name):
        return next(path for path in cls.files if path.endswith("/" + name))

    def build(self, name, *options):
        flags = check(["pkg-config", "--cflags", "--libs", *(["--static"] if options else []), "ferry"], env=self.environment).split()
        flags = [option if flag == "-lferry" and options else flag for flag in flags for option in (options or (flag,))]
        program = os.path.join(self.root, name)
        check(["cc", "-Wall", "-Wextra", "-Werror", "-o", program, EXAMPLE, *flags], env=self.environment)
        return program

    def answers(self, program, *words):
        done = subprocess.run([program, *words, *QUESTIONS], capture_output=True, text=True, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_a_program_outside_the_tree(self):
        shared, static = self.build("shared"), self.build("static", "-l:libferry.a")
        wanted = subprocess.run([FERRY, "get", *QUESTIONS], capture_output=True, text=True).stdout
        self.assertEqual(len(wanted.splitlines()), len(QUESTIONS))
        self.assertEqual(self.answers(shared), wanted)
        self.assertEqual(self.answers(static), wanted)
        self.assertEqual(self.answers(self.find("bin/ferry"), "get"), wanted)
        self.assertIn("libferry.so.0", check(["ldd", shared], env=self.environment))
        self.assertNotIn("libferry", check(["ldd", static], env=self.environment))

    def test_nothing_but_the_public_functions_can_be_seen(self):
        for name, options in (("libferry.so", ["-D"]), ("libferry.a", [])):
            symbols = [line.split() for line in check(["nm", "-g", "--defined-only", *options, self.find(name)]).splitlines() if len(line.split()) == 3]
            self.assertGreater(len(symbols), 50)
            self.assertEqual([words[2] for words in symbols if not words[2].startswith(("ferry_", "FERRY_"))], [], name)

    def test_manual_pages(self):
        pages = [path for path in self.files if "/man/" in path]
        self.assertGreater(len(pages), 20)
        for page in pages:
            done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-K", "utf8", "-rLL=100n", "-z", page], capture_output=True, text=True)
            complaints = [line for line in done.stderr.splitlines() if "cannot adjust line" not in line]
            self.assertEqual((done.returncode, complaints), (0, []), page)

    def test_uninstall(self):
        root = tempfile.mkdtemp(prefix="uninstalled-")
        check(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root])
        check(["sh", os.path.join(SOURCE, "tools/uninstall"), BUILD], env=dict(os.environ, DESTDIR=root))
        self.assertEqual([name for _, _, names in os.walk(root) for name in names], [])


if __name__ == "__main__":
    run_cases()
