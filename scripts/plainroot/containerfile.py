"""The last stage of a Containerfile, read for those who carry it out without a container engine.

Understood is what ours uses; anything else is an error, so that nothing of it goes untested.
"""

import json
import pathlib
import re
import shlex
from dataclasses import dataclass, field

from . import Failure


@dataclass
class Stage:
    """What an image is made of and how it is run."""

    base: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    volumes: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)


def stages(path: pathlib.Path) -> list[Stage]:
    found: list[Stage] = []
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(base=rest.split()[0]))
            continue
        take(found[-1], word, rest.strip())
    return found


def take(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "RUN" | "COPY":
            stage.steps.append((word, rest))
        case "ENV":
            stage.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
        case "USER":
            stage.user = rest
        case "VOLUME":
            stage.volumes += json.loads(rest)
        case "EXPOSE":
            stage.ports += rest.split()
        case "HEALTHCHECK":
            stage.health = json.loads(rest[rest.index(" CMD ") + len(" CMD "):])
        case "ENTRYPOINT" | "CMD":
            stage.start += json.loads(rest)
        case "ARG" | "WORKDIR" | "STOPSIGNAL":
            pass
        case _:
            raise Failure(f"Containerfile: {word} is not understood here")


def mount_options(command: str) -> tuple[dict[str, str], str]:
    """Of `RUN --mount=type=bind,… COMMAND`: the options, and the command."""
    found = re.match(r"--mount=(\S+)\s+(.*)", command)
    if found is None:
        return {}, command
    return dict(option.split("=", 1) for option in found.group(1).split(",")), found.group(2)
