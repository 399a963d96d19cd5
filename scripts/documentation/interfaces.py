"""The D-Bus interfaces of dbus/interfaces/, and org.kmi.Proxy1(5) made from them."""

import dataclasses
import pathlib
import re
import textwrap
import xml.dom.minidom

from . import markdown, mdoc

ANNOUNCED = {
    "const": "It never changes.",
    "false": "Its changes are not announced: read it.",
    "invalidates": "That it has changed is announced, without the value.",
}


@dataclasses.dataclass
class Member:
    """A method, property or signal: its comment, and how it is typed."""

    kind: str
    name: str
    prose: str
    type: str = ""
    access: str = ""
    announced: str = ""
    incoming: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    outgoing: list[tuple[str, str]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Interface:
    """An interface with the comment at the head of its file."""

    name: str
    prose: str
    members: list[Member]

    def of(self, kind: str) -> list[Member]:
        return [member for member in self.members if member.kind == kind]


def files(top: pathlib.Path) -> list[pathlib.Path]:
    """The manager first, then the others by their names."""
    return sorted((top / "dbus/interfaces").glob("*.xml"), key=lambda path: ("Manager" not in path.name, path.name))


def comment_before(node) -> str:
    """The comment that stands directly before an element."""
    before = node.previousSibling
    while before is not None and before.nodeType == before.TEXT_NODE:
        before = before.previousSibling
    if before is None or before.nodeType != before.COMMENT_NODE:
        return ""
    return tidy(before.data)


def tidy(text: str) -> str:
    """A comment without the indent of its lines, further indents kept."""
    lines = text.strip("\n").splitlines() or [""]
    if lines[0].strip() and not lines[0].startswith("  "):
        # It begins behind the mark of the comment.
        return "\n".join([lines[0].strip(), textwrap.dedent("\n".join(lines[1:]))]).strip()
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).strip()


def member(node) -> Member:
    found = Member(node.tagName, node.getAttribute("name"), comment_before(node))
    found.type, found.access = node.getAttribute("type"), node.getAttribute("access")
    for child in node.childNodes:
        if child.nodeType != child.ELEMENT_NODE:
            continue
        if child.tagName == "arg":
            incoming = child.getAttribute("direction") != "out" and node.tagName == "method"
            (found.incoming if incoming else found.outgoing).append((child.getAttribute("type"), child.getAttribute("name")))
        elif child.getAttribute("name").endswith("EmitsChangedSignal"):
            found.announced = child.getAttribute("value")
    return found


def read(path: pathlib.Path) -> Interface:
    document = xml.dom.minidom.parse(str(path))
    root = document.documentElement
    interface = root.getElementsByTagName("interface")[0]
    members = [
        member(node)
        for node in interface.childNodes
        if node.nodeType == node.ELEMENT_NODE and node.tagName in {"method", "property", "signal"}
    ]
    return Interface(interface.getAttribute("name"), comment_before(root), members)


def interfaces(top: pathlib.Path) -> list[Interface]:
    return [read(path) for path in files(top)]


def signature(found: Member) -> str:
    """`Rotate(a{sv} options) → (s key, s reason)`."""
    def shown(arguments):
        return ", ".join(f"{type} {name}".strip() for type, name in arguments)

    if found.kind == "property":
        return f"{found.name} {found.type} ({'read and write' if found.access == 'readwrite' else found.access})"
    if found.kind == "signal":
        return f"{found.name}({shown(found.outgoing)})"
    answer = shown(found.outgoing)
    if len(found.outgoing) > 1:
        answer = f"({answer})"
    return f"{found.name}({shown(found.incoming)})" + (f" → {answer}" if answer else "")


def prose(page: mdoc.Page, text: str, arguments: set[str]) -> None:
    """The paragraphs of a comment; lines that explain an argument (`label: its name`) become a list."""
    first = True
    for paragraph in re.split(r"\n\s*\n", text):
        entries: list[tuple[str, str]] = []
        running: list[str] = []
        for line in paragraph.splitlines():
            match = re.match(r"(?! )((?:[a-z][a-z0-9_]*)(?:, [a-z][a-z0-9_]*)*): (.*)", line)
            if match and set(match[1].split(", ")) <= arguments:
                entries.append((match[1], match[2]))
            elif entries:
                entries[-1] = (entries[-1][0], entries[-1][1] + " " + line.strip())
            else:
                running.append(line)
        if running:
            if not first:
                page.raw(".Pp")
            page.text(" ".join(running))
        if entries:
            page.terms([(f"`{name}`", [meaning]) for name, meaning in entries])
        first = False


