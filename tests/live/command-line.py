#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: nonsense, wrong addresses, exit statuses, JSON, terminals, readers that go. Judged by /proc, /sys, ip and strace. TAP.

The same on every kernel: what is said of the arguments."""
import ctypes
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FERRY = os.path.abspath(os.environ.get('FERRY', os.path.join(ROOT, 'build', 'ferry')))
ESCAPE_LINK = 'd\x1b[31mx'  # the kernel takes an interface of this name
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def equal(found, wanted, what=''):
    if found != wanted and isinstance(found, list) and len(found) > 20:
        raise AssertionError('%s\n  only found  %r\n  only wanted %r' % (what, [x for x in found if x not in wanted], [x for x in wanted if x not in found]))
    if found != wanted:
        raise AssertionError('%s\n  found  %r\n  wanted %r' % (what, found, wanted))


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def ferry(*arguments, **options):
    return subprocess.run([FERRY] + list(arguments), stdin=subprocess.DEVNULL, stdout=options.pop('stdout', subprocess.PIPE), stderr=subprocess.PIPE, **options)


def out(*arguments):
    done = ferry(*arguments)
    equal((done.returncode, done.stderr), (0, b''), ' '.join(arguments))
    return done.stdout.decode()


def read(path):
    with open(path) as file:
        return file.read().strip('\n')


def on_terminal(*arguments, environment=None, columns=100):
    """What a terminal is sent, as bytes."""
    child, master = pty.fork()
    if child == 0:
        try:
            os.execve(FERRY, [FERRY] + list(arguments), dict(os.environ, TERM='xterm', COLUMNS=str(columns), **(environment or {})))
        finally:
            os._exit(127)
    found = b''
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        found += data
    os.waitpid(child, 0)
    os.close(master)
    return found


NONSENSE = [
    [], ['nosuch'], ['lgo'], [''], ['\x1b[31m'], ['-'], ['--'], ['-x'], ['--nosuch'], ['--root'], ['--json=1', 'ls'],
    ['ls', '--nosuch'], ['ls', '-lx'], ['get'], ['get', '--'], ['get', '-o'], ['get', ''], ['get', '../../etc/passwd'], ['get', 'sysctl/../../etc/passwd'],
    ['get', 'sysctl/' + 'a' * 5000], ['get', '--values=yes', 'sysctl'], ['watch', '--for', '0'], ['watch', '--for', 'banana'], ['watch', '--for', '-1'],
    ['watch', ''], ['record', '--for'], ['record', '--for', '1e9'], ['record', '--for', '99999999999999999999'], ['record', '--keep', 'x'],
    ['record', '--max', '0'], ['record', '--max', '10K'], ['record', '--max', 'many'], ['log', '-n', 'x'], ['log', '-n', '0'], ['log', '-n', '-5'], ['log', '--since', 'banana'],
    ['log', '--until', '2026-99-99'], ['blame'], ['undo'], ['apply'], ['apply', '--configured', '--as', 'x'],
    ['doctor', 'x'], ['version', 'x'], ['help', 'nosuch'], ['help', 'a', 'b'], ['help', '--completion', 'csh'], ['help', '--completion'],
]
ABSENT = [
    ['get', 'sysctl/net/nosuch'], ['get', 'net.ipv4.nosuch'], ['get', 'procfs/nosuch'], ['get', 'procfs/999999999/stat'], ['get', 'sysfs/class/net/nosuch0/mtu'],
    ['get', 'netlink/route/link/nosuch0'], ['get', 'netlink/route/link/lo/nosuch'], ['get', 'netlink/route/nosuch'], ['ls', 'sysctl/nosuch'],
    ['ls', 'netlink/route/link/nosuch0'], ['get', '-n', 'sysctl/net/nosuch'], ['log', '--db', '/nonexistent/h.db'], ['blame', '--db', '/nonexistent/h.db', 'sysctl'],
    ['undo', '--db', '/nonexistent/h.db', '1'], ['confirm', '--state', '/nonexistent/state'], ['rollback', '--state', '/nonexistent/state'],
]


@test
def nonsense_is_usage_and_prints_no_result():
    for arguments in NONSENSE:
        done = ferry(*arguments)
        equal(done.returncode, 2, 'exit status of %r; said %r' % (arguments, done.stderr[-200:]))
        equal(done.stdout, b'', 'standard output of %r' % arguments)
        true(done.stderr.strip(), 'no words for %r' % arguments)
        true(b'\x1b' not in done.stderr, 'raw escape in the words for %r' % arguments)


@test
def what_is_not_there_is_exit_status_3():
    for arguments in ABSENT:
        done = ferry(*arguments)
        equal(done.returncode, 3, 'exit status of %r; said %r' % (arguments, done.stderr[-200:]))
        true(done.stderr.startswith(b'ferry: ') and len(done.stderr) > 12, 'words for %r: %r' % (arguments, done.stderr))
    true(not os.path.exists('/nonexistent'), 'looking has made a folder')


@test
def errors_are_json_where_asked_for():
    for arguments in NONSENSE[1:] + ABSENT:
        done = ferry('--json', *arguments)
        for line in done.stderr.decode().splitlines():
            error = json.loads(line)['error']
            equal(sorted(error), ['code', 'exit', 'text'], repr(arguments))
            equal(error['exit'], done.returncode, repr(arguments))
            true(error['code'] is None or re.fullmatch('E[A-Z0-9]+', error['code']), repr(error))
            true(error['text'].strip(), repr(arguments))
        if done.stdout:
            json.loads(done.stdout)


@test
def a_near_miss_is_told():
    true(b'did you mean "log"' in ferry('lgo').stderr, 'lgo')
    true(b'did you mean "watch"' in ferry('wacth').stderr, 'wacth')
    true(b'did you mean' not in ferry('q').stderr, 'q')


@test
def options_stand_anywhere():
    wanted = out('get', '-n', 'kernel.ostype')
    for arguments in (['-q', 'get', '-n', 'kernel.ostype'], ['get', 'kernel.ostype', '-n'], ['get', '-nq', 'kernel.ostype'], ['get', '-n', '--', 'kernel.ostype'],
                      ['get', '--values', 'kernel.ostype'], ['--root', '/', 'get', '-n', 'kernel.ostype'], ['--root=/', 'get', '-n', 'kernel.ostype']):
        equal(out(*arguments), wanted, repr(arguments))


@test
def every_command_has_help():
    overview = out('help')
    for name in re.findall(r'^  (\w+) ', overview.split('Commands')[1].split('Options')[0], re.M):
        equal(out('help', name), out(name, '--help'))
        equal(out(name, '-h'), out(name, '--help'))
    equal(out('--help'), overview)
    equal(out('--version'), out('version'))


@test
def the_version_names_what_was_built_in():
    parts = {part['name']: part for part in json.loads(out('version', '--json'))['components']}
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
    equal(parts['BPF programs']['built'].split(', '), sorted(name.split('.')[0] for name in os.listdir(source + '/src/bpf') if name.endswith('.bpf.c')))
    for name, package in (('libbpf', 'libbpf'), ('SQLite', 'sqlite3'), ('libelf', 'libelf'), ('jansson', 'jansson')):
        version = subprocess.run(['pkg-config', '--modversion', package], capture_output=True, text=True, check=True).stdout.strip()
        equal(version.startswith(parts[name]['built']), True, f'{name}: {parts[name]} and {version}')
        equal(parts[name]['missing'], None)
        equal(f"  {name}: {parts[name]['built']}" in out('version'), True)
    equal(parts['glibc']['running'], os.confstr('CS_GNU_LIBC_VERSION').split()[1])


@test
def values_are_those_of_the_kernel_in_every_spelling():
    wanted = read('/proc/sys/kernel/ostype')
    for spelling in ('sysctl/kernel/ostype', 'kernel.ostype', '/proc/sys/kernel/ostype', 'kernel/ostype', '/proc/sys//kernel/./ostype'):
        done = ferry('get', spelling)
        if spelling == 'kernel/ostype' and done.returncode == 2:
            continue  # a path that begins with no channel may be refused
        equal(done.stdout.decode(), 'sysctl/kernel/ostype = %s\n' % wanted, spelling)
    equal(out('get', '-n', 'net.ipv4.conf.lo.rp_filter'), read('/proc/sys/net/ipv4/conf/lo/rp_filter') + '\n')
    equal(out('get', '-n', '/sys/class/net/lo/mtu'), read('/sys/class/net/lo/mtu') + '\n')
    equal(out('get', '-n', 'netlink/route/link/lo/mtu'), read('/sys/class/net/lo/mtu') + '\n')
    equal(out('get', '-n', 'procfs/sys/kernel/ostype', 'kernel.ostype').splitlines()[-1], wanted)


@test
def a_subtree_is_every_leaf_sorted():
    lines = out('get', 'sysctl/net/ipv4/conf/lo').splitlines()
    addresses = [line.split(' = ')[0] for line in lines]
    equal(addresses, sorted(addresses))
    equal(len(addresses), len(set(addresses)))
    folder = '/proc/sys/net/ipv4/conf/lo'
    equal(sorted(address.split('/')[-1] for address in addresses), sorted(os.listdir(folder)))
    for line in lines:
        address, value = line.split(' = ')
        equal(value, read('/proc/sys/' + address.split('/', 1)[1]), address)


@test
def json_is_one_object_by_address():
    found = json.loads(out('get', '--json', 'sysctl/net/ipv4/conf/lo', 'netlink/route/link/lo', 'netlink/route/link/lo/mtu'))
    mtu = int(read('/sys/class/net/lo/mtu'))
    equal(found['netlink/route/link/lo/mtu'], mtu)
    equal(found['netlink/route/link/lo']['mtu'], mtu)
    equal(found['sysctl/net/ipv4/conf/lo/rp_filter'], int(read('/proc/sys/net/ipv4/conf/lo/rp_filter')))


@test
def lists_are_what_lies_there():
    found = [line.split('/')[-1] for line in out('ls', 'sysctl/net/ipv4/conf/lo').splitlines()]
    equal(found, sorted(os.listdir('/proc/sys/net/ipv4/conf/lo')))
    channels = [line.rstrip('/') for line in out('ls').splitlines()]
    for channel in ('netlink', 'procfs', 'sysctl', 'sysfs'):
        true(channel in channels, 'no %s in %r' % (channel, channels))
    for line in out('ls', '--json', '-l', 'sysctl/net/ipv4/conf/lo').splitlines():
        item = json.loads(line)
        equal(item['kind'], 'leaf')
        mode = os.stat('/proc/sys/' + item['address'].split('/', 1)[1]).st_mode & 0o7777
        equal(item['mode'], '%04o' % mode, item['address'])
    recursive = [line.replace('\\x1b', '\x1b') for line in out('ls', '-R', 'sysctl/net/ipv4/conf').splitlines() if not line.endswith('/')]
    wanted = [os.path.join(folder, name) for folder, _, names in os.walk('/proc/sys/net/ipv4/conf') for name in names]
    equal(sorted(recursive), sorted(path.replace('/proc/sys', 'sysctl', 1) for path in wanted))


@test
def tables_have_the_columns_asked_for():
    rows = [line.split() for line in out('get', '-o', 'mtu,ifindex', 'netlink/route/link').splitlines()]
    equal(rows[0], ['link', 'mtu', 'ifindex'])
    equal([row[1:] for row in rows if row[0] == 'lo'], [[read('/sys/class/net/lo/mtu'), read('/sys/class/net/lo/ifindex')]])
    rows = [line.split() for line in out('get', '-o', 'rp_filter,forwarding', 'sysctl/net/ipv4/conf').splitlines()]
    for row in rows[1:]:
        row[0] = row[0].replace('\\x1b', '\x1b')
        equal(row[1:], [read('/proc/sys/net/ipv4/conf/%s/%s' % (row[0], name)) for name in ('rp_filter', 'forwarding')], row[0])
    equal(sorted(row[0] for row in rows[1:]), sorted(name for name in os.listdir('/proc/sys/net/ipv4/conf')))
    equal(ferry('get', '-o', 'nosuch', 'netlink/route/link').returncode, 2)


@test
def another_root():
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(root + '/proc/sys/kernel')
        with open(root + '/proc/sys/kernel/ostype', 'w') as file:
            file.write('Other\n')
        equal(out('--root', root, 'get', 'kernel.ostype'), 'sysctl/kernel/ostype = Other\n')
        equal(ferry('--root', root, 'get', 'kernel.nosuch').returncode, 3)
        with tempfile.NamedTemporaryFile('w') as outside:
            outside.write('outside the root')
            outside.flush()
            os.symlink(outside.name, root + '/proc/sys/kernel/hostname')
            os.symlink('../../../../..' + outside.name, root + '/proc/sys/kernel/domainname')
            for key in ('kernel.hostname', 'kernel.domainname', 'sysctl'):
                true(b'outside' not in ferry('--root', root, 'get', key).stdout, 'a link out of the root was followed')
        # Changes are the running kernel's, and values below a root another machine's: the two do not go together.
        for command in ('watch', '--for', '0.1'), ('record', '--for', '0.1', '--db', root + '/history'):
            done = ferry('--root', root, *command)
            equal(done.returncode, 1, command)
            true(b'none are seen below another root' in done.stderr, done.stderr)
        equal(ferry('--root', root + '/nosuch', 'ls').returncode, 2)
        equal(ferry('--root', root + '/proc/sys/kernel/ostype', 'ls').returncode, 2)


@test
def standard_output_that_cannot_take_results():
    with open('/dev/full', 'w') as full:
        done = ferry('get', 'kernel.ostype', stdout=full)
    equal(done.returncode, 1)
    true(b'No space left' in done.stderr, done.stderr)
    done = subprocess.run(['sh', '-c', 'exec "$0" get kernel.ostype >&-', FERRY], stderr=subprocess.PIPE)
    equal(done.returncode, 1, 'closed standard output')
    done = subprocess.run(['sh', '-c', '{ "$0" ls -R sysctl; echo "status $?" >&2; } | head -n 1', FERRY], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal(done.stderr, b'status 0\n', 'a reader that has seen enough')
    # With the first three descriptors closed the history must not become standard output.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(['sh', '-c', 'exec "$0" record --db "$1" --for 0.3 <&- >&- 2>&-', FERRY, folder + '/h.db'])
        if os.path.exists(folder + '/h.db') and shutil.which('sqlite3'):
            equal(subprocess.run(['sqlite3', folder + '/h.db', 'PRAGMA integrity_check'], stdout=subprocess.PIPE).stdout, b'ok\n')


@test
def a_history_that_is_none():
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/h.db', 'w') as file:
            file.write('nonsense' * 1000)
        for arguments in (['log'], ['blame', 'sysctl'], ['undo', '1']):
            done = ferry(*arguments, '--db', folder + '/h.db')
            equal(done.returncode, 1, repr(arguments))
            true(done.stderr.startswith(b'ferry: '), done.stderr)
        done = ferry('record', '--db', folder + '/h.db', '--for', '0.2')
        true(done.returncode in (1, 4), 'recording into what is no history: %d' % done.returncode)
        equal(read(folder + '/h.db'), 'nonsense' * 1000, 'the file')


def without_library(name, *arguments):
    """ferry where the library NAME is an empty file."""
    ctypes.CDLL(name)
    path = next(line.split()[-1] for line in read('/proc/self/maps').splitlines() if os.path.basename(line.split()[-1]).startswith(name))
    return subprocess.run(['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null "$0" && exec "$@"', path, FERRY, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@test
def a_missing_library_is_told_by_what_needs_it_alone():
    if os.geteuid() != 0:
        raise Skip('needs root to hide a library')
    linked = subprocess.run(['ldd', FERRY], stdout=subprocess.PIPE).stdout
    true(b'libc.so' in linked and not any(name in linked for name in (b'sqlite', b'libbpf', b'jansson')), linked)
    for name in ('libsqlite3.so.0', 'libbpf.so.1', 'libjansson.so.4'):
        done = without_library(name, 'get', '-n', 'kernel.ostype')
        equal((done.returncode, done.stdout, done.stderr), (0, b'Linux\n', b''), name)
    with tempfile.TemporaryDirectory() as folder:
        done = ferry('record', '--db', folder + '/h.db', '--for', '0.1')
        true(done.returncode in (0, 5), done.stderr)  # 5: it missed something of what others do meanwhile
        done = without_library('libsqlite3.so.0', 'log', '--db', folder + '/h.db')
        equal((done.returncode, done.stdout), (1, b''), done.stderr)
        true(b'cannot load libsqlite3.so.0, which holds the history' in done.stderr, done.stderr)
    done = without_library('libjansson.so.4', 'set', 'netlink/route/link/lo={"mtu": 1500}', '--dry-run')
    true(done.returncode != 0 and b'cannot load libjansson.so.4, which reads JSON' in done.stderr, done.stderr)
    done = without_library('libbpf.so.1', 'doctor')
    true(b'libbpf.so.1 cannot be loaded' in done.stdout, done.stdout)
    done = without_library('libbpf.so.1', 'watch', '--for', '0.2')
    true(done.returncode in (0, 5), done.stderr)
    true(b'libbpf.so.1 cannot be loaded' in done.stderr, done.stderr)


@test
def an_ordinary_user_is_told_what_is_missing():
    if os.geteuid() != 0:
        raise Skip('needs root to become somebody else')
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(FERRY, folder + '/ferry')
        environment = dict(os.environ, HOME=folder)
        environment.pop('XDG_STATE_HOME', None)

        def user(*arguments):
            return subprocess.run([folder + '/ferry'] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, user=65534, group=65534,
                                  extra_groups=[])
        equal(user('get', '-n', 'kernel.ostype').stdout.decode().strip(), read('/proc/sys/kernel/ostype'))
        done = user('watch', '--for', '0.3')
        equal(done.returncode, 0, done.stderr.decode())
        true(b'not watched: ' in done.stderr and b'CAP_' in done.stderr, 'says what is missing: %r' % done.stderr)
        equal(user('watch', '--quiet', '--for', '0.3').stderr, b'')
        done = user('record', '--for', '0.3')
        equal(done.returncode, 4, 'a history that may not be written: %r' % done.stderr)
        true(b'history' in done.stderr or b'/' in done.stderr, done.stderr)
        done = user('get', 'procfs/1/environ')
        equal(done.returncode, 4, done.stderr.decode())


@test
def no_raw_escape_reaches_a_terminal():
    if os.geteuid() != 0 or not in_own_network():
        raise Skip('needs a network namespace of its own')
    ours = re.compile(rb'\x1b\[[0-9;]*m')
    for arguments in (['get', '\x1b[31m'], ['\x1b]0;title\x07'], ['get', 'netlink/route/link'], ['ls', '-l', 'netlink/route/link'], ['get', '-t', 'netlink/route/link'],
                      ['ls', 'sysctl/net/ipv4/conf'], ['get', '-t', 'sysctl/net/ipv4/conf'], ['log', '--db', '/nonexistent/\x1b[31m']):
        plain = on_terminal(*arguments, environment={'NO_COLOR': '1'})
        true(b'\x1b' not in plain and b'\x07' not in plain, '%r with NO_COLOR: %r' % (arguments, plain[:300]))
        # What is left once our own colours are taken out has none either, and the hostile "[31m" is not one of them.
        coloured = on_terminal(*arguments)
        true(b'\x1b' not in ours.sub(b'', coloured), repr(arguments))
        true(b'\x1b[31mx' not in coloured, repr(arguments))
    names = [json.loads(line)['address'] for line in out('ls', '--json', 'netlink/route/link').splitlines()]
    true('netlink/route/link/' + ESCAPE_LINK in names, 'the exact name in JSON: %r' % names)


@test
def watch_is_json_line_by_line_and_counts_what_nobody_read():
    """4,000 changes into a pipe that is not read until they are over: what comes then and what is said to be lost make 4,000."""
    if os.geteuid() != 0 or not in_own_network():
        raise Skip('needs a network namespace of its own')
    run_ip('link set lo up')
    reader, writer = os.pipe()
    watch = subprocess.Popen([FERRY, 'watch', '--json', '--quiet', 'netlink/route/route'], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    wait_until_watching(watch)
    with tempfile.NamedTemporaryFile('w') as batch:
        for i in range(4000):
            batch.write('route add 10.%d.%d.0/24 dev lo table 77\n' % (i // 250, i % 250))
        batch.flush()
        subprocess.run(['ip', '-batch', batch.name], check=True)
    settle(watch)
    lines, rest = [], b''
    ended = False
    while True:
        if not select.select([reader], [], [], 0.5)[0] and not ended:
            watch.send_signal(signal.SIGTERM)
            ended = True
        data = os.read(reader, 65536)
        if not data:
            break
        parts = (rest + data).split(b'\n')
        lines, rest = lines + parts[:-1], parts[-1]
    equal(rest, b'', 'half a line at the end')
    watch.wait()
    changes = [json.loads(line) for line in lines]
    told = sum(1 for change in changes if change['kind'] != 'gap' and '/77/' in change['address'])
    lost = sum(change['lost'] for change in changes if change['kind'] == 'gap' and change['source'] == 'standard output')
    true(told < 4000, 'the pipe was never full: %d' % told)
    equal(told + lost, 4000, 'told %d and lost %d' % (told, lost))
    equal(watch.returncode, 5, 'something was lost')


@test
def watch_ends_when_its_reader_goes():
    reader, writer = os.pipe()
    watch = subprocess.Popen([FERRY, 'watch', '--quiet'], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    wait_until_watching(watch)
    os.close(reader)
    equal(watch.wait(), 0)
    equal(watch.stderr.read(), b'')


@test
def signals_end_it_with_a_summary():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with tempfile.TemporaryDirectory() as folder:
            # Those that whoever started the tests ignores (nohup, a job of a shell that asks nobody) stay ignored by right.
            record = subprocess.Popen([FERRY, 'record', '--db', folder + '/h.db'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))  # pylint: disable=cell-var-from-loop
            wait_until_watching(record)
            record.send_signal(number)
            words = record.communicate()[1].decode()
            true(record.returncode in (0, 5), '%d: %s' % (record.returncode, words))
            true(re.search(r'ferry: [\d,]+ changes? in .*: [\d,]+ by unknown, [\d,]+ lost; kept in ' + re.escape(folder), words), words)
            true('watched ' in words and folder + '/h.db' in words, words)


@test
def the_cost_is_what_strace_counts():
    if os.geteuid() != 0 or not shutil.which('strace'):
        raise Skip('needs root and strace')
    if 'build-dev' in FERRY:
        return  # the sanitizers enter the kernel too, and not twice the same number of times
    done = ferry('--json', '--cost', 'get', 'net.ipv4')
    cost = json.loads(done.stderr.splitlines()[-1])['cost']
    if cost['entries'] is None:
        raise Skip('this kernel does not count entries')
    trace = subprocess.run(['strace', '-f', '-o', '/dev/stdout', FERRY, '--quiet', '--json', '--cost', 'get', 'net.ipv4'], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL).stdout.decode('utf-8', 'replace').splitlines()
    calls = [line for line in trace if re.search(r'^\d* *\w+\(', line)]
    begin = max(i for i, line in enumerate(calls) if 'PERF_EVENT_IOC_ENABLE' in line)
    end = max(i for i, line in enumerate(calls) if 'PERF_EVENT_IOC_DISABLE' in line)
    true(abs((end - begin - 1) - cost['entries']) <= 2, 'counted %d, strace %d' % (cost['entries'], end - begin - 1))


def run_ip(words):
    subprocess.run(['ip'] + words.split(), check=True)


def in_own_network():
    """Whether this process is in a network namespace of its own by now."""
    if not hasattr(in_own_network, 'answer'):
        in_own_network.answer = ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0
        if in_own_network.answer:
            subprocess.run(['ip', 'link', 'add', 'name', ESCAPE_LINK, 'type', 'veth', 'peer', 'name', 'peer'], check=True)
    return in_own_network.answer


def wait_until_watching(process):
    """A recorder has its signal handlers in place once it watches: SigCgt of /proc/PID/status."""
    while process.poll() is None:
        status = read('/proc/%d/status' % process.pid)
        if int(re.search(r'SigCgt:\s*(\w+)', status).group(1), 16) & (1 << (signal.SIGTERM - 1)):
            return
        time.sleep(0.01)
    raise AssertionError('it ended by itself: %d %s' % (process.returncode, process.stderr.read()))


def settle(process):
    """Until it has used no processor time for a while: then it has handled what there was."""
    before, quiet = None, 0
    while quiet < 5:
        ticks = read('/proc/%d/stat' % process.pid).rsplit(')', 1)[1].split()[11:13]
        quiet = quiet + 1 if ticks == before else 0
        before = ticks
        time.sleep(0.1)


def main():
    failed = 0
    print('1..%d' % len(TESTS))
    # The namespace first: everything then runs in it, and the machine's own network is left alone.
    if os.geteuid() == 0:
        in_own_network()
    for number, function in enumerate(TESTS, 1):
        title = function.__name__.replace('_', ' ')
        try:
            function()
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, title, reason))
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print('not ok %d - %s' % (number, title))
            print(''.join('# %s\n' % line for line in ('%s: %s' % (type(error).__name__, error)).splitlines()), end='')
        else:
            print('ok %d - %s' % (number, title))
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
