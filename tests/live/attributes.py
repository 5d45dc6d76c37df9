# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every attribute that ip(8) tells, against every field that ferry tells, by one table for both ways: what `ip -j -d` calls NAME is ferry's PATH, or is left out for a
reason that stands here; what ferry tells and ip does not is in SILENT or FERRY_ONLY, with the reason. A name that is in no table is a difference, so that none slips through.

compare(kind) gives the differences in words, and how many objects were compared. What lives and moves between two readings (a neighbour's state, a timer) counts only
where ip's own two readings, one before and one after ferry's, agree with each other.
"""
import collections
import fnmatch
import grp
import ipaddress
import json
import os
import pwd
import subprocess

FERRY = os.path.abspath(os.environ.get("FERRY") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/ferry"))
FOREVER = 4294967295
TOLERANCE = 600  # s that may pass between two readings on a busy machine


class Left(str):
    """Why a name of ip's is not compared."""


# ---- Reading ----


def pairs(text):
    """JSON with every pair of an object kept: ip says "dst" twice of a route that is wrapped, ferry says one address of several routes."""
    return json.loads(text or "[]", object_pairs_hook=lambda found: ("object", found))


def plain(value):
    if isinstance(value, tuple):
        return {name: plain(item) for name, item in value[1]}
    return [plain(item) for item in value] if isinstance(value, list) else value


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.strip()[:500]}")
    return done.stdout


def ferry_objects(kind):
    """(path, record) of every object, as they come."""
    prefix = f"netlink/route/{kind}/"
    return [(address.removeprefix(prefix), plain(record)) for address, record in pairs(run(FERRY, "--json", "get", prefix.rstrip("/")))[1]]


ENCAPS = {
    "ip": ("id", "src", "dst", "ttl", "tos", "key", "csum", "seq", "geneve_opts", "vxlan_opts", "erspan_opts"),
    "ip6": ("id", "src", "dst", "hoplimit", "tc", "key", "csum", "seq", "geneve_opts", "vxlan_opts", "erspan_opts"),
    "seg6": ("mode", "segs", "hmac"),
    "seg6local": ("action", "srh", "table", "nh4", "nh6", "iif", "oif", "endpoint", "vrftable", "packets", "bytes", "errors", "flavors", "lblen", "nflen"),
    "mpls": ("dst", "ttl"),
    "bpf": ("in", "out", "xmit", "headroom"),
    "ila": ("locator", "csum_mode", "ident_type", "hook_type"),
}


def fold_encap(value):
    """ip's attributes of an encapsulation stand among those of the route, behind "encap": one object of their own."""
    if isinstance(value, list):
        return [fold_encap(item) for item in value]
    if not isinstance(value, tuple):
        return value
    found, inside, names = {}, None, ()
    for name, item in value[1]:
        item = fold_encap(item)
        if name == "encap" and isinstance(item, dict):  # since iproute2 6.12
            found["encap"], inside = {"encap": item["encap_type"], **{key: each for key, each in item.items() if key != "encap_type"}}, None
        elif name == "encap":
            inside, names = found.setdefault("encap", {"encap": item}), ENCAPS.get(item, ())
        elif inside is not None and name in names and name not in inside:
            inside[name] = item
        else:
            inside = None
            if name in found:
                raise AssertionError(f"ip says {name!r} twice in {plain(value)}")
            found[name] = item
    return found


def ip_entries(*arguments):
    return [entry for entry in fold_encap(pairs(run("ip", "-j", "-d", *arguments))) if entry]


def ip_lines(*arguments):
    """The same objects in ip's text form, a line each: some of it never comes as JSON."""
    return [line for line in run("ip", "-o", "-d", *arguments).splitlines() if line.strip() and not line.startswith("\t")]


