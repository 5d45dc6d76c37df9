#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project's rules as tests, in TAP. Each function below is one; it yields a line for each place that breaks the rule."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FERRY = os.environ.get('FERRY', os.path.join(ROOT, 'build', 'ferry'))
BUILD = os.environ.get('FERRY_BUILD', os.path.join(ROOT, 'build'))
SKIPPED_FOLDERS = re.compile(r'^(\.git|build.*|__pycache__|corpus|LICENSES)$')

# Who may include whom: doc/architecture.md.
LAYERS = {
    'base': {'base'},
    'model': {'base', 'model', 'ferry.h'},
    'wire': {'base', 'wire'},
    'bpf': {'bpf'},
    'channel': {'base', 'model', 'wire', 'bpf', 'channel', 'ferry.h'},
    'crossing': {'base', 'model', 'wire', 'bpf', 'crossing', 'ferry.h'},
    'history': {'base', 'model', 'history', 'ferry.h'},
    'state': {'base', 'model', 'state', 'ferry.h'},
    'lib': {'base', 'model', 'wire', 'bpf', 'channel', 'crossing', 'history', 'state', 'lib', 'ferry.h'},
    'show': {'base', 'show', 'ferry.h'},
    'cmd': {'base', 'show', 'cmd', 'ferry.h'},
}
BANNED = ('strcpy', 'strcat', 'sprintf', 'vsprintf', 'gets', 'atoi', 'atol', 'atof', 'strtok', 'alloca', 'asctime', 'ctime', 'tmpnam', 'mktemp')
MARKS = re.compile(r'\b(' + 'TO' + r'DO|FIX' + r'ME|XX' + r'X|HA' + r'CK|not impl' + r'emented|unimpl' + r'emented)\b')
LINES_MAXIMUM = 600


RULES = []


class Skip(Exception):
    pass


def rule(function):
    RULES.append(function)
    return function


def files(*endings, under=('',)):
    for top in under:
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(f for f in folders if not SKIPPED_FOLDERS.match(f))
            for name in sorted(names):
                if not endings or name.endswith(endings):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def text_of(path):
    with open(os.path.join(ROOT, path), 'rb') as file:
        return file.read().decode('utf-8', 'replace')


def lines_of(path):
    return text_of(path).splitlines()


def without_comments(text):
    """C without comments and the insides of strings, line for line."""
    pattern = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*'
    return re.sub(pattern, lambda m: '\n' * m.group().count('\n') if m.group()[0] == '/' else m.group()[0] * 2, text, flags=re.S)


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout.decode()


def commands():
    return re.findall(r'^COMMAND\((\w+)\)$', text_of('src/cmd/commands.def'), re.M)


