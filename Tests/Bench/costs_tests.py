"""What scripts/check-costs reads out of callgrind's files, what it makes of counts, and what it says."""

import collections
import json
import pathlib
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts"))
from benchmark import callgrind, costs, counting, lockstep  # noqa: E402

FILE = """# callgrind format
version: 1
pid: 17153
thread: 7
events: Ir
summary: 5855

ob=(4) /usr/lib/libc.so.6
fl=(14) ???
fn=(96) $s4main3runyyF
0 1795
cfn=(136) malloc
calls=513 0
2 900
cob=(4)
cfi=(14)
cfn=(137) __libc_calloc
calls=7 0
2 10

fn=(98) $s4main4moreyyF
cfn=(136)
calls=2 0
2 3
cfn=(138) malloc'2
calls=1 0
2 3
cfn=(139) _int_malloc
calls=600 0
2 3
cfn=(140) epoll_wait
calls=4 0
2 3
cfn=(141) epoll_ctl
calls=6 0
2 3
cfn=(142) read
calls=5 0
2 3
cfn=(143) syscall
calls=3 0
2 3

fn=(144) eventfd_read
0 4
cfn=(142)
calls=9 0
2 3

fn=(145) $s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF
0 4
cfn=(143)
calls=11 0
2 3

fn=(146) $s10CurlClient8EpollSetC5watch_3for5label5isNews5Int32VAI_s6UInt64VSbtF
0 4
cfn=(141)
calls=13 0
2 3

totals: 5855
"""

SCHEDULER = """sched status:
  running_tid=0

Thread 1: status = VgTs_WaitSys syscall 130 (lwpid 17153)
==17153==    at 0x6825301: sigsuspend (sigsuspend.c:26)
Thread 7: status = VgTs_WaitSys syscall 232 (lwpid 17159)
"""

MESSAGES = "\n".join((
    "#type\ttimestamp\tserial\tsender\tdestination\tpath\tinterface\tmember",
    "sig\t1\t4\torg.freedesktop.DBus\t:1.2\t/org/freedesktop/DBus\torg.freedesktop.DBus\tNameLost",
    "mc\t2\t1\t:1.3\torg.freedesktop.DBus\t/org/freedesktop/DBus\torg.freedesktop.DBus\tHello",
    "mr\t2\t1\torg.freedesktop.DBus\t:1.3\t1",
    "mc\t3\t2\t:1.3\torg.kmi.Proxy1\t/org/kmi/Proxy1\torg.freedesktop.DBus.Properties\tGetAll",
    "mc\t4\t14\t:1.0\torg.freedesktop.DBus\t/org/freedesktop/DBus\torg.freedesktop.DBus\tGetConnectionUnixUser",
    "mc\t5\t3\t:1.3\torg.kmi.Proxy1\t/org/kmi/Proxy1\torg.freedesktop.DBus.ObjectManager\tGetManagedObjects"))
LEFT = "\nsig\t6\t3\torg.freedesktop.DBus\t:1.3\t/org/freedesktop/DBus\torg.freedesktop.DBus\tNameLost"


class Reading(unittest.TestCase):
    def test_instructions_and_calls_of_a_thread(self):
        """Names stand once; recursion and the C library's second names count, its inner functions do not."""
        counts = callgrind.read(FILE.splitlines(keepends=True))
        self.assertEqual(counts.summary(), {"instructions": 5855, "allocations": 513 + 7 + 2 + 1, "system_calls": 6 + 5 + 3})
        self.assertEqual(counts.by_caller({"read"}), {("$s4main4moreyyF", "read"): 5})

    def test_who_only_waits_or_wakes_is_not_counted(self):
        for caller, callee in (("eventfd_write", "__libc_write"), ("$s10CurlClient15ReadinessPollerC8giveSignyyF", "write"),
                               ("_MutexHandleV9_lockSlow", "syscall"), ("_dispatch_timeout_program", "epoll_ctl"),
                               ("anybody", "epoll_pwait"), ("anybody", "poll")):
            counts = callgrind.Counts(0, collections.Counter({(caller, callee): 7}))
            self.assertEqual(counts.of(callgrind.SYSTEM_CALLS), 0, (caller, callee))
        for caller, callee in (("$sSo5writeySis5Int32V_SVSgSitFTO", "write"), ("swift_stdlib_random", "syscall"),
                               ("$s8NIOPosix5EpollO9epoll_ctl4epfd", "epoll_ctl")):
            self.assertEqual(callgrind.Counts(0, collections.Counter({(caller, callee): 7})).of(callgrind.SYSTEM_CALLS), 7)

    def test_an_empty_thread(self):
        self.assertEqual(callgrind.read(["events: Ir\n", "summary: 0\n", "totals: 0\n"]), callgrind.Counts())

    def test_threads_are_told_apart_by_their_names(self):
        one = callgrind.Counts(1, collections.Counter({("caller", "read"): 1}))
        names = ("NIO-ELT-1-#1", "curl-poller", "-qos.overcommit", "TP-#0", "oot.default-qos", "kmi-dbus", "")
        counted = [(name, callgrind.Counts(10 ** index)) for index, name in enumerate(names)]
        self.assertEqual(callgrind.of_threads(counted, callgrind.on_loop).instructions, 11)
        self.assertEqual(callgrind.of_threads(counted, callgrind.on_queue).instructions, 100)
        self.assertEqual(callgrind.of_threads([("queue-a", one), ("queue-b", one)], callgrind.on_queue).of({"read"}), 2)

    def test_what_two_threads_have_counted_under_one_number_is_nobodys(self):
        self.assertEqual(callgrind.agreed({1: "a", 2: "b", 3: "c"}, {1: "a", 2: "x", 4: "d"}), {1: "a", 3: "c", 4: "d"})

    def test_numbers_of_threads(self):
        self.assertEqual(callgrind.thread_numbers(SCHEDULER), {17153: 1, 17159: 7})

    def test_calls_on_the_bus_are_those_of_who_asked_and_left(self):
        self.assertEqual(counting.calls_made(MESSAGES, "GetManagedObjects"), 0)
        self.assertEqual(counting.calls_made(MESSAGES + LEFT, "GetManagedObjects"), 3)
        self.assertEqual(counting.calls_made(MESSAGES + LEFT, "Backup"), 0)


