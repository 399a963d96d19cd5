import Foundation
import NIOCore

/// Decides what a request is answered with: the fault that a scenario asks for, a refusal, or the usual answer.
struct AnswerPlanner {
    /// The request.
    let facts: RequestFacts
    /// The credential that it carries.
    let credential: String?
    /// What the scenario asks for.
    let scenarioAction: FaultAction?
    /// The scenario, for the models and credentials that it names.
    let scenario: Scenario
    /// What the credentials have used, where the scenario limits them.
    let accounts: AccountBook
    /// How many requests run with the credential, this one included.
    let running: Int
    /// The time, for dates that lie ahead.
    let now: Date

    /// The answer and the action that shapes its delivery.
    func plan() -> (script: AnswerScript, action: FaultAction) {
        let controls = ModelControls.action(model: self.facts.model) ?? FaultAction()
        if let action = self.scenarioAction, action.replacesAnswer {
            return (self.finished(self.replacement(action), action), action)
        }
        let action = self.scenarioAction?.completed(by: controls) ?? controls
        let refusal = RequestCheck.refusal(
            of: self.facts,
            credential: self.credential,
            invalidCredentials: self.scenario.invalidKeys,
            models: self.scenario.models
        )
        if let refusal = refusal ?? self.refusedOptions(action) {
            return (self.finished(refusal.script(for: self.facts), action), action)
        }
        let limited = self.limited()
        var script =
            limited.refusal?.script(for: self.facts)
            ?? (action.replacesAnswer ? self.replacement(action) : self.usual(action))
        script.replaceHeaders(limited.headers)
        // A refusal is whole, whatever happens to streams.
        return (self.finished(script, action), action)
    }

    private func refusedOptions(_ action: FaultAction) -> TypedError? {
        guard action.refusesStreamOptions, self.facts.body?["stream_options"] != nil else { return nil }
        return ErrorCatalogue.named("openai.unknown_parameter.stream_options")
    }

    /// What the account behind the credential has to say: whether it allows the request, and the fields about its limits.
    private func limited() -> (refusal: TypedError?, headers: [AnswerScript.HeaderLine]) {
        guard self.facts.route.method == "POST",
            let use = self.accounts.use(self.credential, inFlight: self.running, at: self.now)
        else { return (nil, []) }
        let limits = AccountLimits(standing: use.standing, facts: self.facts, now: self.now)
        return (use.refusal.map(limits.error), limits.headers)
    }

    private func usual(_ action: FaultAction) -> AnswerScript {
        var options = AnswerOptions(events: action.events, eventBytes: action.eventBytes)
        if let lineEnding = action.lineEnding { options.format.lineEnding = lineEnding }
        let models = ModelList(names: self.scenario.models ?? ModelList.usual)
        switch self.facts.route {
        case .chatCompletions: return OpenAIChat(self.facts, options: options).script
        case .completions: return OpenAICompletions(self.facts, options: options).script
        case .embeddings: return OpenAIEmbeddings(self.facts).script
        case .responses: return OpenAIResponses(self.facts, options: options).script
        case .messages: return Anthropic(self.facts, options: options).script
        case .generateContent: return Gemini(self.facts, options: options).script
        case .countTokens: return Anthropic.countTokens(self.facts)
        case .models: return models.all(self.facts)
        case .model(let name): return models.one(name, self.facts)
        case .kimiUsages:
            guard let standing = self.accounts.look(self.credential, at: self.now) else {
                return AccountAnswers.kimiUsages(now: self.now)
            }
            return AccountUsages(standing: standing, now: self.now).script
        case .balance(let balance):
            return AccountAnswers.balance(balance, of: self.accounts.look(self.credential, at: self.now))
        case .echo: return Echo.script(self.facts)
        }
    }

    private func replacement(_ action: FaultAction) -> AnswerScript {
        let error = action.errorEventAfter == nil ? action.error.map(ErrorCatalogue.named) : nil
        let status = action.status ?? error?.status ?? 200
        if let body = action.body {
            switch body {
            case .json(let value): return .json(status: status, value)
            case .text(let text): return .plain(status: status, contentType: "text/plain", body: Array(text.utf8))
            }
        }
        if let count = action.bodyBytes {
            return AnswerScript(
                status: status,
                headers: [.init("content-type", "application/octet-stream")],
                body: .init(segments: [.filler(count)], length: count)
            )
        }
        if error == nil, status < 400 {
            var script = self.usual(action)
            script.status = status
            return script
        }
        var shown = error ?? ErrorCatalogue.usual(status: status, for: self.facts)
        shown.status = status
        return shown.script(for: self.facts)
    }

    private func finished(_ script: AnswerScript, _ action: FaultAction) -> AnswerScript {
        var script = script
        if let name = action.error, action.errorEventAfter != nil {
            script.errorEvent = ErrorCatalogue.named(name).event(for: self.facts, format: script.format)
        }
        if let length = script.body.length, action.blankLines > 0 {
            let blank = ByteBuffer(repeating: UInt8(ascii: "\n"), count: action.blankLines)
            script.body.segments.insert(.piece(blank, isEvent: false), at: 0)
            script.body.length = length + action.blankLines
        }
        if let retryAfter = action.retryAfter { script.headers.append(self.line(retryAfter)) }
        if action.compresses {
            // Its length is known when it has been compressed.
            script.body.length = nil
            script.isCompressed = true
            script.replaceHeaders([.init("content-encoding", "gzip")])
        }
        script.replaceHeaders(action.headers)
        return script
    }

    private func line(_ retryAfter: FaultAction.RetryAfter) -> AnswerScript.HeaderLine {
        switch retryAfter {
        case .seconds(let seconds): .init("retry-after", String(seconds))
        case .milliseconds(let milliseconds): .init("retry-after-ms", String(milliseconds))
        case .text(let text): .init("retry-after", text)
        case .dateIn(let seconds):
            .init("retry-after", HTTPDate.text(self.now.addingTimeInterval(Double(seconds))))
        }
    }
}

extension AnswerScript {
    /// Puts fields in the place of those of the same name.
    fileprivate mutating func replaceHeaders(_ lines: [HeaderLine]) {
        let names = Set(lines.map { $0.name.lowercased() })
        self.headers.removeAll { names.contains($0.name.lowercased()) }
        self.headers += lines
    }
}
