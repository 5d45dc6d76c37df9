#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every request that ferry sends, as strace decodes it: no message, attribute or value that strace does not know; and what is asked to be set stands in the attribute that strace
calls by the kernel's name. For reading, for writing every object of a full namespace, and for undo."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import route_state
from ferrytest import FERRY, Recorder, check, ferry, run_cases, skip

SET = os.path.join(os.environ.get("FERRY_TESTS", os.path.join(os.path.dirname(FERRY), "tests")), "object-set")
# What this strace has no decoder for, by the kernel's name of the attribute, where it names it at all.
RAW = {
    "RTA_ENCAP": "the inside of an encapsulation", "NHA_ENCAP": "likewise",
    "RTA_NH_ID": "named, and shown as bytes", "RTA_EXPIRES": "likewise", "IFA_PROTO": "likewise",
}
# A kind of link of whose options it knows no more than the bytes. It knows those of a bridge.
RAW_KINDS = re.compile(r'nla_type=IFLA_INFO_KIND\}, "(?!bridge"|tun")')
# What is set, and how strace shows it.
VALUES = (
    ("link/v0/mtu", 1333, "nla_type=IFLA_MTU}, 1333]"), ("link/v0/txqlen", 77, "nla_type=IFLA_TXQLEN}, 77]"), ("link/v0/ifalias", "here", 'nla_type=IFLA_IFALIAS}, "here"'),
    ("link/v0/group", 9, "nla_type=IFLA_GROUP}, 9]"), ("link/v0/address", "02:00:00:00:00:ab", "nla_type=IFLA_ADDRESS}, 02:00:00:00:00:ab]"),
    ("link/br0/linkinfo/data/forward_delay", 1700, "nla_type=IFLA_BR_FORWARD_DELAY}, "),
    ("port/v0/options/cost", 55, "nla_type=IFLA_BRPORT_COST}, 55]"), ("addr/v1/10.2.0.1/16/metric", 4711, "nla_type=IFA_RT_PRIORITY}, 4711]"),
    ("route/main/10.10.0.0/16,metric=100/gateway", "10.0.0.33", 'nla_type=RTA_GATEWAY}, inet_addr("10.0.0.33")]'),
    ("route/main/2001:db8:2::/48/gateway", "2001:db8::33", 'nla_type=RTA_GATEWAY}, inet_pton(AF_INET6, "2001:db8::33")]'),
    ("route/main/10.10.0.0/16,metric=100/metrics", {"mtu": 1301, "lock": ["mtu"]}, "nla_type=RTAX_MTU}, 1301]"),
    ("neigh/v1/10.0.0.50/lladdr", "02:00:00:00:00:98", "nla_type=NDA_LLADDR}, 02:00:00:00:00:98]"),
)
UNKNOWN_NAMES = re.compile(r"\?\?\?|nla_type=0x|nlmsg_type=0x")
RAW_VALUE = re.compile(r"nla_type=(?:NLA_F_NESTED\|)?(\w+)\}, \"(?:\\x[0-9a-f]{2}|\\\d)")


