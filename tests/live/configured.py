#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sysctl files come to, judged by the programs that load them: sets of files made at random are loaded by systemd-sysctl and by `sysctl --system`
in a network namespace of our own, with folders of our own in the place of /etc/sysctl.d and its like; what these leave there is what ferry must say.

FERRY_TEST_SEED and FERRY_TEST_ROUNDS choose the sets; the seed is printed."""
import json
import os
import random
import re
import shutil
import subprocess
import unittest

from ferrytest import FERRY, check, contents, ferry, run_cases

SEED = int(os.environ.get("FERRY_TEST_SEED") or random.randrange(1 << 32))
ROUNDS = int(os.environ.get("FERRY_TEST_ROUNDS") or 40)
SYSTEMD = "/lib/systemd/systemd-sysctl"
FOLDERS = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"]
LAST = "/etc/sysctl.conf"
INTERFACES = ["d0", "d1", "d2", "eth0.100", "br.a.b"]

# Keys that one can write without moving another: a name of conf/, its values. What all of them hold before a program runs is BASE.
PER_INTERFACE = {"tag": ["3", "7", "11", "-2"], "rp_filter": ["0", "1", "2"], "arp_announce": ["0", "1", "2"], "log_martians": ["0", "1"]}
PLAIN = {"net/ipv4/tcp_fin_timeout": ["20", "30", "0x28"], "net/ipv4/ip_default_ttl": ["10", "20", "30"], "net/core/somaxconn": ["100", "200", "300"],
         "net/ipv4/tcp_keepalive_time": ["100", "200"], "net/ipv4/tcp_keepalive_intvl": ["50", "60"], "net/ipv4/tcp_keepalive_probes": ["4", "5"],
         "net/ipv4/ip_local_port_range": ["2000 3001", "2002\t  3003"], "net/unix/max_dgram_qlen": ["30", "40"]}
BASE = {"tag": "1", "rp_filter": "0", "arp_announce": "0", "log_martians": "0", "net/ipv4/tcp_fin_timeout": "61", "net/ipv4/ip_default_ttl": "65",
        "net/core/somaxconn": "4000", "net/ipv4/tcp_keepalive_time": "7000", "net/ipv4/tcp_keepalive_intvl": "70", "net/ipv4/tcp_keepalive_probes": "8",
        "net/ipv4/ip_local_port_range": "32000 60001", "net/unix/max_dgram_qlen": "11"}
KEYS = dict(PLAIN)
for interface in INTERFACES + ["all", "lo"]:
    for leaf, values in PER_INTERFACE.items():
        KEYS[f"net/ipv4/conf/{interface}/{leaf}"] = values


def base_of(key):
    return BASE.get(key) or BASE[key.rsplit("/", 1)[1]]


def proc(key):
    return "/proc/sys/" + key


def write(key, value):
    with open(proc(key), "w") as file:
        file.write(value + "\n")


def reset():
    for key in KEYS:
        write(key, base_of(key))


def meaning(value):
    return [str(int(word, 0)) if re.fullmatch("-?(0x[0-9a-f]+|[1-9][0-9]*|0)", word) else word for word in value.split()]


def state():
    return {key: meaning(contents(proc(key))) for key in KEYS}


def replace_folders():
    """Folders of our own in the place of the machine's: nothing of the machine is touched."""
    check(["mount", "-t", "tmpfs", "tmpfs", "/run"])
    check(["mount", "-t", "tmpfs", "tmpfs", "/usr/local/lib"])
    for folder in FOLDERS:
        os.makedirs(folder, exist_ok=True)
        if folder not in ("/run/sysctl.d", "/usr/local/lib/sysctl.d"):
            check(["mount", "-t", "tmpfs", "tmpfs", folder])
    if os.path.exists(LAST):
        keep = os.path.join("/run", "sysctl.conf")
        open(keep, "w").close()
        check(["mount", "--bind", keep, LAST])


def clear():
    for folder in FOLDERS:
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    put(LAST, "")


