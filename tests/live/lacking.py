#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A kernel that lacks one mechanism or several: their names are taken out of the types that it tells of itself, by which ferry looks for them. `ferry doctor` says by which means what is left is
done, or what it takes; what is recorded then is judged by the programs that did it and by what the kernel said to them, counts of faults by the program's own."""
import contextlib
import datetime
import json
import os
import struct
import subprocess
import tempfile
import unittest

from ferrytest import Recorder, assert_accounted, build, check, ferry, listing, run, run_cases, shell

TYPES = "/sys/kernel/btf/vmlinux"
NO_TRACEPOINT = "btf_trace_sk_data_ready"
# The function that tells whether fexit is to be had at all.
NO_FEXIT = "netlink_ack"
# From 7.0 on the kernel gives the last argument itself, and has two names.
NO_TASK_WORK = "bpf_task_work_schedule_resume_impl", "bpf_task_work_schedule_resume"


def without(names):
    """The kernel's types with other NAMES. Source: Documentation/bpf/btf.rst, the header and the string section."""
    with open(TYPES, "rb") as file:
        whole = file.read()
    header_length, _, _, strings, length = struct.unpack_from("=IIIII", whole, 4)
    begin, end = header_length + strings, header_length + strings + length
    section = whole[begin:end]
    for name in names:
        word = b"\0" + name.encode() + b"\0"
        section = section.replace(word, b"\0_" + word[2:])
    return whole[:begin] + section + whole[end:]


@contextlib.contextmanager
def lacking(*names):
    with tempfile.NamedTemporaryFile() as file:
        file.write(without(names))
        file.flush()
        check(["mount", "--bind", file.name, TYPES])
        try:
            yield
        finally:
            check(["umount", TYPES])


def features():
    return {row["name"]: row for row in json.loads(check_ferry("--json", "doctor"))["features"]}


def check_ferry(*arguments):
    done = ferry(*arguments)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.returncode} {done.stderr}")
    return done.stdout


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.whole = features()

    def setUp(self):
        check("ip link add d0 type veth peer name d1".split())

    def tearDown(self):
        check("ip link del d0".split())

    def means(self, rows, name, *candidates):
        """That feature NAME is there by the first of (what it takes, how) that this kernel has, or says that there is none."""
        how = next((how for takes, how in candidates if takes is None or self.whole[takes]["present"]), None)
        self.assertEqual(rows[name]["present"], how is not None, rows[name])
        self.assertTrue(rows[name]["detail"], rows[name])
        if how:
            self.assertEqual(rows[name]["detail"], how)
        return how is not None

    def recorded(self, *commands):
        """What was run, and what was told of it."""
        with Recorder() as recorder:
            position = recorder.settle()
            done = [shell("exec " + command) if isinstance(command, str) else run(command) for command in commands]
            recorder.settle()
            return done, recorder.since(position)

    def told(self, changes, done, result):
        """The one change by the process DONE."""
        found = [change for change in changes if (change["actor"] or {}).get("pid") == done.pid]
        self.assertEqual([change["result"] for change in found], [result], listing(changes))
        return found[0]

    def judge_netlink(self, refusals):
        (refused, taken), changes = self.recorded("ip link set d0 mtu 10", "ip link set d0 mtu 1400")
        self.assertIn("mtu less than device minimum", refused.err)
        done = self.told(changes, taken, "ok")
        self.assertEqual((done["before"], done["after"], done["actor"]["comm"]), ({"mtu": 1500}, {"mtu": 1400}, "ip"))
        if not refusals:
            self.assertEqual([change for change in changes if change["result"] != "ok"], [], listing(changes))
            return
        attempt = self.told(changes, refused, "EINVAL")
        self.assertEqual((attempt["address"], attempt["after"]["mtu"], attempt["actor"]["comm"]), ("netlink/route/link/d0", 10, "ip"), listing(changes))
        self.assertIn("mtu less than device minimum", json.dumps(attempt))

    def judge_sysctl(self, result):
        path = "/proc/sys/net/ipv4/ip_default_ttl"
        with open(path, encoding="ascii") as file:
            before = int(file.read())
        (refused, taken), changes = self.recorded(["sh", "-c", f"echo 4711 >{path}"], ["sh", "-c", f"echo {before + 1} >{path}"])
        self.assertNotEqual(refused.status, 0)
        attempt, change = self.told(changes, refused, result), self.told(changes, taken, "ok")
        self.assertEqual((attempt["before"], attempt["after"], attempt["actor"]["comm"]), (before, 4711, "sh"), listing(changes))
        self.assertEqual((change["before"], change["after"]), (before, before + 1), listing(changes))

    def test_the_tracepoint_of_refusals(self):
        with lacking(NO_TRACEPOINT):
            self.judge_netlink(self.means(features(), "refused netlink requests", ("fentry and fexit", "fentry on sock_def_readable"), ("kprobes", "kprobe on sock_def_readable")))

    def test_the_tracepoint_of_refusals_and_fentry(self):
        with lacking(NO_TRACEPOINT, NO_FEXIT):
            rows = features()
            self.assertEqual((rows["fentry and fexit"]["present"], rows["results of sysfs writes"]["present"]), (False, False))
            self.judge_netlink(self.means(rows, "refused netlink requests", ("kprobes", "kprobe on sock_def_readable")))

    def test_fexit(self):
        with lacking(NO_FEXIT):
            rows = features()
            work = self.means(rows, "results of sysctl writes", ("BPF task work", "BPF task work"))
            self.assertIn(NO_FEXIT, rows["results of sysfs writes"]["detail"])
            self.judge_sysctl("EINVAL" if work else "refused")
            # The refusal's own content where the tracepoint stands, in whose context the sender's memory can be read.
            self.means(rows, "content of refused requests", *((None, "the sending program's memory"),) if rows["refused netlink requests"]["detail"].startswith("sk_data_ready") else ())

    def test_any_way_to_the_result_of_a_sysctl(self):
        with lacking(NO_FEXIT, *NO_TASK_WORK):
            self.assertFalse(self.means(features(), "results of sysctl writes"))
            self.judge_sysctl("refused")

    def test_the_tracepoints_of_processes(self):
        """A program that is still there when it is asked for is told all the same."""
        with lacking("btf_trace_sched_process_exec"):
            self.assertFalse(self.means(features(), "process tracepoints"))
            with Recorder() as recorder:
                position = recorder.settle()
                with subprocess.Popen(["sh", "-c", "echo 1300 >/sys/class/net/d0/mtu; read line"], stdin=subprocess.PIPE) as writer:
                    recorder.wait("the change", lambda: [change for change in recorder.since(position) if change["after"] == {"mtu": 1300}])
                    recorder.settle()
                    writer.stdin.close()
                changes = recorder.since(position)
            change, = [change for change in changes if change["after"] == {"mtu": 1300}]
            self.assertEqual((change["before"], change["actor"]["pid"], change["actor"]["comm"]), ({"mtu": 1500}, writer.pid, "sh"), listing(changes))

    def test_the_tracepoints_of_modules(self):
        with lacking("btf_trace_module_load"):
            self.assertFalse(self.means(features(), "module tracepoints"))
            self.judge_netlink(self.whole["refused netlink requests"]["present"])


