# SPDX-License-Identifier: LGPL-2.1-or-later
"""What netfilter keeps beside nftables, as its own programs make it: connections and one that is expected, sets of ipset of every type that the kernel has, counters of
nfacct."""
import socket
import subprocess

FTP_PORT = 2121
RULES = f"""table inet ferry-ct {{
    ct helper ftp-here {{
        type "ftp" protocol tcp
    }}
    chain out {{
        type filter hook output priority 0
        tcp dport {FTP_PORT} ct helper set "ftp-here"
        ct state new counter
    }}
}}
"""
CONNECTIONS = [
    "-p tcp -s 10.1.1.1 -d 10.2.2.2 --sport 1000 --dport 80 --state ESTABLISHED -t 5000 -m 5 -u ASSURED,SEEN_REPLY",
    "-p tcp -s 10.1.1.1 -d 10.2.2.2 --sport 1001 --dport 80 --state SYN_SENT -t 5000 -r 10.2.2.2 -q 10.9.9.9 --reply-port-src 80 --reply-port-dst 999",
    "-p udp -s fe80::1 -d fe80::2 --sport 5353 --dport 53 -t 5000 -w 7", "-p udp -s 10.1.1.1 -d 10.2.2.2 --sport 5353 --dport 53 -t 5000 -m 0xffff0001",
    "-p icmp -s 10.1.1.1 -d 10.2.2.2 --icmp-type 8 --icmp-code 0 --icmp-id 77 -t 5000",
    "-p icmpv6 -s 2001:db8::1 -d 2001:db8::2 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 5 -t 5000",
    "-p 47 -s 10.1.1.1 -d 10.2.2.2 --srckey 5 --dstkey 6 -t 5000", "-p sctp -s 10.1.1.1 -d 10.2.2.2 --sport 5 --dport 6 -t 5000 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2",
    "-p udplite -s 10.1.1.1 -d 10.2.2.2 --sport 7 --dport 8 -t 5000", "-p 99 -s 10.1.1.1 -d 10.2.2.2 -t 5000",
]
SETS = [
    "create addresses hash:ip timeout 30000 counters comment", "add addresses 10.0.0.1 comment \"hello world\"", "add addresses 10.0.0.2 timeout 4000", "add addresses 10.0.0.3 timeout 0",
    "create cut hash:ip netmask 24 maxelem 1000 forceadd", "add cut 10.3.0.0", "create six hash:ip family inet6", "add six fe80::1",
    "create nets hash:net family inet6 skbinfo", "add nets 2001:db8::/32 skbmark 0x1111/0xff00 skbprio 1:10 skbqueue 4", "add nets 2001:db8:1::/48",
    "create ports hash:ip,port", "add ports 10.0.0.1,tcp:80", "add ports 10.0.0.1,udp:53", "add ports 10.0.0.1,icmp:8/0",
    "create pairs hash:ip,port,ip", "add pairs 10.0.0.1,tcp:80,10.0.0.9", "create ways hash:ip,port,net", "add ways 10.0.0.1,tcp:80,10.1.0.0/16", "add ways 10.0.0.1,tcp:80,10.1.0.0/17",
    "create doors hash:net,port", "add doors 10.0.0.0/8,tcp:443", "add doors 10.5.0.0/16,tcp:443 nomatch",
    "create links hash:net,iface", "add links 10.0.0.0/8,eth0", "add links 10.2.0.0/16,physdev:eth1 nomatch",
    "create numbers bitmap:port range 100-200 timeout 30000", "add numbers 150-152",
    "create macs bitmap:ip,mac range 10.0.0.0/24 comment", "add macs 10.0.0.5,02:00:00:00:00:01 comment x", "add macs 10.0.0.6",
    "create block bitmap:ip range 10.0.0.0/16 netmask 24", "add block 10.0.3.0/24",
    "create list list:set size 4", "add list addresses", "add list nets",
    # Not every kernel has these.
    "create marks hash:ip,mark markmask 0xff", "add marks 10.0.0.1,0x5", "create stations hash:mac", "add stations 02:00:00:00:00:05", "create both hash:net,net", "add both 10.0.0.0/8,10.1.0.0/16",
    "create owners hash:ip,mac", "add owners 10.0.0.1,02:00:00:00:00:06", "create all hash:net,port,net", "add all 10.0.0.0/8,tcp:80,10.1.0.0/16",
]
COUNTERS = [["http"], ["by bytes", "byte", "100000"], ["packets", "packet", "5"]]


def does(*words, **more):
    """Whether a command succeeds."""
    return subprocess.run(words, capture_output=True, text=True, check=False, **more).returncode == 0


def expect():
    """A connection whose answer makes the kernel expect another; its two ends, to be kept open."""
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    with socket.create_server(("127.0.0.1", FTP_PORT)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    # The helper believes a line where it has seen the one before it end.
    for line in b"220 here\r\n", b"227 Entering Passive Mode (127,0,0,1,10,20)\r\n":
        far.send(line)
        near.recv(100)
    return near, far


def make_connections():
    return [words for words in CONNECTIONS if does("conntrack", "-I", *words.split())]


def make_sets():
    """The lines of SETS that the kernel takes."""
    return [line for line in SETS if does("ipset", "restore", input=line + "\n")]


def make_counters():
    return [words for words in COUNTERS if does("nfacct", "add", *words)]
