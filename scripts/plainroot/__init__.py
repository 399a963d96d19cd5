"""A plain Debian root made by debootstrap, what runs in it, and the network that it runs on.

Everything happens in mount, process and network namespaces of the script's own (`isolate`), so that whatever it starts and
mounts ends with it, fixed ports collide with nobody, and no service manager of the machine hears of it.
"""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
KEPT = TOP / ".build/package/debian-12.tar"
MIRROR = "http://deb.debian.org/debian"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# By which somebody ends a script.
ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Failure(Exception):
    """What was not as promised, in a sentence."""


def isolate() -> None:
    """Runs this script in namespaces of its own. What is left when it ends is killed by the kernel.

    Who ends it has it clean up first: the first process of a namespace hears only those signals that it asks for, and
    `unshare`, which waits for it, hears none.
    """
    if os.environ.get("KMI_ISOLATED") == "1":
        for number in ENDING:
            signal.signal(number, end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return
    if os.geteuid() != 0:
        sys.exit(f"{sys.argv[0]}: needs root, for chroot and mounts")
    missing = [tool for tool in ("debootstrap", "unshare", "ip", "curl") if shutil.which(tool) is None]
    if missing:
        sys.exit(f"{sys.argv[0]}: {', '.join(missing)} is missing: make setup installs it")
    # They wait in the new process until it can hear them, and here until they are asked for.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING | {signal.SIGCHLD})
    isolated = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable,
         *sys.argv], env=os.environ | {"KMI_ISOLATED": "1"}, preexec_fn=begin)
    asked = 0
    while (status := isolated.poll()) is None:
        told = signal.sigtimedwait(ENDING | {signal.SIGCHLD}, 1)
        if told is not None and told.si_signo in ENDING:
            asked = told.si_signo
        if asked:
            # Again and again: it may not have been there yet. A second one does not disturb it.
            with contextlib.suppress(OSError):
                for child in pathlib.Path(f"/proc/{isolated.pid}/task/{isolated.pid}/children").read_text().split():
                    os.kill(int(child), asked)
    sys.exit(status if status >= 0 else 128 - status)


def begin() -> None:
    """In the new process: it ends with the one that started it (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def end(number: int, _) -> None:
    """Ends this script with everything that it would do at its end, undisturbed by a second signal."""
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def text(output: str | bytes | None) -> str:
    """The end of what a command said; one that was killed leaves bytes."""
    return (output.decode(errors="replace") if isinstance(output, bytes) else output or "")[-4000:]


def run(*command, check: bool = True, **options) -> subprocess.CompletedProcess:
    """Runs a command to its end, at most five minutes, with its output kept."""
    options = {"capture_output": True, "text": True, "timeout": 300, "stdin": subprocess.DEVNULL} | options
    if "input" in options:
        del options["stdin"]
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, **options)
    except subprocess.TimeoutExpired as expired:
        raise Failure(
            f"{' '.join(words)} did not end within {expired.timeout:g} s:\n{text(expired.stdout)}{text(expired.stderr)}") from None
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(words)} ended with {done.returncode}:\n{text(done.stdout)}{text(done.stderr)}")
    return done


def ended(process: subprocess.Popen, seconds: float) -> int:
    """The exit status of a program that is to end by itself."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{process.args[0]} did not end within {seconds:g} s") from None


def wait(what: str, condition, seconds: float = 30):
    """What the condition gives, once that is anything."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise Failure(f"waited {seconds:g} s in vain: {what}")
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def started(*command, log: pathlib.Path, **options):
    """A program that runs meanwhile, its output in a file, and that is asked to end afterwards."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def mounts_below(folder: pathlib.Path) -> list[str]:
    """Where something is mounted at a folder or below it, what was mounted last first."""
    table = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    places = [re.sub(r"\\(\d{3})", lambda match: chr(int(match[1], 8)), line.split()[4]) for line in table]
    return [place for place in reversed(places) if pathlib.Path(place).is_relative_to(folder)]


@contextlib.contextmanager
def scratch_folder(prefix: str):
    """A folder for a root, which is deleted afterwards: once nothing is mounted below, so that nothing else is deleted with it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    # The programs of users inside come through here.
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        for place in mounts_below(folder):
            # At once and whoever is still in it: no path leads there any more.
            run("umount", "--lazy", place, check=False)
        if left := mounts_below(folder):
            sys.exit(f"{folder} is left behind, because something is mounted there: {', '.join(left)}")
        shutil.rmtree(folder)


class Network:
    """A network namespace with a loopback of its own, and with `address` a cable to one with `peer` at its other end."""

    def __init__(self, address: str | None = None, peer: "Network | None" = None, peer_address: str = ""):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/net")
        wait("a network namespace", lambda: self.link() not in (None, own))
        run(*self.within("ip", "link", "set", "lo", "up"))
        if address and peer:
            run(*self.within("ip", "link", "add", "kmi0", "type", "veth", "peer", "name", "kmi1", "netns", peer.holder.pid))
            for network, name, number in ((self, "kmi0", address), (peer, "kmi1", peer_address)):
                run(*network.within("ip", "address", "add", f"{number}/24", "dev", name))
                run(*network.within("ip", "link", "set", name, "up"))

    def link(self) -> str | None:
        try:
            return os.readlink(f"/proc/{self.holder.pid}/ns/net")
        except OSError:
            return None

    def within(self, *command) -> list[str]:
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *map(str, command)]


class Root:
    """A Debian 12 without anything but its essentials, in a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self._make()
        run("mount", "-t", "proc", "proc", folder / "proc")
        # Nothing is to be started by what gets installed, and nothing has to survive a power failure.
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.write("etc/dpkg/dpkg.cfg.d/kmi-check", "force-unsafe-io\n")
        self.write("etc/apt/sources.list", "".join(
            f"deb {MIRROR}{place} main\n" for place in (
                " bookworm", " bookworm-updates", "-security bookworm-security")))
        shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
        self.run("apt-get", "update", "--quiet")

    def _make(self) -> None:
        """From the copy of the last time if that is younger than a day; packages are renewed by apt anyway."""
        self.folder.mkdir(parents=True)
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with open(KEPT.with_suffix(".lock"), "w") as lock:
            # Two checks at once want one copy.
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._fill()

    def _fill(self) -> None:
        if not KEPT.exists() or time.time() - KEPT.stat().st_mtime > 86_400:
            run("debootstrap", "--variant=minbase", "bookworm", self.folder, MIRROR)
            part = KEPT.with_suffix(f".{os.getpid()}")
            run("tar", "--create", "--file", part, "--directory", self.folder, "--one-file-system", ".")
            part.rename(KEPT)
        else:
            run("tar", "--extract", "--file", KEPT, "--directory", self.folder)

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def within(self, *command, user: str = "0:0", environment: dict[str, str] | None = None) -> list[str]:
        """A command for inside, with nothing of the environment outside."""
        variables = {"PATH": PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"} | (environment or {})
        return ["chroot", f"--userspec={user}", str(self.folder), "/usr/bin/env", "-i",
                *(f"{name}={value}" for name, value in variables.items()), *map(str, command)]

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        return run(*self.within(*command), **options)

    def install(self, package: pathlib.Path, *options: str) -> None:
        """`apt install ./FILE`, as a person would type it."""
        shutil.copy(package, self.folder / "tmp" / package.name)
        self.run("apt-get", "install", "--yes", "--quiet", *options, f"/tmp/{package.name}")
        (self.folder / "tmp" / package.name).unlink()
