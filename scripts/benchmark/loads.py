"""Puts a load on a port and reads what the tool tells of it."""

import json
import pathlib
import re
import subprocess

from . import configurations
from .plan import Cell
from .programs import Failure, tool

SCRIPT = pathlib.Path(__file__).resolve().parent / "requests.lua"
# Streams at once of a connection with HTTP/2.
H2_STREAMS = 4


def whole(sample: dict, what: str) -> dict:
    """The sample, if everything ended well."""
    if sample["failed"]:
        raise Failure(f"{what}: {sample['failed']} did not end well: {sample}")
    if not sample["requests"]:
        raise Failure(f"{what}: nothing was done: {sample}")
    return sample


def run(command: list, seconds: float, environment: "dict | None" = None) -> str:
    """What a load tool prints; it has to end by itself in time."""
    try:
        result = subprocess.run(
            [tool("setpriv"), "--pdeathsig", "TERM", "--", *map(str, command)], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=seconds, env={"PATH": "/usr/bin:/bin", **(environment or {})})
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{command[0]} did not end within {seconds:.0f} s") from error
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def wrk(url: str, connections: int, seconds: float, size: int, conversations: int = 64) -> dict:
    """wrk counts whole seconds only, so shorter runs are a second."""
    environment = {
        "BENCH_TOKEN": configurations.TOKEN, "BENCH_BYTES": str(size), "BENCH_CONVERSATIONS": str(conversations)}
    threads = 1 if connections < 16 else 2
    output = run(
        [tool("wrk"), "-t", threads, "-c", connections, "-d", f"{max(1, round(seconds))}s", "--timeout", "10s",
         "-s", SCRIPT, url], seconds + 20, environment)
    return parse_wrk(output)


def parse_wrk(output: str) -> dict:
    line = next((line for line in output.splitlines() if line.startswith("{")), None)
    if line is None:
        raise Failure(f"wrk told nothing:\n{output}")
    sample = json.loads(line)
    sample["rate"] = sample["requests"] / sample["seconds"]
    return sample


def h2load(url: str, connections: int, seconds: float, size: int, folder: pathlib.Path) -> dict:
    body = folder / f"body-{size}"
    if not body.exists():
        text = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"'
        body.write_text(text + "a" * (size - len(text) - 4) + '"}]}')
    return parse_h2load(run(
        [tool("h2load"), "-t", 1, "-c", connections, "-m", H2_STREAMS, "-D", max(1, round(seconds)), "-d", body,
         "-H", f"Authorization: Bearer {configurations.TOKEN}", "-H", "Content-Type: application/json", url],
        seconds + 20))


def parse_h2load(output: str) -> dict:
    rate = re.search(r"finished in ([\d.]+)(m?s), ([\d.]+) req/s", output)
    counts = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored", output)
    codes = re.search(r"status codes: (\d+) 2xx", output)
    if not (rate and counts and codes):
        raise Failure(f"h2load told nothing:\n{output}")
    done, _, failed, errored = map(int, counts.groups())
    seconds = float(rate[1]) / (1_000 if rate[2] == "ms" else 1)
    return {"requests": done, "seconds": seconds, "failed": max(failed + errored, done - int(codes[1])),
            "rate": float(rate[3])}


def parse_streams(line: dict, streams: int) -> dict:
    """The last line of `kmi-load call`; what is counted is events."""
    incomplete = streams - line["complete"]
    delay = line["delay_us"]
    return {
        "requests": line["events"], "seconds": line["seconds"], "failed": incomplete, "incomplete": incomplete,
        "rate": line["events"] / line["seconds"] if line["seconds"] else 0.0, "p50_us": delay["p50"],
        "p90_us": delay["p90"], "p99_us": delay["p99"], "p999_us": delay["p999"], "max_us": delay["max"]}


def call(binary: pathlib.Path, port: int, path: str, cell: Cell, pace: int) -> dict:
    """Streams of 100 events; their beginnings lie evenly within the time between two events."""
    output = run(
        [binary, "call", port, "--path", path, "--token", configurations.TOKEN, "--streams", cell.connections,
         "--events", 100, "--interval", pace, "--ramp", max(pace // 1_000, cell.connections), "--limit", 60], 90)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    ended = next((line for line in lines if line["event"] == "ended"), None)
    if ended is None:
        raise Failure("kmi-load told nothing")
    return parse_streams(ended, cell.connections)


