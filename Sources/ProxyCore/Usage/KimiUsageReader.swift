/// Reads `GET {base}/usages` of Kimi Code, which is not documented, in every shape that was seen (provider facts,
/// section 2.2).
struct KimiUsageReader {
    /// The present time of day, for resets that are told relative to it.
    let now: WallTime

    func read(_ answer: UsageObject) throws(UsageReading.Fault) -> UsageReport {
        let root = self.unwrapped(answer)
        guard Self.isKnown(root) else {
            throw root.value("error") != nil ? .reportsError : .unknownShape
        }
        var windows: [UsageWindow] = []
        if let usage = root.object("usage"), let week = self.window(usage, named: self.weekName(of: usage)) {
            windows.add(week)
        }
        for limit in self.limits(of: root) { windows.add(limit) }
        for pool in self.pools(of: root) { windows.add(pool) }
        let extra = root.object("totalquota").flatMap { self.window($0, named: "extra") }
        guard !windows.isEmpty || extra != nil else { throw .nothingKnown }
        let user = root.object("user")
        return UsageReport(
            windows: windows,
            extra: extra,
            membership: user?.object("membership")?.word("level") ?? root.object("membership")?.word("level"),
            parallelLimit: root.object("parallel")?.number("limit").flatMap {
                (1...1e6).contains($0) ? Int($0) : nil
            },
            email: [user, root].compactMap { $0?.value("email")?.text }.first { EmailAddress.isValid($0) }
        )
    }

    /// The object that holds the windows: the answer itself, or what a wrapper put around it.
    private func unwrapped(_ answer: UsageObject) -> UsageObject {
        guard !Self.isKnown(answer), let inner = answer.object("data", "result"), Self.isKnown(inner) else {
            return answer
        }
        return inner
    }

    private static func isKnown(_ object: UsageObject) -> Bool {
        object.object("usage", "usages") != nil || (object.value("limits")?.elements.isEmpty ?? true) == false
    }

    // MARK: The weekly window

    private func weekName(of usage: UsageObject) -> String {
        usage.word("name", "title", "scope").flatMap(Self.knownName) ?? "7d"
    }

    // MARK: Rolling windows

    private func limits(of root: UsageObject) -> [UsageWindow] {
        var found: [(label: String?, window: UsageWindow)] = []
        for (index, item) in root.objects("limits").enumerated() {
            let label = item.word("name", "title", "scope") ?? item.object("detail")?.word("name", "title", "scope")
            let name = self.span(of: item) ?? label.map { Self.knownName($0) ?? Self.ownName($0) }
            guard var window = self.window(item, named: name ?? "limit_\(index + 1)") else { continue }
            // Two windows of the same length that are about different things are two windows.
            if let label, let twin = found.first(where: { $0.window.name == window.name }), twin.label != label {
                window.name += "_" + Self.ownName(label)
            }
            found.append((label, window))
        }
        return found.map(\.window)
    }

    /// The name that follows from a window's length.
    private func span(of item: UsageObject) -> String? {
        guard let window = item.object("window"), let duration = window.number("duration"),
            duration >= 1, duration <= 1e6, duration == duration.rounded(),
            let unit = window.value("timeunit", "unit")?.text
        else { return nil }
        let count = Int(duration)
        let plain = UsageObject.plainName(unit)
        if plain.contains("month") { return count == 1 ? "month" : "\(count)month" }
        let units = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400), ("week", 604_800)]
        guard let seconds = units.first(where: { plain.contains($0.0) })?.1 else { return nil }
        return Self.name(ofSeconds: count * seconds)
    }

    private static func name(ofSeconds seconds: Int) -> String {
        if (28...31).contains(seconds / 86_400), seconds % 86_400 == 0 { return "month" }
        if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        if seconds % 3_600 == 0 { return "\(seconds / 3_600)h" }
        if seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }

    /// The name of a window that a label for people means; `nil` if it is none of the usual ones.
    private static func knownName(_ label: String) -> String? {
        let plain = UsageObject.plainName(label.filter { $0 != " " })
        if ["5h", "fivehour"].contains(where: plain.contains) { return "5h" }
        if ["7d", "sevenday", "week"].contains(where: plain.contains) { return "7d" }
        return plain.contains("month") ? "month" : nil
    }

    /// A label of the provider as a name: in lower case, with underscores for what is no letter or digit.
    private static func ownName(_ label: String) -> String {
        String(
            decoding: label.utf8.prefix(48).map { byte -> UInt8 in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte.asciiLowercased
                default: 0x5F
                }
            }, as: UTF8.self)
    }

    // MARK: Ratio pools

    /// The pools by name.
    ///
    /// `limit_month_total` and `limit_month_code` are two things, the month of the whole membership and its part for
    /// programs: the one was seen in use while the other was not. So they are two windows, `month` and `month_code`; merged
    /// they would seem to contradict each other. Either of them, once full, stops the key.
    private func pools(of root: UsageObject) -> [UsageWindow] {
        guard let pools = root.object("usages") else { return [] }
        return pools.members.compactMap { member in
            guard let pool = UsageObject(member.value) else { return nil }
            let name =
                switch member.name {
                case "limitmonthtotal", "limitmonth": "month"
                case "limitmonthcode": "month_code"
                case let name where name.hasPrefix("limit") && name.utf8.count > 5:
                    Self.ownName(String(name.dropFirst(5)))
                case let name: Self.ownName(name)
                }
            return name.isEmpty ? nil : self.window(pool, named: name)
        }
    }

    // MARK: One window

    /// The window that an object tells of; `nil` if it tells nothing.
    private func window(_ item: UsageObject, named name: String) -> UsageWindow? {
        let detail = item.object("detail") ?? item
        let reset = detail.reset(at: self.now) ?? item.reset(at: self.now)
        let limit = detail.number("limit")
        let used = detail.number("used")
        let remaining = detail.number("remaining")
        let ratio = detail.number("usedratio") ?? detail.number("remainingratio").map { 1 - $0 }
        var views: [UsageWindow] = []
        if limit != nil || used != nil || remaining != nil {
            views.append(
                .counted(name, limit: limit, used: used, remaining: remaining, resetsAt: reset, source: .panel))
        }
        if let ratio { views.append(.ratio(name, used: ratio, resetsAt: reset, source: .panel)) }
        if views.isEmpty, reset != nil { views.append(UsageWindow(name: name, resetsAt: reset, source: .panel)) }
        guard let first = views.first else { return nil }
        return views.dropFirst().reduce(first) { $0.combined(with: $1) }
    }
}