def put(path, text):
    with open(path, "w", newline="") as file:
        file.write(text)


# ---- Files at random ----


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def pick(self, choices):
        return self.random.choice(list(choices))

    def dotted(self, path):
        return path.translate(str.maketrans("./", "/."))

    def spelled(self, path):
        """The same key (or a neighbour that is none) in some spelling."""
        odd = self.random.randrange(14)
        if odd == 0:
            return "/" + path
        if odd == 1:
            return path.replace("/", "//", 1)
        if odd == 2:
            return self.dotted(path).replace(".", "..", 1)
        if odd == 3:
            return path.replace("/", ".")  # wrong for interfaces with dots
        if odd == 4:
            return path.replace("/ipv4/", "/./ipv4/")
        return self.dotted(path) if odd < 10 else path

    def pattern(self, leaf):
        place = self.pick(["*", "*", "*", "d*", "d?", "d[01]", "[!d]*", "eth0*", "*.*", "br*", "e*0", "d[0-1]", "?*", "no*"])
        return self.pick(["net/ipv4/conf/{}/{}", "net/ipv4/conf/{}/{}", "net/ipv[4]/conf/{}/{}", "net/*/conf/{}/{}"]).format(place, leaf)

    def target(self):
        """A key or pattern, and the values that fit it."""
        kind = self.random.randrange(12)
        if kind < 4:
            leaf = self.pick(PER_INTERFACE)
            return self.pattern(leaf), PER_INTERFACE[leaf]
        if kind == 4:
            return "net/ipv4/tcp_keepalive_*", ["100", "99"]
        if kind == 5:
            return self.pick(["net/ipv4/conf/nope/tag", "net/ipv4/conf", "net/bridge/bridge-nf-call-iptables", "net/nope/*", "net"]), ["1"]
        key = self.pick(KEYS)
        return key, KEYS[key]

    def line(self):
        kind = self.random.randrange(20)
        path, values = self.target()
        key, value = self.spelled(path), self.pick(values)
        if kind == 0:
            return self.pick(["# ", ";", "  #", "\t; "]) + f"{key} = {value}"
        if kind == 1:
            return self.pick(["", "   ", "\t"])
        if kind == 2:
            return self.pick([key, "nonsense", f"{key} \\", "["])
        if kind < 6:
            return self.pick(["-", "-", "-", " -", "- ", "--"]) + key + self.pick(["", "", " "])
        before, after = self.pick(["", "", " ", "\t"]), self.pick(["", "", " ", " \t", "\v"] if self.chance(8) else ["", " "])
        minus = self.pick(["-", "- ", "--"]) if kind == 6 else "-" if kind == 7 else ""
        return f"{before}{minus}{key}{self.pick(['=', ' = ', ' =', '= ', chr(9) + '=' + chr(9)])}{value}{after}"

    def text(self):
        end = self.pick(["\n"] * 6 + ["\r\n"] + (["\r"] if self.chance(3) else []))
        text = end.join(self.line() for _ in range(self.random.randrange(1, 9)))
        return text + (end if not self.chance(4) else "")

    def folders(self):
        names = ["10-a.conf", "50-b.conf", "50-B.conf", "60.conf", "99-z.conf", "zz.conf", "a.conf", ".hidden.conf", "x.conf~", "README", "50-b.CONF", "é.conf"]
        for folder in FOLDERS:
            for name in self.random.sample(names, self.random.randrange(0, 6)):
                self.file(os.path.join(folder, name))
        put(LAST, self.text() if self.chance(2) else "")

    def file(self, path):
        kind = self.random.randrange(16)
        if kind == 0:
            os.symlink("/dev/null", path)
        elif kind == 1:
            os.symlink("../sysctl.conf" if path.startswith("/etc/") else LAST, path)
        elif kind == 2:
            put(path, "")
        elif kind == 3 and self.chance(2):
            os.mkdir(path)
        elif kind == 4 and self.chance(2):
            os.symlink("/nowhere/at/all", path)
        else:
            put(path, self.text())

    def show(self):
        """All files, for a failure."""
        shown = []
        for path in [os.path.join(folder, name) for folder in FOLDERS for name in sorted(os.listdir(folder))] + [LAST]:
            shown.append(f"{path}{' -> ' + os.readlink(path) if os.path.islink(path) else ''}: {contents(path)!r}" if os.path.isfile(path) else f"{path}: no file")
        return "\n".join(shown)