# ---- Turning values round ----


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def word_or_number(value):
    """Tables, protocols, scopes: a word, or a number that ip prints as a text."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


def hexadecimal(value):
    return "%#x" % number(value)


def network(text, six, length=None):
    """A prefix in full."""
    if text in ("default", "all"):
        return "::/0" if six else "0.0.0.0/0"
    if length is not None:
        text = f"{text}/{length}"
    return text if "/" in text else f"{text}/{128 if six else 32}"


def bridge_id(text):
    """8000.2:96:da:d4:3c:16"""
    priority, address = text.split(".")
    return "%04x" % int(priority, 16) + "".join("%02x" % int(octet, 16) for octet in address.split(":"))


def flatten(value, path=""):
    """Leaves by path; lists are leaves."""
    if not isinstance(value, dict):
        return {path: value}
    found = {}
    for name, item in value.items():
        found.update(flatten(item, f"{path}/{name}" if path else name))
    return found


def translate(table, entry, unknown):
    """ip's ENTRY by ferry's paths; names without a row go to UNKNOWN."""
    found = {}
    for name, value in entry.items():
        row = table.get(name)
        if row is None:
            unknown.append(f"{name} = {json.dumps(value)}")
        elif isinstance(row, Left):
            continue
        elif callable(row):
            found.update(row(value, entry))
        else:
            found[row] = value
    return found


def same(name):
    return {name: name}


def rows(*names):
    return {name: name for name in names}


def flag(path, word):
    return lambda value, entry: {f"{path} {word}": True}


def switch(path):
    return lambda value, entry: {path: bool(number(value))}


def turned(path, function):
    return lambda value, entry: {path: function(value)}


# ---- Encapsulations ----

TUNNEL = {"encap": Left("encap_type"), **rows("id", "src", "dst", "ttl", "tos", "hoplimit", "tc"), "key": flag("flags", "key"), "csum": flag("flags", "csum"), "seq": flag("flags", "seq")}
ENCAP = {
    "ip": TUNNEL, "ip6": TUNNEL,
    "seg6": {"encap": Left("encap_type"), "mode": "srh/mode", "segs": "srh/segs", "hmac": "srh/hmac"},
    "seg6local": {"encap": Left("encap_type"), **rows("action", "nh4", "nh6", "iif", "oif"), "table": turned("table", word_or_number), "vrftable": turned("vrftable", word_or_number),
                  "srh": lambda value, entry: {"srh/segs": value["segs"]}, **{name: f"counters/{name}" for name in ("packets", "bytes", "errors")}},
    "bpf": {"encap": Left("encap_type"), "in": lambda value, entry: {"in/name": value}, "out": lambda value, entry: {"out/name": value},
            "xmit": lambda value, entry: {"xmit/name": value}, "headroom": "headroom"},
}


def encap(value, unknown):
    return {"encap_type": value["encap"], **{f"encap/{path}": item for path, item in translate(ENCAP.get(value["encap"], {}), value, unknown).items()}}


# ---- Links ----

SWITCHES = rows("hairpin", "guard", "root_block", "fastleave", "learning", "flood", "proxy_arp", "proxy_arp_wifi", "mcast_flood", "bcast_flood", "mcast_to_unicast", "neigh_suppress",
                "vlan_tunnel", "isolated", "locked")
ROUTERS = ["disabled", "temporary query", "permanent", "temporary"]


def seconds(path):
    """A timer that runs: only that it is there."""
    return lambda value, entry: {path: "runs"}


def options_on(name):
    return lambda value, entry: {f"multi_boolopt/optval {name}": True} if number(value) else {}


QUERIER = {
    "mcast_querier_ipv4_addr": "mcast_querier_state/ip_address", "mcast_querier_ipv6_addr": "mcast_querier_state/ipv6_address",
    "mcast_querier_ipv4_port": "mcast_querier_state/ip_port", "mcast_querier_ipv6_port": "mcast_querier_state/ipv6_port",
    "mcast_querier_ipv4_other_timer": seconds("mcast_querier_state/ip_other_timer"), "mcast_querier_ipv6_other_timer": seconds("mcast_querier_state/ipv6_other_timer"),
}


def querier_state(value, entry):
    """What newer ones of ip tell as an object of its own."""
    return translate(QUERIER, value, [])


LINK_DATA = {
    "bridge": {
        **rows("forward_delay", "hello_time", "max_age", "ageing_time", "priority", "root_port", "root_path_cost", "topology_change", "topology_change_detected", "group_addr",
               "mcast_hash_elasticity", "mcast_hash_max", "mcast_last_member_cnt", "mcast_startup_query_cnt", "mcast_last_member_intvl", "mcast_membership_intvl",
               "mcast_querier_intvl", "mcast_query_intvl", "mcast_query_response_intvl", "mcast_startup_query_intvl", "mcast_igmp_version", "mcast_mld_version", "vlan_protocol",
               "vlan_default_pvid"),
        "stp_state": turned("stp_state", lambda value: ["off", "kernel", "user"][value]),
        **{name: switch(name) for name in ("vlan_filtering", "mcast_snooping", "mcast_query_use_ifaddr", "mcast_querier", "mcast_stats_enabled", "nf_call_iptables",
                                           "nf_call_ip6tables", "nf_call_arptables", "vlan_stats_enabled", "vlan_stats_per_port")},
        **{name: turned(name, bridge_id) for name in ("bridge_id", "root_id")},
        **{name: seconds(name) for name in ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer")},
        **{name: options_on(name) for name in ("no_linklocal_learn", "mcast_vlan_snooping", "mst_enabled")},
        "group_fwd_mask": turned("group_fwd_mask", hexadecimal),
        "group_fwd_mask_str": Left("group_fwd_mask once more"),
        "mcast_router": turned("mcast_router", lambda value: ROUTERS[value]),
        **QUERIER,
        **rows("fdb_n_learned", "fdb_max_learned"),
        **{name: querier_state for name in ("mcast_querier_state_ipv4", "mcast_querier_state_ipv6")},
    },
    "vxlan": {
        **rows("id", "remote", "remote6", "local", "local6", "link", "port", "learning", "df", "ageing", "limit", "udp_csum", "udp_zero_csum6_tx", "udp_zero_csum6_rx",
               "remcsum_tx", "remcsum_rx", "proxy", "rsc", "l2miss", "l3miss", "gpe", "external", "vnifilter", "remcsum_nopartial"),
        "group": "remote", "group6": "remote6", "ttl": "ttl", "tos": turned("tos", number), "label": "label", "localbypass": "localbypass",
        "gbp": lambda value, entry: {"gbp": True},  # null, in some
        "reserved_bits": turned("reserved_bits", lambda value: "%016x" % number(value)),
        "port_range": lambda value, entry: {"port_range/low": value["low"], "port_range/high": value["high"]},
    },
    "macvlan": {**rows("mode", "bcqueuelen", "usedbcqueuelen", "macaddr_count", "macaddr_data"), "nopromisc": flag("flags", "nopromisc"), "nodst": flag("flags", "nodst")},
    "vlan": {**rows("protocol", "id"), "flags": lambda value, entry: {f"flags/flags {word}": True for word in value},
             "ingress_qos": "ingress_qos", "egress_qos": "egress_qos"},
    "ipvlan": {"mode": "mode", "private": flag("flags", "private"), "vepa": flag("flags", "vepa"), "flags": lambda value, entry: {f"flags {value}": True} if value != "bridge" else {},
               "bridge": Left("neither private nor vepa")},
    "vrf": {"table": turned("table", word_or_number)},
    "geneve": {**rows("id", "remote", "remote6", "ttl", "port", "external", "udp_csum", "udp_zero_csum6_tx", "udp_zero_csum6_rx", "df", "label"), "tos": turned("tos", number),
               "port_range": lambda value, entry: {"port_range/low": value["low"], "port_range/high": value["high"]}},
    "tun": {**rows("type", "pi", "vnet_hdr", "multi_queue", "persist", "numqueues", "numdisabled"), "user": lambda value, entry: {"owner": user_number(value)},
            "group": lambda value, entry: {"group": group_number(value)}},
}
LINK_DATA["bond"] = {
    **rows("mode", "active_slave", "miimon", "updelay", "downdelay", "use_carrier", "arp_interval", "arp_ip_target", "ns_ip6_target", "arp_validate", "arp_all_targets", "primary",
           "primary_reselect", "fail_over_mac", "xmit_hash_policy", "resend_igmp", "num_peer_notif", "all_slaves_active", "min_links", "lp_interval", "packets_per_slave", "ad_lacp_active",
           "ad_lacp_rate", "ad_select", "ad_actor_sys_prio", "ad_user_port_key", "ad_actor_system", "tlb_dynamic_lb"),
    "peer_notify_delay": "peer_notif_delay", "arp_missed_max": "missed_max",
    "ad_info": lambda value, entry: {f"ad_info/{name}": item for name, item in value.items()},
}
LINK_DATA["macsec"] = {
    **rows("icv_len", "encoding_sa", "validation", "offload", "encrypt", "protect", "inc_sci", "es", "scb", "replay_protect", "window"),
    "sci": turned("sci", lambda value: hexadecimal(int(value, 16))), "cipher_suite": turned("cipher_suite", str.lower),
}
LINK_DATA["macvtap"], LINK_DATA["ipvtap"] = LINK_DATA["macvlan"], LINK_DATA["ipvlan"]
PORT_DATA = {
    "bridge": {
        **SWITCHES, **rows("state", "priority", "cost", "id", "no", "designated_port", "designated_cost", "topology_change_ack", "config_pending", "backup_port", "mcast_eht_hosts_limit",
                           "mcast_eht_hosts_cnt", "mab", "neigh_vlan_suppress"),
        **{name: turned(name, bridge_id) for name in ("bridge_id", "root_id")},
        **{name: seconds(name) for name in ("hold_timer", "message_age_timer", "forward_delay_timer")},
        "multicast_router": turned("multicast_router", lambda value: ROUTERS[value]),
        "group_fwd_mask": turned("group_fwd_mask", hexadecimal),
        "group_fwd_mask_str": Left("group_fwd_mask once more, in words"),
    },
    "vrf": {"table": turned("table", word_or_number)},
    "bond": {
        **rows("state", "mii_status", "link_failure_count", "perm_hwaddr", "queue_id", "ad_aggregator_id", "prio"),
        **{f"ad_{side}_oper_port_state": turned(f"ad_{side}_oper_port_state", hexadecimal) for side in ("actor", "partner")},
        **{f"ad_{side}_oper_port_state_str": Left("the state once more, in words") for side in ("actor", "partner")},
    },
}


def user_number(name):
    return int(name) if str(name).isdigit() else pwd.getpwnam(name).pw_uid


def group_number(name):
    return int(name) if str(name).isdigit() else grp.getgrnam(name).gr_gid


def link_info(value, unknown):
    found = {}
    for name, item in value.items():
        if name in ("info_kind", "info_slave_kind"):
            found["linkinfo/" + name.removeprefix("info_")] = item
        elif name in ("info_data", "info_slave_data"):
            kind = value["info_kind" if name == "info_data" else "info_slave_kind"]
            table = (LINK_DATA if name == "info_data" else PORT_DATA).get(kind, {})
            strange = []
            found.update({f"linkinfo/{name.removeprefix('info_')}/{path}": each for path, each in translate(table, item, strange).items()})
            unknown += [f"linkinfo/{name} of {kind}: {words}" for words in strange]
        else:
            unknown.append(f"linkinfo/{name}")
    return found


def link_flags(value, entry):
    """NO-CARRIER and M-DOWN are ip's own inferences; RUNNING it leaves out, and says it by NO-CARRIER."""
    return {f"flags {word}": True for word in value if word not in ("NO-CARRIER", "M-DOWN")}


