#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `ferry stat` counts, on programs whose crossings are known (crossings.c). Judged by strace -c, perf stat, getrusage and the program's own clock. TAP."""
import errno
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

from ferrytest import FERRY, assert_accounted, build, check, feature, ferry, run_cases, tells_operations

# What a program does before its main, and how the loader finds its libraries, is the same each time, but for what a random address decides.
STARTUP = {"brk", "mprotect"}


def crossings(*arguments):
    return [build("crossings", "-pthread", "-fno-omit-frame-pointer"), *map(str, arguments)]


def stat(*arguments, **more):
    """What `ferry stat --json` prints for a program, and the lines that the program printed before it."""
    done = subprocess.run([FERRY, "stat", "--json", *map(str, arguments)], capture_output=True, text=True, **more)
    lines = done.stdout.splitlines()
    if not lines:
        raise AssertionError(f"no output, status {done.returncode}: {done.stderr}")
    return json.loads(lines[-1]), [json.loads(line) for line in lines[:-1] if line.startswith("{")], done


def named(rows, **wanted):
    """The one row with these fields, None where there is none."""
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    if len(found) > 1:
        raise AssertionError(f"{wanted} is there {len(found)} times: {found}")
    return found[0] if found else None


def counted(told, name):
    row = named(told["calls"], name=name, compat=False)
    return row["count"] if row else 0


