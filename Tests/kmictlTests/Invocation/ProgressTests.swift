import DBusControl
import Synchronization
import TestSupport
import Testing

@testable import kmictl

/// What a person is told while something takes long.
@Suite(.timeLimit(.minutes(5)))
struct ProgressTests {
    @Test func theLineMovesAndCountsSeconds() {
        let line = ProgressLine(words: "asking the providers", isUTF8: true)
        #expect(line.text(move: 0) == "\r⠋ asking the providers … 1 s\u{1B}[K")
        #expect(line.text(move: 5) == "\r⠇ asking the providers … 2 s\u{1B}[K")
        let plain = ProgressLine(words: "adding up", isUTF8: false)
        #expect(plain.text(move: 1) == "\r\\ adding up ... 1 s\u{1B}[K")
    }

    /// Runs something that ends once a person was told of it so often, and returns what was told.
    private static func told(
        _ count: Int, terminal: Terminal = .plain, options: [String] = [], fails: Bool = false,
        news: @escaping @Sendable () async -> String? = { nil }
    ) async throws -> String {
        let output = RecordedOutput()
        let moves = Mutex(0)
        let (ends, end) = AsyncStream<Void>.makeStream()
        var surroundings = Surroundings(
            terminal: terminal, output: output, now: { 0 },
            connect: { (_, _) async throws(ControlClientError) in FakeDaemon() })
        surroundings.sleep = { _ in
            // The first wait is the second in which nothing is told.
            guard
                moves.withLock({ moves in
                    moves += 1
                    return moves <= count
                })
            else {
                end.finish()
                await untilCancelled()
                throw CancellationError()
            }
        }
        let command = try #require(try CommandRun.parse(CommandWords(["status"] + options)) as? any ControlCommand)
        let invocation = Invocation(command.options, surroundings)
        do {
            let result = try await invocation.showing("waiting", news: news) { () async throws -> Int in
                if count > 0 { for await _ in ends {} }
                if fails { throw TestFailure("it failed") }
                return 7
            }
            #expect(result == 7 && !fails)
        } catch is TestFailure {
            #expect(fails)
        }
        return output.standardError
    }

    @Test func whatIsSlowIsToldAndWipedInTheEnd() async throws {
        let told = try await Self.told(3)
        #expect(told == "\r⠋ waiting … 1 s\u{1B}[K\r⠙ waiting … 1 s\u{1B}[K\r⠸ waiting … 1 s\u{1B}[K\r\u{1B}[K")
        #expect(try await Self.told(1, fails: true) == "\r⠋ waiting … 1 s\u{1B}[K\r\u{1B}[K")
    }

    @Test("what has changed is told once a second, without what could do something to the terminal (A-005)")
    func newsAreTold() async throws {
        let asked = Mutex(0)
        let told = try await Self.told(7) {
            asked.withLock { asked in
                asked += 1
                return "step \(asked)\u{1B}[2J"
            }
        }
        #expect(asked.withLock { $0 } == 2)
        #expect(told.contains("\r⠋ step 1\\u{1b}[2J … 1 s"))
        #expect(told.contains("\r⠇ step 2\\u{1b}[2J … 2 s"))
    }

    @Test func nothingIsToldOfWhatIsFastAndToScripts() async throws {
        #expect(try await Self.told(0).isEmpty)
        #expect(try await Self.told(0, fails: true).isEmpty)
        #expect(try await Self.told(0, terminal: .none).isEmpty)
        #expect(try await Self.told(0, options: ["--quiet"]).isEmpty)
    }
}