LINK = {
    **rows("ifindex", "ifname", "mtu", "qdisc", "operstate", "linkmode", "txqlen", "link_type", "address", "broadcast", "promiscuity", "allmulti", "min_mtu", "max_mtu",
           "num_tx_queues", "num_rx_queues", "gso_max_size", "gso_max_segs", "tso_max_size", "tso_max_segs", "gro_max_size", "gso_ipv4_max_size", "gro_ipv4_max_size", "link", "master", "altnames", "ifalias", "link_index",
           "link_netnsid", "parentdev", "parentbus", "phys_port_name", "phys_port_id", "phys_switch_id", "permaddr", "proto_down"),
    "flags": link_flags,
    "group": turned("group", word_or_number),
    "inet6_addr_gen_mode": "af_spec/inet6/addr_gen_mode",
    "proto_down_reason": lambda value, entry: {"proto_down_reason/value": hexadecimal(sum(1 << int(bit) for bit in value))},
    "linkinfo": None,
    "xdp": Left("no program is attached here"),
}
LINK_SILENT = {
    "proto_down": (False, "told where it is on"),
    "devlink_port": ({}, "an empty nest"), "dpll_pin": ({}, "an empty nest"),
    "linkinfo/data/limit": (0, "printed as unlimited, as text alone"),
    "linkinfo/data/label": ("0x0", "told where it is set"),
    "linkinfo/data/tos": (0, "told where it is set"),
    **{f"linkinfo/data/{name}": (False, "told where it is on") for name in ("proxy", "rsc", "l2miss", "l3miss", "remcsum_tx", "remcsum_rx", "external", "vnifilter")},
    "linkinfo/data/arp_validate": ("none", "told where it is on"),
    "linkinfo/data/macaddr_count": (0, "told in the mode source"),
    "linkinfo/data/id": (0, "an external vxlan has no number"),
}
LINK_ONLY = {
    "proto_down_reason/value": "never in ip's JSON: differential.py compares it with what was asked for",
    "af_spec/inet6/token": "`ip token` tells it: compared in differential.py",
    "flags RUNNING": "ip turns it into NO-CARRIER",
    "stats64/*": "ip tells counters with -s: compared in differential.py with /sys/class/net/*/statistics",
    "carrier": "compared in differential.py with /sys/class/net/*/carrier", "carrier_changes": "likewise", "carrier_up_count": "likewise", "carrier_down_count": "likewise",
    "xdp/attached": "ip is silent where no program is attached",
    "af_spec/inet/conf/*": "compared in differential.py with sysctl", "af_spec/inet6/conf/*": "likewise",
    "af_spec/inet6/flags *": "net/if_inet6.h: not told by ip", "af_spec/inet6/cacheinfo/*": "not told by ip", "af_spec/inet6/stats": "/proc/net/dev_snmp6, not told by ip",
    "af_spec/inet6/icmp6stats": "likewise", "af_spec/inet6/ra_mtu": "not told by ip",
    "af_spec/mctp/net": "not told by ip",
    "netns_immutable": "newer than this ip", "gso_ipv4_max_size": "newer than this ip", "gro_ipv4_max_size": "newer than this ip", "max_pacing_offload_horizon": "newer than this ip",
    "headroom": "newer than this ip", "tailroom": "newer than this ip",
    "link_index": "of a veth: the number of the link that ip and ferry name as link",
    "linkinfo/data/ttl": "JSON is silent where it is inherited: compared in differential.py with ip's text", "linkinfo/data/ttl_inherit": "likewise",
    "linkinfo/data/localbypass": "newer than this ip", "linkinfo/data/reserved_bits": "newer than this ip", "linkinfo/data/label_policy": "newer than this ip",
    "linkinfo/data/port_range/*": "of a geneve newer than this ip",
    "linkinfo/data/coupled_control": "newer than this ip", "linkinfo/data/broadcast_neighbor": "newer than this ip",
    "linkinfo/data/lacp_strict": "newer than this ip", "linkinfo/data/stp_mode": "newer than this ip", "linkinfo/slave_data/actor_port_prio": "newer than this ip",
    "permaddr": "ip tells it where it is not the address",
    "linkinfo/data/fdb_n_learned": "newer than this ip", "linkinfo/data/fdb_max_learned": "newer than this ip", "linkinfo/data/bc_cutoff": "newer than this ip",
    "linkinfo/data/multi_boolopt/optval fdb_local_vlan_0": "newer than this ip", "linkinfo/data/multi_boolopt/optval mdb_offload_fail_notification": "newer than this ip",
    "linkinfo/slave_data/mcast_n_groups": "bridge(8) tells it", "linkinfo/slave_data/mcast_max_groups": "bridge(8) tells it",
    "linkinfo/slave_data/mcast_eht_hosts_limit": "newer than this ip", "linkinfo/slave_data/mcast_eht_hosts_cnt": "newer than this ip",
    "linkinfo/slave_data/mrp_ring_open": "not told by ip", "linkinfo/slave_data/mrp_in_open": "not told by ip", "linkinfo/slave_data/mab": "newer than this ip",
    "linkinfo/slave_data/neigh_vlan_suppress": "newer than this ip", "linkinfo/slave_data/backup_nhid": "newer than this ip",
    "linkinfo/slave_data/neigh_forward_grat": "newer than this ip",
    "linkinfo/data/mcast_querier_state/*": "told where somebody queries, and then by two names for the port",
}
LINK_MOVING = ("linkinfo/data/*_timer", "linkinfo/slave_data/*_timer")


