#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Families that ferry has never seen: what is listed, learned and dumped, judged by genl(8), bpftool(8), ethtool(8), ip(8), and by a socket of Python's own."""
import contextlib
import glob
import json
import os
import re
import socket
import struct
import subprocess
import unittest

import ferrytest
from ferrytest import FERRY, HERE, Recorder, check, ferry, ferry_lines

CACHE = "/var/cache/ferry"
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all")


def learn(*arguments):
    """What `ferry learn --json` tells, by family."""
    return {told["family"]: told for told in ferry_lines("--json", "learn", *arguments)}


def kept():
    return glob.glob(CACHE + "/learned-*")[0]


def kept_attributes():
    """Constant -> (number, kind, provenance) of what is kept."""
    with open(kept()) as file:
        return {words[2]: (int(words[1]), words[3], words[4]) for words in map(str.split, file) if words[0] == "attribute"}


def enumerators():
    """Constant -> number, as bpftool reads the types of the kernel and its modules."""
    base = "/sys/kernel/btf/vmlinux"
    out = check(["bpftool", "btf", "dump", "file", base, "format", "c"])
    for name in sorted(set(os.listdir("/sys/kernel/btf")) - {"vmlinux"}):
        out += check(["bpftool", "-B", base, "btf", "dump", "file", "/sys/kernel/btf/" + name, "format", "c"])
    return {name: int(number) for name, number in re.findall(r"^\t([A-Z_][A-Z0-9_]+) = (-?\d+),$", out, re.M)}


def kept_sets():
    """Name of a set -> number -> constant."""
    found = {}
    with open(kept()) as file:
        for words in map(str.split, file):
            if words[0] == "set":
                current = found[words[1]] = {}
            elif words[0] == "attribute":
                current[int(words[1])] = words[2]
    return found


def macros_of(text):
    """Macro -> kind of the field that it makes, by itself or by another."""
    found = dict(re.findall(r'^#define (\w+)(?:\([^)]*\))?\s+(?:\\\n\s*)?\{\s*(?:\\\n\s*)?"?\w+"?, FIELD_(\w+)', text, re.M))
    for name, other in re.findall(r"^#define (\w+)\([^)]*\)\s+(?:\\\n\s*)?([A-Z_]+)\(", text, re.M):
        if other in found:
            found[name] = found[other]
    return found


def tables():
    """Constant -> kinds of the attributes in the schemas made by hand. What is newer than some headers stands there by its number: the constants beside it
    tell of which set it is."""
    found, sets, shared = {}, kept_sets(), {}
    for path in glob.glob(os.path.join(HERE, "../../src/channel/*.h")):
        with open(path) as file:
            shared |= macros_of(file.read())
    for path in glob.glob(os.path.join(HERE, "../../src/channel/*.c")):
        with open(path) as file:
            text = file.read()
        macros = shared | macros_of(text)
        for body in re.findall(r"const struct field \w+\[\] = \{(.*?)\n\};", text, re.S):
            rows = [(name, kind or macros.get(macro)) for name, kind, macro in re.findall(r'\[(\w+)\]\s*=\s*(?:\{\s*"[^"]+",\s*FIELD_(\w+)|([A-Z_]+)\b)', body)]
            rows += [("1", "RECORD")] if re.search(r"^\tDEVICE,", body, re.M) else []
            names = {name for name, _ in rows} | set(re.findall(r"/\* ([A-Z]+_[A-Z0-9_]+)", body))
            numbers = next((numbers for numbers in sets.values() if names & set(numbers.values())), {})
            for name, kind in rows:
                constant = numbers.get(int(name)) if name.isdigit() else name
                # Of sockets the kernel tells no policy, so that nothing can be learned.
                if kind and constant and re.fullmatch(r"[A-Z]+_[A-Z0-9_]+", constant) and "_DIAG_" not in constant:
                    found.setdefault(constant, set()).add(kind)
    return found


