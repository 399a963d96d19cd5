import ArgumentParser
import DBusControl

/// A run of the program, from its words to its exit status.
struct CommandRun {
    let surroundings: Surroundings

    /// Runs the command that the words name.
    ///
    /// Whatever happens, `--json` gives one document on standard output.
    func run(_ arguments: [String]) async -> ExitStatus {
        if arguments.first == Self.completionWord { return await self.complete(arguments) }
        let words = CommandWords(arguments)
        do {
            let command = try Self.parse(words)
            return try await self.perform(command)
        } catch {
            return self.report(error, words)
        }
    }

    /// The command that the words name, with its options.
    static func parse(_ words: CommandWords) throws -> any ParsableCommand {
        if let problem = KMICtl.unknownCommand(in: words.list) { throw CommandFailure.usage(problem) }
        if let problem = RunCommand.problem(in: words.list) { throw CommandFailure.usage(problem) }
        return try KMICtl.parseAsRoot(KMICtl.help(in: words.list) ?? words.list)
    }

    /// With this word the completion scripts ask for the names that can stand in a place.
    private static let completionWord = "---completion"

    /// Prints names for a completion script; nothing where there is nothing to tell, as nobody waits for an error there.
    private func complete(_ arguments: [String]) async -> ExitStatus {
        do {
            _ = try await Completed.asyncParseAsRoot(arguments)
            return .failed
        } catch {
            guard Completed.exitCode(for: error) == .success else { return .failed }
            return self.print(Completed.fullMessage(for: error))
        }
    }

    private func perform(_ parsed: any ParsableCommand) async throws -> ExitStatus {
        guard var command = parsed as? any ControlCommand else {
            // The parser's own ones, such as `help`.
            var command = parsed
            try command.run()
            return .success
        }
        let invocation = Invocation(command.options, self.surroundings)
        try command.prepare(invocation)
        return try await command.perform(in: invocation)
    }

    private func report(_ error: any Error, _ words: CommandWords) -> ExitStatus {
        let failure: CommandFailure
        switch error {
        case let error as CommandFailure: failure = error
        case let error as ControlClientError: failure = CommandFailure(error)
        default:
            // Help, the version and completion scripts are errors to the parser, too: those that end well.
            if KMICtl.exitCode(for: error) == .success { return self.print(KMICtl.fullMessage(for: error)) }
            failure = .usage(Self.reason(of: error))
        }
        guard failure != .brokenPipe else { return self.endByBrokenPipe() }
        if let json = words.json {
            let layout = Invocation.layout(json, self.surroundings.terminal)
            let status = self.print(failure.json.text(layout))
            guard status == .success else { return status }
        }
        self.surroundings.output.message(failure.text)
        return failure.status
    }

    /// What the parser says, without its `Error:`.
    private static func reason(of error: any Error) -> String {
        let message = KMICtl.message(for: error)
        return message.isEmpty ? "the command line cannot be meant. See kmictl --help." : message
    }

    private func print(_ text: String) -> ExitStatus {
        do throws(CommandFailure) {
            try self.surroundings.output.data(Array((text + "\n").utf8))
            return .success
        } catch {
            guard error != .brokenPipe else { return self.endByBrokenPipe() }
            self.surroundings.output.message(error.text)
            return error.status
        }
    }

    /// Ends the process; what comes behind it is for tests.
    private func endByBrokenPipe() -> ExitStatus {
        self.surroundings.output.endByBrokenPipe()
        return CommandFailure.brokenPipe.status
    }
}

/// The same commands, parsed where completions may ask the daemon.
private struct Completed: AsyncParsableCommand {
    static let configuration = KMICtl.configuration
}
