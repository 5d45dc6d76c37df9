#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""procfs/process by the task iterator and by /proc: the same rows, and those that psutil and /proc itself give. Of processes that stand still every field,
of the others what lies between two readings."""
import json
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from ferrytest import FERRY, check, contents, feature, ferry, run_cases

PAGE = os.sysconf("SC_PAGESIZE")
TICKS = os.sysconf("SC_CLK_TCK")
PSUTIL = """
import json, os, psutil, sys
rows = {}
for process in psutil.process_iter():
    try:
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
            name = open(f'/proc/{process.pid}/stat', 'rb').read().decode('utf-8', 'surrogateescape').split('(', 1)[1].rsplit(')', 1)[0]
            rows[process.pid] = dict(pid=process.pid, ppid=process.ppid(), uid=process.uids().real, threads=process.num_threads(), utime=times.user, stime=times.system,
                                     rss=memory.rss, vsz=memory.vms, nice=process.nice(), comm=name, status=process.status(),
                                     start=round(process.create_time() - psutil.boot_time(), 2))
    except psutil.NoSuchProcess:
        pass
json.dump(rows, sys.stdout)
"""
STATES = {"running": "R", "sleeping": "S", "disk-sleep": "D", "stopped": "T", "tracing-stop": "t", "zombie": "Z", "idle": "I", "dead": "X", "parked": "P"}


def table(*options, command=()):
    done = subprocess.run([*command, FERRY, *options, "--json", "get", "procfs/process"], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"ended with {done.returncode}: {done.stderr}")
    return {row["pid"]: row for row in json.loads(done.stdout).values()}


def has_iterator():
    return feature("BPF task iterator")["present"]


def state(pid):
    return contents(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0]


class Crowd:
    """Processes of many kinds, stopped, so that nothing of them moves."""

    codes = [
        "pass",
        "open('/proc/self/comm','wb').write(b'a) R (b')",
        "open('/proc/self/comm','wb').write(b'new\\nline')",
        "open('/proc/self/comm','wb').write(b'\\xff\\xfe')",
        "x = bytearray(40 << 20)",
        "import mmap; m = mmap.mmap(-1, 8 << 20); m.write(b'x' * (8 << 20))",
        "import os; os.nice(7)",
        "import os; os.setresuid(65534, 0, 65534)",
        "import threading, time\nfor i in range(5): threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()",
        "import threading, time\nfor i in range(100): threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()",
        "for i in range(2000000): pass",
        "import os\nfor i in range(20000): os.stat('/')",
        "import os\nfor i in range(200): os.close(os.open('/', 0))\nos.fork() or os._exit(0)",
    ]

    def __init__(self):
        self.processes = [subprocess.Popen([sys.executable, "-c", code + "\nprint('ready', flush=True)\nimport time\ntime.sleep(1e6)"], stdout=subprocess.PIPE) for code in self.codes]
        for process in self.processes:
            assert process.stdout.readline() == b"ready\n"
            os.kill(process.pid, signal.SIGSTOP)
        for process in self.processes:
            while state(process.pid) != "T":
                time.sleep(0.01)
        self.zombie = subprocess.Popen(["true"])
        while state(self.zombie.pid) != "Z":
            time.sleep(0.01)
        # A stopped thread keeps the others waiting for no time at all, but the kernel may still put its last runtime down.
        time.sleep(0.1)
        self.pids = [process.pid for process in self.processes] + [self.zombie.pid]

    def done(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
        self.zombie.wait()


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.crowd = Crowd()

    @classmethod
    def tearDownClass(cls):
        cls.crowd.done()

    def never_goes_back(self, rows):
        """How the time is shared out between the two is reckoned anew by each reading, and each is cut to hundredths: their sum alone never goes back."""
        told = [round((row["utime"] + row["stime"]) * 100) for row in rows]
        self.assertTrue(told[0] - 1 <= told[1] <= told[2] + 1, rows)

    def test_both_ways(self):
        if not has_iterator():
            self.skipTest("no task iterator here")
        iterator, files = table(), table("--root", "/")
        for pid in self.crowd.pids:
            self.assertEqual(iterator[pid], files[pid], self.crowd.pids.index(pid))

    def test_everyone_both_ways(self):
        if not has_iterator():
            self.skipTest("no task iterator here")
        before, files, after = table(), table("--root", "/"), table()
        self.assertLessEqual(set(before) & set(after), set(files))
        alive = [pid for pid in set(before) & set(after) if before[pid]["start"] == after[pid]["start"]]
        self.assertIn(1, alive)
        self.assertIn(os.getpid(), alive)
        for pid in alive:
            self.assertEqual(list(files[pid]), list(before[pid]))
            for field in ("pid", "uid", "start", "cgroup", "nice"):
                self.assertIn(files[pid][field], (before[pid][field], after[pid][field]), pid)
            self.never_goes_back([row[pid] for row in (before, files, after)])

    def judge(self, rows):
        for pid in self.crowd.pids:
            self.assertIn(pid, rows)
            words = contents(f"/proc/{pid}/stat").rsplit(")", 1)
            name, words = words[0].split("(", 1)[1], words[1].split()
            row = rows[pid]
            self.assertEqual((row["comm"], row["state"], row["ppid"]), (name, words[0], int(words[1])))
            self.assertEqual([round(row[field] * TICKS) for field in ("utime", "stime", "start")], [int(words[11]), int(words[12]), int(words[19])], name)
            self.assertEqual((row["threads"], row["nice"], row["vsz"]), (int(words[17]), int(words[16]), int(words[20])))
            self.assertEqual(row["rss"], int(contents(f"/proc/{pid}/statm").split()[1]) * PAGE, name)
            self.assertEqual(row["uid"], int(re.search(r"^Uid:\t(\d+)", contents(f"/proc/{pid}/status"), re.M).group(1)))
            group = re.search("^0::(.*)$", contents(f"/proc/{pid}/cgroup"), re.M)
            self.assertEqual(row.get("cgroup"), group and group.group(1))

    def test_iterator_as_proc_says(self):
        self.judge(table())

    def test_files_as_proc_says(self):
        self.judge(table("--root", "/"))

    def test_one_as_proc_says(self):
        self.judge({pid: json.loads(ferry("--json", "get", f"procfs/process/{pid}").stdout)[f"procfs/process/{pid}"] for pid in self.crowd.pids})

    def test_as_psutil_says(self):
        python = next((python for python in (sys.executable, "/usr/bin/python3") if subprocess.run([python, "-c", "import psutil"], stderr=subprocess.DEVNULL).returncode == 0), None)
        if not python:
            self.skipTest("no psutil")
        before = table()
        wanted = {int(pid): row for pid, row in json.loads(check([python, "-c", PSUTIL], errors="surrogateescape")).items()}
        after = table()
        self.assertLessEqual(set(before) & set(after), set(wanted))
        for pid in self.crowd.pids:
            row = dict(wanted[pid], state=STATES[wanted[pid]["status"]])
            for field in ("pid", "ppid", "uid", "threads", "rss", "vsz", "nice", "comm", "utime", "stime", "state"):
                self.assertEqual(before[pid][field], row[field], (pid, field))
        for pid in set(before) & set(after) & set(wanted):
            for field in ("ppid", "uid", "nice"):
                self.assertIn(wanted[pid][field], (before[pid][field], after[pid][field]), pid)
            self.never_goes_back([row[pid] for row in (before, wanted, after)])

    def test_cgroup_path(self):
        root = next((mount for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if os.path.exists(f"{mount}/cgroup.procs") and os.path.exists(f"{mount}/cgroup.controllers")), None)
        if not root:
            root = tempfile.mkdtemp()
            check(["mount", "-t", "cgroup2", "cgroup2", root])
        group = f"{root}/ferry test {os.getpid()}"
        os.makedirs(f"{group}/inner")
        try:
            process = subprocess.Popen(["sleep", "1000000"])
            with open(f"{group}/inner/cgroup.procs", "w") as file:
                file.write(str(process.pid))
            wanted = re.search("^0::(.*)$", contents(f"/proc/{process.pid}/cgroup"), re.M).group(1)
            self.assertTrue(wanted.endswith("/inner"))
            for rows in (table(), table("--root", "/")):
                self.assertEqual(rows[process.pid]["cgroup"], wanted)
                self.assertNotEqual(rows[os.getpid()]["cgroup"], wanted)
            process.kill()
            while state(process.pid) != "Z":
                time.sleep(0.01)
            # The group goes when its last process has left it, reaped or not: it is told as /proc tells it.
            for folder in (f"{group}/inner", group):
                deadline = time.monotonic() + 60
                while os.path.exists(folder):
                    try:
                        os.rmdir(folder)
                    except OSError:
                        self.assertLess(time.monotonic(), deadline)
                        time.sleep(0.01)
            wanted = re.search("^0::(.*)$", contents(f"/proc/{process.pid}/cgroup"), re.M).group(1)
            for rows in (table(), table("--root", "/")):
                self.assertEqual(rows[process.pid]["cgroup"], wanted)
            process.wait()
        finally:
            for folder in (f"{group}/inner", group):
                if os.path.exists(folder):
                    os.rmdir(folder)

    def test_processes_come_and_go(self):
        storm = subprocess.Popen(["sh", "-c", "while :; do true & true; wait; done"], stdout=subprocess.DEVNULL)
        try:
            for options in ((), ("--root", "/")):
                for _ in range(10):
                    self.assertLessEqual(set(self.crowd.pids), set(table(*options)))
        finally:
            storm.kill()
            storm.wait()

    def test_faces(self):
        pid = self.crowd.pids[4]
        row = table()[pid]
        line = next(line.split() for line in ferry("get", "-o", "pid,comm,rss", "procfs/process").stdout.splitlines() if line.split()[0] == str(pid))
        self.assertEqual(line, [str(pid), str(pid), row["comm"], str(row["rss"])])
        self.assertEqual(ferry("get", "-n", f"procfs/process/{pid}/rss").stdout, f"{row['rss']}\n")
        self.assertIn(f"procfs/process/{pid}/comm = {row['comm']}\n", ferry("get", "procfs/process/*/comm").stdout)
        self.assertIn(f"procfs/process/{pid}\n", ferry("ls", "procfs/process").stdout)
        self.assertIn("procfs/process/\n", ferry("ls", "procfs").stdout)
        self.assertEqual(ferry("get", "procfs/process/4194305").returncode, 3)
        self.assertEqual(ferry("get", f"procfs/process/{pid}/nothing").returncode, 3)
        self.assertEqual(ferry("get", "procfs/process/x").returncode, 3)

    def test_few_system_calls(self):
        if not shutil.which("strace"):
            self.skipTest("no strace")
        counted = {}
        for options in ((), ("--root", "/")):
            with tempfile.NamedTemporaryFile("r") as file:
                check(["strace", "-f", "-o", file.name, FERRY, *options, "--json", "get", "procfs/process"])
                counted[options] = sum(1 for line in file)
        processes = len(table())
        print(f"# {processes} processes: {counted[()]} system calls with the iterator, {counted[('--root', '/')]} without")
        self.assertLess(counted["--root", "/"], 200 + 12 * (processes + 50))
        # Those of many threads, and those that the kernel keeps from BPF, are asked for one by one.
        if has_iterator():
            self.assertLess(counted[()], 300 + reads_of_types())


def reads_of_types():
    """The kernel's types are mapped, or read a page at a time where the kernel is too old for that (before 6.16)."""
    with open("/sys/kernel/btf/vmlinux", "rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ).close()
        except OSError:
            return size // mmap.PAGESIZE + 2
    return 0


class Hidden(unittest.TestCase):
    def ordinary(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, user=65534, group=65534, extra_groups=[])

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o755)
        os.chmod(tempfile.gettempdir(), 0o755)
        self.program = shutil.copy(FERRY, self.folder)

    def test_ordinary_user_sees_all(self):
        done = self.ordinary("--json", "get", "procfs/process")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("procfs/process/1", json.loads(done.stdout))

    def test_what_is_hidden_is_told(self):
        for hiding in ("1", "2"):
            if subprocess.run(["mount", "-t", "proc", "-o", f"hidepid={hiding}", "proc", "/proc"], capture_output=True).returncode:
                self.skipTest("no /proc that hides")
            try:
                done = self.ordinary("get", "-t", "procfs/process")
                self.assertEqual(done.returncode, 5, done.stderr)
                self.assertIn("hidden", done.stderr)
                rows = {row["pid"]: row for row in json.loads(self.ordinary("--json", "get", "procfs/process").stdout).values()}
                self.assertTrue(any(row.get("comm") == "ferry" for row in rows.values()))
                if hiding == "1":
                    self.assertEqual(rows[1], {"pid": 1})
                else:
                    self.assertNotIn(1, rows)
                self.assertEqual(ferry("get", "-t", "procfs/process").returncode, 0)
            finally:
                check(["umount", "/proc"])


