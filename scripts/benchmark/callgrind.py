"""Runs programs under valgrind's callgrind, which counts every instruction and call, and reads what it wrote.

The counts are of user space and the same on every run, but for what depends on the time: how many rows share a transaction, how
often a timer runs. How often a thread waits or is woken is a matter of time too, so system calls that do nothing else are not counted.
"""

import collections
import contextlib
import dataclasses
import pathlib
import re
import subprocess

from . import programs

ALLOCATIONS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# Functions of the C library that enter the kernel to do something. Those that only wait, or set when to wake, are left out: epoll_wait,
# poll, sched_yield, clock_nanosleep, timerfd_settime. So is mprotect, with which malloc lets its heap grow now and then.
SYSTEM_CALLS = {
    "accept4", "close", "connect", "epoll_ctl", "fcntl", "fcntl64", "fdatasync", "fstat", "fstat64", "fsync", "ftruncate64",
    "getpeername", "getrandom", "getsockname", "getsockopt", "ioctl", "lseek64", "madvise", "mmap", "mmap64", "munmap", "open",
    "open64", "pread", "pread64", "pwrite", "pwrite64", "read", "readv", "recv", "recvfrom", "recvmsg", "send", "sendmsg", "sendto",
    "setsockopt", "shutdown", "socket", "stat64", "syscall", "write", "writev",
}
# What else wakes or is woken, by who calls it: eventfds of the loops (eventfd_read and eventfd_write are functions of their own);
# whatever the thread does that waits for libcurl's sockets where the kernel does not tell of them, and who arms a set for it again;
# futexes, by the locks that need them; and all that libdispatch does for itself, its timers and its count of threads.
SCHEDULER = "_dispatch_"
WAKING = {
    **dict.fromkeys(("read", "write"), re.compile(r"eventfd_|.*(ReadinessPoller|EpollSet)")),
    "epoll_ctl": re.compile(r".*(ReadinessPoller|EpollSet)"),
    "syscall": re.compile(r".*(futex|[Mm]utex|[Ll]ock)"),
}
# How threads are called that serve connections, and those whose work hangs on the time and not on requests: NIO's pool, which looks
# after files; the tasks that tell of changes on D-Bus; and those that have ended before somebody asked.
LOOPS = re.compile(r"NIO-ELT-|curl-poller")
TIMED = re.compile(r"TP-#|.*default-qos$|kmi-dbus|$")


def on_loop(thread: str) -> bool:
    return LOOPS.match(thread) is not None


def on_queue(thread: str) -> bool:
    """The others write rows and log lines."""
    return not (on_loop(thread) or TIMED.match(thread))


def plain(name: str) -> str:
    """The C library has second names for its functions."""
    return name.lstrip("_").removeprefix("libc_")


def is_waking(caller: str, callee: str) -> bool:
    pattern = WAKING.get(plain(callee))
    return caller.startswith(SCHEDULER) or (pattern is not None and pattern.match(caller) is not None)


@dataclasses.dataclass
class Counts:
    """What was counted: instructions, and how often each function was called by which."""

    instructions: int = 0
    # By (caller, callee).
    calls: collections.Counter = dataclasses.field(default_factory=collections.Counter)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.instructions + other.instructions, self.calls + other.calls)

    def of(self, functions: set) -> int:
        return sum(self.by_caller(functions).values())

    def by_caller(self, functions: set) -> collections.Counter:
        """The calls of these functions that are counted, by (caller, callee)."""
        return collections.Counter({
            pair: number for pair, number in self.calls.items() if plain(pair[1]) in functions and not is_waking(*pair)})

    def summary(self) -> dict:
        return {"instructions": self.instructions, "allocations": self.of(ALLOCATIONS), "system_calls": self.of(SYSTEM_CALLS)}


def read(lines) -> Counts:
    """Of one thread, out of the file that callgrind wrote: its total, and the calls in it.

    Names are written once, with a number in brackets, and are the number alone after that.
    """
    names: dict[str, str] = {}
    calls: collections.Counter = collections.Counter()
    caller, callee, total = "", "", 0
    for line in lines:
        if line.startswith(("fn=", "cfn=")):
            key, _, value = line.rstrip("\n").partition("=")
            number, _, name = value.partition(" ")
            if name:
                names[number] = name
            if key == "cfn":
                callee = number
            else:
                caller = number
        elif line.startswith("calls="):
            calls[caller, callee] += int(line[len("calls="):].split()[0])
        elif line.startswith(("summary:", "totals:")):
            total = int(line.split()[1])
    named: collections.Counter = collections.Counter()
    for numbers, count in calls.items():
        # A function within itself has a number of its own: name'2.
        named[tuple(names.get(number, "?").partition("'")[0] for number in numbers)] += count
    return Counts(total, named)


