#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What netfilter keeps beside nftables: connections and those that are expected, judged by conntrack(8) and /proc; sets of ipset and counters of nfacct, judged by ipset(8) and
nfacct(8): read, recorded with who did it though the kernel tells no one, set, taken back and declared."""
import json
import os
import re
import socket
import struct
import tempfile
import unittest
import xml.etree.ElementTree as tree

import ferrytest
import netfilter_state
from ferrytest import Recorder, brief, check, ferry, listing, run, shell

CONNECTION, EXPECTATION, SET, ENTRY, COUNTER = (f"netlink/netfilter/{kind}" for kind in ("conntrack", "expectation", "ipset", "ipset_entry", "nfacct"))
PORTS = {"sport": "sport", "dport": "dport", "srckey": "sport", "dstkey": "dport"}


def objects(kind):
    done = ferry("get", "--json", kind)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return {address.removeprefix(kind + "/"): record for address, record in json.loads(done.stdout).items()}


# ---- Connections ----


def flows():
    """What conntrack(8) tells, by the kernel's number."""
    out = check(["conntrack", "-L", "-o", "xml,id"])
    return {int(flow.findtext("meta[@direction='independent']/id")): flow for flow in tree.fromstring(out).findall("flow")} if out else {}


def tuple_theirs(flow, direction):
    meta = flow.find(f"meta[@direction='{direction}']")
    layer4 = meta.find("layer4")
    found = {"src": meta.findtext("layer3/src"), "dst": meta.findtext("layer3/dst"), "number": int(layer4.get("protonum"))}
    found.update({PORTS[each.tag]: int(each.text, 0) for each in layer4 if each.tag in PORTS})
    return found


def number_of(protocol):
    return protocol if isinstance(protocol, int) else {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "ipv6-icmp": 58, "sctp": 132, "udplite": 136}[protocol]


def tuple_mine(record):
    # Of UDP-Lite a kernel that knows it no more tells no ports, and conntrack(8) prints 0.
    found = {"sport": 0, "dport": 0} if record["protocol"] == "udplite" else {}
    found |= {name: record[name] for name in ("src", "dst", "sport", "dport") if name in record}
    return {**found, "number": number_of(record["protocol"])}


def conntrack_mine(record):
    """The fields that conntrack(8) tells as well and that do not move by themselves."""
    counters = {way: tuple(record[f"counters_{way}"].values()) for way in ("orig", "reply") if f"counters_{way}" in record}
    return {"orig": tuple_mine(record["orig"]), "reply": tuple_mine(record["reply"]), "mark": int(record["mark"], 16), "zone": record.get("zone"),
            "assured": "assured" in record["status"], "unreplied": "seen_reply" not in record["status"], "helper": record.get("helper", {}).get("name"), "counters": counters,
            "state": record.get("protoinfo", {}).get("tcp", {}).get("state")}


def conntrack_theirs(flow):
    meta = flow.find("meta[@direction='independent']")
    counters = {way: tuple(int(flow.findtext(f"meta[@direction='{direction}']/counters/{what}")) for what in ("packets", "bytes"))
                for way, direction in (("orig", "original"), ("reply", "reply")) if flow.find(f"meta[@direction='{direction}']/counters") is not None}
    is_tcp = flow.find("meta/layer4").get("protonum") == "6"
    return {"orig": tuple_theirs(flow, "original"), "reply": tuple_theirs(flow, "reply"), "mark": int(meta.findtext("mark")),
            "zone": int(meta.findtext("zone")) if meta.find("zone") is not None else None, "assured": meta.find("assured") is not None,
            "unreplied": meta.find("unreplied") is not None, "helper": flow.findtext("helper"), "counters": counters,
            # conntrack(8) takes the states of SCTP for those of TCP; /proc judges these.
            "state": meta.findtext("state") if is_tcp else None}


class Case(unittest.TestCase):
    def setUp(self):
        # With the first question after them the kernel loads its module, with which its knobs come.
        check(["conntrack", "-L"])
        check(["sysctl", "-qw", "net.netfilter.nf_conntrack_acct=1", "net.netfilter.nf_conntrack_timestamp=1"])
        self.addCleanup(self.clear)

    def clear(self):
        for command in "conntrack -F", "conntrack -F expect", "nft flush ruleset", "ipset flush", "ipset destroy", "nfacct flush":
            ferrytest.run(command.split())


