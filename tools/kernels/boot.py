# SPDX-License-Identifier: LGPL-2.1-or-later
"""One command on another kernel: a small virtual machine whose root is this machine's, as a layer that is thrown away.

The guest reads this machine's files through virtiofs, of which it gets a read-only view, and writes into memory. It has no network but the loopback, and a device that leads nowhere
once virtio_net is loaded. What the command prints comes back through a virtio port, and its exit status through another."""
import glob
import gzip
import io
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time

VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
# Goes with us, however we end.
BOUND = ["setpriv", "--pdeathsig", "KILL"]
# By what the distribution packs its modules with.
OPENERS = {None: ["cat"], ".xz": ["xz", "-dc"], ".zst": ["zstd", "-dcq"]}
ROOT_MODULES = ("virtio_pci", "virtio_console", "overlay", "virtiofs")

SURROUNDINGS = "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8\n"


class NoGuest(Exception):
    """The machine could not be set up, or ended before the command did: nothing is known of the command."""


INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module" || echo "boot: insmod $module failed"; done
tries=0
until ls /sys/class/virtio-ports/vport*p2 >/dev/null 2>&1 || [ $tries -gt 200 ]; do tries=$((tries + 1)); sleep 0.05; done
mount -t virtiofs -o ro root /lower || { echo "boot: no root"; poweroff -f; }
mount -t tmpfs -o mode=755 upper /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /new || { echo "boot: no overlay"; poweroff -f; }
for folder in proc sys dev; do mkdir -p /new/$folder; mount --move /$folder /new/$folder; done
mkdir -p /new/run /new/lib/modules
mount -t tmpfs -o mode=755 run /new/run
cp /second /command /new/run
exec switch_root /new /bin/bash /run/second
"""

SECOND = r"""
for port in /sys/class/virtio-ports/*; do
	case $(cat "$port/name") in output) output=/dev/${port##*/} ;; status) status=/dev/${port##*/} ;; esac
done
mkdir -p /dev/shm /dev/pts
mount -t tmpfs shm /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr
mount -t securityfs security /sys/kernel/security
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup /sys/fs/cgroup
mount --bind @MODULES@ /lib/modules
[ ! -x /sbin/modprobe ] || echo /sbin/modprobe >/proc/sys/kernel/modprobe
modprobe -q tun && mkdir -p /dev/net && mknod /dev/net/tun c 10 200
# The sanitizers' runtime of Debian 12 finds no room for itself with as much chance as Ubuntu's kernels give to addresses (32).
echo 28 >/proc/sys/vm/mmap_rnd_bits
ip link set lo up
hostname guest
setsid -w /bin/bash /run/command </dev/null >"$output" 2>&1
echo "$?" >"$status"
sync
exec /bin/busybox poweroff -f
"""


def archive(files):
    """An initramfs of {path: (mode, contents)}; a folder has None for contents. Source: Documentation/driver-api/early-userspace/buffer-format.rst."""
    out = io.BytesIO()

    def add(number, path, mode, data):
        name = path.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        out.write(b"070701" + b"".join(b"%08x" % field for field in fields) + name)
        out.write(b"\0" * (-out.tell() % 4) + data)
        out.write(b"\0" * (-out.tell() % 4))

    for number, (path, (mode, data)) in enumerate(files.items(), 1):
        add(number, path, mode | (0o040000 if data is None else 0o100000), data or b"")
    add(0, "TRAILER!!!", 0, b"")
    return out.getvalue()


def modules(kernel):
    """What leads to the root, in the order of loading, as {path: (mode, contents)}."""
    found = {}
    root = os.path.join(kernel, "root")
    version = os.listdir(os.path.join(root, "lib/modules"))[0]
    for name in ROOT_MODULES:
        shown = subprocess.run(["modprobe", "-S", version, "-d", root, "--show-depends", name], capture_output=True, text=True).stdout
        for line in shown.splitlines():
            words = line.split()
            if words[0] != "insmod":
                continue
            base, suffix = re.fullmatch(r"(.*\.ko)(\.\w+)?", os.path.basename(words[1])).groups()
            if not any(path.endswith("-" + base) for path in found):
                found[f"modules/{len(found):02}-{base}"] = (0o644, subprocess.run([*OPENERS[suffix], words[1]], capture_output=True, check=True).stdout)
    return found


def initramfs(kernel, command):
    busybox = shutil.which("busybox")
    files = {folder: (0o755, None) for folder in ("bin", "proc", "sys", "dev", "modules", "new", "lower", "upper", "tmp")}
    with open(busybox, "rb") as file:
        files["bin/busybox"] = (0o755, file.read())
    files.update(modules(kernel))
    files["init"] = (0o755, INIT.encode())
    files["second"] = (0o755, (SURROUNDINGS + SECOND).replace("@MODULES@", shlex.quote(os.path.join(kernel, "root/lib/modules"))).encode())
    files["command"] = (0o644, command.encode())
    return gzip.compress(archive(files), 1)


def share_root(folder):
    """A read-only view of this machine's root, served to the guest. The server is the caller's to end."""
    view, socket = os.path.join(folder, "view"), os.path.join(folder, "root.socket")
    os.mkdir(view)
    # In a mount namespace of its own, so that the view goes with the server, however that ends.
    script = f"mount --make-rprivate / && mount --bind / {view} && mount -o remount,bind,ro {view} && exec {VIRTIOFSD} --socket-path={socket} -f -o source={view} -o cache=always -o log_level=err"
    server = subprocess.Popen([*BOUND, "unshare", "-m", "sh", "-c", script], stderr=subprocess.PIPE, text=True)
    while not os.path.exists(socket):
        if server.poll() is not None:
            raise NoGuest(f"virtiofsd: {server.stderr.read().strip()}")
        time.sleep(0.02)
    return server, socket


def image(kernel):
    found = glob.glob(os.path.join(kernel, "root/boot/vmlinuz*")) + glob.glob(os.path.join(kernel, "root/**/vmlinuz*"), recursive=True)
    if not found:
        raise NoGuest(f"no kernel in {kernel}")
    return found[0]


def emulator(folder):
    """The command line's beginning, and its environment: it is unpacked, not installed."""
    root = os.path.join(folder, "qemu/usr")
    return ([os.path.join(root, "bin/qemu-system-x86_64"), "-L", os.path.join(root, "share/qemu"), "-L", os.path.join(root, "share/seabios")],
            dict(os.environ, QEMU_MODULE_DIR=os.path.join(root, "lib/x86_64-linux-gnu/qemu")))


def arguments(kernel):
    # A busy machine's timer comes too late for the kernel's check of it. 5.10 has BPF LSM built in and not switched on.
    return "no_timer_check console=ttyS0 loglevel=4 panic=-1 oops=panic" + (" lsm=lockdown,yama,bpf" if os.path.basename(kernel) == "5.10" else "")


def run(folder, kernel, command, seconds, output, memory=2048):
    """Runs the shell COMMAND as root in the current folder, on KERNEL as fetched into FOLDER; what it prints goes to the file OUTPUT. Its exit status, None where
    SECONDS were over before it ended. NoGuest."""
    kernel = os.path.join(os.path.abspath(folder), kernel)
    program, environment = emulator(os.path.abspath(folder))
    kvm = os.access("/dev/kvm", os.R_OK | os.W_OK) and not os.path.exists("/sys/module/kvm_pvm")
    with tempfile.TemporaryDirectory(prefix="guest-") as place:
        ram, console, status = (os.path.join(place, name) for name in ("initramfs", "console", "status"))
        with open(ram, "wb") as file:
            file.write(initramfs(kernel, f"{SURROUNDINGS}cd {shlex.quote(os.getcwd())} || exit 125\n{command}\n"))
        server, socket = share_root(place)
        try:
            done = subprocess.run(
                [*BOUND, *program, "-M", "q35,memory-backend=memory", "-accel", "kvm" if kvm else "tcg", "-cpu", "host" if kvm else "max,la57=off", "-smp", "1", "-m", str(memory),
                 "-object", f"memory-backend-memfd,id=memory,size={memory}M,share=on", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot",
                 "-kernel", image(kernel), "-initrd", ram, "-append", arguments(kernel), "-serial", f"file:{console}", "-device", "virtio-serial-pci",
                 "-chardev", f"file,id=output,path={output}", "-device", "virtserialport,chardev=output,name=output",
                 "-chardev", f"file,id=status,path={status}", "-device", "virtserialport,chardev=status,name=status",
                 "-netdev", "hubport,id=wire,hubid=0", "-device", "virtio-net-pci,netdev=wire,rss=on,romfile=",
                 "-chardev", f"socket,id=root,path={socket}", "-device", "vhost-user-fs-pci,chardev=root,tag=root"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None
        finally:
            server.kill()
            server.wait()
        with open(status, encoding="ascii") as file:
            told = file.read().strip()
        if not told:
            with open(console, encoding="utf-8", errors="replace") as file:
                raise NoGuest("the machine ended before the command did: " + done.stderr + "".join(file.readlines()[-20:]))
        return int(told)
