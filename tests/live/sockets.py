#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets as ferry reads them, judged by ss(8): of TCP, UDP, the Unix domain, netlink, and packet sockets, with the processes that have them; and connections that are cut on
request."""
import json
import os
import re
import resource
import socket
import subprocess
import unittest

import ferrytest
from ferrytest import FERRY, check, ferry

SOCKETS = "netlink/sock_diag"
MANY = 4000


def objects(kind):
    """Without our own, which comes and goes."""
    done = ferry("get", "--json", f"{SOCKETS}/{kind}")
    return [json.loads(done.stdout or "{}")][0]


def told(*words):
    """What ss prints, a socket a line."""
    return check(["ss", "-H", "-n", "-a", "-p", "-e", "-m", "-O", *words]).splitlines()


def end(text):
    """An end of a socket as ferry has it."""
    address, port = text.rsplit(":", 1)
    address = re.sub(r"%\w+", "", address).strip("[]").replace("*", "::")
    return f"{address}:{port.replace('*', '0')}"


def users(line):
    return sorted({int(pid) for pid in re.findall(r"pid=(\d+)", line)})


def memory(line):
    found = re.search(r"skmem:\(r(\d+),rb(\d+),t(\d+),tb(\d+),f(\d+),w(\d+),o(\d+),bl(\d+),d(\d+)\)", line)
    return [int(each) for each in found.groups()] if found else None


NAMES = ("rmem", "rcvbuf", "wmem", "sndbuf", "forward", "wmem_queued", "optmem", "backlog", "drops")
STATES = {"LISTEN": "listening", "ESTAB": "established", "UNCONN": "unconnected", "TIME-WAIT": "time-wait", "CLOSE-WAIT": "close-wait", "FIN-WAIT-2": "fin-wait-2", "SYN-SENT": "syn-sent",
          "FIN-WAIT-1": "fin-wait-1", "LAST-ACK": "last-ack", "CLOSING": "closing"}


class Case(unittest.TestCase):
    def setUp(self):
        self.kept = []
        for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
            listening = self.keep(socket.create_server((address, 0), family=family))
            near = self.keep(socket.create_connection(listening.getsockname()[:2]))
            near.send(b"x" * 100)
            far = self.keep(listening.accept()[0])
            # What is sent has come and is acknowledged before anybody looks.
            far.recv(100, socket.MSG_PEEK)
            far.send(b"y" * 40)
            near.recv(40, socket.MSG_PEEK)
            self.keep(socket.socket(family, socket.SOCK_DGRAM)).bind((address, 0))

    def keep(self, each):
        self.addCleanup(each.close)
        self.kept.append(each)
        return each


class Reading(Case):
    def compare(self, kind, *words):
        mine = {address.removeprefix(f"{SOCKETS}/{kind}/"): record for address, record in objects(kind).items()}
        theirs = told(*words)
        self.assertEqual(len(theirs), len(mine))
        for line in theirs:
            state, rqueue, wqueue, near, far, _ = (line + " ").split(None, 5)
            address = f"{end(near)}/{end(far)}"
            self.assertIn(address, mine, line)
            record = mine[address]
            self.assertEqual((record["state"], record["rqueue"], record["wqueue"]), (STATES[state], int(rqueue), int(wqueue)), line)
            self.assertEqual(sorted(user["pid"] for user in record.get("users", [])), users(line), line)
            found = re.search(r"ino:(\d+)", line)
            self.assertEqual(record["inode"], int(found[1]) if found else 0, line)
            self.assertEqual([record["memory"][name] for name in NAMES], memory(line), line)
            uid = re.search(r"uid:(\d+)", line)
            self.assertEqual(record["uid"], int(uid[1]) if uid else 0)
        return mine

    def test_tcp(self):
        mine = self.compare("tcp", "-t")
        self.assertGreaterEqual(len(mine), 6)

    def test_udp(self):
        self.assertGreaterEqual(len(self.compare("udp", "-u")), 2)

    def test_tcp_info(self):
        lines = check(["ss", "-H", "-n", "-t", "-i", "-O", "state", "established"]).splitlines()
        mine = objects("tcp")
        self.assertGreaterEqual(len(lines), 4)
        for line in lines:
            _, _, near, far, _ = line.split(None, 4)
            record = mine[f"{SOCKETS}/tcp/{end(near)}/{end(far)}"]
            info = record["info"]
            rtt = re.search(r" rtt:([\d.]+)/([\d.]+)", line)
            self.assertEqual((info["rtt"] / 1000, info["rttvar"] / 1000), (float(rtt[1]), float(rtt[2])), line)
            for name, word in ("rto", "rto"), ("snd_mss", "mss"), ("pmtu", "pmtu"), ("rcv_mss", "rcvmss"), ("advmss", "advmss"), ("snd_cwnd", "cwnd"), ("bytes_sent", "bytes_sent"), ("bytes_acked", "bytes_acked"), \
                    ("bytes_received", "bytes_received"), ("segs_out", "segs_out"), ("segs_in", "segs_in"), ("delivered", "delivered"), ("rcv_ssthresh", "rcv_ssthresh"):
                found = re.search(rf" {word}:([\d.]+)", line)
                theirs = float(found[1]) if found else 0
                self.assertEqual(info[name] / 1000 if name == "rto" else info[name], theirs, f"{word}\n{line}")
            self.assertEqual(record["congestion"] in line.split(), True, line)

    def test_unix(self):
        named = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        named.bind("\0ferry-test")
        named.listen(3)
        waits = self.keep(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        waits.connect("\0ferry-test")
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for each in pair:
            self.keep(each)
        mine = objects("unix")
        of = lambda each: mine[f"{SOCKETS}/unix/{os.fstat(each.fileno()).st_ino}"]
        self.assertEqual((of(named)["name"], of(named)["state"], of(named)["type"]), ("@ferry-test", "listening", "stream"))
        self.assertEqual((of(named)["queues"], len(of(named)["connecting"])), ({"rqueue": 1, "wqueue": 3}, 1))
        self.assertEqual((of(pair[0])["peer"], of(pair[0])["type"]), (os.fstat(pair[1].fileno()).st_ino, "seqpacket"))
        self.assertEqual(of(waits)["users"], [{"pid": os.getpid(), "name": open("/proc/self/comm").read().strip()}])
        for line in told("-x"):
            kind, state, rqueue, wqueue, name, inode, _ = (line + " ").split(None, 6)
            if inode == "*" or f"{SOCKETS}/unix/{inode}" not in mine or not users(line) == [os.getpid()]:
                continue
            record = mine[f"{SOCKETS}/unix/{inode}"]
            self.assertEqual((record["type"], record["state"], record["queues"]), ({"u_str": "stream", "u_seq": "seqpacket", "u_dgr": "dgram"}[kind], STATES[state],
                                                                                      {"rqueue": int(rqueue), "wqueue": int(wqueue)}), line)
            self.assertEqual([record["memory"][name] for name in NAMES], memory(line), line)

    def test_what_the_kernel_lacks(self):
        """Nothing is not told without a word."""
        done = ferry("get", f"{SOCKETS}/raw")
        if done.returncode == 0:
            self.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            self.assertIn(f"{SOCKETS}/raw/0.0.0.0:1/0.0.0.0:0", objects("raw"))
            return
        print("this kernel does not tell of raw sockets: not to be judged here")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"does not tell of {SOCKETS}/raw", done.stderr)
        # Of several kinds the others are told all the same.
        self.assertEqual(ferry("get", SOCKETS).returncode, 0)

    def test_netlink_and_packet(self):
        hears = self.keep(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
        hears.bind((0, 0x11))
        record = objects("netlink")[f"{SOCKETS}/netlink/0/{hears.getsockname()[0]}"]
        self.assertEqual((int.from_bytes(bytes.fromhex(record["groups"]), "little"), record["users"][0]["pid"]), (0x11, os.getpid()))
        packets = self.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800)))
        packets.bind(("lo", 0x800))
        record = objects("packet")[f"{SOCKETS}/packet/{os.fstat(packets.fileno()).st_ino}"]
        self.assertEqual((record["type"], record["protocol"], record["info"]["dev"], record["users"][0]["pid"]), ("raw", "0x800", "lo", os.getpid()))
        line = [each for each in told("-0") if f"pid={os.getpid()}" in each][0]
        self.assertEqual([record["memory"][name] for name in NAMES], memory(line), line)

    def test_each_address_leads_to_its_object(self):
        for address in objects("tcp"):
            self.assertEqual(list(json.loads(ferry("get", "--json", address).stdout)), [address])

    def test_of_others(self):
        """Whose a socket is, only who may look into the process is told."""
        near = self.kept[1]
        address = f"{SOCKETS}/tcp/{near.getsockname()[0]}:{near.getsockname()[1]}/{near.getpeername()[0]}:{near.getpeername()[1]}"
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "--inh-caps=-all", FERRY, "get", "--json", address], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        record = json.loads(done.stdout)[address]
        self.assertEqual((record.get("users"), record.get("users_hidden")), (None, True))

    def test_many(self):
        """A table of thousands, each with its process, in one go."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        count = min(MANY, hard - 100)
        for _ in range(count):
            self.keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", 0))
        mine = objects("udp")
        self.assertEqual(sum(record.get("users", [{}])[0].get("pid") == os.getpid() for record in mine.values()), count + 2)


