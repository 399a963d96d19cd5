"""A provider that answers in the name of the model that was asked for, which `kmi-load serve` does not, and who asks it."""

import http.client
import http.server
import json
import threading

from . import configurations
from .programs import Failure


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        body = json.dumps({
            "id": "chatcmpl-echo", "object": "chat.completion", "created": 1767225600, "model": model,
            "usage": {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30},
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": model}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Says nothing."""


class Provider:
    """Answers on a port of the system's choice."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def ask(port: int, path: str, models: int, conversations: int) -> None:
    """A request of each conversation, in the names of so many models in turn."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for number in range(conversations):
            body = json.dumps({"model": f"bench-{number % models}",
                               "messages": [{"role": "user", "content": f"Conversation {number}."}]})
            connection.request("POST", path, body, {
                "Authorization": f"Bearer {configurations.TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            if (text := answer.read()) and answer.status != 200:
                raise Failure(f"requests with many models: {answer.status} {text[:300].decode(errors='replace')}")
    finally:
        connection.close()
