import DBusControl
import Testing

@testable import kmictl

struct TopCommandTests {
    @Test("refuses what is no terminal, and names what does without one")
    func refusesPipes() async throws {
        var dumb = Terminal.usual
        dumb.isScreen = false
        var mute = Terminal.usual
        mute.hasInput = false
        for terminal in [Terminal.none, dumb, mute] {
            let daemon = FakeDaemon()
            let result = try await kmictl("top", daemon: daemon, terminal: terminal)
            #expect(result.status == .failed)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains("kmictl status --json"))
            #expect(daemon.asked.isEmpty)
        }
    }

    @Test(
        "refuses options that it cannot mean",
        arguments: [["--json"], ["-q"], ["--interval", "100ms"], ["--interval", "2m"], ["--interval", "soon"]])
    func refusesOptions(words: [String]) async throws {
        let result = try await kmictl(words: ["top"] + words, terminal: .usual)
        #expect(result.status == .usage)
        #expect(result.errors.hasPrefix("kmictl: "))
    }

    @Test func saysWithoutABusWhatEveryCommandSays() async throws {
        let result = try await kmictl(
            "top", terminal: .usual, connection: .init(.unreachable, "cannot reach the bus"))
        #expect(result.status == .unreachable)
        #expect(result.errors == "kmictl: cannot reach the bus\n")
    }
}
