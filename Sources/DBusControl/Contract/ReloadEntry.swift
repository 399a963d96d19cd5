/// What a reload made of one changed key of the configuration.
public struct ReloadEntry: Sendable, Equatable {
    /// The key, such as `retry.max_attempts` or `key.alpha.weight`.
    public var key: String
    /// `applied`, `restart_required` or `rejected`.
    public var result: String
    /// Why, in words.
    public var reason: String

    /// Makes an entry.
    public init(key: String, result: String, reason: String) {
        self.key = key
        self.result = result
        self.reason = reason
    }
}
