# SPDX-License-Identifier: LGPL-2.1-or-later
"""MPLS routes of each sort, in a namespace: what the live test looks at, and what the golden dump is of."""
import os
import subprocess

# Labels below 16 are the kernel's, and this one is the last that it takes.
LABELS = 1048575
ROUTES = ("101 dev lo", "100 as 200/201 via inet 10.0.0.2 dev d0", "102 as 5 via inet6 2001:db8::2 dev d0 ttl-propagate disabled", "103 via link 02:00:00:00:00:09 dev d0 ttl-propagate enabled proto bgp",
          "104 nexthop as 300 via inet 10.0.0.3 dev d0 nexthop as 301/302 via inet 10.0.0.4 dev d0", f"{LABELS - 1} as 16 via inet 10.0.0.2 dev d0")


def has_mpls():
    # No request loads it.
    if os.environ.get("FERRY_GUEST") == "1":
        subprocess.run(["modprobe", "-q", "mpls_router"])
    return os.path.isdir("/proc/sys/net/mpls")


def make_links():
    subprocess.run(["sysctl", "-qw", f"net.mpls.platform_labels={LABELS}"], check=True)
    for command in "link add d0 type veth peer name d1", "addr add 10.0.0.1/24 dev d0", "addr add 2001:db8::1/64 dev d0 nodad", "link set d0 up", "link set d1 up":
        subprocess.run(["ip", *command.split()], check=True)


def make_routes():
    for route in ROUTES:
        subprocess.run(["ip", "-f", "mpls", "route", "add", *route.split()], check=True)
