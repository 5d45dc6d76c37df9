#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nftables in documents: snapshot, diff, plan, apply, confirm, rollback, judged by all that `nft -s list ruleset` and `nft -j` print.

ROUNDS=n SEED=n repeats the rounds of random changes."""
import collections
import json
import os
import random
import re
import tempfile
import unittest

import ferrytest
import nftables_state
from ferrytest import check, ferry, run_cases
from nftables_state import nft

BASE = "netlink/netfilter"


def ruleset():
    """What nft lists, without what moves. Elements sorted, as a hash has them in any order; and so are tables, and what stands in them, as one that comes back is the
    last of its kind. Rules are in their order."""
    text = check(["nft", "-s", "list", "ruleset"])
    text = re.sub(r" expires [0-9a-z]+", "", text)
    text = re.sub(r"elements = {([^}]*)}", lambda found: "elements = {" + ", ".join(sorted(" ".join(each.split()) for each in found[1].split(","))) + "}", text)
    tables = []
    for table in text.split("\n}\n"):
        head, *blocks = re.split(r"\n(?=\t\w[^\n]* {\n)", table.strip("\n"))
        tables.append(head + "".join(f"\n{block.strip(chr(10))}" for block in sorted(blocks)))
    return "\n".join(sorted(tables))


def nft_json():
    """What nft tells as JSON; nothing where it makes none that can be read (of a few rules nft 1.0.6 does not): then its text alone judges."""
    try:
        return json.loads(check(["nft", "-s", "-j", "list", "ruleset"]))["nftables"]
    except ValueError:
        return []


def nft_rules():
    """The expressions of each chain's rules, as nft tells them in JSON, without numbers that move."""
    found = collections.defaultdict(list)
    for item in nft_json():
        if rule := item.get("rule"):
            found[rule["family"], rule["table"], rule["chain"]].append((rule["expr"], rule.get("comment")))
    return found


def load(text):
    check(["nft", "-f", "-"], input=text)


