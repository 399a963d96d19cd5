import DBusControl
import Synchronization
import TestSupport
import Testing

@testable import kmictl

/// What a person is told while something takes long.
@Suite(.timeLimit(.minutes(1)))
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
        _ count: Int, terminal: Terminal = .plain, options: [String] = [], fails: Bool = false
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
        let result = await Result.of {
            try await invocation.showing("waiting") {
                if count > 0 { for await _ in ends {} }
                if fails { throw TestFailure("it failed") }
                return 7
            }
        }
        #expect(fails ? result == nil : result == 7)
        return output.standardError
    }

    @Test func whatIsSlowIsToldAndWipedInTheEnd() async throws {
        let told = try await Self.told(3)
        #expect(told == "\r⠋ waiting … 1 s\u{1B}[K\r⠙ waiting … 1 s\u{1B}[K\r⠸ waiting … 1 s\u{1B}[K\r\u{1B}[K")
        #expect(try await Self.told(1, fails: true) == "\r⠋ waiting … 1 s\u{1B}[K\r\u{1B}[K")
    }

    @Test func nothingIsToldOfWhatIsFastAndToScripts() async throws {
        #expect(try await Self.told(0).isEmpty)
        #expect(try await Self.told(0, fails: true).isEmpty)
        #expect(try await Self.told(0, terminal: .none).isEmpty)
        #expect(try await Self.told(0, options: ["--quiet"]).isEmpty)
    }
}

extension Result where Failure == any Error {
    /// What something comes to; `nil` if it fails.
    static func of(_ body: () async throws -> Success) async -> Success? {
        do { return try await body() } catch { return nil }
    }
}
