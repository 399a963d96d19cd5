#!/usr/bin/env python3
"""Makes every alert of monitoring/alerts.yml fire at a real Prometheus server, and sees each end by itself (X-047, T-019).

Three daemons and a simulated provider are started, all is well and nothing may be pending; then the provider fails as scenarios
tell it to, disks, clocks, certificates and callers misbehave, and every alert has to fire where it is expected. Then the
causes are taken away, and every alert has to go. The rules are those of the file: only their times are shortened, and the
few thresholds below.

    live.py --binaries .build/debug [--keep]
"""

import argparse
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[2] / "scripts")]
import faults  # noqa: E402
from documentation import promql, rulefile  # noqa: E402
from surroundings import Failure, Prometheus, TOP, eventually, tool  # noqa: E402

KIT = TOP / "monitoring"
# The whole run, however slow the machine is.
LIMIT = 160
# Ranges and waits of the rules, while it is scraped once a second.
RANGES = {"5m": "6s", "10m": "8s", "15m": "14s", "1h": "10s"}
WAIT = "1s"
# Thresholds that stand for days, minutes and thousands of rows, or that this machine would cross by itself, by alert.
THRESHOLDS = {
    "KMIFirstByteSlow": ("> 30", "> 1"),
    "KMIBackupOld": ("3 * 86400", "15"),
    "KMIStorageQueueFilling": ("0.25 *", "0.001 *"),
    # The last bound of the histogram is 250 ms. Whether a busy machine takes 100 ms is not what is tried.
    "KMIOverheadHigh": ("> 0.1", "> 0.249"),
}


def shortened(text: str) -> str:
    """The rules with shorter times; fails where something is not as expected, so that no rule escapes."""
    parts = re.split(r"(?m)^(?=      - (?:alert|record): )", text)
    for index, part in enumerate(parts):
        name = re.match(r"      - (?:alert|record): (\S+)", part)
        part = re.sub(r"\[(\w+)\]", lambda match: f"[{RANGES[match[1]]}]", part)
        part = re.sub(r"(?m)^        for: \w+$", f"        for: {WAIT}", part)
        if name and name[1] in THRESHOLDS:
            old, new = THRESHOLDS[name[1]]
            if part.count(old) != 1:
                raise Failure(f"{name[1]} has no '{old}' any more: see THRESHOLDS")
            part = part.replace(old, new)
        parts[index] = part
    return "".join(parts)


def configuration(cast: "faults.Cast", folder: pathlib.Path) -> str:
    """The two configurations of the kit as one, with addresses and times of this run."""
    local, remote = ((KIT / name).read_text() for name in ("prometheus.yml", "prometheus-remote.yml"))
    plain = ", ".join(f'"127.0.0.1:{daemon.admin}"' for daemon in (cast.providers, cast.life))
    pairs = [
        ('targets: ["127.0.0.1:7879"]', f"targets: [{plain}]"), ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 500ms"),
    ]
    text = local.split("\n# An Alertmanager")[0]
    for old, new in pairs:
        if text.count(old) != 1:
            raise Failure(f"prometheus.yml has no '{old}' any more")
        text = text.replace(old, new)
    job = remote[remote.index("  # The rules and the dashboard rely"):]
    for old, new in [
        ("job_name: kmi", "job_name: kmi-remote\n    relabel_configs: [{target_label: job, replacement: kmi}]"),
        ("/etc/prometheus/kmi-ca.pem", f"{cast.system.folder}/ca.pem"),
        ("/etc/prometheus/kmi.token", f"{cast.system.folder}/client.token"),
        ('targets: ["kmi.example:7879"]', f'targets: ["127.0.0.1:{cast.system.admin}"]'),
    ]:
        if job.count(old) != 1:
            raise Failure(f"prometheus-remote.yml has no '{old}' any more")
        job = job.replace(old, new)
    return text + "\n" + job


def check_scrapes(server: Prometheus, cast: "faults.Cast") -> None:
    """All daemons are scraped without a word of complaint, and promtool finds nothing to say either."""
    targets = server.api("targets")["activeTargets"]
    for target in targets:
        if target["health"] != "up" or target["lastError"]:
            raise Failure(f"{target['scrapeUrl']}: {target['health']} {target['lastError']}")
    if sorted(result["value"][1] for result in server.query('up{job="kmi"}')) != ["1"] * 3:
        raise Failure(f"not every daemon is up: {server.query('up')}")
    for line in server.program.said().splitlines():
        if re.search(r"level=(warn|error)", line) and re.search(r"scrap|sample|append|rule|component=", line):
            raise Failure(f"prometheus complains: {line}")
    promtool = tool("promtool")
    for daemon in cast.all:
        text = daemon.ask("/metrics", admin=True)[1]
        result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        if result.returncode != 0 or result.stderr:
            raise Failure(f"promtool: {result.stdout} {result.stderr}")


