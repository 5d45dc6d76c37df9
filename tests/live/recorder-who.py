#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fifty programs at the same time, 100,000 changes by netlink, ioctl and sysctl: who made each, judged by what the change says.

What a maker writes holds the maker's number (10.NUMBER.X.Y, fd00:NUMBER::N, NUMBER * 1000000 + N), and the test knows the pid of each number. So a change
that is told with another pid is a wrong program, and it must not hide as an unknown one either, nor be lost. Programs that live for one request come on top.

Runs alone: where the machine has no time to run the recorder, what it has no room for is told as unknown.
"""
import collections
import ipaddress
import os
import re
import subprocess
import sys

import ferrytest
from ferrytest import Recorder, brief, check

MAKERS = int(os.environ.get("MAKERS", "50"))
CHANGES = int(os.environ.get("CHANGES", "100000"))
SHORT_LIVED = int(os.environ.get("SHORT_LIVED", "500"))
WINDOW = 40
SHORT_FIRST = 100  # numbers from here on are makers that live for one request

ROUTE = re.compile(r"^netlink/route/route/main/([0-9a-f.:]+?)(/\d+)?(,.*)?$")
NEIGHBOUR = re.compile(r"^netlink/route/neigh/m0/([0-9.]+)$")


def maker_of(change):
    """(number, object) of the maker that this change must be by; None where it is not a maker's."""
    address = change.get("address") or ""
    found = ROUTE.match(address)
    if found:
        host = ipaddress.ip_address(found[1])
        if host.version == 6:
            return (host.packed[3], address) if host.packed[0] == 0xFD else None
        return (host.packed[1], address) if host.packed[0] in (10, 11) else None
    found = NEIGHBOUR.match(address)
    if found:
        return ipaddress.ip_address(found[1]).packed[1], address
    if address == "sysctl/net/ipv4/conf/m0/tag" and change["after"] is not None:
        return int(change["after"]) // 1000000, address
    return None


def start_makers(maker, each):
    makers = {}
    # A third of them speaks netlink alone, a third all doors in turn, a third ioctl and sysctl.
    for number in range(1, MAKERS + 1):
        mode = ("n", "n6his", "is")[number % 3]
        process = subprocess.Popen([maker, mode, str(number), str(each), "m0", str(WINDOW)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=lambda n=number: os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[n % len(os.sched_getaffinity(0))]}))
        makers[number] = process
    return makers


def run_makers(makers):
    for process in makers.values():
        process.stdin.close()
        process.stdin = None
    # Meanwhile, programs that are gone before anybody could look at them.
    short = {}
    for count in range(SHORT_LIVED):
        number = SHORT_FIRST + count % 100
        process = subprocess.Popen([ferrytest.build("maker"), "o", str(number), str(count), "m0"])
        short[(number, count)] = process.pid
        process.wait()
    results = {}
    for number, process in makers.items():
        out, _ = process.communicate()
        results[number] = ferrytest.json.loads(out)
    return results, short


def judge(changes, makers, short, results):
    """What is wrong, as a list of words."""
    wrong, unknown, doors = [], [], collections.Counter()
    counts = collections.Counter()
    for change in changes:
        if change["kind"] == "gap":
            continue
        told = maker_of(change)
        if not told:
            continue
        number, address = told
        actor = change["actor"] or {}
        if number >= SHORT_FIRST:
            n = int(ipaddress.ip_address(ROUTE.match(address)[1])) & 0xFFFF
            pid = short.get((number, n))
        else:
            pid = makers[number].pid
        # Of two programs that write one knob at the same time, what it held in between is not known for sure.
        if change["consistency"] != "whole" and not (address.startswith("sysctl") and change["consistency"] == "unknown"):
            wrong.append("not whole: " + brief(change))
        if actor.get("pid") is None:
            unknown.append(brief(change))
        elif actor["pid"] != pid or actor["comm"] != "maker" or actor["argv"][2] != str(number):
            wrong.append(f"made by {number} (pid {pid}): {brief(change)}")
        door = "sysctl" if address.startswith("sysctl") else "ioctl" if "/11." in address else "netlink"
        if change["door"] != door:
            wrong.append(f"not by {door}: {brief(change)}")
        # One request may be told in two steps: a neighbour fails before it goes.
        counts[number] += not (change["kind"] == "changed" and address.startswith("netlink"))
        doors[door] += 1
    lost = sum(change["lost"] for change in changes if change["kind"] == "gap")
    accepted = {number: result["accepted"] for number, result in results.items()}
    missing = {number: accepted[number] - counts[number] for number in accepted if accepted[number] != counts[number]}
    told_short = sum(count for number, count in counts.items() if number >= SHORT_FIRST)
    total = sum(counts.values())
    print(f"{total} changes by {len(makers)} programs and {told_short} that lived for one request ({', '.join(f'{n} by {door}' for door, n in doors.items())}): "
          f"{len(wrong)} wrong, {len(unknown)} unknown, {lost} lost")
    problems = wrong[:10] + unknown[:10]
    if len(wrong) > 10 or len(unknown) > 10:
        problems.append(f"... {len(wrong)} wrong and {len(unknown)} unknown in all")
    if sum(missing.values()) > lost or min(missing.values(), default=0) < 0:
        problems.append(f"accepted by the kernel and not told, by maker: {missing}")
    if told_short != len(short) and lost == 0:
        problems.append(f"{len(short)} short-lived programs, {told_short} told")
    refused = {number: result for number, result in results.items() if result["refused"]}
    if refused:
        problems.append(f"the kernel refused: {refused}")
    if total < CHANGES * 0.99 and lost == 0:
        problems.append(f"only {total} changes")
    return problems


def main():
    ferrytest.isolate()
    maker = ferrytest.build("maker")
    check(["ip", "link", "add", "m0", "type", "veth", "peer", "name", "m1"])
    for link in ("m0", "m1"):
        check(["ip", "link", "set", link, "up"])
    # Each object is added and removed but for the last WINDOW ones; a sysctl write is one change.
    each = CHANGES // MAKERS * 10 // 17
    # A buffer that takes the burst: what is lost could hide what is wrong.
    with Recorder("--receive-buffer", "64M") as recorder:
        makers = start_makers(maker, each)
        recorder.settle()
        results, short = run_makers(makers)
        recorder.settle()
        recorder.stop()
        # The history has what standard output may have been too slow for.
        problems = judge(ferrytest.ferry_lines("log", "--json", "--db", recorder.db), makers, short, results)
    for problem in problems:
        print(problem)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
