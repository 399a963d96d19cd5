"""Reads the pages of docs/ as far as other documentation is made from them: headings, paragraphs, lists, tables, code."""

import dataclasses
import pathlib
import re


@dataclasses.dataclass
class Block:
    """One block of a page: `kind` is paragraph, list, numbers, table or code."""

    kind: str
    lines: list[str] = dataclasses.field(default_factory=list)
    rows: list[list[str]] = dataclasses.field(default_factory=list)
    language: str = ""

    def typed(self) -> list[str]:
        """What of code is typed: all that is shell, else what stands behind a prompt; the rest is what a program printed."""
        if self.language in {"sh", "bash"}:
            return self.lines
        return [line[2:] for line in self.lines if line.startswith("$ ")]


@dataclasses.dataclass
class Section:
    """A heading and what stands below it, up to the next one of any level."""

    level: int
    title: str
    blocks: list[Block]

    @property
    def tables(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "table"]


def cells(line: str) -> list[str]:
    """The cells of a row; a `\\|` belongs to its cell."""
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def sections(path: pathlib.Path) -> list[Section]:
    """The page, heading by heading."""
    found = [Section(0, "", [])]
    block: Block | None = None
    fenced = False
    for line in path.read_text().splitlines():
        blocks = found[-1].blocks
        if line.lstrip().startswith("```"):
            fenced = not fenced
            block = Block("code", language=line.strip().strip("`")) if fenced else None
            if block:
                blocks.append(block)
        elif fenced:
            block.lines.append(line)
        elif match := re.match(r"(#+) +(.*)", line):
            found.append(Section(len(match[1]), match[2].strip(), []))
            block = None
        elif not line.strip() or line.startswith("<!--"):
            block = None
        elif line.startswith("|"):
            if block is None or block.kind != "table":
                block = Block("table")
                blocks.append(block)
            row = cells(line)
            if not all(re.fullmatch(r":?-+:?", cell) for cell in row):
                block.rows.append(row)
        elif re.match(r"(?:[-*]|\d+\.) ", line):
            kind = "numbers" if line[0].isdigit() else "list"
            if block is None or block.kind != kind:
                block = Block(kind)
                blocks.append(block)
            block.lines.append(re.sub(r"^(?:[-*]|\d+\.) +", "", line))
        elif block is not None and block.kind in {"list", "numbers"}:
            block.lines[-1] += " " + line.strip()
        else:
            if block is None or block.kind != "paragraph":
                block = Block("paragraph")
                blocks.append(block)
            block.lines.append(line.strip())
    return found


def section(path: pathlib.Path, title: str) -> Section:
    """The section of that heading, which has to be there."""
    for found in sections(path):
        if found.title == title:
            return found
    raise SystemExit(f"{path}: there is no section '{title}', from which other documentation is made")


def part(path: pathlib.Path, title: str) -> list[Section]:
    """The section of that heading and those below it."""
    found = sections(path)
    start = next((index for index, entry in enumerate(found) if entry.title == title), None)
    if start is None:
        raise SystemExit(f"{path}: there is no section '{title}', from which other documentation is made")
    end = start + 1
    while end < len(found) and found[end].level > found[start].level:
        end += 1
    return found[start:end]


def plain(text: str) -> str:
    """A text without links; emphasis and code keep their marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def code_spans(text: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", text)