# What a kind of ours may be to the kernel, which knows no byte order, no addresses and no interfaces. Bytes claim nothing.
SAME = {
    "FLAG": {"flag"}, "BOOL": {"u8"}, "U8": {"u8"}, "U16": {"u16"}, "U32": {"u32"}, "U64": {"u64"}, "S8": {"s8"}, "S16": {"s16"}, "S32": {"s32"}, "S64": {"s64"},
    "BE16": {"u16", "be16"}, "BE32": {"u32", "be32"}, "BE64": {"u64", "be64"}, "INTERFACE": {"u32", "s32"},
    "TEXT": {"text", "bytes"}, "ADDRESS": {"address", "bytes", "u32"}, "PREFIX": {"address", "bytes", "u32"},
    "RECORD": {"nest", "bytes", "bits"}, "LIST": {"nest", "array"}, "SELECT": {"nest"}, "INDEXED": {"bytes"}, "PAD": {"pad"},
    "CODEC": {"uint", "sint", "u8", "bytes", "nest", "array", "flag"},
    "BYTES": {"flag", "u8", "u16", "u32", "u64", "text", "bytes", "nest", "array", "bits"},
}


class Listing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for path in glob.glob(CACHE + "/*"):
            os.unlink(path)

    def judge(self):
        """As genl tells the generic families."""
        found = {}
        for part in check(["genl", "ctrl", "list"]).split("Name: ")[1:]:
            name = part.split("\n")[0].strip()
            number, version, header = re.search(r"ID: 0x(\w+)\s+Version: 0x(\w+)\s+header size: (\d+)", part).groups()
            operations = re.search(r"commands supported:(.*?)(multicast groups:|$)", part, re.S)
            groups = part.split("multicast groups:")[1] if "multicast groups:" in part else ""
            found[name] = {"id": int(number, 16), "version": int(version, 16), "header_size": int(header),
                           "operations": len(re.findall(r"#\d+:", operations.group(1))) if operations else 0, "groups": len(re.findall(r"#\d+:", groups))}
        return found

    def test_families(self):
        items = ferry_lines("--json", "ls", "-l", "netlink")
        listed = {item["address"].removeprefix("netlink/"): item for item in items}
        self.assertEqual(len(listed), len(items), "each is there once")
        for name, expected in self.judge().items():
            told = {key: value for key, value in listed[name]["value"].items() if key != "dumps"}
            self.assertEqual(told, expected, name)
            self.assertEqual((listed[name]["type"], listed[name]["provenance"]), ("family", "table" if name == "nlctrl" else "guessed"), name)
        with open("/proc/net/netlink") as file:
            protocols = {int(line.split()[1]) for line in file.read().splitlines()[1:] if line.split()[2] == "0"} - {0, 4, 6, 9, 12, 16, 21}  # route, sock_diag, xfrm, audit, netfilter and crypto are listed by their objects
        self.assertLessEqual({"route/", "sock_diag/", "xfrm/", "netfilter/"}, {name.rstrip("/") + "/" for name in listed})
        self.assertLessEqual(protocols, {item["value"].get("protocol") for item in listed.values() if "value" in item})

    def test_provenance_of_what_is_by_hand(self):
        self.assertEqual({item["provenance"] for item in ferry_lines("--json", "ls", "-l", "netlink/route/link/lo")}, {"table"})
        self.assertIn("PROVENANCE", ferry("ls", "-l", "netlink/route/link/lo").stdout.splitlines()[0])

    def test_without_learning_all_is_told_by_number(self):
        self.assertFalse(glob.glob(CACHE + "/*"))
        first = ("--netns", os.getppid())  # where NetLabel is alone
        done = ferry(*first, "get", "netlink/NLBL_MGMT/7")  # NLBL_MGMT_C_PROTOCOLS
        if "no such address" in done.stderr:
            print("# not to be judged here: this kernel has no NetLabel, or the test is in no first network namespace")
            return
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^netlink/NLBL_MGMT/7/0/attribute 2 = 0[0-9]000000\n")
        self.assertIn("ferry learn", done.stderr)
        self.assertEqual({item["provenance"] for item in ferry_lines(*first, "--json", "ls", "-l", "netlink/NLBL_MGMT/7/0")}, {"guessed"})

    def test_what_cannot_be_dumped(self):
        self.assertEqual(ferry("get", "netlink/ethtool/999").returncode, 3)
        self.assertEqual(ferry("ls", "netlink/ethtool/rings/none").returncode, 3)
        refused = ferry("get", "netlink/ethtool/3")  # ETHTOOL_MSG_LINKINFO_SET
        self.assertEqual((refused.returncode, "does not answer" in refused.stderr), (1, True), refused.stderr)


