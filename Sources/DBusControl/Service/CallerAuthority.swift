/// Who decides what callers may do.
public enum CallerAuthority: Sendable, Hashable {
    /// The user: whoever runs as the daemon's own may do everything, and nobody else anything.
    ///
    /// For session buses, and for buses that are given as addresses, of which nothing is known.
    case sameUser
    /// polkit, for the system bus: root and the daemon's own user may do everything, and about everybody else
    /// `org.freedesktop.PolicyKit1` on the same bus is asked.
    case polkit
}
