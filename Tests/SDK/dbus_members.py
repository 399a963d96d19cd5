"""Calls every method and reads every property of a daemon with dbus-fast, as its introspection describes them.

Arguments: the address of the bus, and the secret of the key to add. Prints `ok` when each answered as described; an error of
the daemon's own is an answer where the second column of `CALLS` says so. A method that is not listed here is a failure.
"""

import asyncio
import os
import re
import sys

from dbus_fast import Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

NAME = "org.kmi.Proxy1"
ROOT = "/org/kmi/Proxy1"
KEY, CLIENT, PROVIDER = f"{ROOT}/key/python", f"{ROOT}/client/python", f"{ROOT}/provider/sim"
OPTIONS: dict = {}

# In the order in which they are called: object, interface, method, arguments, and the errors that are answers.
CALLS = [
    (ROOT, "Manager", "AddProvider", ("elsewhere", "compatible", "http://127.0.0.1:9/v1", OPTIONS), ""),
    (ROOT, "Manager", "AddKey", ("python", "sim", "SECRET", OPTIONS), ""),
    (ROOT, "Manager", "CreateClient", ("python", OPTIONS), ""),
    (ROOT, "Manager", "Rotate", (OPTIONS,), ""),
    (ROOT, "Manager", "ResetKeys", (), ""),
    (ROOT, "Manager", "RefreshUsage", (OPTIONS,), "UpstreamFailed"),
    (ROOT, "Manager", "Reload", (), ""),
    (ROOT, "Manager", "CheckConfig", (), ""),
    (ROOT, "Manager", "GetConfig", (OPTIONS,), ""),
    (ROOT, "Manager", "ListRequests", (OPTIONS,), ""),
    (ROOT, "Manager", "GetRequest", ("REQUEST",), ""),
    (ROOT, "Manager", "SummarizeRequests", (OPTIONS,), ""),
    (ROOT, "Manager", "ExplainRoute", ("sim-ok", OPTIONS), ""),
    (ROOT, "Manager", "GetUsage", (OPTIONS,), ""),
    (ROOT, "Manager", "GetPrices", (OPTIONS,), ""),
    (ROOT, "Manager", "ImportPrices", ("SECRET",), "InvalidArgument"),
    (ROOT, "Manager", "ListAudit", (OPTIONS,), ""),
    (ROOT, "Manager", "Backup", (OPTIONS,), ""),
    (ROOT, "Manager", "Diagnose", ({"offline": Variant("b", True)},), ""),
    (ROOT, "Manager", "Metrics", (), ""),
    (ROOT, "Manager", "Subscribe", (OPTIONS,), ""),
    (ROOT, "Manager", "Unsubscribe", (), ""),
    (KEY, "Key", "Reset", (), ""),
    (KEY, "Key", "Probe", (), ""),
    (KEY, "Key", "ReplaceSecret", ("ANOTHER",), ""),
    (CLIENT, "Client", "Revoke", (), ""),
    (ROOT, "Manager", "RevokeClient", ("python",), "NotFound"),
    (ROOT, "Manager", "RemoveKey", ("python",), ""),
    (ROOT, "Manager", "RemoveProvider", ("elsewhere",), ""),
    (ROOT, "Manager", "Drain", (), ""),
]
PATHS = [ROOT, f"{ROOT}/key/alpha", PROVIDER, f"{ROOT}/client/test", "/org/freedesktop/LogControl1"]


def snake(name: str) -> str:
    """As dbus-fast calls members."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def pipe_with(secret: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, secret.encode())
    os.close(writing)
    return reading


async def main(address: str, secret: str) -> None:
    bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()

    async def interface(path: str, name: str):
        return bus.get_proxy_object(NAME, path, await bus.introspect(NAME, path)).get_interface(name)

    async def check_properties() -> None:
        for path in PATHS:
            node = await bus.introspect(NAME, path)
            for described in (i for i in node.interfaces if not i.name.startswith("org.freedesktop.DBus.")):
                proxy = await interface(path, described.name)
                for prop in described.properties:
                    await getattr(proxy, f"get_{snake(prop.name)}")()

    async def check_methods_are_listed() -> None:
        known = {(name, method) for _, name, method, _, _ in CALLS}
        for path in PATHS:
            node = await bus.introspect(NAME, path)
            for described in (i for i in node.interfaces if i.name.startswith(f"{NAME}.")):
                for method in described.methods:
                    short = described.name.removeprefix(f"{NAME}.")
                    assert (short, method.name) in known, f"{described.name}.{method.name} is not listed"

    await check_methods_are_listed()
    await check_properties()
    manager = await interface(ROOT, f"{NAME}.Manager")
    heard: list[tuple] = []
    manager.on_rotated(lambda *arguments: heard.append(arguments))
    rows, _ = await manager.call_list_requests(OPTIONS)
    for path, name, method, arguments, answers in CALLS:
        if method == "Drain":
            # The daemon ends with it.
            assert len(heard) == 1, heard
            log = await interface("/org/freedesktop/LogControl1", "org.freedesktop.LogControl1")
            assert await log.get_syslog_identifier() == "kmid"
        proxy = await interface(path, f"{NAME}.{name}")
        values, descriptors = [], []
        for argument in arguments:
            if argument in ("SECRET", "ANOTHER"):
                descriptors.append(pipe_with(secret + argument.removeprefix("SECRET")))
                argument = descriptors[-1]
            values.append(rows[0]["id"].value if argument == "REQUEST" else argument)
        try:
            reply = await getattr(proxy, f"call_{snake(method)}")(*values)
            if method == "CreateClient":
                with os.fdopen(reply[1], "rb") as token:
                    assert token.read().startswith(b"kmi_"), "no token"
        except DBusError as error:
            short = error.type.removeprefix(f"{NAME}.Error.")
            assert short in answers.split(), f"{name}.{method}: {error.type}: {error.text}"
            print(f"{name}.{method}: {short}", file=sys.stderr)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    bus.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
    print("ok")
