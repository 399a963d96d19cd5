"""What becomes of samples: medians, ratios within a round, targets, tables, and what the tools' outputs are read as."""

import json
import pathlib
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts"))
from benchmark import figures, loads, machine, plan, plot, programs, report, targets  # noqa: E402


def rounds(**values: list) -> dict:
    """Rounds of one value each."""
    return {target: [{"cpu_us": value} if value is not None else None for value in of] for target, of in values.items()}


class Figures(unittest.TestCase):
    def test_ratios_are_those_of_the_same_round(self):
        """A machine that was half as fast in one round has the same ratio in it."""
        found = rounds(kmid=[20, 40, 20], nginx=[10, 20, 10])
        self.assertEqual(figures.ratios(found, "kmid", "nginx", "cpu_us"), [2, 2, 2])

    def test_a_round_that_one_of_them_lacks_is_left_out(self):
        found = rounds(kmid=[20, None, 30], nginx=[10, 10, None])
        self.assertEqual(figures.ratios(found, "kmid", "nginx", "cpu_us"), [2])
        self.assertEqual(figures.ratios(found, "kmid", "somebody", "cpu_us"), [])

    def test_what_is_added_is_counted_from_the_ground(self):
        found = rounds(kmid=[130, 110], nginx=[40, 10], direct=[10, 10])
        self.assertEqual(figures.added_ratios(found, "kmid", "nginx", "direct", "cpu_us"), [4])

    def test_medians_and_spreads_pass_over_what_is_not_known(self):
        self.assertEqual(figures.median([3, None, 1, float("nan"), 2]), 2)
        self.assertIsNone(figures.median([None]))
        self.assertEqual(figures.spread([10, 12, 8]), 0.4)
        self.assertIsNone(figures.spread([]))

    def test_percentiles_are_values_that_were_seen(self):
        values = list(range(1, 1001))
        self.assertEqual([figures.percentile(values, share) for share in (0.5, 0.99, 0.999, 1)], [500, 990, 999, 1000])
        self.assertEqual(figures.percentile([7], 0.01), 7)

    def test_everybody_comes_first_and_before_everybody_else_once_in_a_while(self):
        for targets_ in (("nginx", "kmid"), ("direct", "nginx", "kmid")):
            orders = [figures.order(targets_, number) for number in range(2 * len(targets_))]
            self.assertTrue(all(sorted(one) == sorted(targets_) for one in orders))
            self.assertEqual({one[0] for one in orders}, set(targets_))
            before = sum(one.index("nginx") < one.index("kmid") for one in orders)
            self.assertEqual(before, len(orders) / 2)

    def test_what_others_use_is_what_we_do_not(self):
        self.assertEqual(figures.foreign_share(busy=3, ours=2, elapsed=5, processors=2), 0.1)
        self.assertEqual(figures.foreign_share(busy=1.9, ours=2, elapsed=5, processors=2), 0)

    def test_several_runs_are_held_against_each_other(self):
        runs = [{"targets": [{"title": "a", "value": value}, {"title": str(value), "value": 1}]} for value in (10, 11, 9)]
        self.assertEqual(figures.agreement(runs), [("a", [10, 11, 9], 0.2)])


class Targets(unittest.TestCase):
    def judged(self, found: dict) -> dict:
        return {row["title"]: row for row in targets.judge(found)}

    def test_a_target_is_met_up_to_its_limit(self):
        title = "CPU per plain request, 32 connections"
        for value, met in ((24, True), (25, True), (25.1, False)):
            row = self.judged({"plain-32": rounds(kmid=[value] * 3, nginx=[10] * 3)})[title]
            self.assertEqual((row["met"], row["sides"]), (met, {"kmid": value, "nginx": 10}))

    def test_of_rates_at_least_is_asked(self):
        rate = {"kmid": [{"rate": 39}], "nginx": [{"rate": 100}]}
        self.assertFalse(self.judged({"plain-32": rate})["requests per second, 32 connections"]["met"])

    def test_growth_is_the_most_in_units_of_the_least(self):
        found = {"growth": rounds(**{"keys-10": [50, 10], "keys-100": [33, 33], "keys-1000": [36, 36], "keys-3": [40], "full": [30]})}
        self.assertEqual(figures.median(figures.column(found["growth"], "keys-10", "cpu_us")), 30)
        rows = self.judged(found)
        self.assertAlmostEqual(rows["CPU per request with 10, 100 and 1,000 keys, most in units of least"]["value"], 1.2)
        self.assertAlmostEqual(
            rows["CPU per request with a full database in units of an empty one"]["value"], 40 / 30)

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        rows = targets.judge({})
        self.assertEqual({row["met"] for row in rows}, {None})
        self.assertEqual(len({row["title"] for row in rows}), len(rows))
        self.assertIn("| – |", report.target_table(rows))

    def test_every_target_is_about_what_is_run(self):
        known = {cell.name for cell in plan.full().cells} | {"memory", "streams-5000", "scrape", "scraped", "start"}
        self.assertTrue({target.sides[0] for target in targets.TARGETS if target.sides} <= known)
        self.assertLess(plan.full().budget, 15 * 60)