def link_of_ip(entry, unknown):
    # Where IPv6 has never been on the link ip says nothing of it.
    found = translate({**LINK, "linkinfo": lambda value, whole: link_info(value, unknown)}, entry, unknown)
    if "altnames" in found:
        found["altnames"] = sorted(found["altnames"])
    return found


def spread_flags(found, *paths):
    """A list of words becomes a leaf a word."""
    for path in paths:
        for word in found.pop(path, []):
            found[f"{path} {word}"] = True
    return found


def link_of_ferry(record):
    found = spread_flags(flatten(record), "flags", "linkinfo/data/flags", "linkinfo/data/flags/flags", "linkinfo/data/multi_boolopt/optval", "af_spec/inet6/flags")
    for path in list(found):
        if any(fnmatch.fnmatchcase(path, moving) for moving in LINK_MOVING):
            found[path] = "runs"
    if "altnames" in found:
        found["altnames"] = sorted(found["altnames"])
    return found


# ---- Addresses ----

ADDRESS_FLAGS = ("secondary", "nodad", "optimistic", "dadfailed", "home", "deprecated", "tentative", "mngtmpaddr", "noprefixroute", "autojoin", "stable-privacy")


def life(path):
    return lambda value, entry: {path: "forever" if value == FOREVER else "limited"}


