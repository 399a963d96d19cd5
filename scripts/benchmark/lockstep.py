"""A provider and a caller that take turns: nothing is sent before what came before has arrived.

So what a proxy between them does for a request or an event is the same however fast the machine is.
"""

import json
import socket
import threading
import time

from . import configurations
from .programs import Failure

# The longest that one turn may take; under valgrind some take a second.
PATIENCE = 60
END = b"0\r\n\r\n"
MODEL = "gpt-4o-mini"
USAGE = {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(choices: list, **more) -> bytes:
    return chunk(b"data: " + compact({
        "id": "chatcmpl-costs", "object": "chat.completion.chunk", "created": 1767225600, "model": MODEL,
        "choices": choices, **more}) + b"\n\n")


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def plain_answer() -> bytes:
    """1 KiB of JSON."""
    def body(text: str) -> bytes:
        return compact({
            "id": "chatcmpl-costs", "object": "chat.completion", "created": 1767225600, "model": MODEL, "usage": USAGE,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})

    whole = body("a" * (1024 - len(body(""))))
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(whole), whole)


PLAIN = plain_answer()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = event([{"index": 0, "delta": {"content": "abcdefgh" * 8}, "finish_reason": None}])
LAST = (event([{"index": 0, "delta": {}, "finish_reason": "stop"}]) + event([], usage=USAGE) + chunk(b"data: [DONE]\n\n")
        + END)


class Connection:
    """A connection with what has arrived on it."""

    def __init__(self, connected: socket.socket):
        self.socket, self.data = connected, b""
        connected.settimeout(PATIENCE)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, complete) -> bytes:
        """What has arrived as soon as `complete` says how many bytes of it are wanted; empty at the end of the connection."""
        while not (length := complete(self.data)):
            arrived = self.socket.recv(1 << 16)
            if not arrived:
                return b""
            self.data += arrived
        taken, self.data = self.data[:length], self.data[length:]
        return taken


def message_length(data: bytes) -> int:
    """Of the message with a length that `data` begins with; 0 while it is not there."""
    head, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        return 0
    fields = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    length = next((int(value) for name, _, value in fields if name == b"content-length"), 0)
    return len(head) + 4 + length if len(rest) >= length else 0


def event_length(data: bytes) -> int:
    """Of the chunk with an event that `data` begins with, or of the head and the chunk; 0 while it is not there."""
    return data.find(b"\n\n\r\n") + 4 if b"\n\n\r\n" in data else 0


class Provider:
    """Answers plainly, or with as many events as `turn` allows."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.turns = threading.Semaphore(0)
        self.left = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self) -> None:
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Connection(connected),), daemon=True).start()

    def serve(self, connection: Connection) -> None:
        # A kept connection is quiet for as long as the proxy likes.
        connection.socket.settimeout(None)
        try:
            while request := connection.until(message_length):
                if b'"stream":true' in request:
                    self.stream(connection)
                else:
                    connection.send(PLAIN)
        except OSError:
            pass

    def stream(self, connection: Connection) -> None:
        connection.send(HEAD)
        while self.turns.acquire(timeout=PATIENCE) and self.left:
            connection.send(EVENT)
        connection.send(LAST)

    def turn(self, left: bool = True) -> None:
        """Lets the stream that is open send an event, or its end."""
        self.left = left
        self.turns.release()


class Caller:
    """One kept connection to the proxy."""

    def __init__(self, connected: socket.socket, provider: Provider, path: str):
        self.connection, self.provider, self.path = Connection(connected), provider, path
        self.asked = 0

    def ask(self, **more) -> None:
        """A request of 1 KiB; 64 conversations take turns."""
        words = f"Conversation {self.asked % 64:02}. "
        self.asked += 1
        body = compact({"model": MODEL, **more, "messages": [{"role": "user", "content": words + "a" * 900}]})
        self.connection.send(
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {configurations.TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def plain(self, number: int, rest) -> None:
        """So many requests; `rest` waits after each for what it leaves behind."""
        for _ in range(number):
            self.ask()
            expect(self.connection.until(message_length), b"finish_reason")
            rest()

    def stream(self, events: int, pace: float) -> None:
        """A stream, event by event, with at least `pace` seconds between them."""
        self.ask(stream=True)
        for _ in range(events):
            due = time.monotonic() + pace
            self.provider.turn()
            expect(self.connection.until(event_length), b"abcdefgh")
            time.sleep(max(0.0, due - time.monotonic()))
        self.provider.turn(left=False)
        expect(self.connection.until(lambda data: len(data) if data.endswith(END) else 0), b"[DONE]")


def expect(answer: bytes, part: bytes) -> None:
    if part not in answer:
        raise Failure(f"kmid answered {answer[-500:].decode(errors='replace') or 'nothing'}")
