#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kinds of links that stock kernels have and small ones have not, and netem: each attribute read, set, recorded, taken back and declared, judged by `ip -j -d` and `tc -j`. Of a
kind that the running kernel lacks, its refusal in words."""
import json
import os
import re
import subprocess
import tempfile
import unittest

import attributes
import ferrytest
from ferrytest import Recorder, check, ferry, ip, listing

LINK, QDISC = "netlink/route/link", "netlink/route/qdisc"

# Kind: how k0 is made, and what is set in it. Below it are d0, d1 (a pair), e0, e1 (another).
UP = ["link set d0 up", "link set d1 up", "link set k0 up"]
KINDS = {
    "dummy": (["link add k0 type dummy", *UP], {"mtu": 1400, "txqlen": 77, "address": "02:00:00:00:00:07", "ifalias": "of no use"}),
    "bond": (["link add k0 type bond mode balance-rr", "link set k0 up"], {
        "packets_per_slave": 3, "arp_interval": 200, "arp_ip_target": ["10.0.0.8", "10.0.0.9"], "ns_ip6_target": ["2001:db8::8"], "arp_all_targets": "all", "resend_igmp": 3,
        "num_peer_notif": 4, "all_slaves_active": 1, "min_links": 2, "lp_interval": 9, "missed_max": 5, "xmit_hash_policy": "layer3+4"}),
    "bond active-backup": (["link add k0 type bond mode active-backup miimon 100", "link set d0 master k0", "link set e0 master k0", "link set d0 up", "link set d1 up", "link set k0 up",
                            "link set e0 up", "link set e1 up"],
                           {"miimon": 200, "updelay": 400, "downdelay": 600, "peer_notif_delay": 800, "primary": "e0", "primary_reselect": "better"}),
    "bond 802.3ad": (["link add k0 type bond mode 802.3ad miimon 100", "link set k0 up"], {"ad_actor_sys_prio": 77, "xmit_hash_policy": "encap2+3"}),
    "vrf": (["link add k0 type vrf table 77"], {}),
    "macvlan": (["link add link d0 k0 type macvlan mode bridge", *UP], {"mode": "vepa", "flags": ["nopromisc"], "bcqueuelen": 55}),
    "macvlan source": (["link add link d0 k0 type macvlan mode source", *UP], {"macaddr_data": ["02:00:00:00:00:77"]}),
    "macvtap": (["link add link d0 k0 type macvtap mode bridge", *UP], {"mode": "private"}),
    "ipvlan": (["link add link d0 k0 type ipvlan mode l3", *UP], {"mode": "l2", "flags": ["private"]}),
    "ipvtap": (["link add link d0 k0 type ipvtap mode l3", *UP], {"mode": "l3s", "flags": ["vepa"]}),
    "team": (["link add k0 type team"], {}),
    "wireguard": (["link add k0 type wireguard", *UP], {"mtu": 1280, "txqlen": 77}),
    "macsec": (["link add link d0 k0 type macsec port 11", *UP], {
        "encrypt": True, "protect": False, "encoding_sa": 2, "validation": "check", "replay_protect": True, "window": 64, "inc_sci": False, "es": True}),
    "macsec gcm-aes-256": (["link add link d0 k0 type macsec sci 1122334455660001 cipher gcm-aes-256 icvlen 16 replay on window 32 scb on", *UP],
                           {"replay_protect": False, "scb": False, "validation": "disabled"}),
    "macsec end_station": (["link add link d0 k0 type macsec port 12 send_sci off end_station on", *UP], {"es": False}),
}
# What a bond takes while it is down alone.
DOWN = {
    "802.3ad": {"ad_lacp_rate": "fast", "ad_select": "count", "ad_user_port_key": 78, "ad_actor_system": "02:00:00:00:00:09", "ad_lacp_active": "off"},
    "balance-tlb": {"tlb_dynamic_lb": 0}, "balance-rr": {"mode": "balance-alb", "fail_over_mac": "active"},
}
# Ports: how d0 becomes one, and what is set in it.
PORTS = {
    "bond": (["link add k0 type bond mode active-backup miimon 100", "link set d0 master k0"], {"queue_id": 3, "prio": 7}),
    "vrf": (["link add k0 type vrf table 77", "link set d0 master k0"], {}),
    "team": (["link add k0 type team", "link set d0 master k0"], {}),
}
# What kernels before 5.18 may lack; ip tells it where they have it, or the kernel has such a function.
LATER = {"ad_lacp_active": None, "bcqueuelen": None, "missed_max": None, "ns_ip6_target": "bond_option_ns_ip6_targets_set", "prio": None}
OF_EVERY_LINK = ("mtu", "txqlen", "address", "ifalias")
# What comes a moment later, or only once.
LATE = ("operstate", "qdisc", "tso_max_size", "tso_max_segs")


def of_this_kernel(wanted, told):
    """WANTED, without what the kernel has not, as it does not tell it where it tells the rest: TOLD."""
    lacking = [path for path in wanted if path in LATER and path not in told and not (LATER[path] and f" {LATER[path]}\t" in ferrytest.contents("/proc/kallsyms"))]
    if lacking:
        print(f"# not to be judged here: this kernel has no {', '.join(lacking)}")
    return {path: value for path, value in wanted.items() if path not in lacking}


def text_of(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={text_of(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def number_of_words(path, value):
    """As attributes.py spreads flags: a leaf a word."""
    return {f"{path} {word}": True for word in value} if path.endswith("flags") else {path: value}


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        ferrytest.shell("for i in all default lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/addr_gen_mode; done")
        cls.recorder = Recorder()
        cls.recorder.started()

    @classmethod
    def tearDownClass(cls):
        cls.recorder.stop()
        cls.recorder.__exit__()

    def setUp(self):
        self.clean()
        check(["ip", *"link add d0 type veth peer name d1".split()])
        check(["ip", *"link add e0 type veth peer name e1".split()])
        self.addCleanup(self.clean)

    def clean(self):
        for name in "k0", "q0", "d0", "e0":
            subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)

    def is_there(self, kind, commands):
        """Makes it; a refusal of the kind itself must be told in the kernel's words."""
        done = ferrytest.run(["ip", *commands[0].split()])
        if done.status != 0:
            print(f"# not to be judged here: this kernel has no {kind}: {done.err.strip()}")
            refused = ferry("set", f"{LINK}/k0={{linkinfo={{kind={kind}}}}}")
            self.assertEqual(refused.returncode, 1, refused.stderr)
            self.assertIn("Unknown device type", refused.stderr)
            return False
        for command in commands[1:]:
            check(["ip", *command.split()])
        return True

    def set(self, *assignments):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, 0, f"{assignments}\n{done.stdout}{done.stderr}")

    def undo(self, changes):
        self.kept(changes)
        done = ferry("undo", "--db", self.recorder.db, *(change["id"] for change in changes))
        self.assertEqual(done.returncode, 0, f"{listing(changes)}\n{done.stdout}{done.stderr}")

    def kept(self, changes):
        """Until the history has them: `ferry undo` reads it there."""
        last = max(change["id"] for change in changes)
        self.recorder.wait("the history", lambda: ferrytest.ferry_lines("log", "--json", "--db", self.recorder.db, "-n", "1")[-1]["id"] >= last)

    def told(self, position, address):
        """What programs have done to ADDRESS."""
        self.recorder.settle()
        return [change for change in self.recorder.since(position) if change.get("address") == address and not change["actor"].get("kernel")]


