#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files as other programs read them: sysctl -a against `ferry get sysctl`, udevadm info -a against `ferry get sysfs/...` of every network device and some others, and a plain read
of a sample of /sys, errors included. In a network namespace with links whose names hold dots. SEED=n repeats the sample, SAMPLE is its size."""
import errno
import json
import os
import random
import re
import shutil
import subprocess
import time
import unittest

from ferrytest import FERRY, check, ferry, run_cases

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 31)))
SAMPLE = int(os.environ.get("SAMPLE", "1200"))
SECRET = "(secret)"
ATTEMPTS = 5
DOTTED = ("e0.100", "e-0_1", "e.0.7")
# What reading does something, or never ends: ferry does not read these without being asked by their very names.
LEFT_ALONE = re.compile(r"/(trace_pipe|wakeup_count|hot_add|hot_remove|rom|vpd|config|resource\d+(_wc)?|data|loading|autosuspend_delay_ms)$|^/sys/(kernel/(debug|tracing|security)|fs/(cgroup|bpf|pstore))/")
# What counts the memory of the processes that run, and so moves when a reader is started.
MOVES_WITH_THE_READER = re.compile(r"^/sys/kernel/slab/[^/]+/(cpu_slabs|slabs_cpu_partial|objects|objects_partial|partial|slabs|total_objects|\w+_stat|alloc_\w+|free_\w+)$")

# As strace(1) and the manual have it, where Python takes the other name.
NAMES = {**errno.errorcode, errno.EOPNOTSUPP: "EOPNOTSUPP"}


def plain_read(path):
    """(content, None) or (None, errno word)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return None, NAMES[error.errno]
    try:
        content = b""
        while part := os.read(descriptor, 65536):
            content += part
            if len(content) > 16 << 20:
                break
        return content, None
    except OSError as error:
        return None, NAMES[error.errno]
    finally:
        os.close(descriptor)


def words(value):
    return " ".join(str(value).split())


def values(*addresses):
    done = subprocess.run([FERRY, "--json", "get", *addresses], capture_output=True)
    if done.returncode not in (0, 1, 3, 4, 5):
        raise AssertionError(f"ferry get ended with {done.returncode}: {done.stderr[-500:]}")
    return json.loads(done.stdout or b"{}")


def sysfs_values(*paths):
    """By the path that a file really has: ferry tells a device by its class, /sys/class/net/lo and not /sys/devices/virtual/net/lo."""
    return {os.path.realpath("/sys/" + address.removeprefix("sysfs/")): value for address, value in values(*paths).items()}


def error_of(value):
    return value["error"]["code"] if isinstance(value, dict) and set(value) == {"error"} else None


def steady(address, value):
    """Without what counts the reader's own open files."""
    return value.split()[1:] if address == "sysctl/fs/file-nr" else value


def agrees(content, value):
    """Whether VALUE, as ferry tells it, says what the bytes say."""
    text = content.decode("utf-8", "surrogateescape")
    text = text[:-1] if text.endswith("\n") else text
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int):
        return re.fullmatch(r"-?\d+", text) is not None and int(text) == value
    if value == text or value == content.hex() or value == content.removesuffix(b"\n").hex():
        return True
    # One word of several is chosen: "[none] mq-deadline"
    return f"[{value}]" in text.split() and text.count("[") == 1


