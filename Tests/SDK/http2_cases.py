"""What callers of HTTP/2 meet: httpx, and connections of h2 that are driven frame by frame.

The first argument names the case; each fails by an assertion. What is awaited has no time but the one after which a socket
gives up: counts decide.
"""

import argparse
import hashlib
import hmac
import http.client
import json
import secrets
import socket
import ssl
import time

import h2.config
import h2.connection
import h2.events
import httpx
import hyperframe.frame

CHAT = "/v1/chat/completions"
TIMEOUT = 30
MEBIBYTE = 1 << 20


def chat(model="sim-large", content="Hello.", stream=False):
    """A request's body; a stream's asks for its usage, which the daemon would do otherwise."""
    more = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return json.dumps({"model": model, "messages": [{"role": "user", "content": content}], **more}).encode()


class Answer:
    """What has come on a stream."""

    def __init__(self):
        self.fields, self.body = [], bytearray()
        self.is_complete, self.reset = False, None

    @property
    def status(self):
        return int(dict(self.fields)[":status"]) if self.fields else None

    @property
    def events(self):
        return self.body.count(b"\n\n")


class Connection:
    """One connection: nothing is read or sent unless a test says so."""

    def __init__(self, place, context):
        host, port = place.split(":")
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection((host, int(port)), TIMEOUT)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2", "h2 was not chosen"
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.answers, self.goodbye = {}, None
        self.state.initiate_connection()
        self.send()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self):
        self.socket.sendall(self.state.data_to_send())

    def begin(self, fields, method="POST", target=CHAT, authority="localhost", is_complete=True):
        """Opens a stream."""
        stream = self.state.get_next_available_stream_id()
        self.answers[stream] = Answer()
        names = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", target)]
        self.state.send_headers(stream, names + list(fields.items()), end_stream=is_complete)
        self.send()
        return stream

    def write(self, stream, body):
        """Sends a body as the windows let it."""
        sent = 0
        while sent < len(body):
            size = min(self.state.local_flow_control_window(stream), self.state.max_outbound_frame_size)
            if size == 0:
                self.read()
                continue
            self.state.send_data(stream, body[sent : sent + size])
            sent += size
            self.send()
        self.state.end_stream(stream)
        self.send()

    def ask(self, body, fields, is_announced=True, **more):
        """Opens a stream with a body."""
        if is_announced:
            fields = {**fields, "content-length": str(len(body))}
        stream = self.begin(fields, is_complete=False, **more)
        self.write(stream, body)
        return stream

    def reset(self, stream):
        self.state.reset_stream(stream, 8)
        self.send()

    def read(self):
        """Takes what has come; waits for something."""
        data = self.socket.recv(65536)
        assert data, f"the connection was closed: {self.goodbye}"
        for event in self.state.receive_data(data):
            answer = self.answers.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                answer.fields = event.headers
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                answer.is_complete = True
            elif isinstance(event, h2.events.StreamReset):
                answer.reset = event.error_code
            elif isinstance(event, h2.events.ConnectionTerminated):
                self.goodbye = event
        self.send()

    def frames(self):
        """What comes, frame by frame, which the state is not told of; what has come before must be complete."""
        data = b""
        while True:
            while len(data) < 9 or len(data) < 9 + int.from_bytes(data[:3], "big"):
                piece = self.socket.recv(65536)
                assert piece, "the connection was closed"
                data += piece
            frame, length = hyperframe.frame.Frame.parse_frame_header(memoryview(data[:9]))
            frame.parse_body(memoryview(data[9 : 9 + length]))
            data = data[9 + length :]
            yield frame

    def until(self, condition):
        while not condition():
            self.read()

    def finish(self, stream):
        """Reads until a stream is over, and returns its answer."""
        answer = self.answers[stream]
        self.until(lambda: answer.is_complete or answer.reset is not None)
        return answer