def state(name):
    """All that ip(8) tells of a link, but for what moves by itself."""
    found, = ip("link", "show", "dev", name)
    found["flags"] = sorted(set(found["flags"]) - {"NO-CARRIER", "LOWER_UP", "M-DOWN"})
    for part in LATE:
        found.pop(part, None)
    found.get("linkinfo", {}).get("info_data", {}).pop("active_slave", None)
    return found


def seen(name):
    """The link as ip(8) tells it, by ferry's paths."""
    unknown = []
    entry, = attributes.ip_entries("link", "show", "dev", name)
    found = attributes.link_of_ip(attributes.plain(entry) if isinstance(entry, tuple) else entry, unknown)
    if unknown:
        raise AssertionError(f"ip tells {unknown}, and no row of the table says what ferry calls it")
    return found


class Links(Case):
    def judge(self):
        differences, compared, _ = attributes.compare("link")
        self.assertEqual(differences, [])
        self.assertGreater(compared, 1)

    def attributes_of(self, name, below, wanted):
        """Each attribute set; recorded; all of them taken back."""
        before, position, address = state(name), self.recorder.settle(), f"{LINK}/{name}"
        was = seen(name)
        wanted = of_this_kernel(wanted, {path.removeprefix(below) for path in was})
        for path, value in wanted.items():
            full = path if path in OF_EVERY_LINK else below + path
            self.set(f"{address}/{full}={text_of(value)}")
            now = seen(name)
            for leaf, expected in number_of_words(full, value).items():
                self.assertEqual(now.get(leaf, False if expected is False else None), expected, f"{leaf} of {name}, as ip tells it")
                self.assertNotEqual(was.get(leaf), expected, f"{leaf} was that before")
        self.judge()
        changes = self.told(position, address)
        for path, value in wanted.items():
            full = path if path in OF_EVERY_LINK else below + path
            self.assertTrue([change for change in changes if change["actor"]["comm"] == "ferry" and attributes.flatten(change["after"]).get(full) == value],
                            f"{full} = {value} is not told:\n{listing(changes)}")
        if changes:
            self.undo(changes[::-1])
        self.assertEqual(state(name), before, listing(changes))

    def removed_and_back(self):
        """Taken back, and once more by a document."""
        before, position = state("k0"), self.recorder.settle()
        check(["ip", "link", "del", "k0"])
        # One that is up is taken down first.
        changes = self.told(position, f"{LINK}/k0")
        self.assertEqual(changes[-1]["kind"], "removed", listing(changes))
        self.undo(changes[::-1])
        self.assertEqual(state("k0"), before, listing(changes))
        document = os.path.join(tempfile.gettempdir(), "kind.ferry")
        check([ferrytest.FERRY, "snapshot", f"{LINK}/k0", "-o", document])
        check(["ip", "link", "del", "k0"])
        done = ferry("apply", document)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        after = state("k0")
        for name in "ifindex", "permaddr":
            before.pop(name, None), after.pop(name, None)
        self.assertEqual(after, before)
        os.unlink(document)

    def test_bond_without_monitoring(self):
        """With it go the delays that are counted by it."""
        if not self.is_there("bond", ["link add k0 type bond mode active-backup miimon 100 updelay 400 downdelay 200", "link set k0 up"]):
            return
        before, position = state("k0"), self.recorder.settle()
        check(["ip", *"link set k0 type bond miimon 0".split()])
        changes = self.told(position, f"{LINK}/k0")
        self.assertEqual([change["after"]["linkinfo"]["data"] for change in changes], [{"miimon": 0, "updelay": 0, "downdelay": 0}], listing(changes))
        self.undo(changes)
        self.assertEqual(state("k0"), before)
        again = self.told(position, f"{LINK}/k0")[-1]
        self.undo([again])
        self.assertEqual(seen("k0")["linkinfo/data/updelay"], 0)

    def down_and_up(self, kind, make, wanted):
        """Options that change while a link is down: told as nobody's when it comes up, and that as its own."""
        if not self.is_there(kind, [make]):
            return False
        wanted = of_this_kernel(wanted, {path.removeprefix("linkinfo/data/") for path in seen("k0")})
        self.set(*(f"{LINK}/k0/linkinfo/data/{path}={value}" for path, value in wanted.items()))
        now, position = seen("k0"), self.recorder.settle()
        self.assertEqual({path: now.get(f"linkinfo/data/{path}") for path in wanted}, wanted)
        self.judge()
        done = ferrytest.run(["ip", *"link set k0 up".split()])
        self.recorder.settle()
        changes = [change for change in self.recorder.since(position) if change.get("address") == f"{LINK}/k0" and change["kind"] == "changed"]
        options = [change for change in changes if "linkinfo" in change["after"]]
        self.assertTrue(options, listing(changes))
        told = options[0]["after"]["linkinfo"]["data"]
        self.assertEqual((list(options[0]["after"]), {path: told.get(path) for path in wanted}), (["linkinfo"], wanted), listing(changes))
        self.assertEqual((options[0]["consistency"], options[0]["door"], options[0]["actor"].get("pid")), ("inferred", "unknown", None), listing(changes))
        self.assertIn("did not tell", options[0]["actor"]["unknown"])
        up = next(change for change in changes if "UP" in change["after"].get("flags", []))
        self.assertEqual((up["actor"]["pid"], "linkinfo" in up["after"]), (done.pid, False), listing(changes))
        return True

    def test_bond_that_is_down(self):
        for mode, wanted in DOWN.items():
            self.clean()
            if self.down_and_up("bond", f"link add k0 type bond mode {mode}", wanted) and mode != "balance-rr":
                self.removed_and_back()

    def test_bridge_that_is_down(self):
        self.down_and_up("bridge", "link add k0 type bridge", {"ageing_time": 12300, "forward_delay": 400})

    def test_tun(self):
        """Made by an ioctl, so that it can only be read."""
        done = ferrytest.run(["ip", *"tuntap add dev k0 mode tap user 5 group 6 multi_queue vnet_hdr".split()])
        if done.status != 0:
            print(f"# not to be judged here: {done.err.strip()}")
            self.assertEqual(ferry("get", f"{LINK}/k0").returncode, 3)
            return
        self.judge()
        refused = ferry("set", f"{LINK}/k0/linkinfo/data/owner=7")
        self.assertEqual((refused.returncode, "told by the kernel" in refused.stderr), (1, True), refused.stderr)


