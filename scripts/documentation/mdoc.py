"""Writes manual pages in mdoc(7)."""

import re

from . import markdown

# Words that mdoc would take for a macro in the arguments of one.
MACRO = re.compile(r"[A-Z%][a-z0-9A-Z]{1,2}")
# Where a sentence ends: the formatter wants each on a line of its own.
SENTENCE = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<=[^\s.][.!?])\s+(?=[A-Z\"`(\u2026])")


def escaped(text: str) -> str:
    """A text in which nothing means something to the formatter, and which is ASCII."""
    text = text.replace("\\", "\\e")
    return "".join(c if ord(c) < 0x80 else f"\\[u{ord(c):04X}]" for c in text)


def literal(text: str) -> str:
    """What is typed as it stands: its hyphens are no hyphens of prose, its quotes stay straight."""
    return escaped(text).replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def argument(text: str) -> str:
    """A word, or several that belong together, behind a macro."""
    if MACRO.fullmatch(text) or text in {"|", ".", ",", ":", ";", "(", ")", "[", "]", "?", "!"}:
        return "\\&" + text
    if text.startswith("-"):
        text = "\\" + text
    if " " in text or text == "":
        return '"' + text.replace('"', "\\(dq") + '"'
    return text.replace('"', "\\(dq")


# The pages of docs/ that are manual pages too.
MANUALS = {
    "configuration": "kmi.toml(5)", "kmictl": "kmictl(1)", "kmid": "kmid(1)", "dbus": "org.kmi.Proxy1(5)",
}


def referred(text: str) -> str:
    """Links to pages that are manual pages too as one refers to those; others stay as `plain` has them."""
    return re.sub(r"\[(\w+)\]\((\w+)\.md\)", lambda m: MANUALS.get(m[2], m[1]) if m[1] == m[2] else m[0], text)


def inline(text: str) -> str:
    """Markdown within a paragraph: code is bold, links are their texts."""
    pieces = re.split(r"`([^`]+)`", markdown.plain(referred(text)))
    written = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 1:
            written += f"\\fB{literal(piece)}\\fP"
        else:
            written += escaped(re.sub(r"\*\*([^*]+)\*\*", r"\1", piece))
    return written


class Page:
    """A manual page in the making."""

    def __init__(self, title: str, section: int, name: str, summary: str):
        self.lines = [
            '.\\" Made by scripts/generate-documentation; what is changed here is lost.',
            ".Dd @DATE@",
            f".Dt {title.upper()} {section}",
            ".Os KMI",
            ".Sh NAME",
            f".Nm {name}",
            f".Nd {escaped(summary)}",
        ]

    def macro(self, name: str, *words: str) -> None:
        """A line with a macro; the words are made harmless."""
        self.lines.append(" ".join([f".{name}", *(argument(escaped(word)) for word in words)]))

    def raw(self, line: str) -> None:
        """A line of macros, as it is."""
        self.lines.append(line)

    def text(self, text: str) -> None:
        """Running text with inline Markdown, each sentence on a line of its own."""
        for sentence in SENTENCE.split(" ".join(text.split())):
            if sentence:
                line = inline(sentence)
                self.lines.append("\\&" + line if line[0] in ".'" else line)

    def paragraphs(self, text: str) -> None:
        """Several paragraphs, parted by blank lines."""
        for number, paragraph in enumerate(p for p in re.split(r"\n\s*\n", text.strip()) if p.strip()):
            if number:
                self.raw(".Pp")
            self.text(paragraph)

    def section(self, title: str) -> None:
        self.lines.append(f".Sh {escaped(title if '.' in title else title.upper())}")

    def subsection(self, title: str) -> None:
        self.lines.append(".Ss " + " ".join(argument(literal(word)) for word in title.split()))

    def code(self, lines: list[str]) -> None:
        """Lines as they are typed."""
        self.raw(".Bd -literal -offset indent")
        for line in lines:
            line = literal(line)
            self.lines.append("\\&" + line if line[:1] in {".", "'"} or line.startswith("\\(aq") else line)
        self.raw(".Ed")

    def terms(self, entries: list[tuple[str, list[str]]]) -> None:
        """Terms with what they mean, each meaning a paragraph."""
        self.raw(".Bl -tag -width Ds")
        for term, meanings in entries:
            self.lines.append(".It " + (" ".join(argument(word) for word in inline(term).split(" ")) or "\\&"))
            for number, meaning in enumerate(m for m in meanings if m):
                if number:
                    self.raw(".br")
                self.text(meaning)
        self.raw(".El")

    def blocks(self, blocks: list[markdown.Block], first: bool = True) -> None:
        """What stands on a page of docs/."""
        for block in blocks:
            if block.kind == "paragraph":
                if not first:
                    self.raw(".Pp")
                self.text(" ".join(block.lines))
            elif block.kind in {"list", "numbers"}:
                self.raw(".Bl -bullet" if block.kind == "list" else ".Bl -enum")
                for line in block.lines:
                    self.raw(".It")
                    self.text(line)
                self.raw(".El")
            elif block.kind == "code":
                self.code(block.lines)
            else:
                self.table(block)
            first = False

    def table(self, block: markdown.Block) -> None:
        """A table as terms: the first cell is the term; where there are several others they are named by their column."""
        head, *rows = block.rows
        entries = []
        for row in rows:
            meanings = row[1:]
            if len(meanings) > 1:
                meanings = [f"{name}: {cell}" for name, cell in zip(head[1:], meanings) if cell not in {"", "–"}]
            entries.append((row[0], meanings))
        self.terms(entries)

    def cross_references(self, pages: list[tuple[str, int]]) -> None:
        """The section SEE ALSO, in the order that the formatter wants."""
        self.section("see also")
        pages = sorted(pages, key=lambda page: (page[1], page[0]))
        for page, section in pages[:-1]:
            self.raw(f".Xr {page} {section} ,")
        self.raw(f".Xr {pages[-1][0]} {pages[-1][1]}")

    def rendered(self) -> str:
        text = "\n".join(self.lines) + "\n"
        # A list or a display parts itself from what is before it, unless it is compact.
        return re.sub(r"^\.Pp\n(?=\.B[ld] (?!.*-compact))", "", text, flags=re.MULTILINE)
