#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What programs do by every door is taken back by `ferry undo`; the judge is all that ip(8) and sysctl(8) print, before and after, but for judge.VOLATILE."""
import json
import os
import shutil
import subprocess
import time

import ferrytest
import judge
from ferrytest import Recorder, brief, check, contents, ferry, ferry_lines, listing, shell, sysctl, until
from recording import PATIENCE, Case


def everything():
    """What must be again as it was: the network, its knobs, and the writable attributes of d0."""
    found = judge.raw_state()
    found["sysctl"] = [list(pair) for pair in sorted(judge.sysctls("net.ipv4").items()) + sorted(judge.sysctls("net.ipv6").items()) if not moves(pair[0])]
    if os.path.isdir("/sys/class/net/d0"):
        found["sysfs"] = [[name, contents(f"/sys/class/net/d0/{name}").strip()] for name in
                          ("mtu", "tx_queue_len", "flags", "address", "ifalias", "netdev_group", "queues/rx-0/rps_cpus", "queues/rx-0/rps_flow_cnt")]
    else:
        found["sysfs"] = []
    return found


def moves(key):
    """Knobs that move by themselves."""
    return key.startswith(("net.ipv4.tcp_fastopen_key", "net.ipv6.conf.all.stable_secret")) or key.endswith(".stable_secret")


def only_follows(change):
    """Features that a bridge has or not as its ports have them: no setting."""
    return change["address"].startswith("netlink/ethtool/features/") and set(change["after"]) == {"active"}


def is_of_the_kernel(change):
    """The kernel's own routes come and go with addresses and links, a bridge's ports, the addresses that it takes for its own and its first VLAN with the links: there is
    nothing to take back. A module that a kind of link needed stays loaded."""
    if change["address"].startswith(("netlink/route/port/", "netlink/route/fdb/", "netlink/route/vlan/", "procfs/modules/")):
        return True
    return ((change["before"] or change["after"]) if change["address"].startswith("netlink/route/route/") else {}).get("protocol") == "kernel"


def is_told(change, undone):
    """Whether UNDONE has what took CHANGE back: of its own kind of object (a rename's address is another by then), not a consequence alone. The ends of a
    veth go together."""
    kind = change["address"].split("/")[:3]
    return any(each["cause"] == change["id"] and each["address"].split("/")[:3] == kind or each["kind"] == "removed" and each["address"] == change["address"]
               for each in undone)


def is_other_end(change, roots):
    ends = [each for each in roots if each["kind"] == "removed" and each["before"].get("linkinfo", {}).get("kind") == "veth"]
    return change in ends[:-1]


