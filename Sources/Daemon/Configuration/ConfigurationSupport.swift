/// What a change of a key at run time does, and whether the key has an effect yet (T-014).
enum ConfigurationSupport: Sendable, Equatable {
    /// A reload applies it to requests that begin afterwards.
    case live
    /// It takes a restart.
    case restart
    /// It is read and checked, but this version does nothing with it: setting it is a warning.
    case notYet

    /// The word of the documentation.
    var word: String {
        switch self {
        case .live: "live"
        case .restart: "restart"
        case .notYet: "not yet"
        }
    }
}
