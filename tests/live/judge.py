# SPDX-License-Identifier: LGPL-2.1-or-later
"""The state of the network as ip(8) tells it, by ferry's addresses and field names, and what a list of changes must say of two such states.

Only fields that ip tells are judged; VOLATILE says which of them move by themselves, and why.
"""
import ipaddress
import json

from ferrytest import check, ip

# What differs between two looks though nobody changed it, or cannot be put back by anybody. Nothing else is forgiven.
VOLATILE = {
    "link": {
        "qdisc": "the kernel gives a link its queue when it first comes up, and leaves it",
        "tso_max_size": "of a bridge: what its ports have been able to do", "tso_max_segs": "likewise",
        "bridge_id": "the kernel makes it of the address, when it comes to it",
        "root_id": "likewise",
        "hello_timer": "a timer", "tcn_timer": "a timer", "topology_change_timer": "a timer", "gc_timer": "a timer",
    },
    "addr": {
        "valid_life_time": "seconds that are left",
        "preferred_life_time": "seconds that are left",
        "tentative": "duplicate detection, over in a second",
        "optimistic": "duplicate detection",
    },
    "route": {},
    "rule": {},
    "neigh": {
        "used": "age",
        "confirmed": "age",
        "updated": "age",
        "probes": "a counter",
        "refcnt": "a counter",
    },
    "nexthop": {},
}
# ip's words for what the link flags mean, not flags; and RUNNING and the like, which operstate says.
NO_FLAGS = {"NO-CARRIER", "M-DOWN", "LOWER_UP", "RUNNING", "DORMANT"}


def table(word):
    """Tables without a name are numbers."""
    return int(word) if str(word).isdigit() else word


def prefix(text, six):
    """10.0.0.0/8 as ip prints it, with the length that ip leaves out."""
    if text == "default":
        return "::/0" if six else "0.0.0.0/0"
    return str(ipaddress.ip_network(text, strict=False))


def links():
    found = {}
    for entry in ip("link"):
        fields = {name: entry[name] for name in ("ifindex", "ifname", "mtu", "operstate", "linkmode", "group", "txqlen", "link_type", "address", "broadcast",
                                                 "num_tx_queues", "num_rx_queues", "master", "ifalias", "link", "link_netnsid") if name in entry}
        fields["flags"] = sorted(set(entry["flags"]) - NO_FLAGS)
        kind = entry.get("linkinfo", {}).get("info_kind")
        if kind:
            fields["linkinfo/kind"] = kind
        if entry.get("altnames"):
            fields["altnames"] = entry["altnames"]
        if entry.get("inet6_addr_gen_mode"):
            fields["af_spec/inet6/addr_gen_mode"] = entry["inet6_addr_gen_mode"]
        found[f"netlink/route/link/{entry['ifname']}"] = fields
    return found


def addresses():
    found = {}
    for link in ip("addr"):
        for entry in link.get("addr_info", []):
            fields = {name: entry[name] for name in ("family", "local", "prefixlen", "broadcast", "scope", "label", "metric") if name in entry}
            if "address" in entry:
                fields["peer"] = entry["address"]
            fields["dev"] = link["ifname"]
            if fields["family"] == "inet6":
                fields.pop("label", None)
            found[f"netlink/route/addr/{link['ifname']}/{entry['local']}/{entry['prefixlen']}"] = fields
    return found


def way(entry):
    """The fields of one nexthop of a route."""
    fields = {name: entry[name] for name in ("gateway", "dev", "weight") if name in entry}
    if "via" in entry:
        fields["via"] = entry["via"]
    return fields


def routes():
    found = {}
    for option in ("-4", "-6"):
        six = option == "-6"
        for entry in ip(option, "route", "show", "table", "all"):
            place = entry.get("table", "main")
            fields = {name: entry[name] for name in ("type", "protocol", "scope", "prefsrc", "metric", "pref", "nhid") if name in entry}
            fields.setdefault("type", "unicast")
            fields.update(way(entry), dst=prefix(entry["dst"], six), family="inet6" if six else "inet", table=table(place))
            for metrics in entry.get("metrics", []):
                for name, value in metrics.items():
                    fields[f"metrics/{name}"] = value
            if entry.get("nexthops") and "nhid" not in entry:
                fields["nexthops"] = [way(each) for each in entry["nexthops"]]
            if "nhid" in entry:  # the way is the nexthop's, told beside it for older readers
                for name in ("gateway", "dev", "via"):
                    fields.pop(name, None)
            if six:
                fields.pop("scope", None)
            name = f"netlink/route/route/{place}/{fields['dst']}"
            if fields.get("metric", 0) != (1024 if six else 0):
                name += f",metric={fields.get('metric', 0)}"
            if "tos" in entry:
                name += f",tos={int(entry['tos'], 0)}"
            network = ipaddress.ip_network(fields["dst"])
            if six and (network.is_link_local or network.is_multicast):
                name += f",dev={entry.get('dev')}"
            found[name] = fields
    return found


