#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nftables: a rule of each expression that the kernel has, and rules at random, read as nft(8) tells them and as its own decoder (nft --debug=netlink) shows them;
recorded with who did it; set, removed and taken back, judged by `nft list ruleset` before and after."""
import json
import os
import random
import re
import socket
import subprocess
import unittest

import ferrytest
import nftables_state
from ferrytest import Recorder, brief, check, ferry, listing
from nftables_state import nft

SEED = int(os.environ.get("FERRY_SEED", "0")) or random.randrange(1 << 32)
BASE = "netlink/netfilter"


def objects(kind):
    done = ferry("get", "--json", f"{BASE}/{kind}")
    return {address.removeprefix(f"{BASE}/{kind}/"): record for address, record in json.loads(done.stdout or "{}").items()}


def ruleset(*options):
    return check(["nft", *options, "list", "ruleset"])


def told(kind):
    """What `nft -j` says of the objects of a kind."""
    return [each[kind] for each in json.loads(check(["nft", "-j", "list", "ruleset"]))["nftables"] if kind in each]


# ---- What libnftnl would print of a rule ----


def words(data):
    """A value as it stands in registers: words of four bytes, as this machine orders them."""
    data += bytes(-len(data) % 4)
    return " ".join(f"0x{int.from_bytes(data[at:at + 4], 'little'):08x}" for at in range(0, len(data), 4))


def value(data):
    if "verdict" in data:
        verdict = data["verdict"]
        return verdict["code"] + (f" -> {verdict['chain']}" if "chain" in verdict else "")
    return words(bytes.fromhex(data["value"]))


META = {"length": "len", "random": "prandom", "ibrname": "bri_iifname", "obrname": "bri_oifname"}
CT = {"packets": "pkts", "l3proto": "l3protocol", "event": "eventmask", "saddr_ip": "src_ip", "daddr_ip": "dst_ip", "saddr_ip6": "src_ip6", "daddr_ip6": "dst_ip6"}
OBJECTS = ["", "counter", "quota", "ct_helper", "limit", "connlimit", "tunnel", "ct_timeout", "secmark", "ct_expectation", "synproxy"]
LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"]
LOG = {"tcp_sequence": "tcpseq", "tcp_options": "tcpopt", "ip_options": "ipopt", "skuid": "uid", "ether": "macdecode"}
EXTENSIONS = {"ip6": "ipv6 ", "tcp": "tcpopt ", "ip": "ipv4 ", "sctp": "sctp chunk ", "dccp": "dccp "}


def bytecode(expression):
    """A line of nft --debug=netlink."""
    name, data = expression["name"], expression.get("data", {})
    shapes = {
        "payload": lambda: f"load {data['len']}b @ {data['base']} header + {data['offset']} => reg {data['dreg']}" if "dreg" in data else None,
        "meta": lambda: f"load {META.get(data['key'], data['key'])} => reg {data['dreg']}" if "dreg" in data else f"set {META.get(data['key'], data['key'])} with reg {data['sreg']}",
        "ct": lambda: (f"load {CT.get(data['key'], data['key'])} => reg {data['dreg']}" + (f" , dir {data['direction']}" if "direction" in data else "")
                       if "dreg" in data else f"set {CT.get(data['key'], data['key'])} with reg {data['sreg']}"),
        "cmp": lambda: f"{data['op']} reg {data['sreg']} {value(data['data'])}",
        "range": lambda: f"{data['op']} reg {data['sreg']} {value(data['from'])} {value(data['to'])}",
        "immediate": lambda: f"reg {data['dreg']} {value(data['data'])}",
        "lookup": lambda: f"reg {data['sreg']} set {data['set']}" + (f" dreg {data['dreg']}" if "dreg" in data else "") + (" 0x1" if data["flags"] else " 0x0"),
        "bitwise": lambda: (f"reg {data['dreg']} = ( reg {data['sreg']} & {value(data['mask'])} ) ^ {value(data['xor'])}" if data["op"] == "mask_xor" else
                            f"reg {data['dreg']} = ( reg {data['sreg']} {'<<' if data['op'] == 'lshift' else '>>'} {value(data['data'])} )"),
        "byteorder": lambda: f"reg {data['dreg']} = {data['op']}(reg {data['sreg']}, {data['size']}, {data['len']})",
        "counter": lambda: f"pkts {data['packets']} bytes {data['bytes']}",
        "limit": lambda: None if data["unit"] not in (1, 60) else
        f"rate {data['rate']}/{'second' if data['unit'] == 1 else 'minute'} burst {data['burst']} type {data['type']} flags 0x{int(bool(data['flags']))}",
        "connlimit": lambda: f"count {data['count']} flags {int(bool(data['flags']))}",
        "quota": lambda: f"bytes {data['bytes']} consumed {data['consumed']} flags {int('over' in data['flags'])}",
        "reject": lambda: f"type {['icmp_unreachable', 'tcp_reset', 'icmpx_unreachable'].index(data['type'])} code {data.get('icmp_code', 0)}",
        "objref": lambda: f"type {OBJECTS.index(data['type'])} name {data['name']}" if "name" in data else f"sreg {data['sreg']} set {data['set']}",
        "numgen": lambda: f"reg {data['dreg']} = {data['type']} mod {data['modulus']}" + (f" offset {data['offset']}" if data["offset"] else ""),
        "hash": lambda: (f"reg {data['dreg']} = jhash(reg {data['sreg']}, {data['len']}, {data.get('seed', '0x0')}) % mod {data['modulus']}" if data["type"] == "jhash" else
                         f"reg {data['dreg']} = symhash() % mod {data['modulus']}"),
        "rt": lambda: f"load {dict(nexthop_ip='nexthop4', nexthop_ip6='nexthop6', mtu='tcpmss').get(data['key'], data['key'])} => reg {data['dreg']}",
        "socket": lambda: f"load {data['key']} => reg {data['dreg']}",
        "fib": lambda: f"{' . '.join(flag for flag in data['flags'] if flag != 'present')} {data['result']}{' present' if 'present' in data['flags'] else ''} => reg {data['dreg']}",
        "exthdr": lambda: (f"load {EXTENSIONS[data['op']]}{data['len']}b @ {data['type']} + {data['offset']}{' present' if data['flags'] else ''} => reg {data['dreg']}"
                           if "dreg" in data and data["op"] != "sctp" else None),
        "log": lambda: ((f"prefix {data['prefix']} " if "prefix" in data else "") +
                        (f"group {data['group']} snaplen {data.get('snaplen', 0)} qthreshold {data.get('queue_threshold', 0)}" if "group" in data else
                         " ".join([f"level {LEVELS.index(data['level'])}", *(LOG[flag] for flag in data.get("flags", []) if flag in LOG)]))),
        "dynset": lambda: None if "expression" in data or "expressions" in data else
        f"{data['op']} reg_key {data['sreg_key']} set {data['set']}" + (f" sreg_data {data['sreg_data']}" if "sreg_data" in data else "") + f" timeout {data['timeout']}ms",
        "synproxy": lambda: f"mss {data['mss']} wscale {data['wscale']}",
        "xfrm": lambda: f"load {data['dir']} {data['spnum']} {data['key']} => reg {data['dreg']}",
        "osf": lambda: f"dreg {data['dreg']}",
    }
    return name, shapes[name]() if name in shapes else None


def theirs_by_rule():
    """nft's own bytecode: (family, table, chain, handle): lines."""
    found, rule = {}, None
    for line in ruleset("--debug=netlink", "-a").splitlines():
        head = re.match(r"^(\S+) (\S+) (\S+) (\d+)(?: \d+)?\s*$", line)
        if head:
            rule = found.setdefault("/".join(head.groups()), [])
        elif rule is not None and line.startswith("  [ "):
            rule.append(re.sub(r"\s*\]?\s*$", "", line[4:]))
        else:
            rule = None
    return found


