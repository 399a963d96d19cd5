extension ScenarioReader {
    private static let actionMembers = [
        "status", "error", "body", "headers", "retry_after", "delay_before_head_ms", "delay_before_first_byte_ms",
        "delay_between_events_ms", "cut", "error_event_after", "stall_after", "stall_keep_alive_ms",
        "keep_alive_every", "framing", "slow_read_bytes_per_second", "early_answer", "body_bytes", "events",
        "event_bytes", "line_ending", "blank_lines", "gzip", "refuse_stream_options", "close_connection",
    ]
    /// A day in milliseconds: no delay is longer.
    private static let longest = 86_400_000
    private static let most = 1 << 40

    /// Reads the action of a rule.
    mutating func action(_ value: JSONValue, at path: String) -> FaultAction {
        var action = FaultAction()
        for (name, value, path) in self.members(value, at: path, known: Self.actionMembers) {
            switch name {
            case "status": action.status = self.number(value, at: path, in: 200...599)
            case "error": action.error = self.errorName(value, at: path)
            case "body": action.body = value.string.map { .text($0) } ?? .json(value)
            case "headers": action.headers = self.headers(value, at: path)
            case "retry_after": action.retryAfter = self.retryAfter(value, at: path)
            case "cut": action.cut = self.cut(value, at: path)
            case "framing": action.framing = self.framing(value, at: path)
            case "line_ending": action.lineEnding = self.lineEnding(value, at: path)
            case "early_answer": action.earlyAnswer = self.truth(value, at: path)
            case "gzip": action.compresses = self.truth(value, at: path)
            case "refuse_stream_options": action.refusesStreamOptions = self.truth(value, at: path)
            case "close_connection": action.closeConnection = self.truth(value, at: path)
            default: self.setNumber(name, value, at: path, in: &action)
            }
        }
        self.check(action, at: path)
        return action
    }

    private mutating func setNumber(_ name: String, _ value: JSONValue, at path: String, in action: inout FaultAction) {
        let delay = 0...Self.longest
        switch name {
        case "delay_before_head_ms": action.delayBeforeHead = self.number(value, at: path, in: delay) ?? 0
        case "delay_before_first_byte_ms": action.delayBeforeFirstByte = self.number(value, at: path, in: delay) ?? 0
        case "delay_between_events_ms": action.delayBetweenEvents = self.number(value, at: path, in: delay) ?? 0
        case "error_event_after": action.errorEventAfter = self.number(value, at: path, in: 0...Self.most)
        case "stall_after": action.stallAfter = self.number(value, at: path, in: 0...Self.most)
        case "stall_keep_alive_ms": action.stallKeepAlive = self.number(value, at: path, in: 1...Self.longest)
        case "keep_alive_every": action.keepAliveEvery = self.number(value, at: path, in: 1...Self.most)
        case "slow_read_bytes_per_second": action.slowRead = self.number(value, at: path, in: 1...Self.most)
        case "body_bytes": action.bodyBytes = self.number(value, at: path, in: 0...Self.most)
        case "events": action.events = self.number(value, at: path, in: 0...Self.most)
        case "event_bytes": action.eventBytes = self.number(value, at: path, in: 0...(1 << 28))
        default: action.blankLines = self.number(value, at: path, in: 0...10000) ?? 0
        }
    }

    private mutating func check(_ action: FaultAction, at path: String) {
        if action.body != nil, action.error != nil, action.errorEventAfter == nil {
            self.problem(path, "has both error and body")
        }
        if action.body != nil, action.bodyBytes != nil { self.problem(path, "has both body and body_bytes") }
        if action.earlyAnswer, !action.replacesAnswer {
            self.problem(path + ".early_answer", "needs status, error, body or body_bytes")
        }
        if action.stallKeepAlive != nil, action.stallAfter == nil {
            self.problem(path + ".stall_keep_alive_ms", "needs stall_after")
        }
    }

    private mutating func errorName(_ value: JSONValue, at path: String) -> String? {
        guard let name = self.text(value, at: path) else { return nil }
        if ErrorCatalogue.all[name] == nil {
            let hint = Self.suggestion(for: name, among: Array(ErrorCatalogue.all.keys).sorted())
            self.problem(path, "no error is called \(name)\(hint)")
        }
        return name
    }

    private mutating func headers(_ value: JSONValue, at path: String) -> [AnswerScript.HeaderLine] {
        guard let members = value.members else {
            self.problem(path, "expected an object of texts, found \(value.kind)")
            return []
        }
        var lines: [AnswerScript.HeaderLine] = []
        for member in members {
            for element in member.value.array ?? [member.value] {
                guard let text = self.text(element, at: "\(path).\(member.name)") else { continue }
                lines.append(.init(member.name, text))
            }
        }
        return lines
    }

    private mutating func retryAfter(_ value: JSONValue, at path: String) -> FaultAction.RetryAfter? {
        let known = ["seconds", "date_in", "milliseconds", "text"]
        let members = self.members(value, at: path, known: known)
        guard members.count == 1, let (name, value, path) = members.first else {
            if value.members != nil { self.problem(path, "expected one of \(known.joined(separator: ", "))") }
            return nil
        }
        let range = 0...(1 << 32)
        switch name {
        case "seconds": return self.number(value, at: path, in: range).map { .seconds($0) }
        case "date_in": return self.number(value, at: path, in: -(1 << 32)...(1 << 32)).map { .dateIn($0) }
        case "milliseconds": return self.number(value, at: path, in: range).map { .milliseconds($0) }
        default: return self.text(value, at: path).map { .text($0) }
        }
    }

    private mutating func cut(_ value: JSONValue, at path: String) -> FaultAction.Cut? {
        var places: [FaultAction.Cut.Place] = []
        var isReset = false
        let known = ["after_events", "after_bytes", "before_head", "how"]
        let members = self.members(value, at: path, known: known)
        for (name, value, path) in members {
            switch name {
            case "after_events":
                places += self.number(value, at: path, in: 0...Self.most).map { [.afterEvents($0)] } ?? []
            case "after_bytes":
                places += self.number(value, at: path, in: 0...Self.most).map { [.afterBytes($0)] } ?? []
            case "before_head": places += self.truth(value, at: path) ? [.beforeHead] : []
            default:
                isReset = value.string == "reset"
                if !isReset, value.string != "clean" { self.problem(path, #"expected "clean" or "reset""#) }
            }
        }
        guard places.count == 1, let place = places.first else {
            if value.members != nil { self.problem(path, "expected one of after_events, after_bytes, before_head") }
            return nil
        }
        return .init(place: place, isReset: isReset)
    }

    private mutating func framing(_ value: JSONValue, at path: String) -> FaultAction.Framing? {
        let framing = value.string.flatMap(FaultAction.Framing.init(rawValue:))
        if framing == nil {
            let names = FaultAction.Framing.allCases.map(\.rawValue)
            self.problem(path, "expected one of \(names.joined(separator: ", "))")
        }
        return framing
    }

    private mutating func lineEnding(_ value: JSONValue, at path: String) -> String? {
        switch value.string {
        case "lf": return "\n"
        case "crlf": return "\r\n"
        default:
            self.problem(path, #"expected "lf" or "crlf""#)
            return nil
        }
    }
}