ADDRESS = {
    **rows("family", "local", "prefixlen", "broadcast", "anycast", "label", "metric", "dev"),
    "address": "peer",
    "scope": turned("scope", word_or_number), "protocol": turned("protocol", word_or_number),
    **{name: flag("flags", name) for name in ADDRESS_FLAGS},
    "temporary": flag("flags", "secondary"),
    "dynamic": Left("the flag permanent the other way round: ip says it where that is off"),
    "valid_life_time": life("cacheinfo/valid_life_time"), "preferred_life_time": life("cacheinfo/preferred_life_time"),
}
ADDRESS_ONLY = {"protocol": "newer than this ip: compared in differential.py with what was asked for", "cacheinfo/cstamp": "not told by ip", "cacheinfo/tstamp": "not told by ip"}


def address_of_ip(entry, unknown):
    found = translate(ADDRESS, entry, unknown)
    if not entry.get("dynamic"):
        found["flags permanent"] = True
    return found


def address_of_ferry(record):
    found = spread_flags(flatten(record), "flags")
    for name in ("valid_life_time", "preferred_life_time"):
        if found.get(f"cacheinfo/{name}") != "forever":
            found[f"cacheinfo/{name}"] = "limited"
    return found


def ip_addresses():
    return [{**address, "dev": link["ifname"]} for link in ip_entries("addr") for address in link.get("addr_info", []) if address]


# ---- Routes ----


def realms(value):
    return hexadecimal(int(value.get("from", 0)) << 16 | int(value["to"]))