class Surroundings:
    """The daemon and the simulator behind it."""

    def __init__(self, arguments):
        self.place, self.simulator, self.token = arguments.proxy, arguments.simulator, arguments.token
        self.certificate = arguments.ca
        self.fields = {"authorization": "Bearer " + self.token, "content-type": "application/json"}

    @property
    def context(self):
        return ssl.create_default_context(cafile=self.certificate)

    def connect(self):
        return Connection(self.place, self.context)

    def client(self):
        return httpx.Client(http2=True, verify=self.context, timeout=TIMEOUT, trust_env=False)

    def url(self, target=CHAT):
        return "https://" + self.place + target

    def direct(self, body):
        """The simulator's own answer to a key of the pool."""
        fields = {"authorization": "Bearer sk-sim-alpha", "content-type": "application/json"}
        return httpx.stream("POST", self.simulator + CHAT, content=body, headers=fields, timeout=TIMEOUT, trust_env=False)

    def counts(self):
        """What the simulator has seen of all keys."""
        return httpx.get(self.simulator + "/sim/stats", trust_env=False).json()["totals"]

    def posted(self):
        """The requests that the simulator has got, without those for lists of models."""
        requests = httpx.get(self.simulator + "/sim/requests", trust_env=False).json()["requests"]
        return [request for request in requests if request["method"] == "POST"]


def read_events(answer, count):
    """Reads an answer up to the end of an event, and not beyond it."""
    text = b""
    for piece in answer.iter_raw():
        text += piece
        if text.count(b"\n\n") >= count:
            break
    return text


def events(here):
    """No event waits for the one after it: the provider is silent after each that is looked at."""
    for count in (2, 3, 8):
        body = chat(f"sim-events-20-stall-{count}", stream=True)
        with here.direct(body) as answer:
            expected = read_events(answer, count)
        assert expected.count(b"\n\n") == count, expected
        with here.client() as client, client.stream("POST", here.url(), content=body, headers=here.fields) as answer:
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert read_events(answer, count) == expected
    body = chat("sim-events-500-bytes-700", stream=True)
    with here.direct(body) as answer:
        expected = b"".join(answer.iter_raw())
    assert expected.endswith(b"data: [DONE]\n\n") and expected.count(b"\n\n") > 500
    with here.client() as client, client.stream("POST", here.url(), content=body, headers=here.fields) as answer:
        assert answer.http_version == "HTTP/2"
        assert b"".join(answer.iter_raw()) == expected


def cancelled(here):
    """A stream that is reset is cancelled at the provider, and its neighbour goes on."""
    with here.connect() as connection:
        kept = connection.ask(chat("sim-held", "kept", stream=True), here.fields)
        left = connection.ask(chat("sim-held", "left", stream=True), here.fields)
        for stream in (kept, left):
            connection.until(lambda: connection.answers[stream].events >= 2)
            assert connection.answers[stream].status == 200
        counts = here.counts()
        assert (counts["in_flight"], counts["aborted"]) == (2, 0), counts
        connection.reset(left)
        # The neighbour's comments come all the while: they are the pace.
        while here.counts()["aborted"] == 0:
            connection.read()
        counts = here.counts()
        assert (counts["in_flight"], counts["aborted"]) == (1, 1), counts
        answer = connection.answers[kept]
        events = answer.events
        connection.until(lambda: answer.events >= events + 5)
        assert not answer.is_complete and answer.reset is None
        assert connection.finish(connection.ask(chat(), here.fields)).status == 200
        assert connection.goodbye is None


def large(here):
    """Bodies of many windows, in both directions."""
    with here.connect() as connection:
        body = chat(content="a" * (5 * MEBIBYTE))
        assert len(body) > 70 * connection.state.remote_settings.initial_window_size
        assert connection.finish(connection.ask(body, here.fields)).status == 200
        received = here.posted()[-1]
        assert received["body_length"] == len(body)
        assert received["body_sha256"] == hashlib.sha256(body).hexdigest()

        for body in (chat(f"sim-body-{8 * MEBIBYTE}"), chat("sim-events-512-bytes-16384", stream=True)):
            with here.direct(body) as answer:
                expected = b"".join(answer.iter_raw())
            assert len(expected) >= 8 * MEBIBYTE
            answer = connection.finish(connection.ask(body, here.fields))
            assert answer.status == 200 and answer.is_complete
            assert hashlib.sha256(answer.body).digest() == hashlib.sha256(expected).digest()