class Connections(Case):
    def setUp(self):
        super().setUp()
        self.made = netfilter_state.make_connections()
        self.kept = netfilter_state.expect()
        for end in self.kept:
            self.addCleanup(end.close)

    def test_read(self):
        """Whatever differs between two readings of theirs is theirs alone."""
        self.assertGreater(len(self.made), 6)
        before, mine, after = flows(), objects(CONNECTION), flows()
        self.assertEqual({record["id"] for record in mine.values()}, set(before))
        self.assertEqual(set(before), set(after))
        for record in mine.values():
            self.assertEqual(conntrack_mine(record), conntrack_theirs(before[record["id"]]))
            timeouts = [int(each[record["id"]].findtext("meta/timeout")) for each in (before, after)]
            self.assertTrue(timeouts[1] <= record["timeout"] <= timeouts[0], f"{record} {timeouts}")
            self.assertEqual(ferry("get", "-n", f"{CONNECTION}/{next(name for name, other in mine.items() if other is record)}/id").stdout.strip(), str(record["id"]))

    def test_proc(self):
        """What the XML leaves out: type, code and id of ICMP, states of SCTP."""
        lines = ferrytest.contents("/proc/net/nf_conntrack").splitlines()
        mine = objects(CONNECTION)
        self.assertEqual(len(lines), len(mine))
        icmp = sorted(tuple(map(int, found)) for line in lines for found in re.findall(r"type=(\d+) code=(\d+) id=(\d+)", line))
        ours = sorted((record[way]["type"], record[way]["code"], record[way]["id"]) for record in mine.values() for way in ("orig", "reply") if "type" in record[way])
        self.assertEqual(ours, icmp)
        self.assertGreater(len(icmp), 3)
        states = sorted(found[1] for line in lines for found in [re.search(r" sctp +132 \d+ (\w+)", line)] if found)
        self.assertEqual(sorted(record["protoinfo"]["sctp"]["state"] for record in mine.values() if "sctp" in record.get("protoinfo", {})), states)

    def test_expected(self):
        theirs = check(["conntrack", "-L", "expect"]).splitlines()
        mine = objects(EXPECTATION)
        self.assertEqual(len(mine), 1)
        self.assertEqual(len(theirs), 1)
        (name, record), = mine.items()
        words = dict(re.findall(r"([\w-]+)=(\S+)", theirs[0]))
        self.assertEqual(name, "tcp/127.0.0.1:0/127.0.0.1:2580")
        self.assertEqual((record["mask"]["src"], record["mask"]["dst"], record["master"]["src"], str(record["master"]["dport"]), record["helper"], str(record["class"])),
                         tuple(words[each] for each in ("mask-src", "mask-dst", "master-src", "dport", "helper", "class")))
        self.assertEqual(record["master"]["sport"], self.kept[0].getsockname()[1])
        done = ferry("set", "--", f"-{EXPECTATION}/{name}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(check(["conntrack", "-L", "expect"]), "")

    def test_cut(self):
        """Only where it is asked for by --yes, since no one can make its packets again; and never another that has begun anew in its place."""
        name = f"{CONNECTION}/udp/10.1.1.1:5353/10.2.2.2:53"
        refused = ferry("set", "--", f"-{name}")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("cannot be put back", refused.stderr)
        self.assertIn("dport=53", check(["conntrack", "-L", "-s", "10.1.1.1", "-p", "udp"]))
        done = ferry("set", "--yes", "--", f"-{name}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(check(["conntrack", "-L", "-s", "10.1.1.1", "-p", "udp"]), "")
        self.assertEqual(ferry("get", name).returncode, 3)

    def test_mark(self):
        name = f"{CONNECTION}/udp/fe80::1:5353/fe80::2:53,zone=7"
        done = ferry("set", f"{name}/mark=0x77", f"{name}/timeout=9000")
        self.assertEqual(done.returncode, 0, done.stderr)
        line = check(["conntrack", "-L", "-f", "ipv6", "-p", "udp"])
        self.assertIn("mark=119", line)
        self.assertTrue(8000 < int(line.split()[2]) <= 9000, line)

    def test_watch(self):
        """On request: each message reads as the object that it is about."""
        with Recorder("netlink/netfilter/conntrack_new", "netlink/netfilter/conntrack_destroy", command="watch", db=False) as watch:
            check("conntrack -I -p udp -s 10.7.7.7 -d 10.8.8.8 --sport 1 --dport 2 -t 50".split())
            check("conntrack -D -p udp -s 10.7.7.7".split())
            watch.wait("the end of the connection", lambda: any(change["address"].endswith("conntrack_destroy") for change in watch.changes))
            told = {change["address"].rsplit("_", 1)[1]: change for change in watch.changes if "10.7.7.7" in json.dumps(change)}
        self.assertEqual(set(told), {"new", "destroy"})
        for change in told.values():
            self.assertEqual(change["provenance"], "table")
            self.assertEqual(change["message"]["orig"], {"src": "10.7.7.7", "dst": "10.8.8.8", "protocol": "udp", "sport": 1, "dport": 2})

    def test_not_recorded(self):
        with Recorder() as recorder:
            position = recorder.settle("netfilter")
            check("conntrack -I -p udp -s 10.7.7.7 -d 10.8.8.8 --sport 1 --dport 2 -t 50".split())
            check("conntrack -F".split())
            recorder.settle("netfilter")
            self.assertEqual([change for change in recorder.since(position) if CONNECTION in change["address"]], [])


# ---- Sets ----


def saved():
    """What ipset(8) would make all sets of again, without what moves by itself; entries by their sets, whatever the hash's order."""
    lines = check(["ipset", "save"]).splitlines()
    return sorted(re.sub(r" (?:hashsize \d+|initval \w+|(?:packets|bytes) \d+|timeout [1-9]\d*(?= |$)(?=.*add)?)" if line.startswith("create") else
                         r" (?:packets|bytes) \d+| timeout [1-9]\d*", "", line) for line in lines)


def port_of(record):
    if "port" not in record:
        return []
    if record.get("protocol") == "icmp":
        return [f"icmp:{ {2048: 'echo-request'}[record['port']]}"]
    return [f"{record['protocol']}:{record['port']}" if "protocol" in record else str(record["port"])]


def address_of(record, name, length):
    return [record[name] + (f"/{record[length]}" if length in record else "")] if name in record else []


def entry_mine(record):
    """The line of `ipset save`."""
    parts = [record["member"]] if "member" in record else []
    parts += address_of(record, "ip", "cidr") + port_of(record)
    parts += ([f"{int(record['mark'], 16):#010x}"] if "mark" in record else []) + ([record["ether"]] if "ether" in record else []) + address_of(record, "ip2", "cidr2")
    flags = record.get("flags", [])
    parts += [("physdev:" if "physdev" in flags else "") + record["iface"]] if "iface" in record else []
    line = f"add {record['set']} {','.join(parts)}"
    line += " timeout 0" if record.get("timeout") == 0 else ""
    line += f" comment \"{record['comment']}\"" if "comment" in record else ""
    if "skbmark" in record:
        mark = int(record["skbmark"], 16)
        line += f" skbmark {mark >> 32:#x}/{mark & 0xffffffff:#x}"
    line += f" skbprio {record['skbprio']}" if "skbprio" in record else ""
    line += f" skbqueue {record['skbqueue']}" if "skbqueue" in record else ""
    return line + (" nomatch" if "nomatch" in flags else "")


def words_of(line):
    """The words behind the type of a set, those without a value as true."""
    words, found = line.split()[3:], {}
    while words:
        word = words.pop(0)
        found[word] = True if word in ("counters", "comment", "forceadd", "skbinfo") else words.pop(0)
    return found


def set_mine(record):
    header = record["header"]
    found = {name: str(header[name]) for name in ("hashsize", "maxelem", "netmask", "size", "timeout", "bucketsize", "initval", "markmask") if name in header}
    found.update({flag: True for flag in header.get("flags", [])})
    if record["type"].startswith("hash") and record["family"] != "unspec":
        found["family"] = record["family"]
    if "ip" in header:
        found["range"] = f"{header['ip']}-{header['ip_to']}"
    if "port" in header:
        found["range"] = f"{header['port']}-{header['port_to']}"
    return found


class Sets(Case):
    def setUp(self):
        super().setUp()
        self.made = netfilter_state.make_sets()

    def test_read(self):
        self.assertGreater(len(self.made), 30)
        lines = check(["ipset", "save"]).splitlines()
        mine = objects(SET)
        theirs = {line.split()[1]: line for line in lines if line.startswith("create")}
        self.assertEqual(set(mine), set(theirs))
        for name, record in mine.items():
            expected = words_of(theirs[name])
            for each in "initval", "markmask":
                if each in expected:
                    expected[each] = hex(int(expected[each], 16))
            ours = set_mine(record)
            if name == "cut":  # ipset(8) does not print it behind a netmask
                self.assertTrue(ours.pop("forceadd"))
                expected.pop("forceadd", None)
            self.assertEqual((record["type"], ours), (theirs[name].split()[2], expected))
        self.assertEqual(sorted(entry_mine(record) for record in objects(ENTRY).values()), [line for line in saved() if line.startswith("add")])

    def test_paths(self):
        """What ls prints leads back."""
        for address in check([ferrytest.FERRY, "ls", ENTRY]).splitlines():
            self.assertEqual(ferry("get", "-n", f"{address}/set").stdout.strip(), address.split("/")[3], address)
        wrong = ferry("get", f"{ENTRY}/addresses/10.0.0.1,tcp:99999")
        self.assertEqual(wrong.returncode, 3)

    def test_set(self):
        done = ferry("set", f"{SET}/fresh={{type=\"hash:ip,port\", header={{maxelem=77, flags=[comment]}}}}", f"{ENTRY}/fresh/10.0.0.1,tcp:80={{comment=\"a b\"}}",
                     f"{ENTRY}/nets/2001:db8:7::/48={{flags=[nomatch]}}", f"{ENTRY}/addresses/10.0.0.1/comment=changed")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = check(["ipset", "save"])
        for expected in ("create fresh hash:ip,port family inet hashsize 1024 maxelem 77 comment", "add fresh 10.0.0.1,tcp:80 comment \"a b\"",
                         "add nets 2001:db8:7::/48 nomatch", "comment \"changed\""):
            self.assertIn(expected, lines)
        # What stands in another may not go: nothing of it is done.
        before = saved()
        done = ferry("set", "--", f"-{ENTRY}/fresh/10.0.0.1,tcp:80", f"-{SET}/addresses")
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)
        self.assertEqual(saved(), before)

    def test_refused(self):
        for wrong, words in ((f"{ENTRY}/numbers/5000={{}}", "IPSET_CMD_ADD"), (f"{ENTRY}/none/5={{}}", "No such file"), (f"{SET}/x={{type=\"hash:nonsense\"}}", "there is no type of set"),
                             (f"{ENTRY}/cut/10.9.9.9={{comment=x}}", "without comments"), (f"{ENTRY}/six/10.9.9.9={{}}", "does not take a request of this form")):
            done = ferry("set", wrong)
            self.assertEqual(done.returncode, 1, f"{wrong}: {done.stdout}")
            self.assertIn(words, done.stderr)

    def test_declared(self):
        """What a snapshot says comes back, and nothing more is to be done then."""
        before = saved()
        document = os.path.join(tempfile.gettempdir(), "sets")
        check([ferrytest.FERRY, "snapshot", "netlink/netfilter", "-o", document])
        check(["ipset", "flush"])
        check(["ipset", "destroy"])
        check(["nfacct", "add", "other"])
        done = ferry("apply", document)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([re.sub(" timeout 0", "", line) for line in saved()], [re.sub(" timeout 0", "", line) for line in before])
        again = ferry("plan", document)
        self.assertEqual((again.returncode, again.stdout), (0, ""), again.stderr)


OTHER_WORDS = [
    "add cut 10.77.7.7", "add cut 10.78.1.0-10.78.4.255", "add addresses 10.9.0.0/29", "add addresses 10.9.1.5-10.9.1.1", "add nets 2001:db8:5::1/48", "add v4nets 10.5.5.5/9",
    "add v4nets 192.168.0.1-192.168.1.9", "add ports 10.0.0.1-10.0.0.3,tcp:80-82 -exist", "add ports 10.0.0.1,47:0", "add ports 10.0.3.0/30,udp:5",
    "add wide 10.0.0.1-10.0.0.2,tcp:80-81,10.1.0.0-10.1.3.7", "add ways 10.0.0.1,tcp:81,10.1.2.3/16", "add doors 10.0.0.1-10.0.0.6,tcp:1-3", "add links 0.0.0.0/0,eth5",
    "add links 10.9.9.9/8,physdev:eth6", "add numbers 180-170", "add macs 10.0.0.7", "add macs 10.0.0.8,02:00:00:00:00:09", "del macs 10.0.0.5", "add block 10.0.9.77", "add block 10.0.16.0/20",
    "add list macs before addresses", "add marks 10.0.0.2,0x1ff", "add marks 10.1.0.0/30,3", "add stations 02:00:00:00:00:0a", "add both 10.2.3.4/8,10.1.2.3/24", "add owners 10.0.0.2,02:00:00:00:00:0b",
    "add all 10.2.3.4/8,udp:5-6,10.1.2.3/24", "del addresses 10.9.0.0/30", "add evicting 10.0.0.1-10.0.1.244", "add evicting 10.0.9.9", "del v4nets 192.168.0.1-192.168.1.9", "swap one two",
    "rename numbers digits", "flush list", "destroy list", "flush", "destroy",
]


class Recording(Case):
    def setUp(self):
        super().setUp()
        netfilter_state.make_sets()
        self.recorder = self.enterContext(Recorder())

    def everything(self):
        return saved(), check(["nfacct", "list"])

    def told(self, command):
        """The changes that COMMAND made."""
        position = self.recorder.settle("netfilter")
        done = shell("exec " + command)
        self.assertEqual(done.status, 0, done)
        self.recorder.settle("netfilter")
        found = [change for change in self.recorder.since(position) if change.get("address", "").startswith((SET, COUNTER))]
        for change in found:
            self.assertEqual((change["actor"]["pid"], change["door"], change["consistency"]), (done.pid, "netlink", "inferred"), brief(change))
        return found

    def there_and_back(self, command, *expected):
        before = self.everything()
        found = self.told(command)
        self.assertEqual(sorted((change["kind"], change["address"]) for change in found), sorted(expected), listing(found))
        self.assertNotEqual(self.everything(), before)
        # One command is taken back as one: what followed from its first change with it.
        undone = ferry("undo", "--db", self.recorder.db, "-c", found[0]["id"])
        self.assertEqual(undone.returncode, 0, f"{listing(found)}\n{undone.stdout}{undone.stderr}")
        self.assertEqual(self.everything(), before, command)

    def test_entry(self):
        self.there_and_back("ipset add cut 10.7.7.7", ("added", f"{ENTRY}/cut/10.7.7.0"))
        self.there_and_back("ipset del doors 10.5.0.0/16,tcp:443", ("removed", f"{ENTRY}/doors/10.5.0.0/16,tcp:443"))
        self.there_and_back("ipset add numbers 160-162", *(("added", f"{ENTRY}/numbers/{port}") for port in (160, 161, 162)))
        self.there_and_back("ipset -exist add addresses 10.0.0.1 comment other", ("changed", f"{ENTRY}/addresses/10.0.0.1"))

    def test_set(self):
        self.there_and_back("ipset create more hash:ip", ("added", f"{SET}/more"))
        self.there_and_back("ipset destroy cut", ("removed", f"{SET}/cut"), ("removed", f"{ENTRY}/cut/10.3.0.0"))
        self.there_and_back("ipset flush ways", *(("removed", f"{ENTRY}/ways/10.0.0.1,tcp:80,10.1.0.0/{length}") for length in (16, 17)))
        self.there_and_back("ipset rename six sixth", ("removed", f"{SET}/six"), ("removed", f"{ENTRY}/six/fe80::1"), ("added", f"{SET}/sixth"), ("added", f"{ENTRY}/sixth/fe80::1"))

    def test_expired(self):
        """What went because its time was over did not go by who asked for the next change."""
        check(["ipset", "create", "brief", "hash:ip", "timeout", "1"])
        position = self.recorder.settle("netfilter")
        check(["ipset", "add", "brief", "10.0.0.1"])
        self.recorder.settle("netfilter")
        ferrytest.until("the end of the entry", lambda: "10.0.0.1" not in check(["ipset", "list", "brief"]))
        done = shell("exec ipset add cut 10.7.7.7")
        self.recorder.settle("netfilter")
        found = [(change["kind"], change["address"], change["actor"]["comm"], change["door"]) for change in self.recorder.since(position) if change.get("address", "").startswith(ENTRY)]
        self.assertEqual((done.status, sorted(found)), (0, [("added", f"{ENTRY}/brief/10.0.0.1", "ipset", "netlink"), ("added", f"{ENTRY}/cut/10.7.7.0", "ipset", "netlink"),
                                                             ("removed", f"{ENTRY}/brief/10.0.0.1", "expiry", "kernel")]), listing(self.recorder.since(position)))

    def test_ends_by_itself(self):
        """The end of what was made for a time is told when it comes, though nobody asks for anything; what packets have given more time is looked at, and told when that is over."""
        check(["ipset", "create", "brief", "hash:ip", "timeout", "1"])
        check(["nft", "-f", "-"], input="""table inet brief {
            set many { type ipv4_addr; flags dynamic, timeout; }
            chain in { type filter hook input priority 0; udp dport 9 update @many { ip saddr timeout 1h }; }
        }""")
        position = self.recorder.settle("netfilter")
        check(["ipset", "add", "brief", "10.0.0.1"])
        check("nft add element inet brief many { 127.0.0.1 timeout 6s, 10.0.0.1 timeout 1s }".split())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", 9))
        renewed = json.loads(check("nft -j list set inet brief many".split()))["nftables"][1]["set"]["elem"]
        self.assertGreater([element["elem"]["expires"] for element in renewed if element["elem"]["val"] == "127.0.0.1"][0], 3000, renewed)
        # A second one, whose end comes after that which the packet has put off.
        check("nft add element inet brief many { 10.0.0.2 timeout 8s }".split())
        wanted = [f"{ENTRY}/brief/10.0.0.1"] + [f"netlink/netfilter/element/inet/brief/many/0x0a00000{number}" for number in (1, 2)]
        ends = lambda: [change for change in self.recorder.since(position) if change["kind"] == "removed"]
        self.recorder.wait("the ends", lambda: len(ends()) >= len(wanted))
        self.assertEqual(sorted(change["address"] for change in ends()), sorted(wanted), listing(ends()))
        for change in ends():
            self.assertEqual((change["actor"]["comm"], change["door"], change["consistency"]), ("expiry", "kernel", "inferred"), brief(change))
        position = self.recorder.settle("netfilter")
        done = shell("exec nft delete element inet brief many { 127.0.0.1 }")
        self.recorder.settle("netfilter")
        self.assertEqual([change["actor"]["pid"] for change in ends()], [done.pid], listing(self.recorder.since(position)))

    def test_elements_of_packets(self):
        """What packets add to a set of nftables, or take out of it, is no one's word; who adds or removes an element that they have had is told with it, and what is not known is marked."""
        check(["nft", "-f", "-"], input="""table inet filled {
            set plain { type ipv4_addr; flags dynamic; }
            set timed { type ipv4_addr; flags dynamic, timeout; }
            chain in { type filter hook input priority 0
                udp dport 9 add @plain { ip saddr }
                udp dport 9 update @timed { ip saddr timeout 1h }
                udp dport 10 delete @plain { ip saddr }
            }
        }""")

        def packet(port):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"", ("127.0.0.1", port))

        def told(command):
            position = self.recorder.settle("netfilter")
            done = shell("exec nft " + command)
            self.assertEqual(done.status, 0, done)
            self.recorder.settle("netfilter")
            pids = {done.pid: "nft", None: None}
            return [(change["kind"], change["address"].split("/")[5], pids[change["actor"].get("pid")], change["consistency"]) for change in self.recorder.since(position)
                    if "element/inet/filled" in change.get("address", "")]

        self.assertEqual(told("add element inet filled plain { 127.0.0.1 }"), [("added", "plain", "nft", "whole")])
        packet(10)
        self.assertNotIn("127.0.0.1", check("nft list set inet filled plain".split()))
        self.assertEqual(told("add element inet filled plain { 127.0.0.1 }"), [("removed", "plain", None, "inferred"), ("added", "plain", "nft", "whole")])
        packet(9)
        self.assertIn("127.0.0.1", check("nft list set inet filled timed".split()))
        self.assertEqual(told("add element inet filled plain { 127.0.0.1 }"), [])
        # Older kernels leave the time of one that stands as it is, and say nothing.
        self.assertIn(told("add element inet filled timed { 127.0.0.1 timeout 5m }"), ([], [("added", "timed", "nft", "unknown")]))
        self.assertEqual(told("flush set inet filled timed"), [("removed", "timed", "nft", "whole")])
        self.assertEqual(told("delete element inet filled plain { 127.0.0.1 }"), [("removed", "plain", "nft", "whole")])

    def test_who_named_it(self):
        """Of programs that ask at once, each is told with what its request names; and what packets have put into a set is nobody's."""
        for name in "one", "two", "packets":
            check(["ipset", "create", name, "hash:ip"])
        filled = run(["iptables", "-A", "INPUT", "-i", "lo", "-p", "udp", "--dport", "9", "-j", "SET", "--add-set", "packets", "src"])
        self.addCleanup(run, ["iptables", "-F", "INPUT"])
        position = self.recorder.settle("netfilter")
        if filled.status == 0:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"", ("127.0.0.1", 9))
            ferrytest.until("the packet's address", lambda: "127.0.0.1" in check(["ipset", "list", "packets"]))
        else:
            print("# iptables cannot let packets fill a set here: not to be judged")
        both = [ferrytest.subprocess.Popen(["ipset", "add", name, f"10.0.0.{number}"]) for number, name in enumerate(("one", "two"))]
        self.assertEqual([each.wait() for each in both], [0, 0])
        self.recorder.settle("netfilter")
        found = {change["address"]: change["actor"].get("pid") for change in self.recorder.since(position) if change.get("address", "").startswith(ENTRY)}
        wanted = {f"{ENTRY}/{name}/10.0.0.{number}": both[number].pid for number, name in enumerate(("one", "two"))}
        self.assertEqual(found, wanted | ({f"{ENTRY}/packets/127.0.0.1": None} if filled.status == 0 else {}), listing(self.recorder.since(position)))

    def packets(self, *rules):
        """Lets packets to our own port fill sets, each as a rule says. False: not here."""
        self.addCleanup(run, ["iptables", "-F", "INPUT"])
        for rule in rules:
            if run(["iptables", "-A", "INPUT", "-i", "lo", "-p", "udp", "--dport", "9", "-j", "SET", *rule.split()]).status != 0:
                print("# iptables cannot let packets fill a set here: not to be judged")
                return False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 77))
            sender.sendto(b"", ("127.0.0.1", 9))
        return True

    def told_beside(self, *commands):
        """The entries that differ since POSITION after COMMANDS, and which of these did it: its place, None for nobody."""
        position = self.recorder.settle("netfilter")
        filled = self.packets("--add-set seen src", "--add-set seen6 src,src", "--del-set gone src", "--add-set where src,src")
        pids = [shell("exec " + command) for command in commands]
        self.assertEqual([done.status for done in pids], [0] * len(commands), pids)
        self.recorder.settle("netfilter")
        found = {(change["kind"], change["address"].removeprefix(ENTRY + "/")): change["actor"].get("pid") for change in self.recorder.since(position)
                 if change.get("address", "").startswith(ENTRY)}
        numbers = {done.pid: number for number, done in enumerate(pids)}
        return filled, {key: numbers[pid] if pid else None for key, pid in found.items()}

    def test_packets_beside(self):
        """What packets put into the very set that somebody changes, or take out of it, is not his."""
        for line in ("create seen hash:ip", "create seen6 hash:ip,port", "create gone hash:ip", "create where hash:net,port", "add gone 127.0.0.1", "add gone 10.0.0.1",
                     "add where 10.0.0.0/16,udp:1"):
            check(["ipset", *line.split()])
        filled, found = self.told_beside("ipset add seen 10.1.0.0/30", "ipset del gone 10.0.0.1", "ipset add seen6 127.0.0.1,udp:78-79", "ipset add where 127.0.0.1,udp:76-78")
        wanted = {("added", f"seen/10.1.0.{number}"): 0 for number in range(4)}
        wanted |= {("removed", "gone/10.0.0.1"): 1, ("added", "seen6/127.0.0.1,udp:78"): 2, ("added", "seen6/127.0.0.1,udp:79"): 2}
        wanted |= {("added", f"where/127.0.0.1/32,udp:{port}"): 3 for port in (76, 77, 78)}
        if filled:  # of a network with ports the first one that there is says how wide the packet's is
            wanted |= {("added", "seen/127.0.0.1"): None, ("removed", "gone/127.0.0.1"): None, ("added", "seen6/127.0.0.1,udp:77"): None, ("added", "where/127.0.0.0/16,udp:77"): None}
        self.assertEqual(found, wanted)

    def test_half_done(self):
        """A request for several that is refused at one of them has done the others."""
        check(["ipset", "create", "few", "hash:ip", "maxelem", "5"])
        position = self.recorder.settle("netfilter")
        done = shell("exec ipset add few 10.0.0.1-10.0.0.9")
        self.assertNotEqual(done.status, 0)
        self.recorder.wait("what it has done", lambda: sum(change["kind"] == "added" for change in self.recorder.since(position)) >= 5)
        found = [change for change in self.recorder.since(position) if change.get("address", "").startswith(ENTRY)]
        self.assertEqual({change["actor"].get("pid") for change in found}, {done.pid}, listing(found))
        self.assertEqual([change["address"] for change in found if change["result"] != "ok"], [f"{ENTRY}/few/10.0.0.1"], listing(found))
        self.assertEqual(sum(change["result"] == "ok" for change in found), 5, listing(found))

    def test_packets_before_flush(self):
        """A flush takes what packets have put there as well: that is its own doing."""
        check(["ipset", "create", "seen", "hash:ip"])
        check(["ipset", "add", "seen", "10.0.0.1"])
        position = self.recorder.settle("netfilter")
        filled = self.packets("--add-set seen src")
        done = [shell("exec ipset " + words) for words in ("add seen 10.0.0.2", "flush seen")]
        self.recorder.settle("netfilter")
        found = [(change["kind"], change["address"].rsplit("/", 1)[1], change["actor"].get("pid")) for change in self.recorder.since(position) if change.get("address", "").startswith(ENTRY)]
        self.assertEqual([change for change in found if change[0] == "removed" and change[2] != done[1].pid], [], found)
        self.assertEqual([change[1:] for change in found if change[0] == "added" and change[1] != "127.0.0.1" and change[2] != done[0].pid], [], found)
        # Or it came and went between two looks.
        self.assertIn([change[2] for change in found if change[:2] == ("added", "127.0.0.1")], ([], [None]) if filled else ([],), found)

    def test_in_other_words(self):
        """A request may say in many ways what the kernel then tells in one: it is his that has asked for it."""
        more = ("create v4nets hash:net", "create wide hash:ip,port,net", "create evicting hash:ip hashsize 64 maxelem 500 forceadd", "create one hash:ip", "create two hash:ip comment",
                "add one 10.0.0.1", "add one 10.0.0.2", "add two 10.0.0.1 comment x")
        for line in more:
            check(["ipset", *line.split()])
        for words in OTHER_WORDS:
            with self.subTest(words):
                before = saved()
                if not {*words.split()[1:2]} <= {*check(["ipset", "list", "-n"]).split()}:
                    continue
                try:
                    told = self.told("ipset " + words)
                except AssertionError as error:
                    if "Hash is full" not in str(error):
                        raise
                    print("# this entry would stand alone, so that there is none to take the place of: not to be judged")
                    continue
                found = [change for change in told if "hashsize" not in json.dumps(change["after"]) or change["kind"] == "added"]
                changed = {" ".join(line.split()[:3]) for line in set(before) ^ set(saved())}
                self.assertGreater(len(changed), 0)
                self.assertEqual(len(found), len(changed), f"{sorted(changed)} {listing(found)}")

    def test_restored(self):
        """Many at once, in requests as long as ipset(8) makes them, beside a packet's."""
        check(["ipset", "create", "seen", "hash:ip", "comment"])
        lines = [f"add seen 10.0.{number // 250}.{number % 250} comment \"entry number {number}\"" for number in range(3000)] + ["create other hash:net", "add other 10.0.0.0/9"]
        position = self.recorder.settle("netfilter")
        filled = self.packets("--add-set seen src")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            done = shell(f"exec ipset restore -f {file.name}")
        self.assertEqual(done.status, 0, done)
        self.recorder.wait("the last of it", lambda: any(change.get("address") == f"{ENTRY}/other/10.0.0.0/9" for change in self.recorder.changes))
        found = {change["address"]: change["actor"].get("pid") for change in self.recorder.since(position) if change.get("address", "").startswith((SET, ENTRY))}
        wanted = {f"{ENTRY}/seen/{line.split()[2]}": done.pid for line in lines if line.startswith("add seen")}
        wanted |= {f"{SET}/other": done.pid, f"{ENTRY}/other/10.0.0.0/9": done.pid}
        found.pop(f"{SET}/seen", None)  # its hash grows
        self.assertEqual(found, wanted | ({f"{ENTRY}/seen/127.0.0.1": None} if filled else {}))

    def test_counter(self):
        self.there_and_back("nfacct add seen", ("added", f"{COUNTER}/seen"))
        check("nfacct add quota byte 5000".split())
        self.there_and_back("nfacct delete quota", ("removed", f"{COUNTER}/quota"))

    def test_refused(self):
        position = self.recorder.settle("netfilter")
        done = shell("exec ipset add cut 10.3.0.0")
        self.assertNotEqual(done.status, 0)
        self.recorder.settle("netfilter")
        found = [change for change in self.recorder.since(position) if change.get("address", "").startswith(SET)]
        self.assertEqual([(change["kind"], change["address"], change["actor"]["pid"]) for change in found], [("changed", f"{ENTRY}/cut/10.3.0.0", done.pid)], listing(found))
        self.assertNotEqual(found[0]["result"], "ok")
        self.assertIn("is there already", found[0]["message"])

    def test_several_at_once(self):
        """All of it is told, and nobody is named who did nothing; where several ask in one moment, nobody."""
        position = self.recorder.settle("netfilter")
        done = [ferrytest.subprocess.Popen(["ipset", "add", "cut", f"10.{number}.0.0"]) for number in range(20, 60)]
        for each in done:
            self.assertEqual(each.wait(), 0)
        self.recorder.settle("netfilter")
        found = [change for change in self.recorder.since(position) if change.get("address", "").startswith(ENTRY)]
        self.assertEqual(sorted(change["address"] for change in found), sorted(f"{ENTRY}/cut/10.{number}.0.0" for number in range(20, 60)))
        pids = {each.pid for each in done}
        for change in found:
            self.assertIn(change["actor"].get("pid") or min(pids), pids, brief(change))


