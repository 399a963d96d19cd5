import DBusControl

extension KeyLimits {
    /// The limits for a person, such as `2 rps, 60 rpm, 4 at once`; empty without any.
    var text: String {
        Kind.allCases.filter { self[$0] > 0 }.map { "\(self[$0]) \($0.unit)" }.joined(separator: ", ")
    }
}

extension KeyLimits.Kind {
    fileprivate var unit: String {
        switch self {
        case .rps, .rpm, .tpm: self.rawValue
        case .inFlight: "at once"
        }
    }
}
