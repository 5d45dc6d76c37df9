#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ethtool(8) reads and sets: read as it tells it; set, recorded with who did it by which door, taken back and declared, judged by all that it prints. Devices are a cable and a
tap; kinds that these have not (rings, flow control, Wake-on-LAN) are asked for and refused in words."""
import array
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import tempfile

import ethtool_judge
import ferrytest
from ethtool_judge import ETHTOOL, record, takes, told
from ferrytest import brief, check, ferry, listing, run

SIOCETHTOOL, STSO, SMSGLVL = 0x8946, 0x1f, 0x8
LATER = {"module_eeprom": 31, "stats": 32, "rss": 38, "mm": 42, "plca": 39, "pse": 36, "tsconfig": 46}  # requests that not every kernel has
STATISTICS = {16: "groups", 17: "eth_phy", 18: "eth_mac", 19: "eth_ctrl", 20: "rmon", 21: "phydev"}  # ETH_SS_STATS_STD and those behind it
DEVICES = ["lo", "v0", "v1", "t0"]
# Several features at once, or one in words of ethtool's own.
TOGETHER = {"rx-checksumming", "tx-checksumming", "scatter-gather", "tcp-segmentation-offload", "generic-segmentation-offload", "generic-receive-offload",
            "large-receive-offload", "rx-vlan-offload", "tx-vlan-offload", "ntuple-filters", "receive-hashing"}


def by_ioctl(name, command, number):
    """As ethtool(8) did before there was netlink."""
    argument = array.array("B", struct.pack("II", command, number))
    with socket.socket() as asking:
        fcntl.ioctl(asking, SIOCETHTOOL, struct.pack("16sP8x", name.encode(), argument.buffer_info()[0]))


def family_number():
    return json.loads(ferry("--json", "get", "netlink/nlctrl/family/ethtool").stdout)["netlink/nlctrl/family/ethtool"]["type"]


def strings(family, number):
    """The names in a set of the kernel's, [] where it has none."""
    def nest(which, payload):
        return struct.pack("HH", 4 + len(payload), which | 0x8000) + payload

    def inside(data):
        while len(data) >= 4:
            length, which = struct.unpack_from("HH", data)
            yield which & 0x3fff, data[4:length]
            data = data[length + 3 & ~3:]

    payload = struct.pack("BBH", 1, 1, 0) + nest(1, b"") + nest(2, nest(1, struct.pack("HHI", 8, 1, number)))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as asking:
        asking.send(struct.pack("IHHII", 16 + len(payload), family, 1, 1, 0) + payload)
        answer = asking.recv(1 << 16)
    if struct.unpack_from("H", answer, 4)[0] == 2:
        return []
    one = dict(inside(dict(inside(dict(inside(answer[20:]))[2]))[1]))
    return [dict(inside(each))[2].rstrip(b"\0").decode() for _, each in inside(one[3])]


def everything():
    return [told(*option, name) for name in DEVICES for option in ([], ["-k"], ["-l"], ["-c"], ["-g"], ["-a"])]


def numbers(*arguments):
    """Maxima and present values, as ethtool lists them: a list for each word."""
    found = {}
    for word, value in re.findall(r"^([\w/-]+):[ \t]+(\S+)", told(*arguments), re.M):
        found.setdefault(word.lower(), []).append(value)
    return found


