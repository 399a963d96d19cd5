import Glibc

/// Asks a person before something is lost that nobody can bring back.
struct Confirmation {
    let invocation: Invocation

    /// Asks at a terminal, and ends the command unless the answer is yes; a script is not asked.
    func confirm(_ question: String) throws(CommandFailure) {
        let terminal = self.invocation.terminal
        guard terminal.hasInput, terminal.hasErrors else { return }
        self.invocation.surroundings.output.prompt(SafeText.line("\(question) [y/N] "))
        guard Self.isYes(self.answer()) else {
            throw CommandFailure(.failed, code: "cancelled", "nothing was changed.")
        }
    }

    static func isYes(_ answer: String) -> Bool { ["y", "yes"].contains(answer.lowercased()) }

    /// One line, without its end; a terminal hands over whole lines.
    private func answer() -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(self.invocation.surroundings.input, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
