#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Typed files of procfs, judged by what /proc says when Python takes it apart, by readlink, by the calls that made the state, and by cat."""
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from ferrytest import check, contents, ferry, run_cases

PAGE = os.sysconf("SC_PAGESIZE")


def get(*addresses, root=None):
    """What ferry says, as JSON: {address: value}."""
    done = ferry(*(["--root", root] if root else []), "--json", "get", *addresses)
    if done.returncode not in (0, 5):
        raise AssertionError(f"get {addresses}: {done.returncode} {done.stderr}")
    return json.loads(done.stdout)


def one(address, root=None):
    return get(address, root=root)[address]


def number(text):
    return int(text) if re.fullmatch("-?[0-9]+", text) else text


class Child:
    """A process that does what CODE says, says a line and then waits to be told to end."""

    def __init__(self, code, **more):
        self.process = subprocess.Popen([sys.executable, "-c", code + "\nimport sys\nprint('ready', flush=True)\nsys.stdin.readline()"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, **more)
        assert self.process.stdout.readline() == b"ready\n"
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Machine(unittest.TestCase):
    def between(self, before, found, after, what):
        self.assertLessEqual(min(before, after), found, what)
        self.assertGreaterEqual(max(before, after), found, what)

    def test_meminfo(self):
        def read():
            rows = [line.split() for line in contents("/proc/meminfo").splitlines()]
            return {row[0][:-1]: int(row[1]) * (1024 if row[2:] == ["kB"] else 1) for row in rows}
        before, found, after = read(), one("procfs/meminfo"), read()
        self.assertEqual(list(found), list(before))
        for name in ("MemTotal", "SwapTotal", "HugePages_Total", "Hugepagesize", "VmallocTotal", "DirectMap4k"):
            if name in before:
                self.assertEqual(found[name], before[name], name)
        self.assertLess(abs(found["MemFree"] - before["MemFree"]), before["MemTotal"] // 2)
        self.assertEqual(ferry("get", "-n", "procfs/meminfo/MemTotal").stdout, f"{after['MemTotal']}\n")
        unit = [json.loads(line) for line in ferry("--json", "ls", "-l", "procfs/meminfo").stdout.splitlines()]
        self.assertEqual({item["address"]: item.get("unit") for item in unit}["procfs/meminfo/MemFree"], "bytes")

    def test_counters_that_rise(self):
        def read():
            return {name: int(value) for name, value in (line.split() for line in contents("/proc/vmstat").splitlines())}
        before, found, after = read(), one("procfs/vmstat"), read()
        self.assertEqual(list(found), list(before))
        for name in ("pgfault", "pgalloc_normal", "pgfree", "pswpin"):
            if name in before:
                self.between(before[name], found[name], after[name], name)

    def test_stat_and_uptime(self):
        def read():
            return {line.split()[0]: [int(word) for word in line.split()[1:]] for line in contents("/proc/stat").splitlines()}
        before, found, after = read(), one("procfs/stat"), read()
        self.assertEqual(list(found), list(before))
        for name in (name for name in before if name.startswith("cpu")):
            self.assertEqual(len(found[name]), len(before[name]))
            for place, field in enumerate(("user", "nice", "system")):
                self.between(before[name][place], round(found[name][field] * 100), after[name][place], name)
        self.between(before["ctxt"][0], found["ctxt"], after["ctxt"][0], "ctxt")
        self.assertEqual(len(found["intr"]), len(before["intr"]))
        self.assertEqual(found["btime"], before["btime"][0])
        before, found, after = [float(contents("/proc/uptime").split()[0]) if step != 1 else one("procfs/uptime")["up"] for step in range(3)]
        self.between(before, found, after, "uptime")
        self.assertRegex(ferry("get", "-n", "procfs/loadavg/load1").stdout, r"^[0-9]+\.[0-9][0-9]\n$")

    def test_tables(self):
        rows = [line.split() for line in contents("/proc/diskstats").splitlines()]
        found = get("procfs/diskstats")
        self.assertEqual(list(found), [f"procfs/diskstats/{row[2]}" for row in rows])
        for row in rows:
            path = f"/sys/dev/block/{row[0]}:{row[1]}/size"
            parts = get("procfs/partitions").get(f"procfs/partitions/{row[2]}")
            if parts and os.path.exists(path):
                self.assertEqual(parts["size"], int(contents(path)) * 512)
        names = [line.split("\t")[1] for line in contents("/proc/filesystems").splitlines()]
        found = get("procfs/filesystems")
        self.assertEqual([row["type"] for row in found.values()], names)
        self.assertEqual([row["nodev"] for row in found.values()], [line.startswith("nodev") for line in contents("/proc/filesystems").splitlines()])
        lines = contents("/proc/cpuinfo").split("\n\n")
        found = get("procfs/cpuinfo")
        self.assertEqual(len(found), len([block for block in lines if block.strip()]))
        self.assertEqual([name for name in found["procfs/cpuinfo/0"]], [line.split("\t")[0].split(":")[0].strip() for line in lines[0].splitlines()])

    def test_interrupts(self):
        for file in ("interrupts", "softirqs"):
            def read():
                head, *lines = contents(f"/proc/{file}").splitlines()
                return len(head.split()), {line.split(":")[0].strip(): line.split(":", 1)[1].split() for line in lines}
            (count, before), found, (_, after) = read(), get(f"procfs/{file}"), read()
            self.assertEqual(list(found), [f"procfs/{file}/{name}" for name in before])
            for name, words in before.items():
                row = found[f"procfs/{file}/{name}"]
                for place in range(min(count, len(words))):
                    if words[place].isdigit():
                        self.between(int(words[place]), row[f"CPU{place}"], int(after[name][place]), name)
                if len(words) > count:
                    self.assertEqual(row["description"].split(), words[count:], name)

    def test_pressure(self):
        if not os.path.exists("/proc/pressure/cpu"):
            self.skipTest("the kernel keeps no pressure")
        def read():
            return {line.split()[0]: dict(word.split("=") for word in line.split()[1:]) for line in contents("/proc/pressure/cpu").splitlines()}
        before, found, after = read(), get("procfs/pressure/cpu"), read()
        for name in before:
            self.between(int(before[name]["total"]), found[f"procfs/pressure/cpu/{name}"]["total"], int(after[name]["total"]), name)

    def test_others_are_text(self):
        for name in ("version", "cmdline", "devices", "1/comm"):
            self.assertEqual(one(f"procfs/{name}"), number(contents(f"/proc/{name}").rstrip("\n")), name)


class Network(unittest.TestCase):
    def test_dev(self):
        check(["ip", "link", "add", "odd.1@x", "type", "veth", "peer", "name", "peer"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x" * 99, ("127.0.0.1", 9))
        found = get("procfs/net/dev")
        self.assertEqual({row["interface"] for row in found.values()}, set(os.listdir("/sys/class/net")))
        for row in found.values():
            for ours, theirs in (("rx_bytes", "rx_bytes"), ("tx_packets", "tx_packets"), ("rx_dropped", "rx_dropped"), ("tx_errors", "tx_errors")):
                self.assertEqual(row[ours], int(contents(f"/sys/class/net/{row['interface']}/statistics/{theirs}")))
        self.assertIn("procfs/net/dev/odd.1@x/rx_bytes = 0", ferry("get", "procfs/net/dev/odd.1@x/rx_*").stdout)
        check(["ip", "link", "del", "odd.1@x"])

    def test_route_and_arp(self):
        check(["ip", "link", "add", "r0", "type", "veth", "peer", "name", "peer"])
        check(["ip", "addr", "add", "192.0.2.1/24", "dev", "r0"])
        check(["ip", "link", "set", "r0", "up"])
        check(["ip", "route", "add", "198.51.100.0/25", "via", "192.0.2.9", "metric", "77"])
        check(["ip", "neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "r0", "nud", "permanent"])
        wanted = {(route["dst"], route.get("gateway", "0.0.0.0"), route.get("metric", 0)) for route in json.loads(check(["ip", "-j", "-4", "route"]))}
        found = {(row["destination"], row["gateway"], row["metric"]) for row in get("procfs/net/route").values()}
        self.assertEqual({(dst.split("/")[0], *rest) for dst, *rest in wanted}, found)
        masks = {row["destination"]: row["mask"] for row in get("procfs/net/route").values()}
        self.assertEqual((masks["198.51.100.0"], masks["192.0.2.0"]), ("255.255.255.128", "255.255.255.0"))
        row = one("procfs/net/arp/192.0.2.9/r0")
        self.assertEqual((row["lladdr"], row["interface"], row["flags"]), ("02:00:00:00:00:09", "r0", ["complete", "permanent"]))
        check(["ip", "link", "del", "r0"])

    def test_sockets(self):
        opened = []
        for family, kind, host in ((socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"), (socket.AF_INET6, socket.SOCK_STREAM, "::1"),
                                   (socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"), (socket.AF_INET6, socket.SOCK_DGRAM, "::1")):
            one_socket = socket.socket(family, kind)
            one_socket.bind((host, 0))
            if kind == socket.SOCK_STREAM:
                one_socket.listen(7)
            file = "procfs/net/" + ("tcp" if kind == socket.SOCK_STREAM else "udp") + ("6" if family == socket.AF_INET6 else "")
            inode = os.fstat(one_socket.fileno()).st_ino
            rows = [row for row in get(file).values() if row["inode"] == inode]
            self.assertEqual(len(rows), 1, file)
            self.assertEqual((rows[0]["local_address"], rows[0]["local_port"]), one_socket.getsockname()[:2])
            self.assertEqual(rows[0]["state"], "listen" if kind == socket.SOCK_STREAM else "closed")
            opened.append(one_socket)
        client = socket.create_connection(opened[0].getsockname())
        client.sendall(b"x" * 100)
        row = next(row for row in get("procfs/net/tcp").values() if row["inode"] == os.fstat(client.fileno()).st_ino)
        self.assertEqual((row["state"], row["remote_port"], row["uid"]), ("established", opened[0].getsockname()[1], 0))
        server, _ = opened[0].accept()
        row = next(row for row in get("procfs/net/tcp").values() if row["inode"] == os.fstat(server.fileno()).st_ino)
        self.assertEqual(row["rx_queue"], 100)
        name = os.path.join(tempfile.gettempdir(), "a: b c")
        for path in (name, "\0abstract: x"):
            unix = socket.socket(socket.AF_UNIX)
            unix.bind(path)
            unix.listen()
            row = next(row for row in get("procfs/net/unix").values() if row["inode"] == os.fstat(unix.fileno()).st_ino)
            self.assertEqual((row["path"], row["type"], row["flags"]), (path.replace("\0", "@"), "stream", ["listening"]))
            opened.append(unix)
        for each in [*opened, client, server]:
            each.close()

    def test_protocol_counters(self):
        for file in ("snmp", "netstat"):
            lines = contents(f"/proc/net/{file}").splitlines()
            wanted = {title.split()[0][:-1]: dict(zip(title.split()[1:], map(int, values.split()[1:]))) for title, values in zip(lines[::2], lines[1::2])}
            found = {address.rsplit("/", 1)[1]: row for address, row in get(f"procfs/net/{file}").items()}
            self.assertEqual({name: list(row) for name, row in found.items()}, {name: list(row) for name, row in wanted.items()})
            quiet = ("DefaultTTL", "MaxConn", "RtoMin", "RtoMax", "FragFails")
            self.assertEqual({n: {f: v for f, v in row.items() if f in quiet} for n, row in found.items()},
                             {n: {f: v for f, v in row.items() if f in quiet} for n, row in wanted.items()})
        rows = get("procfs/net/softnet_stat").values()
        self.assertEqual([row["cpu"] for row in rows], [int(line.split()[12], 16) for line in contents("/proc/net/softnet_stat").splitlines()])


class Mounts(unittest.TestCase):
    def test_names_of_every_kind(self):
        folder = tempfile.mkdtemp()
        for name in ("a b", "new\nline", "back\\slash", "tab\tx", "\udcff"):
            place = os.path.join(folder, name)
            os.mkdir(place)
            check(["mount", "-t", "tmpfs", "-o", "size=64k", "some source", place])
            self.assertIn(place, [row["mount_point"] for row in get("procfs/self/mountinfo").values()])
            self.assertIn((place, "some source"), [(row["mount_point"], row["source"]) for row in get("procfs/mounts").values()])
            check(["umount", place])

    def test_as_findmnt_says(self):
        wanted = json.loads(check(["findmnt", "-J", "-l", "-o", "ID,PARENT,TARGET,FSTYPE,SOURCE,MAJ:MIN"]))["filesystems"]
        found = get("procfs/self/mountinfo")
        self.assertEqual({row["id"]: row["mount_point"] for row in found.values()}, {row["id"]: row["target"] for row in wanted})
        self.assertEqual({(row["id"], row["parent"], row["type"], row["device"]) for row in found.values()},
                         {(row["id"], row["parent"], row["fstype"], row["maj:min"]) for row in wanted})

    def test_more_than_a_page(self):
        folder = tempfile.mkdtemp()
        for i in range(150):
            os.mkdir(f"{folder}/{i}")
            check(["mount", "-t", "tmpfs", "-o", "size=64k", "x", f"{folder}/{i}"])
        done = ferry("--json", "get", "procfs/self/mountinfo")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(len(contents("/proc/self/mountinfo")), 2 * PAGE)
        self.assertLessEqual({f"{folder}/{i}" for i in range(150)}, {row["mount_point"] for row in json.loads(done.stdout).values()})
        for i in range(150):
            check(["umount", f"{folder}/{i}"])


class Process(unittest.TestCase):
    def test_names_survive(self):
        for name in (b"a b", b"a) R (b", b"new\nline", b"\xff\xfe x", b"back\\slash", b"()"):
            with Child(f"open('/proc/self/comm','wb').write({name!r})") as child:
                text = name.decode("utf-8", "surrogateescape")
                found = get(f"procfs/{child.pid}/stat", f"procfs/{child.pid}/status")
                self.assertEqual(found[f"procfs/{child.pid}/stat"]["comm"], text)
                self.assertEqual(found[f"procfs/{child.pid}/stat"]["ppid"], os.getpid())
                self.assertEqual(found[f"procfs/{child.pid}/status"]["Name"], text)

    def test_stat_statm_io(self):
        with Child("x = bytearray(20 << 20)\nfor i in range(1000000): pass") as child:
            os.kill(child.pid, signal.SIGSTOP)
            while contents(f"/proc/{child.pid}/stat").rsplit(")", 1)[1].split()[0] != "T":
                time.sleep(0.01)
            words = contents(f"/proc/{child.pid}/stat").rsplit(")", 1)[1].split()
            found = one(f"procfs/{child.pid}/stat")
            self.assertEqual(found["state"], "T")
            self.assertEqual([round(found[name] * 100) for name in ("utime", "stime", "starttime")], [int(words[place]) for place in (11, 12, 19)])
            self.assertEqual((found["vsize"], found["rss"], found["nice"], found["num_threads"]), (int(words[20]), int(words[21]) * PAGE, int(words[16]), 1))
            self.assertEqual(found["flags"], hex(int(words[6])))
            self.assertEqual(list(one(f"procfs/{child.pid}/statm").values()), [int(word) * PAGE for word in contents(f"/proc/{child.pid}/statm").split()])
            self.assertEqual(one(f"procfs/{child.pid}/io"), {line.split(": ")[0]: int(line.split(": ")[1]) for line in contents(f"/proc/{child.pid}/io").splitlines()})
            status = one(f"procfs/{child.pid}/status")
            for line in contents(f"/proc/{child.pid}/status").splitlines():
                name, value = line.split(":", 1)
                if value.endswith(" kB"):
                    self.assertEqual(status[name], int(value.split()[0]) * 1024, name)
                self.assertIn(name, status)
            os.kill(child.pid, signal.SIGCONT)

    def test_identity(self):
        with Child("import os\nos.setgroups([7, 9]); os.setresgid(1, 2, 3); os.setresuid(65533, 65534, 65533)") as child:
            found = one(f"procfs/{child.pid}/status")
            self.assertEqual(list(found["Uid"].values()), [65533, 65534, 65533, 65534])
            self.assertEqual(list(found["Gid"].values()), [1, 2, 3, 2])
            self.assertEqual(found["Groups"], [7, 9])

    def test_limits(self):
        found = {row["limit"]: row for row in get("procfs/self/limits").values()}
        for name, which in (("Max open files", resource.RLIMIT_NOFILE), ("Max stack size", resource.RLIMIT_STACK), ("Max cpu time", resource.RLIMIT_CPU)):
            wanted = ["unlimited" if value == resource.RLIM_INFINITY else value for value in resource.getrlimit(which)]
            self.assertEqual([found[name]["soft"], found[name]["hard"]], wanted, name)
        self.assertEqual(len(found), len(contents("/proc/self/limits").splitlines()) - 1)

    def test_strings(self):
        with Child("pass", env={"PATH": os.environ["PATH"], "ODD": "a=b\nc", "EMPTY": ""}) as child:
            self.assertEqual(sorted(one(f"procfs/{child.pid}/environ")), sorted(["PATH=" + os.environ["PATH"], "ODD=a=b\nc", "EMPTY="]))
            self.assertEqual(one(f"procfs/{child.pid}/cmdline"), contents(f"/proc/{child.pid}/cmdline").split("\0")[:-1])

    def test_maps(self):
        with Child("import mmap\nkeep = [mmap.mmap(-1, 4096, prot=1 + 2 * (i & 1)) for i in range(300)]") as child:
            done = ferry("--json", "get", f"procfs/{child.pid}/maps")
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [line.split(None, 5) for line in contents(f"/proc/{child.pid}/maps").splitlines()]
            self.assertGreater(len(contents(f"/proc/{child.pid}/maps")), PAGE)
            found = list(json.loads(done.stdout).values())
            self.assertEqual([(row["range"], row["permissions"], int(row["offset"], 16), row["inode"], row.get("path")) for row in found],
                             [(line[0], line[1], int(line[2], 16), int(line[4]), line[5] if len(line) > 5 else None) for line in lines])
            rollup = one(f"procfs/{child.pid}/smaps_rollup")
            for line in contents(f"/proc/{child.pid}/smaps_rollup").splitlines()[1:]:
                self.assertIn(line.split(":")[0], rollup)

    def test_descriptors_and_namespaces(self):
        with Child("import os, socket\nkeep = [open('/dev/null'), socket.socket(), os.pipe(), os.eventfd(0)]") as child:
            folder = f"/proc/{child.pid}/fd"
            found = get(f"procfs/{child.pid}/fd")
            self.assertEqual({address.rsplit("/", 1)[1]: row["target"] for address, row in found.items()}, {name: os.readlink(f"{folder}/{name}") for name in os.listdir(folder)})
            kinds = {row["kind"] for row in found.values()}
            self.assertLessEqual({"file", "socket", "pipe", "anonymous"}, kinds)
            for address, row in found.items():
                if row["kind"] in ("socket", "pipe"):
                    self.assertEqual(row["inode"], os.stat(f"{folder}/{address.rsplit('/', 1)[1]}").st_ino)
            self.assertEqual(ferry("get", "-n", f"procfs/{child.pid}/fd/0/kind").stdout, "pipe\n")
            info = one(f"procfs/{child.pid}/fdinfo/0")
            self.assertEqual(info["flags"], hex(int(re.search(r"flags:\t([0-7]+)", contents(f"/proc/{child.pid}/fdinfo/0")).group(1), 8)))
            for name in os.listdir(f"/proc/{child.pid}/ns"):
                self.assertEqual(one(f"procfs/{child.pid}/ns/{name}"), os.stat(f"/proc/{child.pid}/ns/{name}").st_ino, name)

    def test_cgroup(self):
        wanted = [line.split(":", 2) for line in contents("/proc/self/cgroup").splitlines()]
        self.assertEqual([[str(row["hierarchy"]), row["controllers"], row["path"]] for row in get(f"procfs/{os.getpid()}/cgroup").values()], wanted)

    def test_kernel_thread_and_zombie(self):
        process = subprocess.Popen(["true"])
        while contents(f"/proc/{process.pid}/stat").rsplit(")", 1)[1].split()[0] != "Z":
            time.sleep(0.01)
        self.assertEqual((one(f"procfs/{process.pid}/stat")["state"], one(f"procfs/{process.pid}/cmdline"), get(f"procfs/{process.pid}/maps")), ("Z", [], {}))
        process.wait()
        # Where this is the machine's own pid namespace, 2 starts the kernel's threads.
        if os.path.exists("/proc/2/comm") and contents("/proc/2/comm") == "kthreadd\n":
            self.assertEqual((one("procfs/2/cmdline"), get("procfs/2/maps"), one("procfs/2/statm")["size"]), ([], {}, 0))

    def test_dies_while_it_is_read(self):
        for _ in range(60):
            process = subprocess.Popen(["sleep", "0.003"])
            done = ferry("--json", "get", f"procfs/{process.pid}/stat", f"procfs/{process.pid}/status", f"procfs/{process.pid}/maps")
            process.wait()
            self.assertIn(done.returncode, (0, 3), done.stderr)
            json.loads(done.stdout)
        done = ferry("--json", "get", "procfs/[0-9]*/stat/comm")
        self.assertEqual(done.returncode, 0, done.stderr)


class Other(unittest.TestCase):
    """Files of another machine, and of none."""

    def setUp(self):
        self.root = tempfile.mkdtemp()

    def file(self, path, text):
        path = os.path.join(self.root, "proc", path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text)

    def test_unknown_lines_are_shown(self):
        self.file("meminfo", b"MemTotal: 5 kB\nFuture:   7 kB\nno colon\nMemTotal: 6 kB\nMemFree: lots\n")
        self.assertEqual(one("procfs/meminfo", self.root), {"MemTotal": 5120, "Future": 7168, "line 3": "no colon", "line 4": "MemTotal: 6 kB", "MemFree": "lots"})
        self.file("uptime", b"1.00 2.00 3.00\n")
        self.assertEqual(one("procfs/uptime", self.root), {"up": 1.0, "idle": 2.0, "column 3": "3.00"})
        self.file("net/dev", b"Inter-|\n face |\n eth0: x 2\n\xff\xfe: 1\n eth0: 9\n")
        found = get("procfs/net/dev", root=self.root)
        self.assertEqual(found["procfs/net/dev/eth0"], {"interface": "eth0", "rx_bytes": "x", "rx_packets": 2})
        self.assertEqual(found["procfs/net/dev/eth0,row=2"], {"interface": "eth0", "rx_bytes": 9})
        self.assertEqual(found["procfs/net/dev/\udcff\udcfe"], {"interface": "\udcff\udcfe", "rx_bytes": 1})
        self.file("7/stat", b"7 (a\n) b) S 1\n")
        self.assertEqual(one("procfs/7/stat/comm", self.root), "a\n) b")

    def test_missing_fields_are_told(self):
        self.file("meminfo", b"MemTotal: 5 kB\n")
        self.assertEqual(ferry("--root", self.root, "get", "procfs/meminfo/MemFree").returncode, 3)
        self.assertEqual(ferry("--root", self.root, "get", "procfs/loadavg/load1").returncode, 3)

    def test_terminal_is_safe(self):
        self.file("7/stat", b"7 (\x1b[31m) S\n")
        self.assertNotIn("\x1b", ferry("--root", self.root, "get", "procfs/7/stat").stdout)


if __name__ == "__main__":
    run_cases()
