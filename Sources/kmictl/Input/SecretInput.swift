import DBusControl
import Glibc

/// Reads a secret that a person or a script gives: never from an argument, which every process of the machine can see.
struct SecretInput {
    /// The most that the daemon takes.
    static let limit = 65_536

    /// Where it comes from.
    enum Source: Equatable {
        /// A person types it and does not see it.
        case prompt
        /// The standard input, to its end.
        case input
        /// A file.
        case file(String)

        /// What an option and the terminal mean together.
        init(file: String?, terminal: Terminal) {
            switch file {
            case "-"?: self = .input
            case let path?: self = .file(path)
            case nil: self = terminal.hasInput && terminal.hasErrors ? .prompt : .input
            }
        }
    }

    let surroundings: Surroundings

    /// Reads it; a line end after it is dropped.
    ///
    /// From here on the process leaves no core dump (setrlimit(2)), nor does what it starts: no command that reads a secret
    /// starts anything.
    func read(_ source: Source, prompt: String) throws(CommandFailure) -> SecretText {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        // Lowering a limit is always allowed.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        switch source {
        case .input: return try self.readToEnd(self.surroundings.input, "the standard input")
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
            defer { close(descriptor) }
            return try self.readToEnd(descriptor, path)
        case .prompt:
            return try HiddenPrompt(surroundings: self.surroundings).ask(prompt) { () throws(CommandFailure) in
                try self.readLine()
            }
        }
    }

    private func readToEnd(_ descriptor: CInt, _ name: String) throws(CommandFailure) -> SecretText {
        try self.read(descriptor, name) { _ in false }
    }

    private func readLine() throws(CommandFailure) -> SecretText {
        // A terminal hands over whole lines.
        try self.read(self.surroundings.input, "the terminal") { $0.last == 0x0A }
    }

    /// Reads until the end, or until `isComplete`; the buffer is zeroed.
    private func read(
        _ descriptor: CInt, _ name: String, until isComplete: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandFailure) -> SecretText {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.limit + 1, alignment: 1)
        defer {
            if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
            buffer.deallocate()
        }
        var count = 0
        while count < buffer.count, !isComplete(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let more = Glibc.read(descriptor, rest.baseAddress, rest.count)
            if more < 0 {
                if errno == EINTR { continue }
                throw Self.unreadable(name, errno)
            }
            if more == 0 { break }
            count += more
        }
        guard count <= Self.limit else {
            throw CommandFailure.usage("\(name) holds more than \(Self.limit) bytes, which is no secret of a provider.")
        }
        for end: UInt8 in [0x0A, 0x0D] where count > 0 && buffer[count - 1] == end { count -= 1 }
        guard count > 0 else { throw CommandFailure.usage("the secret is empty.") }
        return SecretText(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private static func unreadable(_ name: String, _ code: CInt) -> CommandFailure {
        CommandFailure(.failed, code: "input", "cannot read \(name): \(SystemText.of(code))")
    }
}
