"""What becomes of samples: medians, ratios within a round, targets, tables, and what the tools' outputs are read as."""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts"))
from benchmark import configurations, figures, ledger, loads, machine, measure, plan, plot, programs, report, targets  # noqa: E402


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

    def test_the_ratio_of_a_round_is_that_of_most_turns(self):
        """Others took half of the machine from one of them in a turn, and the pace changed between the turns."""
        found = {name: [figures.mean([{"cpu_us": value} for value in turns])]
                 for name, turns in (("kmid", [20, 44, 24]), ("nginx", [10, 20, 24]))}
        self.assertEqual(figures.ratios(found, "kmid", "nginx", "cpu_us"), [2])

    def test_a_round_is_the_mean_of_its_turns(self):
        turns = [{"cpu_us": 10, "errors": {"status": 0}, "p50_us": 1}, {"cpu_us": 30, "errors": {"status": 0}, "p50_us": 2}]
        self.assertEqual(figures.mean(turns), {"cpu_us": 20, "p50_us": 1.5, "turns": turns})
        turns = [{"cpu_us": 10, "memory": 1}, {"cpu_us": 30}]
        self.assertEqual(figures.mean(turns), {"cpu_us": 20, "turns": turns})
        for lacking in ([], [None], [turns[0], None]):
            self.assertIsNone(figures.mean(lacking), "a turn that is none leaves nothing of the round")

    def test_targets_take_turns_and_each_round_has_one_sample(self):
        bench = measure.Bench.__new__(measure.Bench)
        bench.found, bench.targets, taken = {}, {"nginx": None, "kmid": None}, []
        bench.run = lambda cell, name: taken.append(name) or {"cpu_us": len(taken)}
        cell = plan.Cell("some", "a load", "plain", 1, plan.WITH_GROUND, turns=2)
        bench.take_turns(cell, 0)
        bench.take_turns(cell, 1)
        self.assertEqual(sorted(taken[:2]), sorted(taken[2:4]))
        self.assertEqual({taken[2 * turn] for turn in range(4)}, {"nginx", "kmid"}, "who comes first changes")
        self.assertEqual({name: len(samples) for name, samples in bench.found["some"].items()}, {"nginx": 2, "kmid": 2})
        self.assertEqual(sum(sample["cpu_us"] for samples in bench.found["some"].values() for sample in samples) * 2, sum(range(9)))

    def test_what_is_added_is_counted_from_the_ground(self):
        found = rounds(kmid=[130, 110], nginx=[40, 10], direct=[10, 10])
        self.assertEqual(figures.added_ratio(found, "kmid", "nginx", "direct", "cpu_us"), [220 / 30])
        for nothing in (rounds(kmid=[130], nginx=[10], direct=[10]), rounds(kmid=[130], nginx=[None], direct=[10]), {}):
            self.assertEqual(figures.added_ratio(nothing, "kmid", "nginx", "direct", "cpu_us"), [])

    def test_medians_and_spreads_pass_over_what_is_not_known(self):
        self.assertEqual(figures.median([3, None, 1, float("nan"), 2]), 2)
        self.assertIsNone(figures.median([None]))
        self.assertEqual(figures.spread([10, 12, None, 8]), 0.4)
        self.assertEqual([figures.spread([]), figures.spread([7])], [None, None])
        self.assertEqual([figures.spread([0, 0]), figures.spread([0, 0, 1])], [0, math.inf])
        self.assertEqual(figures.spread([-1, 1], unit=20), 0.1)

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

    def test_growth_is_the_highest_in_units_of_the_lowest(self):
        """In units of the same round: the machine was half as fast in one, and another was disturbed."""
        found = {"growth": rounds(**{"keys-10": [30, 60, 30], "keys-100": [33, 66, 90], "keys-1000": [36, 72, 30]})}
        row = self.judged(found)["CPU per request with 10, 100 and 1,000 keys, highest in units of the lowest"]
        self.assertAlmostEqual(row["value"], 1.2)
        self.assertFalse(row["met"])

    def test_a_full_database_is_held_against_an_empty_one_both_ways(self):
        for full, met in ((44, True), (44.1, False), (36, True), (35.9, False)):
            found = {"growth": rounds(**{"keys-3": [40], "full": [full]})}
            row = self.judged(found)["CPU per request with a full database in units of an empty one"]
            self.assertEqual((row["value"], row["met"]), (full / 40, met))

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        rows = targets.judge({})
        self.assertEqual({(row["met"], row["verdict"]) for row in rows}, {(None, "not measured")})
        self.assertEqual(len({row["title"] for row in rows}), len(rows))
        self.assertIn("| – |", report.target_table(rows))

    def test_the_whole_plan_measures_every_row(self):
        rows = targets.judge(whole(plan.full()))
        self.assertEqual([row["title"] for row in rows if row["value"] is None], [])
        self.assertEqual([row["title"] for row in rows if "sides" in row and None in row["sides"].values()], [])
        self.assertLess(plan.full().budget, 15 * 60)

    def test_every_row_asks_for_something_that_the_plan_has(self):
        """Without a cell, and without the figure that it asks for, a row has no value."""
        found = whole(plan.full())
        for cell in sorted(found):
            without = {name: samples for name, samples in found.items() if name != cell}
            lost = [row["title"] for row in targets.judge(without) if row["value"] is None]
            rows = {target.title for target in targets.TARGETS if target.sides and target.sides[0] == cell}
            self.assertLessEqual(rows, set(lost), cell)
        nothing = {cell: {who: [{} for _ in samples] for who, samples in of.items()} for cell, of in found.items()}
        self.assertEqual({row["value"] for row in targets.judge(nothing)}, {None})

    def test_nothing_is_judged_in_a_quick_run(self):
        self.assertEqual({(row["met"], row["verdict"]) for row in targets.judge(whole(plan.full()), True)}, {(None, "quick")})


