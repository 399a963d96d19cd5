import DBusKit

/// What the world knows of the objects' properties: the values that were announced last.
///
/// A value that a reader got in between counts as well: it is announced again once it has gone, even where it went back
/// to what was announced before, or that reader would keep it for ever.
struct PropertyLedger {
    private var known: [ControlSubject: [String: BusValue]] = [:]

    /// Notes the values with which an object appears.
    mutating func begin(_ subject: ControlSubject, with values: [String: BusValue]) {
        let names = subject.announcedProperties
        self.known[subject] = values.filter { names.contains($0.key) }
    }

    /// Forgets an object that has gone.
    mutating func forget(_ subject: ControlSubject) {
        self.known[subject] = nil
    }

    /// Notes values that a reader got; whether they differ from what was announced, and have to be announced too.
    mutating func hasTold(_ values: [String: BusValue], of subject: ControlSubject) -> Bool {
        let different = self.known[subject]?.filter { name, value in values[name]?.isSame(as: value) == false } ?? [:]
        for name in different.keys { self.known[subject]?[name] = nil }
        return !different.isEmpty
    }

    /// The values to be announced, which count as announced from then on.
    mutating func changes(of subject: ControlSubject, to values: [String: BusValue]) -> [String: BusValue] {
        guard let known = self.known[subject] else { return [:] }
        let names = subject.announcedProperties
        let changed = values.filter { name, value in
            names.contains(name) && known[name].map { !$0.isSame(as: value) } ?? true
        }
        self.known[subject]?.merge(changed) { $1 }
        return changed
    }
}

extension BusValue {
    /// Whether both are the same in a message: an unknown quantity (NaN) is the same as another.
    func isSame(as other: BusValue) -> Bool {
        switch (self, other) {
        case (.double(let mine), .double(let theirs)):
            return mine.bitPattern == theirs.bitPattern
        case (.array(let mine, let left), .array(let theirs, let right)):
            return mine == theirs && Self.areSame(left, right)
        case (.structure(let left), .structure(let right)):
            return Self.areSame(left, right)
        default:
            return self == other
        }
    }

    private static func areSame(_ left: [BusValue], _ right: [BusValue]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    }
}
