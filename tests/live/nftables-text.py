#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The text of a rule of nftables, byte for byte as `nft -a list ruleset` of nft 1.0 prints it, or such that a newer one makes the same rule of it: a rule of each expression that
the kernel takes, and rules at random."""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

import ferrytest
import nftables_random
import nftables_state
from ferrytest import FERRY, Recorder, check, ferry
from nftables_state import nft

os.environ["TZ"] = "UTC"
SEED = int(os.environ.get("FERRY_SEED", "0")) or random.randrange(1 << 32)
COUNT = int(os.environ.get("FERRY_RULES", "900"))
BASE = "netlink/netfilter/rule"
NEWER = not check(["nft", "--version"]).startswith("nftables v1.0.")


def theirs(*options):
    """What nft prints of each rule, by its address."""
    return {f"{BASE}/{address}": text for address, text in nftables_state.texts(*options).items()}


def replaced(texts):
    """What nft prints once each rule was replaced by what a text says, and the numbers of those that it does not take."""
    refused = set()
    for number, (address, text) in enumerate(zip(theirs(), texts)):
        family, table, chain, handle = address.removeprefix(f"{BASE}/").split("/")
        if not nft(f"replace rule {family} {table} {chain} handle {handle} {text}"):
            refused.add(number)
    return list(theirs().values()), refused


def by_chain(rules):
    found = {}
    for address, text in rules.items():
        found.setdefault(address.rpartition("/")[0], []).append(text)
    return found


def ours():
    return {address: rule["text"] for address, rule in json.loads(ferry("get", "--json", BASE).stdout or "{}").items()}


def spoken(script):
    """What `ferry trace` tells that a program of Python's says to nftables."""
    with tempfile.NamedTemporaryFile("r") as out:
        done = subprocess.run([FERRY, "trace", "--json", "-o", out.name, "--", sys.executable, "-c", script], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))})
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return [record for record in map(json.loads, out) if record["kind"] == "spoken" and record["address"].startswith("netlink/netfilter")]


def granted(records):
    """The rules that were asked for, by the address of their chain, in order: without those of transactions that were refused."""
    chains, asked = {}, []
    for record in records:
        if record["name"] == "begin":
            for rule in asked:
                chains.setdefault(f"{BASE}/{rule['family']}/{rule['table']}/{rule['chain']}", []).append(rule["text"])
            asked = []
        elif record["name"] == "hear" and record.get("error"):
            asked = []
        elif (record["address"], record["name"]) == (BASE, "new") and "chain" in record["asked"]:
            asked.append(record["asked"])
    return chains if not asked else granted([*records, {"name": "begin"}])


