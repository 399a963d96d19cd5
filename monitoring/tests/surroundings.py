"""What live.py starts and asks: a simulated provider, daemons, a bus, a Prometheus server. Standard library only."""

import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
TOKEN = "kmi-live-token-0123456789"
LOOSE = ssl.create_default_context()
LOOSE.check_hostname = False
LOOSE.verify_mode = ssl.CERT_NONE
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=LOOSE))


TAKEN: set[int] = set()


class Failure(Exception):
    """Something that did not happen."""


def tool(name: str) -> str | None:
    """The path of a program, of .tools/bin first."""
    return shutil.which(name, path=f"{TOP}/.tools/bin:{os.environ.get('PATH', '')}:/usr/bin:/bin:/usr/sbin")


def free_port() -> int:
    """A port below those that the kernel hands out, so that it stays free while a daemon is started again."""
    for _ in range(200):
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in TAKEN:
            TAKEN.add(port)
            return port
    raise Failure("no free port")


def eventually(what: str, condition, within: float = 20, every: float = 0.1):
    """Waits until a condition gives something; nothing is said of how long that may take but the bound."""
    end = time.monotonic() + within
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failure(f"not within {within:g} s: {what}")
        time.sleep(every)


def fetch(url: str, body: bytes | None = None, headers: dict | None = None, method: str | None = None, limit: float = 10) -> tuple[int, str]:
    """Status and body of an answer; 0 if there is none."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with DIRECT.open(request, timeout=limit) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode("utf-8", "replace")
    except (OSError, ValueError):
        return 0, ""


class Program:
    """A program that ends with the one that started it."""

    def __init__(self, name: str, command: list[str], folder: pathlib.Path, environment: dict | None = None):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                env={"PATH": "/usr/bin:/bin:/usr/sbin", "HOME": str(folder), "LANG": "C.UTF-8", **(environment or {})})

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def find(self, pattern: str, within: float = 20) -> re.Match:
        """Waits for something in what it prints."""
        def look():
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode}: {self.said()[-2000:]}")
            return re.search(pattern, self.said())
        return eventually(f"{self.name} says {pattern}", look, within, 0.05)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wake(self) -> None:
        """Lets it go on, if it was stopped and is still there."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it, kindly at first."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


