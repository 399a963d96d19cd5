"""Starts everything, puts the loads on in turn, and keeps what they came to."""

import contextlib
import dataclasses
import pathlib
import sys
import time

from . import configurations, figures, ledger, loads, machine, programs
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
    # What kmid itself counts.
    ledger: "ledger.Ledger | None" = None


PROXIED = {"plain": "/v1/chat/completions", "tls": "/p/sealed/chat/completions", "h2": "/p/sealed/chat/completions",
           "streams": "/p/streams/chat/completions"}
# Whose keys requests of a kind take.
PROVIDERS = {"plain": "answers", "tls": "sealed", "h2": "sealed", "streams": "streams"}
PLAIN = PROXIED["plain"] + "?answer=1024"
DIRECT = {kind: "/v1/chat/completions" for kind in PROXIED}


class Bench:
    """Everything that runs for the length of the bench."""

    def __init__(self, plan: Plan, binaries: pathlib.Path, folder: pathlib.Path, stack: contextlib.ExitStack):
        self.plan, self.binaries, self.folder, self.stack = plan, binaries, folder, stack
        self.begun = time.monotonic()
        # What runs for the bench, by name: the process and its log.
        self.running: dict = {}
        self.found: dict = {}
        self.taken = 0
        self.disturbed: list[str] = []
        self.failures: list[str] = []
        self.targets: dict[str, Target] = {}

    # What is started

    def start(self) -> None:
        programs.certificate(self.folder)
        for program in (self.binaries / "kmid", pathlib.Path(programs.tool("nginx"))):
            machine.forget(program)
        provider, self.provider = self.stack.enter_context(programs.provider(self.folder, self.binaries / "kmi-load"))
        self.running["kmi-load"] = (provider, self.folder / "provider.log")
        sealed, (self.sealed,) = self.stack.enter_context(
            programs.nginx(self.folder, "sealed", 1, configurations.nginx_sealed(self.folder, self.provider)))
        self.running["nginx before the provider"] = (sealed, self.folder / "sealed/log")
        self.targets["direct"] = Target(self.provider, self.sealed, None, DIRECT)
        self.targets["nginx"] = self.stack.enter_context(self.nginx("proxy"))
        self.keep("memory", "nginx", {"idle": machine.settle(self.targets["nginx"].pid)})

    @contextlib.contextmanager
    def runs(self, name: str, process, log: pathlib.Path):
        """Counts a process among those that the bench uses, as long as it runs."""
        self.running[name] = (process, log)
        try:
            yield
        finally:
            del self.running[name]

    @contextlib.contextmanager
    def nginx(self, name: str):
        """An nginx that kmid is compared with."""
        configuration = configurations.nginx_proxy(self.folder, self.provider, self.sealed)
        with (programs.nginx(self.folder, name, 2, configuration) as (process, ports),
              self.runs(f"nginx ({name})", process, self.folder / name / "log")):
            yield Target(*ports, process.pid, PROXIED)

    def setup(self) -> configurations.Setup:
        """Every provider that a cell needs."""
        local = f"http://127.0.0.1:{self.provider}/v1"
        return configurations.Setup(
            (("answers", local), ("streams", local), ("sealed", f"https://localhost:{self.sealed}/v1")), tls=self.folder)

    def answers_only(self, keys: int) -> configurations.Setup:
        return configurations.Setup((("answers", f"http://127.0.0.1:{self.provider}/v1"),), keys)

    @contextlib.contextmanager
    def daemon(self, name: str, setup: configurations.Setup, state: "pathlib.Path | None" = None):
        """A kmid with a session bus of its own; one name can be owned once only on each."""
        folder = self.folder / name
        with (programs.bus(folder) as (bus, address), self.runs(f"dbus-daemon ({name})", bus, folder / "bus.log"),
              programs.daemon(self.binaries / "kmid", folder, setup, address, state) as daemon,
              self.runs(f"kmid ({name})", daemon.process, daemon.log)):
            yield daemon

    @staticmethod
    def target(daemon: programs.Daemon, setup: configurations.Setup) -> Target:
        own = ledger.Ledger(daemon.admin, daemon.log, {name: setup.keys for name, _ in setup.providers})
        return Target(daemon.port, daemon.tls, daemon.pid, PROXIED, own)

    def add(self, name: str, setup: configurations.Setup, state: "pathlib.Path | None" = None) -> programs.Daemon:
        """A kmid that stays until the end."""
        daemon = self.stack.enter_context(self.daemon(name, setup, state))
        self.targets[name] = self.target(daemon, setup)
        return daemon

    def start_daemons(self) -> None:
        """The one that is compared with nginx, and those that differ in one thing each."""
        self.keep("memory", "kmid", {"idle": machine.settle(self.add("kmid", self.setup()).pid)})
        for keys in (3, 10, 100, 1_000):
            self.add(f"keys-{keys}", self.answers_only(keys))

    def keep(self, cell: str, target: str, sample: "dict | None") -> None:
        self.found.setdefault(cell, {}).setdefault(target, []).append(sample)

    @contextlib.contextmanager
    def alive(self):
        """Tells of a program that has ended in the place of what its end has led to."""
        try:
            yield
        except (programs.Failure, OSError) as failure:
            for name, (process, log) in self.running.items():
                if said := programs.ended(name, process, log):
                    raise programs.Failure(said) from failure
            raise

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
        return loads.wrk(base + path, cell.connections, cell.seconds, cell.request, conversations=cell.conversations)

    def sample(self, cell: Cell, name: str) -> tuple[dict, list]:
        """One run of one cell against one target, and what is to be said against it."""
        target = self.targets[name]
        counted = target.ledger.read() if target.ledger else None
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
        self.whole(sample, cell, name)
        return sample, self.faults(cell, target, counted, sample) if counted else []

    def whole(self, sample: dict, cell: Cell, name: str, when: str = "") -> None:
        """Fails unless everything ended well, with what kmid and the nginx on both sides of it have to say of it."""
        own = self.targets[name].ledger
        try:
            loads.whole(sample, f"{cell.title}, {name}{when}")
        except programs.Failure as failure:
            said = ledger.complaints(own.log) if own else ""
            for log in ("sealed/refused", "sealed/log", "proxy/log"):
                said += f"\n  {log}:\n{programs.tail(self.folder / log, 3)}"
            raise programs.Failure(f"{failure}{said}") from failure

    @staticmethod
    def faults(cell: Cell, target: Target, counted: dict, sample: dict) -> list:
        if cell.kind == "streams":
            requests, in_flight = cell.connections, 0
        else:
            requests = sample["requests"]
            in_flight = cell.connections * (loads.H2_STREAMS if cell.kind == "h2" else 1)
        return target.ledger.faults(counted, target.ledger.read(), requests, in_flight, PROVIDERS[cell.kind])

    @staticmethod
    def clocks(target: Target) -> float:
        return machine.processor_seconds(target.pid) if target.pid is not None else 0.0

    def own(self) -> float:
        """All that was used for this bench."""
        return machine.own_seconds() + sum(machine.processor_seconds(process.pid) for process, _ in self.running.values())

    def run(self, cell: Cell, name: str) -> "dict | None":
        """A sample; one that others disturbed is taken once more, one that kmid's own counts speak against is none."""
        with self.alive():
            sample, faults = self.attempt(cell, name)
            if sample and sample["foreign"] > self.plan.patience and self.left() > 60:
                again = self.attempt(cell, name)
                sample, faults = min((sample, faults), again, key=lambda one: one[0]["foreign"] if one[0] else 1)
        self.taken += 1
        if sample and sample["foreign"] > self.plan.patience:
            self.disturbed.append(f"{cell.title}, {name}: {sample['foreign'] * 100:.0f} %")
        if faults:
            self.failures.append(f"{cell.title}, {name}: {'; '.join(faults)}")
            say(f"not counted: {self.failures[-1]}")
        return None if faults else sample

    def take_turns(self, cell: Cell, number: int) -> None:
        """A cell's part of a round: each of its targets in turn, who comes first changing."""
        turns: dict[str, list] = {name: [] for name in cell.targets if name in self.targets}
        for turn in range(number * cell.turns, (number + 1) * cell.turns):
            for name in figures.order(tuple(turns), turn):
                turns[name].append(self.run(cell, name))
        for name, samples in turns.items():
            self.keep(cell.name, name, figures.mean(samples))

    def attempt(self, cell: Cell, name: str) -> tuple:
        """A sample and what is to be said against it.

        One of nginx, or of the provider alone, that does not end well is made once more and named: it says nothing of kmid. One of
        kmid is none.
        """
        try:
            return self.sample(cell, name)
        except programs.Failure as failure:
            if self.targets[name].ledger:
                return None, [str(failure)]
            self.disturbed.append(f"{cell.title}, {name}: made again: {failure}")
            say(f"made again: {failure}")
            return self.sample(cell, name)

    def left(self) -> float:
        return self.plan.budget - (time.monotonic() - self.begun)

    def rounds(self, *beside) -> int:
        """All cells, each against its targets in turn, and what `beside` measure, until the rounds or the time are over."""
        number = longest = 0
        while number == 0 or (number < self.plan.rounds and self.left() > longest):
            begun = time.monotonic()
            for cell in self.plan.cells:
                self.take_turns(cell, number)
            for measure in beside:
                measure(number)
            longest = max(longest, time.monotonic() - begun)
            number += 1
            say(f"round {number} of {self.plan.rounds}: {time.monotonic() - begun:.0f} s")
        return number

    def warm_up(self) -> None:
        """What is only slow once (pools, caches, page faults) is no part of any figure."""
        with self.alive():
            for cell in self.plan.cells:
                for name in cell.targets:
                    if name in self.targets and cell.kind != "streams":
                        brief = dataclasses.replace(cell, seconds=1, connections=min(cell.connections, 32))
                        self.warm(brief, name)

    def warm(self, cell: Cell, name: str, again: bool = True) -> None:
        try:
            self.whole(self.put(cell, self.targets[name]), cell, name, ", before the first round")
        except programs.Failure:
            if self.targets[name].ledger or not again:
                raise
            self.warm(cell, name, again=False)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
