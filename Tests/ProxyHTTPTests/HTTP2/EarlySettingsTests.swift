import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: requests that come before our SETTINGS are acknowledged (L-012)")
struct EarlySettingsTests {
    private static func head(_ stream: UInt32, bytes: Int) -> [UInt8] {
        let field = String(repeating: "a", count: 8_000)
        return Wire.splitHeaders(
            stream, Wire.request("GET", "/large", with: (0..<bytes / 8_000).map { ("x-\($0)", field) }))
    }

    /// What comes in, in reads of so many bytes.
    private static func send(_ bytes: [UInt8], in size: Int, to connection: EmbeddedHTTP2) throws {
        for start in stride(from: 0, to: bytes.count, by: size) {
            try connection.send(Array(bytes[start..<min(start + size, bytes.count)]))
        }
    }

    @Test("a head of more than 16 KiB is served, one over the limit is 431, and the connection goes on")
    func largeHeads() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder, opens: false)
        try connection.send(Wire.opening + Self.head(1, bytes: 32_000) + Self.head(3, bytes: 72_000))
        #expect(connection.status(1) == "200")
        #expect(connection.status(3) == "431")
        try connection.send(Wire.settingsAcknowledged + Self.head(5, bytes: 72_000) + Wire.get(7))
        #expect(connection.status(5) == "431")
        #expect(connection.status(7) == "200")
        #expect(connection.goAways.isEmpty)
        #expect(responder.requests == ["GET /large", "GET /"])
    }

    @Test("a head that is larger by more than 16 KiB still ends the connection")
    func tooLarge() throws {
        let connection = try EmbeddedHTTP2(.echo(), opens: false)
        try connection.send(Wire.opening + Self.head(1, bytes: 88_000))
        #expect(connection.status(1) == nil)
        #expect(connection.goAways.contains { $0 != 0 })
    }

    @Test(
        "wherever reads end, the caller's acknowledgement is taken out once", arguments: Array(1...40) + [100, 10_000])
    func pieces(size: Int) throws {
        let connection = try EmbeddedHTTP2(.echo(), opens: false)
        let bytes =
            Wire.preface + Wire.settings([(3, 7), (4, 70_000)]) + Wire.get(1) + Wire.ping() + Wire.settingsAcknowledged
            + Wire.get(3)
        try Self.send(bytes, in: size, to: connection)
        #expect(connection.status(1) == "200")
        #expect(connection.status(3) == "200")
        #expect(connection.goAways.isEmpty)
        // One that answers nothing is a fault as it ever was.
        try Self.send(Wire.settingsAcknowledged, in: size, to: connection)
        #expect(connection.goAways == [1])
    }

    @Test("an acknowledgement that stands first, and one that is none, reach the decoder")
    func unsound() throws {
        for bytes in [
            Wire.preface + Wire.settingsAcknowledged + Wire.get(1), Wire.preface + Wire.get(1),
            Wire.opening + Wire.frame(4, flags: Wire.acknowledged, stream: 1) + Wire.get(1),
        ] {
            let connection = try EmbeddedHTTP2(.echo(), opens: false)
            try connection.send(bytes)
            #expect(connection.goAways.contains { $0 != 0 })
            #expect(connection.status(1) == nil)
        }
    }
}
