/// Everything that a person can set, as one immutable value: a reload makes a new one and swaps it, and a request keeps
/// the one that it began with.
///
/// One nested type per table of the configuration file; a property is the key in lower camel case. `nil` stands for
/// `0` where `0` means "no limit", and for an empty text where that means "none".
public struct Configuration: Sendable, Equatable {
    /// `[server]`: listeners and what holds on them.
    public var server = Server()
    /// `[auth]`: who may call.
    public var auth = Auth()
    /// `[[client]]`: the clients of the file.
    public var clients: [Client] = []
    /// `[rotation]`: how a key is chosen.
    public var rotation = Rotation()
    /// `[retry]`: further attempts for one request.
    public var retry = Retry()
    /// `[breaker]`: when a provider is left alone.
    public var breaker = Breaker()
    /// `[cooldown]`: how long a key rests.
    public var cooldown = Cooldown()
    /// `[upstream]`: connections to providers.
    public var upstream = Upstream()
    /// `[[provider]]`: those of the file in its order, then those that a key brings in by the name of a known kind.
    public var providers: [Provider] = []
    /// `[[key]]`: the keys of the file.
    public var keys: [Key] = []
    /// `[[model]]`: aliases.
    public var models: [ModelAlias] = []
    /// `[limits]`: limits over all requests, and per address and client.
    public var limits = Limits()
    /// `[trace]`: what is kept of past requests.
    public var trace = Trace()
    /// `[usage]`: what is done to learn of token counts.
    public var usage = Usage()
    /// `[prices]`: the price table.
    public var prices = Prices()
    /// `[storage]`: backups of the state.
    public var storage = Storage()
    /// `[control]`: the bus.
    public var control = Control()
    /// `[notifications]`: messages to a person.
    public var notifications = Notifications()
    /// `[log]`: the daemon's log.
    public var log = Log()

    /// Makes the configuration of a daemon without any file.
    public init() {}

    /// The provider for requests whose model no alias and no provider claims: the one marked, else the only one, else
    /// the first; `nil` if there is none.
    public var defaultProvider: Provider? {
        self.providers.first { $0.isDefault } ?? self.providers.first
    }

    /// The provider of that name: a configured one, else the one that is known by the name of its kind.
    public func provider(named name: ProviderName) -> Provider? {
        self.providers.first { $0.name == name } ?? Provider.known(named: name)
    }
}
