import Foundation
import NIOCore
import ProxyCore
import Testing

/// Which conversation a request belongs to, told while its body passes (theme 9: a conversation stays on its key).
struct ConversationReadingTests {
    private static func read(_ body: [UInt8], session: String? = nil, pieces: Int = .max) throws -> Conversation? {
        var scanner = JSONTopLevelScanner()
        var rest = body[...]
        while !rest.isEmpty {
            scanner.feed(ByteBuffer(bytes: rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        try scanner.finish()
        return Conversation(session: session, body: scanner)
    }

    private static func read(_ body: String, session: String? = nil) throws -> Conversation? {
        try Self.read(Array(body.utf8), session: session)
    }

    // MARK: Ids

    @Test(
        "what a caller calls its conversation counts in this order",
        arguments: [
            (
                #"{"prompt_cache_key":"c","metadata":{"user_id":"u"},"messages":[{"role":"user","content":"x"}]}"#, "s",
                "session:s"
            ),
            (#"{"prompt_cache_key":"c","metadata":{"user_id":"u"},"messages":[]}"#, nil, "cache:c"),
            (#"{"metadata":{"x":"y","user_id":"u"},"previous_response_id":"r","messages":[]}"#, nil, "user:u"),
            (#"{"conversation":"k","previous_response_id":"r","input":"x"}"#, nil, "conversation:k"),
            (#"{"conversation":{"id":"k"},"input":"x"}"#, nil, "conversation:k"),
            (#"{"input":"x","previous_response_id":"r"}"#, nil, "response:r"),
            (#"{"prompt_cache_key":"","metadata":{"user_id":null},"previous_response_id":"r"}"#, nil, "response:r"),
            (#"{"prompt_cache_key":7,"metadata":["user_id","u"],"conversation":"k"}"#, nil, "conversation:k"),
            (#"{"prompt_cache_key":"é\n"}"#, nil, "cache:é\n"),
            ("{}", "s", "session:s"), ("[]", "s", "session:s"),
        ] as [(String, String?, String)])
    func precedence(body: String, session: String?, id: String) throws {
        let conversation = try #require(try Self.read(body, session: session))
        #expect(conversation.id == id)
        #expect(conversation.isLookedUp)
        #expect(conversation.isBound == (body.contains("previous_response_id") || body.contains("conversation")))
    }

    @Test(
        "nothing tells the conversation of these",
        arguments: [
            "{}", "[]", "null", #""messages""#, #"{"messages":[]}"#, #"{"messages":"hello"}"#, #"{"prompt":"hello"}"#,
            #"{"input":["a","b"]}"#, #"{"input":[1,2]}"#, #"{"messages":[{"role":"system","content":"x"}]}"#,
            #"{"messages":[{"content":"x"}]}"#, #"{"x":{"prompt_cache_key":"c","metadata":{"user_id":"u"}}}"#,
            #"{"messages":[{"role":"assistant","content":"x"},{"role":"user","content":"y"}]}"#,
            #"{"messages":[{"role":"user","content":"x"}],"messages":[{"role":"user","content":"x"}]}"#,
            #"{"messages":[{"role":"user","content":"x"}],"input":"x"}"#,
            #"{"messages":{"role":"user","content":"x"}}"#, #"{"messages":[["role","user"],3,"content",null]}"#,
        ])
    func unknown(body: String) throws {
        #expect(try Self.read(body) == nil)
    }

    @Test("ids are bounded, and ids of different sources never are the same")
    func bounded() throws {
        let long = String(repeating: "x", count: 900)
        let session = try #require(try Self.read("{}", session: long))
        let cached = try #require(try Self.read(#"{"prompt_cache_key":"\#(long)"}"#))
        #expect(session.id.utf8.count <= Conversation.maximumIDLength)
        #expect(session.id.hasPrefix("session#"))
        #expect(cached.id.hasPrefix("cache#"))
        #expect(try Self.read("{}", session: long + "y")?.id != session.id)
        let edge = String(repeating: "x", count: Conversation.maximumIDLength - "session:".utf8.count)
        #expect(try Self.read("{}", session: edge)?.id == "session:" + edge)
        // Nothing is kept of what is longer than the scanner's bound.
        let tooLong = String(repeating: "x", count: 1_025)
        #expect(try Self.read(#"{"prompt_cache_key":"\#(tooLong)"}"#) == nil)
    }

    // MARK: The beginning

    /// Bodies that begin the same conversation: later requests of it, other forms, other members.
    static let beginnings: [(String, [String])] = [
        (
            #"{"model":"claude-x","messages":[{"role":"user","content":"Fix the bug"}]}"#,
            [
                #"{"messages":[{"content":"Fix the bug","role":"user"}],"model":"claude-y","max_tokens":3}"#,
                "{ \"messages\" : [\n { \"role\" : \"user\" , \"content\" : \"Fix the bug\" } ] }",
                // Anthropic: the system prompt changes with every call, the mark of the cache wanders.
                #"{"system":[{"type":"text","text":"x-anthropic-billing-header: cch=1f"}],"messages":[{"role":"user","content":[{"type":"text","text":"Fix the bug","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}"#,
                #"{"messages":[{"role":"user","content":[{"type":"text","text":"Fix the bug"}]},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Read","input":{"text":"no","role":"user"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"file"}]}]}],"system":"s"}"#,
                #"{"messages":[{"role":"system","content":"You help. It is 12:31."},{"role":"user","content":"Fix the bug"},{"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"x"},{"role":"user","content":"more"}]}"#,
                #"{"instructions":"x","input":"Fix the bug"}"#,
                #"{"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Fix the bug"}]},{"type":"reasoning","summary":[]},{"role":"user","content":"more"}]}"#,
                #"{"contents":[{"parts":[{"text":"Fix the bug"}],"role":"user"},{"role":"model","parts":[{"text":"Yes"}]}]}"#,
                #"{"contents":[{"parts":[{"text":"Fix the bug"}]}],"systemInstruction":{"parts":[{"text":"x"}]}}"#,
            ]
        ),
        (
            #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:1","detail":"low"}}]}]}"#,
            [
                #"{"messages":[{"role":"user","content":[{"text":"a"},{"image_url":"data:1"}]}]}"#,
                #"{"contents":[{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"data:1"}}]}]}"#,
            ]
        ),
    ]

    @Test("the beginning of a conversation is known again", arguments: Self.beginnings)
    func alike(body: String, others: [String]) throws {
        let id = try #require(try Self.read(body)).id
        #expect(id.wholeMatch(of: /beginning:[0-9a-f]{32}/) != nil)
        for other in others { #expect(try Self.read(other)?.id == id, "\(other)") }
    }

    @Test("conversations that begin differently are told apart")
    func different() throws {
        let bodies = [
            #"{"messages":[{"role":"user","content":"a"}]}"#, #"{"messages":[{"role":"user","content":"b"}]}"#,
            #"{"messages":[{"role":"user","content":"ab"}]}"#, #"{"messages":[{"role":"user","content":""}]}"#,
            #"{"messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]}]}"#,
            #"{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}"#,
            #"{"messages":[{"role":"user","content":"a"},{"role":"user","content":"c"},{"role":"assistant"}]}"#,
            #"{"messages":[{"role":"user","content":[{"text":"a"},{"image_url":{"url":"1"}}]}]}"#,
            #"{"messages":[{"role":"user","content":[{"text":"a"},{"image_url":{"url":"2"}}]}]}"#,
        ]
        let ids = try bodies.map { try #require(try Self.read($0)).id }
        #expect(Set(ids).count == bodies.count)
    }

    @Test("of a long beginning the length counts beyond the bound")
    func longBeginning() throws {
        func id(_ text: String) throws -> String? {
            try Self.read(#"{"messages":[{"role":"user","content":"\#(text)"}]}"#)?.id
        }
        let long = String(repeating: "x", count: 100_000)
        #expect(try id(long) == id(long))
        #expect(try id(long) != id(long + "x"))
        #expect(try id(long) != id("y" + long.dropFirst()))
    }

    // MARK: Answers and what binds

    @Test(
        "a conversation without an id is looked up only once a model has answered",
        arguments: [
            (#"{"messages":[{"role":"user","content":"x"}]}"#, false),
            (#"{"messages":[{"role":"user","content":"x"},{"role":"user","content":"y"}]}"#, false),
            (#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]}"#, true),
            (#"{"messages":[{"role":"user","content":"x"},{"content":"y","role":"assistant"}]}"#, true),
            (#"{"contents":[{"role":"user","parts":[{"text":"x"}]},{"parts":[],"role":"model"}]}"#, true),
            (#"{"contents":[{"role":"user","parts":[{"text":"x","role":"model"}]}]}"#, false),
            (#"{"input":"x"}"#, false), (#"{"input":[{"role":"user","content":"x"}]}"#, false),
            (#"{"input":[{"role":"user","content":"x"},{"type":"message","role":"assistant","content":[]}]}"#, true),
            (#"{"input":[{"role":"user","content":"x"},{"type":"reasoning"}]}"#, true),
            (#"{"input":[{"role":"user","content":"x"},{"type":"function_call","arguments":"{}"}]}"#, true),
            (#"{"input":[{"role":"user","content":"x"},{"type":"custom_tool_call"}]}"#, true),
            (#"{"messages":[{"role":"user","content":[{"type":"reasoning","role":"assistant","text":"x"}]}]}"#, false),
        ])
    func answers(body: String, isLookedUp: Bool) throws {
        #expect(try Self.read(body)?.isLookedUp == isLookedUp)
    }

    @Test(
        "what only one account understands binds a conversation (provider facts, sections 4 and 5)",
        arguments: [
            (
                #"{"messages":[U,{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"Eq"}]}]}"#,
                true
            ),
            (#"{"messages":[U,{"role":"assistant","content":[{"signature":"Eq","type":"thinking"}]}]}"#, true),
            (#"{"messages":[U,{"role":"assistant","content":[{"type":"redacted_thinking","data":"Eq"}]}]}"#, true),
            (
                #"{"messages":[U,{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""}]}]}"#,
                false
            ),
            (
                #"{"messages":[U,{"role":"assistant","content":[{"type":"tool_use","input":{"signature":"Eq","type":"redacted_thinking"}}]}]}"#,
                false
            ),
            (#"{"messages":[U,{"role":"assistant","content":"signature redacted_thinking"}]}"#, false),
            (#"{"messages":[U,{"role":"assistant","content":"y","reasoning_content":"z"}]}"#, false),
            (
                #"{"messages":[U,{"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"t","signature":"s"}]}]}"#,
                true
            ),
            (
                #"{"messages":[U,{"role":"assistant","reasoning_details":[{"type":"reasoning.encrypted","data":"s"}]}]}"#,
                true
            ),
            (
                #"{"messages":[U,{"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"t","signature":null}]}]}"#,
                false
            ),
            (#"{"messages":[U,{"role":"assistant","thinking_blocks":[{"type":"thinking","signature":"s"}]}]}"#, true),
            (
                #"{"messages":[U,{"role":"assistant","tool_calls":[{"extra_content":{"google":{"thought_signature":"s"}}}]}]}"#,
                true
            ),
            (#"{"input":[U,{"type":"reasoning","encrypted_content":"gA","summary":[]}]}"#, true),
            (#"{"input":[U,{"type":"reasoning","encrypted_content":null,"summary":[]}]}"#, false),
            (#"{"input":[U,{"type":"item_reference","id":"rs_1"}]}"#, true),
            (
                #"{"messages":[U,{"role":"user","content":[{"type":"tool_result","content":[{"encrypted_content":"x"}]}]}]}"#,
                false
            ),
            (#"{"messages":[U],"signature":"x","tools":[{"signature":"x","encrypted_content":"y"}]}"#, false),
        ])
    func binds(body: String, isBound: Bool) throws {
        let user = #"{"role":"user","content":"x"}"#
        #expect(try Self.read(body.replacingOccurrences(of: "U", with: user))?.isBound == isBound)
    }

    @Test("thoughts of Gemini that are signed bind")
    func thoughtSignature() throws {
        let body =
            #"{"contents":[{"parts":[{"text":"x"}]},{"parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"s"}],"role":"model"}]}"#
        #expect(try Self.read(body)?.isBound == true)
    }

    // MARK: Callers as they are

    @Test("Claude Code says its session in metadata.user_id")
    func claudeCode() throws {
        let body = #"""
            {"model":"claude-sonnet-4-5","max_tokens":32000,"metadata":{"user_id":"user_0af3_account__session_5f1c-22"},
            "system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1; cch=91ab;"},
            {"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}}],
            "messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>date</system-reminder>"},
            {"type":"text","text":"Fix it","cache_control":{"type":"ephemeral"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"…","signature":"EqQB"},
            {"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"}}]}],"stream":true}
            """#
        #expect(
            try Self.read(body)
                == Conversation(id: "user:user_0af3_account__session_5f1c-22", isLookedUp: true, isBound: true))
    }

    @Test("Codex says it in prompt_cache_key, with sealed reasoning")
    func codex() throws {
        let body = #"""
            {"model":"gpt-5-codex","instructions":"You are Codex","input":[
            {"type":"message","role":"user","content":[{"type":"input_text","text":"<environment_context/>"}]},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"Fix it"}]},
            {"type":"reasoning","summary":[],"content":null,"encrypted_content":"gAAAA"},
            {"type":"function_call","name":"shell","arguments":"{}","call_id":"c"},
            {"type":"function_call_output","call_id":"c","output":"ok"}],"tools":[],"store":false,"stream":true,
            "include":["reasoning.encrypted_content"],"prompt_cache_key":"019a-77"}
            """#
        #expect(try Self.read(body) == Conversation(id: "cache:019a-77", isLookedUp: true, isBound: true))
    }

    // MARK: Any pieces, any body

    @Test("gives the same whatever the pieces are")
    func isIndependentOfPieces() throws {
        let bodies = [
            #"{"metadata":{"user_\u0069d":"ü\u00fc😀"},"messages":[]}"#,
            #"{"m":1,"messages":[{"role":"us\u0065r","content":[{"text":"é\"\\ \ud83d\ude00😀","cache_control":{}}]},{"role":"assistant","content":[{"type":"thinking","signature":"s"}]}]}"#,
            #"{"input":"é\n\u0041"}"#, #"{"contents":[{"parts":[{"text":"ab"},{"text":"c"}]},{"role":"model"}]}"#,
        ]
        for body in bodies {
            let bytes = Array(body.utf8)
            let whole = try #require(try Self.read(bytes))
            for split in 0...bytes.count {
                var scanner = JSONTopLevelScanner()
                scanner.feed(ByteBuffer(bytes: bytes[..<split]))
                scanner.feed(ByteBuffer(bytes: bytes[split...]))
                try scanner.finish()
                #expect(Conversation(session: nil, body: scanner) == whole)
            }
            for size in 1...9 { #expect(try Self.read(bytes, pieces: size) == whole) }
        }
    }

    @Test("random and damaged bodies never end the process", .timeLimit(.minutes(5)))
    func survivesAnything() throws {
        var random = SeededGenerator(seed: 11)
        let parts = [
            "{", "}", "[", "]", ":", ",", #""messages""#, #""input""#, #""contents""#, #""role""#, #""user""#,
            #""model""#, #""content""#, #""parts""#, #""text""#, #""signature""#, "1", "null", #""type""#,
            #""metadata""#,
            #""user_id""#, #""conversation""#, #""id""#, #""\ud83d""#,
        ]
        for _ in 0..<3_000 {
            let text = "{" + (0..<40).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
            var scanner = JSONTopLevelScanner()
            scanner.feed(ByteBuffer(string: text))
            _ = Conversation(session: nil, body: scanner)
        }
        for _ in 0..<300 {
            let messages = (0..<3).map { _ in RandomJSON.object(using: &random) }.joined(separator: ",")
            _ = try Self.read(Array(#"{"messages":[\#(messages)],"contents":[\#(messages)]}"#.utf8), pieces: 5)
        }
        let deep = String(repeating: #"{"content":["#, count: 499)
        let ends = String(repeating: "]}", count: 499)
        #expect(try Self.read(#"{"messages":[\#(deep)\#(ends)]}"#) == nil)
    }

    @Test("huge texts and a great many small ones pass", .timeLimit(.minutes(5)))
    func passesLargeBodies() throws {
        var scanner = JSONTopLevelScanner()
        scanner.feed(ByteBuffer(string: #"{"messages":[{"role":"user","content":""#))
        let piece = ByteBuffer(repeating: 0x61, count: 1 << 20)
        for _ in 0..<32 { scanner.feed(piece) }
        scanner.feed(ByteBuffer(string: #""},"#))
        let small = ByteBuffer(string: String(repeating: #"{"role":"user","content":"a"},"#, count: 30_000))
        scanner.feed(small)
        scanner.feed(ByteBuffer(string: #"{"role":"assistant"}]}"#))
        try scanner.finish()
        #expect(Conversation(session: nil, body: scanner)?.isLookedUp == true)
    }
}
