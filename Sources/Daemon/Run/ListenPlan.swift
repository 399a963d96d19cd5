import ProxyCore
import SystemSupport

/// What is listened on: the sockets that the service manager has passed, and what of the configuration is opened besides.
///
/// A socket named `admin` belongs to the administration, every other one to the data plane. One that is bound where the
/// configuration listens takes the place of that listener, with its settings; any other is served as an entry without a
/// scheme would be.
struct ListenPlan: Sendable, Equatable {
    /// Who serves a listener.
    enum Plane: Sendable, Equatable {
        case data
        case admin
    }

    /// Where its socket comes from.
    enum Source: Sendable, Equatable {
        case passed(PassedSocket)
        case opened(ListenSpecification.Address)
    }

    /// One listener.
    struct Entry: Sendable, Equatable {
        var source: Source
        var plane: Plane
        /// `data`, `socket` or `admin`, as the log names it.
        var kind: String
        /// Whether callers speak TLS there.
        var isTLS: Bool

        /// Whether the service manager holds its socket.
        var isPassed: Bool { if case .passed = self.source { true } else { false } }
    }

    /// A passed socket that may not be served.
    struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        var socket: PassedSocket
        var reason: String

        var description: String {
            "cannot listen on \(self.socket.place), descriptor \(self.socket.descriptor) "
                + "(\"\(self.socket.name)\") of the service manager: \(self.reason)"
        }
    }

    /// What is configured.
    struct Configured: Sendable {
        var data: [ListenSpecification] = []
        /// The path of `server.socket`; `nil` where that is off.
        var socketPath: String?
        /// `nil` where the administration is off.
        var admin: ListenSpecification?
        var hasCertificate = false
        var requiresTokens = true

        /// The listeners of the data plane, with what the log calls them.
        fileprivate var dataEntries: [(specification: ListenSpecification, kind: String)] {
            self.data.map { ($0, "data") }
                + [self.socketPath].compactMap(\.self).map { (ListenSpecification(address: .unix(path: $0)), "socket") }
        }
    }

    /// The name of a socket that belongs to the administration.
    static let adminName = "admin"

    /// All listeners, passed sockets first.
    private(set) var entries: [Entry] = []
    /// Sockets of the administration although that is off: nobody is served there.
    private(set) var unserved: [PassedSocket] = []
    /// Why nothing is listened on at all.
    private(set) var refusals: [Refusal] = []

    /// Decides.
    ///
    /// `real` gives back the path of a Unix socket without symbolic links in it: the manager and the configuration may name
    /// one directory differently.
    init(passed: [PassedSocket], configured: Configured, real: (String) -> String = { $0 }) {
        let data = configured.dataEntries
        var taken: Set<Int> = []
        var isAdminTaken = false
        for socket in passed {
            let place = data.firstIndex { socket.isBound(to: $0.specification, real) }
            let isAdminPlace = configured.admin.map { socket.isBound(to: $0, real) } ?? false
            let isAdmin = socket.name == Self.adminName
            if isAdmin, configured.admin == nil {
                self.unserved.append(socket)
                continue
            }
            if isAdmin ? place != nil : isAdminPlace {
                self.refuse(
                    socket,
                    isAdmin
                        ? "its name says that it is for the administration, but it is bound to an address of server.listen"
                        : "it is bound to server.admin_listen: name it \"\(Self.adminName)\" (FileDescriptorName=admin)"
                )
                continue
            }
            if isAdmin {
                let scheme = isAdminPlace ? configured.admin?.scheme : nil
                self.adopt(socket, as: .admin, kind: "admin", scheme, configured)
                if isAdminPlace { isAdminTaken = true }
            } else {
                let kind = place.map { data[$0].kind } ?? socket.kind
                self.adopt(socket, as: .data, kind: kind, place.map { data[$0].specification.scheme }, configured)
                if let place { taken.insert(place) }
            }
        }
        for (index, entry) in data.enumerated() where !taken.contains(index) {
            self.add(entry.specification, as: .data, kind: entry.kind, configured)
        }
        if let admin = configured.admin, !isAdminTaken { self.add(admin, as: .admin, kind: "admin", configured) }
    }

    private mutating func add(
        _ specification: ListenSpecification, as plane: Plane, kind: String, _ configured: Configured
    ) {
        self.entries.append(
            Entry(
                source: .opened(specification.address), plane: plane, kind: kind,
                isTLS: specification.isTLS(configured)))
    }

    private mutating func adopt(
        _ socket: PassedSocket, as plane: Plane, kind: String, _ scheme: ListenSpecification.Scheme?,
        _ configured: Configured
    ) {
        let specification = ListenSpecification(scheme: scheme ?? .automatic, address: socket.address)
        let isTLS = specification.isTLS(configured)
        if !specification.isLocal {
            // The same as for what is configured (K-004): nobody from elsewhere comes in unencrypted, or to the data plane
            // without a token.
            var missing: [String] = []
            if !isTLS { missing += ["server.tls.certificate", "server.tls.private_key"] }
            if plane == .data, !configured.requiresTokens { missing.append("auth.require_token = true") }
            guard missing.isEmpty else {
                return self.refuse(
                    socket, "it is reachable from other machines, which needs \(missing.joined(separator: " and "))")
            }
        }
        self.entries.append(Entry(source: .passed(socket), plane: plane, kind: kind, isTLS: isTLS))
    }

    private mutating func refuse(_ socket: PassedSocket, _ reason: String) {
        self.refusals.append(Refusal(socket: socket, reason: reason))
    }
}

extension ListenSpecification {
    fileprivate func isTLS(_ configured: ListenPlan.Configured) -> Bool {
        self.isEncrypted(hasCertificate: configured.hasCertificate)
    }
}

extension PassedSocket {
    /// What the log calls a listener of the data plane that is not configured.
    fileprivate var kind: String { if case .unix = self.place { "socket" } else { "data" } }

    /// Its place in the configuration's terms.
    fileprivate var address: ListenSpecification.Address {
        switch self.place {
        case .tcp(let host, let port): .tcp(host: host, port: port)
        case .unix(let path): .unix(path: path)
        }
    }

    /// Whether it is bound to the place that an entry of the configuration names.
    fileprivate func isBound(to specification: ListenSpecification, _ real: (String) -> String) -> Bool {
        switch (self.place, specification.address) {
        case (.unix(let path), .unix(let configured)): path == configured || real(path) == real(configured)
        case (.tcp(let host, let port), .tcp(let name, let configuredPort)):
            // A free port is never the one that was passed.
            port == configuredPort && port != 0
                && NumericAddress(host) == NumericAddress(name.lowercased() == "localhost" ? "127.0.0.1" : name)
        default: false
        }
    }
}
