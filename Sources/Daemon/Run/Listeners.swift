import Gateway
import Logging
import NIOCore
import ProxyCore
import ProxyHTTP
import Synchronization
import SystemSupport

/// The listeners that could not be opened, all of them (T-016).
struct ListenFailures: Error {
    let failures: [any Error]
}

/// The listeners of the data plane and of the administration.
final class Listeners: Sendable {
    /// An open listener.
    struct Open: Sendable {
        /// `data`, `socket` or `admin`.
        let kind: String
        /// Where it listens, with the real port.
        let address: String
        /// Whether callers speak TLS there.
        let isTLS: Bool

        /// The address with the scheme that a caller uses; that of the administration with the path of its page, since it
        /// serves no requests for models.
        var url: String {
            guard !self.address.hasPrefix("unix:") else { return self.address }
            return (self.isTLS ? "https" : "http") + "://\(self.address)" + (self.kind == "admin" ? "/metrics" : "")
        }
    }

    private let data: HTTPServer
    private let admin: HTTPServer
    /// What TLS listeners of either plane use; `nil` if there was no certificate at the start.
    private let tls: (data: ServerTLS, admin: ServerTLS)?
    /// Connections of callers that are served at once, in each plane.
    let maximumConnections: Int
    private let logger: Logger
    /// By their place in the plan.
    private let opened = Mutex<[Int: Open]>([:])
    private let intake: Intake

    /// Whether new callers are taken.
    final class Intake: Sendable {
        private let state = Mutex(false)

        /// Whether every listener is open and none is being drained.
        var isOpen: Bool {
            get { self.state.withLock { $0 } }
            set { self.state.withLock { $0 = newValue } }
        }
    }

    init(
        group: any EventLoopGroup, gateway: Gateway, admin: AdminResponder, server: Configuration.Server,
        credentials: TLSCredentials?, intake: Intake, callerObserver: any CallerObserver, logger: Logger
    ) {
        self.intake = intake
        var configuration = HTTPServerConfiguration(server)
        // What is not served any more is not taken for ready.
        configuration.whenListenerIsLost = { intake.isOpen = false }
        var observed = configuration
        observed.callerObserver = callerObserver
        self.data = HTTPServer(group: group, responder: gateway, configuration: observed, logger: logger)
        self.admin = HTTPServer(group: group, responder: admin, configuration: configuration, logger: logger)
        self.tls = credentials.map { (ServerTLS($0), ServerTLS($0)) }
        self.maximumConnections = configuration.maximumConnections
        self.logger = logger
    }

    /// The credentials of the TLS listeners; `nil` if there are none.
    var credentials: TLSCredentials? { self.all.contains(where: \.isTLS) ? self.tls?.data.credentials : nil }

    /// Shows other credentials to callers that connect from now on; those who are connected are not disturbed, unless
    /// another certificate is asked of them.
    func renew(_ credentials: TLSCredentials) {
        guard let tls, tls.data.credentials != credentials else { return }
        self.data.renew(tls.data, with: credentials)
        self.admin.renew(tls.admin, with: credentials)
        self.logger.notice(
            "TLS certificates renewed",
            metadata: ["event": "certificate_renewed", "not_after": "\(credentials.notAfter.rfc3339)"])
    }

