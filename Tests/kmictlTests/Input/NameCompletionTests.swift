import DBusControl
import Synchronization
import Testing

@testable import kmictl

/// What a shell is told that can stand in a place.
struct NameCompletionTests {
    private static func names(
        _ kind: NameCompletion.Kind, of daemon: FakeDaemon, words: [String] = ["kmictl"],
        failure: ControlClientError? = nil
    ) async -> [String] {
        let completion = NameCompletion(kind: kind) { (_, timeout) async throws(ControlClientError) in
            daemon.with { $0.timeout = timeout }
            if let failure { throw failure }
            return daemon
        }
        return await completion.names(in: words)
    }

    @Test func tellsTheNamesOfTheDaemon() async {
        let daemon = FakeDaemon()
        daemon.with { $0.providers[0].models = ["kimi-k2", "llama3:8b", "kimi-k2"] }
        #expect(await Self.names(.keys, of: daemon) == ["alpha", "beta", "gamma"])
        #expect(await Self.names(.providers, of: daemon) == ["kimi"])
        #expect(await Self.names(.clients, of: daemon) == ["ci"])
        #expect(await Self.names(.models, of: daemon) == ["kimi-k2", "llama3:8b"])
        #expect(daemon.with { $0.isClosed })
        #expect(daemon.with { $0.timeout } == .milliseconds(500))
    }

    @Test("leaves out what a shell would take for something else (A-005)")
    func tellsPlainNamesOnly() async {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.providers[0].models = ["$(reboot)", "`id`", "a b", "\u{1B}[2J", "x;y", "", "süß", "ok/1.5"]
        }
        #expect(await Self.names(.models, of: daemon) == ["ok/1.5"])
    }

    @Test func saysNothingWhereThereIsNoAnswer() async {
        let daemon = FakeDaemon()
        let unreachable = ControlClientError(.unreachable, "no daemon")
        #expect(await Self.names(.keys, of: daemon, failure: unreachable).isEmpty)
        daemon.with { $0.failure = ControlClientError(.timedOut, "late") }
        #expect(await Self.names(.keys, of: daemon).isEmpty)
        #expect(daemon.with { $0.isClosed })
    }

    @Test(
        "asks the daemon on the bus that the line names",
        arguments: [
            (["kmictl", "keys", "show"], ControlAddress.session), (["kmictl", "--system", "rotate"], .system),
            (["kmictl", "rotate", "--address", "unix:path=/b"], .address("unix:path=/b")),
            (["kmictl", "--address=unix:path=/b", "rotate"], .address("unix:path=/b")),
            (["kmictl", "rotate", "--address"], .session),
        ])
    func findsTheBus(words: [String], bus: ControlAddress) {
        #expect(NameCompletion.bus(in: words) == bus)
    }
}
