/// What a person may say about a key that is added.
public struct KeyOptions: Sendable, Equatable {
    /// Higher ones are chosen first.
    public var priority: Int32 = 0
    /// The share in the mode `weighted`, at least 1.
    public var weight: UInt32 = 1
    /// Whether it takes part at once.
    public var enabled = true
    /// The models that it serves; empty for all.
    public var models: [String] = []
    /// What the daemon keeps the key to.
    public var limits = KeyLimits()
    /// The e-mail address of the account; empty if nobody has told it.
    public var account = ""
    /// Where the secret is to lie.
    public var store = Store.auto

    /// A place for secrets.
    public enum Store: String, Sendable, CaseIterable {
        /// The Secret Service if one is there and unlocked, else files of the daemon.
        case auto = "auto"
        /// The Secret Service.
        case secretService = "secret-service"
        /// Files of the daemon, for its user alone.
        case files = "files"
    }

    /// An enabled key for all models.
    public init() {}
}
