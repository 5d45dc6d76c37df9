# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules of the audit with every field, list and operator, made by auditctl(8). The audit has no namespaces: for guests alone."""
import subprocess

RULES = (
    '-w /etc/passwd -p wa -k passwd', '-w /etc -p rwxa -k etc -k second', '-w /tmp',
    '-a always,exit -F arch=b64 -S open,openat,execve -F auid!=-1 -F auid>=1000 -k opens', '-a always,exit -F arch=b32 -S open,stime -F exit=-EACCES -F key=acc',
    '-a never,exit -S all -F pid=1', '-a always,exit -S all -F path=/bin/ls -F perm=x -F success=0',
    '-a always,exit -F dir=/usr/lib -F perm=wa -F uid=0 -F gid!=0 -F euid<100 -F egid<=3', '-a always,exit -F arch=b64 -S ioctl -F a0=3 -F a1=0x1234 -F a2&=1 -F a3&7',
    '-a always,exclude -F msgtype=CWD', '-a always,exclude -F msgtype=1399', '-a never,user -F uid=33', '-a never,task',
    '-a always,exit -F arch=b64 -S kill -C auid!=obj_uid -C uid=euid', '-a always,exit -F arch=b64 -S unlink -F exe=/bin/rm -F filetype=file -F inode=12345 -F devmajor=8 -F devminor=1',
    '-a always,exit -F arch=b64 -S connect -F saddr_fam=2 -F sessionid!=-1 -F exit>0', '-a never,filesystem -F fstype=tracefs',
    '-a always,exit -F arch=b64 -S 400 -F ppid=7 -F obj_uid=5 -F obj_gid=6 -F pers=0', '-a always,exit -F arch=b64 -S all -F exit=1000 -F exit!=-EPERM',
    '-a always,exit -F uid=-1 -F suid=-1', '-a always,exit -F subj_type=foo_t -F obj_lev_low=s0 -F path=/x',
)


def make_rules():
    """Those that this kernel takes; how many."""
    return sum(subprocess.run(['auditctl', *rule.split()], capture_output=True, check=False).returncode == 0 for rule in RULES)
