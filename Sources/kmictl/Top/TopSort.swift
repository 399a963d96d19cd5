import DBusControl

/// A column that rows can be sorted by.
protocol TopColumn: CaseIterable, Equatable, Sendable where AllCases == [Self] {
    /// What stands above it.
    var title: String { get }
    /// Whether small values stand first unless a person reverses it.
    var isAscending: Bool { get }
}

/// What a table is sorted by.
struct TopSort<Column: TopColumn>: Equatable, Sendable {
    private(set) var column: Column
    private(set) var isAscending: Bool

    init(by column: Column) {
        self.column = column
        self.isAscending = column.isAscending
    }

    /// Goes on to the next column.
    mutating func cycle() {
        let all = Column.allCases
        let index = all.firstIndex(of: self.column) ?? 0
        self = TopSort(by: all[(index + 1) % all.count])
    }

    /// Turns the order round.
    mutating func reverse() { self.isAscending.toggle() }

    /// The title of a column, with a mark if the table is sorted by it.
    func title(of column: Column, _ style: TextStyle) -> String {
        guard column == self.column else { return column.title }
        let mark = self.isAscending ? (style.isUTF8 ? "▲" : "^") : (style.isUTF8 ? "▼" : "v")
        return column.title + mark
    }
}

/// A value that rows are sorted by; those of one column are of one kind.
enum TopSortValue: Comparable {
    case number(Double)
    case text(String)
}

/// The columns of the table of keys.
enum TopKeyColumn: TopColumn {
    case label, provider, state, back, windows, running, requests, errors

    static let allCases: [TopKeyColumn] = [
        .label, .provider, .state, .back, .windows, .running, .requests, .errors,
    ]

    var title: String {
        switch self {
        case .label: "LABEL"
        case .provider: "PROVIDER"
        case .state: "STATE"
        case .back: "BACK"
        case .windows: "USED"
        case .running: "RUN"
        case .requests: "SERVED"
        case .errors: "ERRORS"
        }
    }

    var isAscending: Bool {
        switch self {
        case .label, .provider, .state, .back: true
        case .windows, .running, .requests, .errors: false
        }
    }

    /// What a key is sorted by.
    func value(of key: KeyStatus) -> TopSortValue {
        switch self {
        case .label: .text(key.label)
        case .provider: .text(key.provider)
        case .state: .number(Double(StateColour.keyStates.firstIndex(of: key.state) ?? StateColour.keyStates.count))
        case .back: .number(Double(key.usableAt))
        case .windows: .number(key.windows.compactMap { WindowText(window: $0).share }.max() ?? -1)
        case .running: .number(Double(key.inFlight))
        case .requests: .number(Double(key.requests))
        case .errors: .number(Double(key.errorCount))
        }
    }
}

/// The columns of the table of requests.
enum TopRequestColumn: TopColumn {
    case time, key, model, result, took, tokens, cost

    static let allCases: [TopRequestColumn] = [.time, .key, .model, .result, .took, .tokens, .cost]

    var title: String {
        switch self {
        case .time: "AGO"
        case .key: "KEY"
        case .model: "MODEL"
        case .result: "RESULT"
        case .took: "TOOK"
        case .tokens: "TOKENS"
        case .cost: "COST"
        }
    }

    var isAscending: Bool {
        switch self {
        case .key, .model: true
        case .time, .result, .took, .tokens, .cost: false
        }
    }

    /// What a request is sorted by.
    func value(of row: RequestRow) -> TopSortValue {
        switch self {
        case .time: .number(Double(row.endedAt))
        case .key: .text(row.key)
        case .model: .text(row.model)
        case .result: .number(Double(row.status))
        case .took: .number(Double(row.duration))
        case .tokens: .number(Double(TokenClass.sum(row.tokens)))
        case .cost: .number(Double(row.cost ?? -1))
        }
    }
}

extension KeyStatus {
    /// The failed attempts of all classes.
    var errorCount: UInt64 { self.errors.values.reduce(0) { $0 &+ $1 } }
}
