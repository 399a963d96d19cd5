"""The keys of the configuration, as docs/configuration.md lists them, and kmi.toml(5).

The tables of that page are made from the schema in Sources/Daemon/Configuration, and a test holds them together.
"""

import dataclasses
import pathlib

from . import markdown, mdoc


@dataclasses.dataclass
class Key:
    """One key, as its row has it."""

    table: str
    name: str
    meaning: str
    form: str
    default: str
    change: str
    variable: str = ""


def page(top: pathlib.Path) -> pathlib.Path:
    return top / "docs/configuration.md"


def tables(top: pathlib.Path) -> list[tuple[str, list[Key]]]:
    """The keys, table by table, in the order of the page."""
    found = []
    for section in markdown.part(page(top), "Keys")[1:]:
        title = section.title.strip("`")
        keys = []
        for row in section.tables[0].rows[1:]:
            values = [cell.strip("`") if index == 0 else cell for index, cell in enumerate(row)]
            keys.append(Key(title, *values))
        found.append((title, keys))
    return found


CHANGES = {
    "live": "A reload applies it.",
    "restart": "A change takes a restart.",
}


def describe(written: mdoc.Page, key: Key) -> None:
    written.raw(f".It Ic {mdoc.argument(key.name)}")
    written.text(key.meaning)
    # The order of a row: what may stand there, what does by itself, when a change counts.
    form = key.form if key.form.endswith(".") else key.form + "."
    written.text(f"{form[0].upper()}{form[1:]}")
    if key.default == "required":
        written.text("It has to be there.")
    else:
        written.text(f"Default: {key.default}.")
    written.text(CHANGES.get(key.change, key.change))


def manual(top: pathlib.Path) -> str:
    """kmi.toml(5)."""
    written = mdoc.Page("kmi.toml", 5, "kmi.toml", "configuration of kmid, the proxy for APIs of language models")
    written.section("description")
    introduction = " ".join(markdown.sections(page(top))[1].blocks[0].lines)
    # What it says of the page itself is not true of this one.
    written.text(" ".join(s for s in mdoc.SENTENCE.split(introduction) if "this page" not in s))
    for title in ("Where it comes from", "How values are written", "Secrets", "Providers"):
        written.subsection(title)
        blocks = markdown.section(page(top), title).blocks
        written.blocks([block for block in blocks if not "".join(block.lines).startswith("The column")])
    written.section("keys")
    for title, keys in tables(top):
        written.subsection(title)
        written.raw(".Bl -tag -width Ds")
        for key in keys:
            describe(written, key)
        written.raw(".El")
    written.section("environment")
    written.text("Each of these variables sets the key of its name, and wins over the files.")
    written.raw(".Pp")
    written.raw(".Bl -tag -width Ds -compact")
    for title, keys in tables(top):
        for key in keys:
            if key.variable:
                written.raw(f".It Ev {key.variable.strip('`')}")
                written.text(f"`{title.strip('[]')}.{key.name}`")
    written.raw(".El")
    written.section("files")
    written.text("`~/.config/kmi/kmi.toml`, `/etc/kmi/kmi.toml`, and `kmi.toml.d/*.toml` beside the one that is used.")
    written.section("examples")
    written.text("The smallest one:")
    written.code((top / "examples/minimal.toml").read_text().rstrip("\n").splitlines())
    written.cross_references([("kmid", 1), ("kmictl", 1)])
    return written.rendered()