METRICS = {
    **{name: f"metrics/{name}" for name in ("mtu", "advmss", "window", "cwnd", "initcwnd", "initrwnd", "ssthresh", "reordering", "hoplimit", "quickack", "fastopen_no_cookie", "congestion",
                                            "rto_min")},
    "rtt": lambda value, entry: {"metrics/rtt": value * 8}, "rttvar": lambda value, entry: {"metrics/rttvar": value * 4},
    "ecn": flag("metrics/features", "ecn"),
}


def nexthop_of_route(value, unknown):
    table = {**rows("gateway", "dev", "weight"), "via": "via", "flags": lambda words, entry: {"flags": sorted(words)}, "flow": turned("flow", realms),
             "encap": lambda wrapped, entry: encap(wrapped, unknown)}
    return translate(table, value, unknown)


ROUTE = {
    **rows("type", "gateway", "dev", "prefsrc", "metric", "nhid", "pref", "via", "ttl_propagate"),
    "table": turned("table", word_or_number), "protocol": turned("protocol", word_or_number), "scope": turned("scope", word_or_number),
    "tos": turned("tos", hexadecimal),
    "flow": turned("flow", realms),
    "flags": lambda value, entry: {f"flags {word}": True for word in value},
    "expires": lambda value, entry: {"cacheinfo/expires": "limited"},
    "error": "cacheinfo/error",
    **{name: Left("use of the route, moved by every packet") for name in ("age", "used", "users")},
    "nh_info": Left("the nexthop that nhid names, which ip looks up beside it: compared as nexthop"),
}
COUNTERS = {"encap/counters/*": "moved by every packet, told by ip -s"}
ROUTE_ONLY = {**COUNTERS} | {f"cacheinfo/{name}": "use of the route, moved by every packet" for name in ("clntref", "lastuse", "used", "id", "ts", "tsage")}
ROUTE_SILENT = {
    "cacheinfo/error": (0, "told where there is one"),
    "cacheinfo/expires": (0, "told where it ends"),
    "metrics/quickack": (0, "told where it is on"), "metrics/fastopen_no_cookie": (0, "told where it is on"),
    "flags offload": (None, "of a device"),
}


def route_of_ip(entry, unknown):
    six = entry["family"] == "inet6"
    table = {**ROUTE, "family": "family", "dst": turned("dst", lambda value: network(value, six)), "from": turned("from", lambda value: network(value, six)),
             "metrics": lambda value, whole: {path: item for each in value for path, item in translate(METRICS, each, unknown).items()},
             "nexthops": lambda value, whole: {"nexthops": [nexthop_of_route(each, unknown) for each in value]},
             "encap": lambda value, whole: encap(value, unknown)}
    return translate(table, entry, unknown)


def route_of_ferry(record):
    found = spread_flags({path: value for path, value in flatten(record).items() if path not in ("via/family", "via/host", "metrics/lock")}, "flags", "metrics/features", "encap/flags")
    if "via" in record:
        found["via"] = record["via"]
    if "cacheinfo/expires" in found and found["cacheinfo/expires"] != 0:
        found["cacheinfo/expires"] = "limited"
    for name, unit in (("rtt", 8), ("rttvar", 4)):
        if f"metrics/{name}" in found:  # ip rounds down to milliseconds
            found[f"metrics/{name}"] = found[f"metrics/{name}"] // unit * unit
    found["nexthops"] = [nexthop_of_ferry(each) for each in record.get("nexthops", [])]
    if not found["nexthops"]:
        del found["nexthops"]
    return found


def nexthop_of_ferry(record):
    record = dict(record, flags=sorted(record.get("flags", [])))
    via = record.pop("via", None)
    found = {path: value for path, value in spread_flags(flatten(record), "encap/flags").items() if not path.startswith("encap/counters/")}
    if via:
        found["via"] = via
    return found


def ip_routes():
    found = []
    for option, family in (("-4", "inet"), ("-6", "inet6")):
        entries, lines = ip_entries(option, "route", "show", "table", "all"), ip_lines(option, "route", "show", "table", "all")
        for entry, line in zip(entries, lines):
            entry = {"table": "main", **entry, "family": family}
            if entry.get("metrics"):
                # In JSON ip is silent of the lock, and of metrics that are off.
                words = line.split("\\")[0].split()
                entry["lock"] = sorted({"congctl": "congestion"}.get(words[at - 1], words[at - 1]) for at, word in enumerate(words) if word == "lock")
            found.append(entry)
    return found


# ---- Rules ----


def port_range(name):
    return {name: lambda value, entry: {f"{name}/start": number(value), f"{name}/end": number(value)},
            f"{name}_start": lambda value, entry: {f"{name}/start": number(value)}, f"{name}_end": lambda value, entry: {f"{name}/end": number(value)}}


def ip_protocol(value):
    return int(value.removeprefix("ipproto-")) if value.startswith("ipproto-") else value


