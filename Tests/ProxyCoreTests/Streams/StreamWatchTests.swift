import NIOCore
import Testing

@testable import ProxyCore

/// What an event stream shows while it passes, whatever pieces it comes in (X-040, T-023).
struct StreamWatchTests {
    /// The first decision, and whether an error followed.
    private struct Outcome: Equatable {
        var decision: StreamWatch.Decision?
        var lateError: ProviderErrorDetails?
        var errors = 0
    }

    private static func outcome(_ pieces: some Sequence<ArraySlice<UInt8>>) -> Outcome {
        var relay = StreamRelay(dialect: .openai, removesUsage: false)
        var outcome = Outcome()
        func note(_ finding: StreamWatch.Finding) {
            if let decision = finding.decision {
                #expect(outcome.decision == nil)
                outcome.decision = decision
            }
            if let error = finding.lateError {
                outcome.lateError = error
                outcome.errors += 1
            }
        }
        for piece in pieces { note(relay.take(ByteBuffer(bytes: piece)).finding) }
        note(relay.finish().finding)
        return outcome
    }

    private static let limited = #"data: {"error":{"type":"rate_limit_reached_error","message":"m"}}"# + "\n\n"
    private static let role = #"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"# + "\n\n"
    private static let word = #"data: {"choices":[{"delta":{"content":"x"}}]}"# + "\n\n"

    private static let details: ProviderErrorDetails = {
        var details = ProviderErrorDetails()
        details.type = "rate_limit_reached_error"
        details.message = "m"
        return details
    }()

    @Test(
        "the decision and the late error are the same at every cut",
        arguments: [
            (Self.limited, .fails(Self.details), false),
            (": alive\n\n" + Self.role + Self.limited, .fails(details), false),
            (Self.word + Self.limited, .commits, true), (Self.word + Self.limited + Self.limited, .commits, true),
            (Self.limited + Self.word + Self.limited, .fails(Self.details), false), (Self.role, .commits, false),
            (String(Self.limited.dropLast(2)), .fails(Self.details), false),
            (Self.word + String(Self.limited.dropLast(2)), .commits, true), ("", .commits, false),
            ("nothing known: 1\n" + Self.limited, .commits, true), ("{\"error\":{}}", .commits, false),
        ] as [(String, StreamWatch.Decision, Bool)])
    func everyCut(text: String, decision: StreamWatch.Decision, hasLateError: Bool) {
        let bytes = Array(text.utf8)
        let expected = Outcome(
            decision: decision, lateError: hasLateError ? Self.details : nil, errors: hasLateError ? 1 : 0)
        #expect(Self.outcome([bytes[...]]) == expected)
        #expect(Self.outcome(bytes.indices.map { bytes[$0...$0] }) == expected)
        for cut in bytes.indices where Self.outcome([bytes[..<cut], bytes[cut...]]) != expected {
            Issue.record("cut at \(cut)")
        }
    }

    @Test("64 events are held, comments included, and the 65th passes, whatever it is")
    func eventBound() {
        for (count, isHeld) in [(63, true), (64, false), (65, false)] {
            let text = String(repeating: ": alive\n\n", count: count) + Self.limited
            let bytes = Array(text.utf8)
            let decision: StreamWatch.Decision = isHeld ? .fails(Self.details) : .commits
            #expect(Self.outcome([bytes[...]]).decision == decision)
            #expect(Self.outcome(bytes.indices.map { bytes[$0...$0] }).decision == decision)
        }
    }

    @Test("256 KiB are held, and not a byte more", arguments: [0, 1])
    func byteBound(excess: Int) {
        let count = 262_144 - Self.limited.utf8.count - 3 + excess
        let bytes = Array((":" + String(repeating: "x", count: count) + "\n\n" + Self.limited).utf8)
        #expect(bytes.count == 262_144 + excess)
        let decision: StreamWatch.Decision = excess == 0 ? .fails(Self.details) : .commits
        #expect(Self.outcome([bytes[...]]).decision == decision)
        let pieces = stride(from: 0, to: bytes.count, by: 4_099).map { bytes[$0..<min($0 + 4_099, bytes.count)] }
        #expect(Self.outcome(pieces).decision == decision)
        // A single event that is too long commits while it is still coming.
        var relay = StreamRelay(dialect: .openai, removesUsage: false)
        let decisions = (0..<65).map { _ in
            relay.take(ByteBuffer(repeating: 0x3A, count: 4_096)).finding.decision
        }
        #expect(decisions == Array(repeating: nil, count: 64) + [.commits])
    }

    @Test("comments and pings are no progress, events are, and so is each piece of a long one (T-010)")
    func progress() {
        var relay = StreamRelay(dialect: .openai, removesUsage: false)
        func look(_ text: String) -> Bool { relay.take(ByteBuffer(string: text)).finding.isProgress }
        #expect(!look(": alive\n\n"))
        #expect(!look("event: ping\ndata: {\"type\": \"ping\"}\n\n"))
        #expect(!look("data: {\"type\":\"ping\"}\n\n"))
        #expect(!look("\n\n"))
        #expect(look(Self.role))
        #expect(!look("data: " + String(repeating: "x", count: 1_000)))
        #expect(look(String(repeating: "x", count: 100)))
        #expect(look("x"))
        #expect(look("\n\n"))
        #expect(!look(": alive\n\n"))
        #expect(look(Self.limited))
    }
}
