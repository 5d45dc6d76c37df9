#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nftables in documents: snapshot, diff, plan, apply, confirm, rollback, judged by all that `nft -s list ruleset` and `nft -j` print.

ROUNDS=n SEED=n repeats the rounds of random changes."""
import collections
import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time
import unittest

import ferrytest
import nftables_sets
import nftables_state
from ferrytest import check, ferry, run_cases
from nftables_state import nft

BASE = "netlink/netfilter"
NAMED = 'ip saddr @s counter name "n" drop'


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

    def steps(self, *arguments):
        return [line.removeprefix(BASE + "/") for line in self.done("plan", *arguments, "snapshot").stdout.splitlines()]

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

    def test_extensions(self):
        """Rules of iptables, which say for which protocol their extensions are: the kernel does not tell that."""
        before = nftables_state.make_extensions()
        document = self.snapshot()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        self.assertEqual(len(re.findall("^# .*multiport, rev=1", document, re.M)), sum("-m multiport" in rule for rule in before))
        nft("flush", "ruleset")
        self.apply()
        self.assertEqual(nftables_state.extensions() if before else [], before)
        self.assertEqual(self.done("diff", "snapshot").stdout, "")

    def test_objects(self):
        """Also those that nft has no words for."""
        made = nftables_state.make_objects()
        before = nftables_state.objects()
        self.assertEqual(sorted(before), sorted(made))
        self.snapshot()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        nft("flush", "ruleset")
        self.apply()
        self.assertEqual(nftables_state.objects(), before)

    def small(self):
        load("""table inet x {
 set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 1.1.1.1 } }
 map m { type ipv4_addr : verdict; elements = { 1.2.3.4 : jump o } }
 counter n {
 }
 chain o {
  tcp dport 5 accept comment "five"
 }
 chain in { type filter hook input priority 0; policy accept;
  tcp dport { 22, 80 } accept
  ip saddr @s counter name n drop
  ip saddr vmap @m
  counter
  counter
  tcp dport vmap { 1 : accept, 2 : jump o }
  ip saddr 1.2.3.4 jump {
   udp dport { 7, 8 } drop
   counter
   return
  }
 }
}
""")

    def handles(self):
        return [(text, handle) for text, handle in re.findall(r"^\t\t(?!type)(.*) # handle (\d+)$", check(["nft", "-a", "-s", "list", "ruleset"]), re.M)]

    def handle(self, text):
        return next(handle for rule, handle in self.handles() if rule == text)

    def test_only_what_differs(self):
        """Rules that stand where they are to stand are left alone: they keep their handles, and so their counters."""
        self.small()
        before, handles = ruleset(), self.handles()
        document = self.snapshot()
        self.assertIn("\n# ip saddr @s counter name \"n\" drop\n", document)
        self.assertIn("# left out: ", document)
        self.assertEqual(re.findall("__", " ".join(re.findall(r"^\S+", document, re.M))), [])
        nft("insert rule inet x in udp dport 9 drop")
        nft(f"delete rule inet x in handle {self.handle(NAMED)}")
        nft(f"replace rule inet x in handle {self.handle('counter')} ct state new")
        nft("add element inet x s { 9.9.9.9 }")
        nft("chain inet x in { policy drop; }")
        made = {text: handle for text, handle in self.handles()}
        self.assertEqual(self.steps(), [
            f"rule/inet/x/in/{made['udp dport 9 drop']}: {{text udp dport 9 drop}} -> (none)",
            "element/inet/x/s/9.9.9.9: {family inet, table x, set s, key 09090909} -> (none)",
            "element/inet/x/s/0x0909090a,end: {family inet, table x, set s, key 0909090a, flags [interval_end]} -> (none)",
            "chain/inet/x/in: policy drop -> accept",
            "rule/inet/x/in/new: (none) -> {text ip saddr @s counter name \"n\" drop}",
            f"rule/inet/x/in/{made['ct state new']}: text ct state new -> counter",
        ])
        self.apply()
        self.same(before)
        self.assertEqual([one == other for one, other in zip(self.handles(), handles)].count(False), 2)

    def test_what_is_not_named_is_left_alone(self):
        self.small()
        rule = "{expressions=[{name=counter}, {name=immediate, data={dreg=0, data={verdict={code=drop}}}}]}"
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(f"{BASE}/rule/inet/x/in/new = {rule}\n{BASE}/element/inet/x/s/7.7.7.7 = {{}}\n{BASE}/element/inet/x/s/7.7.7.8,end = {{}}\n")
        before = check(["nft", "-s", "list", "chain", "inet", "x", "in"])
        self.apply()
        self.assertEqual(check(["nft", "-s", "list", "chain", "inet", "x", "in"]), before.replace("\n\t}", "\n\t\tcounter drop\n\t}", 1))
        self.assertIn("7.7.7.7", check(["nft", "list", "set", "inet", "x", "s"]))
        self.assertIn("all of it stands already", self.apply().stderr)
        handle = self.handle("counter drop")
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(f"-{BASE}/rule/inet/x/in/{handle}\n")
        self.apply()
        self.assertEqual(check(["nft", "-s", "list", "chain", "inet", "x", "in"]), before)

    def test_what_names_it_is_made_anew(self):
        """A set of another type, a chain of another hook: with the rules and elements that name them, also those that the document leaves alone."""
        self.small()
        before = ruleset()
        self.snapshot()
        load(f"delete rule inet x in handle {self.handle(NAMED)}\n" + "delete set inet x s\nadd set inet x s { type mark; }\nadd rule inet x in meta mark @s accept\n"
             "flush chain inet x in\ndelete chain inet x in\nadd chain inet x in { type filter hook output priority 5; }\n")
        self.assertIn("hook output", ruleset())
        self.apply()
        self.same(before)
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(f"{BASE}/set/inet/x/s = {{flags=[interval], key_type=ipv4_addr, key_len=4, userdata={{key_byteorder=2, comment=other}}}}\n")
        self.apply()
        self.same(before.replace("flags interval\n", "flags interval\n\t\tcomment \"other\"\n"))

    def test_refused(self):
        """What the kernel refuses of the transaction leaves all of it undone; and a refusal of something else behind it puts it back."""
        self.small()
        before = ruleset()
        document = f"{BASE}/chain/inet/x/another = {{}}\n{BASE}/rule/inet/x/another/new = {{expressions=[{{name=lookup, data={{set=nosuch, sreg=1}}}}]}}\n"
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(document)
        done = self.apply(status=3)
        self.assertIn(f"{BASE}/rule/inet/x/another/new: NFT_MSG_NEWRULE: No such file or directory (ENOENT)", done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.same(before)
        check(["ip", "link", "set", "lo", "up"])
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(f"{BASE}/chain/inet/x/another = {{}}\n{BASE}/rule/inet/x/o/new = {{expressions=[{{name=counter}}]}}\n-{BASE}/element/inet/x/s/1.1.1.1\n"
                       f"-{BASE}/element/inet/x/s/0x01010102,end\nnetlink/route/route/main/10.7.0.0/16/gateway = 192.0.2.1\n")
        done = self.apply(status=1)
        self.assertIn("Nexthop has invalid gateway", done.stderr)
        self.assertIn("was put back", done.stderr)
        self.same(before)

    def test_somebody_elses_change_is_kept(self):
        """Three ways: what was changed since the apply is left alone on the way back, and told."""
        self.small()
        self.snapshot()
        load("flush chain inet x in\nadd rule inet x in udp dport 1 accept\nadd rule inet x in udp dport 2 accept\nadd element inet x s { 2.2.2.2, 3.3.3.3 }\n"
             "chain inet x in { policy drop; }\n")
        before = ruleset()
        self.apply("--confirm", "600")
        nft("insert rule inet x in udp dport 999 drop")
        nft("add element inet x s { 99.9.9.9 }")
        nft("add table ip other")
        nft(f"replace rule inet x in handle {self.handle('ip saddr vmap @m')} ip saddr vmap @m comment \"mine\"")
        done = self.done("rollback", "--state", "state")
        self.assertEqual(done.stderr.count("left alone") + done.stdout.count("left alone"), 0, done.stdout + done.stderr)
        expected = before.replace("2.2.2.2, 3.3.3.3", "2.2.2.2, 3.3.3.3, 99.9.9.9").replace("\t\tudp dport 1 accept", "\t\tudp dport 999 drop\n\t\tudp dport 1 accept")
        found = ruleset().replace("\t\tip saddr vmap @m comment \"mine\"\n", "")
        self.assertEqual(found.replace("table ip other {", "").strip(), expected.strip())
        self.assertIn("comment \"mine\"", ruleset())

    def test_changed_while_it_was_compared(self):
        """The transaction is for the generation that was compared. The apply is stopped once its journal is on the disk, which is behind the comparing."""
        self.small()
        self.snapshot()
        nft("add rule inet x in udp dport 1 accept")
        process = subprocess.Popen(["strace", "-qq", "-o", "log", "-e", "trace=fsync", "-e", "inject=fsync:signal=SIGSTOP:when=1", ferrytest.FERRY, "apply", "--state", "state",
                                    "snapshot"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "stopped by SIGSTOP" not in (open("log", encoding="utf-8").read() if os.path.exists("log") else ""):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        nft("add table ip other")
        before = ruleset()
        os.kill(int(check(["pgrep", "-P", str(process.pid)]).split()[0]), signal.SIGCONT)
        words = process.communicate()[1]
        self.assertEqual(process.returncode, 1, words)
        self.assertIn("somebody has changed the ruleset while it was compared", words)
        self.assertIn("nothing was changed", words)
        self.same(before)
        self.apply()
        self.assertNotIn("udp dport 1", ruleset())

    def test_a_table_of_a_program(self):
        """It is left out of the document, is not taken away by one, and cannot be taken."""
        self.small()
        with subprocess.Popen(["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as program:
            program.stdin.write("add table ip owned { flags owner; }\nadd chain ip owned c\nadd rule ip owned c counter\n")
            program.stdin.flush()
            while "counter" not in check(["nft", "list", "ruleset"]).partition("table ip owned")[2]:
                time.sleep(0.01)
            document = self.snapshot()
            self.assertNotIn("owned", document)
            self.assertIn("# left out: 3 objects in tables of nftables that belong to a running program", document)
            nft("add rule inet x in udp dport 1 accept")
            self.apply()
            self.assertIn("table ip owned", ruleset())
            for line in (f"-{BASE}/table/ip/owned", f"{BASE}/rule/ip/owned/c/new = {{expressions=[{{name=counter}}, {{name=counter}}]}}"):
                with open("snapshot", "w", encoding="utf-8") as file:
                    file.write(line + "\n")
                self.assertIn("belongs to a program that is running", self.apply(status=4).stderr)
            program.stdin.close()

    def test_rehearsal(self):
        self.small()
        before = ruleset()
        self.snapshot()
        nft("flush chain inet x in")
        nft("delete chain inet x in")
        changed = ruleset()
        done = self.done("plan", "--rehearse", "snapshot")
        self.assertIn("refused 0", done.stderr)
        self.assertEqual([line.removeprefix(BASE + "/") for line in done.stdout.splitlines()], self.steps())
        with open("snapshot", "a", encoding="utf-8") as file:
            file.write(f"{BASE}/rule/inet/x/in/new = {{expressions=[{{name=lookup, data={{set=nosuch, sreg=1}}}}]}}\n")
        self.assertIn("refused: NFT_MSG_NEWRULE", self.done("plan", "--rehearse", "snapshot", status=1).stdout)
        self.same(changed)
        self.assertNotEqual(changed, before)

    def test_what_get_prints(self):
        """It tells rules by their handles, in the order of their addresses, and the sets that they have for themselves beside them."""
        self.small()
        nft(f"delete rule inet x in handle {self.handles()[-1][1]}")
        for number in range(12):
            nft(f"insert rule inet x in tcp dport {{ {number + 1}, 99 }} accept")
        before = ruleset()
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write(self.done("get", *(f"{BASE}/{kind}" for kind in ("table", "chain", "set", "element", "object", "rule"))).stdout)
        self.assertEqual(self.steps(), [])
        nft("flush ruleset")
        self.apply()
        self.same(before)

    def test_equal_rules(self):
        """Of rules that say the same just those that came are taken back, and where they stood."""
        self.small()
        for place in ("index 0", "index 2", "index 3"):
            nft(f"add rule inet x in {place} counter")
        self.snapshot()
        handles = [handle for text, handle in self.handles() if text == "counter"]
        for handle in handles[1::2]:
            nft(f"delete rule inet x in handle {handle}")
        nft("add rule inet x in counter")
        nft("insert rule inet x in counter")
        nft("add rule inet x in udp dport 9")
        before = ruleset()
        self.apply("--confirm", "600")
        self.done("rollback", "--state", "state")
        self.same(before)

    def test_two_documents(self):
        """Rules are compared in their order, and not by their handles, which a ruleset that is loaded anew has others of."""
        self.small()
        self.done("snapshot", "-o", "one", BASE)
        nft("flush ruleset")
        self.small()
        self.done("snapshot", "-o", "same", BASE)
        self.assertEqual(self.done("diff", "one", "same").stdout, "")
        nft("insert rule inet x in udp dport 9 drop")
        nft(f"delete rule inet x in handle {self.handle('counter')}")
        nft("flush chain inet x o")
        nft("add rule inet x o ip saddr @s accept")
        self.done("snapshot", "-o", "other", BASE)
        self.assertEqual([line.removeprefix(BASE + "/") for line in self.done("diff", "one", "other").stdout.splitlines()],
                         ["rule/inet/x/o/new: text tcp dport 5 accept comment \"five\" -> ip saddr @s accept", "rule/inet/x/in/new: (none) -> {text udp dport 9 drop}",
                          "rule/inet/x/in/new: {text counter} -> (none)"])

    def test_what_is_wrong_changes_nothing(self):
        self.small()
        before = ruleset()
        for line, words in ((f"-{BASE}/rule/inet/x/in/new", "names no rule"), (f"{BASE}/rule/inet/x/in/999/userdata/comment = a", "its expressions are missing"),
                            (f"-{BASE}/set/inet/x/__set0", "belongs to a rule"), (f"{BASE}/rule/inet/x/in/new = {{expressions=[{{name=counter}}], nosuch=1}}", "nosuch")):
            with open("snapshot", "w", encoding="utf-8") as file:
                file.write(line + "\n")
            done = ferry("apply", "--state", "state", "snapshot")
            self.assertNotEqual(done.returncode, 0, line)
            self.assertIn(words, done.stderr)
            self.same(before)


class Elements(Case):
    """Elements of sets and maps by their types."""

    # Nothing says which device or which bits of a byte a number of another machine stands for; a name that begins like bytes; "eth*" is no name.
    IN_BYTES = ("iface_index", "dscp", '"0x', '"catchall"', '"eth*"')

    def listed(self):
        """What nft tells of each set, and what is in it in any order."""
        found = {}
        for item in check(["nft", "-j", "list", "ruleset"]) and json.loads(check(["nft", "-j", "list", "ruleset"]))["nftables"]:
            if told := item.get("set") or item.get("map"):
                told.pop("handle")
                told["elem"] = sorted(json.dumps(element, sort_keys=True) for element in told.get("elem", []))
                found[told["name"]] = [re.sub(r'"expires": \d+', "", element) for element in told.pop("elem")], told
        return found

    def build(self, chance, count):
        """The text of each set with what it holds."""
        check(["nft", "add table inet t"])
        check(["nft", "add chain inet t other"])
        made, sets = {}, nftables_sets.Sets(chance)
        for number in range(count):
            declaration, elements = sets.set(f"s{number}")
            if not nft(f"add {declaration}"):
                continue
            made[f"s{number}"] = [declaration] + [element for element in elements if nft(f"add element inet t s{number} {{ {element} }}")]
        return made

    def test_every_type(self):
        """Flushed, and restored from the document; which says all by its type but for what has none that is certain, and ends of ranges that nothing began."""
        seed = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
        print(f"# sets from seed {seed}", flush=True)
        made = self.build(random.Random(seed), 60)
        before = self.listed()
        document = self.snapshot()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        told = re.findall(rf"^{BASE}/element/inet/t/(s\d+)/(.*?) = (.*)$", document, re.M)
        self.assertGreater(len(told), 40)
        for name, key, value in told:
            said = " ".join(made[name])
            if key.startswith("0x") and not any(word in said for word in self.IN_BYTES):
                self.assertRegex(key, r"^0x0+,end$", f"{said}, SEED={seed}")
            if "data=" in value and "ifname" not in said:
                self.assertNotIn("{value=", value, f"{said}, SEED={seed}")
        check(["nft", "flush", "ruleset"])
        self.apply()
        self.assertEqual(self.listed(), before, f"SEED={seed}")
        # The same by bytes, as documents had it before.
        with open("snapshot", "w", encoding="utf-8") as file:
            file.write("".join(f"{BASE}/{kind} = only\n" for kind in ("set", "element")) + self.done("get", f"{BASE}/set", f"{BASE}/element").stdout)
        self.assertEqual(self.steps(), [])
        for name in before:
            nft("flush", "set", "inet", "t", name)
        self.apply()
        self.assertEqual(self.listed(), before, f"SEED={seed}")

    def write(self, *lines):
        with open("snapshot", "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def test_by_hand(self):
        """Before the set is there, in lines of fields, gone again; and as nft would be told."""
        element = f"{BASE}/element/inet/x"
        self.write(f"{element}/s/10.0.0.0/8 = {{}}", f"{element}/s/1.1.1.1/userdata/comment = one", f"{element}/s/240.0.0.0/4 = {{}}", f"{element}/m/10.0.0.1 . 80 = {{data=accept}}",
                   f'{element}/m/10.0.0.2 . 443 = {{data="jump o"}}', f"{element}/n/8080 = {{data=1.2.3.4}}", f"{element}/n/catchall = {{data=1.2.3.5}}",
                   f"{BASE}/set/inet/x/s = {{flags=[interval], key_type=ipv4_addr, key_len=4}}", f"{BASE}/table/inet/x = {{}}", f"{BASE}/chain/inet/x/o = {{}}",
                   f'{BASE}/set/inet/x/m = {{flags=[map], key_type="ipv4_addr . inet_service", key_len=8, data_type=verdict, data_len=16}}',
                   f"{BASE}/set/inet/x/n = {{flags=[map], key_type=inet_service, key_len=2, data_type=ipv4_addr, data_len=4}}")
        self.apply()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        listed = " ".join(check(["nft", "list", "ruleset"]).split())
        for words in ('elements = { 1.1.1.1 comment "one", 10.0.0.0/8, 240.0.0.0/4 }', "10.0.0.1 . 80 : accept", "10.0.0.2 . 443 : jump o", "8080 : 1.2.3.4", "* : 1.2.3.5"):
            self.assertIn(words, listed)
        self.write(f"-{element}/s/10.0.0.0/8", f"{element}/n/8080/data = 9.9.9.9", f"-{element}/nosuch/80", f"{element}/s/1.1.1.1 = {{}}", f"{element}/s/1.1.1.2,end = {{}}")
        self.assertIn("element/inet/x/s/10.0.0.0/8: {family inet, table x, set s, key 0a000000} -> (none)", self.steps())
        self.apply()
        listed = " ".join(check(["nft", "list", "ruleset"]).split())
        self.assertIn('elements = { 1.1.1.1 comment "one", 240.0.0.0/4 }', listed)
        self.assertIn("8080 : 9.9.9.9", listed)

    def test_differences(self):
        """What stands beside a document is told by its types as well: ranges that touch, up to the last key that there is."""
        load("table inet x {\n set r { type ipv4_addr; flags interval; elements = { 240.0.0.0/4 } }\n set p { type ipv4_addr . inet_service; flags interval; }\n map m { type mark : verdict; }\n}\n")
        self.snapshot()
        load("add element inet x r { 20.0.0.0/24, 20.0.1.0/24, 20.0.2.5, 239.0.0.0-239.255.255.255 }\nadd element inet x p { 9.9.9.9 . 5-6 }\nadd element inet x m { 7 : drop }\n")
        told = [line.partition(": ")[0].removeprefix(f"{BASE}/element/inet/x/") for line in self.done("diff", "snapshot").stdout.splitlines()]
        self.assertEqual([each for each in told if not each.endswith(",end")], ["m/7", "p/9.9.9.9 . 5-6", "r/20.0.0.0/24", "r/20.0.1.0/24", "r/20.0.2.5", "r/239.0.0.0/8"])
        self.assertEqual(len(told), 10)
        self.assertEqual(sorted(line.partition(": ")[0].removeprefix("element/inet/x/") for line in self.steps()), sorted(told))
        self.apply()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")

    OWN = (
        "tcp dport { 22, 80-90, 1000-65535 } accept", "ip saddr { 1.1.1.1, 10.0.0.0/8, 11.0.0.0/8, 20.0.0.5-20.0.0.9, 240.0.0.0/4 } drop", "ip6 saddr { 2001:db8::/32, fe80::1 } drop",
        "ip saddr . tcp dport { 1.1.1.1 . 5, 10.0.0.0/8 . 80-90 } drop", "ether saddr { 02:00:00:00:00:01 } drop", "ct state { new, established } accept",
        "tcp dport vmap { 5 : jump o, 6-9 : accept, 10 : drop }", "meta mark set ip saddr map { 10.0.0.0/8 : 1, 11.0.0.0/8 : 2 }", "ip saddr . tcp dport vmap { 1.1.1.1 . 5 : accept }",
        "ip protocol . th dport { tcp . 22, udp . 53 } accept", "iifname { lo, eth0 } accept", "ip saddr { 1.1.1.1, 2.2.2.2 } jump { tcp dport { 22, 23-24 } drop\n ip saddr != { 3.0.0.0/8 } accept }",
    )

    def test_in_rules(self):
        """Elements of sets that rules have for themselves are told by their types, and give the very rules again; by bytes they are read as well."""
        check(["nft", "-f", "-"], input="table inet t {\n chain o { counter\n }\n chain c {\n }\n}\n")
        taken = [rule for rule in self.OWN if nft(f"add rule inet t c {rule}")]
        self.assertGreater(len(taken), 8)
        before, listed = ruleset(), nft_rules()
        document = self.snapshot()
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        self.assertGreater(document.count("{text="), 20)
        # But for ends that nothing began.
        self.assertEqual([key for key in re.findall(r"{key=((?:[0-9a-f]{2})+)[,}]", document) if key.strip("0")], [], document)
        for words in "{text=22}", "{text=80-90}", "{text=1000-65535, ", "{text=10.0.0.0/7}", "{text=240.0.0.0/4", '{text="10.0.0.0/8 . 80-90"}', '{text=5, data="jump o"}', "{text=10.0.0.0/8, data=1}":
            self.assertIn(words, document)
        check(["nft", "flush", "ruleset"])
        self.apply()
        self.same(before)
        self.assertEqual(nft_rules(), listed)
        self.assertEqual(self.steps(), [])

    def test_in_rules_by_bytes(self):
        """As documents had them before, and mixed; what is none of the set's type is refused."""
        rule = f"{BASE}/rule/inet/t/c/new = {{expressions=[{{name=payload, data={{dreg=1, base=transport, offset=2, len=2}}}}, {{name=lookup, data={{set=__set0, sreg=1, flags=[]}}}}], " \
               "sets=[{set={name=__set0, flags=[anonymous, constant, interval], key_type=inet_service, key_len=2, desc={size=5}}, elements=[%s]}]}"
        base = f"{BASE}/table/inet/t = {{}}", f"{BASE}/chain/inet/t/c = {{}}"
        for elements in ("{key=0000, flags=[interval_end]}, {key=0016}, {key=0017, flags=[interval_end]}, {key=0050}, {key=005b, flags=[interval_end]}",
                         "{key=005b, flags=[interval_end]}, {key=0050}, {key=0017, flags=[interval_end]}, {key=0016}, {key=0000, flags=[interval_end]}",
                         "{key=0000, flags=[interval_end]}, {text=22}, {key=0050}, {key=005b, flags=[interval_end]}", "{key=0000, flags=[interval_end]}, {text=22}, {text=80-90}"):
            check(["nft", "flush", "ruleset"])
            self.write(*base, rule % elements)
            self.apply()
            self.assertIn("th dport { 22, 80-90 }", " ".join(check(["nft", "list", "ruleset"]).replace("@th,16,16", "th dport").replace("0x16", "22").replace("0x50-0x5a", "80-90").split()))
            self.assertEqual(self.steps(), [])
        for elements, words in ("{text=65536}", '"65536" is no key of type inet_service'), ("{text=x}", '"x" is no key'), ("{text=90-80}", '"90-80" is no key'):
            self.write(*base, rule % elements)
            done = ferry("plan", "snapshot")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
            self.assertIn("line 3: ", done.stderr)

    def test_what_is_none_of_its_type(self):
        load("table inet x {\n set s { type inet_service; }\n set r { type ipv4_addr . mark; flags interval; }\n map m { type mark : verdict; }\n map d { type mark : ipv4_addr; }\n}\n")
        for line, words in (("s/65536 = {}", '"65536" is no key of type inet_service'), ("s/80-90 = {}", '"80-90" is no key'), ("s/ssh = {}", '"ssh" is no key'),
                            ("r/10.0.0.1 = {}", '"10.0.0.1" is no key of type'), ("r/10.0.0.1/8 . 5 = {}", "is no key"), ("r/1.1.1.1 . 9-5 = {}", "is no key"),
                            ("m/5 = {data=jumpx}", "jumpx"), ("d/5 = {data=5}", '"5" is no data of type ipv4_addr'), ("nosuch/5 = {}", "its set is not known"),
                            (f"s/80 = {{}}\n{BASE}/element/inet/x/s/0x0050 = {{}}", "is said twice (line 2)")):
            self.write(f"{BASE}/element/inet/x/{line}")
            done = ferry("plan", "snapshot")
            self.assertNotEqual(done.returncode, 0, line)
            self.assertIn(words, done.stderr)
            self.assertIn("line 1: ", done.stderr)