class Undo(Case):
    def undo(self, *arguments, status=0):
        done = ferry("undo", "--db", self.recorder.db, *arguments)
        self.assertEqual(done.returncode, status, f"ferry undo {arguments}: {done.stdout}{done.stderr}")
        return done

    def kept(self):
        """Until the history has what was printed: `ferry undo` reads it there."""
        last = max((change["id"] for change in self.recorder.since(0, sentinels=True)), default=0)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and ferry_lines("log", "--json", "--db", self.recorder.db, "-n", "1")[-1]["id"] < last:
            time.sleep(0.02)

    def back(self, before, words, settle=True):
        """Until everything is as it was (the kernel's workers may need a moment), or the difference is a failure."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if settle:
                self.recorder.settle()
            difference = judge.difference(before, everything())
            if not difference:
                return
            if time.monotonic() > deadline:
                self.fail(f"{words}\n  what was (-) and what is now (+):\n{difference}")

    def told_undone(self, position, roots):
        """What was told since POSITION, once each of ROOTS has been told taken back: a worker of the kernel may tell of an IPv6 address after its routes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            undone = self.recorder.since(position)
            if time.monotonic() > deadline or all(is_told(change, undone) for change in roots):
                return undone
            self.recorder.settle()

    def there_and_back(self, command, prepare=()):
        """Runs COMMAND and takes back all that it did, the last first."""
        self.prepare(*prepare)
        self.steady()
        before = everything()
        step = self.step(command)
        self.assertEqual(step.done.status, 0, step.done)
        self.steady()
        after = everything()
        self.assertTrue(judge.difference(before, after), f"{command} changed nothing")
        changes = [change for change in self.recorder.since(0) if change in step.changes and change["actor"]["pid"] == step.done.pid]
        self.assertTrue(changes, f"{command}: nothing told")
        self.kept()
        words = f"{step.done}\n  told:\n{listing(step.changes)}"
        position = self.recorder.settle()
        # What has a cause goes and comes with it, or is put back after it.
        roots = [change for change in changes if not change["cause"] and not is_of_the_kernel(change) and not only_follows(change)]
        for change in reversed(roots):
            # A veth that is put back has both its ends: the other one is there, if not as it was.
            self.undo("--consequences", *(["--force"] if is_other_end(change, roots) else []), change["id"])
        self.back(before, "not as before: " + words)
        undone = self.told_undone(position, roots)
        # It is a change like any other: told, by ferry, with the one that it takes back as its cause.
        for change in roots:
            by_us = [each for each in undone if each["cause"] == change["id"]]
            self.assertTrue(is_told(change, undone), f"no change has the cause {brief(change)}\n{listing(undone)}")
            self.assertTrue(all(each["actor"]["comm"] == "ferry" for each in by_us), listing(by_us))
        return step, before, after, [each for each in undone if each["cause"] in [change["id"] for change in roots]]

    def and_again(self, command, prepare=()):
        """There, back, and the undo undone: as the command left it."""
        step, before, after, undone = self.there_and_back(command, prepare)
        self.kept()
        position = self.recorder.settle()
        said = []
        for change in reversed(undone):
            if not is_of_the_kernel(change):
                done = self.undo(change["id"])
                said.append(f"    undo {change['id']}: {done.stdout}{done.stderr}".rstrip())
        try:
            self.back(after, f"the undo undone is not as {command} left it:\n{listing(step.changes)}")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), "  undone first:", listing(undone), "  then:", *said, listing(self.recorder.since(position))])) from error


class Links(Undo):
    def test_ip_link_add(self):
        self.there_and_back(["ip", "link", "add", "w0", "type", "veth", "peer", "name", "w1"])

    def test_ip_link_add_bridge(self):
        self.and_again(["ip", "link", "add", "w0", "type", "bridge"])

    def test_ip_link_up(self):
        # Once the kernel has seen both ends up, the other one keeps a route of its own.
        self.prepare("ip link set d1 up", "ip link set d0 up")
        until("the route of the other end", lambda: "ff00::/8" in check(["ip", "-6", "route", "show", "table", "local", "dev", "d1"]))
        self.and_again(["ip", "link", "set", "d0", "up"], ["ip link set d0 down"])

    def test_ip_link_down(self):
        self.there_and_back(["ip", "link", "set", "d0", "down"], ["ip link set d0 up", "ip link set d1 up", "ip addr add 10.1.0.1/24 dev d0",
                                                                  "ip route add 10.78.0.0/16 via 10.1.0.2 metric 7", "ip route add 10.79.0.0/16 dev d0"])

    def test_ip_link_mtu(self):
        self.and_again(["ip", "link", "set", "d0", "mtu", "1400"])

    def test_ip_link_address(self):
        self.and_again(["ip", "link", "set", "d0", "address", "02:00:00:00:00:09"])

    def test_ip_link_alias(self):
        self.and_again(["ip", "link", "set", "d0", "alias", "ferry"], ["ip link set d0 up"])

    def test_ip_link_master(self):
        self.and_again(["ip", "link", "set", "d0", "master", "w0"], ["ip link add w0 type bridge"])

    def test_ip_link_rename(self):
        self.there_and_back(["ip", "link", "set", "d0", "name", "w0"])

    def test_ifconfig_mtu(self):
        self.and_again(["ifconfig", "d0", "mtu", "1400"])

    def test_sysfs_mtu(self):
        self.and_again("echo 1300 > /sys/class/net/d0/mtu")

    def test_sysfs_queue(self):
        self.and_again("echo 1 > /sys/class/net/d0/queues/rx-0/rps_cpus")

    def test_ip_link_del_bridge(self):
        self.there_and_back(["ip", "link", "del", "w0"], ["ip link add w0 type bridge ageing_time 12300", "ip link set w0 mtu 1400"])

    def test_ip_link_del_veth(self):
        self.there_and_back(["ip", "link", "del", "w0"], ["ip link add w0 mtu 1400 type veth peer name w1", "ip link set w1 up", "ip link set w0 up", "ip addr add 10.3.0.1/24 dev w0",
                                                          "ip route add 10.77.0.0/16 via 10.3.0.2"])