class TakingTurns(unittest.TestCase):
    def test_a_message_is_whole_when_its_length_is_there(self):
        whole = lockstep.PLAIN
        self.assertEqual(len(whole.partition(b"\r\n\r\n")[2]), 1024)
        self.assertEqual([lockstep.message_length(whole[:cut]) for cut in (10, len(whole) - 1)], [0, 0])
        self.assertEqual(lockstep.message_length(whole + b"more"), len(whole))

    def test_an_event_is_whole_when_its_chunk_is(self):
        event = lockstep.HEAD + lockstep.EVENT
        self.assertEqual([lockstep.event_length(event[:cut]) for cut in (len(lockstep.HEAD), len(event) - 1)], [0, 0])
        self.assertEqual(lockstep.event_length(event + lockstep.EVENT), len(event))


ROWS = (costs.Row("plain", "instructions", 0.05, 0.10), costs.Row("few", "allocations", 0.02, 0.05, slack=1))


def recorded(**values: float) -> dict:
    return costs.entry(values, {"swift": "6.3.1", "valgrind": "3.19.0"}, "2026-11-22", "first", ROWS)


class Thresholds(unittest.TestCase):
    def verdicts(self, **values: float) -> list:
        return [one.verdict for one in costs.judge(values, recorded(plain=1_000_000, few=10), ROWS)]

    def test_counts_within_the_limits_hold(self):
        self.assertEqual(self.verdicts(plain=1_050_000, few=11), ["holds", "holds"])
        self.assertEqual(self.verdicts(plain=900_000, few=9), ["holds", "holds"])

    def test_more_than_the_limit_fails_and_so_does_a_gain_that_is_not_recorded(self):
        self.assertEqual(self.verdicts(plain=1_050_001, few=11.1), ["more", "more"])
        self.assertEqual(self.verdicts(plain=899_999, few=8.9), ["less", "less"])

    def test_what_is_not_recorded_or_not_counted_is_said(self):
        self.assertEqual(self.verdicts(plain=1_000_000), ["holds", "not counted"])
        nothing = costs.judge({"plain": 1, "few": 1}, None, ROWS)
        self.assertEqual([one.verdict for one in nothing], ["not recorded", "not recorded"])
        self.assertIn("have nothing in bench/costs.json", costs.advice(nothing, "debug-x86_64", None, {}, "scripts/check-costs"))

    def test_a_row_that_may_not_change_has_equal_limits(self):
        self.assertEqual(costs.Row("calls", "calls", 0, 0).limits(3), (3, 3))

    def test_a_failure_shows_before_and_after_and_what_to_do(self):
        before = recorded(plain=1_000_000, few=10)
        outcomes = costs.judge({"plain": 1_200_000, "few": 5}, before, ROWS)
        table = costs.table(outcomes).splitlines()
        self.assertEqual(table[1].split(), ["instructions", "1,000,000", "1,200,000", "+20.0", "%", "MORE", "than", "1,050,000"])
        self.assertEqual(table[2].split(), ["allocations", "10", "5", "-50.0", "%", "LESS", "than", "9"])
        advice = costs.advice(
            outcomes, "release-x86_64", before, {"swift": "6.3.1", "valgrind": "3.22.0"}, "scripts/check-costs --release")
        for part in ("1 of the counts are higher", "1 of the counts are lower", "scripts/check-costs --release --record",
                     "Recorded with valgrind 3.19.0, counted with 3.22.0."):
            self.assertIn(part, advice)
        self.assertNotIn("Swift", advice)

    def test_nothing_is_advised_when_all_holds(self):
        before = recorded(plain=100, few=10)
        self.assertEqual(costs.advice(costs.judge({"plain": 101, "few": 10}, before, ROWS), "x", before, {}, "x"), "")


class TheFile(unittest.TestCase):
    def test_recording_one_build_leaves_the_others(self):
        first = costs.renewed(None, "release-x86_64", recorded(plain=1, few=2))
        both = costs.renewed(first, "debug-x86_64", recorded(plain=3, few=4))
        self.assertEqual(list(both["builds"]), ["debug-x86_64", "release-x86_64"])
        self.assertEqual(both["builds"]["release-x86_64"], first["builds"]["release-x86_64"])
        text = costs.dump(both)
        self.assertEqual(json.loads(text), both)
        self.assertIn('"plain": {"value": 3, "at_least": 2.7, "at_most": 3.15},\n', text)

    def test_what_is_recorded_has_every_row_and_no_other(self):
        document = json.loads((TOP / "bench/costs.json").read_text())
        self.assertEqual(document["format"], costs.FORMAT)
        for build, part in document["builds"].items():
            self.assertEqual(list(part["rows"]), [row.name for row in costs.ROWS], build)
            self.assertTrue(all(one["at_least"] <= one["value"] <= one["at_most"] for one in part["rows"].values()), build)


if __name__ == "__main__":
    unittest.main()