@rule
def layers_include_only_what_they_may():
    for path in files('.c', '.h', '.def', under=('src',)):
        layer = path.split('/')[1]
        for number, line in enumerate(lines_of(path), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = match.group(1)
            wanted = 'ferry.h' if target == 'ferry.h' else target.split('/')[0]
            if target.endswith('.skel.h') and '/' not in target and layer in ('channel', 'crossing'):
                continue
            if layer not in LAYERS or wanted not in LAYERS[layer]:
                yield '%s:%d: %s may not include %s' % (path, number, layer, target)


@rule
def every_header_compiles_alone():
    for path in list(files('.h', under=('include', 'src'))):
        kernel_side = path.startswith('src/bpf/') and path != 'src/bpf/event.h'
        if kernel_side:
            command = ['clang', '-target', 'bpf', '-D__TARGET_ARCH_x86', '-O2', '-g']
        else:
            command = ['gcc', '-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wno-unused', '-Wno-missing-field-initializers', '-Wno-sign-compare', '-Werror']
        # Included twice: the guard holds too.
        with tempfile.NamedTemporaryFile('w', suffix='.c') as source:
            source.write('#include "%s"\n#include "%s"\n' % ((os.path.join(ROOT, path),) * 2))
            source.flush()
            done = subprocess.run(command + ['-fsyntax-only', '-I', os.path.join(ROOT, 'include'), '-I', os.path.join(ROOT, 'src'), source.name],
                                  stderr=subprocess.PIPE)
        if done.returncode:
            yield '%s: %s' % (path, done.stderr.decode('utf-8', 'replace').strip().replace('\n', '\n#   '))


@rule
def the_public_header_is_c_plus_plus_too():
    done = subprocess.run(['clang', '-x', 'c++', '-std=c++17', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-'], input=b'#include "%s"\n' %
                          os.path.join(ROOT, 'include/ferry.h').encode(), stderr=subprocess.PIPE)
    if done.returncode and b"'cstddef' file not found" not in done.stderr:
        yield done.stderr.decode('utf-8', 'replace')


@rule
def no_banned_function_is_called():
    pattern = re.compile(r'\b(%s)\s*\(' % '|'.join(BANNED))
    for path in files('.c', '.h'):
        for number, line in enumerate(without_comments(text_of(path)).splitlines(), 1):
            match = pattern.search(line)
            if match:
                yield '%s:%d: %s()' % (path, number, match.group(1))


@rule
def every_file_names_its_licence_first():
    for path in files('.c', '.h', '.def', '.py', '.sh', '.map', '.in', 'Makefile', 'meson.build'):
        first = '\n'.join(lines_of(path)[:2])
        wanted = '(GPL-2.0-only OR BSD-2-Clause)' if path.startswith('src/bpf/') else 'LGPL-2.1-or-later'
        if 'SPDX-License-Identifier: ' + wanted not in first:
            yield '%s: no "SPDX-License-Identifier: %s" in its first lines' % (path, wanted)


@rule
def bpf_objects_state_a_licence_the_kernel_takes():
    for path in files('.bpf.c', under=('src/bpf',)):
        if not re.search(r'char\s+\w+\[\]\s*SEC\("license"\)\s*=\s*"Dual BSD/GPL"', text_of(path)):
            yield '%s: no licence section that says Dual BSD/GPL' % path


@rule
def nothing_calls_itself_unfinished():
    for path in files('.c', '.h', '.def', '.py', '.sh', '.md', '.build', 'Makefile', under=('src', 'include', 'tests', 'tools', 'bench', 'doc', 'data')):
        for number, line in enumerate(lines_of(path), 1):
            if MARKS.search(line):
                yield '%s:%d: %s' % (path, number, line.strip())


@rule
def no_file_is_too_long():
    for path in files('.c', '.h', under=('src',)):
        count = len(lines_of(path))
        if count > LINES_MAXIMUM:
            yield '%s: %d lines; a file is one thing, of at most %d' % (path, count, LINES_MAXIMUM)


@rule
def the_style_is_that_of_clang_format():
    version = re.search(r'version (\d+)', output_of('clang-format', '--version'))
    if not version or version.group(1) != '14':
        raise Skip('needs clang-format 14: others format otherwise')
    paths = [path for path in files('.c', '.h', under=('src', 'include', 'tests', 'bench'))]
    done = subprocess.run(['clang-format', '--dry-run', '-Werror'] + paths, cwd=ROOT, stderr=subprocess.PIPE)
    for path in sorted(set(re.findall(r'^([^:\s]+):\d+:\d+: error', done.stderr.decode(), re.M))):
        yield '%s: run clang-format -i' % path


@rule
def scripts_have_no_syntax_errors():
    for path in files():
        first = lines_of(path)[0] if os.access(os.path.join(ROOT, path), os.X_OK) and lines_of(path) else ''
        if 'python' in first or path.endswith('.py'):
            try:
                compile(text_of(path), path, 'exec')
            except SyntaxError as error:
                yield '%s: %s' % (path, error)
        elif re.match(r'#!.*\b(ba)?sh\b', first):
            done = subprocess.run(['bash' if 'bash' in first else 'sh', '-n', os.path.join(ROOT, path)], stderr=subprocess.PIPE)
            if done.returncode:
                yield done.stderr.decode().strip()


@rule
def commands_and_files_are_the_same():
    listed = set(commands())
    defined = {}
    for path in files('.c', under=('src/cmd',)):
        for name in re.findall(r'^const struct command command_(\w+) = \{', text_of(path), re.M):
            defined[name] = path
            if path != 'src/cmd/%s.c' % name:
                yield '%s defines the command %s' % (path, name)
    for name in sorted(listed ^ set(defined)):
        yield 'the command %s is %s' % (name, 'not listed in commands.def' if name in defined else 'listed, and defined nowhere')


def options_in(text):
    return set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', text))


@rule
def help_manual_and_completion_say_the_same():
    """Judged by the tables in the sources: every option of every command stands in each of the five."""
    common = set('--' + name for name in re.findall(r'\{ "([a-z-]+)",', text_of('src/cmd/options.c')))
    completions = {shell: output_of(FERRY, 'help', '--completion', shell) for shell in ('bash', 'zsh', 'fish')}
    overview, manual = output_of(FERRY, 'help'), output_of(FERRY, 'help', '--man')
    for name in commands():
        source = text_of('src/cmd/%s.c' % name)
        if 'SELECTION_ROWS,' in source:
            source += text_of('src/cmd/selection.h')
        options = set('--' + option for option in re.findall(r'\[(?:OPTION|SELECTION|UNDO)_\w+\] = \{\s*"([a-z-]+)",', source))
        faces = {'help': output_of(FERRY, 'help', name), 'man': output_of(FERRY, 'help', '--man', name).replace('\\-', '-').replace('\\fB', '')}
        for face, text in faces.items():
            for option in sorted((options | common) - options_in(text)):
                yield '%s of %s lacks %s' % (face, name, option)
        shown = options_in(re.sub(r'(?s)\n\nusage.*?\n\nOptions', '', faces['help']).split('Examples')[0])
        for option in sorted(shown - options - common):
            yield 'help of %s has %s, which no table has' % (name, option)
        for shell, text in completions.items():
            if name not in re.findall(r'[\w-]+', text):
                yield 'completion for %s lacks the command %s' % (shell, name)
            known = options_in(text) | set('--' + found for found in re.findall(r' -l ([a-z-]+)', text))
            for option in sorted(options - known):
                yield 'completion for %s lacks %s of %s' % (shell, option, name)
        for place, text in (('help', overview), ('the manual', manual)):
            if not re.search(r'\b%s\b' % name, text):
                yield '%s does not list %s' % (place, name)


@rule
def manual_pages_are_good_roff():
    for name in [None] + commands():
        page = output_of(FERRY, 'help', '--man', *([name] if name else []))
        done = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-z'], input=page.encode(), stderr=subprocess.PIPE)
        if done.returncode or done.stderr:
            yield '%s: %s' % (name or 'ferry', done.stderr.decode().strip())


@rule
def the_completion_is_good_bash():
    done = subprocess.run(['bash', '-n'], input=output_of(FERRY, 'help', '--completion', 'bash').encode(), stderr=subprocess.PIPE)
    if done.returncode or done.stderr:
        yield done.stderr.decode().strip()


def declared():
    """Functions of ferry.h with whether a comment stands above them or above the run of declarations they are in."""
    documented, found = False, {}
    for line in lines_of('include/ferry.h'):
        if line.rstrip().endswith('*/'):
            documented = True
        elif not line.strip() or line.startswith(('struct', 'enum', '}', '#')):
            documented = False
        match = re.match(r'FERRY_API\b.*?\b(ferry_\w+)\(', line)
        if match:
            found[match.group(1)] = documented
    return found


@rule
def the_library_exports_what_its_header_declares():
    library = os.path.join(BUILD, 'libferry.so')
    exported = set(re.findall(r' [TDBRVW] (\w+?)(?:@@.*)?$', output_of('nm', '-D', '--defined-only', library), re.M))
    for name in sorted(exported - set(declared())):
        yield '%s is exported and not declared in ferry.h' % name
    for name in sorted(set(declared()) - exported):
        yield '%s is declared in ferry.h and not exported' % name


@rule
def every_public_function_is_documented():
    for name, documented in declared().items():
        if not documented:
            yield 'ferry.h: %s has no comment above it' % name


@rule
def every_netlink_object_has_a_golden():
    golden = ' '.join(files(under=('tests/golden',)))
    listed = re.findall(r'^\w+\((\w+)\)', text_of('src/channel/channels.def'), re.M)
    for name in listed:
        if 'OBJECT_CHANNEL(%s,' % name in ''.join(text_of(path) for path in files('.c', under=('src/channel',))) and not re.search(r'\b%s\b' % name, golden):
            yield 'no golden for %s' % name


def main():
    failed = 0
    print('1..%d' % len(RULES))
    for number, check in enumerate(RULES, 1):
        title = check.__name__.replace('_', ' ')
        try:
            broken = list(check())
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, title, reason))
            continue
        except (OSError, subprocess.CalledProcessError) as error:
            broken = [str(error)]
        failed += bool(broken)
        print('%sok %d - %s' % ('not ' if broken else '', number, title))
        for line in broken:
            print('# ' + line)
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
