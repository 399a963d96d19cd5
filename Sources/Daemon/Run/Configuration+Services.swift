import CurlClient
import Gateway
import NIOCore
import ProxyCore
import ProxyHTTP
import StateStore

// The configuration in the terms of each room. A limit that is off becomes one that is never reached.

extension HTTPServerConfiguration {
    /// The listeners' part.
    init(_ server: Configuration.Server) {
        self.init()
        self.headerTimeout = server.timeouts.header ?? .never
        self.bodyTimeout = server.timeouts.body ?? .never
        self.idleTimeout = server.timeouts.idle ?? .never
        self.drainTimeout = server.timeouts.drain
        self.maximumConnections = server.limits.connections
        self.maximumHeaderBytes = server.limits.headerBytes
    }
}

extension CurlClientConfiguration {
    /// The part of the connections to providers.
    init(_ configuration: Configuration) {
        let upstream = configuration.upstream
        self.init()
        self.connectTimeout = upstream.connectTimeout ?? .never
        self.maximumConnections = upstream.maxConnections
        self.maximumIdleConnections = upstream.maxIdleConnections
        self.caFile = upstream.caFile
        self.proxy = upstream.proxy
    }
}

extension ListenAddress {
    /// The server's form of a configured address.
    init(_ address: ListenSpecification.Address) {
        self =
            switch address {
            case .tcp("localhost", let port): .tcp(host: "127.0.0.1", port: Int(port))
            case .tcp(let host, let port): .tcp(host: host, port: Int(port))
            case .unix(let path): .unix(path: path)
            }
    }
}

extension Duration {
    /// Longer than any process lives, and short enough to be added to any clock: ten years.
    static let never = Duration.seconds(10 * 365 * 86_400)
}

extension Retention {
    /// How long and how much is kept.
    init(_ configuration: Configuration) {
        self.init(
            keep: configuration.trace.keep, maxBytes: configuration.trace.maxBytes,
            spendingKeep: configuration.usage.keep, auditKeep: configuration.trace.auditKeep)
    }
}
