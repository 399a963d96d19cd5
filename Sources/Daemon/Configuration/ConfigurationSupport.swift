/// What a change of a key at run time does (T-014).
enum ConfigurationSupport: Sendable, Equatable {
    /// A reload applies it to requests that begin afterwards.
    case live
    /// It takes a restart.
    case restart

    /// The word of the documentation.
    var word: String {
        switch self {
        case .live: "live"
        case .restart: "restart"
        }
    }
}
