#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nftables taken back and set: rules in their place, transactions as one, a ruleset that was flushed, judged by all that `nft list ruleset` prints."""
import collections
import json
import re
import tempfile
import unittest

import ferrytest
import nftables_state
from ferrytest import Recorder, brief, check, ferry, listing

BASE = "netlink/netfilter"


def ruleset():
    """What nft lists, without ages; elements sorted, as a hash has them in any order, and so are tables, since one that comes back is the last."""
    text = re.sub(r" expires \w+", "", check(["nft", "list", "ruleset"]))
    text = re.sub(r"elements = {([^}]*)}", lambda found: "elements = {" + ", ".join(sorted(" ".join(each.split()) for each in found[1].split(","))) + "}", text)
    return "\n".join(sorted(text.split("\n}\n")))


def nft_objects():
    found = collections.defaultdict(list)
    for item in json.loads(check(["nft", "-j", "list", "ruleset"]))["nftables"]:
        for kind, value in item.items():
            found[kind].append(value)
    return found


class Case(unittest.TestCase):
    def setUp(self):
        self.addCleanup(check, ["nft", "flush", "ruleset"])


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def changes(self, position):
        self.recorder.settle("netfilter")
        return [change for change in self.recorder.since(position) if change["address"].startswith(BASE)]

    def nft(self, *words):
        done = ferrytest.run(["nft", *words])
        self.assertEqual(done.status, 0, done)
        return done.pid

    def undo(self, change, *options, status=0):
        done = ferry("undo", "--db", self.recorder.db, *options, change["id"])
        self.assertEqual(done.returncode, status, f"{brief(change)}\n{done.stdout}{done.stderr}")
        return done

    def test_one_after_the_other(self):
        position = self.recorder.settle("netfilter")
        pids = [self.nft("add table inet x"), self.nft("add chain inet x in { type filter hook input priority 0; policy accept; }"), self.nft("add chain inet x in { policy drop; }"),
                self.nft("add set inet x s { type ipv4_addr; }"), self.nft("add element inet x s { 10.0.0.1 }"), self.nft("add rule inet x in ip saddr @s counter accept"),
                self.nft("delete element inet x s { 10.0.0.1 }")]
        found = self.changes(position)
        handle = nft_objects()["rule"][0]["handle"]
        self.assertEqual([(change["kind"], change["address"].removeprefix(BASE + "/")) for change in found],
                         [("added", "table/inet/x"), ("added", "chain/inet/x/in"), ("changed", "chain/inet/x/in"), ("added", "set/inet/x/s"), ("added", "element/inet/x/s/0x0a000001"),
                          ("added", f"rule/inet/x/in/{handle}"), ("removed", "element/inet/x/s/0x0a000001")], listing(found))
        for change, pid in zip(found, pids):
            self.assertEqual((change["actor"]["pid"], change["door"], change["cause"], change["consistency"]), (pid, "netlink", None, "whole"), brief(change))
        self.assertEqual((found[2]["before"], found[2]["after"]), ({"policy": "accept"}, {"policy": "drop"}))
        before = ruleset()
        self.undo(found[6])
        self.assertIn("10.0.0.1", ruleset())
        self.undo(found[4])
        self.assertEqual(ruleset(), before)
        self.undo(found[2])
        self.assertIn("policy accept", ruleset())
        self.undo(found[5])
        self.assertNotIn("counter", ruleset())

    def test_transaction(self):
        """All of a ruleset that one program loads at once follows from its first change, and goes as one."""
        script = "table ip x {\n set s {\n type ipv4_addr\n elements = { 1.1.1.1, 2.2.2.2 }\n }\n chain c {\n ip saddr @s tcp dport { 1, 2 } accept\n }\n}\n"
        position = self.recorder.settle("netfilter")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(script)
            file.flush()
            pid = self.nft("-f", file.name)
        found = self.changes(position)
        self.assertEqual(len(found), 9, listing(found))
        self.assertEqual({change["cause"] for change in found}, {None, found[0]["id"]}, listing(found))
        self.assertEqual([change["cause"] for change in found].count(None), 1)
        self.assertEqual({change["actor"]["pid"] for change in found}, {pid})
        self.undo(found[0], "--consequences")
        self.assertEqual(ruleset(), "")

    def test_flush(self):
        """What was flushed comes back as it was, in one transaction."""
        self.assertGreater(len(nftables_state.make_all()), 50)
        before = ruleset()
        position = self.recorder.settle("netfilter")
        pid = self.nft("flush", "ruleset")
        found = self.changes(position)
        self.assertEqual({(change["kind"], change["actor"]["pid"]) for change in found}, {("removed", pid)})
        self.assertEqual({change["cause"] for change in found[1:]}, {found[0]["id"]})
        position = self.recorder.settle("netfilter")
        self.undo(found[0], "--consequences")
        self.assertEqual(ruleset().splitlines(), before.splitlines())
        back = self.changes(position)
        self.assertEqual((len(back), back[0]["cause"], {change["kind"] for change in back}), (len(found), found[0]["id"], {"added"}))

    def test_ranges_that_touch(self):
        """One begins where the other ends: added and taken back, removed and taken back."""
        check(["nft", "-f", "-"], input="table inet x {\n set r { type ipv4_addr; flags interval; elements = { 240.0.0.0/4 } }\n}\n")
        for verb in "add", "delete":
            before = ruleset()
            position = self.recorder.settle("netfilter")
            self.nft(f"{verb} element inet x r {{ 20.0.0.0/24, 20.0.1.0/24, 20.0.2.0/24 }}")
            changed = ruleset()
            self.assertNotEqual(changed, before)
            self.undo(self.changes(position)[0], "--consequences")
            self.assertEqual(ruleset(), before)
            self.nft(f"add element inet x r {{ 20.0.0.0/24, 20.0.1.0/24, 20.0.2.0/24 }}")

    def test_objects(self):
        """Also those that nft has no words for."""
        made = nftables_state.make_objects()
        before = nftables_state.objects()
        self.assertEqual(sorted(before), sorted(made))
        position = self.recorder.settle("netfilter")
        self.nft("flush ruleset")
        self.undo(self.changes(position)[0], "--consequences")
        self.assertEqual(nftables_state.objects(), before)

    def test_extensions(self):
        """Rules of iptables: how their extensions are told, and all of it back once it was flushed."""
        before = nftables_state.make_extensions()
        told = [change["after"]["text"] for change in self.changes(0) if change["kind"] == "added" and "/rule/" in change["address"]]
        self.assertEqual(len(told), len(before))
        named = [text for text in told if re.match(r"(meta l4proto|ip protocol) (tcp|udp) \[match {name=multiport, rev=1, info=", text)]
        self.assertEqual(len(named), sum("-m multiport" in rule for rule in before))
        position = self.recorder.settle("netfilter")
        self.nft("flush", "ruleset")
        found = self.changes(position)
        self.assertTrue(found or not before)
        if found:
            self.undo(found[0], "--consequences")
        self.assertEqual(nftables_state.extensions() if before else [], before)

    def test_table(self):
        nftables_state.make_all()
        before = ruleset()
        position = self.recorder.settle("netfilter")
        self.nft("delete", "table", "inet", "t")
        found = self.changes(position)
        self.undo(found[0], "--consequences")
        self.assertEqual(ruleset().splitlines(), before.splitlines())

    def test_rules_keep_their_place(self):
        self.nft("add table ip x")
        self.nft("add chain ip x c")
        for number in range(6):
            self.nft(f"add rule ip x c tcp dport {{ {number + 1}, 99 }} accept")
        self.nft("insert rule ip x c udp dport 5 drop")
        before = ruleset()
        handles = [rule["handle"] for rule in nft_objects()["rule"]]
        for handle in [handles[3], handles[0], handles[-1]]:
            position = self.recorder.settle("netfilter")
            self.nft("delete", "rule", "ip", "x", "c", "handle", str(handle))
            self.assertNotEqual(ruleset(), before)
            found = self.changes(position)
            self.undo(found[0], "--consequences")
            self.assertEqual(ruleset(), before)

    def test_replaced(self):
        self.nft("add table ip x")
        self.nft("add chain ip x c")
        for word in ("accept", "drop", "return"):
            self.nft(f"add rule ip x c {word}")
        before = ruleset()
        handle = nft_objects()["rule"][1]["handle"]
        position = self.recorder.settle("netfilter")
        self.nft(f"replace rule ip x c handle {handle} counter")
        found = self.changes(position)
        self.assertEqual(sorted(change["kind"] for change in found), ["added", "removed"], listing(found))
        self.undo(found[0], "--consequences")
        self.assertEqual(ruleset(), before)

    def test_somebody_else(self):
        """What was made anew since is left alone, and nothing of the rest is done."""
        self.nft("add table ip x")
        self.nft("add chain ip x c")
        position = self.recorder.settle("netfilter")
        self.nft("flush ruleset")
        found = self.changes(position)
        self.nft("add table ip x { comment \"other\"; }")
        before = ruleset()
        done = self.undo(found[0], "--consequences", status=1)
        self.assertIn("File exists", done.stderr)
        self.assertEqual(ruleset(), before)


