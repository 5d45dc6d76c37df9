# SPDX-License-Identifier: LGPL-2.1-or-later
"""IPsec state made at random, as arguments of `ip xfrm`, and what the kernel that runs takes of it."""
import base64
import subprocess

ALGORITHMS = [
    # what `ip xfrm state add` takes, with the number of bytes that the key has
    ("aead", "rfc4106(gcm(aes))", 20, "128"),
    ("aead", "rfc4106(gcm(aes))", 36, "64"),
    ("enc", "cbc(aes)", 16, None),
    ("enc", "cbc(aes)", 32, None),
    ("enc", "cipher_null", 0, None),
]
SUMS = [("auth", "hmac(sha1)", 20, None), ("auth-trunc", "hmac(sha256)", 32, "128"), ("auth-trunc", "hmac(sha512)", 64, "256"), ("auth-trunc", "hmac(sha1)", 20, "96")]


def ip(*arguments):
    """Whether `ip xfrm ARGUMENTS` was taken."""
    return subprocess.run(["ip", "xfrm", *map(str, arguments)], capture_output=True, text=True).returncode == 0


def takes_esp():
    """Whether this kernel has ESP, so that a state can be made at all."""
    name = ["src", "10.255.0.1", "dst", "10.255.0.2", "proto", "esp", "spi", "0xffffff01"]
    taken = ip("state", "add", *name, "mode", "tunnel", "enc", "cipher_null", "", "auth", "digest_null", "")
    if taken:
        ip("state", "delete", *name)
    return taken


def addresses(random, six, prefix=True):
    if six:
        address = f"2001:db8:{random.randrange(16):x}:{random.randrange(4):x}::"
        return address + random.choice(["/64", "/63" if not random.randrange(2) and address[-3] in "02" else "/64"]) if prefix else address + f"{random.randrange(1, 99):x}"
    return f"10.{random.randrange(16)}.{random.randrange(4)}.0/24" if prefix else f"10.{random.randrange(16)}.9.{random.randrange(1, 99)}"


def selector(random, six):
    """What a policy, or a state, is for."""
    arguments = ["src", addresses(random, six), "dst", addresses(random, six)]
    if random.randrange(4) == 0:
        arguments += ["dev", "lo"]
    protocol = random.choice(["", "", "tcp", "udp", "sctp", "icmp", "gre", "ipv6-icmp"])
    if protocol:
        arguments += ["proto", protocol]
    if protocol in ("tcp", "udp", "sctp"):
        for port in "sport", "dport":
            if random.randrange(2):
                arguments += [port, random.randrange(1, 65536)]
    elif protocol in ("icmp", "ipv6-icmp") and random.randrange(2):
        arguments += ["type", random.randrange(1, 200), "code", random.randrange(1, 16)]
    elif protocol == "gre" and random.randrange(2):
        arguments += ["key", random.randrange(1 << 32)]
    return arguments


def mark(random):
    return random.choice([[], [], ["mark", hex(random.randrange(1, 256)), "mask", "0xff"], ["mark", random.randrange(1, 9)]])


def limits(random):
    arguments = []
    for what in "time-soft", "time-hard", "time-use-soft", "time-use-hard", "byte-soft", "byte-hard", "packet-soft", "packet-hard":
        if random.randrange(5) == 0:
            arguments += ["limit", what, random.randrange(100000, 10000000)]
    return arguments


def template(random, six):
    arguments = ["tmpl"]
    mode = random.choice(["transport", "tunnel", "tunnel", "beet"])
    if mode != "transport" or random.randrange(2):
        arguments += ["src", addresses(random, six, False), "dst", addresses(random, six, False)]
    protocol = random.choice(["esp", "ah", "comp"])
    arguments += ["proto", protocol]
    if random.randrange(3) == 0:
        arguments += ["spi", hex(random.randrange(256, 1 << (16 if protocol == "comp" else 32)))]
    arguments += ["mode", mode]
    if random.randrange(2):
        arguments += ["reqid", random.randrange(1, 99)]
    if mode == "transport" and random.randrange(2):
        arguments += ["level", "use"]
    return arguments