def errors(top: pathlib.Path) -> list[tuple[str, list[str]]]:
    """The errors of the daemon with what they mean, from the code."""
    source = (top / "Sources/DBusControl/Contract/ControlFault.swift").read_text()
    found = re.findall(r'/// (.+)\n\s+case \w+ = "(\w+)"', source)
    return [(f"`org.kmi.Proxy1.Error.{name}`", [meaning]) for meaning, name in found]


TITLES = {"method": "methods", "property": "properties", "signal": "signals"}


def manual(top: pathlib.Path) -> str:
    """org.kmi.Proxy1(5)."""
    page = mdoc.Page("org.kmi.Proxy1", 5, "org.kmi.Proxy1", "D-Bus interface of kmid, the proxy for APIs of language models")
    described = top / "docs/dbus.md"
    page.section("description")
    introduction = markdown.sections(described)[1].blocks
    page.text(" ".join(introduction[0].lines))
    page.text("The daemon introspects as exactly what follows.")
    page.raw(".Pp")
    page.blocks([block for block in introduction if block.kind == "table"])
    page.raw(".Pp")
    page.blocks([introduction[-1]])
    for interface in interfaces(top):
        page.section(f"INTERFACE {interface.name}")
        prose(page, interface.prose, set())
        for kind, title in TITLES.items():
            members = interface.of(kind)
            if not members:
                continue
            page.subsection(f"{title.capitalize()} of {interface.name.rpartition('.')[2]}")
            page.raw(".Bl -tag -width Ds")
            for found in members:
                page.raw(".It Ic " + " ".join(mdoc.argument(word) for word in mdoc.literal(signature(found)).split(" ")))
                prose(page, found.prose, {name for _, name in found.incoming + found.outgoing})
                if kind == "property" and found.announced in ANNOUNCED:
                    page.text(ANNOUNCED[found.announced])
            page.raw(".El")
    page.section("examples")
    for title in ("Looking", "Changing"):
        for block in markdown.section(described, title).blocks:
            if block.kind == "code":
                page.code(block.lines)
    page.section("error names")
    page.terms(errors(top))
    page.text("Others are those of `org.freedesktop.DBus.Error`.")
    page.cross_references([("kmid", 1), ("kmictl", 1), ("busctl", 1), ("gdbus", 1)])
    return page.rendered()


def markdown_prose(text: str, arguments: set[str]) -> list[str]:
    """The paragraphs of a comment; explanations of arguments become a list."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        wasEntry = False
        lines.append("")
        for line in paragraph.splitlines():
            match = re.match(r"(?! )((?:[a-z][a-z0-9_]*)(?:, [a-z][a-z0-9_]*)*): (.*)", line)
            if match and set(match[1].split(", ")) <= arguments:
                lines.append(f"- `{match[1]}`: {match[2]}")
                wasEntry = True
            elif wasEntry:
                lines.append("  " + line.strip())
            else:
                lines.append(line.strip())
    return lines


def reference(top: pathlib.Path) -> str:
    """docs/interfaces.md."""
    lines = [
        "# Interfaces",
        "",
        "Every member of `org.kmi.Proxy1`. [D-Bus](dbus.md) tells how to use them. This page is made from `dbus/interfaces/` by",
        "`scripts/generate-documentation`; what is changed here is lost.",
    ]
    for interface in interfaces(top):
        lines += ["", f"## {interface.name}", *markdown_prose(interface.prose, set())]
        for found in interface.members:
            lines += ["", f"### {found.kind} {found.name}", "", f"`{signature(found)}`"]
            lines += markdown_prose(found.prose, {name for _, name in found.incoming + found.outgoing})
            if found.kind == "property" and found.announced in ANNOUNCED:
                lines += ["", ANNOUNCED[found.announced]]
    return "\n".join(lines) + "\n"
