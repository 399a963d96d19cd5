"""Steers a daemon with the two D-Bus clients of PyPI, over the bus whose address is the first argument.

Adds a key through a pipe, reads it back, rotates to it, makes and ends a client, lists requests, and prints `ok` when all
of it is as the description of the interfaces says. The second argument is the secret of the key to add.
"""

import asyncio
import os
import sys

from dbus_fast import Variant
from dbus_fast.aio import MessageBus
from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection

NAME = "org.kmi.Proxy1"
ROOT = "/org/kmi/Proxy1"


def pipe_with(secret: str) -> int:
    """The reading end of a pipe that holds the secret and nothing else."""
    reading, writing = os.pipe()
    os.write(writing, secret.encode())
    os.close(writing)
    return reading


async def with_dbus_fast(address: str, secret: str) -> None:
    bus = await MessageBus(bus_address=address, negotiate_unix_fd=True).connect()
    root = bus.get_proxy_object(NAME, ROOT, await bus.introspect(NAME, ROOT))
    manager = root.get_interface(f"{NAME}.Manager")
    assert await manager.get_version()
    descriptor = pipe_with(secret)
    path = await manager.call_add_key("added", "sim", descriptor, {"priority": Variant("i", 7)})
    os.close(descriptor)
    assert path == f"{ROOT}/key/added", path
    key = bus.get_proxy_object(NAME, path, await bus.introspect(NAME, path)).get_interface(f"{NAME}.Key")
    assert await key.get_label() == "added"
    assert await key.get_priority() == 7
    assert secret not in await key.get_masked()
    await key.set_enabled(False)
    assert await key.get_state() == "disabled"
    await key.set_enabled(True)
    assert await manager.call_rotate({"key": Variant("s", "added")}) == ["added", "requested"]
    objects = await root.get_interface("org.freedesktop.DBus.ObjectManager").call_get_managed_objects()
    assert path in objects, sorted(objects)
    rows, _ = await manager.call_list_requests({"limit": Variant("u", 5)})
    assert all(row["id"].value for row in rows), rows
    client, token = await manager.call_create_client("python", {})
    with os.fdopen(token, "rb") as stream:
        assert stream.read().startswith(b"kmi_")
    assert client == f"{ROOT}/client/python"
    await manager.call_revoke_client("python")
    bus.disconnect()


def with_jeepney(address: str) -> None:
    with open_dbus_connection(address) as connection:
        manager = DBusAddress(ROOT, bus_name=NAME, interface=f"{NAME}.Manager")
        mode = connection.send_and_get_reply(Properties(manager).get("RotationMode")).body[0]
        assert mode == ("s", "round-robin"), mode
        refused = connection.send_and_get_reply(new_method_call(manager, "RemoveKey", "s", ("nobody",)))
        assert refused.header.fields[4] == f"{NAME}.Error.NotFound", refused
        connection.send_and_get_reply(new_method_call(manager, "RemoveKey", "s", ("added",)))
        gone = DBusAddress(f"{ROOT}/key/added", bus_name=NAME, interface=f"{NAME}.Key")
        assert connection.send_and_get_reply(Properties(gone).get("State")).header.message_type.name == "error"


if __name__ == "__main__":
    asyncio.run(with_dbus_fast(sys.argv[1], sys.argv[2]))
    with_jeepney(sys.argv[1])
    print("ok")
