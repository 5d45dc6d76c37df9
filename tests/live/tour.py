#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`ferry tour`: the figures of each station beside strace, getrusage, /proc, uname, find and a program of our own; that nothing is left behind; that the page
holds what JSON holds. TAP."""
import html.parser
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

from ferrytest import FERRY, check, contents, run, run_cases

ALLOCATE = r"""
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
int main(int count, char **words)
{
	size_t size = strtoul(words[1], NULL, 10);
	struct rusage before, after;
	/* What the heap is made with would do for a piece of 128 KiB. */
	char *volatile first = malloc(65536);
	volatile char *piece = malloc(size);
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < size; i += (size_t)sysconf(_SC_PAGESIZE))
		piece[i] = 1;
	getrusage(RUSAGE_SELF, &after);
	/* Whether the C library itself says that it is mapped. */
	printf("%zu %ld\n", mallinfo2().hblks, after.ru_minflt - before.ru_minflt);
	return count != 2 || !first;
}
"""


def timer_interrupts():
    return sum(int(word) for word in re.search(r"^ *LOC:([ \d]+)", contents("/proc/interrupts"), re.M).group(1).split())


class Page(html.parser.HTMLParser):
    """Tags that are opened and closed in order, and what they refer to."""

    def __init__(self, text):
        super().__init__()
        self.open, self.references = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.references += [value for name, value in attrs if name in ("href", "src", "srcset", "data", "action", "poster", "background") or name.endswith(":href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


class Tour(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One tour under strace, by which all of its stations are judged."""
        cls.folder = tempfile.mkdtemp(prefix="tour-")
        cls.trace, cls.page = f"{cls.folder}/trace", f"{cls.folder}/tour.html"
        if os.path.exists("/proc/modules"):  # those that it needs are loaded then, and bring settings of their own
            check([FERRY, "tour"])
        cls.before, timers = cls.outside(), timer_interrupts()
        cls.done = run(["strace", "-f", "-v", "-e", "trace=getppid,clock_gettime,getrusage,execve,mkdir,unshare,kill,uname,pipe2,openat", "-o", cls.trace, FERRY, "tour", "--json", "--html", cls.page])
        cls.timers = timer_interrupts() - timers
        cls.stations = [json.loads(line) for line in cls.done.out.splitlines()]
        cls.told = {statement["name"]: statement["figures"] for station in cls.stations for statement in station["statements"]}
        cls.missing = {statement["name"]: statement["missing"] for station in cls.stations for statement in station["statements"] if statement["missing"]}
        cls.calls = contents(cls.trace).splitlines()

    @classmethod
    def outside(cls):
        """The state of the namespace that the tour is started from."""
        return [check(command) for command in (["ip", "-d", "link"], ["ip", "-d", "addr"], ["ip", "route", "show", "table", "all"], ["ip", "xfrm", "policy"],
                                               ["sh", "-c", "sysctl -a 2>/dev/null | grep '^net\\.'"])]

    def traced(self, pattern):
        return [line for line in self.calls if re.search(pattern, line)]

    def row(self, name, **wanted):
        rows = [row for row in self.told[name] if all(row[key] == value for key, value in wanted.items())]
        self.assertEqual(len(rows), 1, (name, wanted, self.told[name]))
        return rows[0]

    def test_all_stations_in_order(self):
        self.assertEqual((self.done.status, self.done.err), (0, ""))
        self.assertEqual([station["station"] for station in self.stations], list(range(1, 10)))
        for station in self.stations:
            for statement in station["statements"]:
                self.assertTrue(statement["figures"] or statement["missing"], statement)

    def test_1_triggers(self):
        # One program asks for its parent: strace has seen each time. Beside them it touches, writes and waits.
        counted = self.row("triggers", trigger="system calls")["count"]
        self.assertGreaterEqual(len(self.traced(r"\bgetppid\(")), 1000)
        self.assertTrue(1000 <= counted < 1100, counted)
        faults = sum(row["count"] for row in self.told["faults"])
        self.assertTrue(256 <= sum(row["count"] for row in self.told["faults"] if row["region"] == "anonymous") <= faults < 400, self.told["faults"])
        self.assertEqual(self.row("triggers", trigger="exceptions")["count"], faults)
        local = [row for row in self.told["interrupts"] if row["name"] == "local timer"]
        self.assertTrue(local and 0 < local[0]["count"] <= self.timers, (local, self.timers))

    def test_1_vdso(self):
        # By a system call twice: once counted, once timed. What the vDSO answers strace cannot see either.
        self.assertEqual(len(self.traced(r"\bclock_gettime\(CLOCK_MONOTONIC")), 2 * self.row("vdso", way="by a system call")["crossings"])
        self.assertEqual([row["crossings"] for row in self.told["vdso"]], [0, 1000])
        self.assertLess(self.told["vdso"][0]["each"], self.told["vdso"][1]["each"])

    def test_2_classes(self):
        header = contents(next(path for path in ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h") if os.path.exists(path)))
        self.assertGreaterEqual(sum(row["calls"] for row in self.told["numbers"]), len(re.findall(r"#define __NR_\w+ \d+", header)) - 2)
        self.assertEqual([row["class"] for row in self.told["each"]], ["process", "file", "device", "information", "communication"])
        pid, = re.findall(r"pid (\d+)", self.row("each", call="kill")["arguments"])
        self.assertEqual(len(self.traced(rf"^{pid} +kill\({pid}, 0\) += 0")), 1)
        opened, = self.traced(rf'^{pid} +openat\(AT_FDCWD, "/proc/version"')
        self.assertEqual(self.row("each", call="openat")["result"], opened.rsplit("= ", 1)[1])
        piped, = re.findall(r"pipe2\((\[\d+, \d+\])", self.traced(rf"^{pid} +pipe2\(")[0])
        self.assertIn(piped, self.row("each", call="pipe2")["arguments"])

    def test_2_library(self):
        self.assertEqual(self.row("library", way="open, read, close")["crossings"], 1002)
        self.assertLess(self.row("library", way="fopen, fgetc, fclose")["crossings"], 20)
        self.assertLess(self.row("library", way="malloc")["crossings"], 20)

    def allocate(self, size):
        """Pieces that were mapped, and the faults of the first touch, in a program of ours."""
        program = f"{self.folder}/allocate"
        if not os.path.exists(program):
            check([os.environ.get("CC", "cc"), "-O1", "-fno-builtin", "-D_GNU_SOURCE", "-o", program, "-x", "c", "-"], input=ALLOCATE)
        return map(int, check([program, str(size)]).split())

    def test_3_memory(self):
        threshold = self.told["threshold"][0]["threshold"]
        self.assertEqual([next(iter(self.allocate(size))) for size in (threshold - 1, threshold)], [0, 1], threshold)
        self.assertEqual([row["threshold"] for row in self.told["threshold"]], sorted(row["threshold"] for row in self.told["threshold"]))
        for row in self.told["sizes"]:
            self.assertEqual(row["way"] == "mmap", row["size"] >= threshold, row)
        self.assertIn("brk", [row["way"] for row in self.told["sizes"]])
        asked, (_, faults) = 64 << 20, self.allocate(64 << 20)
        start, promised, touched, freed = self.told["touch"]
        self.assertTrue(asked <= promised["virtual"] - start["virtual"] <= asked + (1 << 20), self.told["touch"])
        self.assertLess(promised["resident"] - start["resident"], 1 << 20)
        self.assertTrue(asked - 65536 <= touched["resident"] - promised["resident"] <= asked + (1 << 20), self.told["touch"])
        # On 6.1 the kernel's own sums are up to 64 pages behind.
        self.assertLess(freed["resident"] - start["resident"], (1 << 20) + 64 * 4096)
        self.assertLess(abs(touched["faults"] - faults), 64)
        read, written, again = self.told["cow"]
        # The copier has asked getrusage(2) before and after each; strace has seen the answers.
        answers = [int(number) for number in re.findall(r"getrusage\(RUSAGE_SELF, .*ru_minflt=(\d+)", "\n".join(self.calls))]
        self.assertEqual([row["faults"] for row in self.told["cow"]], [answers[1] - answers[0], answers[3] - answers[2], answers[5] - answers[4]])
        self.assertEqual(written["pages"], (16 << 20) // os.sysconf("SC_PAGESIZE"))
        self.assertTrue(written["pages"] <= written["faults"] < written["pages"] + 64 and read["faults"] < 64 and again["faults"] < 64, self.told["cow"])

    def test_4_procfs(self):
        for row, option in zip(self.told["variable"], "srv"):
            self.assertEqual([row["value"], row["other"]], [check(["uname", "-" + option]).strip()] * 2)
        self.assertEqual(self.told["process"][1]["value"], "ferry")
        for row in self.told["made"]:
            self.assertEqual(row["size"], os.stat(row["file"]).st_size)
            self.assertNotEqual(row["first"], row["second"], row)
        for name in ("kernel", "vm", "fs"):
            modes = [os.stat(os.path.join(folder, file)).st_mode for folder, _, files in os.walk(f"/proc/sys/{name}") for file in files]
            row = self.row("modes", folder=f"sysctl/{name}")
            self.assertEqual([row["readable"], row["writable"], row["blind"]],
                             [sum(bool(mode & 0o444) and not mode & 0o222 for mode in modes), sum(bool(mode & 0o444 and mode & 0o222) for mode in modes),
                              sum(not mode & 0o444 for mode in modes)], name)

    def test_5_sysctl(self):
        self.assertEqual([(row["before"], row["after"]) for row in self.told["forward"]], [("0", "0"), ("0", "0"), ("0", "1"), ("1", "0"), ("0", "1")])
        written = self.traced(r'openat\(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", O_WRONLY')
        program, = self.traced(r'execve\("[^"]*/sysctl", \["sysctl".* = 0$')
        self.assertEqual([row["who"] for row in self.told["who"]], [f"visitor (pid {written[0].split()[0]}, root)", f"sysctl (pid {program.split()[0]}, root)",
                                                                    f"ferry (pid {self.calls[0].split()[0]}, root)"])
        self.assertEqual([(row["before"], row["after"]) for row in self.told["who"]], [("0", "1"), ("1", "0"), ("0", "1")])
        self.assertEqual([row["after"] for row in self.told["batch"]], ["1", "77", "600"])

    def test_6_sysfs(self):
        for row in self.told["tree"]:
            self.assertEqual(row["entries"], len(os.listdir(row["folder"])) if os.path.isdir(row["folder"]) else None, row)
        for row in self.told["device"]:
            self.assertEqual(row["path"], os.path.realpath(row["file"]))
        self.assertTrue(self.told["device"] or self.missing["device"])
        self.assertEqual([(row["before"], row["after"]) for row in self.told["attribute"]], [("1000", "500")])

    def test_7_netlink(self):
        self.assertEqual([row["address"] for row in self.told["made_links"]],
                         ["netlink/route/link/lo/flags", "netlink/route/link/tour0", "netlink/route/link/tour1/flags", "netlink/route/addr/tour0/10.77.0.1/24", "netlink/route/route/main/10.78.0.0/16"])
        self.assertEqual({row["call"] for row in self.told["socket"]} - {"sendmsg", "recvfrom"}, {"socket", "bind", "sendto", "recvmsg"})
        self.assertEqual({row["objects"] for row in self.told["asked"] if row["address"] == "netlink/route/link"}, {3})  # lo and the cable's two ends
        first, second = map(dict, self.told["heard"])
        self.assertNotEqual(first.pop("listener"), second.pop("listener"))
        self.assertEqual(first, second)
        self.assertEqual(first["sender"], "kernel")
        message, = self.told["between"]
        self.assertEqual((message["sender"], message["bytes"]), (f"pid {self.calls[0].split()[0]}", len("hello from the tour")))
        self.assertIn("hello from the tour", message["heard"])
        for name in ("ipsec", "netfilter"):
            self.assertTrue(self.told[name] or self.missing.get(name), name)

    def test_8_tools(self):
        mtu = contents("/sys/class/net/lo/mtu").strip()
        self.assertEqual([row["answer"] for row in self.told["mtu"]], [mtu] * 3)
        commands = {("what is the MTU of lo?", "ifconfig"): ["ifconfig", "lo"], ("what is the MTU of lo?", "ip"): ["ip", "link", "show", "dev", "lo"]}
        for row in self.told["programs"]:
            command = commands.get((row["question"], row["program"]))
            if not command:
                continue
            self.assertEqual(row["answer"], mtu)
            check(["strace", "-f", "-o", f"{self.folder}/calls", *command])
            calls = len(re.findall(r"^\d+ +\w+\(", contents(f"{self.folder}/calls"), re.M))
            # brk and mmap depend on how far apart random addresses are.
            self.assertLess(abs(row["crossings"] - calls), 12, row)
        self.assertEqual(len({row["answer"] for row in self.told["programs"] if row["question"] != "what is the MTU of lo?"}), 1)

    def test_9_log_book(self):
        changed = {row["address"] for row in self.told["changed"]}
        for name in ("batch", "ipsec", "made_links"):
            for row in self.told[name]:
                self.assertIn(re.sub("/flags$", "", row["address"]), changed)
        self.assertIn("sysctl/net/ipv4/ip_forward", changed)
        self.assertEqual({row["result"] for row in self.told["undone"]} - {"undone", "went with another"}, set())
        self.assertEqual([(row["different"], row["name"]) for row in self.told["left"]], [(0, "none")] * 3)

    def test_nothing_is_left_outside(self):
        self.assertEqual(self.outside(), self.before)
        self.assertEqual(len(self.traced(r"^\d+ +unshare\(CLONE_NEWNET\) += 0")), 1)
        folder, = set(re.findall(r'"(/tmp/ferry-tour-\w+)"', "\n".join(self.traced(r'mkdir\("/tmp/ferry-tour-'))))
        self.assertFalse(os.path.exists(folder))
        self.assertEqual([line for line in self.calls if "+++" in line and "exited" not in line and "killed" not in line], [])
        for pid in {line.split()[0] for line in self.calls}:
            self.assertFalse(os.path.exists(f"/proc/{pid}") and "ferry" in contents(f"/proc/{pid}/comm"), pid)

    def test_the_page_holds_the_same(self):
        text = contents(self.page)
        page = Page(text)
        self.assertEqual(page.open, ["meta", "meta"][:page.open.count("meta")])
        self.assertEqual([reference for reference in page.references if not reference.startswith("#")], [])
        self.assertNotRegex(text.replace("http://www.w3.org/1999/xhtml", ""), r"https?://|url\(|@import|<script")
        root = xml.etree.ElementTree.fromstring(text)
        prefix = "{http://www.w3.org/1999/xhtml}"
        self.assertGreater(len(list(root.iter(prefix + "svg"))), 8)
        found = []
        for section in root.iter(prefix + "section"):
            for block in section.iter(prefix + "div"):
                if block.get("data-statement"):
                    names = [cell.get("data-name") for cell in block.iter(prefix + "th")]
                    rows = [[cell.get("data-value") for cell in row.iter(prefix + "td")] for row in block.iter(prefix + "tr")]
                    found.append((section.get("data-station"), block.get("data-statement"), [dict(zip(names, row)) for row in rows if row]))
        wanted = [(str(station["station"]), statement["name"],
                   [{name: None if value is None else str(value) for name, value in row.items()} for row in statement["figures"]])
                  for station in self.stations for statement in station["statements"]]
        self.assertEqual(found, wanted)

    def test_in_chinese(self):
        done = run([FERRY, "tour", "--json", "--lang", "zh", "-s", "1,4"])
        told = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([station["name"] for station in told], ["triggers", "procfs"])
        for station in told:
            english = next(other for other in self.stations if other["name"] == station["name"])
            self.assertEqual([statement["name"] for statement in station["statements"]], [statement["name"] for statement in english["statements"]])
            for text in [station["title"], *(statement["text"] for statement in station["statements"])]:
                self.assertRegex(text, "[\u4e00-\u9fff]")
        self.assertIn("\u7f3a\u9875", run([FERRY, "tour", "--lang", "zh", "-s", "3"]).out)

    def test_without_rights(self):
        """As nobody it goes into a user namespace of its own, says what BPF would have told, and leaves nothing either."""
        done = run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", FERRY, "tour", "--json"])
        if done.status == 4:
            self.assertIn("user namespaces", done.err)
            print("# no user namespaces for users here: only the refusal was judged")
            return
        self.assertEqual(done.status, 0, done)
        told = {statement["name"]: statement for line in done.out.splitlines() for statement in json.loads(line)["statements"]}
        self.assertTrue(told["triggers"]["missing"] and not told["triggers"]["figures"])
        self.assertTrue(told["variable"]["figures"] and told["tree"]["figures"])
        self.assertEqual([(row["what"], row["different"]) for row in told["left"]["figures"]],
                         [("objects and settings", 0), ("processes of the tour", 0), ("files of the tour", 0)])

    def test_interrupted(self):
        process = subprocess.Popen(["strace", "-f", "-e", "trace=mkdir", "-o", f"{self.folder}/interrupted", FERRY, "tour", "--json"], stdout=subprocess.PIPE, text=True)
        first = json.loads(process.stdout.readline())
        pid = int(contents(f"{self.folder}/interrupted").split()[0])
        os.kill(pid, signal.SIGTERM)
        last = json.loads(process.stdout.read().splitlines()[-1])
        process.wait()
        self.assertEqual((first["station"], last["station"]), (1, 9))
        self.assertEqual({row["different"] for row in next(s for s in last["statements"] if s["name"] == "left")["figures"]}, {0})
        folder, = set(re.findall(r'"(/tmp/ferry-tour-\w+)"', contents(f"{self.folder}/interrupted")))
        self.assertFalse(os.path.exists(folder))

    def test_odd_arguments(self):
        for arguments in (["--lang", "fr"], ["--station", "0"], ["--station", "10"], ["--station", "x"], ["more"]):
            self.assertEqual(run([FERRY, "tour", *arguments]).status, 2, arguments)
        done = run([FERRY, "tour", "-q", "-s", "4", "--html", f"{self.folder}/no/such/folder"])
        self.assertNotEqual(done.status, 0)
        self.assertIn("No such file or directory", done.err)


if __name__ == "__main__":
    run_cases()