RULE = {
    **rows("family", "priority", "iif", "oif", "goto", "suppress_prefixlen", "action", "tun_id"),
    "suppress_ifgroup": turned("suppress_ifgroup", lambda value: 0 if value == "default" else int(value)),
    "table": turned("table", word_or_number), "protocol": turned("protocol", word_or_number), "tos": turned("tos", hexadecimal),
    "fwmark": lambda value, entry: {"fwmark": hexadecimal(value), "fwmask": hexadecimal(entry.get("fwmask", "0xffffffff"))}, "fwmask": Left("with fwmark"),
    "ipproto": turned("ipproto", ip_protocol), **port_range("sport"), **port_range("dport"),
    **{name: lambda value, entry, name=name: {} if number(value) == 0xffff else {name: hexadecimal(value)} for name in ("sport_mask", "dport_mask")},
    "uid_start": lambda value, entry: {"uidrange/start": value}, "uid_end": lambda value, entry: {"uidrange/end": value},
    "l3mdev": lambda value, entry: {"l3mdev": 1}, "nop": lambda value, entry: {"action": "nop"},
    **{name: flag("flags", name) for name in ("not", "unresolved", "iif_detached", "oif_detached")},
    "flow_from": Left("with flow_to"), "flow_to": lambda value, entry: {"flow": realms({"to": value, "from": entry.get("flow_from", 0)})},
    "srclen": Left("part of src"), "dstlen": Left("part of dst"),
}


def rule_of_ip(entry, unknown):
    six = entry["family"] == "inet6"
    found = translate({**RULE, **{name: turned(name, lambda value, name=name: network(value, six, entry.get(name + "len"))) for name in ("src", "dst")}}, entry, unknown)
    for name in ("src", "dst"):
        if entry.get(name) == "all":
            del found[name]
    if "goto" in found:
        found["action"] = "goto"
    elif "action" not in found:
        found["action"] = "table"
    return found


def ip_rules():
    return [{**entry, "family": family} for option, family in (("-4", "inet"), ("-6", "inet6")) for entry in ip_entries(option, "rule")]


# ---- Neighbours and nexthops ----

NEIGHBOUR = {**rows("dst", "dev", "lladdr"), "protocol": turned("protocol", word_or_number), "state": lambda value, entry: {f"state {word}": True for word in value},
             **{name: flag("flags", name) for name in ("router", "extern_learn", "offload", "proxy", "use", "self", "sticky")}, "managed": flag("flags_ext", "managed"),
             **{name: Left("an age") for name in ("used", "confirmed", "updated", "refcnt", "probes")}, "nhid": "nhid", "vni": "vni", "vlan": "vlan", "port": "port"}
NEIGHBOUR_ONLY = {"family": "of dst", "type": "a derived kind, not told by ip", "cacheinfo/*": "ages, told by ip -s", "probes": "told by ip -s"}

NEXTHOP = {
    **rows("id", "gateway", "dev", "scope", "type", "group"), "protocol": turned("protocol", word_or_number),
    "flags": lambda value, entry: {f"flags {word}": True for word in value}, "blackhole": lambda value, entry: {"blackhole": True}, "fdb": lambda value, entry: {"fdb": True},
    "group": lambda value, entry: {"group": [{"id": each["id"], "weight": each.get("weight", 1)} for each in value]},
    "resilient_args": lambda value, entry: {"resilient_args/buckets": value["buckets"], "resilient_args/idle_timer": round(value["idle_timer"] * 100),
                                            "resilient_args/unbalanced_timer": round(value["unbalanced_timer"] * 100)},
}
NEXTHOP_ONLY = {**COUNTERS, "family": "of the gateway", "resilient_args/unbalanced_time": "a timer"}
NEXTHOP_SILENT = {"type": ("mpath", "told where it is another")}


def nexthop_of_ip(entry, unknown):
    return translate({**NEXTHOP, "encap": lambda value, whole: encap(value, unknown)}, entry, unknown)


# ---- Comparing ----


def neighbours_of_ip(*more):
    """Without those that the kernel makes by itself, and tells no one of, for what needs no resolution: groups, broadcasts, its own addresses."""
    own = {address["local"] for address in ip_addresses()} | {address.get("broadcast") for address in ip_addresses()}
    return [entry for entry in ip_entries("neigh", "show", *more) if "dst" in entry and not (
        entry.get("state") == ["NOARP"] and (entry["dst"] in own or entry["dst"] == "255.255.255.255" or ipaddress.ip_address(entry["dst"]).is_multicast or entry["dev"] == "lo"))]


def route_with_lock(entry, unknown):
    lock = entry.pop("lock", [])
    found = route_of_ip(entry, unknown)
    return {**found, **{f"metrics/lock {name}": True for name in lock}}


