"""Whether kmid did what it is credited with: its own counts before and after a load, held against what the load tool tells."""

import collections
import http.client
import json
import pathlib
import re

from .programs import Failure

SAMPLE = re.compile(r'([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def scrape(port: int, token: str = "") -> str:
    """What /metrics answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise Failure(f"/metrics: {answer.status}")
    return text


class Metrics:
    """The samples of a scrape."""

    def __init__(self, text: str):
        self.samples = collections.defaultdict(list)
        for line in text.splitlines():
            if not line.startswith("#") and (found := SAMPLE.match(line)):
                self.samples[found[1]].append((dict(LABEL.findall(found[2] or "")), float(found[3])))

    def total(self, family: str, **labels: str) -> float:
        return sum(value for own, value in self.samples[family] if labels.items() <= own.items())

    def values(self, family: str, label: str) -> set:
        """The values of a label of the samples that are not 0."""
        return {own[label] for own, value in self.samples[family] if value and label in own}


class Lines:
    """Counts the lines that a daemon says it gave up, as its log grows."""

    def __init__(self, log: pathlib.Path):
        self.log, self.offset, self.lost = log, 0, 0

    def count(self) -> int:
        with self.log.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                # The rest of a line that is being written is read again.
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                if b'"log_dropped"' in line:
                    self.lost += int(json.loads(line)["count"])
        return self.lost


def complaints(log: pathlib.Path, number: int = 3) -> str:
    """The last warnings and errors of a daemon's log, and the last requests that did not end well, a line each.

    Callers leave at the end of each load, which is no fault.
    """
    said, ended = collections.deque(maxlen=number), collections.deque(maxlen=number)
    with log.open(errors="replace") as file:
        for line in file:
            if '"level":"warning"' in line or '"level":"error"' in line:
                said.append(line)
            elif '"event":"request"' in line and '"status":"200"' not in line and '"outcome":"left"' not in line:
                ended.append(line)
    return "".join(f"\n    {line.rstrip()[:600]}" for line in (*said, *ended))


class Ledger:
    """The counts of one daemon."""

    def __init__(self, port: int, log: pathlib.Path, keys: dict):
        # `keys` is how many each provider has.
        self.port, self.log, self.lines, self.keys = port, log, Lines(log), keys

    def read(self) -> dict:
        metrics = Metrics(scrape(self.port))
        return {
            "finished": metrics.total("kmi_requests_total"), "good": metrics.total("kmi_requests_total", code="200"),
            "rows given up": metrics.total("kmi_store_dropped_total"), "log lines given up": self.lines.count(),
            "failed writes": metrics.total("kmi_store_errors_total"),
            "used": {provider: len({own["key"] for own, value in metrics.samples["kmi_key_requests_total"]
                                    if value and own["provider"] == provider}) for provider in self.keys},
        }

    def faults(self, before: dict, after: dict, requests: int, in_flight: int, provider: str) -> list:
        """In words what the counts of a load say against it.

        Callers that leave in the midst of a request may have it finished, and counted, or not: `in_flight` at most.
        """
        finished, found = after["finished"] - before["finished"], []
        if not requests <= finished <= requests + in_flight:
            found.append(f"kmid finished {finished:.0f} requests, the load tool counted {requests} (and {in_flight} under way at most)")
        if (bad := finished - (after["good"] - before["good"])) > in_flight:
            found.append(f"{bad:.0f} of them did not end with 200")
        for what in ("rows given up", "log lines given up", "failed writes"):
            if grown := after[what] - before[what]:
                found.append(f"{what}: {grown:.0f}")
        # They take turns; so many requests reach each of them.
        keys, used = self.keys[provider], after["used"][provider]
        if used < keys and requests >= 8 * keys:
            found.append(f"{used} of the {keys} keys of '{provider}' were used")
        return found
