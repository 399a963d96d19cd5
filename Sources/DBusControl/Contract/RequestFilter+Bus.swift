public import DBusKit

extension RequestFilter {
    /// The options of `ListRequests`.
    private enum Option: String, ControlOption {
        case limit = "limit"
        case cursor = "cursor"
        case since = "since"
        case until = "until"
        case key = "key"
        case provider = "provider"
        case client = "client"
        case status = "status"
        case errorClass = "class"
    }

    /// The most rows that a page may have.
    public static let maximumLimit: UInt32 = 1000

    /// The filter as messages carry it, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue { .variants(self.options) }

    /// The filter as `SummarizeRequests` takes it, `a{sv}`: without a limit and a cursor, since all requests count.
    public var summaryBusValue: BusValue { .variants(self.options.filter { !Self.pageOptions.contains($0.key) }) }

    private static let pageOptions: Set<String> = [Option.limit.rawValue, Option.cursor.rawValue]

    private var options: [String: BusValue] {
        var options: [String: BusValue] = [Option.limit.rawValue: .uint32(self.limit)]
        if !self.cursor.isEmpty { options[Option.cursor.rawValue] = .text(self.cursor) }
        options[Option.since.rawValue] = self.since.map { .uint64($0) }
        options[Option.until.rawValue] = self.until.map { .uint64($0) }
        options[Option.key.rawValue] = self.key.map { .text($0) }
        options[Option.provider.rawValue] = self.provider.map { .text($0) }
        options[Option.client.rawValue] = self.client.map { .text($0) }
        options[Option.status.rawValue] = self.status.map { .uint32($0) }
        options[Option.errorClass.rawValue] = self.errorClass.map { .text($0) }
        return options
    }

    /// Reads the filter of `SummarizeRequests` strictly; fails with `invalidArgument`, naming the option and what is
    /// expected.
    public init(summaryBusValue: BusValue) throws(ControlFault) {
        if case .dictionary(_, _, let entries) = summaryBusValue {
            for name in entries.compactMap(\.key.asString) where Self.pageOptions.contains(name) {
                throw ControlFault(.invalidArgument, "unknown option \(name): a summary counts all requests")
            }
        }
        try self.init(busValue: summaryBusValue)
    }

    /// Reads a filter strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.limit = try reader.pageLimit(.limit) ?? self.limit
        self.cursor = try reader.cursor(.cursor) ?? ""
        self.since = try reader.moment(.since)
        self.until = try reader.moment(.until)
        self.key = try reader.label(.key)
        self.provider = try reader.label(.provider)
        self.client = try reader.label(.client)
        self.status = try reader.value(.status, expected: "u, 0 or an HTTP status from 100 to 999") {
            $0.asUInt32.flatMap { $0 == 0 || (100...999).contains($0) ? $0 : nil }
        }
        self.errorClass = try reader.value(.errorClass, expected: "s, an error class such as provider_timeout") {
            $0.asString.flatMap { ControlText.isLowerSnake($0) ? $0 : nil }
        }
    }
}