def sends(*command):
    """The netlink requests of COMMAND, a line each; its standard output."""
    with tempfile.NamedTemporaryFile("r") as output:
        done = subprocess.run(["strace", "-f", "-qq", "-v", "-s", "65536", "-e", "trace=network", "-o", output.name, *map(str, command)], capture_output=True, text=True,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})  # a leak checker cannot trace what is traced
        lines = output.read().splitlines()
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.strip()}")
    return [line for line in lines if re.search(r"\bsend(to|msg|mmsg)\(", line) and "nlmsg_type" in line], done.stdout


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        route_state.make_all()
        cls.seen = set()

    def decoded(self, lines):
        self.assertTrue(lines, "no request was sent")
        for line in lines:
            # It has names for few IP protocols, and for none of the nexthop's flags among those of a route.
            self.assertIsNone(UNKNOWN_NAMES.search(re.sub(r"/\* (IPPROTO|RTM_F)_\?\?\? \*/", "", line)), line)
            for name in RAW_VALUE.findall(line):
                if not (name == "IFLA_INFO_DATA" and RAW_KINDS.search(line)):
                    self.assertIn(name, RAW, line)
            self.seen.update(re.findall(r"nlmsg_type=(\w+)", line))
        return lines

    def addresses(self, kind):
        return check([FERRY, "ls", f"netlink/route/{kind}"]).split()

    def test_reading(self):
        for kind in ("link", "addr", "route", "rule", "neigh", "proxy", "nexthop", "port"):
            listed = self.addresses(kind)
            lines, out = sends(FERRY, "get", f"netlink/route/{kind}")
            self.decoded(lines)
            self.assertTrue(out)
            for address in listed[:3]:
                self.decoded(sends(FERRY, "get", address)[0])
        self.assertLessEqual({"RTM_GETLINK", "RTM_GETADDR", "RTM_GETROUTE", "RTM_GETRULE", "RTM_GETNEIGH", "RTM_GETNEXTHOP"}, self.seen)

    def test_whole_objects_written(self):
        """As JSON tells them; strace has only to understand, route-write.py judges what becomes of it."""
        if not os.access(SET, os.X_OK):
            self.skipTest(f"{SET} is not there")
        written = 0
        for kind in ("rule", "neigh", "proxy", "route", "nexthop", "addr"):
            for address in self.addresses(kind):
                record = next(iter(json.loads(ferry("--json", "get", address).stdout or "{}").values()), None)
                if not record:
                    continue  # it went with another
                if record.get("protocol") == "kernel" or record.get("dev") == "lo" or (kind == "nexthop" and record["id"] in (11, 12, 14, 20)) or "127." in address:
                    continue
                try:
                    self.decoded(sends(SET, address)[0])
                    self.decoded(sends(SET, address, json.dumps(record))[0])
                except AssertionError as error:
                    if "ended with" not in str(error):
                        raise
                    continue  # it went or came with another
                written += 1
        print(f"# {written} objects")
        self.assertGreater(written, 40)

    def test_links_made(self):
        if not os.access(SET, os.X_OK):
            self.skipTest(f"{SET} is not there")
        for address in self.addresses("link"):
            record = next(iter(json.loads(ferry("--json", "get", address).stdout).values()))
            kind = record.get("linkinfo", {}).get("kind")
            if kind not in ("vxlan", "macvlan", "ifb"):
                continue
            self.decoded(sends(SET, address)[0])
            lines = self.decoded(sends(SET, address, json.dumps(record))[0])
            self.assertTrue(any("RTM_NEWLINK" in line and f'"{kind}"' in line for line in lines), lines)

    def test_names_and_values(self):
        if not os.access(SET, os.X_OK):
            self.skipTest(f"{SET} is not there")
        for address, value, wanted in VALUES:
            lines, _ = sends(SET, f"netlink/route/{address}", json.dumps(value))
            self.assertTrue(any(wanted in line for line in self.decoded(lines)), f"{address}: {wanted} not in\n" + "\n".join(lines))

    def test_set(self):
        if ferry("help", "set").returncode != 0:
            self.skipTest("no ferry set in this program")
        for address, value, wanted in VALUES:
            # Another value than the case before has left.
            value, wanted = (value + 100, wanted.replace(str(value), str(value + 100))) if isinstance(value, int) else (value, wanted)
            now = ferry("get", "-n", f"netlink/route/{address}").stdout.strip()
            lines, _ = sends(FERRY, "set", f"netlink/route/{address}={value if isinstance(value, (int, str)) else json.dumps(value)}")
            self.decoded(lines)
            if now != str(value) and not isinstance(value, dict):
                self.assertTrue(any(wanted in line for line in lines), f"{address}: {wanted} not in\n" + "\n".join(lines))

    def test_undo(self):
        with Recorder() as recorder:
            for command in ("ip link set v1 mtu 1444", "ip addr add 10.55.0.1/24 dev v1", "ip route add 10.56.0.0/16 via 10.0.0.9 metric 5", "ip rule add priority 555 from 10.57.0.0/16 lookup 300",
                            "ip nexthop add id 555 via 10.0.0.9 dev v1", "ip neigh add 10.0.0.55 lladdr 02:00:00:00:00:55 dev v1", "ip route del 10.13.0.0/16"):
                check(command.split())
            recorder.settle()
            # Links above v1 get its MTU with it, and cannot have theirs back before it has.
            changes = [change for change in recorder.since(0) if change["actor"]["comm"] == "ip" and not change.get("cause") and
                       change["address"].removeprefix("netlink/route/link/").split("/")[0] in ("v1", "netlink")]
            self.assertGreaterEqual(len(changes), 7)
            for change in reversed(changes):
                self.decoded(sends(FERRY, "undo", "--db", recorder.db, change["id"])[0])


if __name__ == "__main__":
    if not shutil.which("strace"):
        skip("no strace here")
    run_cases()