class Fixture(unittest.TestCase):
    def test_below_a_root(self):
        root = tempfile.mkdtemp()
        os.makedirs(f"{root}/proc/26231")
        os.makedirs(f"{root}/proc/584")
        os.makedirs(f"{root}/proc/nonsense")
        for name, text in (("stat", "26231 (vim a) b) R 5392 7446 5392 34835 7446 4218880 32533 309516 26 82 1677 44 158 99 20 -3 1 0 82375 56274944 1981 0"),
                           ("status", "Name:\tvim\nUid:\t1000\t0\t0\t0\nVmRSS:\t    7924 kB\n"), ("cgroup", "4:cpu:/x\n0::/user.slice/a b\n")):
            with open(f"{root}/proc/26231/{name}", "w") as file:
                file.write(text)
        for name in ("stat", "status"):
            with open(f"{root}/proc/584/{name}", "w") as file:
                file.write("rubbish")
        rows = table("--root", root)
        self.assertEqual(rows, {26231: {"pid": 26231, "ppid": 5392, "uid": 1000, "state": "R", "threads": 1, "utime": 16.77, "stime": 0.44, "start": 823.75,
                                        "rss": 7924 * 1024, "vsz": 56274944, "nice": -3, "comm": "vim a) b", "cgroup": "/user.slice/a b"},
                                584: {"pid": 584, "rss": 0}})


if __name__ == "__main__":
    run_cases()