class Addresses(Undo):
    def test_ip_addr_add(self):
        self.and_again(["ip", "addr", "add", "10.1.0.1/24", "broadcast", "+", "dev", "d0"], ["ip link set d0 up", "ip link set d1 up"])

    def test_ip_addr_del(self):
        self.and_again(["ip", "addr", "del", "10.1.0.1/24", "dev", "d0"],
                       ["ip link set d0 up", "ip link set d1 up", "ip addr add 10.1.0.1/24 broadcast 10.1.0.255 dev d0 label d0:x metric 7"])

    def test_ip_addr_del_v6(self):
        self.and_again(["ip", "-6", "addr", "del", "fd01::1/64", "dev", "d0"], ["ip link set d0 up", "ip link set d1 up", "ip -6 addr add fd01::1/64 dev d0 nodad"])

    def test_ip_addr_del_peer(self):
        self.and_again(["ip", "addr", "del", "10.1.0.1", "peer", "10.1.0.2/32", "dev", "d0"], ["ip link set d0 up", "ip link set d1 up", "ip addr add 10.1.0.1 peer 10.1.0.2/32 dev d0"])

    def test_ifconfig_address(self):
        self.there_and_back(["ifconfig", "d0", "10.1.0.1", "netmask", "255.255.255.0"])


class Routes(Undo):
    def setUp(self):
        super().setUp()
        self.up()

    def test_route_add(self):
        self.and_again(["route", "add", "-net", "10.78.0.0", "netmask", "255.255.0.0", "dev", "d0"])

    def test_route_del(self):
        self.and_again(["route", "del", "-net", "10.78.0.0", "netmask", "255.255.0.0", "dev", "d0"], ["route add -net 10.78.0.0 netmask 255.255.0.0 dev d0"])

    def test_ip_route_add(self):
        self.and_again(["ip", "route", "add", "10.78.0.0/16", "via", "10.1.0.2", "mtu", "1400"])

    def test_ip_route_replace(self):
        self.and_again(["ip", "route", "replace", "10.78.0.0/16", "via", "10.1.0.3"], ["ip route add 10.78.0.0/16 via 10.1.0.2 mtu 1400 src 10.1.0.1 proto static"])

    def test_ip_route_del(self):
        self.and_again(["ip", "route", "del", "10.78.0.0/16"], ["ip route add 10.78.0.0/16 via 10.1.0.2 src 10.1.0.1 metric 7 mtu 1400 advmss 1300 proto static"])

    def test_ip_route_del_onlink(self):
        self.and_again(["ip", "route", "del", "10.78.0.0/16"], ["ip route add 10.78.0.0/16 via 192.0.2.1 dev d0 onlink"])

    def test_ip_route_del_multipath(self):
        self.and_again(["ip", "route", "del", "10.78.0.0/16"], ["ip route add 10.78.0.0/16 nexthop via 10.1.0.2 weight 2 nexthop via 10.1.0.3 weight 5"])

    def test_ip_route_replace_multipath(self):
        self.and_again(["ip", "route", "replace", "10.78.0.0/16", "nexthop", "via", "10.1.0.4", "nexthop", "via", "10.1.0.3", "weight", "9"],
                       ["ip route add 10.78.0.0/16 nexthop via 10.1.0.2 weight 2 nexthop via 10.1.0.3 weight 5"])

    def test_ip_route_v6_add(self):
        self.and_again(["ip", "-6", "route", "add", "fd78::/32", "via", "fd01::2"])

    def test_ip_route_v6_replace(self):
        self.and_again(["ip", "-6", "route", "replace", "fd78::/32", "via", "fd01::3"], ["ip -6 route add fd78::/32 via fd01::2 mtu 1400"])

    def test_ip_route_v6_del(self):
        self.and_again(["ip", "-6", "route", "del", "fd78::/32"], ["ip -6 route add fd78::/32 via fd01::2 metric 7 mtu 1400"])

    def test_ip_route_v6_del_multipath(self):
        self.and_again(["ip", "-6", "route", "del", "fd78::/32"], ["ip -6 route add fd78::/32 nexthop via fd01::2 weight 2 nexthop via fd01::3 weight 5"])

    def test_ip_route_del_table(self):
        self.and_again(["ip", "route", "del", "10.78.0.0/16", "table", "77"], ["ip route add 10.78.0.0/16 dev d0 table 77"])

    def test_ip_route_del_default(self):
        self.and_again(["ip", "route", "del", "default"], ["ip route add default via 10.1.0.2"])

    def test_ip_route_del_default_v6(self):
        self.and_again(["ip", "-6", "route", "del", "default"], ["ip -6 route add default via fd01::2"])

    def test_ip_route_del_blackhole(self):
        self.and_again(["ip", "route", "del", "blackhole", "10.79.0.0/16"], ["ip route add blackhole 10.79.0.0/16"])

    def test_ip_route_del_nexthop_object(self):
        self.and_again(["ip", "route", "del", "10.78.0.0/16"], ["ip nexthop add id 7 via 10.1.0.2 dev d0", "ip route add 10.78.0.0/16 nhid 7"])


