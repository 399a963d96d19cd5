"""Figures out of samples: medians over rounds, ratios within a round, spreads. Nothing here reads a clock or a file.

A sample is a dictionary of numbers that one run of one target came to, or several turns of it in one round, which it then has as
`turns`. `rounds` maps a target to its samples, in the order of the rounds; a round that could not be measured is `None`.
"""

import math
import statistics


def median(values: list) -> "float | None":
    """Of what there is; `None` without anything."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return statistics.median(known) if known else None


def spread(values: list, unit: "float | None" = None) -> "float | None":
    """How far the extremes lie apart, as a share of the median or of another `unit`; `None` of fewer than two values.

    A median of 0 has no shares: values that are all 0 do not differ, others differ beyond any measure.
    """
    known = [value for value in values if value is not None and not math.isnan(value)]
    if len(known) < 2:
        return None
    apart, middle = max(known) - min(known), unit or median(known)
    if apart == 0:
        return 0.0
    return apart / abs(middle) if middle else math.inf


def mean(turns: list) -> "dict | None":
    """What the turns of a round come to: of each number the mean of all, and the turns; `None` unless every turn was measured."""
    if None in turns or not turns:
        return None
    names = [name for name in turns[0] if all(is_number(turn.get(name)) for turn in turns)]
    return {name: statistics.fmean(turn[name] for turn in turns) for name in names} | {"turns": turns}


def column(rounds: dict, target: str, name: str) -> list:
    return [sample.get(name) if sample else None for sample in rounds.get(target, [])]


def ratios(rounds: dict, target: str, base: str, name: str) -> list:
    """Of each round the median of what `target` came to in units of `base` in the same turn.

    A machine whose pace changes is as fast for the one as for the other of a turn, but not for all turns of a round.
    """
    medians = [median([above / below for above, below in pairs if above is not None and below])
               for pairs in paired(rounds, target, base, name)]
    return [value for value in medians if value is not None]


def paired(rounds: dict, target: str, base: str, name: str) -> list:
    """Of each round what both came to, turn by turn; a round without turns is one."""
    pairs = []
    for above, below in zip(rounds.get(target, []), rounds.get(base, [])):
        turns = zip(above.get("turns", [above]), below.get("turns", [below])) if above and below else ()
        pairs.append([(one.get(name), other.get(name)) for one, other in turns])
    return pairs


def added_ratio(rounds: dict, target: str, base: str, ground: str, name: str) -> list:
    """What `target` adds to `ground`, in units of what `base` adds to it: one value, or none if nothing is known.

    Both are means over the rounds. In a single one what `base` adds is hardly more than its noise, and a ratio with that below the
    line is mostly noise.
    """
    triples = [triple for triple in zip(*(column(rounds, one, name) for one in (target, base, ground))) if None not in triple]
    above, below = (sum(triple[side] - triple[2] for triple in triples) for side in (0, 1))
    return [above / below] if below > 0 else []


def summary(rounds: dict) -> dict:
    """Of each target and name the median over the rounds and the spread."""
    result: dict = {}
    for target, samples in rounds.items():
        names = sorted({name for sample in samples if sample for name, value in sample.items() if is_number(value)})
        result[target] = {
            name: {"median": median(column(rounds, target, name)), "spread": spread(column(rounds, target, name))}
            for name in names
        }
    return result


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def percentile(values: list, share: float) -> float:
    """The smallest value that a share of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def foreign_share(busy: float, ours: float, elapsed: float, processors: int) -> float:
    """The share of the machine that others used: `busy` and `ours` are seconds of processor time."""
    if elapsed <= 0:
        return 0.0
    return max(0.0, busy - ours) / (elapsed * processors)


def order(targets: tuple, number: int) -> tuple:
    """Who comes first changes with each round, so that what only time changes hits all alike."""
    turn = number % len(targets)
    rotated = targets[turn:] + targets[:turn]
    return rotated if number // len(targets) % 2 == 0 else tuple(reversed(rotated))