class Tools(unittest.TestCase):
    def test_wrk(self):
        sample = loads.parse_wrk('Running 1s test\n{"requests":10,"seconds":2.0,"failed":0,"p50_us":5}\n')
        self.assertEqual((sample["requests"], sample["rate"]), (10, 5))
        with self.assertRaises(programs.Failure):
            loads.parse_wrk("unable to connect")

    H2LOAD = """
finished in 1.00s, 5432.50 req/s, 1.20MB/s
requests: 5433 total, 5465 started, 5433 done, {good} succeeded, {bad} failed, 0 errored, 0 timeout
status codes: {good} 2xx, 0 3xx, 0 4xx, {bad} 5xx
"""

    def test_h2load(self):
        sample = loads.parse_h2load(self.H2LOAD.format(good=5433, bad=0))
        self.assertEqual(sample, {"requests": 5433, "seconds": 1.0, "failed": 0, "rate": 5432.5})
        self.assertEqual(loads.parse_h2load(self.H2LOAD.format(good=5430, bad=3))["failed"], 3)

    def test_streams_that_are_not_whole_have_failed(self):
        delay = {"p50": 1.0, "p90": 2.0, "p99": 3.0, "p999": 4.0, "max": 5.0}
        line = {"event": "ended", "complete": 48, "cut": 1, "events": 4900, "seconds": 2.0, "delay_us": delay}
        sample = loads.parse_streams(line, 50)
        self.assertEqual((sample["failed"], sample["requests"], sample["rate"], sample["p999_us"]), (2, 4900, 2450, 4.0))

    def test_the_clock_of_a_process_counts_what_it_uses(self):
        import os
        before, end = machine.processor_seconds(os.getpid()), 0
        while machine.processor_seconds(os.getpid()) - before < 0.02:
            end += 1
        self.assertGreater(end, 0)


def run() -> dict:
    """A small result."""
    sample = {"cpu_us": 20.0, "rate": 1000.0, "p50_us": 100, "p99_us": 200, "p999_us": 3000, "requests": 10, "memory": 1 << 24}
    found = {"plain-32": {one: [sample, sample] for one in ("direct", "nginx", "kmid")}}
    about = {"processor": "One & <two>", "processors": 2, "memory": 1 << 34, "kernel": "6", "nginx": "1.22.1", "kmid": "kmid 0.1",
             "measured_at": "2026-01-02T03:04:05Z"}
    return json.loads(report.dump(report.document(about, plan.full().cells, found, targets.judge(found), 2, 0, 6)))


class Reports(unittest.TestCase):
    def test_a_page_quotes_the_figures_between_its_marks(self):
        page = f"# Before\n{report.BEGIN}\nold\n{report.END}\nAfter\n"
        once = report.quoted(page, run())
        self.assertNotIn("old", once)
        self.assertIn("| CPU per plain request, 32 connections | 1 × nginx | ≤ 2.5 × nginx | met | 0 % |", once)
        self.assertTrue(once.startswith("# Before\n") and once.endswith("\nAfter\n"))
        self.assertEqual(report.quoted(once, run()), once)
        self.assertEqual(report.quoted(once, None), f"# Before\n{report.BEGIN}\n{report.END}\nAfter\n")
        with self.assertRaises(ValueError):
            report.quoted("no marks", run())

    def test_a_picture_is_sound_and_shows_every_target(self):
        import xml.etree.ElementTree
        text = plot.picture(run())
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        self.assertEqual(text.count("<circle"), 9)
        xml.etree.ElementTree.fromstring(plot.picture(run() | {"cells": {}}))

    def test_numbers_have_three_digits_that_count(self):
        shown = {None: "–", 0: "0", 0.01234: "0.0123", 12.34: "12.3", 234.5: "234", 12345.6: "12,346"}
        self.assertEqual({value: report.text(value) for value in shown}, shown)

    def test_columns_stand_below_each_other(self):
        self.assertEqual(report.terminal("| a | b |\n|---|---|\n| long | 1 |"), "a     b\nlong  1")


class Repository(unittest.TestCase):
    def test_the_page_quotes_what_was_recorded_and_nothing_else(self):
        results, page = TOP / "bench/results.json", (TOP / "docs/performance.md").read_text()
        recorded = json.loads(results.read_text()) if results.exists() else None
        self.assertEqual(report.quoted(page, recorded), page, "scripts/bench --record writes both")
        if recorded:
            self.assertEqual(plot.picture(recorded), (TOP / "bench/results.svg").read_text())


if __name__ == "__main__":
    unittest.main()
