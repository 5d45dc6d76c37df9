# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the parts of bench/run have found, gathered: a table at the end, and bench/results.json, of which tools/performance makes doc/performance.md."""
import datetime
import json
import os
import platform
import re
import subprocess

ROWS = []


def add(title, name, value, unit, against=None, wanted=None, direction="most"):
    """One figure. TITLE: of what it was measured. A ratio has the unit "x" and stands AGAINST something else of the same run. WANTED: at MOST or at LEAST that."""
    met = None if wanted is None else value <= wanted if direction == "most" else value >= wanted
    ROWS.append({"title": title, "name": name, "value": float(f"{value:.6g}"), "unit": unit, "against": against, "wanted": wanted, "direction": direction if wanted is not None else None,
                 "met": met})


def loads():
    return [round(value, 2) for value in os.getloadavg()]


def machine(ferry):
    """What it was measured on; FERRY: the program's name of itself."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        model = re.search(r"^(?:model name|Processor|CPU part)\s*:\s*(.+)", file.read(), re.M)
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1])
    return {"processor": model.group(1).strip() if model else platform.machine(), "architecture": platform.machine(), "processors": len(os.sched_getaffinity(0)),
            "memory": memory * 1024, "kernel": platform.release(), "ferry": ferry, "hypervisor": subprocess.run(["systemd-detect-virt"], capture_output=True, text=True).stdout.strip()
            if os.access("/usr/bin/systemd-detect-virt", os.X_OK) else None}


def shown(value, unit):
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if unit != "x" else f"{value:.2f}"
    return text + (" " + unit if unit else "")


def wish(row):
    return "" if row["wanted"] is None else f"{'<=' if row['direction'] == 'most' else '>='} {shown(row['wanted'], row['unit'])}"


def verdict(row):
    return "" if row["met"] is None else "met" if row["met"] else "NOT met"


def describe(machine_):
    return (f"{machine_['processor']}, {machine_['processors']} processors, {machine_['memory'] / 2 ** 30:.1f} GiB, Linux {machine_['kernel']} {machine_['architecture']}"
            f"{', ' + machine_['hypervisor'] if machine_['hypervisor'] not in (None, '', 'none') else ''}")


def kept(path, machine_):
    """The figures of an earlier run on the same machine that this one has not found anew."""
    try:
        with open(path, encoding="utf-8") as file:
            before = json.load(file)
    except (OSError, ValueError):
        return []
    return before["figures"] if before["machine"] == machine_ else []


def write(path, machine_, begun, quick, whole):
    """Everything that was added, each with its date and the machine's load when the run BEGAN and now; where it was not the WHOLE, in the place of what was found of it before."""
    run = {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "quick": quick, "load": [begun[0], loads()[0]]}
    titles = list(dict.fromkeys(row["title"] for row in ROWS))
    found, rows = {title: [{**row, **run} for row in ROWS if row["title"] == title] for title in titles}, []
    for row in [] if whole else kept(path, machine_):
        rows += found.pop(row["title"], []) if row["title"] in titles else [row]
    rows += [row for title in found for row in found[title]]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": machine_, "figures": rows}, file, indent=1)
        file.write("\n")


def table(machine_, begun):
    """One table of all of it."""
    rows = [(row["title"], row["name"], shown(row["value"], row["unit"]), row["against"] or "", wish(row), verdict(row)) for row in ROWS]
    head = ("of", "what", "figure", "against", "wanted", "")
    widths = [max(len(row[i]) for row in rows + [head]) for i in range(len(head))]
    print(f"\n{describe(machine_)}, {machine_['ferry']}, load {begun[0]:.2f} at the begin and {loads()[0]:.2f} at the end")
    for row in [head] + rows:
        print("  ".join(cell.rjust(width) if i == 2 else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
