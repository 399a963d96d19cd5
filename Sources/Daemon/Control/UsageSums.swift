import DBusControl
import ProxyCore

/// Sums what was used by the names that a caller asked for.
struct UsageSums {
    /// One name of a sum; names of one axis are of one kind.
    private enum Name: Hashable, Comparable {
        case text(String)
        case hour(WallTime)

        static func < (left: Name, right: Name) -> Bool {
            switch (left, right) {
            case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
            case (.hour(let left), .hour(let right)): left.microseconds < right.microseconds
            case (.text, .hour): true
            case (.hour, .text): false
            }
        }
    }

    private let axes: [UsageAxis]
    private let day: (WallTime) -> String
    private var sums: [[Name]: Spending] = [:]

    /// Begins with nothing.
    ///
    /// - Parameters:
    ///   - axes: what is summed up by, in the order in which rows are sorted.
    ///   - day: the day that the beginning of an hour lies in, `YYYY-MM-DD`.
    init(by axes: [UsageAxis], day: @escaping (WallTime) -> String = LocalDay.of) {
        self.axes = axes
        self.day = day
        // One sum of all is there also where nothing was used.
        if axes.isEmpty { self.sums[[]] = Spending() }
    }

    /// Adds what was used by those that `name` names; a name that it does not know is empty.
    mutating func add(_ spending: Spending, hour: WallTime?, name: (UsageAxis) -> String?) {
        let hour = hour ?? WallTime(microseconds: 0)
        let names: [Name] = self.axes.map { axis in
            switch axis {
            case .hour: .hour(hour)
            case .day: .text(self.day(hour))
            case .key, .provider, .model, .client, .project, .process: .text(name(axis) ?? "")
            }
        }
        self.sums[names, default: Spending()].add(spending)
    }

    /// The sums in the order of their names.
    var rows: [UsageRow] {
        self.sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { names, spending in
            var row = UsageRow()
            for (axis, name) in zip(self.axes, names) {
                switch name {
                case .text(let text): row[axis] = text
                case .hour(let hour): row.hour = hour.unsigned
                }
            }
            row.requests = spending.requests
            row.tokens = spending.tokens.byClass
            row.cost = UsageRow.cost(spending.picoDollars, unpriced: spending.unpriced)
            row.unpriced = spending.unpriced
            row.uncertain = spending.uncertain
            return row
        }
    }
}
