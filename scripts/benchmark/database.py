"""Makes a large database out of a small one."""

import os
import pathlib
import sqlite3
import time

from .programs import Failure


def fill(path: pathlib.Path, rows: int) -> None:
    """Multiplies the requests that are in a database, over the last 20 days, until it has so many."""
    database = sqlite3.connect(path)
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -262144")
        have, first = database.execute("SELECT count(*), min(number) FROM requests").fetchone()
        (last,) = database.execute("SELECT max(number) FROM requests").fetchone()
        if not have or last - first + 1 != have:
            raise Failure("no request rows to multiply")
        others = [name for _, name, *_ in database.execute("PRAGMA table_info(requests)")
                  if name not in ("number", "id", "received_at")]
        of_attempt = [name for _, name, *_ in database.execute("PRAGMA table_info(attempts)") if name != "request"]
        more = rows - have
        if more <= 0:
            return
        step = 20 * 86_400 * 1_000_000 // more
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :more) "
        values = {"more": more, "last": last, "first": first, "have": have, "step": step,
                  "now": time.time_ns() // 1_000 - 3_600 * 1_000_000}
        with database:
            database.execute(
                f"{numbers} INSERT INTO requests (number, id, received_at, {', '.join(others)}) "
                f"SELECT :last + i, printf('bench-%024d', i), :now - (:more - i) * :step, {', '.join(others)} "
                "FROM n JOIN requests ON number = :first + i % :have", values)
            database.execute(
                f"{numbers} INSERT INTO attempts (request, {', '.join(of_attempt)}) "
                f"SELECT :last + i, {', '.join(of_attempt)} FROM n JOIN attempts ON request = :first + i % :have", values)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    # What is written late would be written while something is measured.
    os.sync()
