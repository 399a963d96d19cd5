"""Reads the rule file of monitoring/ and its tests, in the one form that they are written in.

Whether they are right is for promtool to say; this finds what they name. A line that is not understood is told, so that
nothing is passed over.
"""

import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Rule:
    """One recording or one alert."""

    kind: str
    name: str
    line: int
    expression: str = ""
    wait: str = ""
    severity: str = ""
    annotations: dict[str, str] = dataclasses.field(default_factory=dict)


def rules(path: pathlib.Path, problems: list[str]) -> list[Rule]:
    """The rules of a file, in its order."""
    found: list[Rule] = []
    # The key whose value goes on in the next lines, deeper than so many blanks.
    block: tuple[str, int] | None = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if not text or text.startswith("#"):
            continue
        if block is not None and indent > block[1]:
            add(found[-1], block[0], text)
            continue
        block = None
        if re.fullmatch(r"groups:|- name: [a-z-]+|rules:|labels:|annotations:", text):
            continue
        if match := re.fullmatch(r"- (alert|record): (\S+)", text):
            found.append(Rule(match[1], match[2], number))
        elif found and (match := re.fullmatch(r"(expr|for|severity|summary|description|runbook_url): (.+)", text)):
            if match[2] in ("|", ">-"):
                block = (match[1], indent)
            else:
                add(found[-1], match[1], unquoted(match[2]))
        else:
            problems.append(f"{path.name}:{number}: scripts/documentation/rulefile.py does not know: {text}")
    return found


def add(rule: Rule, key: str, text: str) -> None:
    """Puts a value, or one more line of it, in its place."""
    if key == "expr":
        rule.expression = f"{rule.expression} {text}".strip()
    elif key == "for":
        rule.wait = text
    elif key == "severity":
        rule.severity = text
    else:
        rule.annotations[key] = f"{rule.annotations.get(key, '')} {text}".strip()


def unquoted(text: str) -> str:
    """The value without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


@dataclasses.dataclass
class Tested:
    """What the tests of one alert expect: how often that it fires, and how often that it does not."""

    fires: int = 0
    silent: int = 0


def tests(paths: list[pathlib.Path]) -> dict[str, Tested]:
    """The alerts that tests ask for, with what they expect."""
    found: dict[str, Tested] = {}
    for path in paths:
        alert = None
        for line in path.read_text().splitlines():
            if match := re.search(r"expr: ALERTS\{alertname=\"(\w+)\", alertstate=\"firing\"\}", line):
                alert = found.setdefault(match[1], Tested())
            elif alert is not None and (match := re.fullmatch(r"\s+exp_samples:( \[\])?", line)):
                if match[1]:
                    alert.silent += 1
                else:
                    alert.fires += 1
                alert = None
    return found