def policy(random):
    """The identity of a policy, and what else it has."""
    six = random.randrange(2)
    direction = random.choice(["in", "out", "fwd"])
    identity = selector(random, six) + ["dir", direction] + mark(random)
    more = []
    if random.randrange(4) == 0:
        identity += ["ptype", "sub"]
    if random.randrange(3) == 0:
        more += ["action", "block"]
    if random.randrange(2):
        more += ["priority", random.randrange(1, 100000)]
    if random.randrange(4) == 0:
        more += ["flag", random.choice(["localok", "icmp"])]
    if random.randrange(4) == 0:
        identity += ["if_id", hex(random.randrange(1, 100))]
    more += limits(random)
    for _ in range(random.choice([0, 1, 1, 2])):
        more += template(random, six)
    return list(map(str, identity)), list(map(str, more))


def key(random, length):
    return random.randbytes(length)


def hexadecimal(secret):
    return "0x" + secret.hex() if secret else ""


def state(random, number):
    """A state's identity, what else it has, and its keys."""
    six = random.randrange(2)
    protocol = random.choice(["esp", "esp", "esp", "esp", "ah", "comp"])
    src, dst = addresses(random, six, False), addresses(random, six, False)
    index = random.randrange(256, 65536) if protocol == "comp" else 0x10000 + number
    identity = ["src", src, "dst", dst, "proto", protocol, "spi", hex(index)] + mark(random)
    mode = random.choice(["transport", "tunnel", "beet"] if protocol == "esp" else ["transport", "tunnel"])
    more, keys = ["mode", mode], []

    def algorithm(kind, name, length, last):
        secret = key(random, length)
        if secret:
            keys.append(secret)
        return [kind, name, hexadecimal(secret), *([last] if last else [])]

    if protocol == "comp":
        more += ["comp", "deflate"]
    elif protocol == "ah":
        more += algorithm(*random.choice(SUMS))
    else:
        chosen = random.choice(ALGORITHMS)
        more += algorithm(*chosen)
        if chosen[0] == "enc":
            more += algorithm(*random.choice(SUMS))
    if protocol == "esp" and random.randrange(3) == 0:
        more += ["encap", "espinudp", random.randrange(1, 65536), random.randrange(1, 65536), "::" if six else "0.0.0.0"]
    if random.randrange(2):
        more += ["reqid", random.randrange(1, 1000)]
    if protocol != "comp":
        if random.randrange(3) == 0:
            more += ["flag", "esn", "replay-window", random.choice([32, 64, 128])]
        elif random.randrange(2):
            more += ["replay-window", random.choice([16, 32])]
    if random.randrange(3) == 0:
        more += ["flag", random.choice(["noecn", "decap-dscp", "nopmtudisc", "icmp", "af-unspec", "align4"])]
    if random.randrange(4) == 0:
        more += ["extra-flag", "dont-encap-dscp"]
    if random.randrange(4) == 0:
        more += ["output-mark", hex(random.randrange(1, 256)), *random.choice([[], ["mask", "0xffff"]])]
    if random.randrange(4) == 0:
        more += ["if_id", hex(random.randrange(1, 100))]
    if random.randrange(4) == 0 and mode == "tunnel" and protocol == "esp":
        more += ["tfcpad", random.randrange(1, 1000)]
    more += limits(random)
    if random.randrange(3) == 0 and "esn" not in more:
        more += ["sel", *selector(random, six)]
    # One flag list, where there are several.
    flags = [more[i + 1] for i in range(len(more) - 1) if more[i] == "flag"]
    while "flag" in more:
        at = more.index("flag")
        del more[at:at + 2]
    if flags:
        at = more.index("sel") if "sel" in more else len(more)
        more[at:at] = ["flag", " ".join(flags)] if len(flags) == 1 else [word for flag in flags for word in ("flag", flag)]
    return list(map(str, identity)), list(map(str, more)), keys


def forms(secret):
    """The bytes in which a key could stand somewhere."""
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret).rstrip(b"=")}
