/// The line that tells a person what takes so long: shown from the second second on, and wiped when it is over.
///
/// A pure value: time passes in.
struct ProgressLine: Equatable, Sendable {
    /// What is being done: `asking the providers`.
    let words: String
    /// Whether the terminal shows characters of Unicode.
    let isUTF8: Bool

    /// How long something may take without a word.
    static let patience = Duration.seconds(1)
    /// How often the line moves.
    static let pace = Duration.milliseconds(200)

    private static let dots = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"]
    private static let strokes = ["-", "\\", "|", "/"]

    /// The line after so many moves from the beginning, with what takes it to the begin of its line.
    func text(move: Int) -> String {
        let marks = self.isUTF8 ? Self.dots : Self.strokes
        let passed = Self.patience + Self.pace * move
        let gap = self.isUTF8 ? "…" : "..."
        return "\r\(marks[move % marks.count]) \(self.words) \(gap) \(passed.components.seconds) s\u{1B}[K"
    }

    /// What wipes the line.
    static let wiped = "\r\u{1B}[K"
}

extension Invocation {
    /// Runs something that may take long, and tells a person at a terminal so.
    ///
    /// Nothing else is to be printed meanwhile.
    func showing<Value>(_ words: String, while body: () async throws -> Value) async throws -> Value {
        guard self.terminal.hasErrors, !self.isQuiet else { return try await body() }
        let line = ProgressLine(words: words, isUTF8: self.terminal.isUTF8)
        let (output, sleep) = (self.surroundings.output, self.surroundings.sleep)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await sleep(ProgressLine.patience)
                } catch {
                    // It was over before.
                    return
                }
                var move = 0
                while !Task.isCancelled {
                    output.prompt(line.text(move: move))
                    move += 1
                    do { try await sleep(ProgressLine.pace) } catch { break }
                }
                output.prompt(ProgressLine.wiped)
            }
            let result = await Result { try await body() }
            group.cancelAll()
            try await group.waitForAll()
            return try result.get()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