def whole(chosen: plan.Plan) -> dict:
    """What a run of a plan finds, every load with every figure that loads have."""
    figures_of_loads = ("cpu_us", "rate", "p50_us", "p90_us", "p99_us", "p999_us", "memory", "requests")
    found = {cell.name: {who: [dict.fromkeys(figures_of_loads, 2.0 if who == "direct" else 3.0)] * 2 for who in cell.targets}
             for cell in chosen.cells}
    return found | {
        "memory": {who: [{"idle": 1 << 20}] * 2 for who in ("nginx", "kmid")},
        "streams-5000": {who: [{"each": 1024.0, "incomplete": 0, "p99_us": 10.0}] * 2 for who in ("nginx", "kmid")},
        "scrape": {"kmid": [{"p50_us": 10.0}] * 2}, "scraped": {who: [{"p99_us": 1.0}] * 2 for who in ("quiet", "scraped")},
        "start": {who: [{"ready_us": 10.0}] * 2 for who in ("empty", "full")}}


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
        before, own = machine.processor_seconds(os.getpid()), time.process_time()
        while time.process_time() - own < 0.05:
            sum(range(1000))
        counted, used = machine.processor_seconds(os.getpid()) - before, time.process_time() - own
        self.assertAlmostEqual(counted, used, delta=0.01)

    def test_what_did_not_end_well_is_a_failure(self):
        self.assertEqual(loads.whole({"failed": 0, "requests": 1}, "x"), {"failed": 0, "requests": 1})
        for sample in ({"failed": 1, "requests": 9}, {"failed": 0, "requests": 0}):
            with self.assertRaisesRegex(programs.Failure, "^some load: "):
                loads.whole(sample, "some load")

    def test_a_program_that_ended_is_named_with_its_status_and_last_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            log.write_text("".join(f"line {number}\n" for number in range(20)))
            process = subprocess.Popen(["sleep", "60"])
            self.assertIsNone(programs.ended("kmid", process, log))
            process.kill()
            process.wait()
            said = programs.ended("kmid", process, log)
            self.assertIn("kmid ended by signal 9 (SIGKILL)", said)
            self.assertIn("line 19", said)
            self.assertNotIn("line 2\n", said)
            process = subprocess.Popen(["false"])
            process.wait()
            self.assertIn("ended with status 1", programs.ended("kmid", process, log))

    def test_of_a_daemon_the_last_complaints_and_requests_that_failed_are_told(self):
        def line(**fields: str) -> str:
            return json.dumps(fields, separators=(",", ":")) + "\n"

        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            log.write_text(
                line(level="warning", message="first") + line(level="info", event="request", outcome="complete", status="200")
                + line(level="info", event="request", outcome="left", status="0")
                + line(level="info", event="request", outcome="complete", status="502")
                + "".join(line(level="error", message=f"later {number}") for number in range(3)))
            said = ledger.complaints(log)
            self.assertNotIn("first", said)
            self.assertEqual(said.count("later"), 3)
            self.assertIn('"status":"502"', said)
            self.assertEqual(len(said.strip().splitlines()), 4)

    def test_descriptors_that_are_missing_are_named(self):
        with unittest.mock.patch("resource.getrlimit", return_value=(1024, 4096)):
            self.assertIn("4096 descriptors here, 16896 are needed", configurations.descriptors_missing())
        with unittest.mock.patch("resource.getrlimit", return_value=(1024, 16896)):
            self.assertIsNone(configurations.descriptors_missing())

    def test_the_file_system_of_a_folder(self):
        self.assertEqual(machine.file_system(pathlib.Path("/proc/self")), "proc")
        self.assertNotIn(machine.file_system(TOP), ("proc", "unknown"))


