#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`ferry set` over every channel; what it did, and what it did not do, is judged by ip(8), sysctl(8), the files themselves and strace(1)."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import judge
from ferrytest import FERRY, Recorder, check, contents, ferry, ip, run_cases, settled_pair, sysctl


def setting(*arguments, status=0):
    done = ferry("set", *arguments)
    if done.returncode != status:
        raise AssertionError(f"ferry set {arguments} ended with {done.returncode}, not {status}: {done.stdout}{done.stderr}")
    return done


def state():
    """All of the network and its knobs, as others tell it."""
    found = judge.raw_state()
    found["sysctl"] = sorted(pair for prefix in ("net.ipv4", "net.ipv6", "net.core") for pair in judge.sysctls(prefix).items())
    return json.dumps(found, sort_keys=True)


def calls(log, name):
    with open(log, encoding="utf-8", errors="replace") as file:
        return [line for line in file if re.search(rf"\b{name}\(", line)]


def ferry_as(prefix, *arguments):
    return subprocess.run([*prefix, FERRY, *arguments], capture_output=True, text=True)


class Case(unittest.TestCase):
    def setUp(self):
        settled_pair()

    def tearDown(self):
        for link in ("d0", "w0", "b0"):
            ferry("set", f"-netlink/route/link/{link}")
        for command in ("route flush table 77", "rule del priority 100", "nexthop flush"):
            os.system(f"ip {command} >/dev/null 2>&1")
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])

    def assertUnchanged(self, before, words=""):
        self.assertEqual(state(), before, words)


class Knobs(Case):
    def test_native_spellings(self):
        for address in ("net.ipv4.ip_forward", "net/ipv4/ip_forward", "/proc/sys/net/ipv4/ip_forward", "sysctl/net/ipv4/ip_forward", " net.ipv4.ip_forward "):
            for value in ("1", "0"):
                before = sysctl("net.ipv4.ip_forward")
                done = setting(f"{address}={value}")
                self.assertEqual(sysctl("net.ipv4.ip_forward"), value)
                self.assertEqual(done.stdout, f"sysctl/net/ipv4/ip_forward: {before} -> {value}\n")
        setting("/sys/class/net/d0/mtu=1400")
        self.assertEqual(contents("/sys/class/net/d0/mtu").strip(), "1400")
        setting("net.ipv4.conf.d0.rp_filter = 1")
        self.assertEqual(sysctl("net.ipv4.conf.d0.rp_filter"), "1")

    def test_one_write_at_the_beginning(self):
        if not shutil.which("strace"):
            self.skipTest("no strace")
        log = os.path.join(tempfile.gettempdir(), "set.strace")
        check(["strace", "-f", "-o", log, "-e", "trace=write,pwrite64,writev", FERRY, "set", "net.ipv4.tcp_rmem=5000 60000 7000000"])
        self.assertEqual(len(calls(log, "pwrite64")), 1, calls(log, "pwrite64"))
        self.assertRegex(calls(log, "pwrite64")[0], r'"5000 60000 7000000\\n", 19, 0\) = 19')
        # And the result on standard output.
        self.assertEqual(len(calls(log, "write")), 1)

    def test_the_same_by_meaning(self):
        setting("net.ipv4.tcp_rmem=5000 60000 7000000")
        done = setting("net.ipv4.tcp_rmem=5000\t60000   7000000")
        self.assertEqual(done.stdout, "sysctl/net/ipv4/tcp_rmem: 5000\\t60000\\t7000000 -> 5000\\t60000\\t7000000\n")
        self.assertEqual(setting("net.ipv4.conf.d0.rp_filter=0x1").stderr, "")
        self.assertEqual(sysctl("net.ipv4.conf.d0.rp_filter"), "1")
        # What the kernel makes of a value is told.
        done = setting("net.ipv4.ip_local_reserved_ports=8080,9000-9002,9003", status=5)
        self.assertEqual(sysctl("net.ipv4.ip_local_reserved_ports"), "8080,9000-9003")
        self.assertIn("8080,9000-9003", done.stdout)
        self.assertIn("what it made of it", done.stderr)
        setting("net.ipv4.ip_local_reserved_ports=")
        self.assertEqual(sysctl("net.ipv4.ip_local_reserved_ports"), "")

    def test_a_mask_and_a_text(self):
        setting("sysfs/class/net/d0/queues/rx-0/rps_cpus=1", "sysfs/class/net/d0/ifalias=[a] = \"b\", {c}")
        self.assertEqual(int(contents("/sys/class/net/d0/queues/rx-0/rps_cpus").replace(",", ""), 16), 1)
        self.assertEqual(contents("/sys/class/net/d0/ifalias"), "[a] = \"b\", {c}\n")

    def test_half_taken_is_put_back(self):
        before = sysctl("net.ipv4.tcp_rmem")
        done = setting("net.ipv4.tcp_rmem=6000 x 6", status=1)
        self.assertIn("EINVAL", done.stderr)
        self.assertIn("put back", done.stderr)
        self.assertEqual(sysctl("net.ipv4.tcp_rmem"), before)

    def test_globs(self):
        done = setting("sysctl/net/ipv4/conf/d*/rp_filter=2")
        names = sorted(name for name in os.listdir("/proc/sys/net/ipv4/conf") if name.startswith("d"))
        self.assertEqual([line.split(":")[0] for line in done.stdout.splitlines()], [f"sysctl/net/ipv4/conf/{name}/rp_filter" for name in names])
        for name in names:
            self.assertEqual(sysctl(f"net.ipv4.conf.{name}.rp_filter"), "2")
        self.assertIn("nothing matches", setting("sysctl/net/ipv4/conf/nope*/rp_filter=2", status=3).stderr)
        setting("netlink/route/link/d[01]/mtu=1300")
        self.assertEqual([link["mtu"] for link in ip("link") if link["ifname"] in ("d0", "d1")], [1300, 1300])
        setting("sysctl/net/ipv4/conf/default/rp_filter=0")

    def test_actions_need_yes(self):
        for address in ("net.ipv4.route.flush=1", "sysfs/class/net/d0/uevent=change"):
            self.assertIn("--yes", setting(address, status=1).stderr)
        setting("--yes", "net.ipv4.route.flush=1")
        self.assertIn("0200", oct(os.stat("/proc/sys/net/ipv4/route/flush").st_mode))

    def test_dry_run(self):
        before = state()
        done = setting("--dry-run", "net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1234", "netlink/route/route/77/10.7.0.0/16={gateway=10.1.1.1}",
                       "-netlink/route/addr/d0/10.1.1.2/24", "netlink/route/link/w0={linkinfo={kind=bridge}}", "netlink/route/addr/w0/10.9.0.1/24={}")
        self.assertUnchanged(before)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ["sysctl/net/ipv4/ip_forward: 0 -> 1", "netlink/route/link/d0/mtu: 1500 -> 1234"])
        self.assertTrue(lines[2].startswith("netlink/route/route/77/10.7.0.0/16: (none) -> {"), lines[2])
        self.assertTrue(lines[3].startswith("netlink/route/addr/d0/10.1.1.2/24: {") and lines[3].endswith("-> (none)"), lines[3])
        self.assertEqual(len(lines), 6)