def tables():
    """The names of statistics that ferry has, by table."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/channel/ethtool_stats.c")) as file:
        text = file.read()
    found = {name: re.findall(r'"(\w+)", ', body) for name, body in re.findall(r"struct field fields_(\w+)\[\] = \{\n(.*?)\n\};", text, re.S)}
    found["groups"] = re.findall(r'\d, "([\w-]+)"', re.search(r"NAMES\(groups,.*?;", text, re.S).group(0))
    return found


class Case(ethtool_judge.Case):
    def setUp(self):
        check(["ip", *"link add v0 numtxqueues 2 numrxqueues 2 type veth peer name v1".split()])
        self.addCleanup(run, ["ip", "link", "del", "v0"])
        done = run(["ethtool", "-L", "v0", "rx", "2", "tx", "2"])
        # Cables have channels from 5.15 on.
        self.channels = done.status == 0
        if not self.channels:
            print(f"# channels are not to be judged here: {done.err.strip()}")
            self.assertIn("Operation not supported", done.err)
            self.assertIsNone(record("channels", "v0"))
        check(["ip", *"tuntap add t0 mode tap".split()])
        self.addCleanup(run, ["ip", "link", "del", "t0"])

    def set(self, *assignments):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class Reading(Case):
    def test_features(self):
        compared = 0
        for name in DEVICES:
            mine = record("features", name)
            for feature, judged in json.loads(check(["ethtool", "--json", "-k", name]))[0].items():
                if feature == "ifname" or judged["fixed"] is None or feature in TOGETHER:
                    continue
                active, fixed = mine["active"].get(feature, "off") == "on", feature not in mine["hw"] or feature in mine["nochange"]
                self.assertEqual((active, fixed), (judged["active"], judged["fixed"]), f"{name} {feature}")
                if not fixed:
                    self.assertEqual(mine["wanted"][feature] == "on", judged["requested"], f"{name} {feature}")
                compared += 1
        self.assertGreater(compared, 100)

    def test_channels(self):
        if self.channels:
            check(["ethtool", "-L", "v0", "rx", "2", "tx", "1"])
        for name in DEVICES:
            mine, judged = record("channels", name), numbers("-l", name)
            self.assertEqual(mine is None, not judged, name)
            for word in ("rx", "tx", "other", "combined") if mine else ():
                self.assertEqual([str(mine.get(f"{word}_{what}", "n/a")) for what in ("max", "count")], judged[word], (name, word))

    def test_coalescing(self):
        check(["ethtool", "-C", "t0", "rx-frames", "7"])
        self.assertEqual((record("coalesce", "t0"), numbers("-c", "t0")["rx-frames"]), ({"dev": "t0", "rx_max_frames": 7}, ["7"]))

    def test_link(self):
        check(["ethtool", "-s", "t0", *"speed 1000 duplex half autoneg on".split()])
        for name in "v0", "t0":
            text, modes, info = told(name), record("linkmodes", name), record("linkinfo", name)
            self.assertIn(f"Speed: {modes['speed']}Mb/s", text)
            self.assertIn(f"Duplex: {modes['duplex'].title()}", text)
            self.assertIn(f"Auto-negotiation: {modes['autoneg']}", text)
            self.assertIn(f"PHYAD: {info['phyaddr']}", text)
            self.assertIn(f"Transceiver: {info['transceiver']}", text)
            self.assertEqual((info["port"], "Port: Twisted Pair" in text), ("tp", True))
            state = json.loads(ferry("get", "--json", f"{ETHTOOL}/linkstate/{name}").stdout)[f"{ETHTOOL}/linkstate/{name}"]
            self.assertIn(f"Link detected: {'yes' if state['link'] else 'no'}", text)

    def test_debug(self):
        check(["ethtool", "-s", "t0", "msglvl", "drv", "on", "link", "on"])
        mine = record("debug", "t0")["msgmask"]
        self.assertEqual([name for name, value in mine.items() if value == "on"], ["drv", "link"])
        self.assertEqual(len(mine), 15)

    def test_time_stamps(self):
        compared = 0
        for name in DEVICES:
            mine = json.loads(ferry("get", "--json", f"{ETHTOOL}/tsinfo/{name}").stdout)[f"{ETHTOOL}/tsinfo/{name}"]
            judged = told("-T", name)
            for stamp in "hardware-transmit", "software-transmit", "hardware-receive", "software-receive", "software-system-clock", "hardware-raw-clock":
                self.assertEqual(stamp in mine["timestamping"], bool(re.search(rf"^\s+{stamp}\b", judged, re.M)), f"{name} {stamp}: {judged}")
                compared += 1
            self.assertEqual("phc_index" in mine, "PTP Hardware Clock: none" not in judged)
        self.assertEqual(compared, 24)

    def test_names_of_statistics(self):
        """As the running kernel's own sets of strings have them, which are no device's."""
        family, mine, compared = family_number(), tables(), 0
        for number, table in STATISTICS.items():
            names = strings(family, number)
            self.assertEqual(mine[table][:len(names)], names, table)
            compared += len(names)
        if takes(LATER["stats"]):
            self.assertGreater(compared, 30)
        else:
            print("# not to be judged here: this kernel's ethtool has no such statistics")
            self.assertEqual(compared, 0)

    def test_a_link_that_ends_a_dump(self):
        """One link's refusal is not that of all: a macvlan above a device without time stamps; tunnels are told of one that is named."""
        check(["ip", *"link add link v0 m0 type macvlan mode bridge".split()])
        for kind, command in LATER.items():
            if kind == "module_eeprom":
                continue
            if not takes(command):
                self.assertIn(ferry("get", f"{ETHTOOL}/{kind}").returncode, (0, 1), kind)
                continue
            done = ferry("get", f"{ETHTOOL}/{kind}")
            self.assertEqual((done.returncode, done.stderr), (0, ""), kind)
        self.refused(1, "a device by its name", "get", f"{ETHTOOL}/tunnel_info")
        self.refused(3, "there is no", "get", f"{ETHTOOL}/tunnel_info/v0")

    def test_all_kinds_at_once(self):
        """The family's objects and its other requests are one branch."""
        done = ferry("ls", ETHTOOL)
        self.assertLessEqual({f"{ETHTOOL}/{name}" for name in ("channels/", "features/", "linkstate/", "rings/", "wol/", "monitor")}, set(done.stdout.split()))
        whole, globbed = (ferry("get", "--json", address).stdout for address in (ETHTOOL, f"{ETHTOOL}/*/v0"))
        for text in whole, globbed:
            self.assertLessEqual({f"{ETHTOOL}/{kind}/v0" for kind in ("channels", "features", "linkstate")[not self.channels:]}, set(json.loads(text)))

    def test_what_there_is_not(self):
        """No such link, no such kind of its driver, and what is no field."""
        self.refused(3, "no such link, or its driver has none", "get", f"{ETHTOOL}/rings/v0")
        self.refused(3, "no such link", "get", f"{ETHTOOL}/features/none")
        for kind, field in ("rss", "hfunc=xor"), ("mm", "tx_enabled=on"), ("plca", "node_id=1"), ("pse", "c33_admin_control=enabled"), ("tsconfig", "tx_types=[on]"):
            if not takes(LATER[kind]):
                self.assertIn(ferry("get", f"{ETHTOOL}/{kind}/t0").returncode, (1, 3), kind)
                continue
            self.refused(3, "its driver has none", "get", f"{ETHTOOL}/{kind}/t0")
            self.refused(3, "its driver has none", "set", f"{ETHTOOL}/{kind}/t0/{field}")
        if takes(LATER["rss"], "dump"):
            self.refused(3, "its driver has none", "get", f"{ETHTOOL}/rss_context/t0/1")
            self.refused(3, "no such context", "set", "--", f"-{ETHTOOL}/rss_context/v0/1")
        for name in "v0", "none":
            self.refused(3, "counts nothing in these terms", "get", f"{ETHTOOL}/stats/{name}")
            self.refused(3, "does not send frames in parts", "get", f"{ETHTOOL}/stats_src/{name}/pmac")
        self.assertEqual([ferry("get", f"{ETHTOOL}/{kind}").returncode for kind in ("stats", "stats_src", "cable_test")], [0] * 3)
        if takes(LATER["module_eeprom"]):
            self.refused(3, "the kernel says: Operation not supported", "get", f"{ETHTOOL}/module_eeprom/v0,page=1,bank=0,i2c_address=0x51")
            self.refused(1, "module_eeprom/v0,offset=999: Numerical result out of range", "get", f"{ETHTOOL}/module_eeprom/v0,offset=999")
            for wrong in "", "/v0,pages=1", "/v0,page=x", "/" + "n" * 40:
                self.refused(1, "a device by its name, and what of it", "get", f"{ETHTOOL}/module_eeprom{wrong}")
        self.refused(3, "it is an action", "get", f"{ETHTOOL}/cable_test/v0")
        self.refused(2, "LINK/NUMBER is", "set", f"{ETHTOOL}/rss_context/t0/x/hfunc=xor")
        self.refused(3, "its driver has none", "set", f"{ETHTOOL}/rings/v0/rx=64")
        self.refused(3, "its driver has none", "set", f"{ETHTOOL}/pause/t0/rx=on")
        self.refused(3, "has no field tx-nonsense", "set", f"{ETHTOOL}/features/v0/wanted/tx-nonsense=on")


