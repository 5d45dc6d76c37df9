#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recorder is killed (SIGKILL) again and again while changes pour in: each time the history opens, passes SQLite's own check, and lacks at most what
the last 100 ms brought. The judge of the latter: what the recorder had printed, with its times, and the moment of the kill.

Runs alone: the changes that pour in would be part of what other tests see. KILLS says how often."""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import ferrytest
from ferrytest import Recorder, check

KILLS = int(os.environ.get("KILLS", "100"))
BUDGET = float("inf") if "KILLS" in os.environ else 50  # s: with KILLS=200 all of them, however long it takes
SLACK = 0.1  # s: what may be missing
PAUSE = 0.002  # s between two changes of the load: a change that is printed is one that was handed to the history before


def nanoseconds(text):
    """CLOCK_REALTIME of 2026-01-02T03:04:05.678901234Z."""
    import calendar
    whole, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1000000000 + int(fraction)


def load():
    """Changes without end: a route comes and goes, two hundred a time and then a pause."""
    maker = ferrytest.build("maker")
    process = subprocess.Popen(["sh", "-c", f"while :; do '{maker}' n 1 100 m0 5 </dev/null >/dev/null; '{maker}' n 2 30 m0 30 </dev/null >/dev/null; "
                                f"ip route flush table main root 10.1.0.0/16; ip route flush table main root 10.2.0.0/16; sleep {PAUSE}; done"], start_new_session=True)
    return process


def kill_once(db, number):
    """Starts, lets it work for a while, kills. (printed changes since it has said that it watches, moment of the kill)"""
    output = os.path.join(tempfile.gettempdir(), "printed")
    with open(output, "wb") as file:
        recorder = Recorder("--db", db, db=False, output=file)
    try:
        recorder.started()
        started = time.time_ns()
        # Now and then while it starts to write, mostly in the middle of it.
        time.sleep(random.choice((0, 0.02)) if number % 10 == 0 else random.uniform(0.05, 0.35))
        moment = time.time_ns()
        recorder.process.send_signal(signal.SIGKILL)
        recorder.process.wait()
    finally:
        recorder.__exit__()
    printed = []
    with open(output, "rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                printed.append(json.loads(line))
    # What came while it started waited for its start.
    return [change for change in printed if nanoseconds(change["time"]) >= started], moment


def judge(db, printed, moment, last):
    """Problems in words; what the history ends with; the age of the oldest printed change that it lacks."""
    problems = []
    integrity = subprocess.run(["sqlite3", db, "PRAGMA integrity_check"], capture_output=True, text=True)
    if integrity.stdout.strip() != "ok":
        problems.append(f"PRAGMA integrity_check says {integrity.stdout.strip()!r} {integrity.stderr.strip()!r}")
    kept = ferrytest.ferry("log", "--json", "--db", db, "-n", "1")
    if kept.returncode != 0:
        problems.append(f"ferry log: {kept.returncode} {kept.stderr.strip()}")
        return problems, last, 0
    highest = json.loads(kept.stdout)["id"] if kept.stdout.strip() else 0
    if highest < last:
        problems.append(f"the history ended with {last} before and with {highest} now")
    missing = [change for change in printed if change["id"] > highest]
    age = (moment - min(nanoseconds(change["time"]) for change in missing)) / 1e9 if missing else 0
    if age > SLACK:
        problems.append(f"{len(missing)} of {len(printed)} printed changes are not kept, the oldest from {age * 1000:.1f} ms before the kill")
    # From the first to the last there is none missing.
    rows = check(["sqlite3", db, f"SELECT count(*) FROM change WHERE id > {last}"])
    if int(rows) != highest - last:
        problems.append(f"ids {last + 1} to {highest} are {rows.strip()} rows")
    return problems, highest, age


def main():
    keep = ferrytest.isolate()
    check(["ip", "link", "add", "m0", "type", "veth", "peer", "name", "m1"])
    check(["ip", "link", "set", "m0", "up"])
    check(["ip", "link", "set", "m1", "up"])
    loading, failures, worst, total, begun = load(), [], 0, 0, time.monotonic()
    db, last, kills = "", 0, 0
    try:
        for number in range(KILLS):
            if time.monotonic() - begun > BUDGET:
                break
            kills = number + 1
            if number % 20 == 0:
                # A history that has been through twenty of them is checked whole, then a new one begins.
                db, last = os.path.join(keep, f"history-{number}.db"), 0
            printed, moment = kill_once(db, number)
            problems, last, age = judge(db, printed, moment, last)
            failures += [f"kill {number + 1}: {problem}" for problem in problems]
            worst, total = max(worst, age), total + len(printed)
    finally:
        os.killpg(loading.pid, signal.SIGKILL)
        loading.wait()
    print(f"{kills} kills in {time.monotonic() - begun:.0f} s, {total} changes printed; at most {worst * 1000:.1f} ms of them not kept; {len(failures)} problems")
    for failure in failures[:20]:
        print(failure)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