def read_file(path: pathlib.Path) -> Counts:
    with path.open(errors="replace") as lines:
        return read(lines)


def thread_numbers(status: str) -> dict:
    """Valgrind's number of each thread by the kernel's, out of its own list of threads."""
    return {int(kernel): int(own) for own, kernel in re.findall(r"Thread (\d+): status = .*?\(lwpid (\d+)\)", status)}


def agreed(before: dict, after: dict) -> dict:
    """Names of threads by valgrind's numbers, for what was counted between the two.

    Some end meanwhile, and others begin. One that begins gets the number of one that has ended, and its counts; whose they
    are nobody knows then.
    """
    return {number: after.get(number, before.get(number)) for number in before | after
            if before.get(number) in (None, after.get(number)) or number not in after}


def of_threads(counts: list, chosen) -> Counts:
    """The sum over threads whose name is chosen, out of pairs of name and counts."""
    return sum((one for thread, one in counts if chosen(thread)), Counts())


class Tool:
    """Callgrind for programs below a folder that holds what it writes."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.fifos = folder / "vgdb"
        library = folder / "undervalgrind.so"
        source = pathlib.Path(__file__).with_name("undervalgrind.c")
        subprocess.run([programs.tool("gcc"), "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        # Where an element of a set or dictionary lies hangs on a number that is otherwise drawn at each start.
        self.environment = {"SWIFT_DETERMINISTIC_HASHING": "1", "LD_PRELOAD": str(library)}

    def command(self, name: str, *options: str) -> list:
        return [programs.tool("valgrind"), "--tool=callgrind", f"--callgrind-out-file={self.folder / name}",
                f"--vgdb-prefix={self.fifos}", *options]

    def whole(self, name: str, command: list, environment: dict) -> Counts:
        """What a program takes from its start to its end."""
        result = subprocess.run(
            [*self.command(name), *map(str, command)], env=environment | self.environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=120)
        if result.returncode != 0:
            raise programs.Failure(f"{' '.join(map(str, command))}: {result.stderr.strip()[-2000:]}")
        return read_file(self.folder / name)


class Watched:
    """A daemon that runs under callgrind, started with `Tool.command(name, *Watched.OPTIONS)`."""

    OPTIONS = ("--instr-atstart=no", "--separate-threads=yes")

    def __init__(self, tool: Tool, name: str, pid: int):
        self.tool, self.name, self.pid = tool, name, pid
        self.dumps = 0

    def control(self, command: str) -> str:
        try:
            result = subprocess.run(
                [programs.tool("vgdb"), f"--vgdb-prefix={self.tool.fifos}", f"--pid={self.pid}", *command.split()],
                capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        except subprocess.TimeoutExpired as error:
            raise programs.Failure(f"valgrind does not do what it is asked: {command}") from error
        if result.returncode != 0:
            raise programs.Failure(f"vgdb {command}: {result.stderr.strip()}")
        return result.stdout + result.stderr

    @contextlib.contextmanager
    def window(self):
        """Counts what happens meanwhile; yields a list that holds (name of the thread, counts) afterwards."""
        counted: list = []
        names = self.thread_names()
        self.control("zero")
        yield counted
        self.dumps += 1
        self.control("dump")
        names = agreed(names, self.thread_names())
        for path in sorted(self.tool.folder.glob(f"{self.name}.{self.dumps}-*")):
            counted.append((names.get(int(path.name.rpartition("-")[2]), ""), read_file(path)))

    def thread_names(self) -> dict:
        """By valgrind's numbers."""
        names = {}
        for kernel, own in thread_numbers(self.control("v.info scheduler")).items():
            with contextlib.suppress(OSError):
                names[own] = pathlib.Path(f"/proc/{self.pid}/task/{kernel}/comm").read_text().strip()
        return names
