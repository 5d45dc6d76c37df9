# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part "talk" of bench/run: how fast state is read, beside other programs and the least that can be done, in one run.

Each round runs all of a group in turn; ratios are medians of the rounds' own. Processor time is the program's and the kernel's for it, which others on the
machine disturb less than the clock."""
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

import figures
from ferrytest import FERRY, check

ROUTES_EACH = 256 * 256
BENCH = os.path.join(os.path.dirname(FERRY), "bench")
READING, SENDING, PROCESS = (os.path.join(BENCH, "bench-" + name) for name in ("reading", "sending", "process"))
COLUMNS = "pid,ppid,uid,state,nlwp,time,lstart,rss,vsz,nice,comm,cgroup"
PSUTIL = "import psutil; [p.info for p in psutil.process_iter(['pid', 'ppid', 'uids', 'status', 'num_threads', 'cpu_times', 'create_time', 'memory_info', 'nice', 'name'])]"


def measure(argv):
    """One run with its output thrown away: seconds of the clock and of the processor, MiB at most."""
    found = json.loads(check([READING, "run", *argv]))
    return {"wall": found["wall"], "cpu": found["cpu"], "memory": found["memory"] / 1024}


def entries(argv):
    """How often it enters the kernel, as strace counts; None where it cannot."""
    with tempfile.NamedTemporaryFile("r") as file:
        done = subprocess.run(["strace", "-f", "-c", "-S", "calls", "-o", file.name, *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = re.search(r"^100\.00\s+\S+\s+\S*\s+(\d+)\s.*total$", file.read(), re.M)
    return int(found.group(1)) if done.returncode in (0, 5, 255) and found else None


def compare(title, programs, wanted, rounds, before=lambda: None):
    """PROGRAMS: name -> argv; the first is what the others are set against. WANTED: (name, peer, ratio, "most" or "least"). BEFORE is called before each run."""
    first = next(iter(programs))
    found = {name: [] for name in programs}
    for _ in range(rounds):
        for name, argv in programs.items():
            before()
            found[name].append(measure(argv))
    print(f"{title}, medians of {rounds} rounds, load " + " ".join(f"{value:.2f}" for value in os.getloadavg()))
    for name, argv in programs.items():
        middle = {what: statistics.median(run[what] for run in found[name]) for what in ("wall", "cpu", "memory")}
        before()
        count = entries(argv)
        ratio = statistics.median(run["cpu"] / base["cpu"] for run, base in zip(found[name], found[first]) if base["cpu"] > 0)
        if name != first:
            figures.add(title, name, ratio, "x", first + ", by the processor")
        print(f"  {name:<44} {middle['wall'] * 1e3:>9.1f} ms  processor {middle['cpu'] * 1e3:>8.1f} ms ({ratio:>6.2f} x)  memory {middle['memory']:>6.1f} MiB  entries "
              f"{'?' if count is None else format(count, ',')}")
    for name, peer, ratio, direction in wanted:
        for what, words in (("cpu", "processor"), ("wall", "clock")):
            pairs = [(ours[what], theirs[what]) for ours, theirs in zip(found[name], found[peer]) if ours[what] > 0 and theirs[what] > 0]
            if not pairs:
                continue
            if direction == "most":
                value = statistics.median(ours / theirs for ours, theirs in pairs)
                met = value <= ratio
            else:
                value = statistics.median(theirs / ours for ours, theirs in pairs)
                met = value >= ratio
            figures.add(title, f"{name}{', faster than' if direction == 'least' else ''}", value, "x", f"{peer}, by the {words}", ratio, direction)
            relation = "x the time of" if direction == "most" else "x as fast as"
            sign = "<=" if direction == "most" else ">="
            print(f"    {name}: {value:.2f} {relation} {peer} by the {words}  (wanted {sign} {ratio}: {'met' if met else 'NOT met'})")


def prefix(number):
    return f"{20 + number // ROUTES_EACH}.{number // 256 % 256}.{number % 256}.0/24"


def make_link():
    check(["ip", "link", "add", "t0", "type", "veth", "peer", "name", "t1"])
    check(["ip", "addr", "add", "10.9.0.1/24", "dev", "t0"])
    for link in ("t0", "t1"):
        check(["ip", "link", "set", link, "up"])


PYROUTE2 = """
import sys
from pyroute2 import IPRoute
with IPRoute() as kernel:
    link = kernel.link_lookup(ifname="t0")[0]
    for line in open(sys.argv[1]):
        destination, metric = line.split()
        kernel.route("add", dst=destination, gateway="10.9.0.2", oif=link, priority=int(metric))