class Crossings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.there = features()["counting of crossings"]["present"]
        if not cls.there:
            print("# stat and trace are not to be judged here: the kernel lacks what they take")

    def stat(self, *command):
        return json.loads(check_ferry("stat", "--json", "--", *command).splitlines()[-1])

    def test_what_stat_and_trace_take(self):
        for name in "BPF_FUNC_task_storage_get", "BPF_FUNC_task_pt_regs":
            with lacking(name):
                rows = features()
                for command, feature in ("stat", "counting of crossings"), ("trace", "tracing of crossings"):
                    self.assertFalse(rows[feature]["present"])
                    done = ferry(command, "--", "true")
                    self.assertEqual(done.returncode, 1)
                    for words in done.stderr, rows[feature]["detail"]:
                        self.assertIn("5.15 and later do both", words)

    def test_areas_of_memory(self):
        """Faults are counted, and where is unknown."""
        if not self.there:
            return
        pages = 2000
        program = build("crossings", "-pthread", "-fno-omit-frame-pointer")
        with lacking("BPF_FUNC_find_vma"):
            row = features()["areas of memory"]
            self.assertEqual((row["present"], "bpf_find_vma()" in row["detail"]), (False, True))
            told = self.stat(program, "touch", str(pages))
        faults = [row for row in told["faults"] if row["kind"] == "minor"]
        self.assertEqual({row["region"] for row in faults}, {"unknown"})
        self.assertEqual([told["memory"][name] for name in ("touched_heap", "touched_anonymous")], [None, None])
        self.assertGreaterEqual(sum(row["count"] for row in faults), 3 * pages, "of heap, anonymous memory and a file")

    def test_a_tracepoint_less(self):
        """What is left is counted and traced, and what is missing is named."""
        if not self.there:
            return
        with lacking("btf_trace_page_fault_user", "btf_trace_signal_deliver", "btf_trace_suspend_resume"):
            rows = features()
            self.assertIn("page_fault_user", rows["counting of crossings"]["detail"])
            for name in "page_fault_user", "signal_deliver":
                self.assertIn(name, rows["tracing of crossings"]["detail"])
            told = self.stat(build("crossings", "-pthread", "-fno-omit-frame-pointer"), "call", "500")
            assert_accounted(self, {row["name"]: row["count"] for row in told["calls"] if row["name"] == "getppid"}, {"getppid": 500}, told["lost"]["missed"])
            with tempfile.NamedTemporaryFile("r") as out:
                began = datetime.datetime.utcnow().isoformat()
                done = ferry("trace", "--json", "--all", "-o", out.name, "--", "cat", os.devnull)
                records = [json.loads(line) for line in out]
            # The clock that has the machine's sleep in it is asked for each time, where the kernel does not tell of it.
            self.assertEqual([record for record in records if not began <= record["time"] <= datetime.datetime.utcnow().isoformat()], [])
            names = {record["name"]: 1 for record in records if record["kind"] == "call" and record["name"] in ("execve", "exit_group")}
            assert_accounted(self, names, {"execve": 1, "exit_group": 1}, json.loads(done.stderr.splitlines()[-1])["counts"]["missed"])

    def test_the_tracepoint_of_calls(self):
        if not self.there:
            return
        with lacking("btf_trace_sys_exit"):
            done = ferry("stat", "--", "true")
            self.assertEqual((done.returncode, "sys_exit" in done.stderr), (1, True), done.stderr)


run_cases()
