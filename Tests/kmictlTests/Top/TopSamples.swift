import DBusControl

@testable import kmictl

/// Live views that tests draw.
enum TopSamples {
    static let size = TopSize(columns: 80, rows: 24)

    /// A style as terminals have it; its width and time are the model's.
    static func style(isColoured: Bool = false, isUTF8: Bool = true) -> TextStyle {
        TextStyle(width: nil, isColoured: isColoured, now: 0, isUTF8: isUTF8)
    }

    /// A view that has taken events in, all at ``Samples/now``.
    static func model(_ size: TopSize = Self.size, _ events: [TopEvent] = []) -> TopModel {
        var model = TopModel(size: size)
        for event in [.tick] + events { model.take(event, now: Samples.now) }
        return model
    }

    /// A view of a daemon with keys in many states and requests that ended in many ways.
    static func full(_ size: TopSize = Self.size) -> TopModel {
        Self.model(size, [.status(Self.manager, Self.keys), .history(Self.rows)])
    }

    static let manager: ManagerStatus = {
        var manager = Samples.manager
        manager.keysTotal = 4
        manager.keysUsable = 2
        return manager
    }()

    static let keys: [KeyStatus] = {
        var alpha = Samples.key("alpha", "usable")
        alpha.inFlight = 2
        alpha.requests = 1_234_567
        alpha.windows = [
            KeyStatus.Window(name: "5h", used: 12, limit: 100, resetsAt: 0),
            KeyStatus.Window(name: "7d", used: 0.85, limit: 1, resetsAt: 0),
        ]
        alpha.warn = true
        var beta = Samples.key("beta", "cooling", reason: "provider_rate_limited", back: 90)
        beta.windows = [KeyStatus.Window(name: "5h", used: 100, limit: 100, resetsAt: 0)]
        var delta = Samples.key("delta-of-a-long-name", "usable")
        delta.provider = "moonshot"
        delta.windows = [KeyStatus.Window(name: "balance", used: .nan, limit: 12.5, resetsAt: 0)]
        return [alpha, beta, Samples.key("gamma", "invalid", reason: "provider_auth_failed"), delta]
    }()

    static let rows: [RequestRow] = (0..<20).map { number in
        var row = Self.row("req-\(number)", ago: UInt64(number) * 4 + 2, took: UInt64(number + 1) * 100_000)
        if number % 5 == 1 {
            (row.status, row.errorClass, row.key) = (429, "provider_rate_limited", "beta")
            (row.tokens, row.cost, row.model) = ([:], nil, "kimi-k2-thinking-turbo")
        }
        if number % 7 == 3 { (row.status, row.outcome, row.client) = (0, "left", "laptop") }
        if number == 4 { row.outcome = "cut" }
        return row
    }

    /// A request that ended so many seconds ago, after so many microseconds.
    static func row(_ id: String, ago: UInt64, took: UInt64 = 100_000) -> RequestRow {
        var row = Samples.row(id, status: 200)
        row.duration = took
        row.firstByte = took / 4
        row.receivedAt = Samples.now - ago * Samples.second - took
        return row
    }

    /// The same lines without the blanks at their ends, as a person reads them.
    static func text(_ model: TopModel, isColoured: Bool = false, isUTF8: Bool = true) -> String {
        TopScreen(model: model, style: Self.style(isColoured: isColoured, isUTF8: isUTF8)).lines
            .map { String($0.reversed().drop { $0 == " " }.reversed()) }
            .joined(separator: "\n")
    }
}

extension TopModel {
    /// Takes keys in one after the other.
    mutating func press(_ keys: TopKey...) {
        for key in keys { self.take(.key(key), now: Samples.now) }
    }

    /// Takes typed characters in.
    mutating func type(_ text: String) {
        for character in text { self.press(.character(character)) }
    }
}
