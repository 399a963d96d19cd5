"""The catalog of the journal (systemd's catalog files), made from the tables of docs/events.md.

`journalctl -x` shows the text of an entry's `MESSAGE_ID`. The id follows from the name of the event, here and in
Sources/Daemon/Logging/LogEventID.swift alike.
"""

import pathlib
import re
import textwrap
import uuid

from . import facts, markdown

NAMESPACE = uuid.UUID("5b1a9d0e-3c56-4f0e-9f6d-7a2c41d8e6b3")
FILE = "systemd/catalog/kmi.catalog"
HEAD = """\
# What the entries of kmid in the journal mean, for `journalctl -x`.
# Made by scripts/generate-documentation from docs/events.md: change that page instead.
"""
# Tables of the page that are not of events.
OTHERS = {"Warnings", "Degraded"}
# Calls that make an entry of an event, with what they add to the fields that stand in the call.
CALLS = [
    (r"(?:\baudit|\bAuditEntry|\bwarn)\(\s*\"(\w+)\"", set()),
    (r"self\.log\(\s*\.\w+, \"[^\"]*\", \"(\w+)\"", {"key", "provider"}),
]


def identifier(event: str) -> str:
    """The `MESSAGE_ID` of an event."""
    return uuid.uuid5(NAMESPACE, event).hex


def enclosed(text: str, start: int, pair: str) -> str:
    """What stands within the brackets of this kind around a place."""
    opening, depth = start, 0
    while opening > 0 and not (text[opening] == pair[0] and depth == 0):
        depth += {pair[0]: -1, pair[1]: 1}.get(text[opening], 0)
        opening -= 1
    closing, depth = opening + 1, 1
    while closing < len(text) and depth > 0:
        depth += {pair[0]: 1, pair[1]: -1}.get(text[closing], 0)
        closing += 1
    return text[opening:closing]


def fields(top: pathlib.Path) -> dict[str, set[str]]:
    """The fields that every entry of an event has, as far as they stand where it is written."""
    found: dict[str, set[str]] = {}

    def note(event: str, names: set[str]) -> None:
        found[event] = found.get(event, names) & names

    for text in facts.sources(top).values():
        for match in re.finditer(r"\"event\"(\])? ?[:=] \"(\w+)\"", text):
            # An event that is set later tells nothing of what stands beside it.
            literal = "" if match[1] else enclosed(text, match.start(), "[]")
            note(match[2], set(re.findall(r"\"([a-z_]+)\": ", literal)) - {"event"})
        for pattern, added in CALLS:
            for match in re.finditer(pattern, text):
                call = enclosed(text, match.start(1), "()")
                note(match[1], set(re.findall(r"\"([a-z_]+)\": \"", call)) | added)
    return found


def plain(text: str) -> str:
    """A cell without marks; what is linked is told by its file."""
    def told(match: re.Match) -> str:
        name = match[2].partition("#")[0]
        page = f"docs/{name}" if name else "docs/events.md"
        return page if match[1] in {name, page} else f"{match[1]} ({page})"

    return re.sub(r"\[([^\]]*)\]\(([^)]*)\)", told, text).replace("`", "").strip()


def sentence(text: str) -> str:
    """A cell as a sentence."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def events(top: pathlib.Path) -> dict[str, list[tuple[str, str]]]:
    """What each event means and what is to be done, from all rows that name it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for section in markdown.sections(top / "docs/events.md"):
        for table in section.tables if section.title not in OTHERS else []:
            for row in table.rows[1:]:
                for event in markdown.code_spans(row[0]):
                    found.setdefault(event, []).append((plain(row[2]), plain(row[3])))
    return found


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, 78, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def entry(event: str, rows: list[tuple[str, str]], names: set[str]) -> str:
    subject = re.split(r"[:;] ", rows[0][0])[0]
    parts = [wrapped(sentence(meaning)) for meaning, _ in rows]
    if names:
        parts.append("\n".join(f"  {name}: @KMI_{name.upper()}@" for name in sorted(names)))
    remedies = [sentence(remedy) for _, remedy in rows if remedy not in {"–", "nothing"}]
    parts += [wrapped(f"What to do: {remedy}") for remedy in remedies] or ["There is nothing to do."]
    parts.append(f"All entries of this kind: journalctl KMI_EVENT={event}")
    if "key" in names:
        parts.append("All entries about this key: journalctl KMI_KEY=@KMI_KEY@")
    head = [
        f"-- {identifier(event)}", f"Subject: {sentence(subject).rstrip('.')}", "Defined-By: kmid",
        "Documentation: man:kmid(1)", "Documentation: file:///usr/share/doc/kmi/docs/events.md",
    ]
    return "\n".join([f"# {event}", *head]) + "\n\n" + "\n\n".join(parts) + "\n"


def text(top: pathlib.Path) -> str:
    """The catalog."""
    known = fields(top)
    return HEAD + "".join("\n" + entry(event, rows, known.get(event, set())) for event, rows in sorted(events(top).items()))