"""


def has_pyroute2():
    return subprocess.run(["/usr/bin/python3", "-c", "import pyroute2"], capture_output=True, check=False).returncode == 0


def routes_in(count, rounds):
    """Into an empty table each time: the routes go with their link."""
    folder = tempfile.mkdtemp()
    files = {"document": lambda i: f"netlink/route/route/main/{prefix(i)},metric={i % 3 + 1} = {{gateway=10.9.0.2, dev=t0}}\n",
             "batch": lambda i: f"route add {prefix(i)} via 10.9.0.2 dev t0 metric {i % 3 + 1}\n",
             "list": lambda i: f"{prefix(i)} {i % 3 + 1}\n"}
    for name, line in files.items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.writelines(map(line, range(count)))

    def empty():
        for state in ("down", "up"):
            check(["ip", "link", "set", "t0", state])
    document, batch, names = (os.path.join(folder, name) for name in files)
    programs = {
        "a bare send loop": [SENDING, str(count)],
        "the library: checked, encoded and sent": [SENDING, str(count), "library"],
        "ferry apply: checked, journalled, read back": [FERRY, "apply", "--state", os.path.join(folder, "state"), document],
        "ip -batch": ["ip", "-batch", batch],
    }
    if has_pyroute2():
        programs["pyroute2"] = ["/usr/bin/python3", "-c", PYROUTE2, names]
    ours = "ferry apply: checked, journalled, read back"
    compare(f"{count:,} routes into the kernel", programs, [("the library: checked, encoded and sent", "a bare send loop", 1.3, "most"), (ours, "a bare send loop", 1.3, "most"), (ours, "ip -batch", 3, "least")], rounds, empty)


@contextlib.contextmanager
def sleepers(count):
    """COUNT processes more. They end with the one that started them, and that with its standard input, so also when this is killed."""
    with subprocess.Popen([PROCESS, "sleep", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        if started.stdout.readline().strip() != str(count):
            raise OSError("the processes could not be started")
        yield
        started.stdin.close()


def python_with_psutil():
    """Ours, or Debian's where another stands before it; None without python3-psutil."""
    pythons = (sys.executable, "/usr/bin/python3")
    return next((python for python in pythons if subprocess.run([python, "-c", "import psutil"], capture_output=True).returncode == 0), None)


def processes(count, rounds):
    python = python_with_psutil()
    with sleepers(count):
        compare(f"{count:,} processes", {
            "the task iterator, read and decoded": [PROCESS, "iterate"],
            "the same loaded, and nothing read": [PROCESS, "load"],
            "ferry get --json": [FERRY, "get", "--json", "procfs/process"],
            "ferry get -t": [FERRY, "get", "-t", "procfs/process"],
            "ps -eo": ["ps", "-eo", COLUMNS],
            **({"psutil": [python, "-c", PSUTIL]} if python else {}),
        }, [("ferry get --json", "ps -eo", 40, "least"), ("ferry get -t", "ps -eo", 40, "least"),
            *([("ferry get --json", "psutil", 40, "least")] if python else [])], rounds)


def talk(quick):
    count, rounds = (20000, 3) if quick else (300000, 7)
    make_link()
    routes_in(count, 2 if quick else 3)
    check(["ip", "link", "set", "t0", "down"])
    check(["ip", "link", "set", "t0", "up"])
    check([SENDING, str(count)])
    compare(f"{count:,} routes out of the kernel", {
        "a bare recv loop": [READING, "receive"],
        "the library: received and decoded": [READING, "decode"],
        "the library: ferry_get(), sorted": [READING, "get"],
        "ferry get --json": [FERRY, "get", "--json", "netlink/route/route"],
        "ferry get": [FERRY, "get", "netlink/route/route"],
        "ip route show table all": ["ip", "route", "show", "table", "all"],
        "ip -j -d route show table all": ["ip", "-j", "-d", "route", "show", "table", "all"],
    }, [("the library: received and decoded", "a bare recv loop", 1.4, "most"), ("ferry get --json", "ip route show table all", 2, "least"),
        ("ferry get", "ip route show table all", 2, "least"), ("ferry get --json", "ip -j -d route show table all", 2, "least")], rounds)
    check(["ip", "link", "del", "t0"])
    compare("Every sysctl", {
        "open, read, close of each": [READING, "files"],
        "ferry get": [FERRY, "get", "sysctl"],
        "ferry get --json": [FERRY, "get", "--json", "sysctl"],
        "sysctl -a": ["sysctl", "-a"],
    }, [("ferry get", "sysctl -a", 3.5, "least"), ("open, read, close of each", "sysctl -a", 3.5, "least")], 5 if quick else 21)
    processes(500 if quick else 5000, 3 if quick else 9)
    compare("One value", {
        "true": ["true"],
        "sysctl -n": ["sysctl", "-n", "net.ipv4.ip_forward"],
        "ferry get -n": [FERRY, "get", "-n", "net.ipv4.ip_forward"],
    }, [("ferry get -n", "sysctl -n", 1.2, "most")], 50 if quick else 200)
