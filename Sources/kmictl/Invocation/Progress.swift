/// Tells a person at a terminal that something takes its time, and how long it has taken: on standard error, in one line that is
/// taken back at the end.
///
/// Nothing is told that takes less than a second, and nothing to scripts.
struct Progress: Sendable {
    /// How long nothing is told, and how often something is.
    static let pace = Duration.seconds(1)

    let invocation: Invocation
    var pace = Self.pace

    /// Whether there is somebody to tell.
    var isShown: Bool { self.invocation.terminal.hasErrors && !self.invocation.isQuiet }

    /// Runs something and tells what is being done, with the seconds since the begin.
    func during<Value: Sendable>(
        _ doing: String, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard self.isShown else { return try await body() }
        let pace = self.pace
        let ticker = Task {
            let begin = ContinuousClock.now
            var isTold = false
            while !Task.isCancelled {
                do {
                    try await Task.sleep(for: pace)
                } catch {
                    // It is over.
                    break
                }
                self.show("\(doing) … \(begin.duration(to: .now).components.seconds) s")
                isTold = true
            }
            return isTold
        }
        do {
            let value = try await body()
            await self.end(ticker)
            return value
        } catch {
            await self.end(ticker)
            throw error
        }
    }

    /// Puts a line in the place of the one that was shown last.
    func show(_ text: String) {
        self.invocation.surroundings.output.prompt("\r\u{1B}[K" + SafeText.line("kmictl: \(text)"))
    }

    /// Takes the line back.
    func clear() {
        self.invocation.surroundings.output.prompt("\r\u{1B}[K")
    }

    private func end(_ ticker: Task<Bool, Never>) async {
        ticker.cancel()
        if await ticker.value { self.clear() }
    }
}