def rules():
    found = {}
    for option in ("-4", "-6"):
        for entry in ip(option, "rule"):
            family = "inet6" if option == "-6" else "inet"
            fields = {"priority": entry["priority"], "family": family, "table": table(entry.get("table", "main"))}
            for theirs, ours in (("iif", "iif"), ("oif", "oif"), ("ipproto", "ipproto")):
                if theirs in entry:
                    fields[ours] = entry[theirs]
            if entry.get("src", "all") != "all":
                fields["src"] = prefix(f"{entry['src']}/{entry['srclen']}" if "srclen" in entry else entry["src"], family == "inet6")
            if entry.get("dst", "all") != "all":
                fields["dst"] = prefix(f"{entry['dst']}/{entry['dstlen']}" if "dstlen" in entry else entry["dst"], family == "inet6")
            if "fwmark" in entry:
                fields["fwmark"] = entry["fwmark"]
            found[("rule", family, entry["priority"], json.dumps(entry, sort_keys=True))] = fields
    return found


def neighbours():
    found = {}
    for entry in ip("neigh", "show", "nud", "all") + ip("neigh", "show", "proxy"):
        if entry.get("state") == ["NOARP"] or "dst" not in entry:
            continue  # made by the kernel for multicast and the like, untold
        fields = {"dst": entry["dst"], "dev": entry["dev"]}
        if entry.get("lladdr"):
            fields["lladdr"] = entry["lladdr"]
        if "state" in entry:
            fields["state"] = entry["state"]
        found[f"netlink/route/neigh/{entry['dev']}/{entry['dst']}"] = fields
    return found


def nexthops():
    found = {}
    for entry in ip("nexthop"):
        fields = {name: entry[name] for name in ("id", "gateway", "dev", "protocol") if name in entry}
        if "group" in entry:
            fields["group"] = [{"id": each["id"], "weight": each.get("weight", 1)} for each in entry["group"]]
        if "blackhole" in entry:
            fields["blackhole"] = True
        found[f"netlink/route/nexthop/{entry['id']}"] = fields
    return found


KINDS = {"link": links, "addr": addresses, "route": routes, "rule": rules, "neigh": neighbours, "nexthop": nexthops}


def state(kinds=KINDS):
    """Everything, by address."""
    found = {}
    for kind in kinds:
        found.update(KINDS[kind]())
    return found


def raw_state():
    """What ip prints, nothing chosen and nothing renamed, but for VOLATILE: to compare what was with what is again."""
    volatile = set().union(*VOLATILE.values())

    def stable(value):
        if isinstance(value, dict):
            return {name: stable(item) for name, item in value.items() if name not in volatile}
        return [stable(item) for item in value] if isinstance(value, list) else value

    found = {}
    for name, command in (("link", ["link"]), ("addr", ["addr"]), ("route4", ["-4", "route", "show", "table", "all"]), ("route6", ["-6", "route", "show", "table", "all"]),
                          ("rule4", ["-4", "rule"]), ("rule6", ["-6", "rule"]), ("neigh", ["neigh", "show", "nud", "permanent"]), ("nexthop", ["nexthop"])):
        found[name] = sorted((stable(entry) for entry in ip(*command)), key=lambda entry: json.dumps(entry, sort_keys=True))
    return found


def difference(before, after):
    """What two raw states have not in common, in words."""
    words = []
    for name in before:
        for entry in before[name]:
            if entry not in after[name]:
                words.append(f"    - {name} {json.dumps(entry)}")
        for entry in after[name]:
            if entry not in before[name]:
                words.append(f"    + {name} {json.dumps(entry)}")
    return "\n".join(words)


def sysctls(folder="net"):
    """Every value below FOLDER of /proc/sys that sysctl(8) can read."""
    out = check(["sh", "-c", f"sysctl -a -e -r '^{folder}\\.' 2>/dev/null"])
    return dict(line.split(" = ", 1) for line in out.splitlines() if " = " in line)
