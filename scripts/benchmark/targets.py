"""What is asked of the figures, and whether they hold. Nothing here reads a clock or a file.

Each row takes the measurements (see `plan`) and gives a value, or `None` if it was not measured.
"""

import dataclasses
import typing

from . import figures
from .plan import KIBIBYTE, MEBIBYTE


@dataclasses.dataclass(frozen=True)
class Target:
    title: str
    unit: str
    limit: float
    value: typing.Callable[[dict], list]
    at_least: bool = False
    # What must not be undercut either.
    floor: "float | None" = None
    # A difference may be nothing or less, so that its spread is a share of the limit and not of the median.
    is_difference: bool = False
    # How the numbers of both that the value is made of are found: (cell, name, unit).
    sides: "tuple | None" = None

    def text(self) -> str:
        if self.floor is not None:
            return f"{self.floor:g} to {self.limit:g} {self.unit}"
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}"

    def holds(self, value: float) -> bool:
        if self.floor is not None and value < self.floor:
            return False
        return value >= self.limit if self.at_least else value <= self.limit

    def spread(self, values: list) -> "float | None":
        return figures.spread(values, self.limit if self.is_difference else None)


def of_nginx(cell: str, name: str):
    return lambda found: figures.ratios(found.get(cell, {}), "kmid", "nginx", name)


def added_of_nginx(cell: str, name: str):
    return lambda found: figures.added_ratio(found.get(cell, {}), "kmid", "nginx", "direct", name)


def own(cell: str, name: str, scale: float = 1, target: str = "kmid"):
    return lambda found: [
        value / scale for value in figures.column(found.get(cell, {}), target, name) if value is not None]


def over_nginx(cell: str, name: str, scale: float):
    def value(found: dict) -> list:
        rounds = found.get(cell, {})
        pairs = zip(figures.column(rounds, "kmid", name), figures.column(rounds, "nginx", name))
        return [(above - below) / scale for above, below in pairs if None not in (above, below)]
    return value


def growth(cell: str, name: str, *targets: str):
    """The highest of several in units of the lowest: medians over the rounds, for one round has more noise than growth."""
    def value(found: dict) -> list:
        # All in units of the first, so that what the pace of the machine did is in none of them.
        medians = [figures.median(figures.ratios(found.get(cell, {}), target, targets[0], name)) for target in targets]
        return [] if None in medians or min(medians) <= 0 else [max(medians) / min(medians)]
    return value


def change(cell: str, name: str, target: str, base: str):
    return lambda found: figures.ratios(found.get(cell, {}), target, base, name)


TARGETS = (
    Target("CPU per plain request, 32 connections", "× nginx", 2.5, of_nginx("plain-32", "cpu_us"),
           sides=("plain-32", "cpu_us", "µs")),
    Target("added latency at 1 connection, 50th percentile", "× nginx's", 2.5, added_of_nginx("plain-1", "p50_us"),
           sides=("plain-1", "p50_us", "µs")),
    Target("99th percentile at 256 connections", "× nginx", 2.5, of_nginx("plain-256", "p99_us"),
           sides=("plain-256", "p99_us", "µs")),
    Target("CPU per streamed event, 50 streams", "× nginx", 2, of_nginx("streams-50", "cpu_us"),
           sides=("streams-50", "cpu_us", "µs")),
    Target("requests per second, 32 connections", "× nginx", 0.4, of_nginx("plain-32", "rate"), at_least=True,
           sides=("plain-32", "rate", "/s")),
    Target("resident memory at rest", "MiB", 30, own("memory", "idle", MEBIBYTE), sides=("memory", "idle", "B")),
    Target("resident memory of an open stream, at 5,000", "KiB", 40, own("streams-5000", "each", KIBIBYTE),
           sides=("streams-5000", "each", "B")),
    Target("5,000 streams of an event a second: not complete", "streams", 0, own("streams-5000", "incomplete")),
    Target("5,000 streams: 99th percentile of an event's delay", "ms over nginx", 20,
           over_nginx("streams-5000", "p99_us", 1_000), is_difference=True, sides=("streams-5000", "p99_us", "µs")),
    Target("scrape of /metrics, 100 keys and 64 models", "ms", 5, own("scrape", "p50_us", 1_000)),
    Target("99th percentile of requests while scraped every 100 ms", "× without", 1.1,
           change("scraped", "p99_us", "scraped", "quiet")),
    Target("start to READY=1, a million request rows", "ms", 150, own("start", "ready_us", 1_000, "full")),
    Target("CPU per request with 10, 100 and 1,000 keys, highest in units of the lowest", "×", 1.1,
           growth("growth", "cpu_us", "keys-10", "keys-100", "keys-1000")),
    # Less would be as strange: then it does not do the same.
    Target("CPU per request with a full database in units of an empty one", "×", 1.1,
           change("growth", "cpu_us", "full", "keys-3"), floor=0.9),
)


def judge(found: dict, is_quick: bool = False, targets: tuple = TARGETS) -> list[dict]:
    """A row for each target: the median of its values, their spread, and whether it holds.

    `verdict` tells that in a word; `met` is `None` where nothing was measured, and in a quick run, whose figures say too little.
    """
    return [row(target, found, is_quick) for target in targets]


def row(target: Target, found: dict, is_quick: bool) -> dict:
    values = target.value(found)
    value = figures.median(values)
    met = None if value is None or is_quick else target.holds(value)
    verdict = "not measured" if value is None else "quick" if is_quick else "met" if met else "not met"
    result = {
        "title": target.title, "unit": target.unit, "target": target.text(), "value": value, "spread": target.spread(values),
        "met": met, "verdict": verdict,
    }
    # What the values of several results are held against each other in units of, where it is not their median.
    if target.is_difference:
        result["spread_unit"] = target.limit
    if target.sides:
        cell, name, result["sides_unit"] = target.sides
        rounds = found.get(cell, {})
        result["sides"] = {one: figures.median(figures.column(rounds, one, name))
                           for one in ("kmid", "nginx", "direct") if one in rounds}
    return result
