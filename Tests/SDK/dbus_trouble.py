"""Makes trouble on the bus whose address is the second argument; the first says which.

flood       calls the daemon as fast as it goes, 32 calls at a time, and reads the answers
mute        the same without reading any answer, as many calls as the third argument says or until the bus takes no more
subscriber  subscribes to requests, and reads nothing any more
wrong       sends answers to questions that nobody asked, signals that pretend, and the largest messages that a bus passes on
huge        sends a message that is larger than the daemon receives

Prints `ready` once it is at it, or has done it. `wrong` and `huge` then end, the others go on until they are ended.
"""

import itertools
import sys
import time

from jeepney import DBusAddress, HeaderFields, MessageFlag, MessageType, new_error, new_method_call, new_method_return, new_signal
from jeepney.io.blocking import open_dbus_connection

NAME = "org.kmi.Proxy1"
ROOT = "/org/kmi/Proxy1"
MANAGER = DBusAddress(ROOT, bus_name=NAME, interface=f"{NAME}.Manager")
OBJECTS = DBusAddress(ROOT, bus_name=NAME, interface="org.freedesktop.DBus.ObjectManager")
PROPERTIES = DBusAddress(ROOT, bus_name=NAME, interface="org.freedesktop.DBus.Properties")


def calls():
    """Calls without end."""
    while True:
        yield new_method_call(OBJECTS, "GetManagedObjects")
        yield new_method_call(PROPERTIES, "GetAll", "s", (f"{NAME}.Manager",))
        yield new_method_call(MANAGER, "ListRequests", "a{sv}", ({"limit": ("u", 100)},))
        yield new_method_call(MANAGER, "Metrics")
        yield new_method_call(MANAGER, "Nothing")
        yield new_method_call(PROPERTIES, "Set", "ssv", (f"{NAME}.Manager", "RotationMode", ("s", "round-robin")))


def flood(connection) -> None:
    waiting = 0
    print("ready", flush=True)
    for call in calls():
        connection.send(call)
        waiting += 1
        if waiting >= 32:
            if connection.receive().header.message_type is not MessageType.signal:
                waiting -= 1


def mute(connection) -> None:
    connection.sock.settimeout(2)
    print("ready", flush=True)
    try:
        for call in itertools.islice(calls(), int(sys.argv[3])):
            connection.send(call)
    except (TimeoutError, ConnectionError):
        pass
    wait()


def subscriber(connection) -> None:
    connection.send_and_get_reply(new_method_call(MANAGER, "Subscribe", "a{sv}", ({},)))
    print("ready", flush=True)
    wait()


def wait() -> None:
    while True:
        time.sleep(3600)


def daemon_of(connection) -> str:
    bus = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
    return connection.send_and_get_reply(new_method_call(bus, "GetNameOwner", "s", (NAME,))).body[0]


def wrong(connection) -> None:
    daemon = daemon_of(connection)
    question = new_method_call(MANAGER, "Metrics")
    question.header.serial = 1
    question.header.fields[HeaderFields.sender] = daemon
    for serial in (1, 2, 3, 4, 5, 10, 100, 0xFFFF_FFFF):
        question.header.serial = serial
        for answer in (
            new_method_return(question, "s", ("unasked",)),
            new_method_return(question, "u", (1,)),
            new_error(question, "org.freedesktop.DBus.Error.Failed", "s", ("unasked",)),
        ):
            answer.header.fields[HeaderFields.reply_serial] = serial
            answer.header.fields[HeaderFields.destination] = daemon
            # The bus passes on no answers to what nobody asked; those who did not would end the connection.
            connection.send(answer)
    pretending = [
        ("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss", (daemon, daemon, "")),
        ("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameLost", "s", (NAME,)),
        (ROOT, f"{NAME}.Manager", "RequestFinished", "a{sv}", ({},)),
        (ROOT, "org.freedesktop.DBus.Properties", "PropertiesChanged", "s", ("not all of it",)),
    ]
    for path, interface, member, signature, body in pretending:
        signal = new_signal(DBusAddress(path, interface=interface), member, signature, body)
        signal.header.fields[HeaderFields.destination] = daemon
        connection.send(signal)
    # No interface, answers that are not wanted, and sizes up to the largest.
    anonymous = new_method_call(DBusAddress(ROOT, bus_name=NAME), "Metrics")
    assert connection.send_and_get_reply(anonymous).header.message_type is MessageType.method_return
    unwanted = new_method_call(MANAGER, "Metrics")
    unwanted.header.flags |= MessageFlag.no_reply_expected
    connection.send(unwanted)
    for size in (1 << 16, 1 << 20, 5 << 20, 30 << 20):
        large = new_method_call(MANAGER, "GetRequest", "s", ("x" * size,))
        reply = connection.send_and_get_reply(large, timeout=60)
        assert reply.header.message_type is MessageType.error, size
        many = new_method_call(MANAGER, "GetRequest", "ay", (bytes(size),))
        reply = connection.send_and_get_reply(many, timeout=60)
        assert reply.header.message_type is MessageType.error, size
    print("ready", flush=True)


def huge(connection) -> None:
    connection.send(new_method_call(MANAGER, "GetRequest", "s", ("x" * (40 << 20),)))
    print("ready", flush=True)


if __name__ == "__main__":
    with open_dbus_connection(sys.argv[2]) as link:
        {"flood": flood, "mute": mute, "subscriber": subscriber, "wrong": wrong, "huge": huge}[sys.argv[1]](link)
