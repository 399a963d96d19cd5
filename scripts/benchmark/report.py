"""The figures as tables, as a document for programs, and in the pages that quote them. Nothing here measures."""

import json
import math
import re
import textwrap

from . import figures

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PICTURE = "![CPU time and latency of kmid and nginx](../bench/results.svg)"
FORMAT = 2
# What is measured apart from the cells of a round.
APART = {"streams-5000": "5,000 streams, an event a second", "scraped": "1 KiB, 32 connections, 100 keys, quiet or scraped"}
# What is printed on a terminal is no wider.
WIDTH = 80


def document(machine: dict, plan: dict, cells: tuple, found: dict, judged: list, taken: int, disturbed: list, failures: list) -> dict:
    """All that is known of a run: what was planned, the medians, and every sample that they come from.

    `disturbed` names the runs that others took too much of the machine from, or that had to be made again because nginx failed, `failures` those that are not counted, and why.
    """
    titles = {cell.name: {"title": cell.title, "unit": cell.unit} for cell in cells}
    return {
        "format": FORMAT, "machine": machine, "plan": plan, "runs": taken, "disturbed_runs": disturbed, "failures": failures,
        "targets": judged,
        "cells": {
            name: titles.get(name, {"title": APART.get(name, name), "unit": ""})
            | {"summary": figures.summary(samples), "samples": samples}
            for name, samples in found.items()
        },
    }


def text(value: "float | None") -> str:
    """Three digits that count."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def share(value: "float | None") -> str:
    return "–" if value is None else f"{value * 100:.0f} %"


def sides(row: dict) -> str:
    if not row.get("sides"):
        return "–"
    scale, unit = (1 << 10, "KiB") if row["sides_unit"] == "B" else (1, row["sides_unit"])
    parts = [f"{one} {text(value / scale)}" for one, value in row["sides"].items() if value is not None]
    return f"{', '.join(parts)} {unit}" if parts else "–"


def target_table(judged: list) -> str:
    lines = ["| what | measured | target | | spread | of |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['title']} | {text(row['value'])} {row['unit']} | {row['target']} | {row['verdict']} | {share(row['spread'])} "
        f"| {sides(row)} |"
        for row in judged
    ]
    return "\n".join(lines)


def cell_rows(run: dict) -> list:
    """Of each cell and target: title, target, then CPU, rate, percentiles and memory as texts."""
    rows = []
    for cell in run["cells"].values():
        for target, values in cell["summary"].items():
            def middle(name: str, scale: float = 1, values=values):
                return values[name]["median"] / scale if name in values and values[name]["median"] is not None else None
            if "requests" not in values:
                continue
            rows.append((
                cell["title"], target, text(middle("cpu_us")), text(middle("rate")),
                *(text(middle(name)) for name in ("p50_us", "p99_us", "p999_us")), text(middle("memory", 1 << 20)),
                share(values["cpu_us"]["spread"] if "cpu_us" in values else None)))
    return rows


def cell_table(run: dict) -> str:
    heads = ("load", "on", "CPU µs", "per second", "p50 µs", "p99 µs", "p99.9 µs", "MiB", "spread of CPU")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in cell_rows(run)])


def short(version: str) -> str:
    """What `kmid version` says, as far as the commit."""
    found = re.match(r"(kmid \S+)(?: \(commit (\w{1,12}))?", version)
    return version if not found else found[1] if not found[2] else f"{found[1]} ({found[2]})"


def conditions(run: dict) -> str:
    machine, plan = run["machine"], run["plan"]
    kind = ", ".join([*(["a quick run"] if plan["name"] == "quick" else []), *(["a busy machine"] if plan["busy"] else [])])
    return (
        f"{short(machine['kmid'])} against nginx {machine['nginx']}, {machine['measured_at'][:10]}{', ' + kind if kind else ''}: "
        f"{machine['processor']}, {machine['processors']} processors, {machine['memory'] / 2**30:.0f} GiB, "
        f"Linux {machine['kernel']}, state on {machine['file_system']}; {plan['rounds_made']} of {plan['rounds_wanted']} rounds. "
        f"Of {run['runs']} runs {len(run['disturbed_runs'])} were disturbed: others took more than a tenth of the machine, or what is "
        "measured beside kmid failed and was made again.")


def pages(run: dict) -> str:
    """What docs/performance.md quotes."""
    return "\n\n".join((conditions(run), target_table(run["targets"]), cell_table(run), PICTURE))


def quoted(page: str, run: "dict | None") -> str:
    """The page with the figures of this run between its marks, or with nothing there."""
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    between = f"\n\n{pages(run)}\n\n" if run else "\n"
    return f"{before}{BEGIN}{between}{END}{after}"


def dump(run: dict) -> str:
    return json.dumps(rounded(run), indent=1, ensure_ascii=False) + "\n"


def rounded(value):
    """Six digits are more than any of it is worth."""
    if isinstance(value, float):
        # JSON has no word for more than everything.
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return value


def target_lines(judged: list) -> str:
    """For a terminal: a title, and below it what was measured and what is asked."""
    lines = []
    for row in judged:
        lines.append(row["title"])
        value = f"{text(row['value'])} {row['unit']}"
        lines.append(f"    {value:<24} {row['target']:<18} {row['verdict']:<12} spread {share(row['spread'])}")
        if row.get("sides"):
            lines.append(f"    {sides(row)}")
    return "\n".join(lines)


def cell_lines(run: dict) -> str:
    """For a terminal: the title of each load, and below it a line for everybody that it was put on."""
    heads = ("", "CPU µs", "per second", "p50 µs", "p99 µs", "p99.9 µs", "MiB", "spread")
    lines, title = [columns(heads)], None
    for row in cell_rows(run):
        if row[0] != title:
            lines.append(title := row[0])
        lines.append(columns(row[1:]))
    return "\n".join(lines)


def wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH)


def columns(texts: tuple) -> str:
    widths = (10, 8, 11, 9, 9, 9, 7, 7)
    first, *others = (one.rjust(width) for one, width in zip(texts, widths))
    return "  " + " ".join([texts[0].ljust(len(first)), *others]).rstrip()


def failure_lines(run: dict) -> str:
    return "\n".join([f"{len(run['failures'])} runs of kmid are not counted:",
                      *(f"  {one}" for one in run["failures"])])


def unexplained(run: dict, page: str) -> list:
    """The titles of rows that do not hold and that no heading or bold term of the page names, the quoted figures apart."""
    own = quoted(page, None).splitlines()
    named = [line for line in own if line.startswith("#") or "**" in line]
    terms = [line.lstrip("# ") for line in named if line.startswith("#")] + [term for line in named for term in line.split("**")[1::2]]
    return [row["title"] for row in run["targets"] if row["met"] is False and not any(row["title"] in term for term in terms)]