class Case(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        nft("flush", "ruleset")
        self.addCleanup(nft, "flush", "ruleset")

    def changes(self, position):
        self.recorder.settle("netfilter")
        return [change for change in self.recorder.since(position) if change.get("address", "").startswith(f"{BASE}/")]

    def run_nft(self, text):
        done = ferrytest.run(["nft", "-f", self.write(text)])
        self.assertEqual(done.status, 0, done)
        return done.pid

    def write(self, text):
        path = os.path.join(self.recorder.folder, "ruleset")
        with open(path, "w") as file:
            file.write(text)
        return path


class Reading(Case):
    def compare(self, expression, line):
        name, mine = bytecode(expression)
        self.assertEqual(line.split()[0], name, line)
        if mine is not None:
            self.assertEqual(f"{name} {mine}".split(), line.split(), json.dumps(expression))

    def test_rules(self):
        """Every expression that the kernel takes, against nft's own reading of the same bytes."""
        made = nftables_state.make_all()
        self.assertGreater(len(made), 60)
        theirs, ours = theirs_by_rule(), objects("rule")
        self.assertEqual(sorted(theirs), sorted(ours))
        self.assertEqual(len(ours), len(made))
        for address, rule in ours.items():
            self.assertEqual(len(rule["expressions"]), len(theirs[address]), f"{address} {theirs[address]}")
            for expression, line in zip(rule["expressions"], theirs[address]):
                self.assertNotIn("attribute ", json.dumps(expression), line)
                self.compare(expression, line)
        lacking = sorted({rule for chain, rules in nftables_state.RULES.items() for rule in rules if (chain, rule) not in made})
        print("rules that this kernel does not take, not to be judged here:", "; ".join(lacking))

    def test_order_and_position(self):
        """Each rule names the one before it; nft -a lists them so."""
        nftables_state.make_all()
        order = {}
        for each in told("rule"):
            order.setdefault((each["family"], each["table"], each["chain"]), []).append(each["handle"])
        rules = objects("rule")
        for place, handles in order.items():
            for before, handle in zip([None, *handles], handles):
                self.assertEqual(rules["/".join([*place, str(handle)])].get("position"), before)

    def test_comments(self):
        nftables_state.make_all()
        commented = [rule for rule in told("rule") if "comment" in rule]
        self.assertTrue(commented)
        for rule in commented:
            self.assertEqual(objects("rule")["/".join(map(str, (rule["family"], rule["table"], rule["chain"], rule["handle"])))]["userdata"], {"comment": rule["comment"]})

    def test_tables_and_chains(self):
        nftables_state.make_all()
        theirs, ours = told("chain"), objects("chain")
        self.assertEqual(sorted(ours), sorted(f"{each['family']}/{each['table']}/{each['name']}" for each in theirs))
        for each in theirs:
            mine = ours[f"{each['family']}/{each['table']}/{each['name']}"]
            self.assertEqual(mine["handle"], each["handle"])
            if "hook" in each:
                self.assertEqual((mine["hook"]["num"], mine["hook"]["priority"], mine["type"], mine["policy"]), (each["hook"], each["prio"], each["type"], each["policy"]))
                self.assertEqual(mine["hook"].get("device", "lo"), each.get("dev", "lo"))
            else:
                self.assertNotIn("hook", mine)
        self.assertEqual(sorted(objects("table")), sorted(f"{each['family']}/{each['name']}" for each in told("table")))
        self.assertEqual(objects("table")["arp/t"]["userdata"], {"comment": "whose it is"})

    def test_sets_and_elements(self):
        nftables_state.make_all()
        sets = {f"{each['family']}/{each['table']}/{each['name']}": each for kind in ("set", "map") for each in told(kind)}
        ours, elements = objects("set"), objects("element")
        # Sets without a name nft does not list by themselves.
        self.assertEqual(sorted(name for name, each in ours.items() if "anonymous" not in each.get("flags", [])), sorted(sets))
        for name, each in sets.items():
            types = each["type"] if isinstance(each["type"], list) else [each["type"]]
            if not isinstance(types[0], dict):  # since nft 1.1 what it was made of, where that was said
                self.assertEqual(ours[name]["key_type"], " . ".join(types), name)
            self.assertEqual(ours[name].get("timeout", 0) // 1000, each.get("timeout", 0), name)
            for word in "interval", "timeout", "constant":
                self.assertEqual(word in ours[name].get("flags", []), word in each.get("flags", []) or (word == "timeout" and "timeout" in each), name)
        mine = {element["text"] for address, element in elements.items() if address.startswith("inet/t/hosts/")}
        self.assertEqual(mine, {each["elem"]["val"] if isinstance(each, dict) else each for each in sets["inet/t/hosts"]["elem"]})
        self.assertEqual({(e["text"], e["data_text"]) for a, e in elements.items() if a.startswith("inet/t/where/")},
                         {(str(key), data) for key, data in sets["inet/t/where"]["elem"]})
        self.assertEqual({e["text"] for a, e in elements.items() if a.startswith("inet/t/six/")}, set(sets["inet/t/six"]["elem"]))
        self.assertEqual({e["text"] for a, e in elements.items() if a.startswith("inet/t/exact/")}, {"10.0.0.1 . 80 . 0x00000001"})
        if "inet/t/what" in sets:
            self.assertEqual(elements["inet/t/what/catchall"]["data"], {"verdict": {"code": "accept"}})
        else:
            print("# this kernel has no element for all others: not to be judged here")
        self.assertEqual(elements["inet/t/hosts/0x01020304"]["userdata"], {"comment": "one"})
        self.assertEqual({e.get("timeout") for a, e in elements.items() if a.startswith("inet/t/aging/")}, {None, 2 * 86400 * 1000})

    def test_elements_by_their_types(self):
        """In addresses too, as documents have them: read, made, changed, removed; what is none of a set's type is told."""
        check(["nft", "-f", "-"], input="table inet x {\n chain o {\n }\n set s { type inet_service; flags timeout; elements = { 80 timeout 1h, 443 } }\n"
              " set r { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }\n set p { type ipv4_addr . mark; flags interval; elements = { 10.0.0.0/24 . 5-9 } }\n"
              " map m { type ifname : verdict; }\n}\n")
        element = f"{BASE}/element/inet/x"
        for address, text in ("s/80", "80"), ("r/10.0.0.0/8", "10.0.0.0"), ("p/10.0.0.0/24 . 5-9", None):
            told = json.loads(check([ferrytest.FERRY, "get", "--json", f"{element}/{address}"]))
            self.assertEqual([each.get("text") for each in told.values()], [text])
        self.assertEqual(ferry("get", f"{element}/s/81").returncode, 3)
        for address, words in ("s/ssh", '"ssh" is no key of the type of its set'), ("nosuch/80", "there is no"):
            self.assertIn(words, ferry("get", f"{element}/{address}").stderr)
        for argument in f"{element}/s/8080={{timeout=7200000}}", f"-{element}/s/80", f"{element}/m/eth0.5={{data={{verdict={{code=jump, chain=o}}}}}}":
            done = ferry("set", "--", argument)
            self.assertEqual(done.returncode, 0, done.stderr)
        check(["nft", "add element inet x s { 7 }"])
        check(["nft", "add element inet x s { 7 timeout 1m }"])
        updates = "7 timeout 1m" in check(["nft", "-s", "list", "ruleset"])
        done = ferry("set", f"{element}/s/443/timeout=60000")
        self.assertEqual((done.returncode, "this is what it made of it" in done.stderr), (0, False) if updates else (5, True), done.stderr)
        listed = check(["nft", "-s", "list", "ruleset"])
        self.assertEqual("443 timeout 1m" in listed, updates)
        self.assertRegex(listed, r"8080 timeout 2h")
        self.assertNotRegex(listed, r"\b80 timeout")
        self.assertIn('elements = { "eth0.5" : jump o }', listed)
        done = ferry("set", f"{element}/r/11.0.0.0/8={{}}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("to the kernel 11.0.0.0/8 is two elements", done.stderr)

    def test_objects(self):
        nftables_state.make_all()
        ours = objects("object")
        counter, quota, limit = told("counter"), told("quota"), told("limit")
        self.assertEqual(ours["inet/t/seen/counter"]["data"], {"bytes": counter[0]["bytes"], "packets": counter[0]["packets"]})
        self.assertEqual(ours["inet/t/much/quota"]["data"]["bytes"], quota[0]["bytes"])
        self.assertEqual({(each["name"], each["rate"]) for each in limit if each["name"] == "slow"}, {("slow", ours["inet/t/slow/limit"]["data"]["rate"])})
        self.assertEqual(ours["inet/t/help/ct_helper"]["data"]["name"], told("ct helper")[0]["type"])
        self.assertEqual(ours["inet/t/later/ct_expectation"]["data"]["dport"], told("ct expectation")[0]["dport"])
        self.assertEqual(ours["inet/t/proxy/synproxy"]["data"]["mss"], 1460)

    def test_each_address_leads_to_its_object(self):
        nftables_state.make_all()
        for kind in "table", "chain", "set", "object":
            for address in objects(kind):
                self.assertEqual(list(objects(f"{kind}/{address}")), [f"{BASE}/{kind}/{address}"])
        rules = list(objects("rule"))
        for address in self.random.sample(rules, 10):
            self.assertEqual(ferry("get", "-n", f"{BASE}/rule/{address}/handle").stdout.strip(), address.rpartition("/")[2])
        for address in self.random.sample(sorted(objects("element")), 10):
            self.assertTrue(ferry("get", f"{BASE}/element/{address}/key").returncode == 0 or address.endswith("catchall"), address)
        self.assertEqual(ferry("get", "-n", f"{BASE}/element/inet/t/hosts/1.2.3.4/text").stdout, "1.2.3.4\n")
        self.assertEqual(ferry("get", f"{BASE}/rule/inet/t/c/99999").returncode, 3)
        self.assertEqual(ferry("get", f"{BASE}/rule/inet/t/c/x").returncode, 3)

    def test_many(self):
        """10,000 rules and a set of 100,000 elements."""
        text = ["table inet t {", " set s { type ipv4_addr; elements = {", ", ".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(100000)), "} }", " chain c {"]
        check(["nft", "-f", "-"], input="\n".join([*text, *(f"  ip saddr 10.1.{n >> 8}.{n & 255} drop" for n in range(10000)), " }", "}"]))
        self.assertEqual(len(objects("rule")), 10000)
        elements = objects("element")
        self.assertEqual(len(elements), 100000)
        self.assertEqual(elements["inet/t/s/0x0a01869f"]["text"], "10.1.134.159")

    def test_without_rights(self):
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", ferrytest.FERRY, "get", f"{BASE}/rule"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("CAP_NET_ADMIN", done.stderr)


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def expect(self, text, *wanted):
        """Just these (kind, address) were told of the transaction TEXT, all by who made it."""
        position = self.recorder.settle("netfilter")
        pid = self.run_nft(text)
        found = self.changes(position)
        self.assertEqual(sorted((change["kind"], change["address"].removeprefix(f"{BASE}/")) for change in found), sorted(wanted), listing(found))
        for change in found:
            self.assertEqual((change["actor"]["pid"], change["door"]), (pid, "netlink"), brief(change))
        return found

    def test_transactions(self):
        """All of a transaction, whether or not several notices came in one datagram, with who made it."""
        self.expect("table inet t {\n set s { type ipv4_addr; elements = { 1.2.3.4, 5.6.7.8 } }\n counter n { }\n chain c { type filter hook input priority 0; tcp dport { 22, 80 } counter accept\n }\n}",
                    ("added", "table/inet/t"), ("added", "set/inet/t/s"), ("added", "element/inet/t/s/0x01020304"), ("added", "element/inet/t/s/0x05060708"),
                    ("added", "object/inet/t/n/counter"), ("added", "chain/inet/t/c"), ("added", "set/inet/t/__set0"), ("added", "element/inet/t/__set0/0x0016"),
                    ("added", "element/inet/t/__set0/0x0050"), ("added", "rule/inet/t/c/5"))
        changed, = self.expect("add chain inet t c { policy drop; }", ("changed", "chain/inet/t/c"))
        self.assertEqual((changed["before"], changed["after"]), ({"policy": "accept"}, {"policy": "drop"}))
        self.expect("delete element inet t s { 1.2.3.4 }", ("removed", "element/inet/t/s/0x01020304"))
        replaced = self.expect("replace rule inet t c handle 5 udp dport 53 accept", ("removed", "rule/inet/t/c/5"), ("added", "rule/inet/t/c/5"), ("removed", "set/inet/t/__set0"),
                               ("removed", "element/inet/t/__set0/0x0016"), ("removed", "element/inet/t/__set0/0x0050"))
        self.assertEqual(len(replaced), 5)
        self.expect("delete set inet t s", ("removed", "set/inet/t/s"), ("removed", "element/inet/t/s/0x05060708"))
        self.expect("flush ruleset", ("removed", "table/inet/t"), ("removed", "chain/inet/t/c"), ("removed", "rule/inet/t/c/5"), ("removed", "object/inet/t/n/counter"))

    def test_set_that_is_made_anew(self):
        """A set of the same name has elements of its own, also where both come in one transaction."""
        self.run_nft("table inet t {\n set s { type ipv4_addr; elements = { 1.2.3.4, 5.6.7.8 } }\n}")
        self.expect("flush ruleset\ntable inet t {\n set s { type ipv4_addr; elements = { 5.6.7.8 } }\n}", ("removed", "table/inet/t"), ("removed", "set/inet/t/s"), ("added", "table/inet/t"),
                    ("added", "set/inet/t/s"), ("removed", "element/inet/t/s/0x01020304"), ("removed", "element/inet/t/s/0x05060708"), ("added", "element/inet/t/s/0x05060708"))

    def test_large_transaction(self):
        """More notices than one datagram holds: each has who made it."""
        position = self.recorder.settle("netfilter")
        pid = self.run_nft("table inet t {\n chain c {\n" + "".join(f"  ip saddr 10.0.{n >> 8}.{n & 255} drop\n" for n in range(2000)) + " }\n}")
        found = self.changes(position)
        self.assertEqual(len(found), 2002)
        self.assertEqual({change["actor"]["pid"] for change in found}, {pid})
        position = self.recorder.settle("netfilter")
        pid = self.run_nft("delete table inet t")
        found = self.changes(position)
        self.assertEqual(({change["kind"] for change in found}, len(found), {change["actor"]["pid"] for change in found}), ({"removed"}, 2002, {pid}))

    def test_expired(self):
        """What went because its time was over went by the kernel, which tells no one, and not by who came next; and it can be added again."""
        element = f"{BASE}/element/inet/t/s/0x01020304"
        self.run_nft("table inet t {\n set s { type ipv4_addr; flags timeout; timeout 1s; }\n}")
        position = self.recorder.settle("netfilter")
        for text in "add element inet t s { 1.2.3.4 }", "add element inet t s { 1.2.3.4 }", "delete set inet t s":
            pid = self.run_nft(text)
            ferrytest.until("the end of the element", lambda: "1.2.3.4" not in ferrytest.run(["nft", "list", "ruleset"]).out)
        found = [(change["kind"], change["actor"]["comm"], change["door"]) for change in self.changes(position) if change["address"] == element]
        self.assertEqual(found, [("added", "nft", "netlink"), ("removed", "expiry", "kernel")] * 2, listing(self.changes(position)))
        self.assertEqual([change["actor"]["pid"] for change in self.changes(position) if change["address"] == f"{BASE}/set/inet/t/s"], [pid])

    def test_counters_are_no_change(self):
        self.run_nft("table inet t {\n chain c { type filter hook output priority 0; counter accept\n }\n}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packet:
            packet.sendto(b"one", ("127.0.0.1", 9))
        rule, = objects("rule").values()
        self.assertGreater(rule["expressions"][0]["data"]["packets"], 0)
        position = self.recorder.settle("netfilter")
        self.run_nft("add chain inet t c { policy accept; }")
        self.assertEqual(self.changes(position), [])

    def test_refused(self):
        """A transaction that the kernel refused is told with the request, the kernel's words and who."""
        position = self.recorder.settle("netfilter")
        done = ferrytest.run(["nft", "add", "rule", "inet", "nowhere", "c", "accept"])
        self.assertNotEqual(done.status, 0)
        change, = self.changes(position)
        self.assertEqual((change["kind"], change["result"], change["actor"]["pid"]), ("added", "ENOENT", done.pid), brief(change))
        self.assertIn("NFT_MSG_NEWRULE", change["message"])
        self.assertIn("attribute table", change["message"])


class WithoutContext(Case):
    """The kernel's own word on who it was, where BPF is not to be had: number and name of a thread, told behind all that a transaction has changed."""

    TRANSACTION = b"""
import os, socket, struct, sys, threading
def message(kind, flags, family, body=b"", resource=0):
    return struct.pack("=IHHII", 20 + len(body), kind, flags, 0, 0) + struct.pack(">BBH", family, 0, resource) + body
def work():
    open("/proc/thread-self/comm", "w").write("the worker")
    batch = message(0x10, 1, 0, resource=10) + message(0xa00, 0x401, 2, struct.pack("=HH4s", 8, 1, b"ttt")) + message(0x11, 1, 0, resource=10)
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    link.send(batch)
    print(os.getpid(), threading.get_native_id(), flush=True)
    sys.stdin.read()
thread = threading.Thread(target=work)
thread.start()
"""

    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder(wrapper=["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"]))

    def test_ended(self):
        """Number and name, also of several datagrams."""
        position = self.recorder.settle("netfilter")
        one = self.run_nft("table inet t {\n chain c {\n" + "".join(f"  ip saddr 10.0.{n >> 8}.{n & 255} drop\n" for n in range(1000)) + " }\n}")
        other = self.run_nft("delete table inet t")
        found = self.changes(position)
        self.assertEqual(len(found), 2 * 1002, listing(found[:10]))
        for kind, pid in ("added", one), ("removed", other):
            actors = {(change["actor"]["pid"], change["actor"]["comm"], change["door"]) for change in found if change["kind"] == kind}
            self.assertEqual(actors, {(pid, "nft", "netlink")})
        self.assertLessEqual({change["actor"].get("unknown") for change in found}, {None, "ended before it could be asked: the kernel told its number and name"})

    def test_lives(self):
        """All that /proc tells of it, of a thread as well."""
        position = self.recorder.settle("netfilter")
        process = subprocess.Popen(["python3", "-S", "-c", self.TRANSACTION], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            pid, tid = map(int, process.stdout.readline().split())
            change, = self.changes(position)
        finally:
            process.communicate()
        actor = change["actor"]
        self.assertEqual((change["address"], actor["pid"], actor["tid"], actor["comm"]), (f"{BASE}/table/ip/ttt", pid, tid, "the worker"))
        self.assertEqual(actor["argv"][:2], ["python3", "-S"])
        self.assertFalse(actor.get("unknown"))

    def test_in_a_pid_namespace(self):
        """A recorder there cannot take the kernel's number for one of its own."""
        with Recorder(wrapper=["unshare", "--pid", "--fork", "--mount-proc", "setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"]) as recorder:
            position = recorder.settle("netfilter")
            nft("add", "table", "inet", "t")
            recorder.settle("netfilter")
            change, = [change for change in recorder.since(position) if change["address"] == f"{BASE}/table/inet/t"]
        self.assertEqual((change["actor"]["pid"], change["actor"]["comm"]), (None, "nft"))
        self.assertIn("pid namespace", change["actor"]["unknown"])


ferrytest.run_cases()