def route_lock_of_ferry(record):
    found = route_of_ferry(record)
    for name in record.get("metrics", {}).get("lock", []):
        found[f"metrics/lock {name}"] = True
    return found


# kind: (ip's entries, their translation, ferry's, ferry's alone, what ip is silent of, what tells two objects apart in words)
KINDS = {
    "link": (lambda: ip_entries("link"), link_of_ip, link_of_ferry, LINK_ONLY, LINK_SILENT, ("ifname",)),
    "addr": (ip_addresses, address_of_ip, address_of_ferry, ADDRESS_ONLY, {}, ("dev", "local", "prefixlen", "peer")),
    "route": (ip_routes, route_with_lock, route_lock_of_ferry, ROUTE_ONLY, ROUTE_SILENT, ("family", "table", "dst", "from", "metric", "tos", "dev", "gateway", "nhid")),
    "rule": (ip_rules, rule_of_ip, lambda record: spread_flags(flatten(record), "flags"), {}, {"flags permanent": (True, "of the rules that the kernel begins with")},
             ("family", "priority")),
    "neigh": (lambda: neighbours_of_ip("nud", "all"), lambda entry, unknown: translate(NEIGHBOUR, entry, unknown),
              lambda record: spread_flags(flatten(record), "flags", "flags_ext", "state"), NEIGHBOUR_ONLY, {}, ("dev", "dst")),
    "proxy": (lambda: neighbours_of_ip("proxy"), lambda entry, unknown: translate(NEIGHBOUR, entry, unknown),
              lambda record: spread_flags(flatten(record), "flags", "flags_ext", "state"), {**NEIGHBOUR_ONLY, "state": "a proxy has none"}, {}, ("dev", "dst")),
    "nexthop": (lambda: ip_entries("nexthop"), nexthop_of_ip, lambda record: spread_flags(flatten(record), "flags", "encap/flags"), NEXTHOP_ONLY, NEXTHOP_SILENT, ("id",)),
}


def is_left(path, value, only, silent):
    if path in silent:
        return silent[path][0] == value
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in only)


def text(found):
    return json.dumps(found, sort_keys=True)


def name_of(found, names):
    return " ".join(f"{name} {found[name]}" for name in names if name in found)


def closest(found, candidates, names):
    """Of CANDIDATES the one that has most in common with FOUND, among those of its name."""
    fitting = [each for each in candidates if name_of(each, names) == name_of(found, names)]
    return min(fitting, key=lambda each: len(set(map(text, each.items())) ^ set(map(text, found.items()))), default=None)


def in_words(kind, theirs, ours, names):
    where = f"{kind} {name_of(theirs, names)}"
    for path in sorted(set(theirs) | set(ours)):
        if theirs.get(path) != ours.get(path):
            yield f"{where}: {path}: ip says {text(theirs.get(path))}, ferry {text(ours.get(path))}"


def leftovers(kind, theirs, ours, names):
    """What is on one side only, told pairwise where two are of one name."""
    ours = list(ours)
    for found in theirs:
        other = closest(found, ours, names)
        if other is None:
            yield f"{kind} {name_of(found, names)}: not in ferry: {text(found)[:600]}"
            continue
        ours.remove(other)
        yield from in_words(kind, found, other, names)
    for found in ours:
        yield f"{kind} {name_of(found, names)}: not in ip: {text(found)[:600]}"


def compare(kind):
    """(differences in words, objects compared, objects that moved meanwhile)."""
    entries, of_ip, of_ferry, only, silent, names = KINDS[kind]
    unknown = []
    before = [of_ip(dict(entry), unknown) for entry in entries()]
    records = [of_ferry(record) for _, record in ferry_objects(kind)]
    after = [of_ip(dict(entry), []) for entry in entries()]
    ours = [{path: value for path, value in record.items() if not is_left(path, value, only, silent)} for record in records]
    theirs = [{path: value for path, value in found.items() if not is_left(path, value, only, silent)} for found in before]
    later = [{path: value for path, value in found.items() if not is_left(path, value, only, silent)} for found in after]
    counts = [collections.Counter(map(text, each)) for each in (theirs, later, ours)]
    steady = counts[0] & counts[1]
    moved = sum((counts[0] - steady).values())
    missing = list(map(json.loads, (steady - counts[2]).elements()))
    other = [each for each in map(json.loads, (counts[2] - counts[0]).elements()) if text(each) not in counts[1]]
    if moved:  # what ip told in two ways is known by name to have moved
        moving = {name_of(json.loads(each), names) for each in ((counts[0] - steady) + (counts[1] - steady))}
        other = [each for each in other if name_of(each, names) not in moving]
    words = [f"{kind}: ip tells {each}, and no row of the table says what ferry calls it" for each in sorted(set(unknown))]
    return words + list(leftovers(kind, missing, other, names)), len(theirs), moved

