"""The figures as a picture, in SVG. Nothing here measures.

Above the CPU time per request and event of each load as bars, below the percentiles of the latency on a logarithmic scale.
"""

import html
import math

from . import report

COLOURS = {"direct": "#8a8a8a", "nginx": "#2f7d4f", "kmid": "#2457a6"}
WIDTH, LEFT, RIGHT, ROW = 860, 330, 70, 15
PERCENTILES = (("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9"))


def median(cell: dict, target: str, name: str) -> "float | None":
    return cell["summary"].get(target, {}).get(name, {}).get("median")


def label(x: float, y: float, text: str, anchor: str = "start", size: int = 11, colour: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'


def bars(run: dict, top: float) -> tuple[list[str], float]:
    """CPU µs of nginx and kmid for each load that both had; the length grows with the logarithm."""
    rows = [(cell, target, median(cell, target, "cpu_us")) for cell in run["cells"].values() for target in ("nginx", "kmid")
            if all(median(cell, one, "cpu_us") for one in ("nginx", "kmid"))]
    if not rows:
        return [], top
    most = max(value for _, _, value in rows)
    least = min(value for _, _, value in rows) / 2
    parts, y = [label(8, top, "CPU time of the whole process, µs per request or event (logarithmic)", size=13)], top + 22
    for cell, target, value in rows:
        length = scale(value, least, most) * (WIDTH - LEFT - RIGHT)
        if target == "nginx":
            parts.append(label(LEFT - 8, y + ROW, cell["title"], "end"))
        parts.append(f'<rect x="{LEFT}" y="{y:.1f}" width="{length:.1f}" height="{ROW - 3}" fill="{COLOURS[target]}"/>')
        parts.append(label(LEFT + length + 5, y + ROW - 5, report.text(value), size=10))
        y += ROW + (6 if target == "kmid" else 0)
    return parts, y


def latencies(run: dict, top: float) -> tuple[list[str], float]:
    """A line of dots for each target of each load that has percentiles."""
    rows = [(cell, target) for cell in run["cells"].values() for target in ("direct", "nginx", "kmid")
            if median(cell, target, "p50_us") and "nginx" in cell["summary"]]
    if not rows:
        return [], top
    values = [median(cell, target, name) for cell, target in rows for name, _ in PERCENTILES]
    known = [value for value in values if value]
    least, most = min(known) / 1.3, max(known) * 1.3
    parts = [label(8, top, "Latency: 50th, 99th and 99.9th percentile, µs (logarithmic)", size=13)]
    parts += grid(least, most, top + 14, top + 20 + len(rows) * ROW)
    y, last = top + 22, None
    for cell, target in rows:
        if cell["title"] != last:
            parts.append(label(LEFT - 8, y + ROW - 4, cell["title"], "end"))
            last = cell["title"]
        xs = [LEFT + scale(value, least, most) * (WIDTH - LEFT - RIGHT)
              for value in (median(cell, target, name) for name, _ in PERCENTILES) if value]
        parts.append(f'<line x1="{xs[0]:.1f}" x2="{xs[-1]:.1f}" y1="{y + 6:.1f}" y2="{y + 6:.1f}" stroke="{COLOURS[target]}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y + 6:.1f}" r="3.5" fill="{COLOURS[target]}"/>' for x in xs]
        y += ROW
    return parts, y + ROW


def grid(least: float, most: float, top: float, bottom: float) -> list[str]:
    parts = []
    for power in range(math.ceil(math.log10(least)), math.floor(math.log10(most)) + 1):
        x = LEFT + scale(10**power, least, most) * (WIDTH - LEFT - RIGHT)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="#ddd"/>')
        parts.append(label(x, bottom + 12, f"{10**power:,}", "middle", 10, "#666"))
    return parts


def scale(value: float, least: float, most: float) -> float:
    """Where on a logarithmic axis from 0 to 1."""
    if most <= least:
        return 1.0
    return min(1.0, max(0.0, math.log(value / least) / math.log(most / least)))


def picture(run: dict) -> str:
    above, y = bars(run, 52)
    below, y = latencies(run, y + 30)
    legend = []
    for index, (name, colour) in enumerate(COLOURS.items()):
        legend.append(f'<rect x="{LEFT + index * 90}" y="14" width="12" height="12" fill="{colour}"/>')
        legend.append(label(LEFT + index * 90 + 17, 24, name))
    height = y + 40
    footer = label(8, height - 12, report.conditions(run).split(";")[0], size=10, colour="#666")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>', *legend, *above, *below, footer, "</svg>\n"])
