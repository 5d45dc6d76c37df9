#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ioctl channel: interfaces and routes as net-tools read and set them. Judged by ifconfig, route, ip -j and strace. TAP."""
import json
import os
import re
import subprocess
import unittest

from ferrytest import FERRY, Recorder, check, ferry, ip, run_cases

SET = os.path.join(os.environ.get("FERRY_TESTS", os.path.join(os.path.dirname(FERRY), "../build-dev/tests")), "object-set")


def get(address):
    """The value at ADDRESS; None where nothing is there."""
    done = ferry("--json", "get", address)
    return list(json.loads(done.stdout).values())[0] if done.returncode == 0 else None


def put(address, value=None):
    """Writes through the channel; what stands there then, or the words of the refusal."""
    done = subprocess.run([SET, address] + ([] if value is None else [json.dumps(value)]), capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    return json.loads(done.stdout) if done.stdout.strip() else None


def ifconfig(name):
    """What ifconfig prints of an interface, by its own words."""
    text = check(["ifconfig", name])
    found = {"flags": set(re.search(r"<(.*?)>", text).group(1).split(",")), "number": int(re.search(r"flags=(\d+)<", text).group(1)),
             "mtu": int(re.search(r"mtu (\d+)", text).group(1))}
    for key, pattern in (("address", r"inet (\S+)"), ("netmask", r"netmask (\S+)"), ("broadcast", r"broadcast (\S+)"), ("dstaddr", r"destination (\S+)"),
                         ("hwaddr", r"ether (\S+)"), ("txqueuelen", r"txqueuelen (\d+)")):
        match = re.search(pattern, text)
        if match:
            found[key] = int(match.group(1)) if key == "txqueuelen" else match.group(1)
    return found


def number(text):
    return 0 if text == "-" else int(text)


def still(text):
    """What ip prints of interfaces, without what moves by itself."""
    return re.findall(r"inet6? \S+(?: brd \S+)?|mtu \d+|link/\S+ \S+|qlen \d+", text)


def routes():
    """The table that route -ee prints: by destination, mask and metric."""
    rows = {}
    for line in check(["route", "-n", "-ee"]).splitlines()[2:]:
        dst, gateway, mask, flags, metric, refs, uses, iface, mss, window, irtt = line.split()
        prefix = bin(int.from_bytes(bytes(map(int, mask.split("."))), "big")).count("1")
        name = "default" if prefix == 0 else f"{dst}/{prefix}"
        rows[name + (f",metric={metric}" if metric != "0" else "")] = {
            "gateway": None if gateway in ("0.0.0.0", "-") else gateway, "iface": None if iface == "-" else iface, "mss": number(mss), "window": number(window),
            "irtt": number(irtt), "reject": "!" in flags}
    return rows


def ours():
    return {address.split("ioctl/route/")[1]: {"gateway": r.get("gateway"), "iface": r.get("iface"), "mss": r["mss"], "window": r["window"], "irtt": r["irtt"],
                                               "reject": "reject" in r["flags"]} for address, r in json.loads(ferry("--json", "get", "ioctl/route").stdout).items()}


class Case(unittest.TestCase):
    def setUp(self):
        check(["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
        for name in ("v0", "v1"):
            check(["ip", "link", "set", name, "up"])
        check(["ifconfig", "v0", "10.5.0.1", "netmask", "255.255.255.0"])
        check(["ifconfig", "v0:1", "10.6.1.1", "netmask", "255.255.0.0"])
        check(["ip", "tuntap", "add", "t0", "mode", "tun"])
        check(["ifconfig", "t0", "10.7.0.1", "pointopoint", "10.7.0.2"])
        check(["ip", "link", "add", "quiet", "type", "bridge"])

    def tearDown(self):
        for name in ("v0", "t0", "quiet"):
            subprocess.run(["ip", "link", "del", name], capture_output=True)
        subprocess.run(["ip", "route", "flush", "table", "main"], capture_output=True)

    def agrees(self, name):
        wanted, found = ifconfig(name), get(f"ioctl/{name}")
        self.assertEqual(set(found["flags"]) - {"RUNNING"}, wanted["flags"] - {"RUNNING"}, name)  # which comes and goes by itself
        for key in ("mtu", "address", "netmask", "broadcast", "dstaddr", "hwaddr", "txqueuelen"):
            if key in found or (key in wanted and ":" not in name):
                self.assertEqual(found.get(key), wanted.get(key, "00:00:00:00:00:00" if name == "lo" else None), (name, key))
        return found

    def test_the_list_is_ifconfigs(self):
        wanted = re.findall(r"^(\S+?): flags", check(["ifconfig", "-a"]), re.M)
        found = [line.split("/", 1)[1] for line in ferry("ls", "ioctl").stdout.splitlines()]
        self.assertIn("route/", found)
        self.assertEqual(sorted(set(found) - {"route/"}), sorted(wanted))

    def test_values_are_ifconfigs_and_ips(self):
        for name in ("lo", "v0", "v1", "v0:1", "t0", "quiet"):
            self.agrees(name)
        for link in ip("link"):
            found = get(f"ioctl/{link['ifname']}")
            self.assertEqual((found["index"], found["mtu"], found["txqueuelen"]), (link["ifindex"], link["mtu"], link.get("txqlen", 0)), link["ifname"])
            self.assertEqual(found["hwtype"], link["link_type"])
            self.assertEqual("UP" in found["flags"], "UP" in link["flags"])

    def test_one_field_is_one_request(self):
        trace = subprocess.run(["strace", "-f", "-e", "trace=ioctl", FERRY, "get", "ioctl/v0/mtu"], capture_output=True, text=True).stderr
        self.assertEqual(re.findall(r"SIOC\w+", trace), ["SIOCGIFMTU"])

    def test_setting_is_seen_by_the_others(self):
        for address, value, judge in (("ioctl/v0/mtu", 1400, lambda: ip("link", "show", "v0")[0]["mtu"]),
                                      ("ioctl/v0/txqueuelen", 77, lambda: ip("link", "show", "v0")[0]["txqlen"]),
                                      ("ioctl/v0/hwaddr", "02:00:00:00:00:42", lambda: ip("link", "show", "v0")[0]["address"]),
                                      ("ioctl/v0/address", "10.9.0.1", lambda: ifconfig("v0")["address"]),
                                      ("ioctl/v0/netmask", "255.255.128.0", lambda: ifconfig("v0")["netmask"]),
                                      ("ioctl/v0/broadcast", "10.9.127.1", lambda: ifconfig("v0")["broadcast"]),
                                      ("ioctl/t0/dstaddr", "10.7.0.9", lambda: ifconfig("t0")["dstaddr"])):
            self.assertEqual(put(address, value), value, address)
            self.assertEqual(judge(), value, address)
        for name in ("v0", "t0"):
            self.agrees(name)

    def test_flags(self):
        flags = get("ioctl/v0/flags")
        put("ioctl/v0/flags", [flag for flag in flags if flag != "UP"])
        self.assertNotIn("UP", ip("link", "show", "v0")[0]["flags"])
        put("ioctl/v0/flags", flags + ["PROMISC"])
        self.assertTrue({"UP", "PROMISC"} <= set(ip("link", "show", "v0")[0]["flags"]))

    def test_several_at_once_as_ifconfig_does(self):
        put("ioctl/v1", {"address": "10.20.0.1", "netmask": "255.255.252.0", "mtu": 1300})
        self.assertEqual(ip("addr", "show", "v1")[0]["addr_info"][0]["prefixlen"], 22)
        check(["ifconfig", "quiet", "10.20.0.1", "netmask", "255.255.252.0", "mtu", "1300"])
        mine, theirs = get("ioctl/v1"), get("ioctl/quiet")
        for key in ("address", "netmask", "broadcast", "mtu"):
            self.assertEqual(mine[key], theirs[key], key)

    def test_labels_come_and_go(self):
        put("ioctl/v1:9", {"address": "10.30.0.1", "netmask": "255.255.255.128"})
        self.assertIn({"local": "10.30.0.1", "prefixlen": 25, "label": "v1:9"},
                      [{k: a.get(k) for k in ("local", "prefixlen", "label")} for a in ip("addr", "show", "v1")[0]["addr_info"]])
        self.assertIsNone(put("ioctl/v1:9"))
        self.assertNotIn("v1:9", check(["ip", "addr", "show", "v1"]))
        self.assertIsNone(get("ioctl/v1:9"))
        put("ioctl/v0/address")
        self.assertNotIn("address", get("ioctl/v0"))

    def test_refusals_say_which_request_and_change_nothing(self):
        before = still(check(["ip", "-d", "addr"]))
        for address, value, words in (("ioctl/v0/mtu", 20, "SIOCSIFMTU"), ("ioctl/v0/metric", 5, "SIOCSIFMETRIC"), ("ioctl/v0/map", {"irq": 5}, "SIOCSIFMAP"),
                                      ("ioctl/lo/hwaddr", "02:00:00:00:00:42:11", "6 bytes"), ("ioctl/v0/netmask", "255.0.255.0", "SIOCSIFNETMASK"),
                                      ("ioctl/v1/netmask", "255.0.0.0", "SIOCSIFNETMASK"), ("ioctl/v0/index", 9, "not set"), ("ioctl/v0/mtu", "x", "mtu"),
                                      ("ioctl/v0/nosuch", 1, "nosuch"), ("ioctl/nosuch/mtu", 1400, "there is no"), ("ioctl/v0/address", "fe80::1", "4 bytes"),
                                      ("ioctl/v0:1/mtu", 1400, "label"), ("ioctl/v0", None, "not removed by ioctl"), ("ioctl/v0/mtu", None, "taken away"),
                                      ("ioctl/v0/mtu", 99999999999, "range"), ("ioctl/v0/flags", ["NOSUCH"], "NOSUCH"), ("ioctl/v0/hwaddr", "10.0.0.1", "6 bytes"),
                                      ("ioctl/route/10.0.0.0/8", {"gateway": "1.2.3.4"}, "SIOCADDRT"), ("ioctl/route/10.0.0.1/8", {}, "destination"),
                                      ("ioctl/route/fe80::/64", {}, "destination"), ("ioctl/route/10.5.0.0/24", {"metric": 3}, "another route")):
            found = put(address, value)
            self.assertIsInstance(found, str, address)
            self.assertIn(words, found, address)
        self.assertEqual(still(check(["ip", "-d", "addr"])), before)

    def test_what_was_set_before_a_refusal_is_put_back(self):
        before = check(["ip", "-d", "addr", "show", "v0"])
        found = put("ioctl/v0", {"mtu": 1300, "address": "10.99.0.1", "netmask": "255.0.255.0"})
        self.assertIn("SIOCSIFNETMASK", found)
        self.assertIn("put back", found)
        self.assertEqual(sorted(re.findall(r"inet \S+ brd \S+|mtu \d+", check(["ip", "-d", "addr", "show", "v0"]))),
                         sorted(re.findall(r"inet \S+ brd \S+|mtu \d+", before)))

    def test_without_rights(self):
        done = subprocess.run([SET, "ioctl/v0/mtu", "1400"], capture_output=True, text=True, preexec_fn=lambda: (os.setgroups([]), os.setresuid(1000, 1000, 1000)))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("CAP_NET_ADMIN", done.stderr)
        self.assertEqual(ferry("get", "-n", "ioctl/v0/mtu", preexec_fn=lambda: (os.setgroups([]), os.setresuid(1000, 1000, 1000))).stdout, "1500\n")

    def test_routes_are_routes(self):
        check(["route", "add", "-net", "10.8.0.0/16", "gw", "10.5.0.2", "metric", "4", "mss", "1000"])
        check(["route", "add", "-net", "10.8.0.0/16", "gw", "10.5.0.3", "metric", "5", "window", "4000", "irtt", "300"])
        check(["route", "add", "-host", "10.8.0.9", "reject"])
        check(["route", "add", "default", "gw", "10.5.0.2"])
        self.assertEqual(ours(), routes())
        self.assertEqual(len(ours()), 4 + 3)

    def test_routes_are_added_changed_and_deleted(self):
        for name, value in (("10.8.0.0/16,metric=4", {"gateway": "10.5.0.2", "mss": 1000}), ("10.9.0.0/16", {"iface": "v0", "window": 3000, "irtt": 40}),
                            ("10.8.0.9/32", {"flags": ["reject"]}), ("default", {"gateway": "10.5.0.9"})):
            self.assertIsInstance(put(f"ioctl/route/{name}", value), dict, name)
        table = routes()
        self.assertEqual(ours(), table)
        self.assertEqual(table["10.8.0.0/16,metric=4"], {"gateway": "10.5.0.2", "iface": "v0", "mss": 1000, "window": 0, "irtt": 0, "reject": False})
        self.assertTrue(table["10.8.0.9/32"]["reject"])
        count = len(table)
        self.assertEqual(put("ioctl/route/default/gateway", "10.5.0.8"), "10.5.0.8")
        self.assertEqual(put("ioctl/route/10.8.0.0/16,metric=4/mss", 900), 900)
        table = routes()
        self.assertEqual((len(table), table["default"]["gateway"], table["10.8.0.0/16,metric=4"]["mss"]), (count, "10.5.0.8", 900))
        self.assertEqual(len(ip("-4", "route", "show", "default")), 1)
        for name in ("10.8.0.0/16,metric=4", "10.9.0.0/16", "10.8.0.9/32", "default"):
            self.assertIsNone(put(f"ioctl/route/{name}"), name)
        self.assertEqual(len(routes()), count - 4)
        self.assertEqual(ours(), routes())
        self.assertIsNone(put("ioctl/route/10.9.0.0/16"))

    def test_many_interfaces(self):
        for i in range(150):
            check(["ip", "link", "add", f"many{i}", "type", "bridge"])
        try:
            check(["sh", "-c", "for i in $(seq 0 149); do ip addr add 10.40.$i.1/24 dev many$i label many$i:x; ip addr add 10.41.$i.1/24 dev many$i; done"])
            wanted = set(re.findall(r"^(\S+?): flags", check(["ifconfig", "-a"]), re.M))
            found = {line.split("/", 1)[1] for line in ferry("ls", "ioctl").stdout.splitlines()} - {"route/"}
            self.assertEqual(found, wanted)
            self.assertEqual(len([name for name in found if name.endswith(":x")]), 150)
        finally:
            check(["sh", "-c", "for i in $(seq 0 149); do ip link del many$i; done"])

    def test_the_recorder_tells_it_as_our_own(self):
        with Recorder() as recorder:
            put("ioctl/v0/mtu", 1333)
            recorder.wait("the MTU", lambda: recorder.find("netlink/route/link/v0", "changed") >= 0)
            change = recorder.changes[recorder.find("netlink/route/link/v0", "changed")]
            self.assertEqual((change["after"]["mtu"], change["door"]), (1333, "ioctl"))

    def test_the_command_sets_all_or_none(self):
        done = ferry("set", "ioctl/v0/mtu=1400", "ioctl/v0/txqueuelen=88", "ioctl/v1={address=10.20.0.1, netmask=255.255.252.0}",
                     "ioctl/route/10.8.0.0/16,metric=4={gateway=10.5.0.2}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ioctl/v0/mtu: 1500 -> 1400\n", done.stdout)
        link = ip("link", "show", "v0")[0]
        self.assertEqual((link["mtu"], link["txqlen"], ifconfig("v1")["netmask"]), (1400, 88, "255.255.252.0"))
        self.assertEqual(routes()["10.8.0.0/16,metric=4"]["gateway"], "10.5.0.2")
        before = still(check(["ip", "-d", "addr"])), routes()
        for wrong, status in (("ioctl/v1/mtu=20", 1), ("ioctl/v1/mtu=x", 2), ("ioctl/nosuch/mtu=1400", 3), ("ioctl/route/10.9.0.0/16={gateway=1.2.3.4}", 1)):
            done = ferry("set", "ioctl/v0/mtu=1333", "-ioctl/route/10.8.0.0/16,metric=4", wrong)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual((still(check(["ip", "-d", "addr"])), routes()), before, wrong)
        done = ferry("set", "--dry-run", "ioctl/v0/mtu=1333")
        self.assertEqual((done.returncode, ip("link", "show", "v0")[0]["mtu"]), (0, 1400), done.stderr)
        done = ferry("set", "-ioctl/route/10.8.0.0/16,metric=4")
        self.assertEqual((done.returncode, "10.8.0.0/16,metric=4" in routes()), (0, False), done.stderr)

    def test_it_is_not_watched_by_this_address_and_that_is_said(self):
        done = ferry("watch", "ioctl/v0", "--for", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("netlink/route/link", done.stderr)

    def test_another_root_has_none(self):
        self.assertEqual(ferry("get", "--root", "/", "ioctl/lo").returncode, 1)


if __name__ == "__main__":
    run_cases()
