"""Makes calls on a bus as whoever runs it, and prints as JSON by which error each was refused, or `ok`.

Arguments: the address of the bus, and a JSON list of calls: path, interface, member, signature, whether a person may be
asked, and for `Set` the interface, the name and the type of a property. Values are made up by their types.
"""

import json
import os
import sys

from jeepney import DBusAddress, MessageFlag, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection


def value(signature: str, null: int):
    """Some value of a type."""
    if signature.startswith("a{"):
        return {}
    if signature.startswith("a"):
        return []
    return {"s": "alpha", "b": True, "h": null, "o": "/", "d": 1.0, "v": ("s", "x")}.get(signature, 1)


def types(signature: str) -> list[str]:
    """The single types of the arguments, as far as they occur here."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(signature):
        depth += (character in "({") - (character in ")}")
        if depth == 0 and character != "a":
            parts.append(signature[start : index + 1])
            start = index + 1
    return parts


def main(address: str, calls: str) -> None:
    null = os.open("/dev/null", os.O_RDONLY)
    outcomes = []
    with open_dbus_connection(address, enable_fds=True) as connection:
        for call in json.loads(calls):
            target = DBusAddress(call["path"], bus_name="org.kmi.Proxy1", interface=call["interface"])
            signature = call["signature"]
            if "property" in call:
                kind = call["property"][2]
                body = (*call["property"][:2], (kind, value(kind, null)))
            else:
                body = tuple(value(part, null) for part in types(signature))
            message = new_method_call(target, call["member"], signature or None, body)
            if call["interactive"]:
                message.header.flags |= MessageFlag.allow_interactive_authorization
            reply = connection.send_and_get_reply(message, timeout=30)
            failed = reply.header.message_type is MessageType.error
            outcomes.append(reply.header.fields[4] if failed else "ok")
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
