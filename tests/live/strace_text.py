# SPDX-License-Identifier: LGPL-2.1-or-later
"""What strace prints of netlink, as objects: arguments of a call as lists, dicts and texts, and the messages in them."""
import json
import re
import subprocess
import tempfile

TOKEN = re.compile(r"""\s*(?:(/\*.*?\*/)|("(?:[^"\\]|\\.)*"(?:\.\.\.)?)|([\[\]{}(),=|])|([^\s\[\]{}(),=|"]+))""")


class Reader:
    """[...] is a list, {name=value, ...} a dict, {value, ...} a list, name(value, ...) a dict of one, A|B a list; all else is text."""

    def __init__(self, text):
        self.tokens = [token for comment, *others in TOKEN.findall(text) if not comment for token in others if token]
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def items(self, end):
        found = []
        while self.peek() not in (end, ""):
            value = self.value()
            if self.peek() == "=":
                self.take()
                value = (value if isinstance(value, str) else json.dumps(value), self.value())
            found.append(value)
            if self.peek() == ",":
                self.take()
        if self.peek():
            self.take()
        return found

    def value(self):
        first = self.take()
        if first == "[":
            value = self.items("]")
        elif first == "{":
            value = self.items("}")
            value = dict(value) if value and isinstance(value[0], tuple) else value
        else:
            value = first
            if self.peek() == "(":
                self.take()
                value = {value: self.items(")")}
        if self.peek() == "|":
            self.take()
            rest = self.value()
            value = [value] + (rest if isinstance(rest, list) else [rest])
        return value


def is_attribute(value):
    return isinstance(value, list) and value and isinstance(value[0], dict) and "nla_type" in value[0]


def attributes(values):
    """Those among VALUES and in their lists: {type: value}."""
    found = {}
    for value in values:
        if is_attribute(value):
            found[value[0]["nla_type"]] = value[1] if len(value) > 1 else ""
        elif isinstance(value, list):
            found.update(attributes(value))
    return found


def find_messages(value):
    """Each netlink message within VALUE: its header, its fixed struct, its attributes."""
    if isinstance(value, dict):
        for item in value.values():
            yield from find_messages(item)
    elif isinstance(value, list) and value and isinstance(value[0], dict) and "nlmsg_type" in value[0]:
        fixed = value[1] if len(value) > 1 and isinstance(value[1], dict) else {}
        yield value[0], fixed, attributes(value[1:])
    elif isinstance(value, list):
        for item in value:
            yield from find_messages(item)


def netlink_messages(argv):
    """Of a program run under strace."""
    with tempfile.NamedTemporaryFile("r") as out:
        subprocess.run(["strace", "-f", "-qq", "-v", "-s", "65536", "-e", "trace=network", "-o", out.name, "--", *argv], capture_output=True)
        lines = [line for line in out if "nlmsg_type" in line and "MSG_PEEK" not in line]
    return [message for line in lines for message in find_messages(Reader(line[line.index("(") + 1:]).items(")")) if message[0]["nlmsg_len"] != "0"]
