"""What scripts/bench --compare takes, judges and says, and what kmid's own counts say against a load."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts"))
from benchmark import apart, compare, ledger, programs, report  # noqa: E402


def result(values: dict, cpu: float = 10.0, **machine: str) -> dict:
    """A result with these values of rows."""
    return {
        "format": report.FORMAT, "machine": {"processor": "one", "kmid": "kmid 1", **machine},
        "plan": {"name": "full", "rounds_wanted": 5, "rounds_made": 5, "busy": False},
        "targets": [{"title": title, "value": value} for title, value in values.items()],
        "cells": {"plain-32": {"title": "1 KiB", "summary": {"kmid": {"cpu_us": {"median": cpu}}}}}}


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, *documents) -> list:
        names = []
        for number, document in enumerate(documents):
            path = self.folder / f"{number}.json"
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            names.append(str(path))
        return names

    def refused(self, words: str, *documents) -> None:
        with self.assertRaisesRegex(programs.Failure, words) as caught:
            compare.outcome(self.write(*documents))
        self.assertNotIn("\n", str(caught.exception))

    def test_files_that_are_no_results_are_named(self):
        good = result({"a": 1})
        self.refused("0.json: no JSON", "{", good)
        self.refused("1.json: no result of scripts/bench", good, (TOP / "bench/costs.json").read_text())
        self.refused("1.json: no result", good, "[]")
        self.refused("1.json: of format 1", good, good | {"format": 1})
        self.refused("1.json: the rows", good, good | {"targets": [{"title": "a"}]})
        self.refused("two results at least", good)
        with self.assertRaisesRegex(programs.Failure, "No such file"):
            compare.outcome([str(self.folder / "none.json")] * 2)

    def test_results_of_something_else_are_refused(self):
        good = result({"a": 1})
        self.refused("another processor than in", good, result({"a": 1}, processor="two"))
        self.refused("another build of kmid", result({"a": 1}, kmid_sha256="1"), result({"a": 1}, kmid_sha256="2"))
        self.refused("rounds_wanted 1, not 5", good, good | {"plan": {"name": "full", "rounds_wanted": 1}})
        compare.outcome(self.write(good, good | {"plan": good["plan"] | {"rounds_made": 4, "busy": True}}))

    def test_rows_within_the_limit_hold(self):
        text, holds = compare.outcome(self.write(*(result({"a": value, "none": 0}) for value in (100, 92.5, 107.5))))
        self.assertTrue(holds)
        self.assertIn("All 2 rows of the targets are within 15 %.", text)

    def test_rows_that_lie_apart_or_are_missing_do_not(self):
        for values in ((100, 92.4, 107.5), (100, None, 100), (0, 0, 1)):
            text, holds = compare.outcome(self.write(*(result({"a": value, "b": 1}) for value in values)))
            self.assertFalse(holds, values)
            self.assertIn("1 of 2 rows of the targets", text)
        text, holds = compare.outcome(self.write(result({"a": 1, "b": 1}), result({"a": 1})))
        self.assertFalse(holds)
        self.assertIn("MISSING", text)

    def test_a_difference_is_judged_by_its_limit(self):
        runs = [result({"a": value}) for value in (-1, 0.5, 1)]
        for run in runs:
            run["targets"][0]["spread_unit"] = 20
        self.assertTrue(compare.outcome(self.write(*runs))[1])

    def test_microseconds_are_shown_and_not_judged(self):
        text, holds = compare.outcome(self.write(result({"a": 1}, cpu=10), result({"a": 1}, cpu=20)))
        self.assertTrue(holds)
        self.assertIn("1 KiB: kmid, cpu_us\n           10         20     67 %  (more)", text)


METRICS = """# HELP kmi_requests_total Requests
# TYPE kmi_requests_total counter
kmi_requests_total{dialect="openai",provider="answers",code="200"} 90
kmi_requests_total{dialect="openai",provider="",code="429"} 10
kmi_key_requests_total{key="a-0",provider="answers",outcome="ok"} 60
kmi_key_requests_total{key="a-1",provider="answers",outcome="ok"} 0
kmi_tokens_total{provider="answers",model="m \\"1\\"",class="input"} 5
kmi_tokens_total{provider="answers",model="other",class="input"} 5
kmi_store_dropped_total{table="requests"} 3
kmi_warnings 0
"""


class Counts(unittest.TestCase):
    BEFORE = {"finished": 0, "good": 0, "rows given up": 0, "log lines given up": 0, "failed writes": 0, "used": {"answers": 0}}

    def faults(self, requests: int = 100, **after) -> list:
        own = ledger.Ledger(0, TOP / "none", {"answers": 3})
        same = {"finished": 100, "good": 100, "used": {"answers": 3}}
        return own.faults(self.BEFORE, self.BEFORE | same | after, requests, 32, "answers")

    def test_samples_are_read_with_their_labels(self):
        metrics = ledger.Metrics(METRICS)
        self.assertEqual((metrics.total("kmi_requests_total"), metrics.total("kmi_requests_total", code="200")), (100, 90))
        self.assertEqual(metrics.values("kmi_key_requests_total", "key"), {"a-0"})
        self.assertEqual(len(metrics.values("kmi_tokens_total", "model")), 2)
        self.assertEqual(metrics.total("kmi_store_dropped_total"), 3)

    def test_a_load_that_kmid_counts_alike_has_no_faults(self):
        self.assertEqual(self.faults(), [])
        self.assertEqual(self.faults(requests=68), [])

    def test_what_kmid_counts_otherwise_is_said(self):
        self.assertIn("finished 100 requests, the load tool counted 101", self.faults(requests=101)[0])
        self.assertIn("counted 67 ", self.faults(requests=67)[0])
        self.assertEqual(self.faults(**{"rows given up": 7}), ["rows given up: 7"])
        self.assertEqual(self.faults(**{"log lines given up": 2}), ["log lines given up: 2"])
        self.assertEqual(self.faults(good=60), ["40 of them did not end with 200"])

    def test_keys_are_used_where_requests_are_many(self):
        self.assertEqual(self.faults(used={"answers": 2}), ["2 of the 3 keys of 'answers' were used"])
        self.assertEqual(self.faults(requests=20, finished=20, good=20, used={"answers": 1}), [])

    def test_lines_that_were_given_up_are_counted_once(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            lines = ledger.Lines(log)
            log.write_text('{"event":"x"}\n{"event":"log_dropped","count":"5"}\n{"event":"log_dr')
            self.assertEqual([lines.count(), lines.count()], [5, 5])
            with log.open("a") as more:
                more.write('opped","count":"2"}\n')
            self.assertEqual(lines.count(), 7)

    def test_a_scrape_has_to_have_as_much_as_its_row_says(self):
        def text(keys: int, models: int) -> str:
            return "\n".join([f'kmi_key_requests_total{{key="{one}",provider="p",outcome="ok"}} 1' for one in range(keys)]
                             + [f'kmi_tokens_total{{provider="p",model="{one}",class="input"}} 1' for one in range(models)])
        apart.expect_series(text(100, 64))
        for keys, models in ((99, 64), (100, 63)):
            with self.assertRaises(programs.Failure):
                apart.expect_series(text(keys, models))


class Arguments(unittest.TestCase):
    def test_what_is_recorded_is_a_whole_run_on_a_quiet_machine(self):
        import importlib.machinery
        import importlib.util
        loader = importlib.machinery.SourceFileLoader("bench_program", str(TOP / "scripts/bench"))
        bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_program", loader))
        loader.exec_module(bench)
        for option in ("--quick", "--busy"):
            with unittest.mock.patch.object(sys, "argv", ["bench", "--record", option]), self.assertRaises(SystemExit) as ended:
                with contextlib.redirect_stderr(io.StringIO()):
                    bench.arguments()
            self.assertEqual(ended.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
