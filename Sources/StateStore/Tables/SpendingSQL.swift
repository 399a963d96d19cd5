internal import GRDB
internal import ProxyCore

/// The statements for `spending`, made of the names of columns only; every value is an argument (T-031).
enum SpendingSQL {
    /// What sums are told apart by, their primary key.
    private static let identity = ["hour", "key", "provider", "model", "client", "project", "process"]

    /// Adds to a sum, or begins it; what does not fit stays at the largest number, for SQLite would make it a fraction.
    static let add: String = {
        let names = Self.identity + SpendingColumn.allCases.map(\.rawValue)
        let marks = names.map { _ in "?" }
        let sums = SpendingColumn.allCases.map(\.rawValue).map { column in
            """
            \(column) = CASE WHEN \(column) > 9223372036854775807 - excluded.\(column)
                THEN 9223372036854775807 ELSE \(column) + excluded.\(column) END
            """
        }
        return """
            INSERT INTO spending (\(names.joined(separator: ", "))) VALUES (\(marks.joined(separator: ", ")))
            ON CONFLICT (\(Self.identity.joined(separator: ", "))) DO UPDATE SET \(sums.joined(separator: ", "))
            """
    }()

    /// Adds to a sum, if there is one of that identity: the numbers come first, and each is used twice.
    static let raise: String = {
        let columns = SpendingColumn.allCases.map(\.rawValue)
        let sums = columns.enumerated().map { index, column in
            """
            \(column) = CASE WHEN \(column) > 9223372036854775807 - ?\(index + 1)
                THEN 9223372036854775807 ELSE \(column) + ?\(index + 1) END
            """
        }
        let identity = Self.identity.enumerated().map { index, name in "\(name) = ?\(columns.count + index + 1)" }
        return "UPDATE spending SET \(sums.joined(separator: ", ")) WHERE \(identity.joined(separator: " AND "))"
    }()

    /// Sums by axes; its arguments are those of the conditions and the most rows.
    ///
    /// Each number is summed in two halves, of its upper and of its lower 32 bits: `sum` ends with an error where the result
    /// does not fit, and `total` loses digits.
    static func sums(by axes: [SpendingQuery.Axis], where condition: String) -> String {
        let columns = axes.map(\.column)
        let sums = SpendingColumn.allCases.map(\.rawValue).flatMap { column in
            ["sum(\(column) >> 32) AS \(column)_upper", "sum(\(column) & 4294967295) AS \(column)_lower"]
        }
        var text = "SELECT " + (columns + sums).joined(separator: ", ") + " FROM spending WHERE " + condition
        if columns.isEmpty {
            // Without groups there is always one row; none is wanted where nothing was used.
            text += " HAVING count(*) > 0"
        } else {
            let list = columns.joined(separator: ", ")
            text += " GROUP BY " + list + " ORDER BY " + list
        }
        return text + " LIMIT ?"
    }

    /// A sum of two halves; what does not fit stays at the largest number.
    static func sum(upper: Int64, lower: Int64) -> Int64 {
        let (carried, overflow) = upper.addingReportingOverflow(lower >> 32)
        guard !overflow, carried <= Int64.max >> 32 else { return .max }
        return carried << 32 | lower & 0xFFFF_FFFF
    }
}

extension SpendingQuery.Axis {
    /// The column that it is.
    fileprivate var column: String {
        switch self {
        case .key: "key"
        case .provider: "provider"
        case .model: "model"
        case .client: "client"
        case .project: "project"
        case .process: "process"
        case .hour: "hour"
        }
    }
}
