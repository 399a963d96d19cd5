/// The line that tells a person what takes so long: shown from the second second on, and wiped when it is over.
///
/// A pure value: time passes in.
struct ProgressLine: Equatable, Sendable {
    /// What is being done: `asking the providers`.
    var words: String
    /// Whether the terminal shows characters of Unicode.
    let isUTF8: Bool

    /// How long something may take without a word.
    static let patience = Duration.seconds(1)
    /// How often the line moves.
    static let pace = Duration.milliseconds(200)
    /// After how many moves there is news, once a second.
    static let movesBetweenNews = 5

    private static let dots = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"]
    private static let strokes = ["-", "\\", "|", "/"]

    /// The line after so many moves from the beginning, with what takes it to the begin of its line.
    func text(move: Int) -> String {
        let marks = self.isUTF8 ? Self.dots : Self.strokes
        let passed = Self.patience + Self.pace * move
        let gap = self.isUTF8 ? "…" : "..."
        return
            "\r\(marks[move % marks.count]) \(SafeText.line(self.words)) \(gap) \(passed.components.seconds) s\u{1B}[K"
    }

    /// What wipes the line.
    static let wiped = "\r\u{1B}[K"
}

extension Invocation {
    /// Runs something that may take long, and tells a person at a terminal so.
    ///
    /// Nothing else is to be printed meanwhile. `news` is asked once a second for other words, `nil` where there are none.
    func showing<Value, Failure>(
        _ words: String,
        news: @escaping @Sendable () async -> String? = { nil },
        while body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard self.terminal.hasErrors, self.terminal.isScreen, !self.isQuiet else { return try await body() }
        let line = ProgressLine(words: words, isUTF8: self.terminal.isUTF8)
        let (output, sleep) = (self.surroundings.output, self.surroundings.sleep)
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await Self.tell(line, news: news, to: output, sleep: sleep) }
            let result = await Result.of(body)
            group.cancelAll()
            await group.waitForAll()
            return result
        }
        return try result.get()
    }

    /// Tells until it is cancelled.
    private static func tell(
        _ line: ProgressLine, news: @Sendable () async -> String?, to output: any OutputChannel,
        sleep: @Sendable (Duration) async throws -> Void
    ) async {
        var (line, move) = (line, 0)
        do {
            try await sleep(ProgressLine.patience)
        } catch {
            // It was over before anything had to be told.
            return
        }
        while !Task.isCancelled {
            if move % ProgressLine.movesBetweenNews == 0, let words = await news() { line.words = words }
            guard !Task.isCancelled else { break }
            output.prompt(line.text(move: move))
            move += 1
            do { try await sleep(ProgressLine.pace) } catch { break }
        }
        output.prompt(ProgressLine.wiped)
    }
}

extension Result {
    /// What something comes to.
    fileprivate static func of(_ body: () async throws(Failure) -> Success) async -> Self {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