class Case(unittest.TestCase):
    def setUp(self):
        check(["nft", "flush", "ruleset"])
        folder = tempfile.TemporaryDirectory(prefix="documents-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)

    def done(self, *arguments, status=0):
        done = ferry(*arguments)
        self.assertEqual(done.returncode, status, done.stdout[-3000:] + done.stderr)
        return done

    def snapshot(self, *arguments):
        self.done("snapshot", "--only", "-o", "snapshot", *(arguments or [BASE]))
        return open("snapshot", encoding="utf-8").read()

    def apply(self, *arguments, status=0):
        return self.done("apply", "--state", "state", *arguments, "snapshot", status=status)

    def same(self, before, words=""):
        self.assertEqual(ruleset().splitlines(), before.splitlines(), words)


class Documents(Case):
    def test_every_expression(self):
        """A rule of each kind that the kernel takes: flushed, and restored from the document in the kernel's own order."""
        self.assertGreater(len(nftables_state.make_all()), 50)
        listed, rules = check(["nft", "-s", "list", "chains"]), nft_rules()
        before = ruleset()
        self.snapshot()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        nft("flush", "ruleset")
        self.apply()
        self.same(before)
        self.assertEqual(nft_rules(), rules)
        self.assertEqual(check(["nft", "-s", "list", "chains"]), listed)
        self.assertEqual(self.done("diff", "snapshot").stdout, "")


class Rounds(Case):
    """snapshot -> random changes by nft -> apply."""

    def objects(self, kind):
        return [item[kind] for item in nft_json() if kind in item]

    def build(self, chance):
        nftables_state.make_frame()
        load("".join(f"add rule {chain} {rule}\n" for chain, rule in chance.sample(nftables_state.taken[1], chance.randrange(5, 60))))

    def one_of(self, chance, kind):
        found = self.objects(kind)
        return chance.choice(found) if found else None

    def change_rule(self, chance):
        rule = self.one_of(chance, "rule")
        chain, text = chance.choice(nftables_state.taken[1])
        place = f"{rule['family']} {rule['table']} {rule['chain']}" if rule else chain
        text = text if place == chain else chance.choice(["counter", "accept", "tcp dport { 1, 2, 3 } drop", "ip saddr 10.9.8.7 return", "meta mark 0x7 log"])
        chance.choice([
            lambda: rule and nft("delete", "rule", *place.split(), "handle", str(rule["handle"])),
            lambda: rule and nft(f"replace rule {place} handle {rule['handle']} {text}"),
            lambda: rule and nft(f"insert rule {place} handle {rule['handle']} {text}"),
            lambda: rule and nft(f"add rule {place} handle {rule['handle']} {text}"),
            lambda: nft(f"insert rule {place} {text}"),
            lambda: nft(f"add rule {place} {text}"),
        ])()

    def change_element(self, chance):
        found = self.one_of(chance, chance.choice(["set", "map"]))
        if not found:
            return
        place = f"{found['family']} {found['table']} {found['name']}"
        number = chance.randrange(1, 250)
        key = {"ipv4_addr": f"10.7.{number}.1", "ipv6_addr": f"2001:db8::{number:x}", "inet_service": str(number), "mark": str(number), "inet_proto": str(number),
               "ether_addr": f"02:00:00:00:00:{number:02x}", "ifname": f"\"i{number}\""}.get(found["type"] if isinstance(found["type"], str) else "", f"10.7.0.{number} . {number}")
        data = {"ipv4_addr": " : 9.9.9.9", "verdict": chance.choice([" : drop", " : goto o"]), "counter": " : \"seen\""}.get(found.get("map"), "")
        listed = check(["nft", "list", "set" if "map" not in found else "map", *place.split()])
        elements = re.search(r"elements = {([^}]*)}", listed)
        standing = chance.choice(elements[1].split(",")).strip() if elements else key
        chance.choice([
            lambda: nft(f"add element {place} {{ {key}{data} }}"),
            lambda: nft(f"delete element {place} {{ {standing.split(' comment')[0].split(' expires')[0].split(' : ')[0].split(' counter')[0].split(' timeout')[0]} }}"),
            lambda: nft(f"flush set {place}"),
        ])()

    def change_frame(self, chance):
        chain, table, name = self.one_of(chance, "chain"), self.one_of(chance, "table"), f"n{chance.randrange(1000)}"
        place = chain and f"{chain['family']} {chain['table']} {chain['name']}"
        set_, counter = self.one_of(chance, "set"), self.one_of(chance, "counter")
        chance.choice([
            lambda: chain and nft(f"flush chain {place}"),
            lambda: chain and nft(f"rename chain {place} {name}"),
            lambda: chain and nft(f"delete chain {place}"),
            lambda: chain and nft(f"chain {place} {{ policy {chance.choice(['accept', 'drop'])}; }}"),
            lambda: chain and nft(f"add rule {place} jump o"),
            lambda: table and nft(f"add chain {table['family']} {table['name']} {name}"),
            lambda: table and nft(f"add chain {table['family']} {table['name']} {name} {{ type filter hook input priority {chance.randrange(100)}; }}"),
            lambda: table and nft(f"add table {table['family']} {name}"),
            lambda: table and nft(f"add set {table['family']} {table['name']} {name} {{ type ipv4_addr; elements = {{ 1.2.3.4 }} }}"),
            lambda: table and nft(f"add counter {table['family']} {table['name']} {name}"),
            lambda: table and chance.random() < 0.3 and nft(f"delete table {table['family']} {table['name']}"),
            lambda: table and nft(f"add table {table['family']} {table['name']} {{ flags dormant; }}"),
            lambda: set_ and nft(f"delete set {set_['family']} {set_['table']} {set_['name']}"),
            lambda: set_ and self.set_of_another_type(set_),
            lambda: counter and nft(f"delete counter {counter['family']} {counter['table']} {counter['name']}"),
            lambda: nft("add limit inet t slow { rate 77/second }"),
            lambda: nft("delete limit inet t slow; add limit inet t slow { rate 77/second }"),
            lambda: nft("add quota inet t much { over 7 mbytes }"),
            lambda: chance.random() < 0.1 and nft("flush ruleset"),
        ])()

    def set_of_another_type(self, found):
        """With all that named it."""
        place = f"{found['family']} {found['table']}"
        rules = [f"delete rule {place} {rule['chain']} handle {rule['handle']}\n" for rule in self.objects("rule")
                 if f"{rule['family']} {rule['table']}" == place and f"@{found['name']}" in json.dumps(rule)]
        nft("-f", "-", input="".join(rules) + f"delete set {place} {found['name']}\nadd set {place} {found['name']} {{ type mark; elements = {{ 5 }} }}\n"
            f"add rule {place} {self.one_of(random.Random(0), 'chain')['name']} meta mark @{found['name']} drop\n")

    def one(self, seed):
        chance = random.Random(seed)
        self.build(chance)
        before, rules = ruleset(), nft_rules()
        self.snapshot()
        for _ in range(chance.randrange(1, 25)):
            chance.choices([self.change_rule, self.change_element, self.change_frame], [4, 2, 2])[0](chance)
        changed = ruleset()
        done = ferry("apply", "--state", "state", "snapshot")
        self.assertEqual(done.returncode, 0, f'seed {seed}\n{done.stderr}left:\n{ferry("plan", "snapshot").stdout[-3000:]}')
        self.same(before, f"seed {seed}")
        self.assertEqual(nft_rules(), rules, f"seed {seed}")
        self.assertEqual(self.done("diff", "snapshot").stdout, "", f"seed {seed}")
        return changed != before

    def test_apply_gives_the_snapshots_ruleset(self):
        nftables_state.make_all()
        first = int(os.environ.get("SEED") or random.randrange(1 << 30))
        rounds = int(os.environ.get("ROUNDS") or 30)
        print(f"# {rounds} rounds from seed {first}")
        self.assertGreater(sum(self.one(seed) for seed in range(first, first + rounds)), rounds // 2)


if __name__ == "__main__":
    run_cases()
