"""What is run: the cells of a round, each against several targets. Nothing here starts anything."""

import dataclasses

BOTH = ("nginx", "kmid")
WITH_GROUND = ("direct", "nginx", "kmid")
KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
# Microseconds between the events of a stream.
PACE = {50: 20_000, 500: 50_000}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One load; `targets` are who it is put on, in turn."""

    name: str
    title: str
    kind: str  # plain, tls, h2, streams
    connections: int
    targets: tuple = BOTH
    # Bytes of a request's body, and of an answer's.
    request: int = KIBIBYTE
    answer: int = KIBIBYTE
    # How long it is run, in seconds; streams have the length that they have.
    seconds: float = 3
    # In so many turns it is run in each round; what they come to is the round's sample.
    turns: int = 1
    # So many conversations take turns; streams have one each, and h2load has one.
    conversations: int = 64
    unit: str = "request"


@dataclasses.dataclass(frozen=True)
class Plan:
    """All of a run."""

    name: str
    cells: tuple
    rounds: int
    # Slow streams at once, the events of each, and how often they are begun on each of both.
    streams: int
    stream_events: int
    stream_runs: int
    rows: int
    # Of each kind in each round.
    starts: int
    # So many make a sample; each round has four of them, one before each load that is scraped or not.
    scrapes: int
    # Seconds within which the rounds have to end, so that the whole ends in time.
    budget: float
    # A run that others took more of the machine from is made again once.
    patience: float = 0.10

    def described(self) -> dict:
        """What has to be the same for results to be held against each other."""
        return {"name": self.name, "rounds_wanted": self.rounds, "streams": self.streams, "stream_events": self.stream_events,
                "stream_runs": self.stream_runs, "rows": self.rows, "starts": self.starts, "scrapes": self.scrapes,
                "cells": [f"{cell.name}: {cell.turns} × {cell.seconds:g} s" for cell in self.cells]}


def cells(seconds: float, turns: int) -> tuple:
    def stream(number: int, turns: int) -> Cell:
        return Cell(f"streams-{number}", f"{number} streams of 100 events, {PACE[number] / 1_000:g} ms apart", "streams",
                    number, turns=turns, unit="event")

    return (
        # A machine's pace changes within seconds, so what rows are made of has several short turns, and what nginx adds to a lone
        # request, which is little more than the noise of one, has many.
        Cell("plain-1", "1 KiB, 1 connection", "plain", 1, WITH_GROUND, seconds=1, turns=3 * turns),
        Cell("plain-32", "1 KiB, 32 connections", "plain", 32, WITH_GROUND, seconds=1, turns=turns),
        # Their beginning, when all connect, is part of the slowest hundredth of a short turn.
        Cell("plain-256", "1 KiB, 256 connections", "plain", 256, seconds=seconds, turns=turns),
        Cell("up-32k", "requests of 32 KiB, 32 connections", "plain", 32, request=32 * KIBIBYTE, seconds=seconds / 3),
        # Each conversation takes its memory in the load tool.
        Cell("up-4m", "requests of 4 MiB, 8 connections", "plain", 8, request=4 * MEBIBYTE, seconds=seconds / 3, conversations=4),
        Cell("down-32k", "answers of 32 KiB, 32 connections", "plain", 32, answer=32 * KIBIBYTE, seconds=seconds / 3),
        Cell("down-4m", "answers of 4 MiB, 8 connections", "plain", 8, answer=4 * MEBIBYTE, seconds=seconds / 3),
        Cell("tls-32", "1 KiB, TLS on both sides, 32 connections", "tls", 32, seconds=seconds * 2 / 3),
        Cell("h2-32", "1 KiB, TLS on both sides, HTTP/2, 8 connections with 4 streams", "h2", 8, seconds=seconds / 3),
        stream(50, turns),
        stream(500, 1),
        Cell("growth", "1 KiB, 32 connections, more keys, full database", "plain", 32,
             ("keys-3", "keys-10", "keys-100", "keys-1000", "full"), seconds=1, turns=turns),
    )


def full() -> Plan:
    return Plan("full", cells(3, 4), rounds=3, streams=5_000, stream_events=10, stream_runs=3, rows=1_000_000,
                starts=3, scrapes=100, budget=760)


def quick() -> Plan:
    """Whether it works: every kind of load once, briefly. Its figures say little."""
    chosen = {"plain-1", "plain-32", "up-4m", "down-32k", "down-4m", "tls-32", "h2-32", "streams-50", "growth"}
    brief = tuple(cell for cell in cells(0.7, 1) if cell.name in chosen)
    return Plan("quick", brief, rounds=1, streams=200, stream_events=3, stream_runs=1, rows=20_000, starts=2, scrapes=20, budget=60)
