#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys that a program hands to the kernel stand in nothing that ferry trace prints or writes: not decoded, not as bytes, not in a program's arguments."""
import base64
import os
import subprocess
import tempfile
import unittest

from ferrytest import FERRY, run_cases

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
LONG = KEY[::-1] * 2
STATE = ["ip", "xfrm", "state", "add", "src", "10.0.0.1", "dst", "10.0.0.2", "proto", "esp", "spi", "0x123", "enc", "cbc(aes)", "0x" + KEY, "auth", "hmac(sha256)", "0x" + LONG]
SECRET = "fd5a:13c9:7b1e:40d2:9f68:2c3d:81ab:64e7"
WRITE = ["sh", "-c", f"echo {SECRET} > /proc/sys/net/ipv6/conf/lo/stable_secret; read word < /proc/sys/net/ipv6/conf/lo/stable_secret"]
FORMS = ([], ["-v"], ["--all"], ["--json"], ["--all", "--json"])


def spellings(key):
    """How eight bytes of KEY might be shown."""
    data = bytes.fromhex(key[:16])
    escaped = "".join(f"\\x{byte:02x}" for byte in data[:3])
    return [data, key[:16].encode(), key[:16].upper().encode(), base64.b64encode(data)[:10], escaped.encode(), data[:4].decode("latin-1").encode()]


class Secrets(unittest.TestCase):
    def traced(self, options, command):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([FERRY, "trace", "-o", f"{folder}/out", *options, "--", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = b""
            for name in os.listdir(folder):
                with open(f"{folder}/{name}", "rb") as file:
                    found += file.read()
            return found

    def no_key(self, found, keys, words):
        for key in keys:
            for spelling in spellings(key):
                self.assertNotIn(spelling, found, words)

    def test_states(self):
        for form in FORMS:
            found = self.traced(form, STATE)
            self.assertIn(b"sendmsg" if "--all" in form else b"netlink/xfrm", found, form)
            self.no_key(found, (KEY, LONG), form)
        self.assertIn(b"spi", self.traced([], STATE))

    def test_captures(self):
        for suffix in ("pcapng", "json"):
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([FERRY, "trace", "-w", f"{folder}/w.{suffix}", "--", *STATE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                with open(f"{folder}/w.{suffix}", "rb") as file:
                    found = file.read()
            self.assertIn(b"netlink/xfrm", found, suffix)
            self.no_key(found, (KEY, LONG), suffix)

    def test_files(self):
        for form in FORMS:
            found = self.traced(form, WRITE)
            self.assertIn(b"stable_secret", found, form)
            self.assertIn(b"(secret)", found, form)
            self.assertNotIn(SECRET[:16].encode(), found, form)


if __name__ == "__main__":
    run_cases(tracing=True)
