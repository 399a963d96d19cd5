/// Changes of the properties of one interface that wait to be announced; a pure value.
struct PropertyChanges: Sendable {
    /// The new values by name.
    private(set) var changed: [String: BusValue] = [:]
    /// The names of those whose new values are not told.
    private(set) var invalidated: Set<String> = []

    /// Adds later changes, which replace earlier ones of the same properties.
    mutating func add(_ changed: [String: BusValue], _ invalidated: [String]) {
        self.changed.merge(changed) { $1 }
        self.invalidated.subtract(changed.keys)
        for name in invalidated {
            self.changed[name] = nil
            self.invalidated.insert(name)
        }
    }
}
