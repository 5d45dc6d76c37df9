#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""IPsec states and policies: made at random by `ip xfrm` and read as ip(8) tells them; recorded with who did it; set, taken back and declared, judged by all that ip(8)
prints; and keys, which must stand nowhere in what ferry prints or keeps. Where the kernel has no ESP, states are those that wait for their keys."""
import json
import os
import random
import re
import subprocess
import tempfile
import unittest

import ferrytest
import xfrm_state
from ferrytest import Recorder, brief, check, ferry, ferry_lines, listing

SEED = int(os.environ.get("FERRY_SEED", "0")) or random.randrange(1 << 32)
POLICIES, STATES = 80, 60
STATE, POLICY = "netlink/xfrm/state", "netlink/xfrm/policy"
MOVES = re.compile(r"^\s+(add \d|\d+\(bytes\), \d+\(packets\))")


def objects(kind):
    done = ferry("get", "--json", kind)
    return {address.removeprefix(kind + "/"): record for address, record in json.loads(done.stdout or "{}").items()}


def told(kind):
    """All that ip prints, an object after the other, but for ages and uses."""
    found, blocks = check(["ip", "-s", "-d", "xfrm", kind, "list"]), []
    for line in found.splitlines():
        if not line.startswith(("\t", " ")):
            blocks.append([])
        if not MOVES.match(line):
            blocks[-1].append(line)
    return sorted("\n".join(block) for block in blocks)


def everything():
    return told("policy") + [check(["ip", "xfrm", "policy", "getdefault"])]


# ---- What ip(8) would print of a record ----


def limit(value):
    return "(INF)" if value == "unlimited" else str(value)


def lifetime_of(lifetime):
    return ["\tlifetime config:",
            f"\t  limit: soft {limit(lifetime['soft_bytes'])}(bytes), hard {limit(lifetime['hard_bytes'])}(bytes)",
            f"\t  limit: soft {limit(lifetime['soft_packets'])}(packets), hard {limit(lifetime['hard_packets'])}(packets)",
            f"\t  expire add: soft {lifetime['soft_add']}(sec), hard {lifetime['hard_add']}(sec)",
            f"\t  expire use: soft {lifetime['soft_use']}(sec), hard {lifetime['hard_use']}(sec)"]


PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "ipv6-icmp": 58, "sctp": 132}


def selector_of(selector):
    words = f"src {selector.get('src', '0.0.0.0/0')} dst {selector.get('dst', '0.0.0.0/0')}"
    protocol, source, destination = selector.get("proto"), selector.get("sport"), selector.get("dport")
    if protocol:
        words += f" proto {protocol}"
    if protocol in ("icmp", "ipv6-icmp"):
        words += (f" type {source}" if source is not None else "") + (f" code {destination}" if destination is not None else "")
    elif protocol == "gre":
        if source is not None or destination is not None:
            words += f" key {(source or 0) << 16 | (destination or 0)}"
    else:
        words += (f" sport {source}" if source is not None else "") + (f" dport {destination}" if destination is not None else "")
    if "dev" in selector:
        words += f" dev {selector['dev']}"
    return words + f" uid {selector.get('user', 0)}"


def mark_of(record):
    return [f"\tmark {record['mark']['value']}/{record['mark']['mask']}"] if "mark" in record else []


def number(value):
    """A number as ip prints it in decimal and in hexadecimal."""
    return f"{int(str(value), 0)}(0x{int(str(value), 0):08x})"


def template_of(template):
    return [f"\ttmpl src {template.get('src')} dst {template.get('dst')}",
            f"\t\tproto {template['proto']} spi 0x{int(template['spi'], 0):08x}({int(template['spi'], 0)}) reqid {number(template['reqid'])} mode {template['mode']}",
            f"\t\tlevel {template['level']} share {template['share']}",
            "\t\tenc-mask ffffffff auth-mask ffffffff comp-mask ffffffff"]


def policy_of(record):
    """The lines of `ip -s -d xfrm policy` that a record comes to."""
    lines = [selector_of(record["selector"]),
             f"\tdir {record['dir']} action {record['action']} index {record['index']} priority {record['priority']}"
             + f" {'ptype ' + record['type'] if 'type' in record else ''} share {record['share']}"
             + f" flag {' '.join(record['flags'])}{' ' if record['flags'] else ''} "
             + f"(0x{sum({'localok': 1, 'icmp': 2}[flag] for flag in record['flags']):08b})"]  # ip prints the bits
    return lines + lifetime_of(record["lifetime"]) + mark_of(record) + [line for each in record.get("templates", []) for line in template_of(each)] + \
        ([f"\tif_id {record['if_id']}"] if record.get("if_id", "0x0") != "0x0" else [])


def plain(lines):
    """Without what says nothing: blanks, and the order of lines."""
    return sorted(" ".join(line.split()) for line in lines if line.strip() and line.strip() not in ("lifetime current:", "stats:"))


class Case(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.clear()
        self.addCleanup(self.clear)

    def clear(self):
        for command in ("state flush", "policy flush", "policy flush ptype sub", "policy setdefault in accept fwd accept out accept"):
            subprocess.run(["ip", "xfrm", *command.split()], capture_output=True)

    def make_policies(self, count):
        made = [policy for policy in (xfrm_state.policy(self.random) for _ in range(count)) if xfrm_state.ip("policy", "add", *policy[0], *policy[1])]
        self.assertGreater(len(made), count / 2)
        return made

    def make_states(self, count):
        """Their keys."""
        keys = []
        if not xfrm_state.takes_esp():
            for _ in range(8):
                check(["ip", "xfrm", "state", "allocspi", "src", "10.0.0.1", "dst", xfrm_state.addresses(self.random, 0, False), "proto", "esp"])
            return keys
        for each in range(count):
            identity, more, secret = xfrm_state.state(self.random, each)
            if xfrm_state.ip("state", "add", *identity, *more):
                keys += secret
        self.assertGreater(len(keys), count / 2)
        return keys


class Reading(Case):
    def test_policies(self):
        self.make_policies(POLICIES)
        theirs = sorted(plain(block.splitlines()) for block in told("policy"))
        ours = sorted(plain(policy_of(record)) for record in objects(POLICY).values())
        self.assertEqual(len(theirs), len(ours))
        for mine, yours in zip(ours, theirs):
            self.assertEqual(mine, yours, f"seed {SEED}")

    def test_each_address_leads_to_its_object(self):
        self.make_policies(POLICIES)
        self.make_states(STATES)
        for kind in POLICY, STATE:
            found = objects(kind)
            self.assertTrue(found)
            for address in found:
                self.assertEqual(list(json.loads(ferry("get", "--json", f"{kind}/{address}").stdout)), [f"{kind}/{address}"], f"seed {SEED}")

    def test_states(self):
        self.make_states(STATES)
        ours = objects(STATE)
        theirs = told("state")
        self.assertEqual(len(ours), len(theirs))
        left = dict(ours)
        for block in theirs:
            mine = self.state_of(block, left)
            self.compare_state(block, mine)

    def state_of(self, block, left):
        """The record that BLOCK is of, taken out of LEFT."""
        head = re.search(r"^src (\S+) dst (\S+)\n\tproto (\S+) spi 0x([0-9a-f]+)", block)
        mark = re.search(r"^\tmark (\S+)", block, re.M)
        protocol = {"4": "ipip", "41": "ipv6"}.get(head[3], head[3])  # tunnels that the kernel makes for compression
        address = f"{head[2]}/{protocol}/0x{head[4]}" + (f",mark={mark[1]}" if mark else "")
        self.assertIn(address, left, block)
        self.assertEqual(left[address]["src"], head[1])
        return left.pop(address)

    def compare_state(self, block, mine):
        """Everything that ip says of a state."""
        def has(pattern, *expected):
            found = re.search(pattern, block, re.M)
            self.assertEqual(found and found.groups(), tuple(map(str, expected)), f"seed {SEED}: {pattern}\n{block}\n{json.dumps(mine)}")

        def is_absent(pattern):
            self.assertIsNone(re.search(pattern, block, re.M), f"seed {SEED}: {pattern}\n{block}\n{json.dumps(mine)}")

        has(r" reqid (\d+)\(\S+\) mode (\S+)", mine["reqid"], mine["mode"])
        has(r"^\treplay-window (\d+) seq (0x\S+)", mine["replay_window"], f"0x{mine['seq']:08x}")
        # ip leaves no blank between the two.
        flags = re.search(r" flag (.*?)(?:extra_flag (.*?))?\s*\(0x", block)
        self.assertEqual(sorted(flags[1].split()), sorted(mine["flags"]), block)
        self.assertEqual(sorted((flags[2] or "").split()), sorted(mine.get("extra_flags", [])), block)
        for name, word in ("crypt", "enc"), ("comp", "comp"):
            if name in mine:
                has(rf"^\t{word} (\S+)", mine[name]["name"])
                if mine[name].get("key_bits"):
                    has(rf"^\t{word} \S+ 0x\S+ \((\d+) bits\)", mine[name]["key_bits"])
            else:
                is_absent(rf"^\t{word} ")
        if "aead" in mine:
            has(r"^\taead (\S+) 0x\S+ \((\d+) bits\) (\d+)", mine["aead"]["name"], mine["aead"]["key_bits"], mine["aead"]["icv_bits"])
        if "auth" in mine:
            has(r"^\tauth-trunc (\S+) 0x\S+ \((\d+) bits\) (\d+)", mine["auth"]["name"], mine["auth"]["key_bits"], mine["auth"]["trunc_bits"])
        else:
            is_absent(r"^\tauth")
        if "encap" in mine:
            has(r"^\tencap type (\S+) sport (\d+) dport (\d+) addr (\S+)", *(mine["encap"][name] for name in ("type", "sport", "dport", "oa")))
        else:
            is_absent(r"^\tencap")
        if "tfcpad" in mine:
            has(r"^\ttfcpad (\d+)", mine["tfcpad"])
        if "output_mark" in mine:
            has(r"\boutput-mark (0x[0-9a-f]+)", mine["output_mark"])
        else:
            is_absent(r"\boutput-mark")
        if "if_id" in mine:
            has(r"^\tif_id (0x[0-9a-f]+)", mine["if_id"])
        if "selector" in mine and re.search(r"^\tsel ", block, re.M):
            theirs = re.search(r"^\tsel (.*)$", block, re.M)[1].split()
            self.assertEqual(theirs, selector_of({**({"src": "::/0", "dst": "::/0"} if ":" in mine["dst"] else {}), **mine["selector"]}).split(), block)
        for line in lifetime_of(mine["lifetime"])[1:]:
            self.assertIn(line.strip(), [each.strip() for each in block.splitlines()])
        for name, word in ("replay_window", "replay-window"), ("replay", "replay"), ("failed", "failed"):
            self.assertRegex(block, rf"{word} {mine['stats'][name]}\b")

    def test_default(self):
        check(["ip", "xfrm", "policy", "setdefault", "fwd", "block"])
        self.assertEqual(ferry("get", "netlink/xfrm/default").stdout,
                         "netlink/xfrm/default/policy/in = accept\nnetlink/xfrm/default/policy/fwd = block\nnetlink/xfrm/default/policy/out = accept\n")

    def test_without_rights(self):
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", ferrytest.FERRY, "get", POLICY], capture_output=True, text=True)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("CAP_NET_ADMIN", done.stderr)


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.recorder = self.enterContext(Recorder())

    def changes(self, position):
        self.recorder.settle("xfrm")
        return [change for change in self.recorder.since(position) if change["address"].startswith("netlink/xfrm/")]

    def expect(self, position, pid, *wanted):
        """Just these (kind, beginning of the address) were told since POSITION, all by PID."""
        found = self.changes(position)
        self.assertEqual([(change["kind"], change["address"]) for change in found], list(wanted), listing(found))
        for change in found:
            self.assertEqual(change["actor"]["pid"], pid, brief(change))
            self.assertEqual(change["door"], "netlink", brief(change))
        return found

    def run_ip(self, *arguments):
        done = ferrytest.run(["ip", "xfrm", *map(str, arguments)])
        self.assertEqual(done.status, 0, done)
        return done.pid

    def undo(self, change, status=0):
        done = ferry("undo", "--db", self.recorder.db, change["id"])
        self.assertEqual(done.returncode, status, f"{brief(change)}\n{done.stdout}{done.stderr}")
        return done

    def test_policies(self):
        """Added, changed, removed, and each taken back."""
        name = ["src", "10.0.0.0/24", "dst", "10.1.0.0/24", "proto", "tcp", "dport", 443, "dir", "out", "mark", 5, "mask", "0xff", "if_id", 9]
        more = ["limit", "byte-soft", 1000000, "tmpl", "src", "10.9.9.1", "dst", "10.9.9.2", "proto", "esp", "mode", "tunnel", "reqid", 7, "tmpl", "proto", "ah", "mode",
                "transport"]
        address = f"{POLICY}/out/10.0.0.0/24/10.1.0.0/24,proto=tcp,dport=443,mark=0x5/0xff,if_id=0x9"
        empty = everything()
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("policy", "add", *name, "priority", 3, *more)
        added, = self.expect(position, pid, ("added", address))
        self.assertEqual(len(added["after"]["templates"]), 2)
        first = everything()
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("policy", "update", *name, "priority", 4, *more)
        changed, = self.expect(position, pid, ("changed", address))
        self.assertEqual((changed["before"], changed["after"]), ({"priority": 3}, {"priority": 4}))
        second = everything()
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("policy", "delete", *name)
        removed, = self.expect(position, pid, ("removed", address))
        self.undo(removed)
        self.assertEqual(everything(), second)
        self.undo(changed)
        self.assertEqual(everything(), first)
        position = self.recorder.settle("xfrm")
        self.undo(added)
        self.assertEqual(everything(), empty)
        undone, = self.changes(position)
        self.assertEqual((undone["cause"], undone["actor"]["comm"]), (added["id"], "ferry"))

    def test_flush(self):
        """One notice for many: each that went is told, and comes back."""
        self.make_policies(25)
        before = everything()
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("policy", "flush")
        main = self.changes(position)
        self.run_ip("policy", "flush", "ptype", "sub")
        found = self.changes(position)
        self.assertEqual(sorted(change["address"] for change in found), sorted({change["address"] for change in found}))
        self.assertTrue(all(change["kind"] == "removed" for change in found), listing(found))
        self.assertTrue(all(change["actor"]["pid"] == pid for change in main), listing(main))
        self.assertEqual(len(found), len([block for block in before if block.startswith("src ")]))
        for change in found:
            self.undo(change)
        self.assertEqual(everything(), before)

    def test_default(self):
        before = everything()
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("policy", "setdefault", "out", "block")
        change, = self.expect(position, pid, ("changed", "netlink/xfrm/default/policy"))
        self.assertEqual((change["before"], change["after"]), ({"out": "accept"}, {"out": "block"}))
        self.undo(change)
        self.assertEqual(everything(), before)

    def test_end(self):
        """A policy that comes to its end is removed by the kernel."""
        position = self.recorder.settle("xfrm")
        self.run_ip("policy", "add", "src", "10.3.0.0/24", "dst", "10.4.0.0/24", "dir", "in", "limit", "time-hard", 1)
        address = f"{POLICY}/in/10.3.0.0/24/10.4.0.0/24"
        self.recorder.wait("its end", lambda: self.recorder.find(address, "removed") >= position)
        gone = self.recorder.changes[self.recorder.find(address, "removed")]
        self.assertTrue(gone["actor"]["kernel"], brief(gone))
        self.assertEqual(gone["door"], "kernel", brief(gone))

    def test_refused(self):
        position = self.recorder.settle("xfrm")
        done = ferrytest.run(["ip", "xfrm", "policy", "delete", "src", "10.5.0.0/24", "dst", "10.6.0.0/24", "dir", "fwd"])
        self.assertNotEqual(done.status, 0)
        found, = self.expect(position, done.pid, ("removed", f"{POLICY}/fwd/10.5.0.0/24/10.6.0.0/24"))
        self.assertIn("XFRM_MSG_DELPOLICY", found["result_text"] if "result_text" in found else json.dumps(found))
        self.assertNotEqual(found["result"], "ok")

    def test_states(self):
        """With their keys they cannot be put back, and that is said before they are removed as well as afterwards."""
        if not xfrm_state.takes_esp():
            print("# this kernel has no ESP: only its refusal can be seen")
            refused = subprocess.run(["ip", "xfrm", "state", "add", "src", "10.0.0.1", "dst", "10.0.0.2", "proto", "esp", "spi", "1", "enc", "ecb(cipher_null)", ""], capture_output=True)
            self.assertNotEqual(refused.returncode, 0)
            return
        self.recorder.settle("xfrm")
        name = ["src", "10.0.0.1", "dst", "10.0.0.2", "proto", "esp", "spi", "0x1234"]
        address = f"{STATE}/10.0.0.2/esp/0x00001234"
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("state", "add", *name, "mode", "tunnel", "aead", "rfc4106(gcm(aes))", "0x" + "5a" * 20, 128)
        added, = self.expect(position, pid, ("added", address))
        self.assertEqual(added["after"]["aead"], {"name": "rfc4106(gcm(aes))", "key_bits": 160, "icv_bits": 128, "key": "(secret)"})
        refused = ferry("set", "-" + address)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("cannot be put back", refused.stderr)
        position = self.recorder.settle("xfrm")
        done = ferry("set", f"{address}/lifetime/hard_add=5000")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hard 5000(sec)", "\n".join(told("state")))
        changed, = self.changes(position)
        self.assertEqual((changed["kind"], changed["after"]), ("changed", {"lifetime": {"hard_add": 5000}}), brief(changed))
        self.undo(changed)
        self.assertIn("hard 0(sec)", "\n".join(told("state")))
        position = self.recorder.settle("xfrm")
        pid = self.run_ip("state", "flush")
        removed, = self.expect(position, pid, ("removed", address))
        self.assertIn("secret", self.undo(removed, status=1).stderr)
        pid = self.run_ip("state", "add", *name, "mode", "tunnel", "aead", "rfc4106(gcm(aes))", "0x" + "5a" * 20, 128)
        again = self.changes(position)[-1]
        self.undo(again)
        self.assertEqual(told("state"), [])


class Setting(Case):
    def test_policy(self):
        address = f"{POLICY}/in/10.1.0.0/24/10.0.0.0/24,proto=udp,sport=500"
        done = ferry("set", address + "={priority=9, templates=[{src=10.9.0.1, dst=10.9.0.2, proto=esp, mode=tunnel, reqid=3}]}")
        self.assertEqual(done.returncode, 0, done.stderr)
        theirs = "\n".join(told("policy"))
        for words in ("src 10.1.0.0/24 dst 10.0.0.0/24 proto udp sport 500", "dir in action allow", "priority 9", "tmpl src 10.9.0.1 dst 10.9.0.2", "reqid 3", "limit: soft (INF)(bytes)"):
            self.assertIn(words, theirs)
        self.assertEqual(ferry("set", address + "/action=block").returncode, 0)
        theirs = "\n".join(told("policy"))
        self.assertIn("action block", theirs)
        self.assertIn("tmpl src 10.9.0.1 dst 10.9.0.2", theirs)
        self.assertEqual(ferry("set", "-" + address).returncode, 0)
        self.assertEqual(told("policy"), [])

    def test_declared(self):
        """A snapshot brings back what was there, and just that."""
        self.make_policies(30)
        check(["ip", "xfrm", "policy", "setdefault", "in", "block"])
        before = everything()
        with tempfile.NamedTemporaryFile("w", suffix=".ferry") as file:
            file.write(check([ferrytest.FERRY, "snapshot", "--only", "netlink/xfrm/policy", "netlink/xfrm/default"]))
            file.flush()
            self.assertEqual(ferry("diff", file.name).stdout, "")
            self.clear()
            check(["ip", "xfrm", "policy", "add", "src", "10.77.0.0/24", "dst", "10.78.0.0/24", "dir", "out"])
            done = ferry("apply", file.name)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            strip = re.compile(r" index \d+")
            self.assertEqual([strip.sub("", block) for block in everything()], [strip.sub("", block) for block in before])


class Secrets(Case):
    def test_no_key_is_told_or_kept(self):
        """In whatever form: of states that were made, and of requests that the kernel refused."""
        with Recorder() as recorder:
            keys = self.make_states(40) if xfrm_state.takes_esp() else []
            for each in range(20):
                identity, more, secret = xfrm_state.state(self.random, 1000 + each)
                keys += secret
                done = ferrytest.run(["ip", "xfrm", "state", "update", *identity, *more])  # there is none: refused
                self.assertNotEqual(done.status, 0)
            # A name that says nothing of what it is about.
            script = "import socket, sys; s = socket.socket(16, 3, 6); s.send(bytes.fromhex(sys.argv[1])); s.recv(99)"
            raw, secret = self.request()
            keys.append(secret)
            check(["python3", "-c", script, raw.hex()])
            recorder.settle()
            out = [json.dumps(change) for change in recorder.changes] + recorder.words
            self.assertGreaterEqual(len([change for change in recorder.changes if (change.get("address") or "").startswith(STATE)]), 20)
            for arguments in (["get", STATE], ["get", "--json", STATE], ["get", "-t", STATE], ["ls", "-l", "-R", STATE], ["log", "--json", "--db", recorder.db, "-n", "500"],
                              ["blame", "--db", recorder.db, STATE], ["snapshot", STATE], ["snapshot", "-a", STATE]):
                done = ferry(*arguments)
                out += [done.stdout, done.stderr]
            kept = b"".join(open(os.path.join(recorder.folder, name), "rb").read() for name in os.listdir(recorder.folder))
            self.assertTrue(keys and kept)
        text = "\n".join(out).encode()
        self.assertIn(b"(secret)", text)
        for key in keys:
            for form in xfrm_state.forms(key):
                self.assertNotIn(form, text, f"seed {SEED}")
                self.assertNotIn(form, kept, f"seed {SEED}")

    def request(self):
        """An XFRM_MSG_UPDSA with an encryption key, of a state that is not there."""
        import struct
        secret = self.random.randbytes(16)
        info = bytearray(224)
        info[56:60] = bytes([10, 0, 0, 9])
        info[72:76] = bytes([0, 0, 9, 9])
        info[76] = 50
        struct.pack_into("H", info, 212, 2)
        payload = b"cbc(aes)".ljust(64, b"\0") + struct.pack("I", 128) + secret
        attribute = struct.pack("HH", 4 + len(payload), 2) + payload
        return struct.pack("IHHII", 16 + len(info) + len(attribute), 0x1A, 5, 1, 0) + info + attribute, secret


ferrytest.run_cases()
