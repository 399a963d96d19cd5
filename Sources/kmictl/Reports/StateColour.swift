/// What the words of the daemon mean, in colours.
enum StateColour {
    /// The states of a key (contract section 7), in the order in which they are told.
    static let keyStates = ["usable", "cooling", "exhausted", "billing", "suspect", "invalid", "disabled"]

    /// The colour of a key's state; none for `disabled`, which a person has wanted.
    static func ofKey(_ state: String) -> TextStyle.Colour? {
        switch state {
        case "usable": .good
        case "cooling", "exhausted", "suspect": .resting
        case "disabled": nil
        default: .bad
        }
    }

    /// The colour of the daemon's state.
    static func ofDaemon(_ state: String) -> TextStyle.Colour? {
        switch state {
        case "running": .good
        case "degraded": .bad
        default: .resting
        }
    }

    /// The colour of a request that has ended.
    static func ofRequest(status: UInt32, outcome: String) -> TextStyle.Colour? {
        switch (outcome, status) {
        case ("complete", 200..<400): nil
        case (_, 500...), ("cut", _), ("timed_out", _): .bad
        default: .resting
        }
    }
}
