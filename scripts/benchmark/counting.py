"""Counts what a request, an event and `kmictl status` cost: programs under callgrind, on a bus of their own."""

import contextlib
import pathlib
import socket
import ssl
import subprocess
import time

from . import callgrind, configurations, lockstep, machine, programs

WARM, COUNTED, SEALED, EVENTS = 64, 48, 24, (10, 110)
# Requests are counted in so many windows, of which the lowest counts.
WINDOWS = 3
# After a request kmid has to rest for so many seconds before the next: rows are written once in 50 ms at most, so that each has a
# transaction of its own.
REST = 0.06
# Seconds between two events: what belongs to one has ended before the next.
PACE = 0.025
PLAIN, STREAMS = "/v1/chat/completions", "/p/streams/chat/completions"
# What has to be installed.
PROGRAMS = ("valgrind", "vgdb", "gcc", "objcopy", "setpriv", "dbus-daemon", "dbus-monitor", "busctl", "openssl")
BUS_NAME, BUS_PATH = "org.kmi.Proxy1", "/org/kmi/Proxy1"
# What `kmictl status` asks for.
GETTERS = (
    ("org.freedesktop.DBus.Properties", "GetAll", "s", "org.kmi.Proxy1.Manager"),
    ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
)


def rest(pid: int, pause: float) -> None:
    """Waits until the process has done next to nothing for so many seconds: what a request leaves for later is done."""
    end, last = time.monotonic() + 30, -1.0
    while time.monotonic() < end and (now := machine.processor_seconds(pid)) - last > 0.07 * pause:
        last = now
        time.sleep(pause)


