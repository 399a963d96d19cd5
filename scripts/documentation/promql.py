"""The names that an expression of PromQL uses: its metrics, and their labels."""

import dataclasses
import re

TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
      | (?P<time>\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<variable>\$\{?\w+\}?)
      | (?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^(){}\[\],=<>@])
      | (?P<blank>\s+)""",
    re.VERBOSE,
)
# Words that a list of labels follows.
LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = LISTS | {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"}


@dataclasses.dataclass
class Names:
    """What an expression names."""

    # Metrics, with each label that is asked for: the signs and the values or patterns behind them.
    metrics: dict[str, dict[str, set[tuple[str, str]]]] = dataclasses.field(default_factory=dict)
    # Each place where a metric is asked for, as it is written.
    selectors: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    # Labels that series are put together by.
    lists: set[str] = dataclasses.field(default_factory=set)


def names(expression: str) -> Names:
    """What an expression names; ValueError if there is something in it that is not PromQL."""
    found = Names()
    tokens = list(tokenised(expression))
    position = 0
    while position < len(tokens):
        kind, text = tokens[position]
        following = tokens[position + 1][1] if position + 1 < len(tokens) else ""
        position += 1
        if kind != "name":
            continue
        if text in LISTS:
            if following == "(":
                position += 1
                while tokens[position][1] != ")":
                    if tokens[position][0] == "name":
                        found.lists.add(tokens[position][1])
                    position += 1
        elif text in WORDS or following == "(" or following in LISTS:
            continue
        else:
            labels = found.metrics.setdefault(text, {})
            begin = position
            if following == "{":
                position = matchers(tokens, position + 1, labels)
            found.selectors.append((text, text + "".join(token for _, token in tokens[begin:position])))
    return found


def tokenised(expression: str):
    """The tokens without blanks: kind and text."""
    position = 0
    while position < len(expression):
        match = TOKEN.match(expression, position)
        if match is None:
            raise ValueError(f"not PromQL: {expression[position:position + 20]!r}")
        position = match.end()
        if match.lastgroup != "blank":
            yield match.lastgroup, match[0]


def matchers(tokens: list, position: int, labels: dict[str, set[tuple[str, str]]]) -> int:
    """Reads what stands in braces; the position behind them."""
    while tokens[position][1] != "}":
        kind, text = tokens[position]
        if kind == "name":
            labels.setdefault(text, set()).add((tokens[position + 1][1], tokens[position + 2][1].strip("\"'`")))
            position += 2
        position += 1
    return position + 1