class Text(unittest.TestCase):
    def setUp(self):
        nft("flush", "ruleset")
        self.addCleanup(nft, "flush", "ruleset")

    def compare(self, least):
        expected, found = theirs(), ours()
        self.assertGreater(len(expected), least)
        self.assertEqual(sorted(found), sorted(expected))
        if NEWER:
            self.compare_meaning(expected, found)
            return
        for address, text in expected.items():
            self.assertEqual(found[address], text, f"{address}, FERRY_SEED={SEED}")

    def compare_meaning(self, expected, found):
        """Newer ones of nft print some expressions otherwise: they make the same of each text as of their own."""
        judge, refused_theirs = replaced(expected.values())
        mine, refused = replaced(found[address] for address in expected)
        print(f"# texts that this nft takes for no rule: {[found[list(expected)[number]] for number in refused]}")
        self.assertLess(len(refused), len(expected) / 10)
        for number, (now, wanted, address) in enumerate(zip(mine, judge, expected)):
            # A code of ICMP by its name means a type as well since nft 1.1.
            if number not in refused | refused_theirs and not re.search(r"icmp(v6)? (code|type) ", found[address]):
                self.assertEqual(now, wanted, f"{address}, FERRY_SEED={SEED}: {found[address]}")

    def test_every_expression(self):
        nftables_state.make_all()
        self.compare(100)

    def test_at_random(self):
        """500 rules and more, of those that nft and the kernel take."""
        nftables_state.make_frame()
        for chain in "ip t c", "ip6 t c { type filter hook input priority 0; }":
            check(["nft", f"add chain {chain}"])
        nftables_random.add(random.Random(SEED), COUNT)
        self.compare(500)

    def test_traced(self):
        """A rule that a program asks for reads as the one that stands there then, though its sets have no name yet."""
        if not ferrytest.can_trace():
            return
        nftables_state.make_frame()
        for chain in "ip t c", "ip6 t c { type filter hook input priority 0; }":
            check(["nft", f"add chain {chain}"])
        told = granted(spoken("import random, nftables_random as rules, nftables_state as state\n"
                              "rules.run(f'add rule {chain} {rule}' for chain, some in state.RULES.items() for rule in some)\n"
                              f"rules.add(random.Random({SEED}), {COUNT})"))
        judge = theirs()
        found = ours() if NEWER else judge
        made = by_chain({address: found[address] for address in judge})
        self.assertEqual(sorted(told), sorted(made))
        self.assertGreater(sum(map(len, made.values())), 500)
        for chain, texts in made.items():
            self.assertEqual(len(told[chain]), len(texts))
            for asked, text in zip(told[chain], texts):
                if not (NEWER and "[" in text):  # what has no words has another number once it stands there
                    self.assertEqual(asked, text, f"{chain}, FERRY_SEED={SEED}")

    def test_of_one(self):
        """A single rule is asked for with just the sets that it names."""
        check(["nft", "-f", "-"], input="table inet t {\n chain c {\n tcp dport { 1, 2-5 } accept\n ip saddr { 1.2.3.4 } drop\n }\n}\n")
        for address, text in theirs().items():
            self.assertEqual(ferry("get", "-n", f"{address}/text").stdout, text + "\n")

    def test_recorded(self):
        """A rule that comes, and one that goes with the sets that it named: without counts, which are of that moment."""
        check(["nft", "-f", "-"], input="table inet t {\n chain c {\n tcp dport { 1, 2-5 } counter accept comment \"old\"\n }\n}\n")
        with Recorder() as recorder:
            position = recorder.settle("netfilter")
            check(["nft", "-f", "-"], input="add rule inet t c ip saddr { 10.0.0.0/8, 1.2.3.4 } counter drop\nadd rule inet t c iif lo udp dport vmap { 53 : accept, 5 : drop }\n")
            expected = theirs("-s")
            check(["nft", "flush", "ruleset"])
            recorder.settle("netfilter")
            told = {(change["kind"], change["address"]): (change["before"] or change["after"])["text"] for change in recorder.since(position) if change["address"].startswith(BASE)}
        self.assertEqual({address: text for (kind, address), text in told.items() if kind == "removed"}, expected)
        self.assertEqual(len([kind for kind, _ in told if kind == "added"]), 2)
        self.assertLessEqual({address: text for (kind, address), text in told.items() if kind == "added"}.items(), expected.items())

    def test_chain_within(self):
        """nft prints a chain that a rule has for itself a rule a line; here it is one line, which nft takes."""
        check(["nft", "add table ip t"])
        check(["nft", "add chain ip t c"])
        check(["nft", "add rule ip t c ip saddr 1.2.3.4 jump { tcp dport { 22, 80 } accept; counter; return; }"])
        listed = check(["nft", "list", "chain", "ip", "t", "c"])
        inner = re.search(r"ip saddr 1\.2\.3\.4 jump {\n(.*)\n\t\t}", listed, re.S)[1]
        text, = (text for address, text in ours().items() if address.startswith(f"{BASE}/ip/t/c/"))
        self.assertEqual(text, f"ip saddr 1.2.3.4 jump {{ {' '.join(line.strip() + ';' for line in inner.splitlines())} }}")
        check(["nft", f"add rule ip t c {text}"])
        first, second = (text for address, text in ours().items() if address.startswith(f"{BASE}/ip/t/c/"))
        self.assertEqual(first, second)

    def test_what_cannot_be_said(self):
        """Expressions that nft has no word for are shown as they are, and what they imply is not left out."""
        check(["nft", "add table ip t"])
        check(["nft", "add chain ip t c"])
        rule = ("{expressions=[{name=meta, data={key=l4proto, dreg=1}}, {name=cmp, data={sreg=1, op=eq, data={value=06}}}, {name=payload, data={dreg=1, base=transport, offset=2, len=2}},"
                " {name=bitwise, data={sreg=1, dreg=2, len=2, mask={value=ff0f}, xor={value=0000}}}, {name=cmp, data={sreg=2, op=eq, data={value=0001}}}, {name=cmp, data={sreg=1, op=lt, data={value=01}}}, {name=counter}]}")
        done = ferry("set", f"{BASE}/ip/t/c/new={rule}")
        self.assertEqual(done.returncode, 0, done.stderr)
        text, = ours().values()
        self.assertEqual(text, "meta l4proto tcp tcp dport & 65295 == 1 [cmp {sreg=1, op=lt, data={value=01}}] counter packets 0 bytes 0")


ferrytest.run_cases()
