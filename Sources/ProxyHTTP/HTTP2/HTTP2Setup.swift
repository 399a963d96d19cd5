import NIOCore
import NIOHTTP2
import ProxyCore

/// Makes a connection speak HTTP/2 with its caller.
enum HTTP2Setup {
    /// Adds the handlers for a connection whose caller has chosen `h2` (RFC 9113 §3.2), on its loop.
    ///
    /// The channel must read only when asked (`autoRead` off). On an overloaded one the first requests are refused. The
    /// preface's time runs from `acceptedAt`, or else from now. `transport` stands below TLS.
    static func addHandlers(
        to channel: any Channel, environment: ConnectionEnvironment, info: ConnectionInfo, isOverloaded: Bool = false,
        acceptedAt: Instant? = nil, transport: TransportEnd? = nil
    ) throws {
        let connection = HTTP2ConnectionHandler(
            environment: environment, info: info, isOverloaded: isOverloaded, eventLoop: channel.eventLoop,
            acceptedAt: acceptedAt, transport: transport)
        let decodedBytes = environment.maximumHeaderBytes + HTTP2Limits.refusableHeaderBytes
        let continuations = decodedBytes / HTTP2Limits.frameBytes + HTTP2Limits.spareContinuations
        let frameGuard = FrameGuard(
            connection: connection, maximumContinuations: continuations, eventLoop: channel.eventLoop)
        connection.frameGuard = frameGuard
        let decoder = NIOHTTP2Handler(
            mode: .server, frameDelegate: connection,
            connectionConfiguration: self.connectionConfiguration(
                decodedBytes: decodedBytes, continuations: continuations),
            streamConfiguration: self.streamConfiguration)
        do {
            try channel.pipeline.syncOperations.addHandlers([frameGuard, decoder, connection])
        } catch {
            // The two know each other until they are taken out of a pipeline.
            connection.frameGuard = nil
            throw error
        }
    }

    /// The decoder's own limits stand behind those of ``FrameMeter``: what that one lets through they let through, but
    /// for what only they can see.
    private static func connectionConfiguration(
        decodedBytes: Int, continuations: Int
    ) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: HTTP2Limits.concurrentStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: decodedBytes),
        ]
        configuration.maximumSequentialEmptyDataFrames = 16
        configuration.maximumSequentialContinuationFrames = continuations
        configuration.maximumBufferedControlFrames = 1_000
        configuration.maximumRecentlyResetStreams = HTTP2Limits.rememberedResets
        // These would add up over a connection's whole life; ``HTTP2Limits/resets`` bounds their rate.
        configuration.maximumConnectionGlitches = .max
        configuration.controlFrameRateLimit.maximumCount = 1_200
        return configuration
    }

    private static var streamConfiguration: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.streamResetFrameRateLimit.maximumCount = 4_000
        configuration.streamErrorRateLimit.maximumCount = 4_000
        return configuration
    }
}
