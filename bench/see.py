# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part "see" of bench/run: what it costs a program to be watched, beside other programs that watch, in one run.

The program is a loop of getppid(2), where nothing hides the cost. The floor is an empty BPF program at the same places: no filter makes a task that nobody follows cheaper. Each round runs all ways in turn; ratios are medians of the rounds' own, against the bare loop
of the same round. Of strace, which stops the program at each call, the clock tells; of what runs within the call, the program's own processor time, which others
on the machine disturb less."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import figures
from ferrytest import FERRY, check

# Where a trace goes.
LOG = os.path.join(tempfile.gettempdir(), "ferry-trace")
FLOOR = os.path.join(tempfile.gettempdir(), "ferry-floor")
# Name, what stands before the loop's command line (a function: another program is watched meanwhile), the calls' part of the whole count, and the ratio that is wanted.
WAYS = [
    ("bare", [], 1, None),
    ("floor: an empty program at sys_exit", [FLOOR, "sys_exit", "--"], 1, None),
    ("floor: at sys_enter and sys_exit", [FLOOR, "sys_enter", "sys_exit", "--"], 1, None),
    ("ferry stat", [FERRY, "stat", "--json", "--"], 1, 3.0),
    ("ferry stat -s", [FERRY, "stat", "-s", "--json", "--"], 4, None),
    ("ferry stat of another program", lambda pid: [FERRY, "stat", "--json", "--live", "-p", pid], 1, 1.7),
    ("ferry trace --all into a file", [FERRY, "trace", "--all", "-o", LOG, "--"], 1, 2.3),
    ("ferry trace --all -T into a file", [FERRY, "trace", "--all", "-T", "-o", LOG, "--"], 1, None),
    ("ferry trace, the conversation", [FERRY, "trace", "-o", LOG, "--"], 1, None),
    ("ferry trace of another program", lambda pid: [FERRY, "trace", "--all", "--json", "-o", LOG, "-p", pid], 1, 1.7),
    ("strace", ["strace", "-f", "-o", "/dev/null"], 100, None),
    ("strace -c", ["strace", "-f", "-c", "-o", "/dev/null"], 100, None),
    ("perf trace", ["perf", "trace", "-o", "/dev/null"], 10, None),
    ("perf stat -e raw_syscalls", ["perf", "stat", "-e", "raw_syscalls:sys_enter", "-o", "/dev/null"], 1, None),
    ("bpftrace, counting", ["bpftrace", "-q", "-e", "tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @[args->id] = count(); }", "-c"], 1, None),
]


def loop(before, loops, count):
    """Nanoseconds a call, by the clock and by the loop's own processor time."""
    command = [loops, "getppid", str(count)]
    command = before + [" ".join(command)] if before[:1] == ["bpftrace"] else before + command
    done = subprocess.run(command, capture_output=True, text=True)
    found = next((json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"seconds"')), None)
    if found is None:
        raise OSError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it says nothing")
    return found["seconds"] / count * 1e9, found["cpu"] / count * 1e9


def beside(watch, loops, count):
    """The loop while another program is watched."""
    with subprocess.Popen(["sleep", "infinity"]) as other, subprocess.Popen(watch(str(other.pid)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as watching:
        try:
            watching.stdout.readline()  # it counts
            return loop([], loops, count)
        finally:
            other.kill()
            watching.stdout.read()


def files(quick):
    """What a program that does something for its calls costs, traced: a tar of many files; and what was lost of a loop at its full speed."""
    command = ["tar", "cf", "/dev/null", "/usr/include"]
    clocks = {}
    for _ in range(2 if quick else 5):
        for name, before in (("bare", []), ("ferry trace --all into a file", [FERRY, "trace", "--all", "-o", LOG, "--"]), ("strace -f", ["strace", "-f", "-o", "/dev/null"])):
            begun = time.monotonic()
            subprocess.run(before + command, capture_output=True)
            clocks.setdefault(name, []).append(time.monotonic() - begun)
    for name in list(clocks)[1:]:
        figures.add("tar of /usr/include, watched", name, statistics.median(watched / bare for watched, bare in zip(clocks[name], clocks["bare"])), "x", "the bare one, by the clock")
    print("tar of /usr/include, seconds by the clock, loading included: " + ", ".join(f"{name} {statistics.median(values):.2f}" for name, values in clocks.items()))


def losses(loops, count):
    """What finds no room in the default buffer: at the loop's full speed, and at a million calls a second, where nothing is to be lost."""
    for work, words, wanted in ("getppid", "at full speed", None), ("paced", "at a million a second", 0):
        done = subprocess.run([FERRY, "trace", "--all", "--json", "-o", LOG, "--", loops, work, str(count)], capture_output=True, text=True)
        counts = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{"counts"')][-1]["counts"]
        seconds = next(json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"seconds"'))["seconds"]
        figures.add("A trace into a file as JSON, of calls in a loop", f"calls a second, {words}", count / seconds, "")
        figures.add("A trace into a file as JSON, of calls in a loop", f"lost, {words}", 100 * counts["lost"] / max(counts["seen"], 1), "%", None, wanted)
        print(f"{count / seconds:,.0f} calls a second into a file, {words}: {counts['seen']:,} seen, {counts['lost']:,} lost (default buffer)")


def see(quick, compile_program):
    # perf looks for events there, which the namespace's own /sys does not have.
    if not os.path.exists("/sys/kernel/tracing/events"):
        subprocess.run(["mount", "-t", "tracefs", "none", "/sys/kernel/tracing"])
    loops = compile_program("bench/loops.c", "loops")
    compile_program("bench/floor.c", os.path.basename(FLOOR))
    rounds, count = (2, 200000) if quick else (7, 2000000)
    found = {}
    for _ in range(rounds):
        for name, before, part, _ in WAYS:
            if (isinstance(before, list) and before and not shutil.which(before[0])) or isinstance(found.get(name), str):
                continue
            try:
                found.setdefault(name, []).append(beside(before, loops, count) if callable(before) else loop(before, loops, count // part))
            except OSError as error:
                found[name] = str(error)
    print(f"{count:,} getppid(2) in a loop, watched, medians of {rounds} rounds, load " + " ".join(f"{value:.2f}" for value in os.getloadavg()))
    for name, before, _, wanted in WAYS:
        runs = found.get(name)
        if not isinstance(runs, list) or len(runs) != rounds:
            print(f"  {name:<36} " + ("not there" if runs is None else f"does not run here: {runs}"))
            continue
        clock, own = (statistics.median(run[i] / bare[i] for run, bare in zip(runs, found["bare"])) for i in (0, 1))
        if name != "bare":
            title = "A loop of getppid(2), watched"
            figures.add(title, name, own, "x", "the bare loop, by the processor", wanted)
            figures.add(title, name, clock, "x", "the bare loop, by the clock")
        words = f"  {name:<36} {statistics.median(run[0] for run in runs):>10,.0f} ns a call  {clock:>7.2f} x by the clock {own:>7.2f} x by its processor time"
        print(words + (f"  (wanted <= {wanted}: {'met' if own <= wanted else 'NOT met'})" if wanted else ""))
    files(quick)
    losses(loops, count)
    if os.path.exists(LOG):
        os.unlink(LOG)
    print("  " + check(["strace", "-V"]).splitlines()[0])
    sys.stdout.flush()