class Learning(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.told = learn()

    def test_against_the_tables(self):
        """Learning alone names what the tables name, and types none otherwise."""
        known, types, learned = tables(), enumerators(), kept_attributes()
        present = [constant for constant in known if constant in types and not constant.startswith(("NFTA_", "CTA_", "IPSET_", "NFACCT_"))]  # netfilter is not tried
        named = [constant for constant in present if constant in learned]
        self.assertGreater(len(present), 300)
        self.assertGreaterEqual(len(named), 0.9 * len(present), sorted(set(present) - set(named)))
        self.assertEqual([constant for constant, (number, _, _) in learned.items() if types.get(constant) not in (number, number - 1)], [])
        typed = [constant for constant in named if learned[constant][2] == "learned"]
        wrong = [(constant, known[constant], learned[constant][1]) for constant in typed if not any(learned[constant][1] in SAME[kind] for kind in known[constant])]
        self.assertEqual(wrong, [])
        self.assertGreater(len(typed), 60)
        print(f"# {len(named)} of {len(present)} attributes named as by hand, {len(typed)} of them typed by the kernel, 0 otherwise")

    def test_drift(self):
        """The tables against the kernel that runs: no type otherwise; what it has and they lack is told."""
        known, learned = tables(), kept_attributes()
        wrong = []
        for constant, (_, kind, provenance) in learned.items():
            if provenance == "learned" and constant in known:
                wrong += [(constant, ours, kind) for ours in known[constant] if kind not in SAME[ours]]
        self.assertEqual(wrong, [])
        for name, numbers in sorted(kept_sets().items()):
            missing = [constant for constant in numbers.values() if constant not in known]
            if missing and len(missing) < len(numbers):
                print(f"# {name}: the kernel has, the tables have not: {' '.join(missing)}")

    def test_figures(self):
        for family, told in self.told.items():
            if family != "route":
                self.assertEqual(told["tried"], 0, family)
        self.assertGreater(self.told["route"]["tried"], 1000)
        for family in ("ethtool", "netdev", "nlctrl", "tcp_metrics", "mptcp_pm"):
            if family in self.told:
                self.assertEqual(self.told[family]["commands_named"], self.told[family]["commands"], family)
                self.assertGreater(self.told[family]["attributes"], 0, family)
        for family in ("ethtool", "netdev", "nlctrl"):  # netdev came last
            if family != "netdev" or family in self.told:
                self.assertGreater(self.told[family]["typed"], 0, family)

    def test_nothing_happens_here(self):
        """Neither a change that the kernel would tell, nor one that shows."""
        def state():
            return [check(["ip", "-d", "-s", "-s", kind, "show", *more]) for kind, more in
                    (("link", []), ("addr", []), ("rule", []), ("nexthop", []), ("neigh", []), ("route", ["table", "all"]))]

        before = state()
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as judge:
            judge.bind((0, 0))
            for group in range(1, 40):
                with contextlib.suppress(OSError):  # older kernels have fewer
                    judge.setsockopt(270, 1, group)
            learn()
            judge.setblocking(False)
            self.assertRaises(BlockingIOError, judge.recv, 65536)
        self.assertEqual(state(), before)

    def test_one_family_alone_keeps_the_others(self):
        with open(kept()) as file:
            before = sorted(file.read().splitlines()[1:-1])
        self.assertEqual(list(learn("ethtool")), ["ethtool"])
        with open(kept()) as file:
            self.assertEqual(sorted(file.read().splitlines()[1:-1]), before)
        self.assertEqual(ferry("learn", "none").returncode, 3)
        self.assertEqual(ferry("learn", "audit").returncode, 1)

    def test_whose_file_it_is(self):
        """What others could have written is not believed, and that is said."""
        path = kept()
        with open(path) as file:
            good = file.read()

        def is_believed():
            done = ferry("get", "netlink/ethtool/1")
            self.assertEqual(done.returncode, 0, done.stderr)
            return "netlink/ethtool/strset_get/0/header/dev_name = lo\n" in done.stdout, done.stderr

        try:
            self.assertEqual(is_believed(), (True, ""))
            for spoil, mend, word in ((lambda: os.chmod(path, 0o664), lambda: os.chmod(path, 0o644), "written by others"),
                                      (lambda: os.chown(path, 1234, 0), lambda: os.chown(path, 0, 0), "another user"),
                                      (lambda: os.chmod(CACHE, 0o777), lambda: os.chmod(CACHE, 0o755), "written by others"),
                                      (lambda: self.write(path, good[:-20]), lambda: self.write(path, good), "line"),
                                      (lambda: self.write(path, good.replace(" u32 ", " \x1b[31m ", 1)), lambda: self.write(path, good), "line"),
                                      (lambda: (os.rename(path, path + "x"), os.symlink(path + "x", path)), lambda: os.rename(path + "x", path), "")):
                spoil()
                believed, words = is_believed()
                mend()
                self.assertFalse(believed, word)
                self.assertIn(word, words)
                self.assertNotIn("\x1b", words)
            self.assertEqual(is_believed(), (True, ""))
        finally:
            self.write(path, good)

    def write(self, path, text):
        with open(path, "w") as file:
            file.write(text)

    def test_without_rights(self):
        """Nobody can learn too, and keeps it for himself."""
        folder = os.path.join(os.environ["TMPDIR"], "nobody")
        os.mkdir(folder)
        os.chmod(os.environ["TMPDIR"], 0o755)
        os.chown(folder, 65534, 65534)
        done = subprocess.run([*NOBODY, "env", f"XDG_CACHE_HOME={folder}", FERRY, "--json", "learn"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = {each["family"]: each for each in map(json.loads, done.stdout.splitlines())}
        for family in told:
            if family != "route":
                self.assertEqual(told[family], self.told[family])
        self.assertTrue(told["route"]["typed"] == self.told["route"]["typed"] or told["route"]["why"], told["route"])
        own = glob.glob(folder + "/ferry/learned-*")
        self.assertEqual((len(own), os.stat(own[0]).st_uid), (1, 65534))


class Dumps(unittest.TestCase):
    """What was learned reads what the kernel answers as others read it."""

    @classmethod
    def setUpClass(cls):
        learn()

    def rows(self, address):
        done = ferry("--json", "get", address)
        self.assertEqual(done.returncode, 0, done.stderr)
        return list(json.loads(done.stdout).values())

    def test_ethtool_without_a_table(self):
        """Answers by what was learned alone."""
        check(["ip", "link", "add", "l0", "type", "veth", "peer", "name", "l1"])
        try:
            rows = {row["header"]["dev_name"]: row for row in self.rows("netlink/ethtool/strset_get")}
            for name in ("l0", "l1"):
                told = rows[name]["stringsets"]["stringset"]
                names = [string["value"] for string in told["strings"]["string"]]
                self.assertEqual((told["id"], names), (1, re.findall(r"^ +([^:]+):", check(["ethtool", "-S", name]), re.M)))  # ETH_SS_STATS
                self.assertEqual(told["count"], len(names))
        finally:
            check(["ip", "link", "del", "l0"])

    def test_provenance(self):
        """What the kernel has typed, and what it has named alone."""
        told = {item["address"].rsplit("/", 1)[1]: item["provenance"] for item in ferry_lines("--json", "ls", "-l", "netlink/nlctrl/family/nlctrl")}
        self.assertEqual(set(told.values()), {"table"})
        told = {item["address"].rsplit("/", 1)[1]: item["provenance"] for item in ferry_lines("--json", "ls", "-l", "netlink/ethtool/strset_get/0/header")}
        self.assertEqual((told["dev_index"], told["dev_name"]), ("learned", "learned"))

    def test_secrets(self):
        """A key that is known by its name is shown to nobody, in requests that no table describes either."""
        command = ["ip", "sr", "hmac", "set", "17", "sha256"]
        if ferrytest.can_trace():
            done = ferry("trace", "--", *command, input="topsecret\n")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("secret (secret)", done.stdout + done.stderr)
            self.assertNotIn(b"topsecret".hex(), done.stdout + done.stderr)
        else:
            check(command, input="topsecret\n")
        done = ferry("get", "netlink/SEG6/hmac/17")
        self.assertEqual((done.returncode, "/secret = (secret)\n" in done.stdout, "topsecret" in done.stdout), (0, True, False), done)

    def test_secrets_without_names(self):
        """What is told by number may be a key."""
        path = kept()
        os.rename(path, path + "x")
        self.addCleanup(os.rename, path + "x", path)
        done = ferry("get", "netlink/ethtool/1")  # ETHTOOL_MSG_STRSET_GET; that of Wake-on-LAN has a password
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("/attribute 1 = (secret)\n", done.stdout)

    def test_watching(self):
        """A message of a family without a table is told by what was learned, one of a kind with a table by that."""
        check(["ip", "link", "add", "e0", "type", "bridge"])
        try:
            with Recorder("netlink/ethtool/monitor", command="watch", db=False) as watching:
                check(["ethtool", "-K", "e0", "tso", "off"])
                watching.wait("the message", lambda: any(m["kind"] == "message" for m in watching.changes))
                message = watching.changes[0]
                self.assertEqual((message["provenance"], message["guessed"], message["message"]["dev"]), ("table", False, "e0"))
            if "netdev" not in Listing().judge():
                print("# not to be judged here: this kernel has no family netdev")
            else:
                with Recorder("netlink/netdev/mgmt", command="watch", db=False) as watching:
                    check(["ip", "link", "add", "e1", "type", "bridge"])
                    check(["ip", "link", "del", "e1"])
                    watching.wait("the message", lambda: any(m["kind"] == "message" for m in watching.changes))
                    message = watching.changes[0]
                    self.assertEqual((message["provenance"], message["guessed"], "ifindex" in message["message"]), ("learned", False, True))
            with Recorder("netlink/route/ipv4_netconf", command="watch", db=False) as watching:
                check(["sysctl", "-qw", "net.ipv4.conf.e0.forwarding=1"])
                forwarding = lambda m: m["kind"] == "message" and m["message"].get("forwarding") == "on"
                watching.wait("the message", lambda: any(map(forwarding, watching.changes)))
                self.assertEqual({m["provenance"] for m in watching.changes if forwarding(m)}, {"table"})
        finally:
            check(["ip", "link", "del", "e0"])


class Modules(unittest.TestCase):
    """Families that come with a module, whose names stand in the types of that."""
    KEY = "00112233445566778899aabbccddeeff"

    def setUp(self):
        for path in glob.glob(CACHE + "/*"):
            os.unlink(path)
        check(["ip", "link", "add", "m0", "type", "veth", "peer", "name", "m1"])
        self.addCleanup(subprocess.run, ["ip", "link", "del", "m0"], capture_output=True, check=False)

    def learned(self, family, link, pattern):
        """Whether the kernel has the module; what it has named, as bpftool tells it, is learned."""
        made = subprocess.run(["ip", "link", "add", *link.split()], capture_output=True, text=True, check=False)
        if made.returncode:
            print(f"# not to be judged here: this kernel has no {family}: {made.stderr.strip()}")
            self.assertEqual(ferry("learn", family).returncode, 3)
            return False
        self.addCleanup(subprocess.run, ["ip", "link", "del", "k0"], capture_output=True, check=False)
        told = learn(family)[family]
        if not ferrytest.tells_types(family):
            print("# this kernel tells no types of its modules: that it is said is judged here")
            self.assertEqual((told["attributes"], "of modules it tells none" in told["why"]), (0, True), told)
            return False
        self.assertEqual((told["commands_named"], told["why"]), (told["commands"], None))
        ours = {constant: number for constant, (number, _, _) in kept_attributes().items()}
        theirs = {constant: number for constant, number in enumerators().items() if re.fullmatch(pattern, constant) and not constant.endswith(("_UNSPEC", "_MAX"))}
        self.assertEqual(ours, theirs)
        self.assertGreater(told["typed"], 0)
        self.assertGreater(len(ours), 15)
        return True

    def traced(self):
        """A key that a program hands over is not to be read."""
        done = ferry("trace", "--", *f"ip macsec add k0 tx sa 1 pn 1 off key 03 {self.KEY}".split())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("netlink/macsec ", done.stdout)
        self.assertNotIn(self.KEY, done.stdout)
        check(["ip", *"macsec del k0 tx sa 1".split()])
        return done.stdout

    def test_wireguard(self):
        self.learned("wireguard", "k0 type wireguard", r"WG(DEVICE|PEER|ALLOWEDIP)_A_\w+")

    def test_macsec(self):
        """The device with its associations, as ip(8) tells it."""
        if not self.learned("macsec", "link m0 k0 type macsec port 11 encrypt on", r"MACSEC_(\w+_)?ATTR_\w+"):
            return
        self.assertIn("key (secret)", self.traced())
        for command in f"add k0 tx sa 0 pn 7 on key 01 {self.KEY}", "add k0 rx address 02:00:00:00:00:09 port 11", f"add k0 rx address 02:00:00:00:00:09 port 11 sa 2 pn 5 off key 02 {self.KEY}":
            check(["ip", "macsec", *command.split()])
        theirs, = json.loads(check(["ip", "-j", "macsec", "show"]))
        ours, = json.loads(check([FERRY, "--json", "get", "netlink/macsec/get_txsc"])).values()
        self.assertEqual((ours["ifindex"], ours["secy"]["sci"], ours["secy"]["encoding_sa"], ours["secy"]["icv_len"], bool(ours["secy"]["encrypt"])),
                         (theirs["ifindex"], int(theirs["sci"], 16), theirs["encoding_sa"], theirs["icv_length"], theirs["encrypt"]))
        pairs = [(ours["txsa_list"], theirs["sa_list"]), (ours["rxsc_list"][0]["sa_list"], theirs["rx_sc"][0]["sa_list"])]
        for mine, judged in pairs:
            self.assertEqual([(each["an"], each["pn"], bool(each["active"]), each["keyid"]) for each in mine], [(each["an"], each["pn"], each["active"], each["key"]) for each in judged])
        self.assertEqual([each["sci"] for each in ours["rxsc_list"]], [int(each["sci"], 16) for each in theirs["rx_sc"]])
        os.unlink(kept())
        # What is told by number could be a key.
        self.assertIn("withheld (secret)", self.traced())
        done = ferry("get", "netlink/macsec/0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("/attribute 5 = (secret)", done.stdout.replace('"', ""))


class ByHand(unittest.TestCase):
    """Operations with a table of their own."""

    @classmethod
    def setUpClass(cls):
        for path in glob.glob(CACHE + "/*"):
            os.unlink(path)
        check(["ip", "tuntap", "add", "h0", "mode", "tap"])
        check(["ip", "link", "add", "h1", "numtxqueues", "2", "numrxqueues", "2", "type", "veth", "peer", "name", "h2"])

    @classmethod
    def tearDownClass(cls):
        check(["ip", "link", "del", "h0"])
        check(["ip", "link", "del", "h1"])

    def read(self, address):
        done = ferry("--json", "get", address)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)[address]

    def test_families(self):
        for name, expected in Listing().judge().items():
            row = self.read(f"netlink/nlctrl/family/{name}")
            told = {"id": row["type"], "version": row["version"], "header_size": row["header_size"], "operations": len(row.get("operations", [])),
                    "groups": len(row.get("groups", []))}
            self.assertEqual(told, expected, name)

    def test_mptcp(self):
        """As ip(8) tells endpoints and limits."""
        if "mptcp_pm" not in Listing().judge():
            print("# not to be judged here: this kernel has no family mptcp_pm")
            self.assertEqual(ferry("get", "netlink/mptcp_pm/endpoint").returncode, 3)
            return
        check(["ip", *"mptcp limits set subflows 3 add_addr_accepted 2".split()])
        check(["ip", *"mptcp endpoint add 10.3.3.3 id 5 dev h1 subflow backup".split()])
        check(["ip", *"mptcp endpoint add 2001:db8::3 id 6 signal".split()])
        try:
            for entry in json.loads(check(["ip", "-j", "mptcp", "endpoint", "show"])):
                row = self.read(f"netlink/mptcp_pm/endpoint/{entry['id']}")["endpoint"]
                self.assertEqual((row["address"], row.get("port", 0), row.get("dev")), (entry["address"], entry.get("port", 0), entry.get("dev")))
                self.assertEqual(set(row["flags"]), {flag for flag in ("signal", "subflow", "backup", "fullmesh") if entry.get(flag) or flag in entry.get("flags", [])})
            words = check(["ip", "mptcp", "limits", "show"]).split()  # without JSON
            limits = {name: int(number) for name, number in zip(words[::2], words[1::2])}
            row = self.read("netlink/mptcp_pm/limits/0")
            self.assertEqual((row["subflows"], row["add_addr_accepted"]), (limits["subflows"], limits["add_addr_accepted"]))
        finally:
            check(["ip", "mptcp", "endpoint", "flush"])

    def test_tcp_metrics(self):
        """What a connection has left behind, as ip(8) tells it."""
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
            far, _ = server.accept()
            with far:
                near.send(b"x" * 1000)
                far.recv(1000)
        theirs = {entry["dst"]: entry for entry in json.loads(check(["ip", "-j", "tcp_metrics"]))}
        self.assertIn("127.0.0.1", theirs)
        for peer, entry in theirs.items():
            row = self.read(f"netlink/tcp_metrics/peer/{peer}")
            self.assertEqual((row["source"], row["metrics"].get("cwnd")), (entry["source"], entry.get("cwnd")))
            # ip(8) divides what the kernel counts in eighths and quarters, and tells seconds.
            self.assertAlmostEqual(row["metrics"]["rtt"] / 8e6, entry["rtt"], places=5)
            self.assertAlmostEqual(row["metrics"]["rttvar"] / 4e6, entry["rttvar"], places=5)

    def test_taskstats(self):
        """Of a process that stands still, as /proc tells it. The family is there in the first network namespace alone."""
        with subprocess.Popen(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo; read end"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as task:
            task.stdout.readline()
            while ferrytest.contents(f"/proc/{task.pid}/stat").rsplit(")", 1)[1].split()[0] != "S":
                pass
            status = dict(re.findall(r"^(\w+):\s+(.*)$", ferrytest.contents(f"/proc/{task.pid}/status"), re.M))
            stat = ferrytest.contents(f"/proc/{task.pid}/stat").rsplit(")", 1)[1].split()
            io = dict(re.findall(r"^(\w+): (\d+)$", ferrytest.contents(f"/proc/{task.pid}/io"), re.M))
            told = {}
            for name in f"{task.pid}", f"{task.pid},process":
                done = ferry("--netns", os.getppid(), "--json", "get", f"netlink/TASKSTATS/task/{name}")
                if "no such address" in done.stderr:
                    print("the test is in no first network namespace: not to be judged here")
                    task.stdin.close()
                    return
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                told[name] = next(iter(json.loads(done.stdout).values()))
            task.stdin.close()
        thread, process = told[f"{task.pid}"]["thread"]["stats"], told[f"{task.pid},process"]["process"]["stats"]
        self.assertEqual((thread["comm"], thread["pid"], thread["ppid"], thread["uid"]), ("sh", task.pid, os.getpid(), os.geteuid()))
        for stats in thread, process:
            self.assertEqual([stats["nvcsw"], stats["nivcsw"]], [int(status[f"{word}voluntary_ctxt_switches"]) for word in ("", "non")])
        self.assertEqual([thread[name] for name in ("ac_minflt", "ac_majflt")], [int(stat[7]), int(stat[9])])
        self.assertEqual([thread[name] for name in ("read_char", "write_char", "read_syscalls", "write_syscalls", "read_bytes", "write_bytes")],
                         [int(io[name]) & ~1023 for name in ("rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes")])  # so the kernel tells them
        self.assertGreater(thread["cpu_run_real_total"], 0)
        self.assertEqual(ferry("--netns", os.getppid(), "get", f"netlink/TASKSTATS/task/{task.pid}").returncode, 3)
        nameless = ferry("--netns", os.getppid(), "get", "netlink/TASKSTATS/task")
        self.assertIn("tells of one that is named", nameless.stderr)

    def test_netdev(self):
        """XDP features as the driver has them in the kernel's own words; queues by sysfs."""
        if "netdev" not in Listing().judge():
            print("# not to be judged here: this kernel has no family netdev")
            self.assertEqual(ferry("get", "netlink/netdev/dev").returncode, 3)
            return
        self.assertEqual(self.read("netlink/netdev/dev/h0")["ifindex"], "h0")
        check(["ip", "link", "set", "h1", "up"])
        check(["ip", "link", "set", "h2", "up"])
        rows = [row for row in json.loads(ferry("--json", "get", "netlink/netdev/queue").stdout).values() if row["ifindex"] == "h1"]
        with os.scandir("/sys/class/net/h1/queues") as entries:
            expected = sorted(re.match(r"(rx|tx)-(\d+)", entry.name).groups() for entry in entries)
        self.assertEqual(sorted((row["type"], str(row["id"])) for row in rows), expected)


ferrytest.run_cases()
