"""The programs that are measured, and those that measure: how they are configured, started and stopped.

Each is a scope that ends its process; the kernel ends it should the bench die. Nothing has a fixed port: who cannot choose one itself is
handed a socket that is bound already.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from . import configurations

PATIENCE = 30


class Failure(Exception):
    """What keeps the figures from being made."""


def tool(name: str) -> str:
    """A program of the distribution, or one that `scripts/setup bench` has unpacked."""
    own = pathlib.Path(__file__).resolve().parents[2] / ".tools/bin"
    found = shutil.which(name, path=f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:{own}")
    if found is None:
        raise Failure(f"{name} is missing: scripts/setup bench installs it")
    return found


@contextlib.contextmanager
def program(command: list, log: pathlib.Path, environment: "dict | None" = None, pass_fds: tuple = (), output=None):
    """A running program; what it writes goes to `log`, standard output to `output` if that is given."""
    wrapped = [tool("setpriv"), "--pdeathsig", "TERM", "--", *map(str, command)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            wrapped, stdin=subprocess.DEVNULL, stdout=output or errors, stderr=errors, env=environment,
            pass_fds=pass_fds)
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ended(name: str, process: subprocess.Popen, log: pathlib.Path) -> "str | None":
    """Of a program that should still run: how it ended, and what it said last."""
    status = process.poll()
    if status is None:
        return None
    how = f"by signal {-status} ({signal.Signals(-status).name})" if status < 0 else f"with status {status}"
    return f"{name} ended {how}; its last lines:\n{tail(log)}"


def tail(log: pathlib.Path, number: int = 12) -> str:
    text = log.read_text(errors="replace")[-8000:] if log.exists() else ""
    return "\n".join(f"    {line[:400]}" for line in text.splitlines()[-number:]) or "    (nothing)"


def lines(log: pathlib.Path):
    for line in log.read_text(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                yield entry


def await_line(process: subprocess.Popen, log: pathlib.Path, match) -> dict:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        for entry in lines(log):
            if match(entry):
                return entry
        time.sleep(0.02)
    raise Failure(f"{process.args[4]} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def await_connection(process: subprocess.Popen, port: int, log: pathlib.Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise Failure(f"nginx did not start:\n{log.read_text(errors='replace')[-2000:]}")


def bound() -> socket.socket:
    """A listening socket on a port of the system's choice."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    return listener


@contextlib.contextmanager
def nginx(folder: pathlib.Path, name: str, ports: int, configure):
    """nginx with listening sockets that it inherits, as it does from a former self; yields the process and the ports."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(bound()) for _ in range(ports)]
        numbers = [one.getsockname()[1] for one in sockets]
        own = folder / name
        own.mkdir()
        configuration = own / "nginx.conf"
        configuration.write_text(configure(own, numbers))
        descriptors = tuple(one.fileno() for one in sockets)
        environment = {"PATH": "/usr/bin:/bin", "NGINX": "".join(f"{one};" for one in descriptors)}
        log = own / "log"
        process = stack.enter_context(program(
            [tool("nginx"), "-p", own, "-e", "stderr", "-c", configuration], log, environment, descriptors))
        await_connection(process, numbers[0], log)
        for one in sockets:
            one.close()
        yield process, numbers


@contextlib.contextmanager
def provider(folder: pathlib.Path, binary: pathlib.Path):
    """The provider of answers and streams; yields the process and its port."""
    out = folder / "provider.out"
    with out.open("wb") as output, program([binary, "serve"], folder / "provider.log", output=output) as process:
        yield process, await_line(process, out, lambda entry: entry.get("event") == "listening")["port"]


@contextlib.contextmanager
def bus(folder: pathlib.Path):
    """A session bus of the bench's own; yields its process and address."""
    folder.mkdir(exist_ok=True)
    path = folder / "bus"
    path.unlink(missing_ok=True)
    command = [tool("dbus-daemon"), "--session", "--nofork", "--nopidfile", f"--address=unix:path={path}"]
    with program(command, folder / "bus.log") as process:
        end = time.monotonic() + PATIENCE
        while not path.exists():
            if time.monotonic() > end or process.poll() is not None:
                raise Failure("dbus-daemon did not start")
            time.sleep(0.02)
        yield process, f"unix:path={path}"


class Daemon:
    """A running daemon and where it listens."""

    def __init__(self, process: subprocess.Popen, log: pathlib.Path, ready: float):
        listening = [entry for entry in lines(log) if entry.get("event") == "listening"]
        where = {(one["listener"], one["tls"] != "off"): int(one["address"].rpartition(":")[2]) for one in listening
                 if one["address"].startswith("127.")}
        self.process, self.log, self.ready = process, log, ready
        self.port, self.admin = where["data", False], where["admin", False]
        self.tls = where.get(("data", True))

    @property
    def pid(self) -> int:
        return self.process.pid


@contextlib.contextmanager
def daemon(binary: pathlib.Path, folder: pathlib.Path, setup: configurations.Setup, bus_address: str = "none",
           state: "pathlib.Path | None" = None, under: "list | tuple" = (), environment: "dict | None" = None):
    """`kmid` with the shipped defaults, ready; `ready` is the time from its start until it told a service manager so.

    `under` is the command that runs it, where one does.
    """
    folder.mkdir(exist_ok=True)
    notify = folder / "notify"
    notify.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(notify))
        environment = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin",
                       "NOTIFY_SOCKET": str(notify), **(environment or {})}
        command = [*under, binary, "run", "--config", configurations.write(folder, setup), "--state-dir",
                   state or folder / "state", "--bus", bus_address]
        log = folder / "log"
        begun = time.monotonic()
        with program(command, log, environment) as process:
            yield Daemon(process, log, await_ready(process, manager, log) - begun)


def await_ready(process: subprocess.Popen, manager: socket.socket, log: pathlib.Path) -> float:
    end = time.monotonic() + 4 * PATIENCE
    manager.settimeout(0.5)
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in manager.recv(4096).split(b"\n"):
                return time.monotonic()
    raise Failure(ended("kmid", process, log) or f"kmid did not get ready:\n{tail(log)}")


def end_as_interrupted() -> None:
    """SIGTERM and SIGHUP unwind as Ctrl-C does, so that everything is stopped; also where a shell began this in the background."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def certificate(folder: pathlib.Path) -> None:
    """`tls.pem` and `tls.key` of an authority `ca.pem` of their own, for localhost."""
    def run(*command: str) -> None:
        subprocess.run([tool("openssl"), *command], check=True, capture_output=True, cwd=folder, stdin=subprocess.DEVNULL, umask=0o077)

    for name in ("ca", "tls"):
        run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    run("req", "-x509", "-key", "ca.key", "-subj", "/CN=Bench authority", "-days", "2", "-out", "ca.pem",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("req", "-new", "-key", "tls.key", "-subj", "/CN=localhost", "-out", "tls.csr")
    (folder / "names").write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n")
    run("x509", "-req", "-in", "tls.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "tls.pem")