# ---- Queues and logs of programs ----


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


class Programs(unittest.TestCase):
    """What a program has asked for is its own word on it."""

    def ask(self, subsystem, message, number, *attributes):
        body = struct.pack(">BBH", 0, 0, number) + b"".join(attributes)
        self.socket.send(struct.pack("IHHII", 16 + len(body), subsystem << 8 | message, 5, 1, 0) + body)
        answer = self.socket.recv(4096)
        self.assertEqual((struct.unpack_from("H", answer, 4)[0], struct.unpack_from("i", answer, 16)[0]), (2, 0), answer)

    def setUp(self):
        self.socket = self.enterContext(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))
        self.socket.bind((0, 0))

    def row(self, file, number):
        found, = json.loads(ferry("get", "--json", f"procfs/net/netfilter/{file}/{number}").stdout).values()
        return found

    def test_queue(self):
        self.ask(3, 2, 5, attribute(1, struct.pack(">BxH", 1, 0)), attribute(2, struct.pack(">IB", 777, 2)))
        row = self.row("nfnetlink_queue", 5)
        self.assertEqual((row["port"], row["copy_mode"], row["copy_range"], row["waiting"]), (self.socket.getsockname()[0], "packet", 777, 0))

    def test_log(self):
        self.ask(4, 1, 6, attribute(1, b"\1"))
        self.ask(4, 1, 6, attribute(2, struct.pack(">IBx", 55, 2)), attribute(4, struct.pack(">I", 250)))
        row = self.row("nfnetlink_log", 6)
        self.assertEqual((row["port"], row["copy_mode"], row["copy_range"], row["timeout"]), (self.socket.getsockname()[0], "packet", 55, 250))


class Counters(Case):
    def test_read(self):
        made = netfilter_state.make_counters()
        root = tree.fromstring(check(["nfacct", "list", "xml"]))
        mine = objects(COUNTER)
        self.assertEqual({record["name"]: (record["packets"], record["bytes"]) for record in mine.values()},
                         {each.findtext("name"): (int(each.findtext("pkts")), int(each.findtext("bytes"))) for each in root})
        self.assertEqual(sorted(mine), sorted(words[0].replace(" ", "%20") for words in made))
        self.assertEqual({name: (record["flags"], record["quota"]) for name, record in mine.items() if "quota" in record},
                         {"by%20bytes": (["quota_bytes"], 100000), "packets": (["quota_packets"], 5)})

    def test_rights(self):
        done = ferrytest.run(["setpriv", "--reuid=65534", "--clear-groups", ferrytest.FERRY, "get", COUNTER])
        self.assertEqual(done.status, 4, done)
        self.assertIn("CAP_NET_ADMIN", done.err)


if __name__ == "__main__":
    ferrytest.run_cases()