class Setting(Case):
    def test_each_kind(self):
        """Set, read back, and as the judge tells it."""
        self.set(f"{ETHTOOL}/features/v0/wanted/tx-tcp6-segmentation=off", f"{ETHTOOL}/features/v0/wanted/rx-gro=on")
        features = json.loads(check(["ethtool", "--json", "-k", "v0"]))[0]
        self.assertEqual((features["tx-tcp6-segmentation"]["active"], features["generic-receive-offload"]["active"]), (False, True))
        if self.channels:
            self.set(f"{ETHTOOL}/channels/v0={{rx_count=1,tx_count=1}}")
            self.assertEqual([numbers("-l", "v0")[word] for word in ("rx", "tx")], [["2", "1"], ["2", "1"]])
        self.set(f"{ETHTOOL}/coalesce/t0/rx_max_frames=9")
        self.assertEqual(numbers("-c", "t0")["rx-frames"], ["9"])
        self.set(f"{ETHTOOL}/linkmodes/t0={{speed=2500,duplex=full,autoneg=on}}", f"{ETHTOOL}/debug/t0/msgmask={{drv=on,rx_err=on}}")
        text = told("t0")
        for line in "Speed: 2500Mb/s", "Duplex: Full", "Auto-negotiation: on", "0x00000041 (65)":
            self.assertIn(line, text)

    def test_just_what_is_named(self):
        """Of features the others stay as they are; what stands is not sent."""
        before = told("-k", "v0")
        done = self.set(f"{ETHTOOL}/features/v0={{wanted={{tx-tcp-ecn-segmentation=off}}}}")
        after = told("-k", "v0")
        self.assertEqual([(one, other) for one, other in zip(before.splitlines(), after.splitlines()) if one != other], [("\ttx-tcp-ecn-segmentation: on", "\ttx-tcp-ecn-segmentation: off")])
        self.assertIn("wanted/tx-tcp-ecn-segmentation on -> off, active/tx-tcp-ecn-segmentation on -> off", done.stdout)

    def test_wanted_and_not_in_use(self):
        check(["ethtool", "-K", "v0", "sg", "off"])
        check(["ethtool", "-K", "v0", "tso", "off"])
        done = self.set(f"{ETHTOOL}/features/v0/wanted/tx-tcp-segmentation=on")
        self.assertIn("tx-tcp-segmentation is off all the same: it depends on another feature, or on the driver", done.stderr)
        self.assertIn("tx-tcp-segmentation: off [requested on]", told("-k", "v0"))

    def test_refused(self):
        before = everything()
        if self.channels:
            self.refused(1, "ETHTOOL_MSG_CHANNELS_SET: Invalid argument (EINVAL): requested channel count exceeds maximum (attribute rx_count)", "set", f"{ETHTOOL}/channels/v0/rx_count=999")
            self.refused(1, "is told by the kernel, not set", "set", f"{ETHTOOL}/channels/v0/rx_max=5")
        self.refused(1, "Operation not supported", "set", f"{ETHTOOL}/linkmodes/v0/speed=100")
        self.refused(1, "is told by the kernel, not set", "set", f"{ETHTOOL}/features/v0/active/tx-tcp6-segmentation=off")
        self.refused(1, "it can be changed alone", "set", "--", f"-{ETHTOOL}/features/v0")
        self.refused(2, "linkmodes/t0/duplex", "set", f"{ETHTOOL}/linkmodes/t0/duplex=sideways")
        self.refused(1, "ETHTOOL_MSG_RSS_CREATE_ACT: Operation not supported (EOPNOTSUPP)", "set", f"{ETHTOOL}/rss_context/v0/1={{indir=[0]}}")
        self.refused(1, "cable_test/v0 is an action, not a setting: the link goes down for it", "set", f"{ETHTOOL}/cable_test/v0={{}}")
        self.refused(1, "ETHTOOL_MSG_CABLE_TEST_ACT: Operation not supported (EOPNOTSUPP)", "set", "--yes", f"{ETHTOOL}/cable_test/v0={{}}")
        self.refused(1, "ETHTOOL_MSG_CABLE_TEST_TDR_ACT: Operation not supported (EOPNOTSUPP)", "set", "--yes", f"{ETHTOOL}/cable_test_tdr/v0={{cfg={{first=100,pair=A}}}}")
        self.refused(2, "cable_test_tdr/v0", "set", "--yes", f"{ETHTOOL}/cable_test_tdr/v0={{cfg={{pair=E}}}}")
        self.refused(3, "it is what a device has counted", "set", f"{ETHTOOL}/stats/v0={{rmon={{etherStatsJabbers=1}}}}")
        self.refused(0, "", "set", "--dry-run", f"{ETHTOOL}/features/v0/wanted/tx-tcp6-segmentation=off")
        self.assertEqual(everything(), before)


