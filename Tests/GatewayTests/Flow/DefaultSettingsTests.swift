import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What callers and providers may count on with the settings as they are shipped.
struct DefaultSettingsTests {
    @Test("a whole answer may begin after 120 s (X-003)")
    func slowFirstByte() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.takeBody()
        for _ in 0..<120 { fixture.advance(by: .seconds(1)) }
        #expect(!transfer.isOver)
        #expect(exchange.head == nil)
        transfer.answer(200, ["Content-Type": "application/json"], #"{"ok":true}"#)
        #expect(exchange.status == 200)
        #expect(exchange.text == #"{"ok":true}"#)
        #expect(fixture.transfers.count == 1)
        fixture.expectAllSettled()
    }

    @Test("a stream may be silent for 90 s, again and again (X-003)")
    func silentStream() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(200, ["Content-Type": "text/event-stream"])
        for _ in 0..<8 {
            transfer.body("data: 1\n\n")
            fixture.advance(by: .seconds(90))
        }
        #expect(!transfer.isOver)
        transfer.complete()
        #expect(exchange.end == .finished)
        #expect(exchange.text == String(repeating: "data: 1\n\n", count: 8))
        #expect(fixture.metric("kmi_streams_cut_total") == 0)
        fixture.expectAllSettled()
    }

    @Test(
        "an encoded body passes with its coding and its length, whether it is a success or an error (X-004)",
        arguments: [200, 400, 503], ["gzip", "br"])
    func encodedBody(status: Int, coding: String) throws {
        let fixture = try GatewayFixture { $0.retry.maxAttempts = 1 }
        let bytes: [UInt8] = [0x1F, 0x8B, 0x08, 0x00, 0xFF, 0x0A, 0x0D, 0x00, 0x7B]
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(
            status,
            ["Content-Type": "application/json", "Content-Encoding": coding, "Content-Length": String(bytes.count)])
        transfer.body(ByteBuffer(bytes: bytes))
        transfer.complete()
        #expect(exchange.status == status)
        #expect(exchange.head?.headers.all("content-encoding") == [coding])
        #expect(exchange.header("content-length").map { $0 == String(bytes.count) } ?? true)
        #expect(Array(buffer: exchange.body) == bytes)
        fixture.expectAllSettled()
    }

    @Test("what is too long for the model goes up whole, and the provider's refusal comes back as it is (X-050)")
    func contextLength() throws {
        let fixture = try GatewayFixture()
        let message = #"{"role":"user","content":"\#(String(repeating: "word ", count: 100_000))"}"#
        let body = #"{"model":"m","messages":[\#(message),\#(message)]}"#
        let refusal = #"{"error":{"code":"context_length_exceeded","message":"too long"}}"#
        let exchange = fixture.post(body)
        let transfer = try fixture.transfer()
        transfer.answer(400, ["Content-Type": "application/json"], refusal)
        let isWhole = transfer.text == body
        #expect(isWhole)
        #expect(exchange.status == 400)
        #expect(exchange.text == refusal)
        #expect(fixture.transfers.count == 1)
        fixture.expectAllSettled()
    }
}
