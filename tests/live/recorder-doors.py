#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every door by which programs change the kernel's state, one case each: what is told must be what ip(8), sysctl(8) and cat(1) see before and after, made by the
very process that the test started. Then refusals, what the kernel does in consequence, and programs that are gone or strange."""
import json
import os
import shutil
import subprocess
import tempfile
import time

import ferrytest
from ferrytest import brief, check, contents, leaves, listing, sysctl
from recording import PATIENCE, Case


def number(text):
    return int(text) if text.isdigit() else text


class Links(Case):
    def test_ip_link_add_veth(self):
        step = self.step(["ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1"])
        # When the first end is told, the kernel has not joined it to the other yet, and it does not tell it again.
        self.good(step, "netlink", ignore=("link",))
        for name in ("w0", "w1"):
            change = self.only(step.of(f"netlink/route/link/{name}"))
            self.assertEqual((change["kind"], change["before"]), ("added", None))
            self.assertEqual(change["after"]["linkinfo"]["kind"], "veth")

    def test_ip_link_add_bridge(self):
        step = self.step(["ip", "link", "add", "w0", "type", "bridge"])
        self.good(step, "netlink")

    def test_ip_link_set_up(self):
        self.prepare("ip link set d1 up")
        self.steady()
        step = self.step(["ip", "link", "set", "d0", "up"], until=lambda step: step.after["netlink/route/link/d0"]["operstate"] == "UP")
        self.good(step, "netlink")

    def test_ip_link_set_down(self):
        self.up()
        step = self.step(["ip", "link", "set", "d0", "down"])
        self.good(step, "netlink")

    def test_ip_link_set_mtu(self):
        step = self.step(["ip", "link", "set", "d0", "mtu", "1400"])
        self.good(step, "netlink")
        change = self.only(step.of("netlink/route/link/d0"), listing(step.changes))
        self.assertEqual((change["kind"], change["before"], change["after"]), ("changed", {"mtu": 1500}, {"mtu": 1400}))

    def test_ip_link_set_address(self):
        step = self.step(["ip", "link", "set", "d0", "address", "02:00:00:00:00:09"])
        self.good(step, "netlink")
        change = self.only(step.of("netlink/route/link/d0"), listing(step.changes))
        self.assertEqual(change["after"], {"address": "02:00:00:00:00:09"})

    def test_ip_link_set_master(self):
        self.prepare("ip link add w0 type bridge")
        step = self.step(["ip", "link", "set", "d0", "master", "w0"])
        self.good(step, "netlink")

    def test_ip_link_set_alias(self):
        # Of a link that is down the kernel would not tell it.
        self.prepare("ip link set d0 up")
        self.steady()
        step = self.step(["ip", "link", "set", "d0", "alias", "to the \"other\" bank"])
        self.good(step, "netlink")

    def test_ifconfig_mtu(self):
        step = self.step(["ifconfig", "d0", "mtu", "1400"])
        self.good(step, "ioctl")
        change = self.only(step.of("netlink/route/link/d0"), listing(step.changes))
        self.assertEqual((change["before"], change["after"]), ({"mtu": 1500}, {"mtu": 1400}))

    def test_echo_to_sysfs_mtu(self):
        step = self.step("echo 1300 > /sys/class/net/d0/mtu")
        self.good(step, "sysfs")
        change = self.only([each for each in step.changes], "one write is one change")
        self.assertEqual((change["address"], change["before"], change["after"]), ("netlink/route/link/d0", {"mtu": 1500}, {"mtu": 1300}))

    def test_echo_to_sysfs_queue(self):
        path = "/sys/class/net/d0/queues/rx-0/rps_cpus"
        before = contents(path).strip()
        step = self.step(f"echo 1 > {path}")
        after = contents(path).strip()
        self.assertNotEqual(before, after)
        found = [each for each in step.changes if (each["address"] or "").endswith("/net/d0/queues/rx-0/rps_cpus")]
        change = self.only(found, listing(step.changes))
        self.knob(step, change["address"], number(before), number(after), "sysfs")


class Addresses(Case):
    def test_ip_addr_add(self):
        self.prepare("ip link set d0 up", "ip link set d1 up")
        self.steady()
        step = self.step(["ip", "addr", "add", "10.1.0.1/24", "broadcast", "+", "dev", "d0"])
        self.good(step, "netlink")
        added = self.only(step.of("netlink/route/addr/d0/10.1.0.1/24"))
        self.assertEqual(added["kind"], "added")
        # The kernel's own routes for it are its consequences.
        routes = step.under("netlink/route/route/")
        self.assertTrue(routes)
        for route in routes:
            self.assertEqual((route["kind"], route["cause"]), ("added", added["id"]), brief(route))

    def test_ip_addr_del(self):
        self.up()
        step = self.step(["ip", "addr", "del", "10.1.0.1/24", "dev", "d0"])
        self.good(step, "netlink")
        removed = self.only(step.of("netlink/route/addr/d0/10.1.0.1/24"))
        self.assertEqual((removed["kind"], removed["after"]), ("removed", None))
        for route in step.under("netlink/route/route/"):
            self.assertEqual((route["kind"], route["cause"]), ("removed", removed["id"]), brief(route))

    def test_ip_addr_add_peer(self):
        step = self.step(["ip", "addr", "add", "10.1.0.1", "peer", "10.1.0.2/32", "dev", "d0"])
        self.good(step, "netlink")

    def test_ip_addr_v6(self):
        self.prepare("ip link set d0 up", "ip link set d1 up")
        self.steady()
        step = self.step(["ip", "-6", "addr", "add", "fd01::1/64", "dev", "d0", "nodad"])
        self.good(step, "netlink")
        step = self.step(["ip", "-6", "addr", "del", "fd01::1/64", "dev", "d0"])
        self.good(step, "netlink")

    def test_ifconfig_address(self):
        step = self.step(["ifconfig", "d0", "10.1.0.1", "netmask", "255.255.255.0"])
        self.good(step, "ioctl")
        self.assertIn("netlink/route/addr/d0/10.1.0.1/24", step.after)


class Routes(Case):
    def setUp(self):
        super().setUp()
        self.up()

    def test_route_add_and_del(self):
        step = self.step(["route", "add", "-net", "10.78.0.0", "netmask", "255.255.0.0", "dev", "d0"])
        self.good(step, "ioctl")
        self.assertEqual(self.only(step.of("netlink/route/route/main/10.78.0.0/16"))["kind"], "added")
        step = self.step(["route", "del", "-net", "10.78.0.0", "netmask", "255.255.0.0", "dev", "d0"])
        self.good(step, "ioctl")
        self.assertEqual(self.only(step.of("netlink/route/route/main/10.78.0.0/16"))["kind"], "removed")

    def test_route_add_v6_by_ioctl(self):
        step = self.step(["route", "-A", "inet6", "add", "fd78::/32", "dev", "d0"])
        self.good(step, "ioctl")
        step = self.step(["route", "-A", "inet6", "del", "fd78::/32", "dev", "d0"])
        self.good(step, "ioctl")

    def through(self, options, network, first, second):
        """add, replace and del of one route."""
        address = f"netlink/route/route/main/{network}"
        step = self.step(["ip", *options, "route", "add", network, *first])
        self.good(step, "netlink")
        self.assertEqual(self.only(step.of(address))["kind"], "added")
        step = self.step(["ip", *options, "route", "replace", network, *second])
        self.good(step, "netlink")
        change = self.only(step.of(address), listing(step.changes))
        self.assertEqual(change["kind"], "changed")
        step = self.step(["ip", *options, "route", "del", network])
        self.good(step, "netlink")
        self.assertEqual(self.only(step.of(address))["kind"], "removed")

    def test_ip_route_v4(self):
        self.through([], "10.78.0.0/16", ["via", "10.1.0.2", "dev", "d0", "src", "10.1.0.1"], ["via", "10.1.0.3", "dev", "d0", "mtu", "1400", "proto", "static"])

    def test_ip_route_v4_default(self):
        step = self.step(["ip", "route", "add", "default", "via", "10.1.0.2"])
        self.good(step, "netlink")
        step = self.step(["ip", "route", "del", "default"])
        self.good(step, "netlink")

    def test_ip_route_v6_default(self):
        step = self.step(["ip", "-6", "route", "add", "default", "via", "fd01::2"])
        self.good(step, "netlink")
        step = self.step(["ip", "-6", "route", "del", "default"])
        self.good(step, "netlink")

    def test_ip_route_v4_metric_and_table(self):
        step = self.step(["ip", "route", "add", "10.78.0.0/16", "dev", "d0", "metric", "100", "table", "77"])
        self.good(step, "netlink")
        step = self.step(["ip", "route", "add", "10.78.0.0/16", "dev", "d0", "metric", "200", "table", "77"])
        self.good(step, "netlink")
        step = self.step(["ip", "route", "del", "10.78.0.0/16", "metric", "100", "table", "77"])
        self.good(step, "netlink")

    def test_ip_route_v6(self):
        self.through(["-6"], "fd78::/32", ["via", "fd01::2", "dev", "d0"], ["via", "fd01::3", "dev", "d0", "mtu", "1400"])

    def test_ip_route_multipath_v4(self):
        self.through([], "10.78.0.0/16", ["nexthop", "via", "10.1.0.2", "weight", "1", "nexthop", "via", "10.1.0.3", "weight", "5"],
                     ["nexthop", "via", "10.1.0.2", "weight", "2", "nexthop", "via", "10.1.0.4", "weight", "3"])

    def test_ip_route_multipath_v6(self):
        self.through(["-6"], "fd78::/32", ["nexthop", "via", "fd01::2", "nexthop", "via", "fd01::3", "weight", "5"], ["nexthop", "via", "fd01::2", "nexthop", "via", "fd01::4"])

    def test_ip_route_blackhole(self):
        step = self.step(["ip", "route", "add", "blackhole", "10.79.0.0/16"])
        self.good(step, "netlink")
        step = self.step(["ip", "route", "del", "blackhole", "10.79.0.0/16"])
        self.good(step, "netlink")


class OtherObjects(Case):
    def rule(self, family, options, words):
        step = self.step(["ip", *options, "rule", "add", "priority", "777", *words])
        self.good(step, "netlink")
        new = {key: fields for key, fields in step.after.items() if isinstance(key, tuple) and key not in step.before}
        (fields,) = new.values()
        change = self.only(step.under("netlink/route/rule/"), listing(step.changes))
        self.assertEqual(change["kind"], "added")
        self.compare(fields, leaves(change["after"]), brief(change))
        added = change["address"]
        step = self.step(["ip", *options, "rule", "del", "priority", "777"])
        self.good(step, "netlink")
        change = self.only(step.under("netlink/route/rule/"), listing(step.changes))
        self.assertEqual((change["kind"], change["address"]), ("removed", added))
        self.compare(fields, leaves(change["before"]), brief(change))

    def test_ip_rule_v4(self):
        self.rule("inet", [], ["from", "10.9.0.0/16", "iif", "lo", "fwmark", "7", "lookup", "77"])

    def test_ip_rule_v6(self):
        self.rule("inet6", ["-6"], ["to", "fd09::/16", "lookup", "main"])

    def test_ip_neigh(self):
        self.up()
        address = "netlink/route/neigh/d0/10.1.0.9"
        step = self.step(["ip", "neigh", "add", "10.1.0.9", "lladdr", "02:00:00:00:00:09", "dev", "d0"])
        self.good(step, "netlink")
        self.assertEqual(self.only(step.of(address))["kind"], "added")
        step = self.step(["ip", "neigh", "replace", "10.1.0.9", "lladdr", "02:00:00:00:00:0a", "dev", "d0"])
        self.good(step, "netlink")
        self.assertEqual(self.only(step.of(address))["kind"], "changed")
        step = self.step(["ip", "neigh", "del", "10.1.0.9", "dev", "d0"])
        self.assertEqual(step.done.status, 0)
        # The kernel tells a neighbour that fails before it tells its end: the last word is the removal.
        self.assertEqual(step.of(address)[-1]["kind"], "removed", listing(step.changes))
        for change in step.of(address):
            self.actor(change, step.done)

    def test_arp(self):
        if not shutil.which("arp"):
            self.skipTest("no arp")
        self.up()
        step = self.step(["arp", "-i", "d0", "-s", "10.1.0.9", "02:00:00:00:00:09"])
        self.good(step, "ioctl")

    def test_ip_nexthop(self):
        self.up()
        step = self.step(["ip", "nexthop", "add", "id", "7", "via", "10.1.0.2", "dev", "d0"])
        self.good(step, "netlink")
        step = self.step(["ip", "nexthop", "add", "id", "8", "via", "10.1.0.3", "dev", "d0"])
        self.good(step, "netlink")
        step = self.step(["ip", "nexthop", "add", "id", "9", "group", "7,2/8"])
        self.good(step, "netlink")
        step = self.step(["ip", "nexthop", "replace", "id", "7", "via", "10.1.0.4", "dev", "d0"])
        self.good(step, "netlink")
        step = self.step(["ip", "nexthop", "del", "id", "9"])
        self.good(step, "netlink")


class Knobs(Case):
    def test_sysctl_w(self):
        before = sysctl("net.ipv4.conf.d0.rp_filter")
        step = self.step(["sysctl", "-w", "net.ipv4.conf.d0.rp_filter=2"])
        self.assertEqual(sysctl("net.ipv4.conf.d0.rp_filter"), "2")
        self.knob(step, "sysctl/net/ipv4/conf/d0/rp_filter", int(before), 2, "sysctl")

    def test_echo(self):
        before = sysctl("net.ipv4.ip_default_ttl")
        step = self.step("echo 77 > /proc/sys/net/ipv4/ip_default_ttl")
        self.assertEqual(sysctl("net.ipv4.ip_default_ttl"), "77")
        self.knob(step, "sysctl/net/ipv4/ip_default_ttl", int(before), 77, "sysctl")
        step = self.step(f"echo {before} > /proc/sys/net/ipv4/ip_default_ttl")
        self.knob(step, "sysctl/net/ipv4/ip_default_ttl", 77, int(before), "sysctl")

    def test_several_numbers(self):
        """A list in one file; the kernel puts tabs between."""
        before = sysctl("net.ipv4.ping_group_range")
        step = self.step(["sysctl", "-w", "net.ipv4.ping_group_range=7 99"])
        after = sysctl("net.ipv4.ping_group_range")
        change = self.only(step.of("sysctl/net/ipv4/ping_group_range"), listing(step.changes))

        def numbers(value):
            return value.split() if isinstance(value, str) else [str(item) for item in value]
        self.assertEqual((numbers(change["before"]), numbers(change["after"])), (before.split(), after.split()), brief(change))
        self.actor(change, step.done)
        check(["sysctl", "-q", "-w", "net.ipv4.ping_group_range=" + before])

    def test_same_value_again(self):
        """A write that changes nothing is no change."""
        before = sysctl("net.ipv4.ip_default_ttl")
        step = self.step(["sysctl", "-w", f"net.ipv4.ip_default_ttl={before}"])
        self.assertEqual(step.of("sysctl/net/ipv4/ip_default_ttl"), [])

    def test_procfs_outside_sys(self):
        victim = subprocess.Popen(["sleep", "1000"])
        try:
            path = f"/proc/{victim.pid}/oom_score_adj"
            before = contents(path).strip()
            step = self.step(f"echo 77 > {path}")
            self.assertEqual(contents(path).strip(), "77")
            # A file that is written for the first time, of a process that was not there when the recorder began: nobody knows what was in it.
            self.assertEqual(before, "0")
            first = self.only(step.of(f"procfs/{victim.pid}/oom_score_adj"), listing(step.changes))
            self.assertEqual((first["before"], first["after"], first["door"], first["consistency"]), (None, 77, "procfs", "unknown"), brief(first))
            self.actor(first, step.done)
            step = self.step(f"echo 78 > {path}")
            self.knob(step, f"procfs/{victim.pid}/oom_score_adj", 77, 78, "procfs")
        finally:
            victim.kill()
            victim.wait()


class Refusals(Case):
    def test_sysctl_out_of_range(self):
        before = sysctl("net.ipv4.ip_default_ttl")
        step = self.step("echo 4711 > /proc/sys/net/ipv4/ip_default_ttl")
        self.assertEqual(sysctl("net.ipv4.ip_default_ttl"), before)
        self.refused(step, "sysctl/net/ipv4/ip_default_ttl", "EINVAL")

    def test_sysctl_no_number(self):
        step = self.step(["sysctl", "-w", "net.ipv4.ip_forward=maybe"])
        # sysctl(8) tries it twice; each attempt is told.
        attempts = step.of("sysctl/net/ipv4/ip_forward")
        self.assertTrue(attempts)
        for change in attempts:
            self.assertEqual((change["result"], change["before"], change["after"]), ("EINVAL", 0, "maybe"), brief(change))
            self.actor(change, step.done)

    def test_route_with_an_invalid_gateway(self):
        self.up()
        step = self.step(["ip", "route", "add", "10.78.0.0/16", "via", "192.0.2.1"])
        self.assertIn("Nexthop has invalid gateway", step.done.err)
        self.refused(step, "netlink/route/route/main/10.78.0.0/16", "ENETUNREACH", "Nexthop has invalid gateway")

    def test_route_that_stands(self):
        self.up()
        self.prepare("ip route add 10.78.0.0/16 dev d0")
        step = self.step(["ip", "route", "add", "10.78.0.0/16", "dev", "d0"])
        self.refused(step, "netlink/route/route/main/10.78.0.0/16", "EEXIST")

    def test_mtu_too_small(self):
        step = self.step(["ip", "link", "set", "d0", "mtu", "10"])
        self.assertIn("mtu less than device minimum", step.done.err)
        self.refused(step, "netlink/route/link/d0", "EINVAL", "mtu less than device minimum")

    def test_set_link_by_its_other_type(self):
        """RTM_SETLINK, which systemd-networkd sends: a link's change, though RTM_NEWLINK is a link's own type."""
        program = ("import socket, struct; s = socket.socket(16, 3, 0); s.bind((0, 0)); index = socket.if_nametoindex('d0'); "
                   "s.send(struct.pack('IHHII', 40, 19, 5, 1, 0) + struct.pack('BBHiII', 0, 0, 0, index, 0, 0) + struct.pack('HHI', 8, 4, 20)); "
                   "raise SystemExit(-struct.unpack_from('i', s.recv(4096), 16)[0])")
        path = os.path.join(tempfile.gettempdir(), "set-link.py")
        with open(path, "w", encoding="ascii") as file:
            file.write(program)
        step = self.step(["python3", path])
        self.assertEqual(step.done.status, 22, step.done)
        self.refused(step, "netlink/route/link/d0", "EINVAL")

    def test_address_that_stands(self):
        self.prepare("ip addr add 10.1.0.1/24 dev d0")
        step = self.step(["ip", "addr", "add", "10.1.0.1/24", "dev", "d0"])
        self.refused(step, "netlink/route/addr/d0/10.1.0.1/24", "EEXIST")

    def test_removal_of_nothing(self):
        step = self.step(["ip", "route", "del", "10.78.0.0/16"])
        self.refused(step, "netlink/route/route/main/10.78.0.0/16", "ESRCH")


class Cascades(Case):
    def test_ip_forward_fans_out(self):
        keys = ["net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding", "net.ipv4.conf.d0.forwarding", "net.ipv4.conf.lo.forwarding"]
        before = {key: sysctl(key) for key in keys}
        step = self.step(["sysctl", "-w", "net.ipv4.ip_forward=1"])
        after = {key: sysctl(key) for key in keys}
        first = self.knob(step, "sysctl/net/ipv4/ip_forward", 0, 1, "sysctl")
        for key in keys:
            self.assertNotEqual(before[key], after[key])
            change = self.only(step.of("sysctl/" + key.replace(".", "/")), f"{key}; told:\n{listing(step.changes)}")
            self.assertEqual((change["before"], change["after"], change["cause"]), (int(before[key]), int(after[key]), first["id"]), brief(change))
            self.actor(change, step.done)
        step = self.step(["sysctl", "-w", "net.ipv4.ip_forward=0"])
        first = self.knob(step, "sysctl/net/ipv4/ip_forward", 1, 0, "sysctl")
        change = self.only(step.of("sysctl/net/ipv4/conf/d0/forwarding"), listing(step.changes))
        self.assertEqual((change["before"], change["after"], change["cause"]), (1, 0, first["id"]), brief(change))

    def routes_gone(self, step, cause, networks, words=""):
        for network in networks:
            address = f"netlink/route/route/main/{network}"
            self.assertIn(address, step.before)
            self.assertNotIn(address, step.after)
            change = self.only(step.of(address), f"{address} {words}; told:\n{listing(step.changes)}")
            self.assertEqual((change["kind"], change["after"], change["cause"]), ("removed", None, cause["id"]), brief(change))
            self.actor(change, step.done)

    def test_link_down_takes_routes(self):
        self.up()
        self.prepare("ip route add 10.78.0.0/16 via 10.1.0.2", "ip route add 10.79.0.0/16 dev d0", "ip -6 route add fd78::/32 via fd01::2")
        step = self.step(["ip", "link", "set", "d0", "down"])
        self.good(step, "netlink")
        down = step.of("netlink/route/link/d0")[0]
        # The kernel announces none of the IPv4 routes: they are found by looking.
        self.routes_gone(step, down, ["10.78.0.0/16", "10.79.0.0/16", "10.1.0.0/24"])
        for network in ("10.78.0.0/16", "10.79.0.0/16"):
            self.assertEqual(step.of(f"netlink/route/route/main/{network}")[0]["consistency"], "inferred")
        self.routes_gone(step, down, ["fd78::/32"])

    def test_link_delete_takes_all(self):
        self.up()
        self.prepare("ip route add 10.78.0.0/16 via 10.1.0.2", "ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev d0")
        step = self.step(["ip", "link", "del", "d0"])
        self.assertEqual(step.done.status, 0, step.done)
        self.told_is_true(step, ignore=("link",))
        for address in ("netlink/route/link/d0", "netlink/route/link/d1", "netlink/route/addr/d0/10.1.0.1/24", "netlink/route/addr/d0/fd01::1/64",
                        "netlink/route/route/main/10.78.0.0/16", "netlink/route/neigh/d0/10.1.0.9"):
            self.assertEqual([change["kind"] for change in step.of(address)][-1:], ["removed"], f"{address}\n{listing(step.changes)}")
            for change in step.of(address):
                self.actor(change, step.done)
        links = [change["id"] for change in step.under("netlink/route/link/")]
        for address in ("netlink/route/addr/d0/10.1.0.1/24", "netlink/route/route/main/10.78.0.0/16"):
            self.assertIn(step.of(address)[-1]["cause"], links, listing(step.changes))

    def test_nexthop_delete_takes_routes(self):
        self.up()
        self.prepare("ip nexthop add id 7 via 10.1.0.2 dev d0", "ip route add 10.78.0.0/16 nhid 7", "ip route add 10.79.0.0/16 nhid 7")
        step = self.step(["ip", "nexthop", "del", "id", "7"])
        self.good(step, "netlink")
        removed = self.only(step.of("netlink/route/nexthop/7"))
        self.routes_gone(step, removed, ["10.78.0.0/16", "10.79.0.0/16"])

    def test_address_delete_takes_routes_that_prefer_it(self):
        self.up()
        self.prepare("ip addr add 10.2.0.1/24 dev d0", "ip route add 10.78.0.0/16 via 10.1.0.2 src 10.2.0.1")
        step = self.step(["ip", "addr", "del", "10.2.0.1/24", "dev", "d0"])
        self.good(step, "netlink")
        removed = self.only(step.of("netlink/route/addr/d0/10.2.0.1/24"))
        self.routes_gone(step, removed, ["10.78.0.0/16"])

    def test_netns_deleted(self):
        """The other end of a veth dies with its namespace; what becomes of ours is the kernel's doing."""
        holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.prepare(f"ip link set d1 netns {holder.pid}", "ip link set d0 up", "ip addr add 10.1.0.1/24 dev d0")
        self.steady()
        holder.stdout.close()

        def kill():
            holder.kill()
            holder.wait()
        step = self.step(["true"], preexec_fn=None, until=lambda step: kill() if holder.poll() is None else "netlink/route/link/d0" not in step.after)
        self.assertNotIn("netlink/route/link/d0", step.after)
        self.told_is_true(step, ignore=("link", "link_netnsid"))
        removed = self.only([change for change in step.of("netlink/route/link/d0") if change["kind"] == "removed"], listing(step.changes))
        for change in (removed, step.of("netlink/route/addr/d0/10.1.0.1/24")[-1]):
            self.assertEqual((change["kind"], change["door"], change["actor"].get("kernel")), ("removed", "kernel", True), brief(change))
            self.assertTrue(change["actor"]["comm"].startswith("kworker"), brief(change))


