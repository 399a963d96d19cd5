"""Calls a daemon on a bus in every way that it should not be called, and prints what came of it as JSON.

Arguments: the address of the bus, the seconds, and the seed. Calls are made up from what the daemon introspects as: right
and wrong types, extreme values, huge and deep ones, unknown names, descriptors of all kinds. Up to 40 wait for their answers
at a time. It fails if one stays without an answer.
"""

import json
import os
import random
import socket
import string
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter

from jeepney import DBusAddress, MessageFlag, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

NAME = "org.kmi.Proxy1"
STANDARD = "org.freedesktop.DBus."
PROPERTIES = STANDARD + "Properties"
# What would end the service, or take its keys away, when it is called in the right way.
SPARED_CALLS = {"Drain", "ReplaceSecret"}
SPARED_SETTINGS = {"DryRun", "Enabled", "Limits"}
WORDS = [
    "", "alpha", "beta", "sim", "test", "kimi", "none", "sticky", "round-robin", "debug", "compatible", "day", "key,day", "all",
    "..", "/", "a/b", "-", "0", "\n", "\u0001", "\u00e9", "\U0001f511", "\ufeff", "' OR 1=1 --", "%s%n", "A" * 65, "org.kmi.Proxy1",
    "http://127.0.0.1:1/v1", "file:///etc/passwd", "https://user:pw@host/",
]
OPTIONS = [
    "limit", "cursor", "since", "until", "key", "provider", "client", "status", "class", "by", "model", "weight", "priority", "rps",
    "rpm", "tpm", "in_flight", "account", "store", "scopes", "models", "routes", "projects", "expires_at", "project", "action", "session", "request",
    "offline", "anthropic_base_url", "label", "",
]
PATIENCE = 90.0


