import DBusControl

/// The states that hold for single models, in a few words.
enum ModelStatesText {
    /// `cooling 12 s (2 models), exhausted 3 h (1 model)`: how many models are in which state, and how long until the first of
    /// them is back.
    static func summary(_ states: [KeyStatus.ModelState], now: UInt64) -> String {
        let byState = Dictionary(grouping: states, by: \.state)
        let unknown = byState.keys.filter { !StateColour.keyStates.contains($0) }.sorted()
        return (StateColour.keyStates + unknown)
            .compactMap { state in byState[state].map { Self.part(state, $0, now: now) } }
            .joined(separator: ", ")
    }

    private static func part(_ state: String, _ models: [KeyStatus.ModelState], now: UInt64) -> String {
        let count = models.count == 1 ? "1 model" : "\(models.count) models"
        let soonest = models.map(\.usableAt).filter { $0 > now }.min()
        let wait = soonest.map { " " + Timestamp.distance(to: $0, now: now) } ?? ""
        return "\(state)\(wait) (\(count))"
    }
}