class Rounds(Case):
    """snapshot -> random changes by nft -> apply."""

    def objects(self, kind):
        return [item[kind] for item in nft_json() if kind in item]

    def build(self, chance):
        nftables_state.make_frame()
        rules = chance.sample(nftables_state.taken[1], chance.randrange(5, 60)) + [("inet t c", "jump { udp dport { 4, 5 } drop; counter; }")]
        load("".join(f"add rule {chain} {rule}\n" for chain, rule in rules))

    def one_of(self, chance, kind):
        found = self.objects(kind)
        return chance.choice(found) if found else None

    def change_rule(self, chance):
        rule = self.one_of(chance, "rule")
        chain, text = chance.choice(nftables_state.taken[1])
        place = f"{rule['family']} {rule['table']} {rule['chain']}" if rule else chain
        text = text if place == chain else chance.choice(["counter", "accept", "tcp dport { 1, 2, 3 } drop", "ip saddr 10.9.8.7 return", "meta mark 0x7 log",
                                                                    "jump { tcp dport { 4, 5 } counter; meta mark 0x8 return; }"])
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
        standing = chance.choice(sorted(elements[1].split(","))).strip() if elements else key
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
        done = self.apply("--confirm", "600").stdout if chance.random() < 0.3 else ""
        if done:  # else there is nothing that could be taken back
            self.same(before, done)
            back = ferry("rollback", "--state", "state")
            self.assertEqual(back.returncode, 0, f"{done}rolled back:\n{back.stdout}{back.stderr}")
            self.same(changed, f"{done}rolled back:\n{back.stdout}")
        done = ferry("apply", "--state", "state", "snapshot")
        self.assertEqual(done.returncode, 0, f'{done.stderr}left:\n{ferry("plan", "snapshot").stdout[-3000:]}')
        self.same(before)
        self.assertEqual(nft_rules(), rules)
        self.assertEqual(self.done("diff", "snapshot").stdout, "")
        return changed != before

    def test_apply_gives_the_snapshots_ruleset(self):
        nftables_state.make_all()
        first = int(os.environ.get("SEED") or random.randrange(1 << 30))
        rounds = int(os.environ.get("ROUNDS") or 30)
        print(f"# {rounds} rounds from seed {first}")
        changed = 0
        for seed in range(first, first + rounds):
            try:
                changed += self.one(seed)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
        self.assertGreater(changed, rounds // 2)


if __name__ == "__main__":
    run_cases()
