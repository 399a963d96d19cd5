import Gateway
import Logging
import NIOCore
import ProxyCore
import ProxyHTTP
import Synchronization

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

        /// The address with the scheme that a caller uses; that of the administration with the path of its page, since it
        /// serves no requests for models.
        var url: String {
            guard !self.address.hasPrefix("unix:") else { return self.address }
            return "http://\(self.address)" + (self.kind == "admin" ? "/metrics" : "")
        }
    }

    private let data: HTTPServer
    private let admin: HTTPServer
    private let logger: Logger
    private let opened = Mutex<[Open]>([])
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
        intake: Intake, callerObserver: any CallerObserver, logger: Logger
    ) {
        self.intake = intake
        let configuration = HTTPServerConfiguration(server)
        var observed = configuration
        observed.callerObserver = callerObserver
        self.data = HTTPServer(group: group, responder: gateway, configuration: observed, logger: logger)
        self.admin = HTTPServer(group: group, responder: admin, configuration: configuration, logger: logger)
        self.logger = logger
    }

    /// The listeners that are open.
    var all: [Open] { self.opened.withLock { $0 } }

    /// Connections of callers that are open.
    var openConnections: Int { self.data.openConnections }

    /// Opens all listeners, or none: throws ``ListenFailures`` with the reason of each that failed.
    func open(_ server: Configuration.Server, runtimeDirectory: String?) async throws {
        var failures: [any Error] = []
        for listener in server.listen {
            await self.open(ListenAddress(listener.address), kind: "data", on: self.data, &failures)
        }
        if let path = self.socketPath(server.socket, runtimeDirectory: runtimeDirectory) {
            await self.open(.unix(path: path), kind: "socket", on: self.data, &failures)
        }
        if let listener = server.adminListen {
            await self.open(ListenAddress(listener.address), kind: "admin", on: self.admin, &failures)
        }
        guard failures.isEmpty else {
            await self.closeNow()
            throw ListenFailures(failures: failures)
        }
        self.intake.isOpen = true
    }

    private func open(_ address: ListenAddress, kind: String, on server: HTTPServer, _ failures: inout [any Error])
        async
    {
        do throws(ListenError) {
            let bound = try await server.listen(on: address)
            self.opened.withLock { $0.append(Open(kind: kind, address: "\(bound)")) }
            self.logger.info(
                "listening",
                metadata: ["event": "listening", "listener": "\(kind)", "address": "\(bound)", "tls": "off"])
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
        await self.admin.drain(within: .seconds(1))
    }
}
