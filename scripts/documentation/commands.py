"""The command trees of kmictl and kmid, as the programs tell them, and the manual pages made from them."""

import json
import pathlib
import re
import subprocess

from . import markdown, mdoc


class Command:
    """A command of a program, with those below it."""

    def __init__(self, data: dict, path: tuple[str, ...] = ()):
        self.name = data["commandName"]
        self.path = (*path, self.name)
        self.aliases = data.get("aliases", [])
        self.abstract = data.get("abstract", "")
        self.discussion = data.get("discussion", "")
        self.default = data.get("defaultSubcommand")
        self.arguments = [argument for argument in data.get("arguments", []) if argument["shouldDisplay"]]
        self.children = [
            Command(child, self.path)
            for child in data.get("subcommands", [])
            if child.get("shouldDisplay", True) and child["commandName"] != "help"
        ]

    def all(self):
        """The command and all below it."""
        yield self
        for child in self.children:
            yield from child.all()

    def leaves(self):
        """The commands that do something."""
        return [command for command in self.all() if not command.children]

    @property
    def title(self) -> str:
        return " ".join(self.path)


def spelled(name: dict) -> str:
    """`--json` or `-j`."""
    return f"--{name['name']}" if name["kind"] == "long" else f"-{name['name']}"


def spellings(argument: dict) -> list[str]:
    """All spellings of an option, the short ones first."""
    return sorted((spelled(name) for name in argument.get("names", [])), key=len)


def tree(binary: pathlib.Path) -> Command:
    """What a program says of itself."""
    result = subprocess.run(
        [binary, "--experimental-dump-help"], capture_output=True, text=True, check=True, timeout=60
    )
    return Command(json.loads(result.stdout)["command"])


def common(root: Command) -> list[str]:
    """The options that every command has, by their longest spelling, in their order."""
    leaves = [[spellings(a)[-1] for a in leaf.arguments if a["kind"] != "positional"] for leaf in root.leaves()]
    return [name for name in leaves[0] if all(name in names for names in leaves)]


def option(argument: dict) -> str:
    """An option in the synopsis of its command."""
    name = spellings(argument)[-1]
    flag = f"Fl \\{name[1:]}" if name.startswith("--") else f"Fl {name[1:]}"
    return flag if argument["kind"] == "flag" else f"{flag} Ar {mdoc.argument(argument['valueName'])}"


def synopsis(page: mdoc.Page, command: Command, shared: list[str], isLong: bool) -> None:
    """How the command is typed."""
    page.raw(".Nm " + " ".join(["Cm", *map(mdoc.argument, command.path[1:])] if command.path[1:] else []))
    options = [a for a in command.arguments if a["kind"] != "positional" and spellings(a)[-1] not in shared]
    if isLong:
        for entry in options:
            shown = option(entry)
            if entry["isRepeating"]:
                page.raw(f".Oo {shown} Oc ...")
            else:
                page.raw(f".Op {shown}" if entry["isOptional"] else "." + shown)
    elif options:
        page.raw(".Op Ar options")
    for entry in command.arguments:
        if entry["kind"] == "positional":
            name = "Ar " + mdoc.argument(entry["valueName"]) + (" ..." if entry["isRepeating"] else "")
            page.raw(f".Op {name}" if entry["isOptional"] else f".{name}")


def describe(page: mdoc.Page, arguments: list[dict]) -> None:
    """Options and arguments with what they mean."""
    if not arguments:
        return
    page.raw(".Bl -tag -width Ds")
    for entry in arguments:
        if entry["kind"] == "positional":
            page.raw(f".It Ar {mdoc.argument(entry['valueName'])}")
        else:
            flags = [f"Fl \\{name[1:]}" if name.startswith("--") else f"Fl {name[1:]}" for name in spellings(entry)]
            value = "" if entry["kind"] == "flag" else f" Ar {mdoc.argument(entry['valueName'])}"
            page.raw(".It " + " , ".join(flags) + value)
        page.text(entry.get("abstract", ""))
        values = entry.get("allValues")
        if values and not all(value in entry.get("abstract", "") for value in values):
            page.text("One of " + ", ".join(f"`{value}`" for value in values) + ".")
        if entry.get("defaultValue") and entry["defaultValue"] not in {"false", "[]"}:
            page.text(f"Default: `{entry['defaultValue']}`.")
    page.raw(".El")