def many(here):
    """Fifty streams at a time on one connection: held ones, then whole ones."""
    with here.connect() as connection:
        held = [
            connection.ask(chat("sim-events-9-stall-2", f"held {number}", stream=True), here.fields)
            for number in range(50)
        ]
        connection.until(lambda: all(connection.answers[stream].events >= 2 for stream in held))
        assert all(connection.answers[stream].status == 200 for stream in held)
        counts = here.counts()
        assert (counts["in_flight"], counts["requests"]) == (50, 50), counts
        for stream in held:
            connection.reset(stream)
        end = time.monotonic() + TIMEOUT
        while (counts := here.counts())["aborted"] < 50:
            assert time.monotonic() < end, counts

        bodies = [chat("sim-events-40", f"whole {number}", stream=True) for number in range(50)]
        streams = [connection.ask(body, here.fields) for body in bodies]
        for body, stream in zip(bodies, streams):
            answer = connection.finish(stream)
            with here.direct(body) as direct:
                assert answer.status == 200 and answer.body == b"".join(direct.iter_raw())
        assert connection.goodbye is None


def flood(here):
    """Streams that are reset at once: what runs is finished all the same, and one connection has been given up."""
    with here.connect() as connection:
        held = connection.ask(chat("sim-held", stream=True), here.fields)
        connection.until(lambda: connection.answers[held].events >= 2)
        for _ in range(250):
            connection.reset(connection.begin(here.fields, is_complete=False))
        # The library reads nothing after a GOAWAY: the rest is looked at as frames.
        frames = connection.frames()
        goodbye = next(frame for frame in frames if isinstance(frame, hyperframe.frame.GoAwayFrame))
        assert goodbye.error_code == 11, goodbye
        further = (frame for frame in frames if isinstance(frame, hyperframe.frame.DataFrame))
        assert [next(further).stream_id for _ in range(5)] == [held] * 5
    with here.connect() as connection:
        assert connection.finish(connection.ask(chat(), here.fields)).status == 200


