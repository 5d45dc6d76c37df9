#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Globs in addresses, and tables: what get and ls print for several places at once. Judged by the shell's own globs, ip and cat. TAP.

The same on every kernel: text of what other tests read."""
import glob
import json
import os
import unittest

from ferrytest import check, contents, ferry, ip, run_cases


def table(text):
    """The rows of a printed table by their first column, as dictionaries."""
    lines = [line.split() for line in text.splitlines()]
    return {row[0]: dict(zip(lines[0][1:], row[1:])) for row in lines[1:]}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in ("one", "two", "od*d"):
            check(["ip", "link", "add", name, "type", "bridge"])
        check(["ip", "addr", "add", "10.1.0.1/24", "dev", "one"])
        check(["ip", "link", "set", "one", "up", "mtu", "1450"])
        for route in ("10.2.0.0/16", "10.3.0.0/16", "default"):
            check(["ip", "route", "add", route, "via", "10.1.0.2"])
        check(["ip", "route", "add", "blackhole", "10.4.0.0/16", "metric", "7"])

    def out(self, *arguments):
        done = ferry(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def lines(self, *arguments):
        return self.out(*arguments).splitlines()

    def test_globs_in_files_are_the_shells(self):
        for channel, folder, pattern in (("sysctl", "/proc/sys", "net/ipv4/conf/*/rp_filter"), ("sysctl", "/proc/sys", "net/ipv?/conf/[ot]*/mtu"),
                                         ("sysfs", "/sys", "class/net/*/mtu"), ("sysctl", "/proc/sys", "kernel/*max*"),
                                         ("sysctl", "/proc/sys", "*/ipv4/ip_forward"), ("procfs", "/proc", "self/task/*/comm")):
            wanted = [p for p in sorted(glob.glob(f"{folder}/{pattern}")) if os.path.isfile(p)]
            found = [line.split(" = ")[0].replace(channel, folder, 1) for line in self.lines("get", f"{channel}/{pattern}")]
            if channel == "procfs":  # ferry's own, not ours
                self.assertEqual(len(found), 1)
                continue
            self.assertEqual(sorted(found), wanted, pattern)

    def test_native_spellings_have_globs_too(self):
        self.assertEqual(self.lines("get", "/proc/sys/net/ipv4/conf/*/rp_filter"), self.lines("get", "net.ipv4.conf.*.rp_filter"))
        self.assertEqual(self.lines("get", "/sys/class/net/t*/mtu"), ["sysfs/class/net/two/mtu = 1500"])

    def test_globs_in_objects(self):
        judged = {link["ifname"]: link["mtu"] for link in ip("link")}
        found = dict(line.rsplit(" = ", 1) for line in self.lines("get", "netlink/route/link/*/mtu"))
        self.assertEqual(found, {f"netlink/route/link/{name}/mtu": str(mtu) for name, mtu in judged.items()})
        self.assertEqual(len(self.lines("get", "netlink/route/link/one/linkinfo/data/*_delay")), 1)

    def test_a_prefix_is_one_part(self):
        judged = {r["dst"] if r["dst"] == "default" or "/" in r["dst"] else r["dst"] + "/32": r["gateway"] for r in ip("-4", "route") if "gateway" in r}
        found = {line.split("/main/")[1].split("/gateway = ")[0]: line.split(" = ")[1] for line in self.lines("get", "netlink/route/route/main/*/gateway")}
        self.assertEqual({("default" if k in ("0.0.0.0/0", "default") else k): v for k, v in found.items() if ":" not in k}, judged)
        self.assertEqual(self.lines("get", "netlink/route/addr/one/10.*/label"), ["netlink/route/addr/one/10.1.0.1/24/label = one"])

    def test_globs_in_the_name_of_a_channel(self):
        found = {line.split(" = ")[0] for line in self.lines("get", "netlink/route/[al]*/one/*/family")}
        self.assertIn("netlink/route/addr/one/10.1.0.1/24/family", found)
        self.assertEqual(self.lines("ls", "netlink/*/link"), self.lines("ls", "netlink/route/link"))

    def test_a_name_with_a_glob_character_means_itself(self):
        self.assertEqual(self.lines("get", "sysfs/class/net/od*d/mtu"), ["sysfs/class/net/od*d/mtu = 1500"])
        self.assertEqual(self.lines("get", "netlink/route/link/od*d/mtu"), ["netlink/route/link/od*d/mtu = 1500"])

    def test_a_glob_that_matches_nothing_is_no_address(self):
        for address in ("sysctl/net/ipv4/conf/*/nosuch", "sysctl/net/ipv4/conf/x*/rp_filter", "netlink/route/link/x*", "netlink/route/link/*/nosuch",
                        "sysfs/class/net/x*/mtu", "procfs/x*/stat", "netlink/route/x*/lo"):
            for command in ("get", "ls"):
                done = ferry(command, address)
                self.assertEqual((done.returncode, done.stdout), (3, ""), (command, address))
                self.assertTrue(done.stderr.startswith("ferry: "), address)

    def test_one_place_that_refuses_does_not_hide_the_others(self):
        done = ferry("get", "--json", "procfs/[0-9]*/environ", "procfs/self/comm", preexec_fn=lambda: (os.setgroups([]), os.setresuid(1000, 1000, 1000)))
        found = json.loads(done.stdout)
        self.assertEqual(found["procfs/self/comm"], "ferry")
        self.assertEqual(found["procfs/1/environ"]["error"]["code"], "EACCES")
        self.assertEqual(done.returncode, 5)

    def test_a_table_of_files(self):
        rows = table(self.out("get", "-t", "sysctl/net/ipv4/conf/*/rp_filter"))
        self.assertEqual({name: row["rp_filter"] for name, row in rows.items()},
                         {name: contents(f"/proc/sys/net/ipv4/conf/{name}/rp_filter").strip() for name in os.listdir("/proc/sys/net/ipv4/conf")})
        rows = table(self.out("get", "-o", "rp_filter,forwarding", "sysctl/net/ipv4/conf"))
        self.assertEqual(set(rows), set(os.listdir("/proc/sys/net/ipv4/conf")))
        self.assertEqual(rows["lo"]["forwarding"], contents("/proc/sys/net/ipv4/conf/lo/forwarding").strip())

    def test_a_table_of_devices(self):
        for address in ("sysfs/class/net", "sysfs/class/net/*"):
            rows = table(self.out("get", "-o", "mtu,operstate,address", address))
            rows.pop("bonding_masters", None)
            self.assertEqual({name: row["mtu"] for name, row in rows.items()}, {link["ifname"]: str(link["mtu"]) for link in ip("link")}, address)

    def test_a_table_of_objects(self):
        rows = table(self.out("get", "-t", "-o", "mtu,operstate,address", "netlink/route/link"))
        self.assertEqual({name: row for name, row in rows.items()},
                         {link["ifname"]: {"mtu": str(link["mtu"]), "operstate": link["operstate"], "address": link["address"]} for link in ip("link")})
        rows = table(self.out("get", "-o", "gateway", "netlink/route/route/main/*"))
        self.assertEqual(rows["10.2.0.0/16"]["gateway"], "10.1.0.2")
        rows = table(self.out("get", "-t", "netlink/route/route/main/*/gateway"))
        self.assertEqual(rows["10.3.0.0/16"], {"gateway": "10.1.0.2"})

    def test_the_schema_decides_which_columns_there_are(self):
        rows = table(self.out("get", "-o", "gateway,dst,encap_type", "netlink/route/route/local"))
        self.assertTrue(rows)
        self.assertEqual({row["gateway"] for row in rows.values()}, {"-"})
        self.assertEqual({row["encap_type"] for row in rows.values()}, {"-"})
        rows = table(self.out("get", "-o", "mtu,linkinfo/data/id", "netlink/route/link"))
        self.assertEqual({row["linkinfo/data/id"] for row in rows.values()}, {"-"})
        for column in ("nosuch", "ateway", "rp_filter"):
            done = ferry("get", "-o", column, "netlink/route/route")
            self.assertEqual((done.returncode, done.stdout), (2, ""), column)

    def test_ls_long_and_recursive(self):
        names = [line.rsplit("/", 1)[1] for line in self.lines("ls", "netlink/route/link/lo")]
        rows = {line.split()[0].rsplit("/", 1)[1]: line.split() for line in self.lines("ls", "-l", "netlink/route/link/lo")[1:]}
        self.assertEqual(set(rows), set(names))
        self.assertEqual((rows["mtu"][1:4], rows["mtu"][-1]), (["uint", "bytes", "rw-r--r--"], "65536"))
        below = [line.rstrip("/") for line in self.lines("ls", "-R", "sysctl/net/ipv4/conf/lo")]
        self.assertEqual([path.replace("sysctl", "/proc/sys", 1) for path in below], sorted(glob.glob("/proc/sys/net/ipv4/conf/lo/*")))
        self.assertEqual(self.lines("ls", "sysctl/net/ipv4/conf/l*"), self.lines("ls", "sysctl/net/ipv4/conf/lo"))
        self.assertEqual(self.lines("ls", "-R", "netlink/route/addr/on?"), self.lines("ls", "-R", "netlink/route/addr/one"))
        self.assertEqual(self.out("get", "-n", "netlink/route/link/on*/mtu", "net.ipv4.ip_default_ttl"), "1450\n64\n")


if __name__ == "__main__":
    run_cases()