def kind_case(kind, commands, wanted):
    def case(self):
        if self.is_there(kind.split()[0], commands):
            self.judge()
            self.attributes_of("k0", "linkinfo/data/", wanted)
            if "master" not in " ".join(commands):
                self.removed_and_back()
    return case


def port_case(kind, commands, wanted):
    def case(self):
        if self.is_there(kind, commands):
            self.judge()
            self.attributes_of("d0", "linkinfo/slave_data/", wanted)
    return case


for each, row in KINDS.items():
    setattr(Links, "test_" + re.sub(r"\W", "_", each), kind_case(each, *row))
for each, row in PORTS.items():
    setattr(Links, f"test_port_of_{each}", port_case(each, *row))


# What tc(8) tells of netem: its words as ferry's path, and the factor.
PARTS, NS = 2 ** 32, 1e9
NETEM = {
    "limit": ("limit", 1), "gap": ("gap", 1), "ecn": ("ecn", 1), "seed": ("seed", 1),
    "delay/delay": ("delay", NS), "delay/jitter": ("jitter", NS), "delay/correlation": ("correlation/delay", PARTS),
    "loss-random/loss": ("loss", PARTS), "loss-random/correlation": ("correlation/loss", PARTS),
    "duplicate/duplicate": ("duplicate", PARTS), "duplicate/correlation": ("correlation/duplicate", PARTS),
    "reorder/reorder": ("reorder/probability", PARTS), "reorder/correlation": ("reorder/correlation", PARTS),
    "corrupt/corrupt": ("corrupt/probability", PARTS), "corrupt/correlation": ("corrupt/correlation", PARTS),
    **{f"loss-state/{name}": (f"loss_model/state/{name}", PARTS) for name in ("p13", "p31", "p32", "p14", "p23")},
    "loss-gemodel/p": ("loss_model/gemodel/p", PARTS), "loss-gemodel/r": ("loss_model/gemodel/r", PARTS),
    "loss-gemodel/1-h": ("loss_model/gemodel/h", -PARTS), "loss-gemodel/1-k": ("loss_model/gemodel/k1", PARTS),
    "rate/rate": ("rate", 1), "rate/packetoverhead": ("rate/packet_overhead", 1), "rate/cellsize": ("rate/cell_size", 1), "rate/celloverhead": ("rate/cell_overhead", 1),
    "slot/min-delay": ("slot/min_delay", NS), "slot/max-delay": ("slot/max_delay", NS), "slot/packets": ("slot/max_packets", 1), "slot/bytes": ("slot/max_bytes", 1),
}
# As tc(8) takes it; each is read, and comes by ferry from what it reads as.
WORDS = ("limit 50", "delay 10ms", "delay 10ms 3ms", "delay 10ms 3ms 25%", "loss 1.5%", "loss 1.5% 10%", "loss state 1% 70% 2% 3% 5%", "loss gemodel 1% 10% 70% 0.1%", "loss 3% ecn",
         "corrupt 0.3%", "corrupt 0.3% 10%", "duplicate 2%", "duplicate 2% 30%", "delay 10ms reorder 20% 50% gap 5", "rate 2mbit", "rate 2mbit 20 100 5", "rate 40gbit",
         "delay 1ms slot 800us 1ms packets 4 bytes 9000")
