# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the live tests share: a world of their own, a recorder whose lines are read, and the state as other programs tell it.

isolate() runs the test again in a network and mount namespace of its own. A Recorder runs "ferry record" (or "watch") and gathers its changes. A test
waits for nothing but a sentinel: an address that it adds to lo, and whose change it then sees come, after everything before it.
"""
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FERRY = os.path.abspath(os.environ.get("FERRY") or os.path.join(HERE, "../../build/ferry"))
SKIPPED = 77
HANG = 60  # s: a test that waits longer than this for a sentinel waits for ever


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


def isolate():
    """Goes on in namespaces of our own, with /sys, /tmp and /var/cache of our own and lo up; skips where that is not allowed."""
    if os.environ.get("FERRY_TEST_ISOLATED") != str(os.getppid()):
        if os.geteuid() != 0:
            skip("needs root")
        if not os.access(FERRY, os.X_OK):
            skip(f"{FERRY} is not there")
        probe = subprocess.run(["unshare", "-nm", "true"], capture_output=True, text=True)
        if probe.returncode != 0:
            skip("no namespaces: " + probe.stderr.strip())
        keep = tempfile.mkdtemp(prefix="ferry-test-")
        process = subprocess.Popen(["unshare", "-nm", "--propagation", "private", "env", f"FERRY_TEST_ISOLATED={os.getpid()}", f"FERRY={FERRY}", f"TMPDIR={keep}",
                                    sys.executable, *sys.argv])
        # What ends us ends the test too, so that it can clean up.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda n, frame: process.send_signal(n))
        status = process.wait()
        os.rmdir(keep)
        sys.exit(status if status >= 0 else 128 - status)
    os.environ.pop("FERRY_TEST_ISOLATED")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    keep = os.environ["TMPDIR"]
    cgroup = "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
    check(["mount", "-t", "tmpfs", "-o", "size=600m", "ferry-test", keep])
    # The control groups stay visible behind the fresh /sys.
    behind = os.path.join(keep, "cgroup")
    os.mkdir(behind)
    bound = subprocess.run(["mount", "--bind", cgroup, behind], capture_output=True).returncode == 0
    check(["mount", "-t", "sysfs", "sysfs", "/sys"])
    if bound and os.path.isdir("/sys/fs/cgroup"):
        check(["mount", "--move", behind, "/sys/fs/cgroup"])
    # What "ferry learn" has kept on this machine must not change what a test sees.
    check(["mount", "-t", "tmpfs", "ferry-test", "/var/cache"])
    tempfile.tempdir = keep
    check(["ip", "link", "set", "lo", "up"])
    return keep


def check(argv, **more):
    """Runs a command that must succeed; its standard output."""
    done = subprocess.run(argv, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{argv} failed with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def ferry(*arguments, **more):
    """Runs ferry with ARGUMENTS; what subprocess.run() returns."""
    return subprocess.run([FERRY, *map(str, arguments)], capture_output=True, text=True, **more)


def ferry_lines(*arguments):
    """The JSON objects that a command which must succeed prints, one a line."""
    done = ferry(*arguments)
    if done.returncode != 0:
        raise AssertionError(f"ferry {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def feature(name):
    """What `ferry doctor` says of one of the means of its work: whether it is there, and which it is or why not."""
    return next(row for row in json.loads(check([FERRY, "--json", "doctor"]))["features"] if row["name"] == name)


def load_protocols():
    """Nftables and IPsec, whose modules a kernel loads for whoever asks first; before, it has nothing of them to tell, or to refuse."""
    for command in ["nft", "list", "tables"], ["ip", "xfrm", "policy"]:
        check(command)


def tells_operations():
    """Whether this kernel tells which operation of io_uring has ended, as older ones (5.15) do not; then that is said."""
    with tempfile.TemporaryDirectory() as folder:
        check(["mount", "-t", "tracefs", "tracefs", folder])
        told = re.search(r"\breq;", contents(f"{folder}/events/io_uring/io_uring_complete/format"))
        check(["umount", folder])
    if not told:
        print("# io_uring is not to be judged here: its tracepoints do not name the operation")
        if any("io_uring" not in feature(name)["detail"] for name in ("counting of crossings", "tracing of crossings")):
            raise AssertionError("ferry doctor does not say so")
    return bool(told)


def can_trace():
    """Whether this kernel has what `ferry trace` takes. Where it has not, that is judged by the types that the kernel tells of itself, and what is said then."""
    row = feature("tracing of crossings")
    if not row["present"]:
        print(f"# ferry trace is not to be judged here: {row['detail']}")
        done = ferry("trace", "--", "echo", "ran")
        with open("/sys/kernel/btf/vmlinux", "rb") as file:
            types = file.read()
        if all(helper in types for helper in (b"\0BPF_FUNC_task_storage_get\0", b"\0BPF_FUNC_task_pt_regs\0")):
            raise AssertionError("the kernel has what it takes")
        if done.returncode != 1 or done.stdout or row["detail"] not in done.stderr:
            raise AssertionError(done)
    return row["present"]


def tells_types(module):
    """Whether the kernel tells the types of a module (5.11 and later do); those of what is built in are its own."""
    return os.path.exists(f"/sys/kernel/btf/{module}") or not os.path.exists(f"/sys/module/{module}/initstate")


def build(name, *flags):
    """Compiles HERE/NAME.c; the program's path."""
    path = os.path.join(tempfile.gettempdir(), name)
    if not os.path.exists(path):
        check([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-o", path, os.path.join(HERE, name + ".c"), *flags])
    return path


class Done:
    """A command that has run: its pid is what the recorder must tell."""

    def __init__(self, argv, process, out, err):
        self.argv, self.pid, self.status, self.out, self.err = argv, process.pid, process.returncode, out, err

    def __repr__(self):
        return f"{self.argv} (pid {self.pid}, status {self.status}, {self.err.strip()!r})"


def run(argv, **more):
    """Runs ARGV, which may fail, to its end."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    out, err = process.communicate()
    return Done(list(argv), process, out, err)


def shell(command, **more):
    return run(["sh", "-c", command], **more)


def until(what, predicate):
    """Waits for what comes by itself: what PREDICATE makes of it."""
    deadline = time.monotonic() + HANG
    while not (found := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.05)
    return found


# ---- The state, as others tell it ----


def ip(*arguments):
    """What `ip -j -d ARGUMENTS` prints, as objects."""
    out = check(["ip", "-j", "-d", *arguments])
    return [entry for entry in json.loads(out or "[]") if entry]


def sysctl(key):
    return check(["sysctl", "-n", "-e", "--", key]).rstrip("\n")


def contents(path):
    with open(path, "rb") as file:
        return file.read().decode(errors="surrogateescape")


def netns():
    return os.stat("/proc/self/ns/net").st_ino


def start_time(pid):
    """When a living process began: clock ticks since boot."""
    return int(contents(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[19])


# ---- The recorder ----


def settled_pair():
    """A veth pair d0, d1 that is up, with 10.1.1.2/24 on d0, when all that the kernel makes by itself for it is there."""
    # No addresses that come by themselves.
    check(["sysctl", "-qw", "net.ipv6.conf.default.addr_gen_mode=1"])
    for command in ("link add d0 type veth peer name d1", "link set d0 up", "link set d1 up", "addr add 10.1.1.2/24 dev d0"):
        check(["ip", *command.split()])
    deadline = time.monotonic() + HANG
    while (len([route for route in ip("-6", "route", "show", "table", "local", "type", "multicast") if route["dev"] in ("d0", "d1")]) < 2 or
           any(link["operstate"] != "UP" for link in ip("link") if link["ifname"] in ("d0", "d1"))):
        if time.monotonic() > deadline:
            raise AssertionError("d0 and d1 do not come up")
        time.sleep(0.01)


# How one is made and removed, and where it is told.
OTHER_SENTINELS = {
    "netfilter": (["nft"], (["add", "table", "inet", "sentinel"], ["delete", "table", "inet", "sentinel"]), "netlink/netfilter/table/inet/sentinel"),
    "xfrm": (["ip", "xfrm", "policy"], (["add", "dir", "fwd", "src", "127.9.9.9/32", "dst", "127.9.9.9/32"], ["delete", "dir", "fwd", "src", "127.9.9.9/32", "dst", "127.9.9.9/32"]),
             "netlink/xfrm/policy/fwd/127.9.9.9/32/127.9.9.9/32"),
}


class Recorder:
    """A running `ferry record --json` (or another COMMAND). Its changes gather in .changes, its words in .words."""

    def __init__(self, *arguments, command="record", db=True, output=None, wrapper=(), environment=None, json_lines=True):
        self.folder = tempfile.mkdtemp(prefix="recorder-")
        self.db = os.path.join(self.folder, "history.db") if db is True else db
        self.lines, self.parsed, self.words = [], [], []
        self.condition = threading.Condition()
        self.ended = False
        self.marks = 0
        argv = [*wrapper, FERRY, command, *(["--json"] if json_lines else [])]
        if command == "record" and self.db:
            argv += ["--db", self.db]
        self.process = subprocess.Popen([*argv, *map(str, arguments)], stdout=output or subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        self.pid = self.process.pid
        if output is None:
            fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
        self.threads = [threading.Thread(target=self.read_words, daemon=True)]
        if output is None:
            self.threads.append(threading.Thread(target=self.read_changes, daemon=True))
        for thread in self.threads:
            thread.start()

    def read_words(self):
        for line in self.process.stderr:
            with self.condition:
                self.words.append(line.decode(errors="replace").rstrip("\n"))
                self.condition.notify_all()
        with self.condition:
            self.ended = True
            self.condition.notify_all()

    def read_changes(self):
        # As fast as can be: what is not read in time is a gap. The lines are looked at when somebody asks for them.
        rest = b""
        while chunk := os.read(self.process.stdout.fileno(), 1 << 20):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if lines:
                with self.condition:
                    self.lines += lines
                    self.condition.notify_all()

    @property
    def changes(self):
        """All that came so far."""
        with self.condition:
            lines, self.lines = self.lines, []
            self.parsed += map(json.loads, lines)
            return self.parsed

    def wait(self, what, predicate, patience=HANG):
        """Until PREDICATE() is true; the recorder's end is a failure. False where PATIENCE ended first."""
        deadline = time.monotonic() + patience
        with self.condition:
            while True:
                # Asked first: what it wrote before its end is read by then.
                over = self.ended and self.process.poll() is not None and not any(thread.is_alive() for thread in self.threads)
                if predicate():
                    return True
                if over:
                    raise AssertionError(f"the recorder ended with {self.process.returncode} while the test waited for {what}:\n" + "\n".join(self.words))
                if time.monotonic() > deadline:
                    if patience < HANG:
                        return False
                    raise AssertionError(f"{what} did not come; the last changes:\n" + "\n".join(map(json.dumps, self.changes[-10:])) + "\n" + "\n".join(self.words))
                self.condition.wait(0.2)

    def started(self):
        """Until it says what is watched: from then on everything is seen."""
        self.wait("the recorder's opening words", lambda: self.said("watching") is not None)
        return self

    def said(self, name):
        """The object NAME among its words, None where it has not come."""
        found = [json.loads(word) for word in self.words if word.startswith('{"' + name + '"')]
        return found[-1] if found else None

    def counts(self):
        """What it said at its end: seen, delivered, lost, changes, unknown, kept, unkept, unwritten."""
        return self.said("counts")["counts"]

    def find(self, address, kind):
        """The position of the last change of KIND of ADDRESS, -1 where none came."""
        changes = self.changes
        return next((i for i in range(len(changes) - 1, max(-1, len(changes) - 5000), -1) if changes[i].get("address") == address and changes[i]["kind"] == kind), -1)

    def mark(self):
        """Makes a sentinel change and waits until it has come: again, where it fell into a gap of standard output. The number of changes before it."""
        deadline = time.monotonic() + HANG
        while True:
            self.marks += 1
            address = f"127.{random.randrange(1, 255)}.{self.marks >> 8 & 255}.{self.marks & 255}/32"
            name = f"netlink/route/addr/lo/{address}"
            check(["ip", "addr", "add", address, "dev", "lo"])
            came = self.wait(f"the sentinel {name}", lambda: self.find(name, "added") >= 0, 2 if time.monotonic() < deadline else HANG)
            check(["ip", "addr", "del", address, "dev", "lo"])
            if came and self.wait(f"the removal of {name}", lambda: self.find(name, "removed") >= 0, 2):
                return self.find(name, "added")

    def settle(self, *protocols):
        """The number of changes when all that was done before this call is told, sentinels included. Netlink protocols other than route are read by themselves: those
        that matter are named."""
        self.mark()
        # The routes that come and go with the sentinel are told before the address is: one more round and they are behind us.
        self.mark()
        for protocol in protocols:
            position, (begin, end, address) = len(self.changes), OTHER_SENTINELS[protocol]
            check([*begin, *end[0]])
            check([*begin, *end[1]])
            self.wait(f"the sentinel of {protocol}", lambda position=position, address=address: any(
                change["kind"] == "removed" and change["address"].startswith(address) for change in self.changes[position:]))
        return len(self.changes)

    def since(self, position, sentinels=False):
        """The changes from POSITION on, without what others do on this machine."""
        changes = self.changes[position:]
        return [change for change in changes if sentinels or not (is_sentinel(change) or is_foreign(change))]

    def stop(self, number=signal.SIGTERM):
        """Ends it; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait()
        for thread in self.threads:
            thread.join()
        return self.process.returncode

    def __enter__(self):
        try:
            return self.started()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream and not stream.closed and not any(thread.is_alive() for thread in self.threads):
                stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)


SENTINEL = re.compile(r"^netlink/route/(addr/lo|route/local)/127\.[1-9][0-9]*\.[0-9]+\.[0-9]+(/32)?\b")


def is_sentinel(change):
    address = change.get("address") or ""
    return bool(SENTINEL.match(address)) or any(address.startswith(begin) for _, _, begin in OTHER_SENTINELS.values())


def is_foreign(change):
    """By somebody in another network namespace: none of ours."""
    return (change.get("actor") or {}).get("netns") not in (None, netns()) and not change["actor"].get("kernel")


# ---- Changes ----


def leaves(value, path=""):
    """The plain values of a JSON value, by path."""
    if isinstance(value, dict):
        found = {}
        for name, item in value.items():
            found.update(leaves(item, f"{path}/{name}" if path else name))
        return found
    return {path: value}


def fold(changes, address):
    """What several changes of one object come to: each field's first value and its last, where these differ."""
    before, after = {}, {}
    for change in changes:
        if change.get("address") != address or change["result"] != "ok":
            continue
        old, new = leaves(change["before"] or {}), leaves(change["after"] or {})
        for name in {**old, **new}:
            before.setdefault(name, old.get(name))
            after[name] = new.get(name)
    same = [name for name in before if before[name] == after[name]]
    for name in same:
        del before[name], after[name]
    return before, after


def brief(change):
    """A change in few words, for a failure."""
    actor = change.get("actor") or {}
    return (f"#{change['id']} {change['kind']} {change.get('address')} {json.dumps(change.get('before'))} -> {json.dumps(change.get('after'))} "
            f"{change.get('door')} {change.get('result')} by {actor.get('comm')}({actor.get('pid')}) cause {change.get('cause')} {change.get('consistency')}")


def listing(changes):
    return "\n".join("    " + brief(change) for change in changes) or "    (no change)"


def assert_accounted(case, found, wanted, missed, several=False):
    """That the counts FOUND are WANTED; where the kernel has passed over MISSED events, since a task was put off its processor in the middle of the program that takes them, that no more
    are missing than that; and where SEVERAL tasks fork, so that a fork that is missed leaves a child out, that none are too many."""
    if not missed:
        case.assertEqual(found, wanted)
        return
    print(f"# not to be judged exactly here: the kernel has passed over {missed} events, {sum(wanted.values()) - sum(found.values())} are missing")
    case.assertLessEqual(set(found), set(wanted))
    for name, count in found.items():
        case.assertLessEqual(count, wanted[name], name)
    if not several:
        case.assertLessEqual(sum(wanted.values()) - sum(found.values()), missed)


# ---- Cases ----


class Tap(unittest.TestResult):
    """Says how each case ended in the Test Anything Protocol, which tests/run counts."""

    count = 0

    def tell(self, word, test, more="", why=""):
        self.count += 1
        print(f"{word} {self.count} - {test.id().split('.', 1)[1]}{more}")
        if why:
            print("\n".join("# " + line for line in why.rstrip().splitlines()))
        sys.stdout.flush()

    def addSuccess(self, test):
        self.tell("ok", test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.tell("not ok", test, why=self._exc_info_to_string(error, test))

    def addError(self, test, error):
        super().addError(test, error)
        self.tell("not ok", test, why=self._exc_info_to_string(error, test))

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.tell("not ok", test, why=f"{subtest._subDescription()}\n{self._exc_info_to_string(error, test)}")

    def addSkip(self, test, reason):
        self.tell("ok", test, f" # SKIP {reason}")


class Refused(unittest.TestCase):
    """Instead of the cases that take it."""

    def test_tracing(self):
        self.assertFalse(can_trace())


def run_cases(tracing=False):
    """Isolated, every case of the test that calls this, or those whose names hold one of its arguments; ends the test. TRACING: no case can be judged where the kernel has not what
    `ferry trace` and `ferry stat` take."""
    isolate()
    if tracing and not feature("tracing of crossings")["present"]:
        suite = [[Refused("test_tracing")]]
    else:
        suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    cases = [case for each in suite for case in each if not sys.argv[1:] or any(word in case.id() for word in sys.argv[1:])]
    print(f"1..{len(cases)}")
    result = Tap()
    unittest.TestSuite(cases).run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
