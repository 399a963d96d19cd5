"""The daemons of live.py, what is done to them, and which alert has to fire where."""

import contextlib
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading
import time

from surroundings import Daemon, Failure, Loops, Program, Simulator, eventually, fetch, tool

# Shifts what the process takes for the time by the seconds in a file; other clocks are left alone.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, time);
    const char *path = getenv("LIVE_CLOCK");
    if (clock != CLOCK_REALTIME || result != 0 || !path) return result;
    FILE *file = fopen(path, "re");
    long shift = 0;
    if (file) {
        if (fscanf(file, "%ld", &shift) != 1) shift = 0;
        fclose(file);
    }
    time->tv_sec += shift;
    return result;
}
"""
PRESSURE = "/proc/pressure/memory"


class Cast:
    """All that takes part.

    `providers` is where providers misbehave, `system` where its machine, its callers and its files do, `life` where the
    process itself does.
    """

    def __init__(self, folder: pathlib.Path, binaries: pathlib.Path):
        self.folder, self.binaries = folder, binaries
        self.not_run: dict[str, str] = {}
        self.programs: list[Program] = []
        self.calm, self.storm = Loops(), Loops()
        self.held: list = []

    # What has to fire.

    def expected(self) -> set[tuple[str, str]]:
        """Each alert with the instance that it fires at."""
        at = {
            self.providers: [
                "KMIProviderWithoutKeys", "KMIFewUsableKeys", "KMIKeysExhausted", "KMIKeyNeedsAttention", "KMIKeyQuotaLow",
                "KMIBreakerOpen", "KMIProviderFailing", "KMIProviderRefusesKeys", "KMIFirstByteSlow", "KMIStreamsCut",
                "KMIRequestsFailing"],
            self.system: [
                "KMIDegraded", "KMIWarning", "KMIOverheadHigh", "KMIQueueFilling", "KMIOverloaded", "KMIUnauthorizedCallers",
                "KMITLSHandshakesFailing", "KMICertificateEnds", "KMICertificateEndsNow", "KMIStorageFailing",
                "KMIStorageRowsDropped", "KMIStorageQueueFilling", "KMIBackupOld", "KMIJobFailing"],
            self.life: [
                "KMIDown", "KMIRestarting", "KMIClockWrong", "KMIMemoryShort", "KMIDescriptorsNearLimit",
                "KMIConnectionsNearLimit", "KMINoUsableKey"],
        }
        return {
            (alert, f"127.0.0.1:{daemon.admin}") for daemon, alerts in at.items() for alert in alerts
            if alert not in self.not_run
        }

    # Beginning.

    def begin(self) -> None:
        """Starts everything, in good health."""
        self.simulator = Simulator(self.binaries, self.folder)
        self.programs.append(self.simulator.program)
        self.providers = Daemon("providers", self.binaries, self.folder)
        self.system = Daemon("system", self.binaries, self.folder, tls=True)
        self.life = Daemon("life", self.binaries, self.folder)
        self.all = [self.providers, self.system, self.life]
        self.prepare_providers()
        self.prepare_system()
        self.prepare_life()
        self.prepare_pressure()
        for daemon in self.all:
            daemon.start()

    def prepare_providers(self) -> None:
        base = self.simulator.base
        self.kinds = {
            "few": ("compatible", f"{base}/v1", ["few-1", "few-2", "few-3"]),
            "spent": ("kimi", f"{base}/coding/v1", ["spent-1"]),
            "low": ("openai", f"{base}/v1", ["low-1"]),
            "broken": ("compatible", f"{base}/v1", ["broken-1"]),
            "slow": ("compatible", f"{base}/v1", ["slow-1"]),
            "cut": ("compatible", f"{base}/v1", ["cut-1"]),
        }
        self.providers.configure(self.kinds, '[cooldown]\nauth = ["2s", "3s"]\n[breaker]\nopen = "1s"\nfailures = 3\nwindow = "3s"\n[retry]\nmax_attempts = 1\n[storage]\nbackup = 0\n')

    def prepare_system(self) -> None:
        daemon = self.system
        self.certificate(90)
        bus = Program("bus", [tool("dbus-daemon") or "", "--session", "--nofork", "--print-address=1"], self.folder)
        self.programs.append(bus)
        daemon.bus = bus.find(r"unix:\S+")[0]
        daemon.configure(
            {"sound": ("compatible", f"{self.simulator.base}/v1", ["sound-1"])},
            '[trace]\ncapture_bodies = true\n[limits]\nin_flight = 4\nqueue = 6\nqueue_timeout = "2s"\nhigh_reserved = 0\n'
            '[server.tls]\ncertificate = "server.pem"\nprivate_key = "server.key"\n')

    def prepare_life(self) -> None:
        daemon = self.life
        daemon.configure(
            {"only": ("compatible", f"{self.simulator.base}/v1", ["only-1"])},
            "[server.limits]\nconnections = 40\n[server.timeouts]\nheader = \"60s\"\ndrain = \"1s\"\n[storage]\nbackup = 0\n")
        self.prepare_clock()

    def prepare_pressure(self) -> None:
        """Lets files stand in for the kernel's word about memory, in mount namespaces of the daemons' own (as root).

        One is for the daemon whose memory gets short; the others do not hear either how short that of this machine is.
        """
        self.pressure, calm = self.folder / "pressure", self.folder / "calm"
        for daemon in self.all:
            file = self.pressure if daemon is self.life else calm
            self.press(0, file)
            launcher = ["unshare", "-m", "sh", "-c", f'mount --bind "$0" {PRESSURE} && exec "$@"', str(file)]
            if os.geteuid() != 0 or not pathlib.Path(PRESSURE).exists() or subprocess.run(
                    [*launcher, "true"], capture_output=True, timeout=30).returncode != 0:
                self.not_run["KMIMemoryShort"] = f"another {PRESSURE} needs root and mounts"
                return
            daemon.launcher = launcher

    def prepare_clock(self) -> None:
        compiler = tool("gcc") or tool("cc") or tool("clang")
        self.clock = self.folder / "clock"
        self.clock.write_text("0")
        library = self.folder / "clock.so"
        (self.folder / "clock.c").write_text(CLOCK)
        if compiler is None or subprocess.run(
                [compiler, "-shared", "-fPIC", "-o", str(library), str(self.folder / "clock.c"), "-ldl"],
                capture_output=True, timeout=60).returncode != 0:
            self.not_run["KMIClockWrong"] = "a C compiler makes the library that shifts the clock"
            return
        self.life.environment = {"LD_PRELOAD": str(library), "LIVE_CLOCK": str(self.clock)}

    def certificate(self, days: int) -> None:
        """A certificate that is good for so many days, put in place as a whole."""
        folder = self.system.folder
        subprocess.run(
            [tool("openssl") or "", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", str(days), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(folder / "new.key"), "-out", str(folder / "new.pem")],
            check=True, capture_output=True, timeout=30)
        (folder / "new.key").chmod(0o600)
        # What Prometheus trusts comes first: each certificate is its own authority.
        with (folder / "ca.pem").open("a") as trusted:
            trusted.write((folder / "new.pem").read_text())
        os.replace(folder / "new.key", folder / "server.key")
        os.replace(folder / "new.pem", folder / "server.pem")

    def press(self, percent: float, place: pathlib.Path | None = None) -> None:
        """Tells how short memory is; in place, since another file would not be the one that is mounted."""
        place = place or self.pressure
        text = (f"some avg10={percent:06.2f} avg60=0.00 avg300=0.00 total=0\n"
                "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        with place.open("r+" if place.exists() else "w") as file:
            file.write(text)

    # Good days.

    def work(self) -> None:
        """A little of everything, all the time."""
        self.copy()
        for provider in self.kinds:
            self.calm.begin(lambda provider=provider: self.providers.chat(provider, limit=20), 0.4)
        self.calm.begin(lambda: self.system.chat("sound"), 0.5)
        self.calm.begin(lambda: self.life.chat("only"), 0.5)

    # Bad days.

    def fail(self, watch) -> None:
        """Everything at once, where it does not stand in each other's way."""
        self.simulator.play({
            "accounts": [
                {"key": "sk-spent-1", "five_hours": {"limit": 1000, "used": 997, "resets_in_ms": 9000}},
                {"key": "sk-low-1", "requests": {"limit": 1000, "used": 900, "length_ms": 15000}},
            ],
            "rules": [
                {"match": {"key": "sk-few-2"}, "action": {"status": 401}},
                {"match": {"key": "sk-few-3"}, "action": {"status": 401}},
                # Each probe that fails doubles the time to the next one: some of them are enough.
                {"match": {"key": "sk-broken-1", "requests": "1-6"}, "action": {"status": 500}},
                {"match": {"key": "sk-slow-1"}, "action": {"delay_before_head_ms": 3000}},
                {"match": {"key": "sk-cut-1"}, "action": {"cut": {"after_events": 3}}},
                {"match": {"key": "sk-only-1"}, "action": {"status": 429, "retry_after": {"seconds": 6}}},
            ]})
        streams = iter(range(20))
        self.storm.begin(lambda: next(streams, None) is None or self.providers.chat("cut", stream=True), 0.3)
        system = threading.Thread(target=self.guarded, args=(self.fail_system, watch), daemon=True)
        self.fault: Exception | None = None
        system.start()
        self.fail_life(watch)
        system.join(100)
        if self.fault is not None:
            raise self.fault
        if system.is_alive():
            raise Failure("not everything has failed in time")

    def guarded(self, work, *arguments) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 – told by whoever waits for the thread
            self.fault = error

    def fail_system(self, watch) -> None:
        daemon = self.system
        self.storm.begin(lambda: daemon.chat("sound", token="wrong", plain=True), 0.1)
        self.storm.begin(lambda: fetch(f"http://127.0.0.1:{daemon.data}/v1/models"), 0.1)
        self.certificate(1)
        eventually("the other certificate is in use", lambda: (
            (daemon.metric("kmi_certificate_not_after_timestamp_seconds{") or 0) < time.time() + 2 * 86400), 20)
        text = (daemon.folder / "kmi.toml").read_text()
        (daemon.folder / "kmi.toml").write_text(text + "\n[nonsense]\n")
        self.written = text
        state = daemon.folder / "state"
        (state / "state.sqlite").rename(state / "gone.sqlite")
        # More than 16 MiB of bodies, which wait for the disk: 64 KiB each way of each request are kept.
        for _ in range(4):
            self.storm.begin(lambda: self.flood(), 0)
        eventually("bodies are given up", lambda: (
            daemon.metric('kmi_store_dropped_total{table="bodies"}') or 0) > 0, 60)
        for _ in range(14):
            self.storm.begin(lambda: daemon.chat("sound", model="sim-head-4000", limit=20, plain=True), 0.2)

    def flood(self) -> None:
        """Requests with long bodies, as long as none has been given up."""
        if (self.system.metric('kmi_store_dropped_total{table="bodies"}') or 0) == 0:
            for _ in range(20):
                self.system.chat("sound", model="sim-body-65536", padding=65536, plain=True)
        else:
            time.sleep(0.5)

    def fail_life(self, watch) -> None:
        daemon = self.life
        watch.wait({"KMINoUsableKey"}, 20)
        self.clock.write_text("-3600")
        # From now on its requests are refused, so that its key is not asked any more.
        self.press(90)
        for _ in range(36):
            self.held.append(socket.create_connection(("127.0.0.1", daemon.data), 5))
        # What it has open is known once it has taken all of them.
        eventually("they are taken", lambda: (daemon.metric("kmi_open_connections ") or 0) >= 36, 9)
        process = daemon.program.process.pid
        opened = int(daemon.metric("process_open_fds ") or 0)
        soft, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (opened + 12, hard))
        watch.wait({"KMIClockWrong", "KMIMemoryShort", "KMIConnectionsNearLimit", "KMIDescriptorsNearLimit"}, 20)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (soft, hard))
        self.clock.write_text("0")
        self.press(0)
        for connection in self.held:
            connection.close()
        daemon.program.send(signal.SIGSTOP)
        try:
            watch.wait({"KMIDown"}, 20)
        finally:
            daemon.program.send(signal.SIGCONT)
        for _ in range(3):
            daemon.program.stop()
            daemon.start()
            # Each process has to be seen by a scrape.
            began = daemon.metric("process_start_time_seconds ")
            eventually("it is scraped", lambda: any(
                float(result["value"][1]) == began for result in watch.server.query("process_start_time_seconds")), 10)
        watch.wait({"KMIRestarting"}, 15)

    # Better days.

    def heal(self) -> None:
        """Takes away the causes, and nothing else: what was wrong has to come right by itself."""
        self.simulator.play({"rules": []})
        self.storm.end()
        state = self.system.folder / "state"
        (state / "gone.sqlite").rename(state / "state.sqlite")
        (self.system.folder / "kmi.toml").write_text(self.written)
        self.certificate(90)
        # Its next copy would come tomorrow, and a copy is old after seconds here.
        self.calm.begin(self.copy, 4)

    def copy(self) -> None:
        """Has the state copied, as a person does. What is too slow is tried again, or an alert that stays tells of it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [str(self.binaries / "kmictl"), "--address", self.system.bus, "backup"], capture_output=True, timeout=20,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)})

    def end(self) -> None:
        """Stops everything."""
        for loops in (self.storm, self.calm):
            loops.ended.set()
        for connection in self.held:
            connection.close()
        for daemon in getattr(self, "all", []):
            if daemon.program is not None:
                daemon.program.wake()
                daemon.program.stop(signal.SIGKILL)
        for program in reversed(self.programs):
            program.stop()