class Programs(Case):
    def test_gone_at_once(self):
        """One request, its answer not awaited, and _exit(2): as fast as a program can be gone."""
        self.up()
        maker = ferrytest.build("maker")
        for count in range(20):
            step = self.step([maker, "o", "7", str(count), "d0"])
            self.assertEqual(step.done.status, 0)
            change = self.only(step.of(f"netlink/route/route/main/10.7.0.{count}/32"), listing(step.changes))
            self.actor(change, step.done)

    def test_odd_names(self):
        self.up()
        maker = ferrytest.build("maker")
        odd = os.path.join(tempfile.mkdtemp(), "a b\n\x1b[31m\"\\")
        shutil.copy(maker, odd)
        argv = [odd, "o", "7", "1", "d0", "", "x y", "\x1b]0;title\x07", "line\nbreak", "\"quoted\\\"", "\u00e9\u20ac"]
        step = self.step(argv)
        self.assertEqual(step.done.status, 0)
        change = self.only(step.of("netlink/route/route/main/10.7.0.1/32"), listing(step.changes))
        self.actor(change, step.done)
        # On a terminal, neither the recorder's lines nor the log's may say anything but text.
        for command in (["log"], ["blame", "netlink/route/route/main/10.7.0.1/32"]):
            out = ferrytest.ferry(*command, "--db", self.recorder.db)
            self.assertEqual(out.returncode, 0, out.stderr)
            self.assertNotIn("\x1b", out.stdout)
            self.assertNotIn("\x07", out.stdout)
            self.assertIn("10.7.0.1", out.stdout)

    def test_long_arguments(self):
        self.up()
        maker = ferrytest.build("maker")
        argv = [maker, "o", "7", "2", "d0", "x" * 500]
        step = self.step(argv)
        change = self.only(step.of("netlink/route/route/main/10.7.0.2/32"), listing(step.changes))
        told = change["actor"]["argv"]
        self.assertTrue(change["actor"].get("argv_cut"), brief(change))
        self.assertEqual(told[:5], argv[:5])
        self.assertTrue(argv[5].startswith(told[5]))

    def test_threads_and_names_of_their_own(self):
        """A thread that calls itself something: pid and tid tell it apart, comm is the process's."""
        self.up()
        code = ("import ctypes, os, subprocess, threading\n"
                "def work():\n"
                "    ctypes.CDLL(None).prctl(15, b'worker', 0, 0, 0)\n"
                "    print(threading.get_native_id(), flush=True)\n"
                "    open('/proc/sys/net/ipv4/conf/d0/tag', 'w').write('4711')\n"
                "thread = threading.Thread(target=work); thread.start(); thread.join()\n")
        step = self.step(["python3", "-c", code])
        self.assertEqual(step.done.status, 0, step.done)
        change = self.only(step.of("sysctl/net/ipv4/conf/d0/tag"), listing(step.changes))
        self.assertEqual((change["actor"]["pid"], change["actor"]["tid"]), (step.done.pid, int(step.done.out)), brief(change))

    def test_other_user(self):
        """A user's own identity, through a namespace that gives it the right to change something."""
        step = self.step(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "ip", "link", "set", "d0", "mtu", "1400"])
        self.assertNotEqual(step.done.status, 0)
        change = self.only([each for each in step.changes if each["result"] != "ok"], listing(step.changes))
        self.assertEqual((change["result"], change["actor"]["uid"], change["actor"]["pid"], change["actor"]["comm"]), ("EPERM", 65534, step.done.pid, "ip"), brief(change))

    def test_login_uid_and_cgroup(self):
        step = self.step("cat /proc/self/loginuid; cat /proc/self/cgroup; echo 4712 > /proc/sys/net/ipv4/conf/d0/tag")
        change = self.only(step.of("sysctl/net/ipv4/conf/d0/tag"), listing(step.changes))
        lines = step.done.out.splitlines()
        login = int(lines[0]) if lines[0].isdigit() else None
        if login is not None:
            self.assertEqual(change["actor"]["login_uid"], None if login == 0xFFFFFFFF else login)
        unified = [line.split("::", 1)[1] for line in lines if line.startswith("0::")]
        if unified:
            self.assertEqual(change["actor"]["cgroup"], unified[0])


class Kept(Case):
    def test_the_history_is_what_was_printed(self):
        self.up()
        check(["ip", "route", "add", "10.78.0.0/16", "via", "10.1.0.2"])
        self.recorder.settle()
        deadline = time.monotonic() + PATIENCE
        while True:
            kept = {change["id"]: change for change in ferrytest.ferry_lines("log", "--json", "--db", self.recorder.db)}
            printed = {change["id"]: change for change in self.recorder.since(0, sentinels=True) if change["id"]}
            if set(printed) <= set(kept) or time.monotonic() > deadline:
                break
        self.assertEqual([json.dumps(printed[i]) for i in sorted(printed)], [json.dumps(kept[i]) for i in sorted(printed)])


if __name__ == "__main__":
    ferrytest.run_cases()