def check_selectors(server: Prometheus, rules: list) -> None:
    """Every selector of a rule finds something: the values of labels that it asks for exist."""
    recorded = {rule.name for rule in rules if rule.kind == "record"}
    for rule in rules:
        for metric, selector in promql.names(rule.expression).selectors:
            if metric not in recorded and not server.query(f"count({selector})"):
                raise Failure(f"{rule.name}: {selector} finds nothing in a scrape")


class Watch:
    """Looks which alerts fire, and notes when each did first."""

    def __init__(self, server: Prometheus, wanted: set[tuple[str, str]]):
        self.server, self.wanted = server, wanted
        self.seen: dict[tuple[str, str], float] = {}
        self.began = time.monotonic()

    def look(self) -> None:
        for place, alert in self.server.alerts("firing").items():
            if place not in self.seen:
                self.seen[place] = time.monotonic() - self.began
                for text in alert["annotations"].values():
                    if "<no value>" in text or "error expanding" in text:
                        raise Failure(f"{place[0]}: {text}")

    def wait(self, names: set[str] | None, within: float) -> list[str]:
        """Until these alerts, or all that are wanted, have fired; those that have not when the time is over."""
        end = time.monotonic() + within
        while True:
            self.look()
            missing = sorted({name for name, _ in self.wanted - self.seen.keys() if names is None or name in names})
            if not missing or time.monotonic() > end:
                return missing
            time.sleep(0.2)


def play(folder: pathlib.Path, binaries: pathlib.Path, began: float) -> None:
    cast = faults.Cast(folder, binaries)
    server = None
    try:
        rules = rulefile.rules(KIT / "alerts.yml", [])
        alerts = {rule.name for rule in rules if rule.kind == "alert"}
        cast.begin()
        server = Prometheus(folder, configuration(cast, folder), shortened((KIT / "alerts.yml").read_text()))
        expected = cast.expected()
        if unknown := alerts ^ ({name for name, _ in expected} | cast.not_run.keys()):
            raise Failure(f"faults.py and alerts.yml differ: {sorted(unknown)}")
        eventually("all is scraped", lambda: len(server.query('up{job="kmi"} == 1')) == 3, 20)
        cast.work()
        eventually("each has work", lambda: len(server.query("instance:kmi_requests:rate5m > 0")) == 3, 30)
        settle(server, 20)
        check_scrapes(server, cast)
        say(began, "all is well")
        watch = Watch(server, expected)
        cast.fail(watch)
        missing = watch.wait(None, 25)
        say(began, f"{len(expected) - len(missing)} of {len(expected)} alerts have fired")
        pending = sorted(server.alerts("pending"))
        cast.heal()
        left = remaining(server, 40)
        for (name, instance), after in sorted(watch.seen.items(), key=lambda item: item[1]):
            if (name, instance) in expected:
                print(f"  {name} after {after:.1f} s")
        if missing or left:
            raise Failure(f"not fired: {missing}; pending then: {pending}; not ended: {left}")
        check_scrapes(server, cast)
        check_selectors(server, rules)
        say(began, "all of them have ended by themselves")
        for name, reason in cast.not_run.items():
            print(f"not run  {name}: {reason}")
    finally:
        cast.end()
        if server is not None:
            server.program.stop()


def settle(server: Prometheus, within: float) -> None:
    """Waits until all rules have been evaluated twice, one time after the other, with nothing that is pending or fires."""
    end = time.monotonic() + within
    quiet, last, early = 0, server.rounds(), {}
    while quiet < 2:
        if time.monotonic() > end:
            raise Failure(f"all rules were not quiet twice within {within:g} s, without a fault: {sorted(early)}")
        time.sleep(0.1)
        now = server.rounds()
        if all(now[group] != last[group] for group in last):
            last, early = now, server.alerts()
            quiet = 0 if early else quiet + 1


def remaining(server: Prometheus, within: float) -> list[tuple[str, str]]:
    """The alerts that are there still when the time is over; none as soon as there is none."""
    try:
        eventually("all end", lambda: not server.alerts(), within)
    except Failure:
        return sorted(server.alerts())
    return []


def say(began: float, text: str) -> None:
    print(f"{time.monotonic() - began:5.1f} s  {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binaries", type=pathlib.Path, default=TOP / ".build/debug", help="where kmid, kmictl and kmi-sim are")
    parser.add_argument("--keep", action="store_true", help="keep the directory with the logs")
    options = parser.parse_args()
    for name in ("prometheus", "promtool", "openssl", "dbus-daemon"):
        if tool(name) is None:
            print(f"{name} is missing: make setup gets it")
            return 77
    def over(*_) -> None:
        raise Failure(f"not over within {LIMIT} s")
    signal.signal(signal.SIGALRM, over)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(LIMIT)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kmi-monitoring-"))
    try:
        play(folder, options.binaries.resolve(), time.monotonic())
        return 0
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
