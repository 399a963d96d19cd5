"""Runs a program in the sandbox that a unit of systemd asks for, without systemd: sandboxed.py UNIT KEEP -- PROGRAM...

The directives are read from the unit, and what each promises is made by the same means of the kernel, for the program alone:
filters of system calls by libseccomp, mounts in a namespace of their own (as root), the set of capabilities. KEEP are
directories, with colons between them, that stay as they are in a `/tmp` or a home that the unit closes. A directive whose
means are not known here ends in a failure, so that no promise of a unit is passed over; those that cost nothing to leave
out are listed.
"""

import ctypes
import errno
import os
import re
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
SECCOMP = ctypes.CDLL("libseccomp.so.2", use_errno=True)
SECCOMP.seccomp_init.restype = ctypes.c_void_p
ALLOW, FAIL = 0x7FFF0000, 0x00050000
EQUAL, MASKED = 4, 7
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
# What is not the sandbox, or adds nothing to what the filter of system calls refuses already.
APART = set(
    """Type NotifyAccess BusName ExecStart ExecReload Sockets WatchdogSec TimeoutStartSec TimeoutStopSec KillMode Restart
    RestartSec RestartPreventExitStatus OOMPolicy DynamicUser User StateDirectory StateDirectoryMode RuntimeDirectory
    RuntimeDirectoryMode RuntimeDirectoryPreserve ConfigurationDirectory LoadCredential UMask LimitNOFILE LimitCORE
    AmbientCapabilities KeyringMode LockPersonality PrivateMounts ProtectClock ProtectHostname ProtectKernelLogs
    ProtectKernelModules RemoveIPC RestrictNamespaces RestrictRealtime RestrictSUIDSGID SystemCallArchitectures
    SystemCallErrorNumber""".split())


class Compare(ctypes.Structure):
    """scmp_arg_cmp of seccomp.h."""
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def check(result, what):
    if result < 0:
        sys.exit(f"sandboxed: {what}: {os.strerror(ctypes.get_errno() or -result)}")


class Filter:
    """A filter of system calls with one answer for all that no rule names."""

    def __init__(self, default):
        self.context = ctypes.c_void_p(SECCOMP.seccomp_init(ctypes.c_uint32(default)))

    def rule(self, action, name, *comparisons):
        number = SECCOMP.seccomp_syscall_resolve_name(name.encode())
        # Calls of other machines, and such as this libseccomp does not know.
        if number == -1:
            return
        array = (Compare * max(1, len(comparisons)))(*comparisons)
        check(SECCOMP.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(comparisons), array), name)

    def load(self):
        check(SECCOMP.seccomp_load(self.context), "seccomp_load")


def directives(path):
    """The assignments of the section [Service], in order."""
    section, found = "", []
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            found.append(tuple(line.split("=", 1)))
    return found


def members(group):
    """The system calls of a group such as `@system-service`, those of the groups in it included."""
    if not group.startswith("@"):
        return {group}
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    words = [line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return {name for word in words for name in members(word)}


def allowed(lists):
    calls = set()
    for value in lists:
        for group in value.lstrip("~").split():
            calls = calls - members(group) if value.startswith("~") else calls | members(group)
    return calls


def mount(source, target, kind, flags, data=None):
    encode = lambda text: None if text is None else text.encode()
    check(LIBC.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), encode(data)), f"mount {target}")


def is_below(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def mounts_below(folder):
    """Where something is mounted at a folder or below it."""
    for line in open("/proc/self/mountinfo", encoding="utf-8"):
        place = re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), line.split()[4])
        if is_below(place, folder):
            yield place


def read_only(path, keep):
    """A place with all that is mounted below it; `keep` are directories that stay as they are."""
    path = os.path.realpath(path)
    if not os.path.isdir(path):
        return
    for stays in keep:
        if is_below(stays, path):
            # A mount of its own has flags of its own.
            mount(stays, stays, None, MS_BIND | MS_REC)
    mount(path, path, None, MS_BIND | MS_REC)
    for place in set(mounts_below(path)):
        if any(is_below(place, stays) for stays in keep):
            continue
        status = os.statvfs(place)
        flags = sum(flag for flag in (MS_NOSUID, MS_NODEV, MS_NOEXEC) if status.f_flag & flag)
        mount(None, place, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags)