# Set one by one.
SETTINGS = {
    "limit": 60, "delay": 20000000, "jitter": 4000000, "correlation/delay": 1 << 28, "loss": 1 << 28, "correlation/loss": 1 << 29, "duplicate": 1 << 27, "correlation/duplicate": 1 << 26,
    "gap": 3, "reorder/probability": 1 << 31, "reorder/correlation": 1 << 30, "corrupt/probability": 1 << 25, "corrupt/correlation": 1 << 24, "rate/rate": 125000,
    "rate/packet_overhead": -4, "rate/cell_size": 53, "rate/cell_overhead": 7, "ecn": 1,
}


def netem():
    """What tc(8) tells of q0, by ferry's paths."""
    entry, = json.loads(check(["tc", "-j", "qdisc", "show", "dev", "q0"]))
    found = {}
    for name, value in attributes.flatten(entry["options"]).items():
        path, factor = NETEM[name]
        found[path] = (1 - value) * -factor if factor < 0 else value * factor
    return found


class Netem(Case):
    def setUp(self):
        super().setUp()
        check(["ip", *"link add q0 type veth peer name q1".split()])
        self.there = self.tc("limit 1000")

    def tc(self, words):
        done = ferrytest.run(["tc", *"qdisc replace dev q0 root handle 1: netem".split(), *words.split()])
        if done.status == 0:
            return True
        print(f"# not to be judged here: netem {words}: {done.err.strip()}")
        return False

    def options(self):
        return next(iter(json.loads(check([ferrytest.FERRY, "--json", "get", f"{QDISC}/q0/root/options"])).values()))

    def judge(self, words):
        """Ferry tells what tc(8) tells, and what that is silent of is nothing."""
        theirs, record = netem(), self.options()
        record["rate"]["rate"] = record.pop("rate64", record["rate"]["rate"])
        ours = attributes.flatten(record)
        ours["rate"] = ours.pop("rate/rate")
        for path, value in theirs.items():
            # tc(8) prints a few digits.
            self.assertAlmostEqual(ours.get(path, 0), value, delta=max(1.0, abs(value) * 1e-6), msg=f"{path} of {words}: {ours}")
        silent = {path: value for path, value in ours.items() if path not in theirs and path not in ("seed", "slot/dist_delay", "slot/dist_jitter", "gap")}
        self.assertEqual({path for path, value in silent.items() if value}, set(), words)
        return theirs

    def test_absent(self):
        if self.there:
            return
        refused = ferry("set", f"{QDISC}/q0/root={{kind=netem, options={{limit=50, delay=10000000}}}}")
        self.assertEqual((refused.returncode, "Specified qdisc kind is unknown" in refused.stderr), (1, True), refused.stderr)

    def test_read_and_made(self):
        for words in WORDS if self.there else ():
            check(["tc", *"qdisc del dev q0 root".split()])
            if not self.tc(words):
                continue
            theirs, record = self.judge(words), self.options()
            check(["tc", *"qdisc del dev q0 root".split()])
            self.set(f"{QDISC}/q0/root={{kind=netem, handle=1:, options={text_of(record)}}}")
            self.assertEqual(self.judge(words), theirs, words)

    def test_set_and_back(self):
        """From one that has something of everything."""
        address = f"{QDISC}/q0/root"
        if not self.there or not self.tc("limit 50 delay 10ms 3ms 25% loss 1.5% 10% duplicate 2% 5% reorder 20% 50% gap 5 corrupt 0.3% 7% rate 2mbit 20 100 5"):
            return
        before, position = netem(), self.recorder.settle()
        was = attributes.flatten(self.options())
        for path, value in SETTINGS.items():
            self.set(f"{address}/options/{path}={value}")
            self.judge(path)
            self.assertEqual(attributes.flatten(self.options()), {**was, **{other: SETTINGS[other] for other in list(SETTINGS)[:list(SETTINGS).index(path) + 1]}}, path)
        changes = self.told(position, address)
        self.assertEqual([{path: value for path, value in attributes.flatten(change["after"]["options"]).items()} for change in changes], [{path: value} for path, value in SETTINGS.items()])
        self.undo(changes[::-1])
        self.assertEqual(netem(), before)

    def test_models_and_back(self):
        """What another kind of loss takes the place of, and what was not there."""
        address = f"{QDISC}/q0/root"
        for first, then in (("loss 1.5%", "loss gemodel 1% 10% 70% 0.1%"), ("loss state 1% 70% 2% 3% 5%", "loss gemodel 1% 10% 70% 0.1%"), ("loss gemodel 1% 10% 70% 0.1%", "loss 2%"),
                            ("delay 1ms", "delay 1ms slot 800us 1ms packets 4 bytes 9000"), ("rate 40gbit", "rate 2mbit"), ("loss 3%", "loss 3% ecn")):
            if not self.there or not self.tc(first):
                return
            before, position = netem(), self.recorder.settle()
            check(["tc", *"qdisc change dev q0 root netem".split(), *then.split()])
            after = netem()
            changes = self.told(position, address)
            self.assertEqual(len(changes), 1, f"{then}\n{listing(changes)}")
            self.undo(changes)
            self.assertEqual(netem(), before, listing(changes))
            self.assertNotEqual(before, after)

    def test_removed_and_back(self):
        if not self.there or not self.tc("limit 50 delay 10ms 3ms 25% loss gemodel 1% 10% 70% 0.1% duplicate 2% 5% corrupt 0.3% 7% rate 40gbit 20 100 5"):
            return
        before, position = netem(), self.recorder.settle()
        check(["tc", *"qdisc del dev q0 root".split()])
        changes = self.told(position, f"{QDISC}/q0/root")
        self.assertEqual(len(changes), 1, listing(changes))
        self.undo(changes)
        self.assertEqual(netem(), before)


ferrytest.run_cases()
