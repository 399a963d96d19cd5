"""Starts everything, puts the loads on in turn, and keeps what they came to."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import select
import sqlite3
import subprocess
import sys
import time

from . import configurations, figures, loads, machine, programs
from .plan import PACE, Cell, Plan

# What a process does late (rows are written in batches) still counts for the requests that caused it.
AFTERMATH = 0.25


@dataclasses.dataclass
class Target:
    """Who a load is put on: plain and TLS ports, and whose time it is (`None`: nobody's)."""

    port: int
    tls: "int | None"
    pid: "int | None"
    # Where requests of a kind go.
    paths: dict


PROXIED = {"plain": "/v1/chat/completions", "tls": "/p/sealed/chat/completions", "h2": "/p/sealed/chat/completions",
           "streams": "/p/streams/chat/completions"}
PLAIN = PROXIED["plain"] + "?answer=1024"
DIRECT = {kind: "/v1/chat/completions" for kind in PROXIED}


class Bench:
    """Everything that runs for the length of the bench."""

    def __init__(self, plan: Plan, binaries: pathlib.Path, folder: pathlib.Path, stack: contextlib.ExitStack):
        self.plan, self.binaries, self.folder, self.stack = plan, binaries, folder, stack
        self.begun = time.monotonic()
        self.ours: list[int] = []
        self.found: dict = {}
        self.disturbed = self.taken = 0
        self.targets: dict[str, Target] = {}

    # What is started

    def start(self) -> None:
        programs.certificate(self.folder)
        provider, self.provider = self.stack.enter_context(programs.provider(self.folder, self.binaries / "kmi-load"))
        sealed, (self.sealed,) = self.stack.enter_context(
            programs.nginx(self.folder, "sealed", 1, configurations.nginx_sealed(self.folder, self.provider)))
        proxy, ports = self.stack.enter_context(programs.nginx(
            self.folder, "proxy", 2, configurations.nginx_proxy(self.folder, self.provider, self.sealed)))
        self.ours += [provider.pid, sealed.pid, proxy.pid]
        self.targets["direct"] = Target(self.provider, self.sealed, None, DIRECT)
        self.targets["nginx"] = Target(*ports, proxy.pid, PROXIED)

    def setup(self) -> configurations.Setup:
        """Every provider that a cell needs."""
        local = f"http://127.0.0.1:{self.provider}/v1"
        return configurations.Setup(
            (("answers", local), ("streams", local), ("sealed", f"https://localhost:{self.sealed}/v1")), tls=self.folder)

    def answers_only(self, keys: int) -> configurations.Setup:
        return configurations.Setup((("answers", f"http://127.0.0.1:{self.provider}/v1"),), keys)

    def add(self, name: str, setup: configurations.Setup, bus: str = "none",
            state: "pathlib.Path | None" = None) -> programs.Daemon:
        daemon = self.stack.enter_context(
            programs.daemon(self.binaries / "kmid", self.folder / name, setup, bus, state))
        self.ours.append(daemon.pid)
        self.targets[name] = Target(daemon.port, daemon.tls, daemon.pid, PROXIED)
        return daemon

    def start_daemons(self) -> None:
        """The one that is compared with nginx, with a session bus of its own, and those that differ in one thing each."""
        address = self.stack.enter_context(programs.bus(self.folder))
        main = self.add("kmid", self.setup(), address)
        self.keep("memory", "kmid", {"idle": machine.settle(main.pid)})
        for keys in (3, 10, 100, 1_000):
            self.add(f"keys-{keys}", self.answers_only(keys))

    def keep(self, cell: str, target: str, sample: "dict | None") -> None:
        self.found.setdefault(cell, {}).setdefault(target, []).append(sample)

    # A load

    def put(self, cell: Cell, target: Target) -> dict:
        path = target.paths[cell.kind]
        if cell.kind == "streams":
            return loads.call(self.binaries / "kmi-load", target.port, path, cell, PACE[cell.connections])
        path += f"?answer={cell.answer}"
        if cell.kind == "h2":
            return loads.h2load(f"https://127.0.0.1:{target.tls}{path}", cell.connections, cell.seconds, cell.request,
                                self.folder)
        base = f"https://127.0.0.1:{target.tls}" if cell.kind == "tls" else f"http://127.0.0.1:{target.port}"
        # Of large bodies each conversation takes its memory in the load tool.
        conversations = loads.CONVERSATIONS if cell.request < 1 << 20 else 4
        return loads.wrk(base + path, cell.connections, cell.seconds, cell.request, conversations=conversations)

    def sample(self, cell: Cell, name: str) -> dict:
        """One run of one cell against one target."""
        target = self.targets[name]
        before, busy, own, begun = self.clocks(target), machine.busy_seconds(), self.own(), time.monotonic()
        if target.pid is None:
            sample = self.put(cell, target)
        else:
            with machine.MemoryWatch(target.pid) as watch:
                sample = self.put(cell, target)
            sample["memory"] = watch.most
        time.sleep(AFTERMATH)
        if target.pid is not None and sample["requests"]:
            sample["cpu_us"] = (self.clocks(target) - before) / sample["requests"] * 1e6
        sample["foreign"] = figures.foreign_share(
            machine.busy_seconds() - busy, self.own() - own, time.monotonic() - begun, machine.PROCESSORS)
        if sample["failed"]:
            raise programs.Failure(f"{cell.title}, {name}: {sample['failed']} did not end well: {sample}")
        return sample

    @staticmethod
    def clocks(target: Target) -> float:
        return machine.processor_seconds(target.pid) if target.pid is not None else 0.0

    def own(self) -> float:
        """All that was used for this bench."""
        return machine.own_seconds() + sum(machine.processor_seconds(pid) for pid in self.ours)

    def run(self, cell: Cell, name: str) -> None:
        """Keeps a sample; one that others disturbed is taken once more."""
        sample = self.sample(cell, name)
        if sample["foreign"] > self.plan.patience and self.left() > 60:
            again = self.sample(cell, name)
            sample = min(sample, again, key=lambda one: one["foreign"])
        self.taken += 1
        self.disturbed += sample["foreign"] > self.plan.patience
        self.keep(cell.name, name, sample)

    def left(self) -> float:
        return self.plan.budget - (time.monotonic() - self.begun)

    def rounds(self) -> int:
        """All cells, each against its targets in turn, until the rounds or the time are over."""
        number = longest = 0
        while number == 0 or (number < self.plan.rounds and self.left() > longest):
            begun = time.monotonic()
            for cell in self.plan.cells:
                for name in figures.order(cell.targets, number):
                    if name in self.targets:
                        self.run(cell, name)
            longest = max(longest, time.monotonic() - begun)
            number += 1
            say(f"round {number} of {self.plan.rounds}: {time.monotonic() - begun:.0f} s")
        return number

    def warm_up(self) -> None:
        """What is only slow once (pools, caches, page faults) is no part of any figure."""
        for cell in self.plan.cells:
            for name in cell.targets:
                if name in self.targets and cell.kind != "streams":
                    self.put(dataclasses.replace(cell, seconds=1, connections=min(cell.connections, 32)), self.targets[name])

    # What is measured once, or apart

    def many_streams(self) -> None:
        """Thousands of slow streams, on each of both: whether they last, what they cost in memory, how late events are."""
        daemon = self.add("many", self.setup())
        for name, pid, port in (("nginx", self.targets["nginx"].pid, self.targets["nginx"].port),
                                ("kmid", daemon.pid, daemon.port)):
            self.keep("streams-5000", name, self.slow_streams(pid, port))
            say(f"{self.plan.streams} streams, {name}")

    def slow_streams(self, pid: int, port: int) -> dict:
        rest, before = machine.settle(pid), machine.processor_seconds(pid)
        ramp = max(1_000, self.plan.streams)
        command = [
            programs.tool("setpriv"), "--pdeathsig", "TERM", "--", self.binaries / "kmi-load", "call", port, "--path",
            PROXIED["streams"], "--token", configurations.TOKEN, "--streams", self.plan.streams, "--events",
            self.plan.stream_events, "--interval",
            1_000_000, "--ramp", ramp, "--limit", 120]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as caller:
            try:
                self.next_line(caller, "open")
                time.sleep(1)
                full = machine.memory(pid)
                ended = self.next_line(caller, "ended")
            finally:
                programs.stop(caller)
        sample = loads.parse_streams(ended, self.plan.streams)
        time.sleep(AFTERMATH)
        sample["cpu_us"] = (machine.processor_seconds(pid) - before) / max(1, sample["requests"]) * 1e6
        return sample | {"each": (full - rest) / self.plan.streams, "memory": full}

    @staticmethod
    def next_line(caller: subprocess.Popen, event: str) -> dict:
        """The next line, which has to tell of this event; without it within its limit the caller has ended anyway."""
        ready, _, _ = select.select([caller.stdout], [], [], 150)
        line = caller.stdout.readline() if ready else ""
        if not line or json.loads(line)["event"] not in (event, "ended"):
            raise programs.Failure(f"kmi-load told nothing of '{event}'")
        entry = json.loads(line)
        if entry["event"] != event:
            raise programs.Failure(f"not all streams opened: {entry}")
        return entry

    def starts(self) -> None:
        """From the start to READY=1, with a new database and with one that is full; the last one stays, for the rounds."""
        template = self.folder / "template"
        with programs.daemon(self.binaries / "kmid", template, self.answers_only(3)) as daemon:
            port = daemon.port
            loads.wrk(f"http://127.0.0.1:{port}{PLAIN}", 8, 1, 1024)
            time.sleep(AFTERMATH)
        begun = time.monotonic()
        fill(template / "state" / "state.sqlite", self.plan.rows)
        say(f"{self.plan.rows} request rows: {time.monotonic() - begun:.0f} s")
        for number in range(self.plan.starts):
            with programs.daemon(self.binaries / "kmid", self.folder / f"new-{number}", self.answers_only(3)) as daemon:
                self.keep("start", "empty", {"ready_us": daemon.ready * 1e6})
            if number + 1 < self.plan.starts:
                with programs.daemon(self.binaries / "kmid", template, self.answers_only(3)) as daemon:
                    self.keep("start", "full", {"ready_us": daemon.ready * 1e6})
        daemon = self.add("full", self.answers_only(3), state=template / "state")
        self.keep("start", "full", {"ready_us": daemon.ready * 1e6})

    def scrapes(self) -> None:
        """What /metrics takes with 100 keys and 64 models, and whether requests notice."""
        daemon = self.add("scraped", self.answers_only(100))
        url = f"http://127.0.0.1:{daemon.port}{PLAIN}"
        loads.wrk(url, 8, 1, 1024, models=64, conversations=640)
        times, size = [], 0
        for _ in range(self.plan.scrapes):
            seconds, size = scrape(daemon.admin)
            times.append(seconds * 1e6)
        self.keep("scrape", "kmid", {"p50_us": figures.percentile(times, 0.5), "p99_us": figures.percentile(times, 0.99),
                                     "bytes": size})
        seconds = 3 if self.plan.rounds > 1 else 1
        for number in range(self.plan.rounds):
            for name in figures.order(("quiet", "scraped"), number):
                with scraping(daemon.admin) if name == "scraped" else contextlib.nullcontext():
                    self.keep("scraped", name, loads.wrk(url, 32, seconds, 1024))


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def scrape(port: int) -> tuple[float, int]:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    size = len(answer.read())
    connection.close()
    if answer.status != 200:
        raise programs.Failure(f"/metrics: {answer.status}")
    return time.perf_counter() - begun, size


@contextlib.contextmanager
def scraping(port: int):
    """Asks for /metrics ten times a second, from a process of its own."""
    command = [programs.tool("setpriv"), "--pdeathsig", "TERM", "--", sys.executable, "-c", SCRAPER, str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise programs.Failure("the scraper ended by itself")
    finally:
        programs.stop(process)


SCRAPER = """
import http.client, sys, time
while True:
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    connection.request("GET", "/metrics")
    assert len(connection.getresponse().read()) > 1000
    connection.close()
    time.sleep(0.1)
"""


def fill(path: pathlib.Path, rows: int) -> None:
    """Multiplies the requests that are in a database, over the last 20 days, until it has so many."""
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -262144")
        have, first = database.execute("SELECT count(*), min(number) FROM requests").fetchone()
        (last,) = database.execute("SELECT max(number) FROM requests").fetchone()
        if not have or last - first + 1 != have:
            raise programs.Failure("no request rows to multiply")
        others = [name for _, name, *_ in database.execute("PRAGMA table_info(requests)")
                  if name not in ("number", "id", "received_at")]
        of_attempt = [name for _, name, *_ in database.execute("PRAGMA table_info(attempts)") if name != "request"]
        more = rows - have
        if more <= 0:
            return
        step = 20 * 86_400 * 1_000_000 // more
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :more) "
        values = {"more": more, "last": last, "first": first, "have": have, "step": step,
                  "now": time.time_ns() // 1_000 - 3_600 * 1_000_000}
        with database:
            database.execute(
                f"{numbers} INSERT INTO requests (number, id, received_at, {', '.join(others)}) "
                f"SELECT :last + i, printf('bench-%024d', i), :now - (:more - i) * :step, {', '.join(others)} "
                "FROM n JOIN requests ON number = :first + i % :have", values)
            database.execute(
                f"{numbers} INSERT INTO attempts (request, {', '.join(of_attempt)}) "
                f"SELECT :last + i, {', '.join(of_attempt)} FROM n JOIN attempts ON request = :first + i % :have", values)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    # What is written late would be written while something is measured.
    os.sync()
