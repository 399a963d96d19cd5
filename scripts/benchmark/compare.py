"""Holds several results against each other: whether the rows of the targets come out alike on every run.

What is judged are the rows of the targets, nearly all of which are ratios within one run. Microseconds and rates of the loads hang on
what else a machine did in those minutes; they are shown with their spread and not judged.
"""

import json
import math
import pathlib

from . import figures, report
from .programs import Failure

# The spread of a row that is allowed: the distance of the extremes as a share of the median.
LIMIT = 0.15
# What of a cell the table of the loads shows.
SHOWN = ("cpu_us", "rate", "p50_us", "p99_us")
# Parts of `machine` that have to be the same, in words.
SAME = {"processor": "processor", "processors": "number of processors", "memory": "memory", "kernel": "kernel", "nginx": "nginx",
        "kmid": "kmid", "kmid_sha256": "build of kmid", "file_system": "file system"}


def read(name: str) -> dict:
    """A result that scripts/bench has written."""
    try:
        document = json.loads(pathlib.Path(name).read_text())
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from error
    except ValueError as error:
        raise Failure(f"{name}: no JSON: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(document.get(key), kind) for key, kind in (
            ("machine", dict), ("plan", dict), ("targets", list), ("cells", dict))):
        raise Failure(f"{name}: no result of scripts/bench")
    if document.get("format") != report.FORMAT:
        raise Failure(f"{name}: of format {document.get('format')}, {report.FORMAT} is wanted: measure it anew")
    if not all(isinstance(row, dict) and "value" in row and isinstance(row.get("title"), str) for row in document["targets"]):
        raise Failure(f"{name}: the rows of its targets are no result of scripts/bench")
    return document


def read_all(names: list) -> list:
    """Results of the same programs on the same machine after the same plan."""
    if len(names) < 2:
        raise Failure("two results at least are needed to hold against each other")
    runs = [read(name) for name in names]
    for name, run in zip(names[1:], runs[1:]):
        for key, words in SAME.items():
            ours, others = run["machine"].get(key), runs[0]["machine"].get(key)
            if ours != others and None not in (ours, others):
                raise Failure(f"{name}: another {words} than in {names[0]} ({ours}, not {others})")
        if planned(run) != planned(runs[0]):
            raise Failure(f"{name}: made after another plan than {names[0]}: {difference(planned(run), planned(runs[0]))}")
    return runs


def planned(run: dict) -> dict:
    """Of the plan what was wanted, not how it went."""
    return {key: value for key, value in run["plan"].items() if key not in ("rounds_made", "busy")}


def difference(ours: dict, others: dict) -> str:
    return ", ".join(f"{key} {ours.get(key)}, not {others.get(key)}"
                     for key in sorted(ours | others) if ours.get(key) != others.get(key))


def judged(runs: list) -> list:
    """Of each row of a target: title, values, spread, and whether it is within the limit. One that a result lacks is not."""
    by_title = [{row["title"]: row for row in run["targets"]} for run in runs]
    titles = list(dict.fromkeys(title for rows in by_title for title in rows))
    outcome = []
    for title in titles:
        rows = [one.get(title, {}) for one in by_title]
        values = [row.get("value") for row in rows]
        unit = next((row["spread_unit"] for row in rows if row.get("spread_unit")), None)
        apart = None if None in values else figures.spread(values, unit)
        outcome.append((title, values, apart, apart is not None and apart <= LIMIT))
    return outcome


def unjudged(runs: list) -> list:
    """Of each load, who it was put on, and figure: title, values, spread."""
    outcome = []
    for name, cell in runs[0]["cells"].items():
        for target in cell["summary"]:
            for figure in SHOWN:
                values = [median(run, name, target, figure) for run in runs]
                if any(value is not None for value in values):
                    outcome.append((f"{cell['title']}: {target}, {figure}", values, figures.spread(values)))
    return outcome


def median(run: dict, cell: str, target: str, figure: str) -> "float | None":
    return run["cells"].get(cell, {}).get("summary", {}).get(target, {}).get(figure, {}).get("median")


def line(title: str, values: list, apart: "float | None", mark: str = "") -> str:
    """The title, and the figures below it."""
    spread = "–" if apart is None else "∞" if math.isinf(apart) else report.share(apart)
    return f"{title}\n    {'  '.join(f'{report.text(value):>9}' for value in values)}  {spread:>7}{mark}"


def outcome(names: list) -> tuple[str, bool]:
    """What is printed of these files, and whether every row of a target is within the limit."""
    runs = read_all(names)
    rows = judged(runs)
    failed = [title for title, _, _, holds in rows if not holds]
    share = f"{LIMIT * 100:.0f} %"
    parts = ["Rows of the targets. The last number is the distance of the extremes as a share",
             "of the median (of the limit, where a row is a difference of two times)."]
    parts += [line(title, values, apart, "" if holds else "  MORE" if apart is not None else "  MISSING")
              for title, values, apart, holds in rows]
    parts += ["", "Medians of the loads (shown, not judged)"]
    parts += [line(title, values, apart, "  (more)" if apart is not None and apart > LIMIT else "")
              for title, values, apart in unjudged(runs)]
    parts += ["", f"{len(failed)} of {len(rows)} rows of the targets are missing or lie further apart than {share}."
              if failed else f"All {len(rows)} rows of the targets are within {share}."]
    return "\n".join(parts), not failed
