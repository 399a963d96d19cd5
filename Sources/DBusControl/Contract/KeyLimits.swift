public import DBusKit

/// What the daemon keeps a key to by itself, whatever the provider would allow.
public struct KeyLimits: Sendable, Equatable {
    /// The kinds of limits, by their names in messages and in the configuration.
    public enum Kind: String, Sendable, CaseIterable {
        /// Requests per second.
        case rps = "rps"
        /// Requests per minute.
        case rpm = "rpm"
        /// Tokens per minute.
        case tpm = "tpm"
        /// Requests at once.
        case inFlight = "in_flight"
    }

    /// The limits that there are, none of them 0.
    public private(set) var values: [Kind: UInt32] = [:]

    /// No limits.
    public init() {}

    /// One limit; 0 for none.
    public subscript(kind: Kind) -> UInt32 {
        get { self.values[kind] ?? 0 }
        set { self.values[kind] = newValue == 0 ? nil : newValue }
    }

    /// The limits as messages carry them, `a{su}`.
    public var busValue: BusValue {
        let sorted = self.values.sorted { $0.key.rawValue < $1.key.rawValue }
        return .dictionary(
            key: "s", value: "u",
            sorted.map { BusEntry(key: .string($0.key.rawValue), value: .uint32($0.value)) })
    }

    /// Reads the limits that a caller sets; fails with `invalidArgument`, naming what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        guard case .dictionary(_, _, let entries) = busValue else {
            throw ControlFault(.invalidArgument, "Limits: expected a{su}")
        }
        for entry in entries {
            guard let kind = entry.key.asString.flatMap(Kind.init(rawValue:)), let limit = entry.value.asUInt32 else {
                let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlFault(.invalidArgument, "Limits: expected a{su} of \(known)")
            }
            self[kind] = limit
        }
    }

    /// Reads what a daemon tells, another version of which may know further kinds; `nil` if it is no `a{su}`.
    init?(told value: BusValue) {
        guard let entries = value.asDictionary else { return nil }
        for (name, value) in entries {
            guard let limit = value.asUInt32 else { return nil }
            if let kind = Kind(rawValue: name) { self[kind] = limit }
        }
    }
}