def stripped(binaries: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Copies without debug information, which Debian 12's valgrind cannot read."""
    folder.mkdir()
    for name in ("kmid", "kmictl"):
        if not (binaries / name).exists():
            raise programs.Failure(f"there is no {binaries / name}: make build makes it, or make release")
        subprocess.run([programs.tool("objcopy"), "--strip-debug", binaries / name, folder / name], check=True)
    return folder


def rows(binaries: pathlib.Path, folder: pathlib.Path) -> dict:
    """All counts by the names of their rows. What callgrind wrote stays in `folder`/callgrind."""
    (out := folder / "callgrind").mkdir()
    with contextlib.ExitStack() as stack:
        copies, tool = stripped(binaries, folder / "programs"), callgrind.Tool(out)
        _, bus = stack.enter_context(programs.bus(folder))
        provider = stack.enter_context(lockstep.Provider())
        base = f"http://127.0.0.1:{provider.port}/v1"
        programs.certificate(folder)
        setup = configurations.Setup((("answers", base), ("streams", base)), tls=folder)
        daemon = stack.enter_context(programs.daemon(
            copies / "kmid", folder / "kmid", setup, bus, under=tool.command("kmid", *callgrind.Watched.OPTIONS),
            environment=tool.environment))
        watched = callgrind.Watched(tool, "kmid", daemon.pid)

        def caller(path: str, sealed: bool = False) -> lockstep.Caller:
            connected = socket.create_connection(("127.0.0.1", daemon.tls if sealed else daemon.port))
            if sealed:
                connected.settimeout(lockstep.PATIENCE)
                connected = ssl.create_default_context(cafile=folder / "ca.pem").wrap_socket(connected, server_hostname="localhost")
            return lockstep.Caller(connected, provider, path)

        found = status(tool, copies / "kmictl", bus, folder)
        plain, streams = caller(PLAIN), caller(STREAMS)
        plain.plain(WARM, lambda: None)
        streams.stream(2, 0)
        watched.control("instrumentation on")
        return found | requests(watched, plain) | sealed_requests(watched, caller(PLAIN, sealed=True)) | events(watched, streams)


def requests(watched: callgrind.Watched, plain: lockstep.Caller) -> dict:
    """The lowest of each count out of several windows: what hangs on the time, a look at the memory each second, only adds to one."""
    found = [request_counts(window(watched, plain, COUNTED)) for _ in range(WINDOWS)]
    return {name: min(counts[name] for counts in found) for name in found[0]}


def request_counts(counted: list) -> dict:
    loops, queues = callgrind.of_threads(counted, callgrind.on_loop), callgrind.of_threads(counted, callgrind.on_queue)
    if not (loops.instructions and queues.instructions):
        raise programs.Failure(f"kmid's threads are called otherwise: {', '.join(name for name, _ in counted)}")
    return each("request", loops.summary(), COUNTED) | each("row", queues.summary(), COUNTED)


def sealed_requests(watched: callgrind.Watched, sealed: lockstep.Caller) -> dict:
    counted = window(watched, sealed, SEALED)
    return each("sealed", callgrind.of_threads(counted, callgrind.on_loop).summary(), SEALED)


def window(watched: callgrind.Watched, caller: lockstep.Caller, number: int) -> list:
    """What threads do for so many requests, one by one, some having gone before."""
    caller.plain(4, lambda: rest(watched.pid, REST))
    with watched.window() as counted:
        caller.plain(number, lambda: rest(watched.pid, REST))
        rest(watched.pid, 4 * REST)
    return counted


def events(watched: callgrind.Watched, streams: lockstep.Caller) -> dict:
    """Of an event what a longer stream costs more than a shorter one."""
    streamed = []
    for number in EVENTS:
        with watched.window() as counted:
            streams.stream(number, PACE)
            rest(watched.pid, 4 * REST)
        streamed.append(callgrind.of_threads(counted, callgrind.on_loop).summary())
    few, many = streamed
    return each("event", {kind: many[kind] - few[kind] for kind in many}, EVENTS[1] - EVENTS[0])


def each(name: str, totals: dict, number: int) -> dict:
    return {f"{name}_{kind}": total / number for kind, total in totals.items()}


def status(tool: callgrind.Tool, kmictl: pathlib.Path, bus: str, folder: pathlib.Path) -> dict:
    """`kmictl status`, and `busctl` for the same properties."""
    environment = {"DBUS_SESSION_BUS_ADDRESS": bus, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin:/bin",
                   "LC_ALL": "C.UTF-8"}
    busctl = [programs.tool("busctl"), f"--address={bus}", "call", BUS_NAME, BUS_PATH]
    with monitor(bus, folder) as calls:
        own = tool.whole("kmictl", [kmictl, "status"], environment).instructions
        messages = calls()
    others = sum(tool.whole(f"busctl-{call[1]}", [*busctl, *call], environment).instructions for call in GETTERS)
    return {"status_instructions": own, "status_of_busctl": own / others, "status_calls": messages}


@contextlib.contextmanager
def monitor(bus: str, folder: pathlib.Path):
    """Watches the bus; yields what waits until somebody who asked for all objects has left, and tells how many calls that took."""
    seen = folder / "messages"
    command = [programs.tool("dbus-monitor"), "--address", bus, "--profile"]
    with seen.open("wb") as output, programs.program(command, folder / "monitor.log", output=output) as process:
        def wait(find):
            end = time.monotonic() + programs.PATIENCE
            while time.monotonic() < end and process.poll() is None:
                if found := find(seen.read_text(errors="replace")):
                    return found
                time.sleep(0.05)
            raise programs.Failure("dbus-monitor does not tell what passed")

        # The bus takes the name from whoever becomes a monitor.
        wait(lambda text: "NameLost" in text)
        yield lambda: wait(lambda text: calls_made(text, GETTERS[-1][1]))


def calls_made(profile: str, member: str) -> int:
    """Out of what `dbus-monitor --profile` prints: the calls of the first that has called `member` and left; 0 as long as none has."""
    lines = [line.split("\t") for line in profile.splitlines()]
    caller = next((line[3] for line in lines if line[0] == "mc" and line[-1] == member), None)
    if not any(line[0] == "sig" and line[-1] == "NameLost" and line[4] == caller for line in lines):
        return 0
    return sum(line[0] == "mc" and line[3] == caller for line in lines)