class Maker:
    """Makes up values."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def text(self) -> str:
        pick = self.random.random()
        if pick < 0.75:
            return self.random.choice(WORDS)
        if pick < 0.97:
            length = self.random.choice([1, 2, 63, 64, 65, 255, 256, 4096])
            return "".join(self.random.choice(string.printable) for _ in range(length))
        return "x" * self.random.choice([65_536, 1_000_000, 3_000_000])

    def path(self) -> str:
        return self.random.choice(
            ["/", "/org/kmi/Proxy1", "/org/kmi/Proxy1/key/alpha", "/org/kmi/Proxy1/key/none", "/a" * 200, "/_2d", "/org"]
        )

    def number(self, bits: int, signed: bool) -> int:
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        return self.random.choice([low, high, 0, 1, high - 1, high // 2, min(1000, high), self.random.randint(low, high)])

    def single_type(self, depth: int = 0) -> str:
        pick = self.random.random()
        if depth > 3 or pick < 0.7:
            return self.random.choice("ybnqiuxtdsogvs")
        if pick < 0.85:
            return "a" + self.single_type(depth + 1)
        if pick < 0.95:
            return "a{" + self.random.choice("suiyo") + self.single_type(depth + 1) + "}"
        return "(" + "".join(self.single_type(depth + 1) for _ in range(self.random.randint(1, 3))) + ")"

    def value(self, kind: str, descriptors: list[int], depth: int = 0):
        code = kind[0]
        if code == "s":
            return self.text()
        if code == "o":
            return self.path()
        if code == "g":
            return self.random.choice(["", "s", "a{sv}", "(" * 32 + "s" + ")" * 32])
        if code == "b":
            return self.random.random() < 0.5
        if code == "d":
            return self.random.choice([0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324])
        if code in "ynqiuxt":
            bits = {"y": 8, "n": 16, "q": 16, "i": 32, "u": 32, "x": 64, "t": 64}[code]
            return self.number(bits, code in "nix")
        if code == "h":
            descriptors.append(self.descriptor())
            return descriptors[-1]
        if code == "v":
            if depth < 20 and self.random.random() < 0.3:
                return ("v", self.value("v", descriptors, depth + 1))
            inner = self.single_type(2)
            return (inner, self.value(inner, descriptors, depth + 1))
        if kind.startswith("a{"):
            inner = kind[3:-1]
            count = self.random.choice([0, 1, 1, 2, 3] + ([500] if depth == 0 else []))
            keys = [
                self.random.choice(OPTIONS) if kind[2] == "s" else self.value(kind[2], descriptors, depth + 1)
                for _ in range(count)
            ]
            return {key: self.value(inner, descriptors, depth + 1) for key in keys}
        if code == "a":
            count = self.random.choice([0, 1, 2, 3] + ([20_000] if depth == 0 and kind[1] in "ybuts" else []))
            if count > 100:
                return [self.value(kind[1:], descriptors, depth + 1) if kind[1] not in "s" else "x"] * count
            return [self.value(kind[1:], descriptors, depth + 1) for _ in range(count)]
        return tuple(self.value(part, descriptors, depth + 1) for part in split(kind[1:-1]))

    def descriptor(self) -> int:
        """A descriptor of any kind; whoever made it closes it."""

        def pipe_holding(data: bytes) -> int:
            reading, writing = os.pipe()
            os.write(writing, data)
            os.close(writing)
            return reading

        def endless_pipe() -> int:
            # Its other end is never closed by this process while it runs.
            reading, writing = os.pipe()
            KEPT.append(writing)
            return reading

        def socket_of(kind: int) -> int:
            near, far = socket.socketpair(socket.AF_UNIX, kind)
            far.close()
            return near.detach()

        def file_of(size: int) -> int:
            with tempfile.TemporaryFile() as file:
                file.truncate(size)
                return os.dup(file.fileno())

        def listening() -> int:
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            return listener.detach()

        makers = [
            lambda: pipe_holding(b""),
            lambda: pipe_holding(b"sk-fuzz-" + os.urandom(8)),
            lambda: pipe_holding(b"sk-fuzz-%d\n" % self.random.randrange(1 << 30)),
            lambda: pipe_holding(b"x" * 60_000),
            lambda: pipe_holding(b'{"models": []}'),
            lambda: socket_of(socket.SOCK_STREAM),
            lambda: socket_of(socket.SOCK_DGRAM),
            lambda: os.open("/", os.O_RDONLY | os.O_DIRECTORY),
            lambda: os.open("/", os.O_PATH),
            lambda: os.open("/dev/null", os.O_RDWR),
            lambda: os.open("/dev/zero", os.O_RDONLY),
            lambda: os.open("/proc/self/mem", os.O_RDONLY),
            lambda: os.open("/dev/null", os.O_WRONLY),
            lambda: os.eventfd(0),
            lambda: file_of(0),
            lambda: file_of(1 << 40),
            lambda: os.memfd_create("fuzz"),
            lambda: os.openpty()[1],
            listening,
        ]
        if self.random.random() < 0.01 and len(KEPT) < 40:
            return endless_pipe()
        return self.random.choice(makers)()


KEPT: list[int] = []


def split(signature: str) -> list[str]:
    """The single complete types of a signature."""
    parts, start, depth = [], 0, 0
    for index, character in enumerate(signature):
        depth += (character in "({") - (character in ")}")
        if depth == 0 and character != "a":
            parts.append(signature[start : index + 1])
            start = index + 1
    return parts


class Daemon:
    """What the daemon introspects as: its paths, and their methods and properties."""

    def __init__(self, connection):
        self.objects: dict[str, list[tuple[str, str, str]]] = {}
        self.settings: list[tuple[str, str, str, str]] = []
        self.walk(connection, "/")

    def walk(self, connection, path: str) -> None:
        target = DBusAddress(path, bus_name=NAME, interface=STANDARD + "Introspectable")
        reply = connection.send_and_get_reply(new_method_call(target, "Introspect"), timeout=30)
        root = ElementTree.fromstring(reply.body[0])
        methods = self.objects.setdefault(path, [])
        for interface in root.findall("interface"):
            name = interface.get("name")
            for method in interface.findall("method"):
                inputs = [a.get("type") for a in method.findall("arg") if a.get("direction", "in") == "in"]
                methods.append((name, method.get("name"), "".join(inputs)))
            for prop in interface.findall("property"):
                self.settings.append((path, name, prop.get("name"), prop.get("type")))
        for node in root.findall("node"):
            self.walk(connection, path.rstrip("/") + "/" + node.get("name"))


class Fuzzer:
    def __init__(self, address: str, seed: int):
        self.address = address
        self.make = Maker(seed)
        self.random = self.make.random
        self.connection = open_dbus_connection(address, enable_fds=True)
        self.daemon = Daemon(self.connection)
        self.waiting: dict[int, tuple[float, str]] = {}
        self.outcomes: Counter[str] = Counter()
        self.calls = self.reconnections = self.lost = 0
        self.failures: list[str] = []

    def next_call(self, descriptors: list[int]):
        path = self.random.choice(list(self.daemon.objects))
        methods = self.daemon.objects[path]
        interface, member, signature = self.random.choice(methods)
        pick = self.random.random()
        if pick < 0.5:
            if member in SPARED_CALLS:
                return self.next_call(descriptors)
            if interface == PROPERTIES and member == "Set":
                pick = 0.6
            else:
                body = tuple(self.make.value(part, descriptors) for part in split(signature))
                if self.random.random() < 0.1:
                    interface = None
                return path, interface, member, signature, body
        if pick < 0.7:
            path, interface, name, kind = self.random.choice(self.daemon.settings)
            if self.random.random() < 0.3 or name in SPARED_SETTINGS:
                kind = self.random.choice([k for k in ("s", "u", "x", "as", "a{sv}", "(s)", "v", "ay") if k != kind])
            if self.random.random() < 0.2:
                interface = self.random.choice(["", "org.kmi.Nothing", PROPERTIES, "not a name"])
            if self.random.random() < 0.1 and name not in SPARED_SETTINGS:
                name = self.random.choice(["", "Nothing", name.lower(), "x" * 300])
            return path, PROPERTIES, "Set", "ssv", (interface, name, (kind, self.make.value(kind, descriptors)))
        if pick < 0.85:
            wrong = "".join(self.make.single_type() for _ in range(self.random.randint(1, 6)))
            if wrong == signature:
                wrong += "s"
            return path, interface, member, wrong, tuple(self.make.value(part, descriptors) for part in split(wrong))
        if pick < 0.95:
            path = self.random.choice([path, path.rstrip("/") + "/none", "/nowhere", "/" + "x" * 200])
            interface = self.random.choice([interface, None, "org.kmi.Nothing", "a.b"])
            member = self.random.choice(["Nothing", "x" * 255, "_", "drain", "GetAll"])
            return path, interface, member, "", ()
        # Deep: as deep as the specification allows, and deeper by variants.
        depth = self.random.choice([5, 30])
        kind = "(" * depth + "s" + ")" * depth
        value = self.make.text()[:100]
        for _ in range(depth):
            value = (value,)
        for _ in range(self.random.choice([0, 20])):
            kind, value = "v", (kind, value)
        return path, interface, member, kind, (value,)

    def send_one(self) -> None:
        descriptors: list[int] = []
        try:
            path, interface, member, signature, body = self.next_call(descriptors)
            target = DBusAddress(path, bus_name=NAME, interface=interface)
            message = new_method_call(target, member, signature or None, body)
            expects_reply = self.random.random() > 0.02
            if not expects_reply:
                message.header.flags |= MessageFlag.no_reply_expected
            serial = next(self.connection.outgoing_serial)
            self.connection.send(message, serial)
            self.calls += 1
            if expects_reply:
                self.waiting[serial] = (time.monotonic() + PATIENCE, f"{path} {interface}.{member}({signature})"[:200])
        except (ConnectionError, BrokenPipeError):
            self.reconnect()
        except (OverflowError, ValueError, TypeError, UnicodeError, RecursionError):
            # The client will not write such a thing.
            self.outcomes["unwritable"] += 1
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def reconnect(self) -> None:
        """The bus ends connections that send what breaks its own rules; calls that waited are lost with them."""
        self.reconnections += 1
        self.lost += len(self.waiting)
        self.waiting.clear()
        self.connection = open_dbus_connection(self.address, enable_fds=True)

    def take_answers(self, limit: float) -> None:
        try:
            message = self.connection.receive(timeout=limit)
        except TimeoutError:
            now = time.monotonic()
            late = [what for deadline, what in self.waiting.values() if deadline < now]
            self.failures += [f"no answer: {what}" for what in late]
            self.waiting = {s: w for s, w in self.waiting.items() if w[0] >= now}
            return
        except (ConnectionError, EOFError):
            return self.reconnect()
        kind = message.header.message_type
        if kind not in (MessageType.method_return, MessageType.error):
            return
        _, what = self.waiting.pop(message.header.fields[5], (0, ""))
        name = message.header.fields[4] if kind is MessageType.error else "ok"
        self.outcomes[name] += 1
        if name.endswith(("DBus.Error.Failed", "NoReply", "ServiceUnknown")):
            self.failures.append(f"{name}: {what}: {message.body}"[:400])
        for part in message.body or ():
            if hasattr(part, "close"):
                part.close()

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.failures) < 20:
            if len(self.waiting) < 40:
                self.send_one()
            self.take_answers(0 if len(self.waiting) < 40 else 1)
        # Nobody writes into what has no end any more.
        for descriptor in KEPT:
            os.close(descriptor)
        while self.waiting and len(self.failures) < 20:
            self.take_answers(1)


if __name__ == "__main__":
    fuzzer = Fuzzer(sys.argv[1], int(sys.argv[3]))
    fuzzer.run(float(sys.argv[2]))
    print(
        json.dumps(
            {
                "calls": fuzzer.calls,
                "outcomes": fuzzer.outcomes,
                "reconnections": fuzzer.reconnections,
                "lost": fuzzer.lost,
                "failures": fuzzer.failures,
            },
            sort_keys=True,
        )
    )
    sys.exit(1 if fuzzer.failures else 0)
