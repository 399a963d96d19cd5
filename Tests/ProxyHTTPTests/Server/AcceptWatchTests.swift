import Glibc
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import ProxyHTTP

@Suite("A listener that cannot accept, or ends by itself", .timeLimit(.minutes(1)))
struct AcceptWatchTests {
    private static func channel(
        isClosing: Watched<Bool> = Watched(false), lost: Watched<Int> = Watched(0)
    ) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        let watch = AcceptWatch(
            logger: quietLogger, isClosing: { isClosing.value }, lost: { lost.update { $0 += 1 } })
        try channel.pipeline.syncOperations.addHandler(watch)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    /// What the channel was told last about accepting.
    private static func told(_ channel: EmbeddedChannel) -> [Bool] {
        channel.options.compactMap { $0.option is ChannelOptions.Types.AutoReadOption ? $0.value as? Bool : nil }
    }

    @Test("after a failure it rests, and goes on unless its server ends", arguments: [false, true])
    func rests(ends: Bool) throws {
        let isClosing = Watched(false)
        let channel = try Self.channel(isClosing: isClosing)
        for _ in 0..<5 { channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept")) }
        #expect(Self.told(channel) == [false])
        isClosing.update { $0 = ends }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
        #expect(Self.told(channel) == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(Self.told(channel) == [!ends])
    }

    @Test("an end that the server has not made is told, one that it has made is not", arguments: [false, true])
    func ends(isClosing: Bool) throws {
        let lost = Watched(0)
        let channel = try Self.channel(isClosing: Watched(isClosing), lost: lost)
        _ = try channel.finish()
        #expect(lost.value == (isClosing ? 0 : 1))
    }

    @Test("a socket whose holder ends it is told once; connections of others go on")
    func holderEnds() async throws {
        let held = try HeldSocket("kmid.socket")
        let lost = Watched(0)
        var configuration = HTTPServerConfiguration()
        configuration.whenListenerIsLost = { lost.update { $0 += 1 } }
        try await withServer(.echo(), configuration: configuration) { server, address in
            _ = try await server.listen(on: .socket(descriptor: held.duplicate()))
            let other = held.duplicate()
            defer { close(other) }
            #expect(shutdown(other, CInt(SHUT_RDWR)) == 0)
            try await lost.wait(for: "the end") { $0 == 1 }
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("GET / []")
            }
            await server.closeNow()
            #expect(lost.value == 1)
        }
    }
}