# ---- What the programs do, and what ferry says ----


def load(program):
    reset()
    argv = [SYSTEMD] if program == "systemd" else ["sysctl", "--system"]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    return state(), done.stdout


def said(program, *more):
    done = ferry("--json", "get", "--configured", "--as", program, *more)
    if done.returncode not in (0, 5):
        raise AssertionError(f"get --configured ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def expected(answer):
    """The state that ferry says the program leaves. Keys for which the kernel refuses one of the values are left out: what stands there is what was before."""
    left = {key: meaning(base_of(key)) for key in KEYS}
    for address, key in answer["keys"].items():
        name = address.removeprefix("sysctl/")
        if name in left and any(not re.fullmatch("[-0-9a-fx \t]+", line["value"]) for line in key["lines"]):
            del left[name]
        elif name in left and key["value"] is not None:
            left[name] = meaning(key["value"])
    return left


def differences(left, right):
    return {key: (left[key], right[key]) for key in right if left[key] != right[key]}


class Configured(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"# seed {SEED}, {ROUNDS} sets of files")
        replace_folders()
        for name in INTERFACES:
            check(["ip", "link", "add", name, "type", "bridge"])

    def setUp(self):
        clear()

    def rounds(self):
        for number in range(ROUNDS):
            maker = Maker(f"{SEED}/{number}")
            clear()
            maker.folders()
            yield number, maker

    def judge(self, program):
        seen = set()
        for number, maker in self.rounds():
            left, _ = load(program)
            answer = said(program)
            wrong = differences(left, expected(answer))
            self.assertFalse(wrong, f"round {number} of seed {SEED}: {program} left, ferry says: {wrong}\n{maker.show()}")
            seen |= {line["fate"] for key in answer["keys"].values() for line in key["lines"]}
            seen |= {key["agreement"] for key in answer["keys"].values()} | {f"disputed {key['disputed']}" for key in answer["keys"].values()}
        # Sets that never make a case judge nothing of it.
        if ROUNDS >= 40:
            wanted = {"set", "overridden", "explicit", "excluded", "masked", "agrees", "absent", "disputed True", "disputed False"}
            self.assertFalse(wanted - seen, "cases that no set of files made")

    def test_systemd(self):
        if not os.path.exists(SYSTEMD):
            self.skipTest("no systemd-sysctl")
        self.judge("systemd")

    def test_procps(self):
        self.judge("procps")

    def test_what_the_other_would_leave(self):
        """The values that are told beside, for keys on which the two do not agree."""
        for number, maker in self.rounds():
            answer = said("systemd")
            told = {"keys": {address: {"value": key["other"]["value"] if key["other"] else None, "lines": key["lines"] + ([key["other"]] if key["other"] else [])}
                             for address, key in answer["keys"].items()}}
            left, _ = load("procps")
            wrong = differences(left, expected(told))
            self.assertFalse(wrong, f"round {number} of seed {SEED}: procps left, ferry says beside systemd: {wrong}\n{maker.show()}")
            if number == ROUNDS // 4:
                break

    def test_files_in_their_order(self):
        """The files as `sysctl --system` says that it applies them, and as `systemd-sysctl --cat-config` prints them."""
        for number, maker in self.rounds():
            answer = said("systemd")
            files = [file["path"] for file in answer["files"] if not file["masked_by"]]
            applied = re.findall(r"^\* Applying (.*) \.\.\.$", load("procps")[1], re.M)
            self.assertEqual(files, applied, f"round {number} of seed {SEED}\n{maker.show()}")
            printed = subprocess.run([SYSTEMD, "--cat-config", "--no-pager"], capture_output=True, text=True, errors="replace").stdout
            loaded = [path for path in files if path != LAST and not os.path.basename(path).startswith(".")]
            readable = [path for path in loaded if os.path.isfile(path) or os.path.realpath(path) == "/dev/null"]
            headers = [line[2:] for line in printed.splitlines() if line.startswith("# /") and line[2:] in readable]
            # cat-config ends at the first file that it cannot open.
            cut = next((i for i, path in enumerate(loaded) if path not in readable), len(loaded))
            self.assertEqual(loaded[:cut], headers[:cut], f"round {number} of seed {SEED}\n{maker.show()}")

    # ---- Told in words ----

    def test_text(self):
        put("/etc/sysctl.d/10-a.conf", "net.ipv4.ip_default_ttl = 10\nnet.ipv4.conf.*.tag=3\nwords\n")
        put("/usr/lib/sysctl.d/50-b.conf", "# first\nnet/ipv4/ip_default_ttl=20\n-net.ipv4.conf.d0.tag\nnet.bridge.nope = 1\n")
        put("/usr/lib/sysctl.d/10-a.conf", "net.ipv4.ip_default_ttl = 30\n")
        put("/run/sysctl.d/99-late.conf", "net.ipv4.tcp_fin_timeout = 0x14\n-net.ipv4.tcp_fin_timeout\n")
        reset()
        done = ferry("get", "--configured", "--as", "systemd", "net.ipv4.ip_default_ttl", "net.ipv4.conf.d0.tag", "net.bridge", "net.ipv4.tcp_fin_timeout")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines(), [
            "sysctl/net/bridge/nope = 1  /usr/lib/sysctl.d/50-b.conf:4  (absent: the running kernel has no such key: its module is not loaded, "
            "or the interface is not there)",
            "sysctl/net/ipv4/conf/d0/tag  (not set)",
            "    excluded: 3  /etc/sysctl.d/10-a.conf:2  by /usr/lib/sysctl.d/50-b.conf:3",
            "sysctl/net/ipv4/ip_default_ttl = 20  /usr/lib/sysctl.d/50-b.conf:2  (runs: 65)",
            "    overridden: 10  /etc/sysctl.d/10-a.conf:1  by /usr/lib/sysctl.d/50-b.conf:2",
            "    masked: 30  /usr/lib/sysctl.d/10-a.conf:1  by /etc/sysctl.d/10-a.conf",
            "sysctl/net/ipv4/tcp_fin_timeout  (not set)",
            "    excluded: 0x14  /run/sysctl.d/99-late.conf:1  by /run/sysctl.d/99-late.conf:2",
            f"    {said('procps')['loader']}: 0x14  /run/sysctl.d/99-late.conf:1"])
        self.assertIn("/etc/sysctl.d/10-a.conf:3: not an assignment: words", done.stderr)
        self.assertEqual(ferry("get", "--configured", "-n", "-q", "--as", "procps", "net.ipv4.tcp_fin_timeout").stdout, "0x14\n")

    def test_agreement_is_by_meaning(self):
        put("/etc/sysctl.d/a.conf", "net.ipv4.ip_local_port_range = 2000  3001\nnet.ipv4.tcp_fin_timeout=0x14\nnet.core.somaxconn=5\n")
        load("systemd")
        write("net/core/somaxconn", "6")
        found = {address: (key["agreement"], key["running"]) for address, key in said("systemd")["keys"].items()}
        self.assertEqual(found, {"sysctl/net/ipv4/ip_local_port_range": ("agrees", "2000\t3001"), "sysctl/net/ipv4/tcp_fin_timeout": ("agrees", "20"),
                                 "sysctl/net/core/somaxconn": ("differs", "6")})

    def test_rewritten_later(self):
        put("/etc/sysctl.d/a.conf", "net.ipv4.conf.d0.forwarding = 0\nnet.ipv4.ip_forward = 1\nnet.ipv4.conf.d1.forwarding = 0\n")
        keys = said("systemd")["keys"]
        self.assertEqual(keys["sysctl/net/ipv4/conf/d0/forwarding"]["rewritten_by"], "sysctl/net/ipv4/ip_forward")
        self.assertIsNone(keys["sysctl/net/ipv4/conf/d1/forwarding"]["rewritten_by"])
        write("net/ipv4/ip_forward", "0")
        check([SYSTEMD] if os.path.exists(SYSTEMD) else ["sysctl", "--system"])
        self.assertEqual((contents(proc("net/ipv4/conf/d0/forwarding")), contents(proc("net/ipv4/conf/d1/forwarding"))), ("1\n", "0\n"))
        write("net/ipv4/ip_forward", "0")
        # One key alone is told as it is among all.
        self.assertIn("rewritten: by sysctl/net/ipv4/ip_forward", ferry("get", "--configured", "net.ipv4.conf.d0.forwarding").stdout)

    def test_nothing_there(self):
        done = ferry("get", "--configured")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertEqual(said("procps")["keys"], {})
        done = ferry("get", "--configured", "net.ipv4.ip_forward")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no sysctl file sets sysctl/net/ipv4/ip_forward", done.stderr)

    def test_what_cannot_be_read(self):
        put("/etc/sysctl.d/a.conf", "net.ipv4.ip_default_ttl = 10\n")
        put("/etc/sysctl.d/b.conf", "net.ipv4.ip_default_ttl = 20\n")
        os.chmod("/etc/sysctl.d/b.conf", 0)
        os.mkdir("/etc/sysctl.d/c.conf")
        os.mkfifo("/etc/sysctl.d/d.conf")
        os.symlink("nowhere", "/etc/sysctl.d/e.conf")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", FERRY, "get", "--configured"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("ip_default_ttl = 10  /etc/sysctl.d/a.conf:1", done.stdout)
        for name, words in {"b": "Permission denied", "c": "it is a folder", "d": "it is no regular file", "e": "the link leads nowhere"}.items():
            self.assertIn(f"/etc/sysctl.d/{name}.conf: not read: {words}", done.stderr)
        self.assertEqual({file["path"][-6]: file["error"] for file in said("systemd")["files"] if file["error"]}, {"c": "EISDIR", "d": "EINVAL", "e": "ENOENT"})

    def test_secrets_are_not_shown(self):
        put("/etc/sysctl.d/a.conf", "net.ipv6.conf.d0.stable_secret = 2001:db8::1234\nnet.ipv4.tcp_fastopen_key = 00000001-00000002-00000003-00000004\n")
        for more in ([], ["--json"]):
            done = ferry("get", "--configured", *more)
            self.assertIn("(secret)", done.stdout)
            self.assertNotRegex(done.stdout + done.stderr, "1234|00000003")

    def test_another_root(self):
        root = os.path.join("/run", "root")
        os.makedirs(root + "/usr/lib/sysctl.d")
        os.makedirs(root + "/lib/sysctl.d")
        os.makedirs(root + "/etc/sysctl.d")
        put("/etc/sysctl.d/own.conf", "net.ipv4.ip_default_ttl = 10\n")
        put(root + "/usr/lib/sysctl.d/a.conf", "vm.swappiness = 10\nnet.ipv4.conf.*.tag = 4\n")
        put(root + "/usr/lib/sysctl.d/m.conf", "vm.swappiness = 20\n")
        put(root + "/lib/sysctl.d/z.conf", "vm.swappiness = 30\n")
        os.symlink("/dev/null", root + "/etc/sysctl.d/m.conf")
        os.symlink("/etc/escape", root + "/etc/sysctl.d/n.conf")  # below the root it leads nowhere
        answer = json.loads(ferry("--json", "--root", root, "get", "--configured").stdout)
        self.assertEqual((answer["loader"], answer["other_loader"]), ("procps-4.0.5", "systemd"))
        self.assertEqual({address: (key["value"], key["agreement"], (key["other"] or {}).get("value")) for address, key in answer["keys"].items()},
                         {"sysctl/vm/swappiness": ("30", "unread", "10"), "sysctl/net/ipv4/conf/*/tag": ("4", "unread", "4")})
        self.assertEqual([line["fate"] for line in answer["keys"]["sysctl/vm/swappiness"]["lines"]], ["overridden", "masked", "set"])
        self.assertEqual([file["error"] for file in answer["files"] if file["path"] == "/etc/sysctl.d/n.conf"], ["ENOENT"])
        os.makedirs(root + "/proc/sys/net/ipv4/conf/x.y")
        os.makedirs(root + "/proc/sys/vm")
        put(root + "/proc/sys/net/ipv4/conf/x.y/tag", "4\n")
        put(root + "/proc/sys/vm/swappiness", "60\n")
        os.makedirs(root + "/usr/lib/systemd")
        put(root + "/usr/lib/systemd/systemd-sysctl", "")
        os.makedirs(root + "/sbin")
        os.symlink("/lib/systemd/systemd", root + "/sbin/init")
        answer = json.loads(ferry("--json", "--root", root, "get", "--configured").stdout)
        self.assertEqual(answer["loader"], "systemd")
        self.assertEqual({address: (key["value"], key["agreement"], key["running"]) for address, key in answer["keys"].items()},
                         {"sysctl/vm/swappiness": ("10", "differs", "60"), "sysctl/net/ipv4/conf/x.y/tag": ("4", "agrees", "4")})
        os.makedirs(root + "/etc/systemd/system")
        os.symlink("/dev/null", root + "/etc/systemd/system/systemd-sysctl.service")
        answer = json.loads(ferry("--json", "--root", root, "get", "--configured").stdout)
        self.assertEqual(answer["loader"], "procps-4.0.5")
        self.assertIn("masks systemd-sysctl", answer["why"])

    # ---- apply --configured ----

    def judge_apply(self, program):
        """What ferry leaves is what the program leaves, but for keys of which a value is refused: there the program leaves one that lost, if it was written."""
        for number, maker in self.rounds():
            left, _ = load(program)
            judged = expected(said(program))
            reset()
            done = ferry("apply", "--configured", "--as", program)
            wrong = {key: (left[key], found) for key, found in state().items() if key in judged and left[key] != found}
            self.assertFalse(wrong, f"round {number} of seed {SEED}: {program} left, ferry left: {wrong}\n{maker.show()}\n{done.stdout}{done.stderr}")
            again = ferry("--json", "apply", "--configured", "--as", program, "--dry-run").stdout
            steps = {step["address"]: step["step"] for step in map(json.loads, again.splitlines())}
            refused = [address for address in steps if address.removeprefix("sysctl/") in judged and steps[address] == "set"
                       and "\v" not in again and "\\u000b" not in again and "\\r" not in again]
            self.assertFalse(refused, f"round {number} of seed {SEED}: to be set again\n{maker.show()}")

    def test_apply_as_systemd(self):
        if not os.path.exists(SYSTEMD):
            self.skipTest("no systemd-sysctl")
        self.judge_apply("systemd")

    def test_apply_as_procps(self):
        self.judge_apply("procps")

    def test_apply_where_keys_rewrite_others(self):
        """In their order: a key that rewrites others is written where it stands among them."""
        if not os.path.exists(SYSTEMD):
            self.skipTest("no systemd-sysctl")
        keys = ["net/ipv4/ip_forward"] + [f"net/ipv4/conf/{name}/forwarding" for name in ("d0", "d1", "eth0.100", "all")]
        keys += [f"net/ipv6/conf/{name}/disable_ipv6" for name in ("all", "d0", "d1")]

        def start(base):
            for key in keys:
                write(key, base)
            for key in keys:
                if "all" not in key and "ip_forward" not in key:
                    write(key, base)

        for number in range(ROUNDS):
            maker = Maker(f"{SEED}/fan-out/{number}")
            clear()
            lines = [f"{maker.pick(keys)} = {maker.random.randrange(2)}" for _ in range(maker.random.randrange(1, 9))]
            put("/etc/sysctl.d/a.conf", "\n".join(lines) + "\n")
            base = str(maker.random.randrange(2))
            start(base)
            check([SYSTEMD])
            left = {key: contents(proc(key)) for key in keys}
            start(base)
            done = ferry("--json", "apply", "--configured", "--as", "systemd")
            found = {key: contents(proc(key)) for key in keys}
            self.assertEqual(found, left, f"round {number} of seed {SEED}, from {base}: {lines}\n{done.stdout}{done.stderr}")
            # What is told is what stands there.
            last = {step["address"].removeprefix("sysctl/"): step for step in map(json.loads, done.stdout.splitlines())}
            self.assertEqual({key: f"{step['after']}\n" for key, step in last.items()}, {key: found[key] for key in last}, f"{lines}\n{done.stdout}")

    def test_apply_tells(self):
        reset()
        put("/etc/sysctl.d/a.conf", "net.ipv4.ip_default_ttl = 0\nnet.ipv4.tcp_fin_timeout = 33\nnet.nope.x = 1\nnet.ipv4.route.flush = 1\n"
                                    "net.ipv4.conf.d0.tag = 1\n")
        before = state()
        done = ferry("apply", "--configured", "--dry-run")
        self.assertEqual(state(), before)
        self.assertEqual(done.stdout.splitlines(), ["sysctl/net/ipv4/ip_default_ttl: 65 -> 0  /etc/sysctl.d/a.conf:1",
                                                    "sysctl/net/ipv4/tcp_fin_timeout: 61 -> 33  /etc/sysctl.d/a.conf:2"])
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("/etc/sysctl.d/a.conf:4: held: sysctl/net/ipv4/route/flush is an action", done.stderr)
        done = ferry("apply", "--configured")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("/etc/sysctl.d/a.conf:1: refused: sysctl/net/ipv4/ip_default_ttl: the kernel refused the value", done.stderr)
        self.assertIn("/etc/sysctl.d/a.conf:3: absent: the running kernel has no such key: sysctl/net/nope/x", done.stderr)
        self.assertIn("1 set, 1 stood already, 1 absent, 1 held back, 1 refused", done.stderr)
        self.assertEqual((contents(proc("net/ipv4/ip_default_ttl")), contents(proc("net/ipv4/tcp_fin_timeout"))), ("65\n", "33\n"))
        put("/etc/sysctl.d/a.conf", "-net.ipv4.ip_default_ttl = 0\nnet.ipv4.route.flush = 1\n")
        done = ferry("apply", "--configured", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("its line says that this is no failure", done.stderr)

    def test_apply_without_the_right(self):
        reset()
        put("/etc/sysctl.d/a.conf", "net.ipv4.ip_default_ttl = 7\n")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", FERRY, "apply", "--configured"], capture_output=True, text=True)
        self.assertEqual((done.returncode, contents(proc("net/ipv4/ip_default_ttl"))), (4, "65\n"), done.stderr)
        done = ferry("--root", "/run", "apply", "--configured")
        self.assertEqual((done.returncode, "nothing is written below another root" in done.stderr), (1, True), done.stderr)

    def test_usage(self):
        for arguments, words in ([["--configured", "--as", "sysv"], "no such program"], [["--as", "procps", "sysctl/vm"], "--as goes with --configured"],
                                 [[], "usage: ferry get"], [["--configured", "nonsense"], "starts no address"]):
            done = ferry("get", *arguments)
            self.assertEqual((done.returncode, words in done.stderr), (2, True), done.stderr)


if __name__ == "__main__":
    run_cases()
