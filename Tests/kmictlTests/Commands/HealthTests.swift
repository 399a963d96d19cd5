import DBusControl
import Testing

@testable import kmictl

struct HealthTests {
    private static func daemon() -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.keys[0].windows = [
                KeyStatus.Window(name: "5h", used: 12, limit: 100, resetsAt: Samples.now + 7_500 * Samples.second),
                KeyStatus.Window(name: "7d", used: 0.85, limit: 1, resetsAt: Samples.now + 270_000 * Samples.second),
                KeyStatus.Window(name: "month", used: .nan, limit: .nan, resetsAt: 0),
            ]
            state.keys[0].inconsistentWindows = ["7d"]
            state.keys[1].windows = [
                KeyStatus.Window(name: "5h", used: 110, limit: 100, resetsAt: Samples.now + 90 * Samples.second),
                KeyStatus.Window(name: "balance", used: 0, limit: 12.5, resetsAt: 0),
            ]
        }
        return daemon
    }

    @Test("shows the windows of each key as bars in 80 columns, and what is unknown as unknown (X-060)")
    func showsBars() async throws {
        let result = try await kmictl("health", daemon: Self.daemon(), terminal: .plain)
        #expect(
            result.output == """
                KEY    PROVIDER  WINDOW   USED                       RESETS       NOTE
                alpha  kimi      5h       ██░░░░░░░░░░░░░░   12 %    in 2 h 5 m
                alpha  kimi      7d       ██████████████░░   85 % !  in 3 d 3 h   inconsistent
                alpha  kimi      month    unknown
                beta   kimi      5h       ████████████████  110 % !  in 1 m 30 s
                beta   kimi      balance  12.5 left
                gamma  kimi      -        unknown

                """)
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
    }

    @Test("draws with ASCII alone where the locale has nothing else")
    func drawsWithASCII() async throws {
        var terminal = Terminal.plain
        terminal.isUTF8 = false
        let daemon = Self.daemon()
        daemon.with { $0.keys[0].label = String(repeating: "long", count: 10) }
        let text = try await kmictl("health", daemon: daemon, terminal: terminal).output
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.contains("  5h       [##..............]   12 %    in 2 h 5 m"))
        #expect(text.contains("~"))
    }

    @Test(
        "knows the locale",
        arguments: [
            ("de_DE.UTF-8", true), ("C.UTF-8", true), ("C.utf8", true), ("de_DE.UTF-8@euro", true), ("C", false),
            ("de_DE.ISO-8859-1", false), (nil, false),
        ] as [(String?, Bool)])
    func knowsTheLocale(locale: String?, isUTF8: Bool) {
        #expect(Terminal.isUTF8(locale: locale) == isUTF8)
    }

    @Test("tells everything in JSON, what is unknown as null (X-060)")
    func tellsJSON() async throws {
        let daemon = Self.daemon()
        daemon.with { $0.keys.removeLast(2) }
        let expected =
            #"[{"label":"alpha","provider":"kimi","state":"usable","warn":false,"windows":["#
            + #"{"inconsistent":false,"limit":100.0,"name":"5h","resets_at":"2026-01-02T05:09:05Z","used":12.0,"#
            + #""used_ratio":0.12},"#
            + #"{"inconsistent":true,"limit":1.0,"name":"7d","resets_at":"2026-01-05T06:04:05Z","used":0.85,"#
            + #""used_ratio":0.85},"#
            + #"{"inconsistent":false,"limit":null,"name":"month","resets_at":null,"used":null,"used_ratio":null}]}]"#
            + "\n"
        #expect(try await kmictl("health", "--json", daemon: daemon).output == expected)
    }

    @Test func asksTheProvidersFirstIfItIsToldTo() async throws {
        let daemon = Self.daemon()
        let plain = try await kmictl("health", daemon: daemon)
        #expect(daemon.asked == ["keys"])
        #expect(plain.errors.isEmpty)
        #expect(daemon.with { $0.timeout } == .seconds(10))
        let fresh = try await kmictl("health", "--refresh", daemon: daemon)
        #expect(daemon.asked == ["keys", "refresh - of -", "keys"])
        #expect(fresh.errors == "something was learned of 2 of 3 keys.\n")
        #expect(fresh.output == plain.output)
        #expect(daemon.with { $0.timeout } == .seconds(120))
        daemon.with { $0.keys = [] }
        #expect(try await kmictl("health", daemon: daemon).output.isEmpty)
    }

    @Test(
        "never draws a bar full before it is, nor empty after it was",
        arguments: [(0, 0), (0.001, 1), (0.5, 8), (0.85, 14), (0.999, 15), (1, 16), (7, 16)])
    func drawsHonestly(share: Double, full: Int) {
        let style = TextStyle(width: 80, isColoured: false, now: 0)
        #expect(Bar.of(share, style).count { $0 == "█" } == full)
        #expect(Bar.of(share, style).count == 16)
    }

    @Test(
        "rounds towards what is true",
        arguments: [
            (0.0, " 0 %"), (0.001, " 1 %"), (0.999, " 99 % !"), (1, " 100 % !"), (0.555, " 56 %"), (0.8, " 80 %"),
            (0.81, " 81 % !"),
        ])
    func roundsHonestly(used: Double, percent: String) {
        let window = KeyStatus.Window(name: "5h", used: used, limit: 1, resetsAt: 0)
        let cell = WindowText(window: window).bar(TextStyle(width: 80, isColoured: false, now: 0))
        #expect(cell.text.hasSuffix(percent))
    }
}