class OtherObjects(Undo):
    def setUp(self):
        super().setUp()
        self.up()

    def test_ip_rule_add(self):
        self.and_again(["ip", "rule", "add", "priority", "777", "from", "10.9.0.0/16", "fwmark", "7/0xff", "lookup", "77"])

    def test_ip_rule_del(self):
        self.and_again(["ip", "rule", "del", "priority", "777"], ["ip rule add priority 777 from 10.9.0.0/16 to 10.8.0.0/24 iif lo fwmark 7/0xff lookup 77"])

    def test_ip_rule_v6_del(self):
        self.and_again(["ip", "-6", "rule", "del", "priority", "777"], ["ip -6 rule add priority 777 from fd09::/16 ipproto tcp dport 22 lookup main"])

    def test_ip_neigh_add(self):
        self.there_and_back(["ip", "neigh", "add", "10.1.0.9", "lladdr", "02:00:00:00:00:09", "dev", "d0"])

    def test_ip_neigh_replace(self):
        self.and_again(["ip", "neigh", "replace", "10.1.0.9", "lladdr", "02:00:00:00:00:0a", "dev", "d0"], ["ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev d0"])

    def test_ip_nexthop_add(self):
        self.and_again(["ip", "nexthop", "add", "id", "7", "via", "10.1.0.2", "dev", "d0"])

    def test_ip_nexthop_replace(self):
        self.and_again(["ip", "nexthop", "replace", "id", "7", "via", "10.1.0.3", "dev", "d0"], ["ip nexthop add id 7 via 10.1.0.2 dev d0 proto static"])

    def test_ip_nexthop_del(self):
        self.there_and_back(["ip", "nexthop", "del", "id", "7"], ["ip nexthop add id 7 via 10.1.0.2 dev d0", "ip route add 10.78.0.0/16 nhid 7"])

    def test_ip_nexthop_group_del(self):
        self.and_again(["ip", "nexthop", "del", "id", "9"], ["ip nexthop add id 7 via 10.1.0.2 dev d0", "ip nexthop add id 8 via 10.1.0.3 dev d0", "ip nexthop add id 9 group 7,2/8"])


