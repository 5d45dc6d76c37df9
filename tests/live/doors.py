#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""get --doors: one knob through every door, whether they agree, what each cost. Values are judged by ip, cat and ifconfig, costs by strace. TAP."""
import json
import re
import subprocess
import unittest

from ferrytest import FERRY, check, contents, ferry, ferry_lines, ip, run_cases


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        check(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
        check(["ip", "link", "set", "v0", "up", "mtu", "1400", "alias", "a door"])
        check(["ip", "link", "set", "v1", "up"])
        check(["ifconfig", "v0", "10.5.0.1", "netmask", "255.255.255.0"])
        check(["ifconfig", "v0:1", "10.6.1.1", "netmask", "255.255.0.0"])
        check(["ip", "route", "add", "10.8.0.0/16", "via", "10.5.0.2", "metric", "4"])
        check(["sysctl", "-qw", "net.ipv4.conf.v0.rp_filter=2"])

    def doors(self, *addresses):
        found = ferry_lines("get", "--doors", "--json", *addresses)
        return {line["address"]: line for line in found}

    def test_an_mtu_has_three(self):
        for asked in ("netlink/route/link/v0/mtu", "ioctl/v0/mtu", "/sys/class/net/v0/mtu", "sysfs/devices/virtual/net/v0/mtu"):
            found = self.doors(asked)
            self.assertEqual({address: line["door"] for address, line in found.items()},
                             {"netlink/route/link/v0/mtu": "netlink", "ioctl/v0/mtu": "ioctl", "sysfs/class/net/v0/mtu": "sysfs"}, asked)
            self.assertEqual({line["value"] for line in found.values()}, {1400})
            self.assertTrue(all(line["agrees"] for line in found.values()))

    def test_all_twins_of_a_link_agree(self):
        # Counters move by themselves: what is judged stands still.
        found = [line for line in self.doors("netlink/route/link/v0").values() if "stat" not in line["address"] and "net/dev" not in line["address"]]
        self.assertGreater(len(found), 25)
        self.assertEqual([line for line in found if line["agrees"] is False], [])
        knobs = {line["knob"] for line in found}
        for knob in knobs:
            self.assertGreater(len([line for line in found if line["knob"] == knob]), 1)
        values = {line["address"]: line.get("value") for line in found}
        link = ip("link", "show", "v0")[0]
        self.assertEqual(values["netlink/route/link/v0/txqlen"], link["txqlen"])
        self.assertEqual(values["sysfs/class/net/v0/ifalias"], "a door")
        self.assertEqual(int(values["sysfs/class/net/v0/flags"], 16) & 0x1003, 0x1003)
        self.assertEqual(values["ioctl/v0/hwaddr"], link["address"])

    def test_counters(self):
        found = self.doors("netlink/route/link/lo/stats64/rx_errors")
        self.assertEqual(found["sysfs/class/net/lo/statistics/rx_errors"]["value"], int(contents("/sys/class/net/lo/statistics/rx_errors")))

    def test_sysctls_have_a_netlink_door(self):
        found = self.doors("net.ipv4.conf.v0.rp_filter")
        self.assertEqual({address: line["value"] for address, line in found.items()},
                         {"sysctl/net/ipv4/conf/v0/rp_filter": 2, "netlink/route/link/v0/af_spec/inet/conf/rp_filter": 2})

    def test_addresses_and_routes(self):
        found = self.doors("netlink/route/addr/v0/10.6.1.1/16")
        self.assertEqual(found["ioctl/v0:1/address"]["value"], "10.6.1.1")
        self.assertEqual(found["ioctl/v0:1/netmask"]["value"], "255.255.0.0")
        self.assertTrue(found["ioctl/v0:1/netmask"]["agrees"])
        found = self.doors("ioctl/v0/address")
        self.assertEqual(set(found["netlink/route/addr/v0/*.*/local"]["value"]), {"10.5.0.1", "10.6.1.1"})
        self.assertTrue(all(line["agrees"] for line in found.values()))
        found = self.doors("ioctl/route/10.8.0.0/16,metric=4")
        self.assertEqual(found["netlink/route/route/main/10.8.0.0/16,metric=4/gateway"]["value"], "10.5.0.2")
        self.assertEqual(found["ioctl/route/10.8.0.0/16,metric=4/iface"]["value"], "v0")
        self.assertTrue(all(line["agrees"] for line in found.values()))

    def test_globs(self):
        found = self.doors("netlink/route/link/v?/mtu")
        self.assertEqual({line["knob"] for line in found.values()}, {0, 1})
        self.assertEqual(found["ioctl/v1/mtu"]["value"], 1500)

    def test_costs(self):
        """The entries that are counted for the door of sysfs are those that strace sees between the file's name and its close."""
        found = self.doors("netlink/route/link/v0/mtu")
        for line in found.values():
            self.assertGreater(line["nanoseconds"], 0)
            self.assertGreater(line["bytes"], 0)
        self.assertEqual(found["sysfs/class/net/v0/mtu"]["bytes"], 5)
        self.assertEqual(found["ioctl/v0/mtu"]["bytes"], 2 * 40)
        if found["ioctl/v0/mtu"]["entries"] is None:
            self.skipTest("entries are not counted here")
        trace = subprocess.run(["strace", "-e", "trace=all", FERRY, "get", "--doors", "ioctl/v0/mtu"], capture_output=True, text=True).stderr
        lines = [line for line in trace.splitlines() if re.match(r"\w+\(", line)]
        begin = next(i for i, line in enumerate(lines) if "SOCK_DGRAM" in line and line.startswith("socket("))
        end = next(i for i, line in enumerate(lines) if "SIOCGIFMTU" in line)
        self.assertEqual(found["ioctl/v0/mtu"]["entries"], end - begin + 1)

    def test_what_has_no_other_door(self):
        for address, status in (("sysctl/kernel/ostype", 3), ("netlink/route/link/nosuch/mtu", 3), ("netlink/route/nosuch", 3), ("nosuch", 2)):
            self.assertEqual(ferry("get", "--doors", address).returncode, status, address)
        self.assertEqual(ferry("get", "--doors", "--root", "/", "ioctl/lo/mtu").returncode, 2)

    def test_the_table(self):
        lines = ferry("get", "--doors", "ioctl/v0/mtu").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["ADDRESS", "VALUE", "AGREES", "ENTRIES", "BYTES", "TIME"])
        self.assertEqual([line.split()[:3] for line in lines[1:]], [["netlink/route/link/v0/mtu", "1400", "yes"], ["ioctl/v0/mtu", "1400", "yes"],
                                                                     ["sysfs/class/net/v0/mtu", "1400", "yes"]])


if __name__ == "__main__":
    run_cases()