class Recording(ethtool_judge.Recorded, Case):
    def feature(self, name, value):
        return {"wanted": {name: value}, "active": {name: value}}

    def test_by_netlink(self):
        for command, address, before, after in (
                ("-K v0 tx-tcp6-segmentation off", "features/v0", self.feature("tx-tcp6-segmentation", "on"), self.feature("tx-tcp6-segmentation", "off")),
                ("-L v0 rx 1", "channels/v0", {"rx_count": 2}, {"rx_count": 1}),
                ("-C t0 rx-frames 5", "coalesce/t0", {"rx_max_frames": 0}, {"rx_max_frames": 5}),
                ("-s t0 speed 100", "linkmodes/t0", {"speed": 10}, {"speed": 100}),
                ("-s t0 msglvl link on", "debug/t0", {"msgmask": {"link": "off"}}, {"msgmask": {"link": "on"}})):
            if address == "linkmodes/t0":
                check(["ethtool", "-s", "t0", *"speed 10 duplex full autoneg off".split()])
            if not self.channels and address.startswith("channels"):
                continue
            with self.subTest(command):
                self.there_and_back(lambda command=command: run(["ethtool", *command.split()]), None, "netlink", address, before, after, everything)

    def test_by_ioctl(self):
        self.there_and_back(lambda: by_ioctl("t0", SMSGLVL, 4), os.getpid(), "ioctl", "debug/t0", {"msgmask": {"link": "off"}}, {"msgmask": {"link": "on"}}, everything)
        position = self.settle()
        by_ioctl("v0", STSO, 0)
        self.settle()
        found = self.told(position)
        self.assertEqual({(change["address"], change["door"], change["actor"]["pid"]) for change in found}, {(f"{ETHTOOL}/features/v0", "ioctl", os.getpid())}, listing(found))
        self.assertEqual(found[-1]["after"]["active"]["tx-tcp-segmentation"], "off")

    def test_by_ferry(self):
        self.there_and_back(lambda: run([ferrytest.FERRY, "set", f"{ETHTOOL}/features/v0/wanted/tx-tcp-ecn-segmentation=off"]), None, "netlink", "features/v0",
                            self.feature("tx-tcp-ecn-segmentation", "on"), self.feature("tx-tcp-ecn-segmentation", "off"), everything)

    def test_refused(self):
        for address, asked, words in (("channels/v0", {"rx_count": 999}, "ETHTOOL_MSG_CHANNELS_SET: Invalid argument (EINVAL): requested channel count exceeds maximum"),
                                      ("rss_context/v0/3", {"hfunc": "xor"}, "ETHTOOL_MSG_RSS_CREATE_ACT: Operation not supported"),
                                      ("cable_test_tdr/v0", {"cfg": {"first": 100}}, "ETHTOOL_MSG_CABLE_TEST_TDR_ACT: Operation not supported"))[not self.channels:]:
            position = self.settle()
            done = run([ferrytest.FERRY, "set", "--yes", f"{ETHTOOL}/{address}={json.dumps(asked)}"])
            self.settle()
            found = [change for change in self.told(position) if change["result"] != "ok"]
            self.assertEqual([(change["address"], change["actor"]["pid"]) for change in found], [(f"{ETHTOOL}/{address}", done.pid)], listing(found))
            self.assertEqual({name: found[0]["after"][name] for name in asked}, asked)
            self.assertIn(words, json.dumps(found[0]))

    def test_a_link_that_comes_later(self):
        """What it began with is known once it is there; what it had goes with it, and comes anew with another of its name."""
        for _ in range(2):
            check(["ip", *"link add n0 type veth peer name n1".split()])
            self.settle()
            position = len(self.recorder.changes)
            check(["ethtool", "-K", "n0", "tx-tcp6-segmentation", "off"])
            self.settle()
            found = self.told(position)
            self.assertEqual([(change["address"], change["before"], change["after"]) for change in found],
                             [(f"{ETHTOOL}/features/n0", self.feature("tx-tcp6-segmentation", "on"), self.feature("tx-tcp6-segmentation", "off"))], listing(found))
            check(["ip", "link", "del", "n0"])
        self.settle()

    def test_a_link_that_was_changed_at_once(self):
        """No change is lost, be it that nobody knows what was before."""
        position = self.settle()
        names = [f"n{number}" for number in range(12)]
        check(["sh", "-ec", "".join(f"ip link add {name} type veth peer name p{name}; ethtool -K {name} tx-tcp6-segmentation off; " for name in names)])
        self.settle()
        off = {change["address"] for change in self.told(position) if change["after"].get("wanted", {}).get("tx-tcp6-segmentation") == "off"}
        self.assertLessEqual({f"{ETHTOOL}/features/{name}" for name in names}, off)
        for change in self.told(position):
            self.assertEqual(change["consistency"], "unknown" if change["before"] is None else "whole", brief(change))
        for name in names:
            check(["ip", "link", "del", name])

    def test_seen(self):
        """What is said is told by the same tables, and no password."""
        if not ferrytest.can_trace():
            return
        done = ferry("trace", "--json", "--", "ethtool", "-K", "v0", "tx-tcp6-segmentation", "off")
        said = [json.loads(line) for line in done.stdout.splitlines() if f'"{ETHTOOL}/features"' in line]
        self.assertEqual([(line["name"], line["asked"]["wanted"]) for line in said], [("set", {"tx-tcp6-segmentation": "off"})], done.stdout)
        for command, address, name, asked in (
                ("-S v0 --all-groups", "stats", "get", {"header": {"dev_name": "v0"}}), ("-l v0", "channels", "get", {"header": {"dev_name": "v0"}}),
                ("-m v0 hex on page 1", "module_eeprom", "get", {"header": {"dev_name": "v0"}, "page": 1, "offset": 128, "length": 128, "bank": 0, "i2c_address": "0x50"}),
                ("--cable-test v0", "cable_test", "act", {"header": {"dev_name": "v0"}}),
                ("--cable-test-tdr v0 first 1 last 3 step 1", "cable_test_tdr", "act", {"header": {"dev_name": "v0"}, "cfg": {"first": 100, "last": 300, "step": 100}}),
                ("-S v0 --groups rmon", "strset", "get", None)):
            done = ferry("trace", "--json", "--", "ethtool", *command.split())
            said = [json.loads(line) for line in done.stdout.splitlines() if f'"{ETHTOOL}/{address}"' in line]
            self.assertTrue(said, f"{command}: {done.stdout}")
            self.assertEqual(({line["name"] for line in said}, {line.get("guessed", False) for line in said}), ({name}, {False}), command)
            if asked:
                told = said[-1]["asked"]
                self.assertEqual({key: told.get(key) for key in asked}, asked, f"{command}: {told}")
        done = ferry("trace", "--json", "--", ferrytest.FERRY, "set", f"{ETHTOOL}/rss_context/v0/3={{hfunc=xor}}")
        self.assertIn(("new", {"header": {"dev_index": socket.if_nametoindex("v0")}, "context": 3, "hfunc": "xor"}),
                      [(line["name"], line.get("asked")) for line in map(json.loads, filter(lambda text: text.startswith("{"), done.stdout.splitlines())) if line["address"] == f"{ETHTOOL}/rss_context"])
        secret = "11:22:33:44:55:66"
        done = ferry("trace", "--json", "--", "ethtool", "-s", "v0", "wol", "s", "sopass", secret)
        self.assertIn("(secret)", done.stdout)
        self.assertNotIn(secret.replace(":", ""), done.stdout)