def run() -> dict:
    """A small result."""
    sample = {"cpu_us": 20.0, "rate": 1000.0, "p50_us": 100, "p99_us": 200, "p999_us": 3000, "requests": 10, "memory": 1 << 24}
    found = {"plain-32": {one: [sample, sample] for one in ("direct", "nginx", "kmid")}}
    about = {"processor": "One & <two>", "processors": 2, "memory": 1 << 34, "kernel": "6", "nginx": "1.22.1", "kmid": "kmid 0.1",
             "kmid_sha256": "0123", "file_system": "ext4", "measured_at": "2026-01-02T03:04:05Z"}
    planned = plan.full().described() | {"rounds_made": 2, "busy": False}
    return json.loads(report.dump(report.document(
        about, planned, plan.full().cells, found, targets.judge(found), 6, ["1 KiB, nginx: 20 %"], [])))


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

    def test_a_terminal_has_eighty_columns(self):
        large = run()
        for cell in large["cells"].values():
            for values in cell["summary"].values():
                values["rate"] = {"median": 123_456.0, "spread": 0.5}
        shown = "\n".join((report.cell_lines(large), report.target_lines(large["targets"]), report.wrapped(report.conditions(large))))
        self.assertEqual([line for line in shown.splitlines() if len(line) > report.WIDTH], [])
        self.assertIn("Of 6 runs 1 were disturbed", report.conditions(large))

    def test_a_version_is_named_as_far_as_its_commit(self):
        said = "kmid 0.1.0 (commit 532b4ed184f255ac34b7bc456247a07dee2e24c1, built 2026-11-22T14:59:28Z, Swift 6.3)"
        self.assertEqual([report.short(one) for one in (said, "kmid 0.1", "?")], ["kmid 0.1.0 (532b4ed184f2)", "kmid 0.1", "?"])

    def test_more_than_everything_is_no_number_of_json(self):
        self.assertEqual(json.loads(report.dump({"a": [math.inf, math.nan, 1.5]})), {"a": [None, None, 1.5]})

    def test_a_row_that_does_not_hold_is_explained_by_name(self):
        missed = run()
        title = missed["targets"][0]["title"]
        missed["targets"][0]["met"] = False
        page = f"{report.BEGIN}\n**{title}**\n{report.END}\nplain {title}\n"
        self.assertEqual(report.unexplained(missed, page), [title])
        for named in (f"## {title}", f"text, **{title}**: because"):
            self.assertEqual(report.unexplained(missed, f"{page}\n{named}\n"), [])
        self.assertEqual(report.unexplained(run(), page), [])


class Repository(unittest.TestCase):
    def test_the_page_quotes_what_was_recorded_and_nothing_else(self):
        results, page = TOP / "bench/results.json", (TOP / "docs/performance.md").read_text()
        recorded = json.loads(results.read_text()) if results.exists() else None
        self.assertEqual(report.quoted(page, recorded), page, "scripts/bench --record writes both")
        if recorded:
            self.assertEqual(plot.picture(recorded), (TOP / "bench/results.svg").read_text())
            self.assertEqual(report.unexplained(recorded, page), [], "docs/performance.md has to say why these rows do not hold")


if __name__ == "__main__":
    unittest.main()
