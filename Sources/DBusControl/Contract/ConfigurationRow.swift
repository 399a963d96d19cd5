/// One setting of the configuration in force.
public struct ConfigurationRow: Sendable, Equatable {
    /// Its name: `server.listen`, `key.alpha.priority`.
    public var key = ""
    /// Its value as TOML writes it; of a secret the reference, never the value itself.
    public var value = ""
    /// What said so: `default`, `file`, `environment`, `flag` or `state` (a change at run time).
    public var source = ""
    /// Where it stands: `FILE:LINE`, the variable, the flag; empty where there is no such place.
    public var origin = ""
    /// When a change of it counts: `live` (with a reload) or `restart`.
    public var applies = ""

    /// Makes the row of a setting that nothing is known of.
    public init() {}
}
