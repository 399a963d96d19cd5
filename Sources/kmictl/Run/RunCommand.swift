import ArgumentParser
import DBusControl

/// `kmictl run -- CMD…`.
struct RunCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command that sends its requests through the daemon, and tell what they cost.",
        discussion: """
            The command gets a token of its own that ends with it, in its environment only, and the variables of kmictl env. \
            Its input and output are untouched; it gets the terminal's signals, and those that kmictl gets. kmictl ends as \
            the command does: with its status, by its signal, with 127 where there is no such command and 126 where it \
            cannot be started. The bus starts the daemon if it can.
            """
    )

    /// How long a daemon that starts anew is waited for at the end of a run.
    private static let patience = Duration.seconds(3)
    /// How often it is asked at least, however slow the machine is.
    private static let leastQuestions = 5
    private static let pause = Duration.milliseconds(100)

    @Option(help: ArgumentHelp("What requests are counted under that name no project.", valueName: "NAME"))
    var project: String?
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command and its words.", valueName: "CMD"))
    var command: [String] = []
    @OptionGroup var options: GlobalOptions

    /// What is wrong with a line that asks for this command and has no `--`; `nil` if nothing is.
    ///
    /// The parser would find fault with the command's own options.
    static func problem(in words: [String]) -> String? {
        guard words.first == "run", !words.contains("--"), !words.contains("--help"), !words.contains("-h") else {
            return nil
        }
        return "a command is expected behind --, as in kmictl run -- claude."
    }

    func validate() throws {
        guard !self.command.isEmpty else {
            throw ValidationError("a command is expected behind --, as in kmictl run -- claude.")
        }
        guard self.options.json == nil else {
            throw ValidationError(
                "--json: what is printed is the command's. kmictl usage --by client --json tells more.")
        }
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        let children = invocation.surroundings.children
        let program: ChildProgram
        do throws(StartFailure) {
            program = try ChildProgram(
                words: invocation.surroundings.exactly(self.command),
                searchPath: invocation.surroundings.inheritedBytes("PATH"))
        } catch {
            return self.end(.failure(error), in: invocation)
        }
        children.begin()
        let (client, environment): (RunClient, [[UInt8]])
        do {
            (client, environment) = try await children.wait { try await self.prepare(invocation) }
        } catch {
            guard let signal = children.endingSignal else { throw error }
            return self.end(.success(.signalled(signal)), in: invocation)
        }
        // Whoever ends the program before the command has begun does not want it to begin.
        let ended: Result<ProcessEnd, StartFailure> =
            children.endingSignal.map { .success(.signalled($0)) }
            ?? children.run(program, environment: environment)
        do {
            try await children.wait { await Lingering.run { await self.conclude(client, in: invocation) } }
        } catch {
            self.tell("it was interrupted.", of: client, in: invocation)
        }
        return self.end(ended, in: invocation)
    }

    /// Makes the run's client, and the environment for its command.
    private func prepare(_ invocation: Invocation) async throws -> (RunClient, [[UInt8]]) {
        let surroundings = invocation.surroundings
        let directory = RunLock.directory(surroundings.inherited("XDG_RUNTIME_DIR"))
        return try await invocation.withDaemon(mayStart: true) { daemon in
            let target = try await ProxyTarget(of: daemon)
            do throws(ControlClientError) {
                try await RunClient.endForgotten(in: directory, of: daemon, now: invocation.now)
            } catch {
                try Task.checkCancellation()
                invocation.note("kmictl: the clients of earlier runs could not be ended: \(error.message)")
            }
            // What is asked for in a cancelled task may be done all the same.
            try Task.checkCancellation()
            let client = try await RunClient.make(
                project: self.project ?? "", in: directory, of: daemon, now: invocation.now)
            do {
                let token = try ProxyText.token(client.token)
                let environment = target.environment(token: token, surroundings)
                return (client, EnvironmentBlock.pointing(surroundings.environment(), to: environment))
            } catch {
                try await Lingering.run { () async throws(ControlClientError) in try await client.end(of: daemon) }
                throw error
            }
        }
    }

    /// Ends the client, also with a daemon that has been started anew in the meantime or is about to be, and tells what was
    /// used.
    private func conclude(_ client: RunClient, in invocation: Invocation) async {
        let deadline = ContinuousClock.now + Self.patience
        var questions = 0
        while true {
            questions += 1
            do {
                try await invocation.withDaemon { daemon in
                    try await client.end(of: daemon)
                    await self.summarise(client, daemon, invocation)
                }
                return
            } catch let error as ControlClientError
                where error.code == .unreachable && (questions < Self.leastQuestions || ContinuousClock.now < deadline)
            {
                do {
                    try await Task.sleep(for: Self.pause)
                } catch {
                    return self.tell("it was interrupted.", of: client, in: invocation)
                }
            } catch {
                let reason = (error as? ControlClientError)?.message ?? "\(error)"
                return self.tell(reason, of: client, in: invocation)
            }
        }
    }

    /// Says that a client is left, and why.
    private func tell(_ reason: String, of client: RunClient, in invocation: Invocation) {
        let end = Timestamp.text(client.expiresAt) ?? "its expiry"
        invocation.surroundings.output.message(
            SafeText.line(
                "kmictl: the token of this run could not be ended: \(reason) The next run ends it, or kmictl clients "
                    + "revoke \(client.name); it is good until \(end)."))
    }

    private func summarise(_ client: RunClient, _ daemon: any ControlAccess, _ invocation: Invocation) async {
        // Whoever presses Ctrl-C now does not want to wait for it.
        guard !invocation.isQuiet, invocation.surroundings.children.endingSignal == nil else { return }
        var query = UsageQuery()
        query.client = client.name
        do throws(ControlClientError) {
            guard let usage = try await daemon.usage(query).first, let line = RunSummary.line(usage) else { return }
            invocation.note("kmictl: \(line)")
        } catch {
            guard !Task.isCancelled else { return }
            invocation.note("kmictl: what this run used cannot be told: \(error.message)")
        }
    }

    /// Ends the process as the command has; what comes behind it is for tests.
    private func end(_ result: Result<ProcessEnd, StartFailure>, in invocation: Invocation) -> ExitStatus {
        let end: ProcessEnd
        switch result {
        case .success(let reached): end = reached
        case .failure(let failure):
            invocation.surroundings.output.message("kmictl: \(failure.message)")
            end = failure.end
        }
        invocation.surroundings.children.end(like: end)
        return end == .exited(0) ? .success : .failed
    }
}