    /// The listeners that are open, in the order of the plan.
    var all: [Open] { self.opened.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

    /// Connections of callers that are open.
    var openConnections: Int { self.data.openConnections }

    /// HTTP/2 connections of either plane that were given up for what their callers did, by reason.
    var http2Abuses: [String: UInt64] { self.data.http2Abuses.merging(self.admin.http2Abuses, uniquingKeysWith: +) }

    /// TLS handshakes of either plane that failed, by reason.
    var handshakeFailures: [String: UInt64] {
        self.data.handshakeFailures.merging(self.admin.handshakeFailures, uniquingKeysWith: +)
    }

    /// How many requests of callers are with the gateway.
    var runningRequests: Int { self.data.runningExchanges }

    /// Opens all listeners, or none: throws ``ListenFailures`` with the reason of each that failed.
    ///
    /// Sockets that the service manager has passed take the place of those that are configured, and are taken last, when all
    /// others are open: whoever waits there is not taken out of the queue by a start that fails.
    func open(
        _ configuration: Configuration, passed: [PassedSocket] = [], runtimeDirectory: String?
    ) async throws {
        let server = configuration.server
        let plan = ListenPlan(
            passed: passed,
            configured: ListenPlan.Configured(
                data: server.listen,
                socketPath: self.socketPath(server.socket, runtimeDirectory: runtimeDirectory),
                admin: server.adminListen, hasCertificate: self.tls != nil,
                requiresTokens: configuration.auth.requireToken),
            real: Directories.withoutLinks)
        var failures: [any Error] = plan.refusals
        for isPassed in [false, true] where failures.isEmpty {
            for (place, entry) in plan.entries.enumerated() where entry.isPassed == isPassed {
                await self.open(entry, at: place, &failures)
            }
        }
        if failures.isEmpty {
            for socket in plan.unserved { await self.turnAway(socket, &failures) }
        }
        guard failures.isEmpty else {
            await self.closeNow()
            throw ListenFailures(failures: failures)
        }
        self.intake.isOpen = true
    }

    private func open(_ entry: ListenPlan.Entry, at place: Int, _ failures: inout [any Error]) async {
        let (server, tls) =
            switch entry.plane {
            case .data: (self.data, self.tls?.data)
            case .admin: (self.admin, self.tls?.admin)
            }
        do throws(ListenError) {
            var metadata: Logger.Metadata = ["event": "listening", "listener": "\(entry.kind)"]
            let address: ListenAddress
            switch entry.source {
            case .opened(let specified): address = ListenAddress(specified)
            case .passed(let socket):
                address = .socket(descriptor: socket.descriptor)
                metadata["passed"] = "\(socket.name)"
            }
            // Without credentials it would be plain, which nobody has asked for.
            guard !entry.isTLS || tls != nil else {
                throw ListenError(code: .system, address: address, message: "there is no certificate for it")
            }
            var bound = try await server.listen(on: address, tls: entry.isTLS ? tls : nil).description
            // One without a path has a name all the same.
            if case .passed(let socket) = entry.source { bound = socket.place.description }
            self.opened.withLock { [bound] in
                $0[place] = Open(kind: entry.kind, address: bound, isTLS: entry.isTLS)
            }
            metadata["address"] = "\(bound)"
            metadata["tls"] = entry.isTLS ? "1.2+" : "off"
            self.logger.info("listening", metadata: metadata)
        } catch {
            failures.append(Self.naming(error))
        }
    }

    /// An error that names who has the port already.
    private static func naming(_ error: ListenError) -> ListenError {
        guard
            error.code == .addressInUse, case .tcp(let host, let port) = error.address,
            let owner = UInt16(exactly: port).flatMap({ PortOwner.find(host: host, port: $0) })
        else { return error }
        var error = error
        error.message += "; \(owner) listens there"
        return error
    }

    private func turnAway(_ socket: PassedSocket, _ failures: inout [any Error]) async {
        do throws(ListenError) {
            try await self.admin.turnAway(at: socket.descriptor)
            self.logger.warning(
                "a socket of the administration was passed, which server.admin_listen turns off: nobody is served there",
                metadata: [
                    "event": "socket_unserved", "passed": "\(socket.name)", "address": "\(socket.place)",
                ])
        } catch {
            failures.append(error)
        }
    }

    private func socketPath(_ socket: Configuration.Server.Socket, runtimeDirectory: String?) -> String? {
        switch socket {
        case .off: return nil
        case .path(let path): return path
        case .automatic:
            if runtimeDirectory == nil {
                self.logger.notice(
                    "no Unix socket: neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set",
                    metadata: ["event": "socket_off"])
            }
            return runtimeDirectory.map { $0 + "/proxy.sock" }
        }
    }

    /// Stops taking callers and lets running requests finish.
    ///
    /// Returns how many had to be aborted.
    func drain() async -> Int {
        self.intake.isOpen = false
        return await self.data.drain()
    }

    /// Aborts whatever is running.
    func closeNow() async {
        await self.data.closeNow()
        await self.admin.closeNow()
    }

    /// Ends the administration's listener.
    func closeAdmin() async {
        await self.admin.drain(within: .seconds(1), grace: .brief)
    }
}
