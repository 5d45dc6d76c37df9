#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sysctl, sysfs and procfs as ferry reads them, judged by sysctl(8), by plain reads, by sort order and by strace. TAP; changes nothing."""
import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FERRY = os.path.abspath(os.environ.get('FERRY', os.path.join(ROOT, 'build', 'ferry')))
SECRET = '(secret)'
# Another value at each read, or moved by whatever else runs meanwhile.
MOVES = re.compile(r'^sysctl/(kernel/(random/(uuid|entropy_avail)|ns_last_pid|pty/nr|hung_task_detect_count|perf_event_max_sample_rate)'
                   r'|fs/(dentry-|inode-|file-nr|aio-nr|quota/)|net/netfilter/nf_conntrack_count)')
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def ferry(*arguments):
    return subprocess.run([FERRY] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def get_json(*arguments):
    done = ferry('--json', 'get', *arguments)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise AssertionError('get %s: exit %d, not JSON: %r %r' % (arguments, done.returncode, done.stdout[-200:], done.stderr[-200:]))


def equal(found, wanted, what):
    if found != wanted:
        raise AssertionError('%s\n  found  %r\n  wanted %r' % (what, found, wanted))


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def words(text):
    return ' '.join(str(text).split())


def is_failure(value):
    return isinstance(value, dict) and 'error' in value


def path_of(address):
    channel, rest = address.split('/', 1)
    return {'sysctl': '/proc/sys/', 'sysfs': '/sys/', 'procfs': '/proc/'}[channel] + rest


def read(path):
    with open(path, 'rb', buffering=0) as file:
        return file.readall()


def typed(content, sysfs):
    """What the content of a file says, told a second time and in another way."""
    if content.endswith(b'\n'):
        content = content[:-1]
    text = content.decode('utf-8', 'surrogateescape')
    if re.fullmatch('0|-?[1-9][0-9]*', text) and -2 ** 63 <= int(text) < 2 ** 64:
        return int(text)
    if content[:1] == b'\0' or re.search(rb'[\x01-\x08\x0e-\x1a\x1c-\x1f]', content):
        return content.hex()
    chosen = [word for word in text.split() if re.fullmatch(r'\[[^\[\]]+\]', word)]
    if sysfs and '\n' not in text and len(chosen) == 1 and text.count('[') == 1 and text.count(']') == 1:
        return chosen[0][1:-1]
    return text


@test
def every_sysctl_as_sysctl_prints_it():
    if not shutil.which('sysctl'):
        raise Skip('no sysctl(8) here')
    found = get_json('sysctl')
    printed = subprocess.run(['sysctl', '-a'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode('utf-8', 'surrogateescape')
    wanted = {}
    for line in printed.splitlines():
        name, sign, value = line.partition(' =')
        if not sign or not name or ' ' in name:
            continue
        # The swapped form: sysctl(8) prints a dot within a name as a slash.
        address = 'sysctl/' + name.translate(str.maketrans('./', '/.'))
        wanted.setdefault(address, []).append(value.strip())
    true(len(wanted) > 100, 'sysctl(8) printed almost nothing')
    compared = 0
    for address, values in wanted.items():
        if MOVES.match(address) or found.get(address) == SECRET:
            continue
        true(address in found, '%s is missing' % address)
        true(not is_failure(found[address]), '%s: %r' % (address, found[address]))
        equal(words(found[address]), words(' '.join(values)), address)
        compared += 1
    # The other way round: a value that sysctl(8) leaves out (it hides obsolete keys) is still what the file holds.
    for address in set(found) - set(wanted):
        if is_failure(found[address]) or found[address] in (None, SECRET) or MOVES.match(address):
            continue
        equal(found[address], typed(read(path_of(address)), False), address)
    print('# %d keys compared' % compared)


@test
def every_key_is_told():
    # A whole branch that is left out is told as that.
    found = {address for address, value in get_json('sysctl').items() if not (is_failure(value) and value['error']['code'] == 'ECANCELED' and os.path.isdir(path_of(address)))}
    there = set()
    for folder, _, files in os.walk('/proc/sys'):
        if not folder.startswith('/proc/sys/fs/binfmt_misc'):
            there |= {'sysctl' + os.path.join(folder, file)[len('/proc/sys'):] for file in files}
    equal(sorted(found - there), [], 'told and not there')
    equal(sorted(there - found), [], 'there and not told')


@test
def sysfs_as_it_is_read():
    compared = 0
    for address in ('sysfs/class/net/lo', 'sysfs/kernel/mm', 'sysfs/module', 'sysfs/power', 'sysfs/block/*/queue', 'sysfs/devices/system/cpu'):
        for leaf, value in get_json(address).items():
            if value is None or is_failure(value):
                continue
            try:
                again = typed(read(path_of(leaf)), True)
            except OSError:
                continue
            if re.search('/(statistics|cpuidle|time_in_state)/|_freq$|/power/|refcnt$|pages_|full_scans|nr_', leaf) and again != value:
                continue  # it moves
            equal(value, again, leaf)
            compared += 1
    true(compared > 200, 'only %d attributes' % compared)
    print('# %d attributes compared' % compared)


@test
def errors_are_data():
    failed = 0
    for address, value in get_json('sysfs/class/net/lo').items():
        path = path_of(address)
        try:
            read(path)
            readable = True
        except OSError as error:
            readable, code = False, error.errno
        if is_failure(value) and value['error']['code'] != 'ECANCELED':
            true(not readable, '%s can be read' % address)
            equal(getattr(errno, value['error']['code']), code, address)
            failed += 1
    true(failed > 0, 'no attribute of lo refuses a read any more: choose another folder')
    done = ferry('get', 'sysctl/no/such/key')
    equal((done.returncode, done.stdout), (3, b''), 'no such key')
    true(b'No such file' in done.stderr, done.stderr)


@test
def sorted_by_address():
    for tree in ('sysctl', 'sysfs'):
        done = ferry('get', tree)
        addresses = [line.split(b' = ')[0] for line in done.stdout.splitlines()]
        true(len(addresses) > 100, tree)
        equal(addresses, sorted(addresses), tree)
        listed = [line for line in ferry('ls', '-R', tree).stdout.splitlines() if not line.endswith(b'/')]
        equal(listed, sorted(listed), 'ls -R ' + tree)


@test
def spellings_and_globs():
    wanted = typed(read('/sys/class/net/lo/mtu'), True)
    canonical = 'sysfs/class/net/lo/mtu'
    for spelling in (canonical, '/sys/class/net/lo/mtu', '/sys/devices/virtual/net/lo/mtu', 'sysfs/class/net/l[o]/mt?'):
        equal(get_json(spelling), {canonical: wanted}, spelling)
    keys = sorted('sysctl/net/ipv4/conf/%s/rp_filter' % name for name in os.listdir('/proc/sys/net/ipv4/conf'))
    equal(list(get_json('sysctl/net/ipv4/conf/*/rp_filter')), keys, 'a glob')
    equal(list(get_json('net.ipv4.ip_forward')), ['sysctl/net/ipv4/ip_forward'], 'dots')


def traced(*arguments):
    """The files that the program opened by name, in full as far as it is told, with their flags."""
    if not shutil.which('strace'):
        raise Skip('no strace here')
    done = subprocess.run(['strace', '-f', '-y', '-qq', '-e', 'trace=openat,openat2,open', FERRY] + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    lines = done.stderr.decode('utf-8', 'replace').splitlines()
    if not any('open' in line for line in lines):
        raise Skip('strace cannot trace here')
    opened = [(os.path.join(match.group(1) or '', match.group(2)), line) for line in lines for match in [re.search(r'open(?:at2?)?\((?:[^<"]*<([^>]*)>)?[^"]*"([^"]*)"', line)] if match]
    true(len(opened) > 30, '%s opened almost nothing' % (arguments,))
    return opened


@test
def listing_reads_no_value():
    there = {os.path.basename(path) for folder, _, files in os.walk('/proc/sys') for path in files}
    opened = [line for name, line in traced('ls', '-R', 'sysctl') if os.path.basename(name) in there and 'O_DIRECTORY' not in line and 'O_PATH' not in line]
    opened = [line for line in opened if 'AT_FDCWD' not in line or '/proc/sys' in line]
    equal(opened, [], 'ls opened values')


@test
def dangerous_files_are_left_alone():
    never = {'kcore', 'kmsg', 'sysrq-trigger', 'kpagecount', 'kpageflags', 'kpagecgroup', 'mem', 'pagemap', 'clear_refs', 'smaps', 'environ', 'config.gz', 'kallsyms', 'task'}
    # /proc/self is what a sanitizer's runtime reads for itself.
    opened = [line for name, line in traced('get', 'procfs') if os.path.basename(name) in never and not name.startswith('/proc/self/')]
    equal(opened, [], 'get procfs opened')
    never = {'hot_add', 'trace_pipe', 'rom', 'vpd', 'config'}
    opened = [line for name, line in traced('get', 'sysfs') if (os.path.basename(name) in never and 'O_DIRECTORY' not in line) or name == '/sys/power/wakeup_count']
    equal(opened, [], 'get sysfs opened')


@test
def another_root():
    tests = os.path.join(ROOT, 'tests')
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, 'tree')
        subprocess.run([os.path.join(tests, 'recorded-tree'), tree], check=True)
        for channel in ('sysctl', 'sysfs', 'procfs'):
            with open(os.path.join(tests, 'golden', 'tree.expected', channel)) as file:
                lines = [line.rstrip('\n') for line in file]
            found = get_json('--root', tree, channel)
            # "address type json", or "address - error"; the address may hold blanks, the type does not.
            for line in lines:
                match = re.fullmatch(r'(.*?) (int|text|choice|bytes) (.*)', line)
                if match:
                    equal(found[match.group(1)], json.loads(match.group(3)), line)
        done = ferry('--root', tree, 'get', 'sysfs/kernel/outside')
        true(b'root:' not in done.stdout, 'a link led out of the root')


def main():
    if not os.access(FERRY, os.X_OK):
        print('1..0 # SKIP no program at %s' % FERRY)
        return 77
    failed = 0
    print('1..%d' % len(TESTS))
    for number, function in enumerate(TESTS, 1):
        name = function.__name__.replace('_', ' ')
        try:
            function()
            print('ok %d - %s' % (number, name))
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, name, reason))
        except AssertionError as reason:
            failed += 1
            print('not ok %d - %s' % (number, name))
            print('\n'.join('# ' + line for line in str(reason).splitlines()))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