class Setting(Case):
    def set(self, *assignments, status=0):
        done = ferry("set", *assignments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_made_and_removed(self):
        self.set(f"{BASE}/table/inet/x={{}}")
        self.set(f"{BASE}/chain/inet/x/in={{type=filter, hook={{num=input, priority=-5}}, policy=accept}}", f"{BASE}/chain/inet/x/in/policy=drop")
        self.set(f"{BASE}/set/inet/x/s={{key_type=ipv4_addr, key_len=4}}", f"{BASE}/element/inet/x/s/10.0.0.1={{}}", f"{BASE}/object/inet/x/n/counter={{}}")
        first = self.set(f"{BASE}/rule/inet/x/in/new={{expressions=[{{name=counter}}, {{name=immediate, data={{dreg=0, data={{verdict={{code=accept}}}}}}}}]}}")
        self.set(f"{BASE}/rule/inet/x/in/new={{position=0, expressions=[{{name=log, data={{prefix=first}}}}]}}")
        found = nft_objects()
        chain, = found["chain"]
        self.assertEqual((chain["type"], chain["hook"], chain["prio"], chain["policy"]), ("filter", "input", -5, "drop"))
        self.assertEqual(found["set"][0]["elem"], ["10.0.0.1"])
        self.assertEqual([list(rule["expr"][0]) for rule in found["rule"]], [["log"], ["counter"]])
        address = first.stdout.split(":")[0]
        self.assertEqual(address, f"{BASE}/rule/inet/x/in/{found['rule'][1]['handle']}")
        self.set(f"-{address}", f"-{BASE}/element/inet/x/s/0x0a000001", f"-{BASE}/object/inet/x/n/counter")
        found = nft_objects()
        self.assertEqual((len(found["rule"]), found["set"][0].get("elem"), found["counter"]), (1, None, []))
        self.set(f"-{BASE}/table/inet/x")
        self.assertEqual(ruleset(), "")

    def test_refused(self):
        done = self.set(f"{BASE}/chain/inet/nosuch/c={{}}", status=1)
        self.assertIn("NFT_MSG_NEWCHAIN: No such file or directory (ENOENT) (attribute table)", done.stderr)
        self.set(f"{BASE}/table/inet/x={{}}")
        done = self.set(f"{BASE}/table/inet/y={{}}", f"{BASE}/set/inet/x/s={{key_type=ipv4_addr, key_len=400}}", status=1)
        self.assertIn("NFT_MSG_NEWSET", done.stderr)
        self.assertEqual([table["name"] for table in nft_objects()["table"]], ["x"])
        self.set(f"-{BASE}/rule/inet/x/c/5", status=3)


ferrytest.run_cases()
