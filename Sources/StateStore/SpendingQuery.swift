public import ProxyCore

/// Which sums of tokens and money are asked for; what is `nil` does not matter.
public struct SpendingQuery: Sendable, Equatable {
    /// What sums can be told apart by.
    public enum Axis: String, Sendable, CaseIterable {
        /// The key.
        case key
        /// The provider.
        case provider
        /// The model that answered, else the one that was asked for.
        case model
        /// The client.
        case client
        /// The project.
        case project
        /// The observed process.
        case process
        /// The hour (UTC).
        case hour
    }

    /// At most so many sums are told; a query that has more is refused.
    public static let rowLimit = 100_000

    /// What the sums are told apart by, and sorted by; one sum of all if it is empty.
    public var by: [Axis] = []
    /// Not in an hour that ended by then: the hour of that time counts as a whole.
    public var since: WallTime?
    /// In an hour that began before.
    public var until: WallTime?
    /// With this key.
    public var key: KeyLabel?
    /// At this provider.
    public var provider: ProviderName?
    /// Of this model.
    public var model: ModelName?
    /// By this client.
    public var client: ClientName?
    /// For this project.
    public var project: String?
    /// By this process.
    public var process: String?

    /// Asks for the sum of everything.
    public init() {}
}

/// A sum of what was used; what it is not told apart by is `nil`, as is what was not known.
public struct SpendingRow: Sendable, Equatable {
    /// The hour.
    public var hour: WallTime?
    /// The key.
    public var key: KeyLabel?
    /// The provider.
    public var provider: ProviderName?
    /// The model.
    public var model: ModelName?
    /// The client.
    public var client: ClientName?
    /// The project.
    public var project: String?
    /// The observed process.
    public var process: String?
    /// What was used.
    public var spending = Spending()

    /// A sum of nothing.
    public init() {}
}
