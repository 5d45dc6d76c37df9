# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part "many" of bench/run: how fast rulesets and sockets are read, beside nft and ss, in one run."""
import contextlib
import resource
import subprocess
import sys

from ferrytest import FERRY, check
from talk import compare

# So many sockets that listen, until its standard input ends.
SOCKETS = """
import resource, socket, sys
first, last = int(sys.argv[1]), int(sys.argv[2])
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
kept = []
for number in range(first, last):
    each = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    each.bind((f"127.0.{number // 50000}.1", 1024 + number % 50000))
    each.listen(1)
    kept.append(each)
print(len(kept), flush=True)
sys.stdin.read()
"""


def load(text):
    check(["nft", "flush", "ruleset"])
    check(["nft", "-f", "-"], input=text)


def rules(count, rounds):
    """As firewalls have them: an address or two, a port or several, a state, a verdict."""
    shapes = ["ip saddr 10.{a}.{b}.{c} tcp dport {p} accept", "ip daddr 10.{a}.{b}.0/24 udp dport {{ {p}, {q}, 53 }} counter accept", "ct state established,related ip saddr 10.{a}.{b}.{c} accept",
              "iifname \"eth{c}\" ip saddr 10.{a}.{b}.{c} tcp dport {p}-{r} counter log prefix \"in: \" drop comment \"number {p}\"", "ip6 saddr 2001:db8:{a}::{b} meta mark 0x{c:x} counter drop"]
    lines = [shapes[n % len(shapes)].format(a=n >> 16, b=n >> 8 & 255, c=n & 255, p=1000 + n % 30000, q=40000 + n % 1000, r=40000 + n % 9000) for n in range(count)]
    load("table inet t {\n chain c {\n  " + "\n  ".join(lines) + "\n }\n}\n")
    compare(f"{count:,} rules of nftables", {
        "ferry get --json": [FERRY, "get", "--json", "netlink/netfilter/rule"],
        "nft -j": ["nft", "-j", "list", "ruleset"],
        "nft": ["nft", "list", "ruleset"],
    }, [("ferry get --json", "nft -j", 1, "most"), ("ferry get --json", "nft", 1, "most")], rounds)


def elements(count, rounds):
    load("table inet t {\n set s {\n  type ipv4_addr\n  elements = { " + ", ".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(count)) + " }\n }\n}\n")
    compare(f"A set of {count:,} elements", {
        "ferry get --json": [FERRY, "get", "--json", "netlink/netfilter/element"],
        "nft -j": ["nft", "-j", "list", "ruleset"],
        "nft": ["nft", "list", "ruleset"],
    }, [("ferry get --json", "nft -j", 1, "most"), ("ferry get --json", "nft", 1, "most")], rounds)
    check(["nft", "flush", "ruleset"])


def sockets(count, rounds):
    """Held by as many processes as it takes, each of which may have just so many descriptors."""
    check(["ip", "link", "set", "lo", "up"])
    each = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100, 15000)
    with contextlib.ExitStack() as stack:
        for first in range(0, count, each):
            holder = stack.enter_context(subprocess.Popen([sys.executable, "-S", "-c", SOCKETS, str(first), str(min(first + each, count))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            stack.callback(holder.stdin.close)
            if not holder.stdout.readline():
                raise OSError("the sockets could not be made")
        compare(f"{count:,} sockets", {
            "ferry get --json": [FERRY, "get", "--json", "netlink/sock_diag/tcp"],
            "ss -tanpemi": ["ss", "-tanpemi"],
            "ss -tan": ["ss", "-tan"],
        }, [("ferry get --json", "ss -tanpemi", 1, "most")], rounds)


def many(quick):
    rules(*((2000, 2) if quick else (20000, 5)))
    elements(*((50000, 2) if quick else (1000000, 3)))
    sockets(*((5000, 2) if quick else (100000, 3)))