class Destroying(Case):
    def test_a_connection(self):
        near = self.kept[1]
        address = f"{SOCKETS}/tcp/{near.getsockname()[0]}:{near.getsockname()[1]}/{near.getpeername()[0]}:{near.getpeername()[1]}"
        near.recv(40)
        done = ferry("set", "--", "-" + address)
        self.assertEqual((done.returncode, "--yes" in done.stderr), (1, True), done.stderr)
        self.assertIn("ESTAB", " ".join(told("-t", "sport", "=", f":{near.getsockname()[1]}")))
        done = ferry("set", "--yes", "--", "-" + address)
        if "EOPNOTSUPP" in done.stderr:
            print("the kernel destroys no sockets: not to be judged here")
            self.assertEqual(done.returncode, 1)
            return
        self.assertEqual(done.returncode, 0, done.stderr)
        with self.assertRaises(ConnectionAbortedError):
            near.recv(1)
        self.assertEqual(told("-t", "sport", "=", f":{near.getsockname()[1]}"), [])

    def test_what_is_not_there(self):
        """Where there is no such connection, the socket that listens at its port is not taken for it."""
        listening = self.kept[0].getsockname()
        done = ferry("set", "--yes", "--", f"-{SOCKETS}/tcp/{listening[0]}:{listening[1]}/127.0.0.1:1")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertTrue(told("-t", "state", "listening", "sport", "=", f":{listening[1]}"))

    def test_refused(self):
        own = os.fstat(self.keep(socket.socket(socket.AF_UNIX)).fileno()).st_ino
        done = ferry("set", "--yes", "--", f"-{SOCKETS}/unix/{own}")
        self.assertEqual((done.returncode, "TCP and UDP alone" in done.stderr), (1, True), done.stdout + done.stderr)
        done = ferry("set", f"{SOCKETS}/tcp/127.0.0.1:1/127.0.0.1:2={{}}")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("sockets are made by programs", done.stderr)
        done = ferry("watch", f"{SOCKETS}/tcp")
        self.assertIn("does not tell", done.stderr)


ferrytest.run_cases()