class Case(unittest.TestCase):
    def assert_sound(self, told, ended=True):
        """What holds of every reading; some of it only when nothing moves any more."""
        self.assertEqual(told["user"] + told["kernel"], told["processor"])
        self.assertEqual([row["name"] for row in told["triggers"]], ["system calls", "exceptions", "interrupts"])
        self.assertEqual(told["triggers"][0]["count"], sum(row["count"] for row in told["calls"]))
        self.assertEqual(sum(row["count"] for row in told["classes"]), sum(row["count"] for row in told["calls"] if row["class"]))
        for row in told["calls"] + told["faults"] + told["interrupts"] + told["operations"]:
            self.assertGreater(row["count"], 0, row)
            self.assertLessEqual(row["p50"], row["p99"], row)
            self.assertLessEqual(row["p99"], row["max"], row)
            self.assertLessEqual(row["waited"], row["time"], row)
            self.assertEqual(row["mean"], row["time"] // row["count"], row)
        for row in told["calls"] if ended else ():
            self.assertEqual(sum(error["count"] for error in row["errors"]), row["failed"], row)
        self.assertEqual(told["lost"]["full"], 0)

    def stat(self, *arguments, status=0, **more):
        told, printed, done = stat(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (status, ""), arguments)
        self.assert_sound(told, ended="--" in arguments)
        return told, printed

    # ---- System calls ----

    def strace(self, command):
        """Count and errors of each call, as strace -c -f counts them."""
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run(["strace", "-f", "-c", "-o", file.name, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
            lines = file.read().decode().splitlines()
        found = {}
        for line in lines:
            match = re.match(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(\d*)\s*(\w+)$", line)
            if match and match.group(3) != "total":
                found[match.group(3)] = (int(match.group(1)), int(match.group(2) or 0))
        self.assertIn("execve", found, lines)
        return found

    def test_calls_and_errors_are_those_of_strace(self):
        for command in (crossings("call", 1000), crossings("errors", 100), crossings("family", 50), ["/bin/ls", "-l", "/etc/apt"], ["/bin/cat", "/etc/passwd"]):
            judged = self.strace(command)
            told, _ = self.stat("--", *command)
            found = {row["name"]: (row["count"], row["failed"]) for row in told["calls"]}
            # strace's own name of a call, and what depends on who comes first or on how far apart random addresses are.
            for names in (found, judged):
                for name in ("futex", "restart_syscall", "madvise", *STARTUP):
                    names.pop(name, None)
            # strace counts as failed what is made again, and does not count what never returns.
            for name in ("exit", "exit_group", "wait4", "pause"):
                found.pop(name, None)
                judged.pop(name, None)
            if not told["lost"]["missed"]:
                self.assertEqual(found, judged, command)
            assert_accounted(self, {name: count for name, (count, _) in found.items()}, {name: count for name, (count, _) in judged.items()}, told["lost"]["missed"], several=True)

    def test_errors_by_name(self):
        told, _ = self.stat("--", *crossings("errors", 100))
        errors = {row["name"]: {error["name"]: error["count"] for error in row["errors"]} for row in told["calls"]}
        self.assertEqual(errors["kill"], {"ESRCH": 50})
        self.assertEqual(errors["read"], {"EBADF": 100})
        self.assertEqual(errors["openat"], {"ENOENT": 100})

    def test_classes(self):
        told, _ = self.stat("--", *crossings("call", 777))
        self.assertEqual(named(told["calls"], name="getppid")["class"], "information")
        self.assertGreaterEqual(named(told["classes"], name="information")["count"], 777)
        self.assertEqual({row["name"] for row in told["classes"]}, {"process", "file", "device", "information", "communication"})

    def test_threads_children_and_an_exec_from_a_thread(self):
        told, _ = self.stat("--", *crossings("family", 1000))
        # exit_group: one for each process, the main one and the two children.
        wanted = {"getppid": 4 * 1000 + 1000 + 1000 + 500, "vfork": 1, "execve": 3, "exit_group": 3}
        assert_accounted(self, {name: counted(told, name) for name in wanted}, wanted, told["lost"]["missed"], several=True)

    def test_a_thousand_threads_at_once(self):
        """So many that some come to the same place in the table by which they are known."""
        told, _ = self.stat("--", *crossings("crowd", 1000))
        assert_accounted(self, {name: counted(told, name) for name in ("getppid", "exit")}, {"getppid": 20000, "exit": 1000}, told["lost"]["missed"])

    def test_what_is_waited_is_no_work(self):
        told, _ = self.stat("--", "sleep", "0.2")
        row = named(told["calls"], name="clock_nanosleep")
        self.assertGreaterEqual(row["time"], 200e6)
        self.assertGreaterEqual(row["waited"], row["time"] // 2)
        self.assertLess(told["processor"], told["elapsed"])

    def test_calls_the_32_bit_way(self):
        told, (own,) = self.stat("--", *crossings("compat", 40))
        if not own["compat"]:
            # A kernel without: on x86 the instruction is a general protection fault, and no call.
            self.assertEqual([row for row in told["calls"] if row["compat"]], [])
            if os.uname().machine == "x86_64":
                self.assertEqual([(row["signal"], row["code"], row["count"]) for row in told["exceptions"]], [("SIGSEGV", "SI_KERNEL", 1)])
            return
        row = named(told["calls"], name="getppid", compat=True)
        self.assertEqual((row["count"], row["class"], row["failed"]), (40, "information", 0))
        self.assertIsNone(named(told["calls"], name="getppid", compat=False))

    # ---- Faults, exceptions, switches ----

    def perf(self, command, *events):
        if not shutil.which("perf"):
            self.skipTest("no perf here")
        done = subprocess.run(["perf", "stat", "-x,", "-e", ",".join(events), *command], capture_output=True, text=True)
        found = {}
        for line in done.stderr.splitlines():
            fields = line.split(",")
            if len(fields) > 2 and fields[2].split(":")[0] in events and fields[0].isdigit():
                found[fields[2].split(":")[0]] = int(fields[0])
        if len(found) != len(events):
            self.skipTest("perf stat does not count here: " + done.stderr.strip().splitlines()[-1])
        return found

    def test_faults_are_those_of_perf_and_getrusage(self):
        command = crossings("touch", 2000)
        judged = self.perf(command, "minor-faults", "major-faults")
        told, (own,) = self.stat("--", *command)
        minor = sum(row["count"] for row in told["faults"] if row["kind"] == "minor")
        major = sum(row["count"] for row in told["faults"] if row["kind"] == "major")
        # The program has asked getrusage(2), which counts from the fork on: what the one that became it took before its execve(2) is in there, a
        # few; what it touches afterwards, its output and its end, is not.
        self.assertAlmostEqual(minor, own["minor"], delta=120)
        self.assertAlmostEqual(major, own["major"], delta=4)
        # A page of the C library may or may not have been mapped along with its neighbour, and where the stack begins is random.
        self.assertAlmostEqual(minor, judged["minor-faults"], delta=8)

    def test_faults_by_region_with_their_time(self):
        pages = 3000
        told, (own,) = self.stat("--", *crossings("touch", pages))
        regions = {row["region"]: row for row in told["faults"] if row["kind"] == "minor"}
        if not feature("areas of memory")["present"]:
            print("# areas of memory are not to be judged here: the kernel does not tell them")
            self.assertEqual(list(regions), ["unknown"])
            self.assertGreaterEqual(regions["unknown"]["count"], 3 * pages)
            return
        for region in ("heap", "anonymous", "file"):
            # What the loader and the C library touch comes on top.
            self.assertGreaterEqual(regions[region]["count"], pages, region)
            self.assertLessEqual(regions[region]["count"], pages + 300, region)
            # The program's clock has the way there and back and the counting too: the time within the kernel is less, and of the same order.
            busy = (regions[region]["time"] - regions[region]["waited"]) / regions[region]["count"]
            self.assertLess(busy, own[region] / pages * 2, region)
            self.assertGreater(busy * 30, own[region] / pages, region)
        self.assertIn("stack", regions)
        self.assertGreaterEqual(told["memory"]["touched_heap"], pages * 4096)
        self.assertGreaterEqual(told["memory"]["brk_asked"], pages * 4096)
        self.assertGreaterEqual(told["memory"]["mmap_anonymous"], pages * 4096)
        self.assertGreaterEqual(told["memory"]["munmap"], pages * 4096)
        self.assertGreaterEqual(told["memory"]["brk_given"], pages * 4096)

    def test_switches_are_those_of_getrusage(self):
        told, (own,) = self.stat("--", *crossings("switches", 300))
        # Those before the program asks first and after it asks last come on top: its start, its output, its end.
        # One that is put off on its way to sleep counts as forced, and a moment that is over by then is no switch: on a machine that lends its processors out some are.
        self.assertGreaterEqual(own["voluntary"] + own["forced"], 200)
        self.assertGreaterEqual(told["switches"]["voluntary"], own["voluntary"])
        self.assertAlmostEqual(told["switches"]["voluntary"], own["voluntary"], delta=12)
        self.assertGreaterEqual(told["switches"]["forced"], own["forced"])

    def test_exceptions(self):
        for end, status, expected in (("", 0, None), ("divide", 128 + signal.SIGFPE, ("SIGFPE", "FPE_INTDIV")), ("trap", 128 + signal.SIGILL, ("SIGILL", "ILL_ILLOPN"))):
            told, (own,) = self.stat("--", *crossings("faults", 20, end), status=status)
            row = named(told["exceptions"], signal="SIGSEGV")
            self.assertEqual((row["code"], row["count"], row["address"]), ("SEGV_ACCERR", 20, hex(own["address"])))
            others = [(row["signal"], row["code"], row["count"]) for row in told["exceptions"] if row["signal"] != "SIGSEGV"]
            self.assertEqual(others, [(*expected, 1)] if expected else [])

    def test_a_signal_that_a_program_sends_is_no_exception(self):
        told, _ = self.stat("--", "sh", "-c", "kill -SEGV $$", status=128 + signal.SIGSEGV)
        self.assertEqual(told["exceptions"], [])

    def test_interrupts(self):
        told, _ = self.stat("--", "sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
        kinds = {row["kind"] for row in told["interrupts"]}
        self.assertLessEqual({"vector", "softirq"}, kinds)
        timer = named(told["interrupts"], kind="vector", name="local timer")
        self.assertGreater(timer["hits"], 0)
        for row in told["interrupts"]:
            self.assertLessEqual(row["hits"], row["count"])
            self.assertLessEqual(row["hit_time"], row["time"])
        self.assertEqual(told["triggers"][2]["count"], sum(row["hits"] for row in told["interrupts"]))

    def test_io_uring(self):
        for way in "plain", "thread":
            told, seen = self.stat("--", build("ring"), way, "250")
            if "error" in seen[0]:
                print("# no io_uring here: " + os.strerror(seen[0]["error"]))
            if "error" in seen[0] or not tells_operations():
                self.assertEqual(told["operations"], [])
                return
            # user_data says which; of those that answer several times the last answer counts.
            names = {1: "NOP", 2: "READ", 3: "READ", 4: "TIMEOUT", 5: "POLL_ADD", 6: "POLL_REMOVE"}
            counts, failed, errors = {}, {}, {}
            for row in seen:
                name = names[row["user_data"]]
                counts[name] = counts.get(name, 0) + (not row["more"])
                failed[name] = failed.get(name, 0) + (row["result"] < 0)
                if row["result"] < 0:
                    errors[name, errno.errorcode[-row["result"]]] = 1
            self.assertEqual({row["name"]: row["count"] for row in told["operations"]}, counts)
            self.assertEqual({row["name"]: row["failed"] for row in told["operations"]}, failed)
            self.assertEqual({(row["name"], error["name"]): error["count"] for row in told["operations"] for error in row["errors"]}, errors)
            # The program asked for 2 ms.
            self.assertGreaterEqual(named(told["operations"], name="TIMEOUT")["time"], 2e6)

    # ---- Whom it counts ----

    def test_the_program_is_counted_from_its_execve_on(self):
        told, _ = self.stat("--", "true")
        self.assertEqual(counted(told, "execve"), 1)
        self.assertEqual(counted(told, "exit_group"), 1)
        self.assertEqual(counted(told, "fork") + counted(told, "clone"), 0)

    def test_status(self):
        for command, status in ((["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -KILL $$"], 137)):
            self.assertEqual(ferry("stat", "--", *command).returncode, status)
        for command, status in ((["/there/is/none"], 127), (["/etc/passwd"], 126)):
            done = ferry("stat", "--", *command)
            self.assertEqual((done.returncode, done.stdout), (status, ""))
            self.assertRegex(done.stderr, "^ferry: cannot run " + command[0])
        for arguments in ((), ("-p", "1", "--", "true"), ("-p", "none"), ("-a", "-1")):
            self.assertEqual(ferry("stat", *arguments).returncode, 2, arguments)
        done = ferry("stat", "-p", 2 ** 22 + 1)
        self.assertEqual((done.returncode, done.stderr), (3, f"ferry: there is no process {2 ** 22 + 1}\n"))

    def stay(self):
        process = subprocess.Popen(crossings("stay"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def follow(self, pid, *more):
        """A `ferry stat -p PID` that shows its figures as they grow, from the first ones on."""
        process = subprocess.Popen([FERRY, "stat", "--json", "--live", "-p", str(pid), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process, json.loads(process.stdout.readline())

    def test_a_process_with_its_threads(self):
        process = self.stay()
        following, first = self.follow(process.pid)
        # Its two threads work; its main one waits, as we have not let it go.
        self.assertGreater(counted(first, "getppid"), 0)
        self.assertGreater(counted(first, "clock_nanosleep"), 0)
        before = counted(first, "getppid")
        process.stdin.write(b"x")
        process.stdin.close()
        self.assertEqual(process.wait(), 0)
        rest = following.stdout.read().splitlines()
        self.assertEqual((following.wait(), following.stderr.read()), (0, b""))
        last = json.loads(rest[-1])
        self.assert_sound(last)
        self.assertGreaterEqual(counted(last, "getppid"), before + 1000)
        self.assertEqual(counted(last, "exit_group"), 1)

    def test_ended_by_a_signal_it_tells_and_the_process_goes_on(self):
        process = self.stay()
        following, _ = self.follow(process.pid)
        following.send_signal(signal.SIGINT)
        rest = following.stdout.read().splitlines()
        self.assertEqual(following.wait(), 0)
        self.assertGreater(counted(json.loads(rest[-1]), "getppid"), 0)
        self.assertIsNone(process.poll())
        process.stdin.close()
        process.wait()

    def test_a_thread_is_no_process(self):
        process = self.stay()
        thread = next(tid for tid in map(int, os.listdir(f"/proc/{process.pid}/task")) if tid != process.pid)
        done = ferry("stat", "-p", thread)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"-p {process.pid}", done.stderr)
        process.stdin.close()
        process.wait()

    def test_processes_that_have_ended(self):
        """One that only waits for its parent to ask after it is not there any more; one whose first thread alone has ended is."""
        zombie = subprocess.Popen(["true"])
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        for command in "stat", "trace":
            done = ferry(command, "-p", zombie.pid)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "", f"ferry: process {zombie.pid} has ended already\n"))
        zombie.wait()
        process = subprocess.Popen(crossings("headless"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        while open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
            pass
        following, _ = self.follow(process.pid)
        process.stdin.write(b"x")
        process.stdin.close()
        told = json.loads(following.stdout.read().splitlines()[-1])
        self.assertEqual((process.wait(), following.wait()), (0, 0))
        self.assertEqual((counted(told, "getppid"), counted(told, "exit_group")), (1000, 1))

    def test_a_process_for_a_time(self):
        process = self.stay()
        for command in "stat", "trace":
            done = ferry(command, "--json", "-p", process.pid, "--for", "0.3")
            self.assertEqual(done.returncode, 0, done.stderr)
            if command == "stat":
                self.assertGreaterEqual(json.loads(done.stdout)["elapsed"], 300000000)
            for arguments in ("-a", "1"), ("--", "true"), ("-p", process.pid, "-a", "1"):
                self.assertEqual(ferry(command, "--for", "1", *arguments).returncode, 2, arguments)
            self.assertEqual(ferry(command, "-p", process.pid, "--for", "0").returncode, 2)
        self.assertIsNone(process.poll())
        process.stdin.close()
        process.wait()

    def test_a_thread_of_the_kernel(self):
        """Of which no calls come: that is said."""
        if open("/proc/2/comm").read() != "kthreadd\n":
            print("# not to be judged here: threads of the kernel are not to be seen")
            return
        for pid, words in ("2", "ferry: 2 is a thread of the kernel"), (str(os.getpid()), ""):
            with subprocess.Popen([FERRY, "stat", "--live", "-p", pid], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
                following.stdout.readline()  # it counts
                following.send_signal(signal.SIGINT)
                _, said = following.communicate()
            self.assertEqual(following.returncode, 0)
            self.assertTrue(said.startswith(words) and bool(said) == bool(words), said)

    def test_one_of_the_ways(self):
        for arguments, words in ((), "one of"), (("-p", "1", "-a", "1"), "only one of"), (("-a", "1", "--", "true"), "only one of"):
            for command in "stat", "trace":
                done = ferry(command, *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertTrue(done.stderr.startswith(f"ferry: {words} -p PID"), done.stderr)

    def live(self, kind, enough):
        """What is shown live on a terminal of 12 rows of 60 columns that is of KIND, ended when ENOUGH() of it is there."""
        terminal, end = pty.openpty()
        fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
        process = self.stay()
        following = subprocess.Popen([FERRY, "stat", "--live", "-p", str(process.pid)], stdin=end, stdout=end, stderr=end, env={**os.environ, "TERM": kind})
        os.close(end)
        said = b""
        while not enough(said):
            said += os.read(terminal, 65536)
        following.send_signal(signal.SIGINT)
        try:
            while data := os.read(terminal, 65536):
                said += data
        except OSError:  # nobody has the other end any more
            pass
        self.assertEqual(following.wait(), 0)
        os.close(terminal)
        process.stdin.close()
        process.wait()
        return said.decode().replace("\r", "")

    def test_live_on_a_terminal(self):
        """Each picture fits, and the last one stays whole."""
        empty, *pictures, last = self.live("xterm", lambda said: said.count(b"\x1b[2J") >= 3).split("\x1b[H\x1b[2J")
        self.assertEqual(empty, "")
        for picture in pictures:
            lines = re.sub(r"\x1b\[[\d;]*m", "", picture).split("\n")
            self.assertLessEqual(sum(max(1, -(-len(line) // 60)) for line in lines), 12, picture)
            self.assertRegex(lines[-1], r"^\d+ more lines$")
        self.assertIn("memory: asked", last)

    def test_live_on_a_dumb_terminal(self):
        """Which knows no escape sequences: one picture behind the other, whole."""
        said = self.live("dumb", lambda said: said.count(b"memory: asked") >= 2)
        self.assertNotIn("\x1b", said)
        self.assertNotIn("more lines", said)

    def test_a_signal_is_passed_on(self):
        with subprocess.Popen([FERRY, "stat", "--json", "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(signal.SIGTERM)
            told = json.loads(process.stdout.read().splitlines()[-1])
            self.assertEqual(process.wait(), 9)
        self.assertGreaterEqual(counted(told, "exit_group"), 1)

    def test_the_machine_without_ferry(self):
        process = self.stay()
        with subprocess.Popen([FERRY, "stat", "--json", "-s", "-a", "0.3"], stdout=subprocess.PIPE) as counting:
            told = json.loads(counting.stdout.read())
            self.assertEqual(counting.wait(), 0)
        process.stdin.close()
        process.wait()
        self.assert_sound(told, ended=False)
        self.assertGreater(counted(told, "getppid"), 0)
        self.assertGreaterEqual(told["elapsed"], 300e6)
        pids = {site["pid"] for site in told["sites"]}
        self.assertIn(process.pid, pids)
        self.assertNotIn(counting.pid, pids)

    def test_unprivileged(self):
        program = shutil.copy(FERRY, os.path.join(tempfile.gettempdir(), "ferry-for-all"))
        check(["chmod", "-R", "a+rX", tempfile.gettempdir()])
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
                               program, "stat", "--", "true"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
        self.assertIn("CAP_BPF", done.stderr)

    def test_a_kernel_that_does_not_tell_its_types(self):
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$0" stat -- true', FERRY], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("/sys/kernel/btf/vmlinux", done.stderr)

    # ---- Call sites and advice ----

    def test_call_sites(self):
        told, _ = self.stat("-s", "--", *crossings("sites", 1000))
        asks = max((site for site in told["sites"] if site["name"] == "getppid"), key=lambda site: site["count"])
        self.assertEqual(asks["count"], 1000)
        names = [re.match(r"\w+", frame).group() for frame in asks["stack"]]
        self.assertEqual(names[:3], ["syscall", "outer_asks", "main"])
        areas = feature("areas of memory")["present"]
        faults = max((site for site in told["sites"] if site["name"] == ("anonymous minor" if areas else "unknown minor") and (areas or site["stack"])), key=lambda site: site["count"])
        self.assertGreaterEqual(faults["count"], 998)
        self.assertEqual([re.match(r"\w+", frame).group() for frame in faults["stack"]][:3], ["touch_pages", "outer_touches", "main"])
        memory = max((site for site in told["sites"] if site["kind"] == "memory"), key=lambda site: site["bytes"])
        self.assertEqual((memory["name"], memory["bytes"]), ("mmap anonymous", 2000 * 4096))
        self.assertEqual(memory["touched"], 1000 * 4096 if areas else None)
        self.assertIn("outer_touches", " ".join(memory["stack"]))

    def test_a_site_that_is_only_the_c_librarys_says_so(self):
        told, _ = self.stat("-s", "--", "ls", "/")
        self.assertTrue(told["sites"])
        for site in told["sites"]:
            outside = [frame for frame in site["stack"] if not re.search(r"\b(libc\.so|ld-linux)", frame) and not frame.startswith("0x")]
            self.assertEqual(site["cut"], bool(site["stack"]) and not outside, site)
        told, _ = self.stat("-s", "--", *crossings("sites", 1000))
        own = max((site for site in told["sites"] if site["name"] == "getppid"), key=lambda site: site["count"])
        self.assertFalse(own["cut"])

    def test_folded(self):
        done = ferry("stat", "--folded", "--", *crossings("sites", 1000))
        self.assertEqual(done.returncode, 0)
        for line in done.stdout.splitlines():
            self.assertRegex(line, r"^.*\[(call|fault) [^\]]+\] \d+$")
        self.assertRegex(done.stdout, r"(?m)main;outer_asks;syscall;\[call getppid\] \d+$")

    def test_advice_holds_the_figures(self):
        told, _ = self.stat("--", *crossings("wasteful", 3000))
        # Calls that take less than a hundredth of the time, where opening a file takes so much, are not worth a word.
        dear = {call["name"]: (call["time"] - call["waited"]) * 100 >= told["processor"] for call in told["calls"]}
        wanted = [words for words, said in ((r"^3000 of 300\d calls of read moved 16 bytes or less", dear["read"]), (r"^3000 of 3000 calls of poll had a timeout of 0", dear["poll"]),
                                            (r"^/etc/hostname was opened 3000 times", True)) if said]
        self.assertEqual(len(told["advice"]), len(wanted), told["advice"])
        for words in wanted:
            self.assertTrue(any(re.search(words, text) for text in told["advice"]), (words, told["advice"]))
        self.assertEqual(named(told["opened"], name="/etc/hostname")["count"], 3000)

    def test_no_advice_where_there_is_none_to_give(self):
        told, _ = self.stat("--", "ls", "/")
        self.assertEqual(told["advice"], [])

    # ---- Its faces ----

    def test_the_same_fields_whatever_was_counted(self):
        def shape(value):
            if isinstance(value, dict):
                return {key: shape(item) for key, item in value.items()}
            return "list" if isinstance(value, list) else "value"
        first, _ = self.stat("--", "true")
        second, _ = self.stat("-s", "-a", "0.05")
        self.assertEqual(shape(first), shape(second))

    def test_text_fits_eighty_columns(self):
        script = f"{FERRY} stat -- true"
        done = subprocess.run(["script", "-qec", f"stty cols 80; {script}", "/dev/null"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in done.stdout.splitlines()]
        self.assertTrue(any(line.startswith("TRIGGER") for line in lines), lines)
        self.assertEqual([line for line in lines if len(line) > 80], [])


if __name__ == "__main__":
    if subprocess.run([FERRY, "stat", "--", "true"], capture_output=True).returncode == 4:
        print("skipped: BPF programs may not be loaded here")
        sys.exit(77)
    run_cases(tracing=True)