def signed(token, method, target, body):
    """The fields of a signature (docs/clients.md)."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = "\n".join([method, target, hashlib.sha256(body).hexdigest(), timestamp, nonce])
    return {
        "x-kmi-timestamp": timestamp,
        "x-kmi-nonce": nonce,
        "x-kmi-signature": hmac.new(token.encode(), text.encode(), hashlib.sha256).hexdigest(),
    }


def signatures(here):
    """A signed body needs no length, and none slips past its signature for having none."""
    with here.connect() as connection:
        def ask(fields, body, method="POST", target=CHAT):
            stream = connection.ask(body, {**here.fields, **fields}, is_announced=False, method=method, target=target)
            return connection.finish(stream)

        body = chat(content="a" * 100_000)
        fields = signed(here.token, "POST", CHAT, body)
        changed = ask(fields, body.replace(b"aaa\"", b"aab\""))
        assert changed.status == 401 and b"signature wrong" in changed.body, changed.body
        assert ask({}, body).status == 401
        assert ask(signed(here.token, "POST", CHAT, b""), body).status == 401
        assert not here.posted()

        assert ask(fields, body).status == 200
        assert here.posted()[-1]["body_sha256"] == hashlib.sha256(body).hexdigest()
        again = ask(fields, body)
        assert again.status == 401 and b"signature used before" in again.body, again.body

        # Nobody reads the body of a request for a list, so that nobody could hold it against its signature.
        target = "/v1/models"
        refused = ask(signed(here.token, "GET", target, b"x"), b"x", "GET", target)
        assert refused.status == 400 and b"has no body" in refused.body, refused.body
        fields = {**here.fields, **signed(here.token, "GET", target, b"")}
        assert connection.finish(connection.begin(fields, "GET", target)).status == 200
        assert len(here.posted()) == 1


def old(here, method, target, fields, body):
    """The same request over HTTP/1.1: status, fields and body of the answer."""
    connection = http.client.HTTPSConnection(*here.place.split(":"), context=here.context, timeout=TIMEOUT)
    connection.request(method, target, body, fields)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], content


def errors(here):
    """Refusals are those of HTTP/1.1, field by field."""
    ours = {**here.fields, "x-request-id": "the-same-for-both"}
    stranger = {name: value for name, value in ours.items() if name != "authorization"}
    cases = [
        ("POST", CHAT, stranger, chat(), 401, "unauthorized"),
        ("GET", "/v1/models", {**stranger, "authorization": "Bearer wrong"}, None, 401, "unauthorized"),
        ("GET", "/v1/models", {**ours, "host": "evil.example"}, None, 403, "forbidden"),
        ("GET", "/nothing/here", ours, None, 404, "not_found"),
        ("TRACE", "/v1/models", ours, None, 405, "method_not_allowed"),
        ("POST", CHAT, ours, b"{", 400, "invalid_request"),
        ("POST", CHAT, {**ours, "content-length": str(1 << 40)}, None, 413, "body_too_large"),
        ("POST", CHAT, {**ours, "x-kmi-key": "nobody"}, chat(), 400, "invalid_request"),
        ("GET", "/v1/models", {**ours, "x-long": "a" * 70_000}, None, 431, "headers_too_large"),
    ]
    with here.connect() as connection:
        # Before anything has been read, so that no SETTINGS of the daemon have been acknowledged.
        large = connection.begin({**ours, "x-long": "a" * 70_000}, "GET", "/v1/models")
        assert connection.finish(large).status == 431
        connection.until(lambda: connection.state.remote_settings.max_concurrent_streams == 100)
        for method, target, fields, body, status, code in cases:
            expected = old(here, method, target, fields, body)
            assert expected[0] == status, expected
            named = dict(fields)
            authority = named.pop("host", "localhost")
            if body is not None:
                stream = connection.ask(body, named, method=method, target=target, authority=authority)
            else:
                is_complete = "content-length" not in named
                stream = connection.begin(named, method, target, authority, is_complete)
            connection.until(lambda: connection.answers[stream].is_complete)
            answer = connection.answers[stream]
            assert answer.status == status, (status, answer.fields, bytes(answer.body))
            error = json.loads(answer.body)["error"]
            assert error["code"] == code, error
            fields = dict(answer.fields)
            assert fields["content-type"] == "application/json", fields
            assert fields["x-kmi-error"] == code, fields
            assert int(fields["content-length"]) == len(answer.body), fields
            assert ("www-authenticate" in fields) == (status == 401), fields
            # A head that could not be read as a whole tells no name of the request.
            assert status == 431 or fields["x-request-id"] == "the-same-for-both", fields
            changing = {"date", "connection", "keep-alive"} | ({"x-request-id"} if status == 431 else set())
            said = {name: value for name, value in answer.fields if name not in changing | {":status"}}
            assert said == {name: value for name, value in expected[1] if name not in changing}, (said, expected)
            assert "date" in fields and bytes(answer.body) == expected[2]
        assert connection.finish(connection.ask(chat(), here.fields)).status == 200


def crowded(here):
    """One connection too many is told so as over HTTP/1.1, and that it may ask again elsewhere."""
    with here.connect() as first:
        assert first.finish(first.ask(chat(), here.fields)).status == 200
        fields = {**here.fields, "x-request-id": "the-same-for-both"}
        status, expected, body = old(here, "POST", CHAT, fields, chat())
        assert status == 503
        with here.connect() as second:
            # With a body that is larger than what may be on its way.
            answer = second.finish(second.ask(chat(content="a" * 100_000), fields))
            assert answer.status == 503 and json.loads(answer.body)["error"]["code"] == "overloaded", answer.body
            said = dict(answer.fields)
            assert int(said["retry-after"]) >= 1 and said["x-kmi-error"] == "overloaded", said
            for name, value in expected:
                assert name in ("date", "connection", "x-request-id") or said[name] == value, (name, said)
            second.until(lambda: second.goodbye is not None)
            assert (second.goodbye.error_code, second.goodbye.last_stream_id) == (0, 1)
        assert first.finish(first.ask(chat(), here.fields)).status == 200


CASES = [cancelled, crowded, errors, events, flood, large, many, signatures]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=[case.__name__ for case in CASES])
    for name in ("proxy", "simulator", "token", "ca"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    next(case for case in CASES if case.__name__ == arguments.case)(Surroundings(arguments))


if __name__ == "__main__":
    main()
