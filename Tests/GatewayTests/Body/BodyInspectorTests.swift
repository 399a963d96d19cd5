import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What can be told of a body's model while it passes.
struct BodyInspectorTests {
    private static func read(_ body: String, _ headers: HeaderFields, pieces: Int = .max) throws
        -> BodyInspector.Reading
    {
        var inspector = BodyInspector(headers)
        var rest = Array(body.utf8)[...]
        while !rest.isEmpty {
            inspector.inspect(ByteBuffer(bytes: rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        return try inspector.model(isComplete: true)
    }

    @Test(
        "reads the model of JSON bodies, declared or not, in any pieces",
        arguments: [
            "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json",
            "text/plain",
            "application/x-www-form-urlencoded", "",
        ], [1, 3, 1000])
    func json(type: String, pieces: Int) throws {
        let body = #"{"a":{"model":"no"},"model":"gpt\u002d5"}"#
        let reading = try Self.read(body, type.isEmpty ? [:] : ["Content-Type": type], pieces: pieces)
        #expect(reading.model?.text == "gpt-5")
        #expect(reading.place == .json(28..<40))
    }

    @Test(
        "reads nothing of other or coded bodies",
        arguments: [
            ["Content-Type": "audio/wav"], ["Content-Type": "application/octet-stream"],
            ["Content-Type": "application/json", "Content-Encoding": "gzip"],
            ["Content-Type": "application/json", "Content-Encoding": "identity, br"],
        ] as [HeaderFields])
    func opaque(headers: HeaderFields) throws {
        #expect(try Self.read(#"{"model":"m"}"#, headers).model == nil)
    }

    @Test("identity is no coding")
    func identity() throws {
        #expect(try Self.read(#"{"model":"m"}"#, ["Content-Encoding": "identity"]).model?.text == "m")
    }

    @Test(
        "refuses JSON that cannot be routed",
        arguments: [
            #"{"model":"a","model":"a"}"#, #"{"model":null}"#, #"{"model":["a"]}"#, #"{"model":""}"#,
            #"{"model":"a b"}"#,
            #"{"model":"\u00e9"}"#, #"{"model":"a""#, "[", #"{"model":"a"} x"#,
        ])
    func refuses(body: String) throws {
        let fault = try #require(throws: ProxyFault.self) { try Self.read(body, ["Content-Type": "application/json"]) }
        #expect(fault.status == 400)
    }

    @Test("what does not say that it is JSON may be something else", arguments: ["a=b&c=d", "plain words", "{"])
    func undeclared(body: String) throws {
        #expect(try Self.read(body, ["Content-Type": "text/plain"]).model == nil)
    }

    @Test(
        "tells the conversation of JSON bodies that are whole and well-formed, and of others what the caller says",
        arguments: [
            (#"{"prompt_cache_key":"c","model":"m"}"#, "application/json", true, nil, "cache:c"),
            (#"{"prompt_cache_key":"c","model":"m"}"#, "application/json", true, "s", "session:s"),
            (#"{"prompt_cache_key":"c","model":"m"}"#, "text/plain", true, nil, "cache:c"),
            (#"{"prompt_cache_key":"c","model":"m"}"#, "application/json", false, nil, nil),
            (#"{"prompt_cache_key":"c","model":"#, "application/json", true, nil, nil),
            (#"{"prompt_cache_key":"c","model":"#, "application/json", true, "s", "session:s"),
            (#"{"prompt_cache_key":"c"}"#, "audio/wav", true, nil, nil),
            (#"{"prompt_cache_key":"c"}"#, "audio/wav", true, "s", "session:s"),
            ("", "application/json", true, "", nil),
        ] as [(String, String, Bool, String?, String?)])
    func conversation(body: String, type: String, isComplete: Bool, session: String?, id: String?) {
        var inspector = BodyInspector(["Content-Type": type])
        inspector.inspect(ByteBuffer(string: body))
        #expect(inspector.conversation(session: session, isComplete: isComplete)?.id == id)
    }
}
