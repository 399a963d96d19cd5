"""What the kernel tells of processes and of the machine."""

import hashlib
import os
import pathlib
import platform
import resource
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
PROCESSORS = os.cpu_count() or 1


def children(pid: int) -> list[int]:
    """Of nginx the workers; none of a process that has gone."""
    try:
        tasks = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in tasks.split()]


def family(pid: int) -> list[int]:
    return [pid, *children(pid)]


def processor_seconds(pid: int) -> float:
    """What a process and its children have used, with all of their threads, those that have ended included.

    By the processes' own clocks, which count nanoseconds; the number of the clock is made as clock_getcpuclockid(3) does.
    """
    return sum(time.clock_gettime(~one << 3 | 2) for one in family(pid))


def memory(pid: int) -> int:
    """Resident bytes of a process and its children. What nginx's processes share is counted in each of them."""
    total = 0
    for one in family(pid):
        for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) << 10
    return total


def busy_seconds() -> float:
    """What all processors have worked since the machine's start, time that was taken from a virtual one included."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    # user nice system idle iowait irq softirq steal; guest time is in user's already.
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS


def own_seconds() -> float:
    """What this process and the children that it has waited for have used."""
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited.ru_utime + waited.ru_stime


def others(seconds: float = 1.0) -> float:
    """The share of the machine that others use right now."""
    before, own, begun = busy_seconds(), own_seconds(), time.monotonic()
    time.sleep(seconds)
    used = busy_seconds() - before - (own_seconds() - own)
    return max(0.0, used) / ((time.monotonic() - begun) * PROCESSORS)


class MemoryWatch:
    """The most memory that a process had while something ran."""

    def __init__(self, pid: int, interval: float = 0.1):
        self.pid, self.interval, self.most = pid, interval, memory(pid)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while not self.ended.wait(self.interval):
            try:
                self.most = max(self.most, memory(self.pid))
            except OSError:
                # Whoever watches it notices that it has gone.
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def settle(pid: int, seconds: float = 10) -> int:
    """Waits until the memory has not moved for a second, and tells it."""
    last, since, end = memory(pid), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < end and time.monotonic() - since < 1:
        time.sleep(0.1)
        now = memory(pid)
        if abs(now - last) > 64 << 10:
            last, since = now, time.monotonic()
    return memory(pid)


def forget(path: pathlib.Path) -> None:
    """Has the kernel read a program anew when it is used next, as after the machine has started.

    What was just written lies in memory in larger pieces, and is mapped in them: that of a daemon at rest differs by 1 MiB. Pages
    that a running process has stay.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def processor() -> str:
    """What the processor calls itself."""
    return next((line.partition(":")[2].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name")), "unknown")


def file_system(folder: pathlib.Path) -> str:
    """The kind of file system that a folder is on."""
    folder, best = folder.resolve(), ("", "unknown")
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        # Spaces are written as octal numbers there; of mounts on one another the last one counts.
        where = where.encode().decode("unicode_escape")
        if folder.is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1]


def description(nginx: str, kmid: pathlib.Path, folder: pathlib.Path) -> dict:
    """What it was measured on; `folder` holds what is written meanwhile."""
    total = next((int(line.split()[1]) << 10 for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                  if line.startswith("MemTotal:")), 0)
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr.strip()
    return {
        "processor": processor(), "processors": PROCESSORS, "memory": total, "kernel": platform.release(),
        "nginx": version.rpartition("/")[2],
        "kmid": subprocess.run([kmid, "version"], capture_output=True, text=True, check=True).stdout.splitlines()[0],
        # Tells builds apart that have the same version.
        "kmid_sha256": hashlib.sha256(kmid.read_bytes()).hexdigest()[:16], "file_system": file_system(folder),
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
