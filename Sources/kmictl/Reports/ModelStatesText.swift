import DBusControl

/// The states that hold for single models, in a few words.
enum ModelStatesText {
    /// `cooling 12 s (2 models)`: how many models are in a state, and how long until the first of them is back; of several
    /// states the counts alone, `2 cooling, 1 exhausted`.
    static func summary(_ states: [KeyStatus.ModelState], now: UInt64) -> String {
        let byState = Dictionary(grouping: states, by: \.state)
        if let state = byState.keys.first, byState.count == 1 {
            let count = states.count == 1 ? "1 model" : "\(states.count) models"
            let soonest = states.map(\.usableAt).filter { $0 > now }.min()
            let wait = soonest.map { " " + Timestamp.distance(to: $0, now: now) } ?? ""
            return "\(state)\(wait) (\(count))"
        }
        let unknown = byState.keys.filter { !StateColour.keyStates.contains($0) }.sorted()
        return (StateColour.keyStates + unknown)
            .compactMap { state in byState[state].map { "\($0.count) \(state)" } }
            .joined(separator: ", ")
    }
}