class Knobs(Undo):
    def test_sysctl(self):
        self.and_again(["sysctl", "-w", "net.ipv4.conf.d0.rp_filter=2"])

    def test_echo(self):
        self.and_again("echo 77 > /proc/sys/net/ipv4/ip_default_ttl")

    def test_several_numbers(self):
        self.and_again(["sysctl", "-w", "net.ipv4.ping_group_range=7 99"])

    def test_tcp_rmem(self):
        self.and_again(["sysctl", "-w", "net.ipv4.tcp_rmem=4096 100000 5000000"])

    def test_fan_out(self):
        """ip_forward rewrites others; with these it goes back."""
        self.there_and_back(["sysctl", "-w", "net.ipv4.ip_forward=1"], ["sysctl -q -w net.ipv4.conf.d1.forwarding=1"])

    def test_text(self):
        self.and_again(["sysctl", "-w", "net.ipv4.tcp_congestion_control=" + [word for word in sysctl("net.ipv4.tcp_available_congestion_control").split()
                                                                               if word != sysctl("net.ipv4.tcp_congestion_control")][0]]) \
            if len(sysctl("net.ipv4.tcp_available_congestion_control").split()) > 1 else self.skipTest("one congestion control only")

    def test_procfs(self):
        victim = subprocess.Popen(["sleep", "1000"])
        try:
            path = f"/proc/{victim.pid}/oom_score_adj"
            # What a file held before the first write that is seen is not known.
            self.step(f"echo 66 > {path}")
            before = contents(path)
            step = self.step(f"echo 77 > {path}")
            self.kept()
            self.undo(self.only(step.of(f"procfs/{victim.pid}/oom_score_adj"))["id"])
            self.assertEqual(contents(path), before)
        finally:
            victim.kill()
            victim.wait()


class Rules(Undo):
    """What undo must and must not do."""

    def mtu(self):
        return int(contents("/sys/class/net/d0/mtu"))

    def test_second_writer(self):
        step = self.step(["ip", "link", "set", "d0", "mtu", "1400"])
        self.kept()
        identity = self.only(step.of("netlink/route/link/d0"))["id"]
        check(["ip", "link", "set", "d0", "mtu", "1300"])
        done = self.undo(identity, status=1)
        self.assertEqual(self.mtu(), 1300)
        self.assertIn("1300", done.stderr)
        self.assertIn("--force", done.stderr)
        # From what stood there, not from what the change had left.
        self.assertEqual(self.undo("--force", identity).stdout, "netlink/route/link/d0: mtu 1300 -> 1500\n")
        self.assertEqual(self.mtu(), 1500)

    def test_second_writer_of_another_field(self):
        """Somebody changed something else of the same object: no reason to refuse, and not taken back."""
        step = self.step(["ip", "link", "set", "d0", "mtu", "1400"])
        self.kept()
        check(["ip", "link", "set", "d0", "alias", "ferry"])
        self.undo(self.only(step.of("netlink/route/link/d0"))["id"])
        self.assertEqual((self.mtu(), contents("/sys/class/net/d0/ifalias").strip()), (1500, "ferry"))

    def test_second_writer_of_a_knob(self):
        key = "net.ipv4.conf.d0.rp_filter"
        step = self.step(["sysctl", "-w", key + "=2"])
        self.kept()
        identity = self.only(step.of("sysctl/" + key.replace(".", "/")))["id"]
        check(["sysctl", "-q", "-w", key + "=1"])
        self.undo(identity, status=1)
        self.assertEqual(sysctl(key), "1")
        self.assertEqual(self.undo("--force", identity).stdout, "sysctl/net/ipv4/conf/d0/rp_filter: 1 -> 0\n")
        self.assertEqual(sysctl(key), "0")

    def test_second_writer_of_a_removed_route(self):
        self.up()
        self.prepare("ip route add 10.78.0.0/16 via 10.1.0.2")
        self.steady()
        step = self.step(["ip", "route", "del", "10.78.0.0/16"])
        self.kept()
        check(["ip", "route", "add", "10.78.0.0/16", "via", "10.1.0.3"])
        before = everything()
        self.undo(self.only(step.of("netlink/route/route/main/10.78.0.0/16"))["id"], status=1)
        self.assertEqual(judge.difference(before, everything()), "")

    def test_dry_run(self):
        step = self.step(["ip", "link", "set", "d0", "mtu", "1400"])
        self.kept()
        self.undo("--dry-run", self.only(step.of("netlink/route/link/d0"))["id"])
        self.assertEqual(self.mtu(), 1400)

    def test_no_such_change(self):
        done = self.undo(4711000, status=3)
        self.assertIn("4711000", done.stderr)

    def test_undone_twice(self):
        step = self.step(["ip", "link", "set", "d0", "mtu", "1400"])
        self.kept()
        identity = self.only(step.of("netlink/route/link/d0"))["id"]
        self.undo(identity)
        self.undo(identity)
        self.assertEqual(self.mtu(), 1500)

    def test_refused_attempt(self):
        """Nothing was changed, so there is nothing to take back."""
        step = self.step(["ip", "link", "set", "d0", "mtu", "10"])
        self.kept()
        done = self.undo(self.only([each for each in step.changes if each["result"] != "ok"])["id"], status=1)
        self.assertTrue(done.stderr.strip())
        self.assertEqual(self.mtu(), 1500)

    def test_action(self):
        """What has been done, not set."""
        step = self.step("echo 1 > /proc/sys/net/ipv4/route/flush")
        told = step.of("sysctl/net/ipv4/route/flush")
        if not told:
            self.skipTest("an action of this kernel's that is not told: " + listing(step.changes))
        self.kept()
        done = self.undo(told[0]["id"], status=1)
        self.assertIn("action", done.stderr)

    def test_the_kernel_refuses(self):
        """The way back is barred: in the kernel's words, with status 1."""
        self.up()
        self.prepare("ip route add 10.78.0.0/16 via 10.1.0.2")
        self.steady()
        step = self.step(["ip", "route", "del", "10.78.0.0/16"])
        self.kept()
        check(["ip", "addr", "del", "10.1.0.1/24", "dev", "d0"])
        done = self.undo(self.only(step.of("netlink/route/route/main/10.78.0.0/16"))["id"], status=1)
        self.assertIn("Nexthop has invalid gateway", done.stderr)


