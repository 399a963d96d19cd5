/// What a change of a key at run time does, and whether the key has an effect yet (T-014).
enum ConfigurationSupport: Sendable, Equatable {
    /// A reload applies it to requests that begin afterwards.
    case live
    /// It takes a restart.
    case restart
    /// It is read and checked, but this version does nothing with it: setting it is a warning.
    case notYet
    /// It would have a meaning for security that this version does not give it, so setting it is refused. The text says
    /// what to do instead.
    case refused(String)

    /// The word of the documentation.
    var word: String {
        switch self {
        case .live: "live"
        case .restart: "restart"
        case .notYet, .refused: "not yet"
        }
    }
}