def exit_statuses(source: pathlib.Path) -> list[tuple[str, list[str]]]:
    """The cases of `ExitStatus` with their comments."""
    found = re.findall(r"((?:    /// .*\n)+)    case \w+ = (\d+)", source.read_text())
    return [(number, [" ".join(line.strip()[4:] for line in text.splitlines())]) for text, number in found]


def kmictl(root: Command, top: pathlib.Path) -> str:
    """kmictl(1)."""
    page = mdoc.Page("kmictl", 1, "kmictl", "steer kmid, the proxy for APIs of language models")
    shared = common(root)
    described = top / "docs/kmictl.md"
    page.section("synopsis")
    page.raw(".Nm")
    page.raw(".Op Ar options")
    page.raw(".Op Ar command")
    page.raw(".Op Ar arguments ...")
    page.section("description")
    page.blocks(markdown.sections(described)[1].blocks[:1])
    page.raw(".Pp")
    page.text("Without a command it shows the status.")
    page.text("Standard output is data, standard error everything else.")
    page.section("options")
    page.text("Every command takes these options, before or after its name:")
    page.raw(".Pp")
    first = root.leaves()[0]
    describe(page, [a for name in shared for a in first.arguments if a["kind"] != "positional" and spellings(a)[-1] == name])
    page.section("commands")
    for command in root.all():
        if command is root:
            continue
        page.subsection(" ".join(command.path[1:]))
        if command.children:
            page.text(command.abstract)
            if command.default:
                page.text(f"`{command.title}` alone is `{command.title} {command.default}`.")
            continue
        synopsis(page, command, shared, isLong=True)
        page.raw(".Pp")
        page.text(command.abstract)
        if command.aliases:
            page.text("Also: " + ", ".join(f"`{alias}`" for alias in command.aliases) + ".")
        if command.discussion:
            page.raw(".Pp")
            page.paragraphs(command.discussion)
        own = [a for a in command.arguments if a["kind"] == "positional" or spellings(a)[-1] not in shared]
        if own:
            page.raw(".Pp")
        describe(page, own)
    page.section("environment")
    page.blocks(markdown.section(described, "Environment").blocks)
    page.section("files")
    page.text("`kmictl` opens no file of the daemon.")
    page.text("Completions for bash, zsh and fish, and the schemas of its JSON, are installed beside it.")
    page.section("exit status")
    page.terms(exit_statuses(top / "Sources/kmictl/Invocation/ExitStatus.swift"))
    page.section("examples")
    for block in [b for s in markdown.sections(described) for b in s.blocks if b.kind == "code"]:
        # What is not shell shows output, which the tables of a terminal make longer than a page is wide.
        if block.language in {"sh", "bash"} and not any("generate-completion" in line for line in block.lines):
            page.code(block.lines)
    page.cross_references([("kmid", 1), ("kmi.toml", 5), ("org.kmi.Proxy1", 5), ("busctl", 1)])
    return page.rendered()


def kmid(root: Command, top: pathlib.Path) -> str:
    """kmid(1)."""
    described = top / "docs/kmid.md"
    page = mdoc.Page("kmid", 1, "kmid", "hold API keys and serve the APIs of their providers on loopback")
    page.section("synopsis")
    shared = common(root)
    for command in root.leaves():
        synopsis(page, command, shared, isLong=True)
    page.section("description")
    page.blocks(markdown.sections(described)[1].blocks)
    for command in root.leaves():
        page.subsection(command.title)
        page.text(command.abstract)
        if command.name == root.default:
            page.text(f"`{root.name}` alone is the same.")
        own = [a for a in command.arguments if a["kind"] == "positional" or spellings(a)[-1] not in shared]
        if own:
            page.raw(".Pp")
        describe(page, own)
    page.section("signals")
    page.blocks(markdown.section(described, "Signals").blocks)
    for title in ("Environment", "Files", "Exit status"):
        page.section(title)
        page.blocks(markdown.section(described, title).blocks)
    page.cross_references([("kmictl", 1), ("kmi.toml", 5), ("org.kmi.Proxy1", 5), ("systemd.exec", 5)])
    return page.rendered()
