"""The figures as tables, as a document for programs, and in the pages that quote them. Nothing here measures."""

import json

from . import figures

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PICTURE = "![CPU time and latency of kmid and nginx](../bench/results.svg)"
FORMAT = 1
# What is measured apart from the cells of a round.
APART = {"streams-5000": "5,000 streams, an event a second", "scraped": "1 KiB, 32 connections, 100 keys, quiet or scraped"}


def document(machine: dict, cells: tuple, found: dict, judged: list, rounds: int, disturbed: int, taken: int) -> dict:
    """All that is known of a run: the medians, and every sample that they come from."""
    titles = {cell.name: {"title": cell.title, "unit": cell.unit} for cell in cells}
    return {
        "format": FORMAT, "machine": machine, "rounds": rounds, "runs": taken, "disturbed_runs": disturbed,
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
    names = {"kmid": "kmid", "nginx": "nginx", "direct": "direct"}
    parts = [f"{names[one]} {text(value)}" for one, value in row["sides"].items() if value is not None]
    return f"{', '.join(parts)} {row['sides_unit']}"


def verdict(row: dict) -> str:
    return "–" if row["met"] is None else "met" if row["met"] else "not met"


def target_table(judged: list) -> str:
    lines = ["| what | measured | target | | spread | of |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['title']} | {text(row['value'])} {row['unit']} | {row['target']} | {verdict(row)} | {share(row['spread'])} "
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


def conditions(run: dict) -> str:
    machine = run["machine"]
    return (
        f"{machine['kmid']} against nginx {machine['nginx']}, {machine['measured_at'][:10]}: {machine['processor']}, "
        f"{machine['processors']} processors, {machine['memory'] / 2**30:.0f} GiB, Linux {machine['kernel']}; {run['rounds']} rounds. "
        f"Of {run['runs']} runs {run['disturbed_runs']} had more than a tenth of the machine taken by others.")


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
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return value


def terminal(table: str) -> str:
    """A table of Markdown with columns below each other."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    rows = [row for row in rows if not all(set(cell) <= {"-"} for cell in row)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
