#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `ferry trace` says of a conversation: the bytes of netlink as strace saw them, the file for Wireshark as tshark reads it, which channels net-tools
and iproute2 use, values before and after, refusals in the kernel's words."""
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import unittest

from ferrytest import FERRY, build, check, ferry, run_cases, skip
from strace_text import attributes, netlink_messages


def traced(argv, *options, wanted=0):
    with tempfile.NamedTemporaryFile("r") as out:
        done = subprocess.run([FERRY, "trace", "--json", "-o", out.name, *options, "--", *argv], capture_output=True, text=True)
        if wanted is not None and done.returncode != wanted:
            raise AssertionError(f"{argv} ended with {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in out]


def spoken(argv, *options, **more):
    return [record for record in traced(argv, *options, **more) if record["kind"] == "spoken"]


def messages(data):
    """The netlink messages of a datagram, without their sequence and port, which no two runs share."""
    found = []
    while len(data) >= 16:
        length, kind, flags = struct.unpack_from("=IHH", data)
        if length < 16 or length > len(data):
            break
        found.append((kind, flags, data[16:length]))
        data = data[(length + 3) & ~3:]
    return found


class Netlink(unittest.TestCase):
    def test_bytes_are_what_a_tap_sees(self):
        """Our own messages, compared byte for byte with what the program was given: it writes them down."""
        script = ("import socket, struct, sys\n"
                  "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.bind((0, 0))\n"
                  "ask = struct.pack('=IHHII', 32, 18, 0x301, 7, 0) + struct.pack('=BxHiII', 0, 0, 0, 0, 0)\n"
                  "s.send(ask); said = [ask]\n"
                  "while True:\n"
                  "    data = s.recv(65536); said.append(data)\n"
                  "    if struct.unpack_from('=H', data, 4)[0] == 3: break\n"
                  "print(' '.join(part.hex() for part in said))\n")
        with tempfile.NamedTemporaryFile("r") as out:
            done = subprocess.run([FERRY, "trace", "--json", "-v", "-o", out.name, "--", "python3", "-S", "-c", script], capture_output=True, text=True)
            records = [json.loads(line) for line in out]
        said = [message for part in done.stdout.split() for message in messages(bytes.fromhex(part))]
        told = [message for record in records if record["kind"] == "message" for message in messages(bytes.fromhex(record["hex"]))]
        self.assertGreater(len(said), 2)
        self.assertEqual(told, said)
        dump, = [record for record in records if record["kind"] == "spoken" and record["name"] == "dump"]
        self.assertEqual(dump["objects"], len(said) - 2)
        self.assertEqual(dump["result"], 0)

    def test_messages_are_those_of_strace(self):
        """Types and lengths of the messages in order, as strace decodes them."""
        words = {"RTM_GETLINK": 18, "RTM_NEWLINK": 16, "RTM_GETADDR": 22, "RTM_NEWADDR": 20, "RTM_GETROUTE": 26, "RTM_NEWROUTE": 24, "NLMSG_DONE": 3, "NLMSG_ERROR": 2}
        for argv in (["ip", "link"], ["ip", "addr"], ["ip", "route", "show", "table", "all"]):
            with tempfile.NamedTemporaryFile("r") as out:
                subprocess.run(["strace", "-qq", "-s", "65536", "-o", out.name, "-e", "trace=sendto,sendmsg,recvfrom,recvmsg", "--", *argv], capture_output=True)
                lines = [line for line in out if "MSG_PEEK" not in line]
            theirs = [(words[word] if word in words else int(word, 0), int(length)) for line in lines for length, word in re.findall(r"nlmsg_len=(\d+), nlmsg_type=(\w+)", line) if int(length)]
            ours = [struct.unpack_from("=IH", bytes.fromhex(record["hex"]))[::-1] for record in traced(argv, "-v") if record["kind"] == "message"]
            self.assertTrue(theirs)
            self.assertEqual(ours, theirs, argv)

    def test_refusals_in_the_kernels_words(self):
        record, = [record for record in spoken(["ip", "route", "add", "10.99.0.0/24", "via", "10.98.0.1"], wanted=2) if record["name"] == "new"]
        self.assertEqual((record["address"], record["error"], record["words"]), ("netlink/route/route", "ENETUNREACH", "Nexthop has invalid gateway"))
        self.assertEqual(record["asked"]["dst"], "10.99.0.0/24")

    def test_a_request_that_is_taken(self):
        record, = [record for record in spoken(["ip", "addr", "add", "10.97.0.1/24", "dev", "lo"]) if record["name"] == "new"]
        self.assertEqual((record["address"], record["result"], record["asked"]["local"]), ("netlink/route/addr", 0, "10.97.0.1"))
        self.assertGreater(record["duration"], 0)

    def test_what_is_too_long_is_told(self):
        script = ("import socket, struct\ns = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
                  "s.send(struct.pack('=IHHII', 40000, 18, 1, 7, 0) + bytes(39984))\n")
        record, = [record for record in spoken(["python3", "-S", "-c", script]) if record.get("cut")]
        self.assertEqual((record["name"], record["words"]), ("sent", "more than was copied: 32767 of 40000 bytes"))

    def test_several_messages_in_a_call(self):
        """sendmmsg(2) and recvmmsg(2): every datagram, as the program has written it down; and how many where there are too many."""
        with tempfile.NamedTemporaryFile("r") as out:
            done = subprocess.run([FERRY, "trace", "--json", "-v", "-o", out.name, "--", build("messages"), "20"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0)
            records = [json.loads(line) for line in out]
        told = [message for record in records if record["kind"] == "message" for message in messages(bytes.fromhex(record["hex"]))]
        self.assertEqual(told, [message for line in done.stdout.split() for message in messages(bytes.fromhex(line))])
        asked = [record for record in records if record["kind"] == "spoken"]
        self.assertEqual([(record["name"], record["answered"]["ifname"]) for record in asked], [("get", "lo")] * 20)
        record, = [record for record in spoken([build("messages"), "70"], wanted=None) if record.get("cut") and record["name"] == "sent"]
        self.assertEqual(record["words"], "more than was copied: 64 of 70 messages")

    def test_nf_tables(self):
        """By the addresses of the tree; what is no object of it beside them."""
        told = {(record["address"], record["name"]) for record in spoken(["sh", "-c", "nft add table ip ferry && nft list ruleset && nft delete table ip ferry"])}
        for address, verb in ("table", "new"), ("table", "delete"), ("table", "dump"), ("rule", "dump"), ("generation", "get"):
            self.assertIn((f"netlink/netfilter/{address}", verb), told)
        self.assertEqual({address.split("/")[1] for address, _ in told}, {"netfilter"})

    def test_a_program_that_says_nothing(self):
        """Is no failure, and it is said where its system calls are."""
        done = ferry("trace", "--", "true")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", "nothing was said over a channel: --all shows every system call\n"))
        done = ferry("trace", "-e", "channel=sysfs", "--", "ip", "link")
        self.assertEqual((done.returncode, done.stderr), (0, "nothing was said over a channel that passes the filters: --all shows every system call\n"))
        self.assertEqual(ferry("trace", "--", "ip", "link").stderr, "")

    def test_the_generation_of_nf_tables(self):
        """What the kernel answers is told: the number as a socket of our own has it, and who asks."""
        check(["nft", "add", "table", "ip", "ferry"])
        self.addCleanup(check, ["nft", "delete", "table", "ip", "ferry"])
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
            netlink.send(struct.pack("=IHHIIBBH", 20, 10 << 8 | 16, 1, 1, 0, 0, 0, 0))
            number = struct.unpack_from(">I", netlink.recv(4096), 24)[0]
        told = [record["answered"] for record in spoken(["nft", "list", "tables"]) if record["address"] == "netlink/netfilter/generation"]
        self.assertTrue(told)
        for answer in told:
            self.assertEqual((answer["id"], answer["comm"]), (number, "nft"))

    def test_what_nft_asks_for_in_other_words(self):
        """To be gone, whether or not it was there; and to be told and set to 0."""
        check(["nft", "-f", "-"], input="table inet n {\n counter c {\n }\n set s { type inet_service; elements = { 80, 81 } }\n}\n")
        self.addCleanup(subprocess.run, ["nft", "delete", "table", "inet", "n"], capture_output=True)
        told = [record for record in spoken(["nft", "reset", "counters"]) if record["name"] == "reset"]
        self.assertEqual([(record["address"], record["objects"]) for record in told], [("netlink/netfilter/object", 1)])
        script = (f"import socket, sys\nsys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\nimport nftables_state as state\n"
                  "from nftables_state import attribute, message\nnetlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)\n"
                  "key = lambda number: attribute(1, attribute(1, attribute(1, state.big(number, 2))))\n"
                  "netlink.send(message(16, 1, 0) + message(10 << 8 | 30, 1, 1, attribute(1, b'n\\0'), attribute(2, b's\\0'), attribute(3, key(80), key(99))) +\n"
                  "             message(10 << 8 | 26, 1, 1, attribute(1, b'nosuch\\0')) + message(17, 1, 0))\n"
                  "netlink.send(message(10 << 8 | 25, 0x301, 0))\nnetlink.send(message(10 << 8 | 33, 0x301, 1, attribute(1, b'n\\0'), attribute(2, b's\\0')))\n")
        found = {(record["address"].rpartition("/")[2], record["name"]): record.get("asked") for record in spoken(["python3", "-S", "-c", script])}
        self.assertEqual([element["key"] for element in found["element", "destroy"]["elements"]], ["0050", "0063"])
        self.assertEqual(found["table", "destroy"]["name"], "nosuch")
        self.assertIn(("rule", "reset"), found)
        self.assertIn(("element", "reset"), found)

    def test_elements(self):
        """Each of those that a message is about, by the types of their set; of a dump how many there are, as nft lists them."""
        check(["nft", "-f", "-"], input="table ip t {\n set s { type ipv4_addr . inet_service; }\n set lots { type inet_service; elements = { " +
              ", ".join(map(str, range(1, 5001))) + " } }\n}\n")
        self.addCleanup(check, ["nft", "delete", "table", "ip", "t"])
        for verb, asked in ("new", "add"), ("delete", "delete"):
            record, = [record for record in spoken(["nft", asked, "element", "ip", "t", "s", "{ 10.0.0.1 . 80, 10.0.0.2 . 443 }"]) if record["name"] == verb]
            self.assertEqual((record["address"], record["asked"]["set"], record["asked"]["table"]), ("netlink/netfilter/element", "s", "t"))
            self.assertEqual([element["text"] for element in record["asked"]["elements"]], ["10.0.0.1 . 80", "10.0.0.2 . 443"])
        record, = [record for record in spoken(["nft", "list", "set", "ip", "t", "lots"]) if (record["address"], record["name"]) == ("netlink/netfilter/element", "dump")]
        self.assertEqual((record["objects"], [element["set"] for element in record["answered"]]), (5000, ["lots"] * 3))


class Attributes(unittest.TestCase):
    """What messages say, attribute by attribute, as strace decodes them."""

    # strace's words and ours, where not one ends like the other.
    SAME = {("rt_scope_universe", "global"), ("rtn_unspec", "none"), ("0", "default"), ("0", "medium"), ("0", "0x0")}
    OTHERWISE = {"RTA_OIF": "dev", "RTA_PRIORITY": "metric"}
    # What strace leaves a number.
    NUMBERED = {"operstate": ["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"], "linkmode": ["DEFAULT", "DORMANT"]}
    # What another attribute or the header says better.
    TOLD_BY_ANOTHER = {"IFLA_STATS"}
    NOT_BY_STRACE = {"IFA_PROTO"}
    # What no two runs share.
    MOVING = {"cacheinfo", "stats", "stats64"}

    def same(self, theirs, ours, name):
        """Whether THEIRS (of strace) says what OURS says."""
        theirs = theirs[1] if isinstance(theirs, tuple) else theirs  # [NAME]=value
        if isinstance(theirs, dict) and len(theirs) == 1 and isinstance(next(iter(theirs.values())), list):
            theirs = next(iter(theirs.values()))[-1]  # inet_addr("..."), inet_pton(family, "..."), if_nametoindex("..."), makedev(...)
        if isinstance(theirs, str) and theirs.startswith('"'):
            theirs = theirs.strip('"')
            if isinstance(ours, int):
                return ours == socket.if_nametoindex(theirs)
        if isinstance(ours, bool):
            return theirs == str(int(ours))
        if isinstance(ours, int):
            theirs = str(int(getattr(socket, theirs))) if theirs.startswith("AF_") else theirs
            theirs = "0" if theirs == "RT_TABLE_UNSPEC" else theirs
            return re.fullmatch(r"-?(0x)?[0-9a-f]+", theirs) is not None and int(theirs, 0) == ours
        if name in self.NUMBERED:
            return self.NUMBERED[name][int(theirs)] == ours
        if isinstance(ours, list):
            theirs = [] if theirs in ("0", "NUD_NONE") else theirs if isinstance(theirs, list) else [theirs]
            return len(theirs) == len(ours) and all(any(self.same(one, other, name) for other in ours) for one in theirs)
        theirs, ours = theirs.lower(), re.sub(r"/\d+$", "", ours.lower()).replace("-", "_")
        return theirs.endswith(ours) or (theirs, ours) in self.SAME

    def compare(self, theirs, ours, where):
        """Attributes of strace against a record of ours; how many values were compared."""
        count = 0
        for kind, value in theirs.items():
            if re.fullmatch(r"0x[0-9a-f]+|\d+", kind) or kind in self.TOLD_BY_ANOTHER | self.NOT_BY_STRACE:
                continue  # a number alone: strace does not know it
            keys = [key for key in ours if key == self.OTHERWISE.get(kind) or kind.lower().endswith("_" + key.lower())]
            if kind == "IFA_ADDRESS" and theirs.get("IFA_LOCAL", value) == value:
                keys = ["local"]  # no other end
            if kind == "FRA_SUPPRESS_PREFIXLEN" and value == "4294967295" and not keys:
                continue  # -1: nothing is suppressed
            if not keys and isinstance(value, dict) and all(item == "0" for item in value.values()):
                continue  # resources of a device that has none
            if not keys:
                self.wrong.add(f"{where}: strace has {kind} = {value}, and of ours there is only {sorted(ours)}")
                continue
            key = max(keys, key=len)
            if key in self.MOVING:
                continue
            if isinstance(ours[key], dict):
                inner = attributes([value]) if isinstance(value, list) else value
                if inner and not isinstance(next(iter(inner)), int) and not any(name.startswith("[") for name in inner):
                    count += self.compare({"_" + name: item for name, item in inner.items()}, ours[key], f"{where} {kind}")
                continue
            if not self.same(value, ours[key], key):
                self.wrong.add(f"{where} {kind}: {value} for strace, {ours[key]} for us")
            count += 1
        return count

    def judge(self, argv, back=None):
        theirs = netlink_messages(argv)
        if back:
            check(back)
        records = [record for record in traced(argv, "-v") if record["kind"] == "message"]
        if back:
            check(back)
        self.assertEqual(len(records), len(theirs), argv)
        count = 0
        for record, (header, fixed, found) in zip(records, theirs):
            value = record.get("answered") or record.get("asked")
            if header["nlmsg_type"].startswith("RTM_"):
                where = f"{' '.join(argv)}: {header['nlmsg_type']}"
                count += self.compare(found, value, where)
                known = {name: item for name, item in fixed.items() if any(name.endswith("_" + key) for key in value)}
                count += self.compare(known, value, where)
        return count

    def test_attributes_are_those_of_strace(self):
        check(["ip", "addr", "add", "10.95.0.1/24", "dev", "lo"])
        check(["ip", "route", "add", "10.96.0.0/16", "via", "10.95.0.2", "dev", "lo", "metric", "7", "mtu", "1300"])
        self.wrong, count = set(), 0
        for argv in (["ip", "-d", "link"], ["ip", "-d", "addr"], ["ip", "route", "show", "table", "all"], ["ip", "-6", "route", "show", "table", "all"],
                     ["ip", "rule"], ["ip", "neigh"], ["ip", "route", "get", "10.96.0.1"]):
            count += self.judge(argv)
        for family, what in (("-4", ["addr", "add", "10.95.1.1/24", "dev", "lo", "label", "lo:x"]), ("-4", ["route", "add", "10.97.0.0/16", "via", "10.95.0.3", "dev", "lo"]),
                             ("-6", ["route", "add", "2001:db8:1::/48", "dev", "lo", "metric", "77"]), ("-4", ["rule", "add", "from", "10.1.0.0/16", "lookup", "77", "pref", "99"])):
            count += self.judge(["ip", family, *what], ["ip", family, what[0], "del", *what[2:]])
        count += self.judge(["ip", "link", "set", "lo", "mtu", "40000"], ["ip", "link", "set", "lo", "mtu", "65536"])
        self.assertFalse(self.wrong, "\n".join(sorted(self.wrong)))
        self.assertGreater(count, 200)


@unittest.skipUnless(shutil.which("tshark"), "no tshark here")
class Wireshark(unittest.TestCase):
    def test_pcapng(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.pcapng")
            check([FERRY, "trace", "-w", path, "--", "sh", "-c", "ip link; ip addr; ip route; ip rule"])
            malformed = check(["tshark", "-r", path, "-Y", "_ws.malformed"])
            self.assertEqual(malformed, "")
            rows = check(["tshark", "-r", path, "-T", "fields", "-e", "netlink.hdr_type", "-e", "frame.comment"]).splitlines()
            self.assertGreater(len(rows), 8)
            self.assertTrue(all("ip[" in row for row in rows), rows)
            names = check(["tshark", "-r", path, "-T", "fields", "-e", "netlink-route.ifla_ifname"]).split()
            self.assertIn("lo", names)

    def test_wrong_name(self):
        self.assertEqual(subprocess.run([FERRY, "trace", "-w", "/tmp/file.txt", "--", "true"], capture_output=True).returncode, 2)


class Perfetto(unittest.TestCase):
    def test_chrome_trace(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.json")
            check([FERRY, "trace", "--all", "-w", path, "--", "sh", "-c", "true; /bin/true"])
            with open(path) as file:
                events = json.load(file)
        names = {event["args"]["name"] for event in events if event["ph"] == "M" and event["name"] == "thread_name"}
        self.assertLessEqual({"sh", "true"}, names)
        calls = [event for event in events if event["ph"] == "X"]
        self.assertGreater(len(calls), 20)
        self.assertTrue(all(event["dur"] >= 0 and event["ts"] > 0 for event in calls))


    def test_killed(self):
        """What was told until then stands there: events one a line in an array whose end is missing, which Perfetto takes. The last one may be cut."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.json")
            script = f"until grep -q execve {path}; do sleep 0.01; done; kill -9 $PPID"
            done = subprocess.run([FERRY, "trace", "--all", "-w", path, "--", "sh", "-c", script], capture_output=True)
            with open(path) as file:
                begin, *lines = file.read().splitlines()
        self.assertEqual((done.returncode, begin), (-9, "["))
        events = [json.loads(line.removesuffix(",")) for line in lines[:-1]]
        self.assertIn("execve", [event["name"] for event in events])


class Channels(unittest.TestCase):
    """Which door a program uses, from what it says."""

    def doors(self, *argv):
        return {record["door"] for record in spoken(argv)}

    def test_net_tools_and_iproute2(self):
        for argv in (["ifconfig", "-a"], ["route", "-n"], ["netstat", "-rn"], ["arp", "-n"]):
            doors = self.doors(*argv)
            self.assertTrue(doors and doors <= {"procfs", "ioctl"}, f"{argv}: {doors}")
        self.assertEqual(self.doors("ifconfig", "-a"), {"procfs", "ioctl"})
        for argv in (["ip", "link"], ["ip", "route"], ["ss", "-tln"]):
            self.assertIn("netlink", self.doors(*argv), argv)

    def test_ioctl_struct(self):
        record, = [record for record in spoken(["ifconfig", "lo", "mtu", "40001"]) if record["name"] == "SIOCSIFMTU"]
        self.assertEqual((record["address"], record["asked"]), ("ioctl/lo", {"interface": "lo", "value": 40001}))

    def test_sysctl_before_and_after(self):
        address = "sysctl/net/ipv4/ip_forward"
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])
        record, = [record for record in spoken(["sysctl", "-w", "net.ipv4.ip_forward=1"]) if record["address"] == address]
        self.assertEqual((record["name"], record["before"], record["asked"], record["result"]), ("write", 0, 1, 2))
        record, = [record for record in spoken(["sysctl", "net.ipv4.ip_forward"]) if record["address"] == address]
        self.assertEqual((record["name"], record["answered"]), ("read", 1))

    def test_sysfs_by_its_shortest_address(self):
        script = "cat /sys/devices/virtual/net/lo/mtu; echo 30000 > /sys/class/net/lo/mtu"
        check(["ip", "link", "set", "lo", "mtu", "40002"])
        records = [record for record in spoken(["sh", "-c", script]) if record["address"] == "sysfs/class/net/lo/mtu"]
        self.assertEqual([(record["name"], record.get("before"), record.get("asked"), record.get("answered")) for record in records],
                         [("read", None, None, 40002), ("write", 40002, 30000, None)])

    def test_by_position_and_in_parts(self):
        script = ("import os\nfd = os.open('/proc/sys/net/ipv4/ip_forward', os.O_RDWR)\nroom = bytearray(8)\n"
                  "os.pwrite(fd, b'1', 0); os.pread(fd, 8, 0); os.pwritev(fd, [b'0', b'\\n'], 0); os.preadv(fd, [room], 0)\n"
                  "os.pwritev(fd, [b'1', b'\\n'], 0, 0); os.preadv(fd, [room], 0, 0)\n")
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])
        records = [record for record in spoken(["python3", "-S", "-c", script]) if record["address"] == "sysctl/net/ipv4/ip_forward"]
        self.assertEqual([(record["name"], record.get("before"), record.get("asked"), record.get("answered")) for record in records],
                         [("write", 0, 1, None), ("read", None, None, 1), ("write", 1, 0, None), ("read", None, None, 0), ("write", 0, 1, None), ("read", None, None, 1)])

    def test_carried_by_the_kernel(self):
        """sendfile(2), splice(2), copy_file_range(2) show the program nothing of what they carry: of a sysctl that is written the kernel itself tells."""
        script = ("import os\nknob = '/proc/sys/net/ipv4/ip_forward'; source, sink = os.pipe(); other = os.memfd_create('other')\n"
                  "def of(path, flags=os.O_RDONLY): return os.open(path, flags)\n"
                  "said = [os.sendfile(other, of(knob), 0, 99), os.splice(of('/sys/class/net/lo/mtu'), sink, 99), len(os.read(source, 99))]\n"
                  "os.pwrite(other, b'1\\n', 0); said.append(os.sendfile(of(knob, os.O_WRONLY), other, 0, 2))\n"
                  "os.write(sink, b'0\\n'); said.append(os.splice(source, of(knob, os.O_WRONLY), 2))\n"
                  "os.write(sink, b'x\\n'); said.append(os.splice(source, of('/sys/class/net/lo/ifalias', os.O_WRONLY), 2))\n"
                  "try: os.copy_file_range(of('/proc/version'), other, 9)\nexcept OSError as error: said.append(-error.errno)\nelse: said.append(0)\nprint(*said)\n")
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])
        with tempfile.NamedTemporaryFile("r") as out:
            done = subprocess.run([FERRY, "trace", "--json", "-o", out.name, "--", "python3", "-S", "-c", script], capture_output=True, text=True)
            records = [record for record in map(json.loads, out) if "by " in record.get("words", "")]
        self.assertEqual(done.returncode, 0, done.stderr)
        read, spliced, _, first, second, alias, copied = map(int, done.stdout.split())
        self.assertEqual([(record["address"], record["name"], record["result"], record["words"], record.get("before"), record.get("asked")) for record in records],
                         [("sysctl/net/ipv4/ip_forward", "read", read, "by sendfile", None, None), ("sysfs/class/net/lo/mtu", "read", spliced, "by splice", None, None),
                          ("sysctl/net/ipv4/ip_forward", "write", first, "by sendfile", 0, 1), ("sysctl/net/ipv4/ip_forward", "write", second, "by splice", 1, 0),
                          ("sysfs/class/net/lo/ifalias", "write", alias, "by splice", None, None), ("procfs/version", "read", copied, "by copy_file_range", None, None)])
        self.assertEqual(open("/proc/sys/net/ipv4/ip_forward").read(), "0\n")

    def test_by_io_uring(self):
        """In the program's own thread, in the kernel's that looks for submissions, and in one that waits in the program's stead. Of vectors the kernel alone tells."""
        check(["sysctl", "-qw", "net.ipv4.ip_forward=0"])
        for way in "plain", "thread":
            with tempfile.NamedTemporaryFile("r") as out:
                done = subprocess.run([FERRY, "trace", "--json", "-o", out.name, "--", build("ring"), way, "/proc/sys/net/ipv4/ip_forward"], capture_output=True, text=True)
                records = [record for record in map(json.loads, out) if record.get("words") == "by io_uring"]
            seen = [json.loads(line) for line in done.stdout.splitlines()]
            if "error" in seen[0]:
                print("# not to be judged here: no io_uring")
                self.assertEqual(records, [])
                return
            self.assertEqual([record["result"] for record in records], [row["result"] for row in seen])
            self.assertEqual([(record["address"], record["name"], record.get("before"), record.get("asked"), record.get("answered")) for record in records],
                             [("sysctl/net/ipv4/ip_forward", *rest) for rest in (("read", None, None, 0), ("write", 0, 1, None), ("read", None, None, None), ("write", 1, 0, None), ("read", None, None, 0))])

    def test_a_file_that_is_not_there(self):
        record, = [record for record in spoken(["cat", "/proc/sys/net/ipv4/no_such"], wanted=1) if record["name"] == "open"]
        self.assertEqual((record["address"], record["error"]), ("sysctl/net/ipv4/no_such", "ENOENT"))

    def test_contents_of_procfs(self):
        for options, content in ((), False), (("-v",), True):
            record, = [record for record in spoken(["cat", "/proc/version"], *options) if record["address"] == "procfs/version"]
            self.assertEqual("answered" in record, content)
            self.assertEqual(record["result"], len(open("/proc/version").read()))

    def test_device_events(self):
        """Told by the kernel's multicast, in the program that hears it."""
        script = ("import socket\ns = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15); s.bind((0, 1))\n"
                  "open('/sys/devices/virtual/net/lo/uevent', 'w').write('change')\ns.recv(4096)\n")
        records = [record for record in spoken(["python3", "-S", "-c", script]) if record["name"] == "hear"]
        self.assertEqual(len(records), 1)
        self.assertIn("lo", json.dumps(records[0]["answered"]))


if __name__ == "__main__":
    if not shutil.which("strace"):
        skip("no strace here")
    run_cases(tracing=True)
