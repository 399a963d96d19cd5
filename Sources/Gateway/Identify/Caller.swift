import ProxyCore

/// Who a request comes from.
struct Caller {
    /// The client whose token was shown; `nil` for the daemon's own user on the Unix socket, and where no token is asked
    /// for.
    let client: Configuration.Client?

    /// Whom limits, log and metrics take the caller for.
    let identity: CallerIdentity
    /// The address that it calls from, after the trusted proxies; `nil` on a Unix socket.
    let address: NumericAddress?

    /// The client's name.
    var name: ClientName? { self.client?.name }

    /// Describes a caller.
    init(client: Configuration.Client?, identity: CallerIdentity = .unknown, address: NumericAddress? = nil) {
        (self.client, self.identity, self.address) = (client, identity, address)
    }

    /// Describes a caller by where it calls from and the client whose token it showed.
    init(client: Configuration.Client?, from origin: CallerOrigin) {
        self.init(client: client, identity: origin.identity(showing: client?.name), address: origin.address)
    }

    /// Whether the caller may use a model.
    ///
    /// `nil` is a model that cannot be told: only callers without a list may use it.
    func mayUse(_ model: ModelName?) -> Bool {
        guard let client, !client.models.isEmpty else { return true }
        return model.map(client.models.contains) ?? false
    }

    /// Whether the caller may call a path, on whatever mount it is (L-011).
    func mayCall(_ path: String) -> Bool {
        guard let client, !client.routes.isEmpty else { return true }
        return client.routes.contains { RoutePattern.covers($0, path: path) }
    }

    /// Whether the caller may ask for high priority: with the scope for it, or as the daemon's own user on the Unix socket
    /// (L-004).
    var mayHurry: Bool {
        guard let client else { return if case .user = self.identity { true } else { false } }
        return client.scopes.contains(.priorityHigh)
    }

    /// The project that a request of the caller counts for, which may name one itself.
    ///
    /// A client that is for certain projects has to name one of them, unless there is one only or it has one of its own.
    /// `isCounted` tells whether the request is for a provider: a list of models needs no project.
    func project(named name: String?, isCounted: Bool) throws(ProxyFault) -> String? {
        guard let client else { return name }
        guard !client.projects.isEmpty else { return name ?? client.project }
        if let name = name ?? client.project ?? (client.projects.count == 1 ? client.projects[0] : nil) {
            guard client.projects.contains(name) else {
                throw ProxyFault(.forbidden, message: "The token is not for this project.")
            }
            return name
        }
        guard isCounted else { return nil }
        throw ProxyFault(
            .forbidden, message: "The token is for certain projects only, and X-KMI-Project names none of them.")
    }
}