class Declaring(Case):
    def setUp(self):
        super().setUp()
        self.document = os.path.join(tempfile.gettempdir(), "ethtool.conf")
        self.state = everything()

    def write(self, *lines):
        with open(self.document, "w") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def ferry(self, status, *arguments):
        done = ferry(*arguments)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_a_snapshot_brings_back(self):
        self.ferry(0, "snapshot", "--only", ETHTOOL, "-o", self.document)
        self.assertEqual(self.ferry(0, "diff", self.document), "")
        for command in ("-L v0 rx 1", "-K v0 tso off tx-tcp6-segmentation off", "-C t0 rx-frames 8", "-s t0 msglvl drv on")[not self.channels:]:
            check(["ethtool", *command.split()])
        changed = everything()
        addresses = {f"{ETHTOOL}/{where}" for where in ("channels/v0", "coalesce/t0", "debug/t0", "features/v0")[not self.channels:]}
        told = self.ferry(0, "plan", self.document)
        self.assertEqual({line.split(": ")[0] for line in told.splitlines()}, addresses)
        self.assertEqual(everything(), changed)
        self.ferry(0, "apply", self.document)
        self.assertEqual((everything(), self.ferry(0, "diff", self.document)), (self.state, ""))
        self.ferry(0, "rollback")
        self.assertEqual(everything(), changed)

    def test_with_a_link_that_is_made(self):
        self.write("netlink/route/link/n0 = {linkinfo={kind=veth,data={peer={ifname=n1}}}}", f"{ETHTOOL}/features/n0/wanted/tx-tcp6-segmentation = off")
        self.ferry(0, "plan", "--rehearse", self.document)
        self.ferry(0, "apply", self.document)
        self.addCleanup(run, ["ip", "link", "del", "n0"])
        self.assertIn("tx-tcp6-segmentation: off", told("-k", "n0"))
        self.assertEqual(self.ferry(0, "diff", self.document), "")

    def test_refused_in_the_middle(self):
        if not self.channels:
            return
        self.write(f"{ETHTOOL}/channels/v0/rx_count = 999", f"{ETHTOOL}/features/v0/wanted/tx-tcp6-segmentation = off")
        done = ferry("apply", self.document)
        self.assertEqual((done.returncode, "exceeds maximum" in done.stderr), (1, True), done.stderr)
        self.assertEqual(everything(), self.state)


if __name__ == "__main__":
    ferrytest.run_cases()
