"""What may be counted of a request, an event and `kmictl status`, and how counts are held against those that are recorded.

Nothing here starts anything. The file of what is recorded, bench/costs.json, has a part for each build and architecture; of each row
it holds the count and the limits between which later counts have to stay.
"""

import dataclasses
import json
import re

from .report import rounded

FORMAT = 1
# Fields of `made_with` in words.
TOOLS = {"swift": "Swift", "libc": "glibc", "valgrind": "valgrind", "systemd": "systemd", "processor": "processor"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One count. It fails at more than `above` (a share) over what is recorded, and at less than `below` under it, so that gains are
    recorded too; `slack` is what it may differ at least."""

    name: str
    title: str
    above: float
    below: float
    slack: float = 0

    def limits(self, value: float) -> "tuple[float, float]":
        return value - max(value * self.below, self.slack), value + max(value * self.above, self.slack)


def counted(name: str, title: str, instructions: tuple, allocations: tuple, system_calls: tuple) -> tuple:
    return (Row(f"{name}_instructions", f"instructions {title}", *instructions),
            Row(f"{name}_allocations", f"allocations {title}", *allocations),
            Row(f"{name}_system_calls", f"system calls {title}", *system_calls))


# Runs on quiet and busy machines lay within 1.2 % (requests; allocations 0.5, for release 1.7), 2 % (with TLS), 3 % (rows) and 1 %
# (events; allocations 4). System calls of requests and events hardly differ, as those that wait or wake are not counted: by 0.05 of 7
# and 0.02 of 2, so that one more for each is noticed. Those of rows lay within 4 %: now and then a row takes two transactions.
ROWS = (
    *counted("request", "per request, event loops", (0.05, 0.10), (0.02, 0.05, 1), (0.03, 0.03, 0.4)),
    *counted("sealed", "per request with TLS, event loops", (0.06, 0.12), (0.04, 0.08, 1), (0.03, 0.03, 0.4)),
    *counted("row", "per request, its row and log line", (0.06, 0.12), (0.05, 0.10, 2), (0.08, 0.15, 1)),
    *counted("event", "per event of a stream, event loops", (0.05, 0.10), (0.06, 0.12, 0.5), (0.06, 0.06, 0.2)),
    Row("status_instructions", "instructions of kmictl status", 0.05, 0.10),
    Row("status_of_busctl", "the same in units of what busctl takes", 0.05, 0.10),
    Row("status_calls", "calls of kmictl status on D-Bus", 0, 0),
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A row with what is recorded and what was counted; either may be missing."""

    row: Row
    value: "float | None"
    recorded: "dict | None"

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not counted"
        if self.recorded is None:
            return "not recorded"
        if self.value > self.recorded["at_most"]:
            return "more"
        return "less" if self.value < self.recorded["at_least"] else "holds"

    def change(self) -> str:
        if self.value is None or not self.recorded or not self.recorded["value"]:
            return ""
        return f"{(self.value / self.recorded['value'] - 1) * 100:+.1f} %"

    def line(self) -> str:
        """For people: what, before, now."""
        before = text(self.recorded["value"]) if self.recorded else "–"
        verdict = self.verdict
        if verdict == "more":
            verdict = f"MORE than {text(self.recorded['at_most'])}"
        elif verdict == "less":
            verdict = f"LESS than {text(self.recorded['at_least'])}"
        return f"{self.row.title:<52} {before:>12} {text(self.value):>12} {self.change():>8}  {verdict}"


def text(value: "float | None") -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10_000 else f"{value:,.2f}".rstrip("0").rstrip(".")


def judge(values: dict, recorded: "dict | None", rows: tuple = ROWS) -> list:
    """An outcome for each row; `recorded` is what the file holds for a build."""
    known = (recorded or {}).get("rows", {})
    return [Outcome(row, values.get(row.name), known.get(row.name)) for row in rows]


def entry(values: dict, made_with: dict, day: str, reason: str, rows: tuple = ROWS) -> dict:
    """What is recorded of a build."""
    def limited(row: Row) -> dict:
        least, most = row.limits(values[row.name])
        return {"value": whole(values[row.name]), "at_least": whole(least), "at_most": whole(most)}

    return {"recorded": day, "reason": reason, "made_with": made_with, "rows": {row.name: limited(row) for row in rows}}


def whole(value: float) -> "int | float":
    """Six digits, and no fraction of what has many."""
    short = rounded(float(value))
    return int(short) if short == int(short) else short


def renewed(document: "dict | None", build: str, part: dict) -> dict:
    """The file with another part for a build."""
    builds = (document or {}).get("builds", {}) | {build: part}
    return {"format": FORMAT, "builds": dict(sorted(builds.items()))}


def dump(document: dict) -> str:
    """A line for each row, so that a change shows what it changes."""
    plain = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return re.sub(r'\{\s+("value":[^{}]*?)\s+\}', lambda found: "{" + re.sub(r"\s+", " ", found[1]) + "}", plain)


def table(outcomes: list) -> str:
    return "\n".join([f"{'':<52} {'recorded':>12} {'now':>12} {'change':>8}", *(one.line() for one in outcomes)])


def advice(outcomes: list, build: str, recorded: "dict | None", made_with: dict, command: str) -> str:
    """What to do about the rows that do not hold; empty if all do."""
    number = {verdict: sum(one.verdict == verdict for one in outcomes)
              for verdict in ("more", "less", "not recorded", "not counted")}
    lines = []
    if number["more"]:
        lines += [
            f"{number['more']} of the counts are higher than bench/costs.json allows ({build}).",
            "To see what grew, keep what callgrind writes here and at the commit before, and compare what callgrind_annotate",
            "tells of it (docs/performance.md, \"Thresholds\"):",
            f"    {command} --keep FOLDER",
            "If what was gained is worth that much:",
            f"    {command} --record 'what it is spent on'"]
    if number["less"]:
        lines += [f"{number['less']} of the counts are lower than bench/costs.json expects ({build}). To keep what was saved:",
                  f"    {command} --record 'what has saved it'"]
    if number["not recorded"]:
        lines += [f"{number['not recorded']} of the counts have nothing in bench/costs.json to be held against ({build}):",
                  f"    {command} --record 'why there is a new row'"]
    if number["not counted"]:
        lines += [f"{number['not counted']} of the counts are missing."]
    if lines and recorded:
        lines += [f"Recorded with {TOOLS.get(name, name)} {before}, counted with {made_with.get(name, 'another')}."
                  for name, before in recorded["made_with"].items() if made_with.get(name) != before]
    return "\n".join(lines)