class WithoutRecorder(Undo):
    """Nobody records while it is undone: undo keeps its own change."""

    def test_undo(self):
        self.steady()
        before = everything()
        with Recorder() as recorder:
            # What stands in the file is known from its first write on, if it has not been read yet.
            shell("echo 0 > /sys/class/net/d0/queues/rx-0/rps_cpus")
            position = recorder.settle()
            shell("ip link set d0 mtu 1400; ip addr add 10.5.0.1/24 dev d0; sysctl -q -w net.ipv4.conf.d0.rp_filter=2; echo 1 > /sys/class/net/d0/queues/rx-0/rps_cpus")
            recorder.settle()
            changes = recorder.since(position)
            recorder.stop()
            roots = [change for change in changes if not change["cause"]]
            self.assertEqual(len(roots), 4, listing(changes))
            for change in reversed(roots):
                done = ferry("undo", "--db", recorder.db, change["id"])
                self.assertEqual(done.returncode, 0, f"{brief(change)}: {done.stderr}")
            self.back(before, listing(changes), settle=False)
            kept = ferry_lines("log", "--json", "--db", recorder.db)
            for change in roots:
                own = self.only([each for each in kept if each["cause"] == change["id"] and each["address"] == change["address"]], brief(change))
                self.assertEqual(own["actor"]["comm"], "ferry")
                self.assertEqual((own["before"], own["after"]), (change["after"], change["before"]) if change["kind"] == "changed" else (own["before"], None), brief(own))

    def test_fan_out_of_which_nothing_is_told(self):
        """A recorder that had not read yet what stood there tells no consequences: undo puts back the knob itself, and conf/all/forwarding does not undo that."""
        self.assertEqual(sysctl("net.ipv4.ip_forward"), "0")
        with Recorder() as recorder:
            position = recorder.settle()
            check(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
            recorder.settle()
            root = self.only([change for change in recorder.since(position) if change["address"] == "sysctl/net/ipv4/ip_forward"], "ip_forward")
            recorder.stop()
            check(["sqlite3", recorder.db, f"DELETE FROM change WHERE cause = {root['id']}"])
            done = ferry("undo", "--db", recorder.db, root["id"])
            self.assertEqual((done.returncode, sysctl("net.ipv4.ip_forward")), (0, "0"), done.stderr)
        check(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])


if __name__ == "__main__":
    ferrytest.run_cases()