class Together(Case):
    def test_nothing_is_written_before_all_is_checked(self):
        before = state()
        for wrong, status in (("net.ipv4.nonsense=1", 3), ("netlink/route/link/nope/mtu=1", 3), ("netlink/route/link/d0/mtu=x", 2), ("nonsense", 2),
                              ("kernel.ostype=x", 4), ("net.ipv4.route.flush=1", 1), ("netlink/route/link/d0/flags=[SIDEWAYS]", 2),
                              ("netlink/route/link/d0/nonsense=1", 3), ("netlink/route/link/d0/carrier_changes=1", 1), ("-sysctl/net/ipv4/ip_forward", 1),
                              ("netlink/route/route/77/10.0.0.0/8={gateway=10.1.1.1, metric=", 2), ("net.ipv4.ip_forward", 2), ("net=1", 2)):
            done = setting("net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1300", wrong, status=status)
            self.assertTrue(done.stderr and not done.stdout, f"{wrong}: {done}")
            self.assertUnchanged(before, wrong)

    def test_a_failure_in_the_middle(self):
        check(["sysctl", "-qw", "net.ipv4.conf.d1.forwarding=1"])
        before = state()
        done = setting("net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1300", "netlink/route/addr/d0/10.2.2.2/24={}",
                       "-netlink/route/addr/d0/10.1.1.2/24", "netlink/route/link/w0={linkinfo={kind=bridge}}", "netlink/route/link/d0/mtu=7",
                       "net.ipv4.conf.d0.rp_filter=1", status=1)
        self.assertIn("mtu less than device minimum", done.stderr)
        self.assertIn("5 of 7 had been done and were put back", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertUnchanged(before)
        check(["sysctl", "-qw", "net.ipv4.conf.d1.forwarding=0"])

    def test_one_send(self):
        if not shutil.which("strace"):
            self.skipTest("no strace")
        log = os.path.join(tempfile.gettempdir(), "set.strace")
        routes = [f"netlink/route/route/77/10.100.{i}.0/24={{gateway=10.1.1.{1 + i % 2}, metric={i}}}" for i in range(50)]
        check(["strace", "-f", "-o", log, "-e", "trace=sendto", FERRY, "set", "netlink/route/addr/d0/10.3.3.3/24={}", *routes])
        sent = [line for line in calls(log, "sendto") if "RTM_NEWROUTE" in line or "RTM_NEWADDR" in line]
        self.assertEqual(len(sent), 1, sent)
        self.assertEqual({(route["dst"], route.get("metric", 0)) for route in ip("route", "show", "table", "77")},
                         {(f"10.100.{i}.0/24", i) for i in range(50)})
        # A refusal names its own, in the kernel's words, and the others go again.
        before = state()
        routes = [f"netlink/route/route/77/10.200.{i}.0/24={{gateway={'10.99.99.99' if i == 31 else '10.1.1.1'}}}" for i in range(50)]
        done = setting(*routes, status=1)
        self.assertRegex(done.stderr, r"10\.200\.31\.0/24: RTM_NEWROUTE: .*ENETUNREACH.*Nexthop has invalid gateway; 49 of 50 had been done and were put back")
        self.assertUnchanged(before)

    def test_one_stands_on_another(self):
        setting("netlink/route/link/w0={linkinfo={kind=bridge}}", "netlink/route/link/d0/master=w0", "netlink/route/link/w0/flags=+UP",
                "netlink/route/addr/w0/10.9.0.1/24={}", "sysctl/net/ipv4/conf/w0/rp_filter=1", "netlink/route/route/77/10.10.0.0/16={gateway=10.9.0.2}",
                "netlink/route/link/w0/mtu=1280", "netlink/route/link/w0/ifalias=the bridge")
        link = ip("link", "show", "w0")[0]
        self.assertEqual((link["linkinfo"]["info_kind"], link["mtu"], link["ifalias"], "UP" in link["flags"]), ("bridge", 1280, "the bridge", True))
        self.assertEqual(ip("link", "show", "d0")[0]["master"], "w0")
        self.assertEqual(ip("addr", "show", "w0")[0]["addr_info"][0]["local"], "10.9.0.1")
        self.assertEqual(sysctl("net.ipv4.conf.w0.rp_filter"), "1")
        self.assertEqual(ip("route", "show", "table", "77")[0]["gateway"], "10.9.0.2")


class Objects(Case):
    def route(self):
        return [{name: route.get(name) for name in ("dst", "gateway", "metric", "protocol")} for route in ip("route", "show", "10.0.0.0/8")]

    def test_routes(self):
        def expect(*routes):
            self.assertEqual(self.route(), [{"dst": "10.0.0.0/8", "gateway": gateway, "metric": metric, "protocol": "static"} for gateway, metric in routes])

        # The metric in the value, and in the address.
        done = setting("netlink/route/route/main/10.0.0.0/8={gateway=10.1.1.1, metric=100}")
        self.assertTrue(done.stdout.startswith("netlink/route/route/main/10.0.0.0/8,metric=100: (none) -> {"), done.stdout)
        expect(("10.1.1.1", 100))
        setting("netlink/route/route/main/10.0.0.0/8,metric=100={gateway=10.1.1.3}")
        expect(("10.1.1.3", 100))
        setting('netlink/route/route/main/10.0.0.0/8={"gateway":"10.1.1.4","metric":100}')
        expect(("10.1.1.4", 100))
        done = setting("netlink/route/route/main/10.0.0.0/8,metric=100/gateway=10.1.1.5")
        self.assertEqual(done.stdout, "netlink/route/route/main/10.0.0.0/8,metric=100/gateway: 10.1.1.4 -> 10.1.1.5\n")
        expect(("10.1.1.5", 100))
        setting("netlink/route/route/main/10.0.0.0/8={gateway=10.1.1.1}")
        expect(("10.1.1.1", None), ("10.1.1.5", 100))
        self.assertIn("another metric", setting("netlink/route/route/main/10.0.0.0/8,metric=100={gateway=10.1.1.1, metric=7}", status=2).stderr)
        expect(("10.1.1.1", None), ("10.1.1.5", 100))
        setting("-netlink/route/route/main/10.0.0.0/8")
        expect(("10.1.1.5", 100))
        setting("--", "-netlink/route/route/main/10.0.0.0/8,metric=100")
        expect()
        setting("-netlink/route/route/main/10.0.0.0/8", status=3)
        # A replacement is whole: what it leaves out goes.
        setting("netlink/route/route/main/10.0.0.0/8={gateway=10.1.1.1, metrics={mtu=1300}}")
        self.assertEqual(ip("route", "show", "10.0.0.0/8")[0]["metrics"], [{"mtu": 1300}])
        setting("netlink/route/route/main/10.0.0.0/8={gateway=10.1.1.1}")
        self.assertFalse(any(ip("route", "show", "10.0.0.0/8")[0].get("metrics", [])))
        setting("netlink/route/route/main/default={nexthops=[{gateway=10.1.1.1, dev=d0, weight=2}, {gateway=10.1.1.3, dev=d0}]}")
        self.assertEqual([hop["gateway"] for hop in ip("route", "show", "default")[0]["nexthops"]], ["10.1.1.1", "10.1.1.3"])
        setting("netlink/route/route/77/fd00:7::/64,metric=9={dev=d0}")
        self.assertEqual(ip("-6", "route", "show", "table", "77")[0]["metric"], 9)

    def test_the_other_kinds(self):
        setting("netlink/route/rule/ipv4/100={table=200, src=10.5.0.0/16}")
        self.assertEqual(ip("rule", "show", "priority", "100")[0]["table"], "200")
        setting("netlink/route/rule/ipv4/100,src=10.5.0.0/16/table=201")
        self.assertEqual([rule["table"] for rule in ip("rule", "show", "priority", "100")], ["201"])
        setting("netlink/route/neigh/d0/10.1.1.9={lladdr=02:00:00:00:00:09}")
        self.assertEqual(ip("neigh", "show", "10.1.1.9")[0]["lladdr"], "02:00:00:00:00:09")
        setting("netlink/route/nexthop/7={gateway=10.1.1.1, dev=d0}", "netlink/route/route/77/10.77.0.0/16={nhid=7}")
        self.assertEqual(ip("route", "show", "table", "77")[0]["nhid"], 7)
        setting("-netlink/route/route/77/10.77.0.0/16", "-netlink/route/nexthop/7", "-netlink/route/rule/ipv4/100,src=10.5.0.0/16", "-netlink/route/neigh/d0/10.1.1.9")
        self.assertEqual(ip("rule", "show", "priority", "100") + ip("nexthop") + ip("neigh", "show", "10.1.1.9"), [])
        setting("-netlink/route/addr/d0/*")
        self.assertEqual(ip("addr", "show", "d0")[0].get("addr_info"), [])

    def test_links(self):
        setting("netlink/route/link/w0={linkinfo={kind=veth, data={peer={ifname=w1}}}, mtu=1400, flags=+UP}")
        link = ip("link", "show", "w0")[0]
        self.assertEqual((link["linkinfo"]["info_kind"], link["mtu"], link["link"]), ("veth", 1400, "w1"))
        self.assertTrue({"UP", "MULTICAST", "BROADCAST"} <= set(link["flags"]), link["flags"])
        setting("netlink/route/link/w0/flags=[-UP, +NOARP]")
        flags = set(ip("link", "show", "w0")[0]["flags"])
        self.assertTrue({"NOARP", "MULTICAST"} <= flags and "UP" not in flags, flags)
        setting("netlink/route/link/w0/flags=[UP, BROADCAST, MULTICAST]", "netlink/route/link/w0={mtu=1300, txqlen=77}", "netlink/route/link/w0/altnames=[one, \"two three\"]",
                "netlink/route/link/w0/ifalias=\"null\"", "netlink/route/link/w0/address=02:00:00:00:00:01")
        link = ip("link", "show", "w0")[0]
        self.assertEqual((link["mtu"], link["txqlen"], link["ifalias"], sorted(link["altnames"]), link["address"]), (1300, 77, "null", ["one", "two three"], "02:00:00:00:00:01"))
        self.assertEqual(setting("netlink/route/link/w0/ifalias=null").stdout, "netlink/route/link/w0/ifalias: \"null\" -> null\n".replace('"null"', "null"))
        setting("netlink/route/link/b0={linkinfo={kind=bridge, data={hello_time=300}}}", "netlink/route/link/w0/master=b0")
        self.assertEqual(ip("link", "show", "b0")[0]["linkinfo"]["info_data"]["hello_time"], 300)
        setting("netlink/route/link/b0/linkinfo/data/hello_time=400", "netlink/route/port/w0/options/cost=7", "netlink/route/link/w0/master=null")
        self.assertEqual(ip("link", "show", "b0")[0]["linkinfo"]["info_data"]["hello_time"], 400)
        self.assertNotIn("master", ip("link", "show", "w0")[0])
        self.assertIn("carrier_changes is told by the kernel", setting("netlink/route/link/w0/carrier_changes=1", status=1).stderr)
        self.assertIn("made", setting("netlink/route/link/b0/linkinfo/kind=veth", status=1).stderr)
        setting("-netlink/route/link/w0", "-netlink/route/link/b0")
        self.assertEqual([link for link in ip("link") if link["ifname"] in ("w0", "w1", "b0")], [])

    def test_what_get_prints_is_taken(self):
        """Every leaf set to what it holds: nothing changes, and only what the kernel alone tells is refused."""
        check(["ip", "link", "add", "b0", "type", "bridge"])
        for command in ("link set d0 master b0", "route add 10.7.0.0/16 via 10.1.1.1 metric 7 table 77", "rule add from 10.5.0.0/16 priority 100 table 77",
                        "neigh add 10.1.1.9 lladdr 02:00:00:00:00:09 dev d0", "nexthop add id 5 via 10.1.1.1 dev d0", "link set d0 alias 'a = [b], \"c\"'"):
            os.system("ip " + command)
        before = state()
        taken = refused = 0
        for line in ferry("get", "netlink/route").stdout.splitlines():
            address, value = line.split(" = ", 1)
            done = ferry("set", f"{address}={value}")
            if done.returncode == 0:
                taken += 1
                self.assertTrue(done.stdout.endswith("unchanged\n") or " -> " in done.stdout, done.stdout)
            else:
                refused += 1
                self.assertEqual(done.returncode, 1, f"{line}: {done.stderr}")
                self.assertRegex(done.stderr, "told by the kernel, not set|can not be made by|is not known here")
        self.assertGreater(taken, 200)
        self.assertUnchanged(before)

    def test_objects_come_back_from_what_get_says(self):
        check(["ip", "link", "add", "b0", "type", "bridge", "hello_time", "300"])
        for command in ("route add 10.7.0.0/16 via 10.1.1.1 metric 7 table 77", "rule add from 10.5.0.0/16 priority 100 table 77", "nexthop add id 5 via 10.1.1.1 dev d0"):
            check(["ip", *command.split()])
        for address in ("route/77/10.7.0.0/16,metric=7", "rule/ipv4/100,src=10.5.0.0/16", "nexthop/5", "link/b0"):
            before = state()
            object_text = list(json.loads(ferry("get", "--json", f"netlink/route/{address}").stdout).values())[0]
            setting(f"-netlink/route/{address}")
            self.assertNotEqual(state(), before)
            setting(f"netlink/route/{address}={json.dumps(object_text)}")
            self.assertUnchanged(before, address)


class Faces(Case):
    def test_json(self):
        lines = [json.loads(line) for line in setting("--json", "net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1400").stdout.splitlines()]
        self.assertEqual(lines, [{"address": "sysctl/net/ipv4/ip_forward", "kind": "changed", "before": 0, "after": 1},
                                 {"address": "netlink/route/link/d0/mtu", "kind": "changed", "before": 1500, "after": 1400}])
        error = json.loads(setting("--json", "netlink/route/link/d0/mtu=7", status=1).stderr)["error"]
        self.assertEqual((error["code"], error["exit"]), ("EINVAL", 1))

    def test_another_root(self):
        self.assertIn("root", setting("--root", tempfile.gettempdir(), "net.ipv4.ip_forward=1", status=1).stderr)
        self.assertEqual(sysctl("net.ipv4.ip_forward"), "0")

    def test_without_the_right(self):
        before = state()
        for address in ("net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1400", "-netlink/route/link/d0", "sysfs/class/net/d0/mtu=1400"):
            for prefix in (["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],):
                done = ferry_as(prefix, "set", address)
                self.assertEqual(done.returncode, 4, f"{prefix} {address}: {done}")
                self.assertTrue(done.stderr)
        self.assertUnchanged(before)

    def test_a_recorder_sees_ferry(self):
        with Recorder() as recorder:
            start = recorder.settle()
            setting("net.ipv4.ip_forward=1", "netlink/route/link/d0/mtu=1400", "netlink/route/route/77/10.7.0.0/16={gateway=10.1.1.1}")
            recorder.settle()
            changes = {change["address"]: change for change in recorder.since(start)}
            for address, after in (("sysctl/net/ipv4/ip_forward", 1), ("netlink/route/link/d0", {"mtu": 1400}), ("netlink/route/route/77/10.7.0.0/16", None)):
                change = changes[address]
                self.assertEqual(change["actor"]["comm"], "ferry", change)
                self.assertEqual(change["actor"]["argv"][1], "set", change)
                if after is not None:
                    self.assertEqual(change["after"], after)


if __name__ == "__main__":
    run_cases()
