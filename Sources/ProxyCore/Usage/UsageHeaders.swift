/// Reads the rate-limit header fields of answers to real requests (provider facts, section 12.1).
public enum UsageHeaders {
    /// The windows that an answer's header fields tell of; none where they tell nothing that can be understood.
    ///
    /// Names: `requests` and `tokens`; with Anthropic also `input_tokens`, `output_tokens`, and `5h` and `7d` of a plan.
    /// The limits per minute of OpenAI and Anthropic are those of the model that was asked.
    ///
    /// - Parameters:
    ///   - headers: The header fields.
    ///   - kind: The kind of the provider that answered.
    ///   - now: The present time of day, for resets that are told relative to it.
    public static func windows(in headers: HeaderFields, kind: ProviderKind, at now: WallTime) -> [UsageWindow] {
        guard headers.contains(where: { self.isAboutLimits($0.name) }) else { return [] }
        return switch kind {
        case .anthropic: self.anthropic(headers)
        case .openAI, .compatible, .local: self.openAI(headers, at: now)
        case .moonshot, .openRouter: self.openAI(headers, at: now) + self.plain(headers, at: now)
        case .kimi, .gemini, .deepSeek: []
        }
    }

    private static func isAboutLimits(_ name: String) -> Bool {
        name.hasPrefixIgnoringASCIICase("x-ratelimit-") || name.hasPrefixIgnoringASCIICase("anthropic-ratelimit-")
    }

    // MARK: OpenAI and those who do as it does

    private static func openAI(_ headers: HeaderFields, at now: WallTime) -> [UsageWindow] {
        ["requests", "tokens"].compactMap { name in
            self.window(
                name, limit: headers.first("x-ratelimit-limit-\(name)"),
                remaining: headers.first("x-ratelimit-remaining-\(name)"),
                resetsAt: headers.first("x-ratelimit-reset-\(name)").flatMap(self.duration).map { now + $0 })
        }
    }

    /// Reads a duration such as `6m0s`, `1.5s`, `20ms`, or a bare number of seconds; at most a day.
    static func duration(_ text: String) -> Duration? {
        if let seconds = UsageNumber.read(text) { return self.duration(seconds: seconds) }
        var rest = text[...].trimmingHTTPWhitespace().utf8[...]
        guard (1...64).contains(rest.count) else { return nil }
        var seconds = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { (0x61...0x7A).contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let number = UsageNumber.read(String(decoding: digits, as: UTF8.self)) else { return nil }
            switch String(decoding: unit, as: UTF8.self) {
            case "d": seconds += number * 86_400
            case "h": seconds += number * 3_600
            case "m": seconds += number * 60
            case "s": seconds += number
            case "ms": seconds += number / 1e3
            case "us": seconds += number / 1e6
            case "ns": seconds += number / 1e9
            default: return nil
            }
        }
        return self.duration(seconds: seconds)
    }

    private static func duration(seconds: Double) -> Duration? {
        guard (0...86_400).contains(seconds) else { return nil }
        return .microseconds(Int64(seconds * 1e6))
    }

    // MARK: Moonshot and OpenRouter

    private static func plain(_ headers: HeaderFields, at now: WallTime) -> [UsageWindow] {
        let window = self.window(
            "requests", limit: headers.first("x-ratelimit-limit"), remaining: headers.first("x-ratelimit-remaining"),
            resetsAt: headers.first("x-ratelimit-reset").flatMap { self.plainReset($0, at: now) })
        // The finer form says the same, if it is there.
        guard let window, headers.first("x-ratelimit-remaining-requests") == nil else { return [] }
        return [window]
    }

    /// The unit is not documented: a time of day within a day of now, or a number of seconds that fits a limit per minute;
    /// what might as well be milliseconds is unknown.
    private static func plainReset(_ text: String, at now: WallTime) -> WallTime? {
        if let time = UsageNumber.time(text) {
            return abs((time - now).seconds) <= 86_400 ? time : nil
        }
        guard let seconds = UsageNumber.read(text), (0...120).contains(seconds) else { return nil }
        return self.duration(seconds: seconds).map { now + $0 }
    }

    // MARK: Anthropic

    private static func anthropic(_ headers: HeaderFields) -> [UsageWindow] {
        let limits = ["requests", "tokens", "input-tokens", "output-tokens"].compactMap { name in
            let prefix = "anthropic-ratelimit-\(name)-"
            return self.window(
                name == "input-tokens" ? "input_tokens" : name == "output-tokens" ? "output_tokens" : name,
                limit: headers.first(prefix + "limit"), remaining: headers.first(prefix + "remaining"),
                resetsAt: headers.first(prefix + "reset").flatMap(UsageNumber.time))
        }
        return limits + ["5h", "7d"].compactMap { self.unified($0, headers) }
    }

    /// A window of a plan: how much is used if that is told, that it is full if it is refused.
    private static func unified(_ name: String, _ headers: HeaderFields) -> UsageWindow? {
        let prefix = "anthropic-ratelimit-unified-\(name)-"
        let reset = headers.first(prefix + "reset").flatMap(UsageNumber.time)
        let used = headers.first(prefix + "utilization").flatMap(UsageNumber.read)
        var window = UsageWindow.ratio(name, used: used, resetsAt: reset, source: .headers)
        if headers.first(prefix + "status")?.equalsIgnoringASCIICase("rejected") == true, !window.isFull {
            window.isInconsistent = window.used != nil
            window.used = 1
            window.limit = 1
        }
        return window.used == nil && reset == nil ? nil : window
    }

    // MARK: One limit

    private static func window(
        _ name: String, limit: String?, remaining: String?, resetsAt: WallTime?
    ) -> UsageWindow? {
        // Some servers write -1 for what is not limited.
        guard let limit = limit.flatMap(UsageNumber.read), limit > 0 else { return nil }
        return .counted(
            name, limit: limit, used: nil, remaining: remaining.flatMap(UsageNumber.read), resetsAt: resetsAt,
            source: .headers)
    }
}
