import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// Requests whose long body cannot be put into a file: they go on, and are not repeated.
struct SpoolFailureTests {
    private static let size = 700_000

    private static func fixture() throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.server.limits.bodyMemory = 1000
            var listed = try GatewayFixture.client("listed")
            listed.models = [try #require(ModelName("m"))]
            configuration.clients.append(listed)
        }
    }

    private static func send(_ text: String, to exchange: FakeExchange, asFarAsWanted: Bool = false) -> Int {
        var rest = ByteBuffer(string: text)
        var sent = 0
        while exchange.isBodyWanted || !asFarAsWanted,
            let piece = rest.readSlice(length: min(65_536, rest.readableBytes)),
            piece.readableBytes > 0
        {
            sent += piece.readableBytes
            exchange.send(piece)
        }
        if rest.readableBytes == 0 { exchange.sendEnd() }
        return sent
    }

    private static func json(model: String = #""model":"m","#, after: String = "") -> String {
        "{\(model)\"text\":\"\(String(repeating: "x", count: size))\"\(after)}"
    }

    @Test("the body goes up once, whole, and the first answer stands")
    func flowsOn() throws {
        let fixture = try Self.fixture()
        let body = Self.json()
        let exchange = fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", String(body.utf8.count))]))
        let sent = Self.send(body, to: exchange, asFarAsWanted: true)
        // Held back until the provider takes it.
        #expect(sent < body.utf8.count)
        #expect(!exchange.isBodyWanted)
        let transfer = try fixture.transfer()
        transfer.takeBody()
        #expect(exchange.isBodyWanted)
        _ = Self.send(String(body.dropFirst(sent)), to: exchange)
        transfer.answer(500, ["Content-Type": "text/plain"], "no")
        #expect(transfer.text == body)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 500)
        fixture.expectAllSettled()
    }

    @Test("a chunked body is held whole, because its length is to be told")
    func chunked() throws {
        let fixture = try Self.fixture()
        let exchange = fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields([("Transfer-Encoding", "chunked")]))
        _ = Self.send(Self.json(), to: exchange)
        try fixture.transfer().answer(200)
        #expect(try fixture.transfer().text == Self.json())
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test(
        "a model list is no looser for it: a second model at the end is found",
        arguments: [
            (#""model":"m","#, #","model":"other""#, 400), ("", #","model":"other""#, 403), ("", #","model":"m""#, 200),
        ])
    func modelList(model: String, after: String, status: Int) throws {
        let fixture = try Self.fixture()
        let body = Self.json(model: model, after: after)
        let exchange = fixture.open(
            "POST", "/v1/chat/completions",
            GatewayFixture.fields([
                ("Content-Length", String(body.utf8.count)), ("Authorization", "Bearer token-of-listed"),
            ]))
        _ = Self.send(body, to: exchange, asFarAsWanted: true)
        if status == 200 {
            try fixture.transfer().answer(200)
            #expect(try fixture.transfer().text == body)
        } else {
            #expect(fixture.transfers.isEmpty)
        }
        #expect(exchange.status == status)
        fixture.expectAllSettled()
    }
}
