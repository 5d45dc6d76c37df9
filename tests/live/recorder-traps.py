#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the kernel says less than it does, or says it elsewhere: each was once told with a wrong value, a wrong program, a wrong cause, or not at all."""
import json
import unittest

import ferrytest
from ferrytest import brief, listing
from recording import Case

SECRET = "12345678-9abcdef0-00112233-deadbeef"
OTHER = "87654321-9abcdef0-00112233-0000beef"


def after(address):
    return lambda step: step.of(address)


class Traps(Case):
    def clean(self):
        super().clean()
        ferrytest.shell("ip link del b0; ip link set group default dev lo")

    def test_route_that_replaces_the_first_of_its_key(self):
        self.up()
        self.prepare("ip route add 10.9.0.0/24 via 10.1.0.2", "ip route prepend 10.9.0.0/24 via 10.1.0.3")
        step = self.step(["ip", "route", "replace", "10.9.0.0/24", "via", "10.1.0.4"])
        change = self.only(step.of("netlink/route/route/main/10.9.0.0/24"), listing(step.changes))
        self.assertEqual((change["before"], change["after"]), ({"gateway": "10.1.0.3"}, {"gateway": "10.1.0.4"}), brief(change))

    def test_cause_is_the_write_before_not_the_last_one(self):
        self.prepare("ip link set d0 up", "ip -6 addr add fe80::1/64 dev d0 nodad")
        self.steady()
        step = self.step("echo 1 > /proc/sys/net/ipv6/conf/d0/disable_ipv6; echo 1 > /proc/sys/net/ipv4/conf/d0/rp_filter; echo 2 > /proc/sys/net/ipv4/conf/d0/rp_filter",
                         until=after("netlink/route/addr/d0/fe80::1/64"))
        cause = self.only(step.of("sysctl/net/ipv6/conf/d0/disable_ipv6"))
        followed = [change for change in step.under("netlink/route/") if change["kind"] == "removed"]
        self.assertIn("netlink/route/addr/d0/fe80::1/64", [change["address"] for change in followed])
        for change in followed:
            self.assertEqual(change["cause"], cause["id"], listing(step.changes))

    def test_address_that_was_asked_for_has_no_cause(self):
        code = ("import fcntl,socket,struct\ns=socket.socket()\ndef flags(f): fcntl.ioctl(s,0x8914,struct.pack('16sH14x',b'd0',f))\n"
                "flags(1)\nfcntl.ioctl(s,0x8916,struct.pack('16sHH4s8x',b'd0',2,0,socket.inet_aton('10.7.7.7')))")
        step = self.step(["python3", "-c", code], until=after("netlink/route/addr/d0/10.7.7.7/8"))
        self.assertEqual(step.done.status, 0, step.done)
        self.assertIsNone(self.only(step.of("netlink/route/addr/d0/10.7.7.7/8"))["cause"], listing(step.changes))

    def test_nexthop_group_loses_a_member_with_its_link(self):
        self.prepare("ip link add w0 type veth peer name w1", "ip link set w0 up", "ip link set w1 up", "ip link set d0 up", "ip link set d1 up")
        self.prepare("ip nexthop add id 1 dev d0", "ip nexthop add id 2 dev w0", "ip nexthop add id 3 group 1/2")
        self.steady()
        step = self.step(["ip", "link", "del", "w0"], until=after("netlink/route/nexthop/3"))
        self.actor(self.only(step.of("netlink/route/nexthop/2")), step.done)
        change = self.only(step.of("netlink/route/nexthop/3"), listing(step.changes))
        self.assertEqual([member["id"] for member in change["after"]["group"]], [1], brief(change))
        self.actor(change, step.done)
        step = self.step(["ip", "link", "set", "d0", "down"], until=after("netlink/route/nexthop/3"))
        self.assertEqual(self.only(step.of("netlink/route/nexthop/3"))["kind"], "removed")

    def test_port_of_a_bridge_by_its_bridge_and_by_sysfs(self):
        self.prepare("ip link add b0 type bridge", "ip link set d0 master b0")
        self.steady()
        step = self.step(["bridge", "link", "set", "dev", "d0", "learning", "off"])
        change = self.only(step.changes, listing(step.changes))
        self.assertEqual((change["address"], change["after"]), ("netlink/route/port/d0", {"options": {"learning": False}}), brief(change))
        self.actor(change, step.done)
        step = self.step("echo 1400 > /sys/class/net/d0/mtu; echo 1 > /sys/class/net/d0/brport/hairpin_mode")
        told = step.under("netlink/route/link/d0") + step.under("netlink/route/port/d0")
        self.assertEqual([change["after"] for change in told], [{"mtu": 1400}, {"options": {"hairpin": True}}], listing(step.changes))
        for change in told:
            self.assertEqual(change["door"], "sysfs", brief(change))
            self.actor(change, step.done)
        self.assertEqual(step.under("sysfs/"), [], listing(step.changes))
        # A link that is no port any more is still there: nothing follows from that.
        step = self.step(["ip", "link", "set", "d0", "nomaster"])
        self.assertEqual([change["consistency"] for change in step.changes], ["whole"] * len(step.changes), listing(step.changes))

    def test_group_of_a_link_by_sysfs_of_which_no_message_comes(self):
        step = self.step("echo 1400 > /sys/class/net/d0/mtu; echo 5 > /sys/class/net/d0/netdev_group", until=lambda step: len(step.of("netlink/route/link/d0")) > 1)
        file = self.only(step.of("sysfs/class/net/d0/netdev_group"), listing(step.changes))
        self.assertEqual((file["before"], file["after"]), (0, 5), brief(file))
        change = step.of("netlink/route/link/d0")[-1]
        self.assertEqual((change["after"], change["cause"], change["consistency"]), ({"group": 5}, file["id"], "inferred"), brief(change))
        # The next one who changes the link has not changed its group.
        step = self.step(["ip", "link", "set", "d0", "mtu", "1300"])
        self.assertEqual(self.only(step.of("netlink/route/link/d0"))["after"], {"mtu": 1300})

    def test_what_a_write_brings_about_is_not_laid_at_the_door_of_the_one_before(self):
        seen = 0
        for _ in range(5):
            step = self.step("for i in 1 0 7 0 3 5 0 2 0; do sysctl -qw net.ipv4.ip_forward=$i; done")
            writes = {change["id"]: change for change in step.of("sysctl/net/ipv4/ip_forward")}
            follow = [change for change in step.changes if change["address"].endswith("/forwarding")]
            self.assertTrue(writes, listing(step.changes))
            if not follow:  # the recorder came to look when all was as it had been
                continue
            seen += 1
            for change in follow:
                self.assertEqual((change["after"], change["actor"]["pid"]), (writes[change["cause"]]["after"], writes[change["cause"]]["actor"]["pid"]), listing(step.changes))
            self.assertEqual([change["after"] for change in follow if "/d0/" in change["address"]][-1], 0, listing(step.changes))
        self.assertGreater(seen, 0)

    def test_ipv6_routes_that_go_without_a_word(self):
        self.up()
        self.prepare("sysctl -qw net.ipv6.route.skip_notify_on_dev_down=1", "sysctl -qw net.ipv4.nexthop_compat_mode=0")
        try:
            self.prepare("ip -6 route add fd99::/64 via fd01::5 dev d0", "ip nexthop add id 5 via fd01::9 dev d0", "ip -6 route add fd88::/64 nhid 5")
            for command, address, cause in ((["ip", "nexthop", "del", "id", "5"], "netlink/route/route/main/fd88::/64", "netlink/route/nexthop/5"),
                                            (["ip", "link", "set", "d0", "down"], "netlink/route/route/main/fd99::/64", "netlink/route/link/d0")):
                step = self.step(command, until=after(address))
                change = self.only(step.of(address), listing(step.changes))
                self.assertEqual((change["kind"], change["consistency"]), ("removed", "inferred"), brief(change))
                self.assertEqual(change["cause"], step.of(cause)[0]["id"], listing(step.changes))
                self.actor(change, step.done)
        finally:
            ferrytest.shell("sysctl -qw net.ipv6.route.skip_notify_on_dev_down=0 net.ipv4.nexthop_compat_mode=1; ip -6 route flush proto boot")

    def test_host_name_and_shared_memory_of_another_namespace(self):
        step = self.step("unshare -u sysctl -qw kernel.hostname=ferry-elsewhere; unshare -i sysctl -qw kernel.shmmni=4097; unshare -i sysctl -qw kernel.shmmni=4098")
        told = [(change["address"], change["after"], change["actor"]["comm"]) for change in step.under("sysctl/kernel/")]
        self.assertEqual(told, [("sysctl/kernel/hostname", "ferry-elsewhere", "sysctl"), ("sysctl/kernel/shmmni", 4097, "sysctl"), ("sysctl/kernel/shmmni", 4098, "sysctl")],
                         listing(step.changes))
        self.assertEqual({change["consistency"] for change in step.under("sysctl/kernel/")}, {"unknown"})

    def test_one_field_is_asked_for(self):
        """Others of its object are not told then."""
        with ferrytest.Recorder("netlink/route/link/d0/mtu", "netlink/route/addr/lo", command="watch", db=None) as watching:
            watching.settle()
            position = len(watching.changes)
            self.prepare("ip link set d0 txqueuelen 777", "ip link set d0 mtu 1400", "ip link set d1 mtu 1400", "ip link set d0 alias ferry mtu 1500")
            self.assertNotEqual(ferrytest.run(["ip", "link", "set", "d0", "mtu", "20"]).status, 0)
            watching.settle()
            told = [(change["after"].get("mtu"), "txqlen" in change["after"], change["result"] == "ok") for change in watching.since(position)]
            self.assertEqual(told, [(1400, False, True), (1500, False, True), (20, False, False)], listing(watching.since(position)))

    def test_secret_stands_in_no_argument(self):
        for command in (["sysctl", "-qw", "net.ipv4.tcp_fastopen_key=" + SECRET], f"echo {OTHER} > /proc/sys/net/ipv4/tcp_fastopen_key"):
            step = self.step(command)
            change = self.only(step.of("sysctl/net/ipv4/tcp_fastopen_key"), listing(step.changes))
            self.assertIn("(secret)", change["actor"]["argv"], brief(change))
            self.assertEqual(change["actor"]["pid"], step.done.pid)
            for secret in (SECRET, OTHER):
                self.assertNotIn(secret, json.dumps(step.changes))


if __name__ == "__main__":
    ferrytest.run_cases()