def private_devices(scratch):
    new = os.path.join(scratch, "dev")
    os.mkdir(new)
    mount("tmpfs", new, "tmpfs", MS_NOSUID, "mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        open(os.path.join(new, name), "w").close()
        mount(f"/dev/{name}", os.path.join(new, name), None, MS_BIND)
    mount(new, "/dev", None, MS_BIND | MS_REC)


def private_tmp(keep):
    own = os.path.join(keep[0], "systemd-private-test", "tmp")
    os.makedirs(own, mode=0o700)
    for stays in map(os.path.realpath, keep):
        if stays.startswith("/tmp/"):
            inner = own + stays[len("/tmp"):]
            os.makedirs(inner, exist_ok=True)
            mount(stays, inner, None, MS_BIND | MS_REC)
    mount(own, "/tmp", None, MS_BIND | MS_REC)


def mounts(wanted, keep):
    """The places, from those that need others to be writable to those that make them read-only."""
    check(LIBC.unshare(0x00020000), "unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    if "PrivateDevices" in wanted:
        private_devices(keep[0])
    if "PrivateTmp" in wanted:
        private_tmp(keep)
    places = {
        "ProtectSystem": ["/usr", "/etc"], "ProtectHome": ["/home", "/root"], "ProtectKernelTunables": ["/proc/sys"],
        "ProtectControlGroups": ["/sys/fs/cgroup"],
    }
    # What the tests use may lie in somebody's home; no unit would let it be written in the others.
    keep = [os.path.realpath(path) for path in keep]
    for name, paths in places.items():
        if name in wanted:
            for path in paths:
                read_only(path, keep if name == "ProtectHome" else [])


def main():
    unit, keep = sys.argv[1], sys.argv[2].split(":")
    command = sys.argv[sys.argv.index("--") + 1:]
    found = directives(unit)
    wanted = {}
    for name, value in found:
        if name not in APART and name != "Environment":
            wanted.setdefault(name, []).append(value)
        if name == "Environment" and (promise := re.fullmatch(r'"?KMI_SANDBOX=([^"]*)"?', value)):
            os.environ["KMI_SANDBOX"] = promise[1]
    places = {"ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectControlGroups"}
    known = places | {
        "NoNewPrivileges", "CapabilityBoundingSet", "MemoryDenyWriteExecute", "RestrictAddressFamilies", "SystemCallFilter"}
    if unknown := set(wanted) - known:
        sys.exit(f"sandboxed: nobody here knows how to make {', '.join(sorted(unknown))}")
    calls = allowed(wanted["SystemCallFilter"])
    if wanted.keys() & places:
        mounts(wanted, keep)
    if wanted.get("CapabilityBoundingSet") == [""]:
        for capability in range(64):
            if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 and ctypes.get_errno() == errno.EINVAL:
                break
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    filters = Filter(ALLOW)
    for family in range(64):
        if family not in {FAMILIES[name] for name in wanted["RestrictAddressFamilies"][0].split()}:
            filters.rule(FAIL | errno.EAFNOSUPPORT, "socket", Compare(0, EQUAL, family, 0))
    if "MemoryDenyWriteExecute" in wanted:
        both = PROT_WRITE | PROT_EXEC
        filters.rule(FAIL | errno.EPERM, "mmap", Compare(2, MASKED, both, both))
        for name in ("mprotect", "pkey_mprotect"):
            filters.rule(FAIL | errno.EPERM, name, Compare(2, MASKED, PROT_EXEC, PROT_EXEC))
        filters.rule(FAIL | errno.EPERM, "shmat", Compare(2, MASKED, SHM_EXEC, SHM_EXEC))
    filters.load()
    filters = Filter(FAIL | errno.EPERM)
    for name in sorted(calls):
        filters.rule(ALLOW, name)
    filters.load()
    os.execv(command[0], command)


main()