def die_with_parent() -> None:
    """PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Simulator:
    """kmi-sim, with a scenario that can be changed."""

    def __init__(self, binaries: pathlib.Path, folder: pathlib.Path):
        self.program = Program("kmi-sim", [str(binaries / "kmi-sim"), "--listen", "127.0.0.1:0"], folder)
        self.base = "http://" + self.program.find(r'"http":\["([^"]+)"')[1]

    def play(self, scenario: dict) -> None:
        status, text = fetch(self.base + "/sim/scenario", json.dumps(scenario).encode(), method="PUT")
        if status != 200:
            raise Failure(f"the scenario is not taken: {status} {text}")


class Daemon:
    """kmid with a configuration of its own; it can be started again with the same addresses."""

    def __init__(self, name: str, binaries: pathlib.Path, folder: pathlib.Path, tls: bool = False):
        self.name, self.tls = name, tls
        self.binaries, self.folder = binaries, folder / name
        self.folder.mkdir()
        # With TLS there is a plain listener beside it, for what is about the load alone.
        self.data, self.plain, self.admin = free_port(), free_port(), free_port()
        self.bus = "none"
        self.environment: dict[str, str] = {}
        self.launcher: list[str] = []
        self.program: Program | None = None
        (self.folder / "client.token").write_text(TOKEN)
        (self.folder / "client.token").chmod(0o600)

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    def configure(self, providers: dict, tables: str = "", server: str = "") -> None:
        """Writes the files; `providers` has kind, base and keys by name."""
        # The warning about many failures looks back over five minutes, longer than all of this takes.
        text = (f'[notifications]\nerror_rate = 0\n[server]\nlisten = ["{self.scheme}://127.0.0.1:{self.data}", "http://127.0.0.1:{self.plain}"]\nsocket = "off"\n'
                f'admin_listen = "{self.scheme}://127.0.0.1:{self.admin}"\n{server}\n'
                f'[[client]]\nname = "live"\ntoken = "file:client.token"\nscopes = ["inference", "metrics"]\n{tables}\n')
        for provider, (kind, base, keys) in providers.items():
            text += f'[[provider]]\nname = "{provider}"\nkind = "{kind}"\nbase_url = "{base}"\n'
            for key in keys:
                text += f'[[key]]\nlabel = "{key}"\nprovider = "{provider}"\nsecret = "file:{key}.key"\n'
                (self.folder / f"{key}.key").write_text(f"sk-{key}")
                (self.folder / f"{key}.key").chmod(0o600)
        (self.folder / "kmi.toml").write_text(text)

    def start(self) -> None:
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        self.program = Program(
            f"kmid-{self.name}",
            self.launcher + [str(self.binaries / "kmid"), "run", "--config", str(self.folder / "kmi.toml"),
                             "--state-dir", str(self.folder / "state"), "--bus", self.bus],
            self.folder.parent, {"XDG_RUNTIME_DIR": str(self.folder / "run"), **self.environment})
        eventually(f"{self.name} is there", lambda: self.ask("/healthz", admin=True)[0] == 200 or self.alive(), 30)

    def alive(self) -> bool:
        if self.program is not None and self.program.process.poll() is not None:
            raise Failure(f"kmid {self.name} ended: {self.program.said()[-3000:]}")
        return False

    def ask(self, path: str, body: bytes | None = None, admin: bool = False, token: str = TOKEN, limit: float = 10,
            plain: bool = False) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        place = f"http://127.0.0.1:{self.plain}" if plain else f"{self.scheme}://127.0.0.1:{self.admin if admin else self.data}"
        return fetch(place + path, body, headers, limit=limit)

    def chat(self, provider: str, model: str = "sim-large", stream: bool = False, padding: int = 0, **options) -> int:
        body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Hello" + "x" * padding}]}
        return self.ask(f"/p/{provider}/chat/completions", json.dumps(body).encode(), **options)[0]

    def metric(self, name: str) -> float | None:
        """The first series that begins so."""
        for line in self.ask("/metrics", admin=True)[1].splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
        return None


class Loops:
    """Threads that do something again and again until they are told to end."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.threads: list[threading.Thread] = []

    def begin(self, work, pause: float = 0.2) -> None:
        def go() -> None:
            while not self.ended.is_set():
                work()
                self.ended.wait(pause)
        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        self.threads.append(thread)

    def end(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(15)


class Prometheus:
    """A server of its own with the rules of monitoring/, whose times are shortened."""

    def __init__(self, folder: pathlib.Path, configuration: str, rules: str):
        (folder / "alerts.yml").write_text(rules)
        (folder / "prometheus.yml").write_text(configuration)
        program = tool("prometheus")
        if program is None:
            raise Failure("prometheus is missing")
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.program = Program(
            "prometheus",
            [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=info"], folder)
        eventually("prometheus is ready", lambda: fetch(self.base + "/-/ready")[0] == 200, 30)

    def api(self, path: str):
        status, text = fetch(self.base + "/api/v1/" + path)
        if status != 200:
            raise Failure(f"prometheus: {path}: {status} {text[:500]}")
        return json.loads(text)["data"]

    def query(self, expression: str) -> list:
        return self.api("query?query=" + urllib.request.quote(expression))["result"]

    def rounds(self) -> dict[str, str]:
        """When each group of rules was last evaluated; two answers tell of two rounds if they differ in every group."""
        return {group["name"]: group["lastEvaluation"] for group in self.api("rules")["groups"]}

    def alerts(self, state: str | None = None) -> dict[tuple[str, str], dict]:
        """What is pending or fires, by alert and instance."""
        return {
            (alert["labels"]["alertname"], alert["labels"].get("instance", "")): alert
            for alert in self.api("alerts")["alerts"] if state in (None, alert["state"])
        }