class Files(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        for name in DOTTED:
            check(["ip", "link", "add", name, "type", "veth", "peer", "name", name.replace("e", "f", 1)])
        print(f"# SEED={SEED}")

    # ---- sysctl ----

    @staticmethod
    def sysctl_all():
        """What `sysctl -a` prints, by ferry's address; and the keys that it could not read, with its words."""
        done = subprocess.run(["sysctl", "-a"], capture_output=True)
        found, refused = {}, {}
        for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
            name, sign, value = line.partition(" =")
            if sign and re.fullmatch(r"[^ ]+", name):
                found.setdefault("sysctl/" + name.translate(str.maketrans("./", "/.")), []).append(value.strip())
        for line in done.stderr.decode("utf-8", "surrogateescape").splitlines():
            match = re.search(r"['\"]([a-z][^'\"]*)['\"]", line)
            if match:
                refused["sysctl/" + match.group(1).translate(str.maketrans("./", "/."))] = line
        return {address: words(" ".join(lines)) for address, lines in found.items()}, refused

    def compared_with_sysctl(self):
        """What `sysctl -a` read, what it could not read, and what ferry told otherwise though sysctl's own two readings agree."""
        before, refused = self.sysctl_all()
        ours = values("sysctl")
        after, _ = self.sysctl_all()
        self.assertGreater(len(before), 300)
        compared, moved, wrong = 0, 0, {}
        for address, value in before.items():
            mine = ours.get(address)
            if mine == SECRET:
                continue
            if after.get(address) != value:
                moved += 1
            elif address in ours and not error_of(mine) and steady(address, words(mine)) == steady(address, value):
                compared += 1
            else:
                wrong[address] = f"sysctl says {value[:200]!r}, ferry {str(mine)[:200]!r}"
        print(f"# {compared} keys compared, {moved} moved between two readings, {len(refused)} that sysctl can not read")
        return before, refused, wrong

    def test_sysctl(self):
        wrong = None
        # A count of what is open or free right now may move and come back between two readings: what differs each time is wrong.
        for _ in range(ATTEMPTS):
            before, refused, found = self.compared_with_sysctl()
            wrong = found if wrong is None else {address: words for address, words in found.items() if address in wrong}
            if not wrong:
                break
        self.assertEqual(wrong, {})
        for name in DOTTED:
            for family in ("ipv4", "ipv6"):
                self.assertIn(f"sysctl/net/{family}/conf/{name}/forwarding", before)

    def test_what_sysctl_can_not_read(self):
        """ferry says why, with the kernel's errno, for each of these; and what it tells besides is what the file holds."""
        before, refused = self.sysctl_all()
        ours = values("sysctl")
        for address in {*refused, *(set(ours) - set(before))}:
            path = "/proc/sys/" + address.removeprefix("sysctl/")
            mine = ours.get(address, "nothing")
            if os.path.isdir(path) or mine in (None, SECRET) or error_of(mine) == "ECANCELED":
                continue
            content, code = plain_read(path)
            if code:
                self.assertEqual(error_of(mine), code, f"{address}: {refused.get(address)}")
            elif (content, code) == plain_read(path):
                self.assertTrue(agrees(content, mine), f"{address}: the file holds {content[:200]!r}, ferry says {mine!r}")

    def test_every_spelling_of_a_dotted_name(self):
        for name in DOTTED:
            address = f"sysctl/net/ipv4/conf/{name}/rp_filter"
            wanted = {address: int(check(["sysctl", "-n", f"net/ipv4/conf/{name}/rp_filter"]))}
            for spelling in (address, f"net.ipv4.conf.{name.replace('.', '/')}.rp_filter", f"/proc/sys/net/ipv4/conf/{name}/rp_filter"):
                self.assertEqual(values(spelling), wanted, spelling)
            self.assertEqual(values(f"sysfs/class/net/{name}/mtu"), {f"sysfs/class/net/{name}/mtu": 1500})

    # ---- sysfs ----

    @staticmethod
    def udev_attributes(folder):
        """ATTR{...} of the device itself, not of its parents."""
        done = subprocess.run(["udevadm", "info", "--attribute-walk", "--path", folder], capture_output=True)
        own = done.stdout.decode("utf-8", "surrogateescape").split("looking at parent device")[0]
        return dict(re.findall(r'^    ATTR\{([^}]+)\}=="(.*?)"$', own, re.M | re.S))

    def devices(self):
        found = [f"/sys/class/net/{name}" for name in sorted(os.listdir("/sys/class/net"))]
        for pattern, most in (("/sys/class/block", 6), ("/sys/class/mem", 3), ("/sys/class/bdi", 3), ("/sys/class/tty", 3), ("/sys/class/misc", 3), ("/sys/class/rtc", 2),
                              ("/sys/class/thermal", 3), ("/sys/class/power_supply", 3), ("/sys/class/input", 3), ("/sys/devices/system/cpu/cpu", 0), ("/sys/bus/virtio/devices", 3)):
            if os.path.isdir(pattern):
                found += [os.path.join(pattern, name) for name in sorted(os.listdir(pattern))[:most]]
        return found + ["/sys/devices/system/cpu/cpu0", "/sys/devices/system/clocksource/clocksource0"]

    def test_udevadm(self):
        if not shutil.which("udevadm"):
            self.skipTest("no udevadm here")
        compared = 0
        for folder in self.devices():
            before = self.udev_attributes(folder)
            ours = values(folder)
            after = self.udev_attributes(folder)
            prefix = "sysfs/" + folder.removeprefix("/sys/") + "/"
            mine = {address.removeprefix(prefix): value for address, value in ours.items() if address.startswith(prefix)}
            for name, value in before.items():
                if after.get(name) != value or value.startswith("(not readable)") or LEFT_ALONE.search(f"{folder}/{name}") or "/" in name:
                    continue
                self.assertIn(name, mine, f"{folder}: udevadm tells {name}")
                if mine[name] is None or error_of(mine[name]):
                    # udevadm shows what it can not read as an empty text.
                    self.assertEqual(value, "", f"{folder}/{name}: udevadm says {value!r}, ferry {mine[name]!r}")
                    continue
                found = mine[name].rstrip() if isinstance(mine[name], str) else mine[name]
                self.assertTrue(agrees(value.rstrip().encode("utf-8", "surrogateescape"), found), f"{folder}/{name}: udevadm says {value!r}, ferry {mine[name]!r}")
                compared += 1
        print(f"# {compared} attributes compared")
        self.assertGreater(compared, 100)

    @staticmethod
    def differs(path):
        """Whether ferry tells one thing, and a plain read another, again and again: neither moves."""
        plain, ours = set(), set()
        for _ in range(6):
            content, mine = plain_read(path)[0], sysfs_values(path).get(path)
            if content is None or agrees(content, mine):
                return False
            plain.add(content)
            ours.add(str(mine))
            time.sleep(0.2)
        return len(plain) == 1 and len(ours) == 1

    def test_sample_of_sysfs(self):
        files = []
        for folder, folders, names in os.walk("/sys"):
            folders.sort()
            files += [os.path.join(folder, name) for name in sorted(names)]
        chosen = random.Random(SEED).sample(files, min(SAMPLE, len(files)))
        chosen = [path for path in chosen if not os.path.islink(path) and not LEFT_ALONE.search(path)]
        compared, errors, moved, wrong = 0, 0, 0, []
        for at in range(0, len(chosen), 200):
            part = chosen[at:at + 200]
            before = {path: plain_read(path) for path in part}
            ours = sysfs_values(*part)
            for path in part:
                mine = ours.get(path, "nothing")
                content, code = before[path]
                if code:
                    errors += error_of(mine) == code
                    # A file that only takes is one that holds nothing to read.
                    if error_of(mine) != code and not (mine is None and not os.stat(path).st_mode & 0o444):
                        wrong.append(f"{path}: a read ends with {code}, ferry says {str(mine)[:200]!r}")
                elif mine == SECRET:
                    continue
                elif not agrees(content, mine):
                    if not MOVES_WITH_THE_READER.match(path) and self.differs(path):
                        wrong.append(f"{path}: holds {content[:200]!r}, ferry says {str(mine)[:200]!r}")
                    else:
                        moved += 1
                else:
                    compared += 1
        print(f"# of {len(files)} files {len(chosen)} looked at: {compared} the same, {errors} with the same error, {moved} moved")
        self.assertEqual(wrong, [])
        self.assertGreater(compared, len(chosen) // 3)


if __name__ == "__main__":
    run_cases()
