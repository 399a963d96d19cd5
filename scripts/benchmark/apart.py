"""What is measured beside the loads: starts, thousands of slow streams, scrapes."""

import contextlib
import json
import pathlib
import select
import shutil
import subprocess
import sys
import time

from . import configurations, database, echo, figures, ledger, loads, machine, programs
from .measure import AFTERMATH, PLAIN, PROXIED, Bench, Target, say

KEYS, MODELS = 100, 64


def starts(bench: Bench):
    """From the start to READY=1, with a new database and with one that is full: what is to be done in each round.

    A daemon with a copy of the full one stays for the rounds.
    """
    template, setup = bench.folder / "template", bench.answers_only(3)
    with bench.daemon("template", setup) as daemon, bench.alive():
        loads.whole(loads.wrk(f"http://127.0.0.1:{daemon.port}{PLAIN}", 8, 1, 1024), "requests for a full database")
        time.sleep(AFTERMATH)
    begun = time.monotonic()
    database.fill(template / "state" / "state.sqlite", bench.plan.rows)
    say(f"{bench.plan.rows} request rows: {time.monotonic() - begun:.0f} s")
    shutil.copytree(template / "state", bench.folder / "filled")
    bench.add("full", setup, state=bench.folder / "filled")

    def in_round(number: int) -> None:
        for turn in range(bench.plan.starts):
            with bench.daemon(f"new-{number}-{turn}", setup) as daemon:
                bench.keep("start", "empty", {"ready_us": daemon.ready * 1e6})
            with bench.daemon("template", setup) as daemon:
                bench.keep("start", "full", {"ready_us": daemon.ready * 1e6})
    return in_round


def many_streams(bench: Bench) -> None:
    """Thousands of slow streams, on each of both in turn: whether they last, what they cost in memory, how late events are.

    Each time on a process that has served nothing before, since memory that was used once is kept; what it has at rest is a sample too.
    """
    for number in range(bench.plan.stream_runs):
        for name in figures.order(("nginx", "kmid"), number):
            with fresh(bench, name, f"{name}-{number}") as target, bench.alive():
                idle = machine.settle(target.pid)
                counted = target.ledger.read() if target.ledger else None
                sample = slow_streams(bench, target, idle)
                faults = target.ledger.faults(
                    counted, target.ledger.read(), bench.plan.streams, 0, "streams") if counted else []
            if faults:
                bench.failures.append(f"{bench.plan.streams} streams, {name}: {'; '.join(faults)}")
            bench.keep("memory", name, {"idle": idle})
            bench.keep("streams-5000", name, None if faults else sample)
        say(f"{bench.plan.streams} streams, {number + 1} of {bench.plan.stream_runs}")


@contextlib.contextmanager
def fresh(bench: Bench, name: str, folder: str):
    if name == "nginx":
        with bench.nginx(folder) as target:
            yield target
    else:
        setup = bench.setup()
        with bench.daemon(folder, setup) as daemon:
            yield bench.target(daemon, setup)


def slow_streams(bench: Bench, target: Target, rest: int) -> dict:
    before, plan = machine.processor_seconds(target.pid), bench.plan
    command = [
        programs.tool("setpriv"), "--pdeathsig", "TERM", "--", bench.binaries / "kmi-load", "call", target.port, "--path",
        PROXIED["streams"], "--token", configurations.TOKEN, "--streams", plan.streams, "--events", plan.stream_events,
        "--interval", 1_000_000, "--ramp", max(1_000, plan.streams), "--limit", 120]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as caller:
        try:
            next_line(caller, "open")
            time.sleep(1)
            full = machine.memory(target.pid)
            ended = next_line(caller, "ended")
        finally:
            programs.stop(caller)
    sample = loads.parse_streams(ended, plan.streams)
    time.sleep(AFTERMATH)
    sample["cpu_us"] = (machine.processor_seconds(target.pid) - before) / max(1, sample["requests"]) * 1e6
    return sample | {"each": (full - rest) / plan.streams, "memory": full}


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


def scrapes(bench: Bench):
    """What /metrics takes with many keys and models, and whether requests notice: what is to be done in each round."""
    provider = bench.stack.enter_context(echo.Provider())
    setup = configurations.Setup(
        (("answers", f"http://127.0.0.1:{bench.provider}/v1"), ("models", f"http://127.0.0.1:{provider.port}/v1")), KEYS // 2)
    daemon = bench.add("scraped", setup)
    url = f"http://127.0.0.1:{daemon.port}{PLAIN}"
    with bench.alive():
        loads.whole(loads.wrk(url, 8, 1, 1024, conversations=640), "requests with many keys")
        # One model is that of the other provider.
        echo.ask(daemon.port, "/p/models/chat/completions", MODELS - 1, 10 * (MODELS - 1))
        time.sleep(AFTERMATH)
        expect_series(ledger.scrape(daemon.admin))

    def in_round(number: int) -> None:
        with bench.alive():
            scrapes: list = []
            for turn in (2 * number, 2 * number + 1):
                for name in figures.order(("quiet", "scraped"), turn):
                    # A hundred take a tenth of a second, in which a machine has one pace.
                    scrapes.append(timed(daemon.admin, bench.plan.scrapes))
                    with scraping(daemon.admin) if name == "scraped" else contextlib.nullcontext():
                        sample = loads.wrk(url, 32, 3 if bench.plan.rounds > 1 else 1, 1024)
                    bench.keep("scraped", name, loads.whole(sample, f"requests while {name}"))
            bench.keep("scrape", "kmid", figures.mean(scrapes))
    return in_round


def expect_series(text: str) -> None:
    """That there is as much to tell as the row says."""
    metrics = ledger.Metrics(text)
    keys, models = metrics.values("kmi_key_requests_total", "key"), metrics.values("kmi_tokens_total", "model") - {"other"}
    if (len(keys), len(models)) != (KEYS, MODELS):
        raise programs.Failure(f"/metrics tells of {len(keys)} keys and {len(models)} models that were used, not {KEYS} and {MODELS}")


def timed(port: int, number: int) -> dict:
    times, size = [], 0
    for _ in range(number):
        begun = time.perf_counter()
        size = len(ledger.scrape(port))
        times.append((time.perf_counter() - begun) * 1e6)
    return {"p50_us": figures.percentile(times, 0.5), "p99_us": figures.percentile(times, 0.99), "bytes": size}


@contextlib.contextmanager
def scraping(port: int):
    """Asks for /metrics ten times a second, from a process of its own."""
    command = [programs.tool("setpriv"), "--pdeathsig", "TERM", "--", sys.executable, "-c", SCRAPER, str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise programs.Failure(f"who asked for /metrics meanwhile ended with status {process.returncode}")
    finally:
        programs.stop(process)


SCRAPER = f"""
import sys, time
sys.path.insert(0, {str(pathlib.Path(__file__).resolve().parents[1])!r})
from benchmark import ledger
while True:
    assert len(ledger.scrape(int(sys.argv[1]))) > 1000
    time.sleep(0.1)
"""
