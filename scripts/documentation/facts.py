"""The names that exist in the code, and those that docs/ tells of (K-012)."""

import pathlib
import re

# What is put into the audit.
AUDIT = r"(?:\baudit|\bAuditEntry)\(\s*\"(\w+)\""
# How the names of events are found where a function of the file takes them; another one is told here.
EVENT_HELPERS = {
    "Sources/Daemon/Control/AuditTrail.swift": [("Sources/Daemon", AUDIT)],
    "Sources/Daemon/Prices/PriceKeeper.swift": [
        ("Sources/Daemon/Prices/PriceTableInfo.swift", r"case \w+ = \"(prices_\w+)\"")
    ],
    "Sources/Gateway/Gateway+News.swift": [
        ("Sources/Gateway", r"\bwarn\(\s*\"(\w+)\""),
        ("Sources/Daemon/Control/Ledger.swift", r"\bwarn\(\s*\"(\w+)\""),
    ],
    "Sources/Gateway/Checks/KeyCheckRunner.swift": [
        ("Sources/Gateway/Checks", r"\.log\(\s*\.\w+, \"[^\"]*\", \"(\w+)\"")
    ],
}
# The simulator is no part of what is installed; docs/simulator.md has its own.
NOT_OURS = "Sources/Simulator/"


def sources(top: pathlib.Path, under: str = "Sources") -> dict[str, str]:
    """The Swift files below a folder, or the one file, by their paths."""
    place = top / under
    files = [place] if place.is_file() else sorted(place.rglob("*.swift"))
    found = {str(path.relative_to(top)): path.read_text() for path in files}
    return {name: text for name, text in found.items() if not name.startswith(NOT_OURS)}


def matches(top: pathlib.Path, under: str, pattern: str) -> set[str]:
    """What a pattern finds in the files below a folder."""
    return {match for text in sources(top, under).values() for match in re.findall(pattern, text)}


def events(top: pathlib.Path, problems: list[str]) -> set[str]:
    """The names of log events."""
    found = matches(top, "Sources", r"\"event\"\]? ?[:=] \"(\w+)\"")
    for name, text in sources(top).items():
        if not re.search(r"\"event\"\]? ?[:=] (?!\"\w+\")", text):
            continue
        if name not in EVENT_HELPERS:
            problems.append(f"{name}: makes names of events as it runs; tell scripts/documentation/facts.py how to find them")
            continue
        for under, pattern in EVENT_HELPERS[name]:
            names = matches(top, under, pattern)
            if not names:
                problems.append(f"{name}: no name of an event is found by {pattern}")
            found |= names
    return found


def audit_actions(top: pathlib.Path) -> set[str]:
    """What `kmictl audit` lists."""
    return matches(top, "Sources/Daemon", AUDIT)


def warnings(top: pathlib.Path) -> set[str]:
    """The codes of the signal Warning and of the property Warnings."""
    return (
        matches(top, "Sources/Gateway", r"\bwarn\(\s*\"(\w+)\"")
        | matches(top, "Sources/Daemon", r"\bservice\?\.warning\(\s*\"(\w+)\"")
        | matches(top, "Sources/Daemon/Desktop", r"StandingWarning\(\s*code: \"(\w+)\"")
        | matches(top, "Sources/Daemon", r"static let warning = \"(\w+)\"")
        | matches(top, "Sources/Daemon/Prices/PriceTableInfo.swift", r"case \w+ = \"(prices_\w+)\"")
        | matches(top, "Sources/Daemon/Diagnosis/CertificateDiagnosis.swift", r"code: \"(\w+)\"")
    )


def degraded(top: pathlib.Path) -> set[str]:
    """The words of the property Degraded."""
    body = re.search(r"enum Part\b.*?\n    }", (top / "Sources/Daemon/Control/Health.swift").read_text(), re.DOTALL)
    cases = re.findall(r"case (\w+)(?: = \"(\w+)\")?", body[0]) if body else []
    return {raw or name for name, raw in cases}


def metrics(top: pathlib.Path) -> set[str]:
    """The families that the daemon exposes."""
    return matches(top, "Sources/Metrics", r"\"((?:kmi|process)_[a-z0-9_]+)\"")


def routes(top: pathlib.Path) -> set[str]:
    """The paths that are ours: those of the admin listener, and where the data listener's ways part."""
    admin = matches(top, "Sources/Gateway/Policy", r"case \.\w+: \"(/\w+)\"")
    table = (top / "Sources/ProxyCore/Routing/Route.swift").read_text()
    prefixes = set(re.findall(r"of: path, after: \"(/\w+)\"", table))
    below = {"/v1" + path for path in re.findall(r"of: rest, after: \"(/\w+)\"", table)}
    below |= {"/v1" + path for path in matches(top, "Sources/ProxyCore/Routing/TargetJoining.swift", r"starts\(with: \"(/messages)\"")}
    return admin | prefixes | below


def error_codes(top: pathlib.Path) -> dict[str, str]:
    """The errors of the proxy itself with their HTTP statuses."""
    text = (top / "Sources/ProxyCore/Errors/ProxyErrorCode.swift").read_text()
    raw = {case: value or case for case, value in re.findall(r"^    case (\w+)(?: = \"(\w+)\")?$", text, re.MULTILINE)}
    statuses = {}
    for cases, status in re.findall(r"case ((?:\.\w+,?\s*)+):\s*(\d{3})", text):
        statuses |= {raw[case]: status for case in re.findall(r"\.(\w+)", cases)}
    return {name: statuses.get(name, "?") for name in raw.values()}


def faults(top: pathlib.Path) -> set[str]:
    """The errors of the D-Bus interface."""
    return matches(top, "Sources/DBusControl/Contract/ControlFault.swift", r"case \w+ = \"(\w+)\"")


def has_test(top: pathlib.Path, target: str, suite: str, function: str) -> bool:
    """Whether there is such a test."""
    for path in (top / "Tests" / target).rglob("*.swift"):
        text = path.read_text()
        if re.search(rf"\b(?:struct|extension) {suite}\b", text) and re.search(rf"\bfunc {function}\(", text):
            return True
    return False


SCHEMAS = {
    "client": "[[client]]", "provider": "[[provider]]", "rule": "[[provider.rule]]", "key": "[[key]]",
    "model": "[[model]]", "target": "targets of a [[model]]", "price": '[prices.override."MODEL"]',
}


def settings(top: pathlib.Path) -> set[tuple[str, str]]:
    """The keys of the configuration with the table that they stand in."""
    found = set()
    for text in sources(top, "Sources/Daemon/Configuration").values():
        table = ""
        for declared, name in re.findall(r"static let (\w+)(?::| =)|\bSetting\(\s*\"([a-z0-9_.]+)\"", text):
            if declared:
                table = declared
            elif "." in name:
                above, _, last = name.rpartition(".")
                found.add((f"[{above}]", last))
            else:
                found.add((SCHEMAS.get(table, f"the list '{table}', which facts.py does not know"), name))
    return found


def variables(top: pathlib.Path, under: list[str]) -> set[str]:
    """The variables of the environment that programs read by their names."""
    pattern = r"(?:environment|variable|getenv|inherited|inheritedBytes)(?:\[|\()\"([A-Z][A-Z0-9_]+)\""
    found = {name for folder in under for name in matches(top, folder, pattern)}
    return found | {
        name for folder in under for names in matches(top, folder, r"\[((?:\"[A-Z_]+\", )+\"[A-Z_]+\")\]\.compactMap\(Self\.variable\)")
        for name in re.findall(r"\"([A-Z_]+)\"", names)
    }
