"""A bus that takes a name away: stands between a client and a real bus, and tells the client that it has lost a name.

No real bus does that to a name which is asked for without a queue and without letting others replace the owner, so the
loss has to be played. Arguments: the socket to listen on, the socket of the real bus, the name. On SIGUSR1 the signal
`NameLost` goes to every client, between two messages. Prints `listening` when it is.
"""

import asyncio
import signal
import struct
import sys

from jeepney import DBusAddress, HeaderFields, new_signal


def name_lost(name: str) -> bytes:
    """The signal as the bus itself would send it."""
    bus = DBusAddress("/org/freedesktop/DBus", interface="org.freedesktop.DBus")
    message = new_signal(bus, "NameLost", "s", (name,))
    message.header.fields[HeaderFields.sender] = "org.freedesktop.DBus"
    return message.serialise(serial=0x7FFFFFFF)


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One message of the bus, whole (D-Bus specification, message format)."""
    head = await reader.readexactly(16)
    order = "<" if head[0:1] == b"l" else ">"
    body, fields = struct.unpack(order + "I", head[4:8])[0], struct.unpack(order + "I", head[12:16])[0]
    return head + await reader.readexactly((fields + 7) // 8 * 8 + body)


class Proxy:
    def __init__(self, bus: str, name: str):
        self.bus, self.name, self.clients = bus, name, set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bus_reader, bus_writer = await asyncio.open_unix_connection(self.bus)
        forward = asyncio.create_task(self.copy(reader, bus_writer))
        try:
            # Authentication is a dialogue of lines; the bus speaks messages after the answer to the last of them.
            while True:
                line = await bus_reader.readuntil(b"\r\n")
                # Descriptors cannot pass here.
                writer.write(b"ERROR\r\n" if line.startswith(b"AGREE_UNIX_FD") else line)
                if line.startswith((b"AGREE_UNIX_FD", b"ERROR")):
                    break
            self.clients.add(writer)
            while True:
                writer.write(await read_message(bus_reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.clients.discard(writer)
            forward.cancel()
            bus_writer.close()
            writer.close()

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    def take(self) -> None:
        for client in self.clients:
            client.write(name_lost(self.name))


async def main(listen: str, bus: str, name: str) -> None:
    proxy = Proxy(bus, name)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, proxy.take)
    server = await asyncio.start_unix_server(proxy.serve, listen)
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
