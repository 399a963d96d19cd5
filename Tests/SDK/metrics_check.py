"""Reads /metrics of a running daemon with the strict parsers of prometheus_client, in both formats.

Beside parsing it holds what the parsers do not: no series occurs twice, buckets are cumulative, the last one equals the
count.
"""

import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

PLAIN = "text/plain; version=0.0.4"
OPEN = "application/openmetrics-text; version=1.0.0"


def fetch(url: str, accept: str) -> tuple[str, str]:
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def hold(families: list, kind: str) -> None:
    seen = set()
    names = set()
    for family in families:
        assert family.name not in names, f"{kind}: the family {family.name} occurs twice"
        assert family.documentation, f"{kind}: {family.name} has no help text"
        assert family.type != "unknown", f"{kind}: {family.name} has no type"
        names.add(family.name)
        buckets: dict = {}
        counts: dict = {}
        for sample in family.samples:
            series = (sample.name, tuple(sorted(sample.labels.items())))
            assert series not in seen, f"{kind}: {series} occurs twice"
            seen.add(series)
            rest = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
            if sample.name.endswith("_bucket"):
                buckets.setdefault(rest, []).append((float(sample.labels["le"]), sample.value))
            elif sample.name.endswith("_count"):
                counts[rest] = sample.value
        for labels, steps in buckets.items():
            steps.sort()
            values = [value for _, value in steps]
            assert values == sorted(values), f"{kind}: {family.name}{labels} is not cumulative"
            assert steps[-1][0] == float("inf"), f"{kind}: {family.name}{labels} has no bucket +Inf"
            assert values[-1] == counts[labels], f"{kind}: {family.name}{labels}: +Inf is not the count"


def main() -> None:
    url = sys.argv[1]
    kind, text = fetch(url, PLAIN)
    assert kind.startswith("text/plain") and "version=0.0.4" in kind, kind
    plain = list(prometheus(text))
    hold(plain, "prometheus")

    kind, text = fetch(url, OPEN)
    assert kind.startswith("application/openmetrics-text") and "version=1.0.0" in kind, kind
    assert text.endswith("# EOF\n"), "OpenMetrics ends with # EOF"
    open_families = list(openmetrics(text))
    hold(open_families, "openmetrics")
    print(f"{len(plain)} families as Prometheus text, {len(open_families)} as OpenMetrics")


if __name__ == "__main__":
    main()
