import Foundation
import NIOCore
import ProxyCore
import Testing

struct JSONTopLevelScannerTests {
    /// Feeds a text in pieces of a size and ends it.
    private static func scan(_ text: [UInt8], pieces: Int = .max) -> JSONTopLevelScanner {
        var scanner = JSONTopLevelScanner()
        var rest = text[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces)
            scanner.feed(ByteBuffer(bytes: piece))
            rest = rest.dropFirst(piece.count)
        }
        do throws(JSONTopLevelScanner.Fault) { try scanner.finish() } catch { #expect(scanner.fault == error) }
        return scanner
    }

    private static func scan(_ text: String) -> JSONTopLevelScanner { Self.scan(Array(text.utf8)) }

    @Test("finds model and stream with their places (X-014)")
    func findsMembers() throws {
        let text =
            #"{"messages":[{"model":"inner","content":null}],"model" : "k2" ,"n":12345678901234567890,"stream":true}"#
        let scanner = Self.scan(text)
        #expect(scanner.fault == nil)
        #expect(scanner.isObject)
        let model = try #require(scanner[.model])
        #expect(model.kind == .string("k2"))
        #expect(model.occurrences == 1)
        let bytes = Array(text.utf8)
        #expect(
            String(decoding: bytes[Int(model.range.lowerBound)..<Int(model.range.upperBound)], as: UTF8.self)
                == #""k2""#)
        #expect(scanner[.stream]?.kind == .bool(true))
        #expect(scanner.insertionOffset == 1)
        #expect(scanner.length == Int64(bytes.count))
    }

    @Test(
        "decodes names and values",
        arguments: [
            (#"{"\u006dodel":"a"}"#, "a"), (#"{"m\u006Fdel":"\u0061\/\"\\\b\f\n\r\t"}"#, "a/\"\\\u{8}\u{c}\n\r\t"),
            (#"{"model":"\ud83d\ude00"}"#, "😀"), (#"{"model":"\ud83dx"}"#, "\u{FFFD}x"),
            (#"{"model":"\ude00"}"#, "\u{FFFD}"),
            (#"{"model":"\ud83d"}"#, "\u{FFFD}"), (#"{"model":"модель-😀"}"#, "модель-😀"), (#"{"model":""}"#, ""),
            (#"{"model":"\ud83d\ud83d\ude00"}"#, "\u{FFFD}😀"),
        ])
    func decodes(text: String, model: String) {
        #expect(Self.scan(text)[.model]?.kind == .string(model))
    }

    @Test("tells a name that occurs twice, escapes decoded (contract section 4)")
    func tellsDuplicates() {
        #expect(Self.scan(#"{"model":"a","mod\u0065l":"b"}"#)[.model]?.occurrences == 2)
        #expect(Self.scan(#"{"model":"a","x":{"model":"b"}}"#)[.model]?.occurrences == 1)
    }

    @Test(
        "remembers values of other kinds",
        arguments: [
            ("null", JSONTopLevelScanner.Kind.null), ("1e5", .number), ("[\"model\"]", .array),
            ("{\"model\":\"x\"}", .object),
            ("false", .bool(false)), ("\"\(String(repeating: "x", count: 1_025))\"", .string(nil)),
            ("\"\(String(repeating: "x", count: 1_024))\"", .string(String(repeating: "x", count: 1_024))),
        ])
    func remembersKinds(value: String, kind: JSONTopLevelScanner.Kind) throws {
        let scanner = Self.scan("{\"a\":[],\"model\": \(value) , \"b\":1}")
        let model = try #require(scanner[.model])
        #expect(model.kind == kind)
        #expect(model.range == 17..<Int64(17 + value.utf8.count))
        #expect(model.occurrences == 1)
    }

    @Test func findsWhetherUsageIsAskedFor() throws {
        let text = #"{"stream":true,"stream_options":{"a":{"include_usage":1},"include_usage":true},"include_usage":0}"#
        let scanner = Self.scan(text)
        #expect(scanner[.includeUsage]?.kind == .bool(true))
        #expect(scanner[.includeUsage]?.occurrences == 1)
        let options = try #require(scanner[.streamOptions])
        #expect(options.kind == .object)
        let bytes = Array(text.utf8)[Int(options.range.lowerBound)..<Int(options.range.upperBound)]
        #expect(bytes.first == 0x7B && bytes.last == 0x7D && bytes.count == 46)
        let nested = Self.scan(#"{"stream_options":{"include_usage":{"x":[]},"y":[1]}}"#)
        #expect(nested[.includeUsage] == .init(kind: .object, range: 35..<43, occurrences: 1))
    }

    @Test(
        "has no members where the text is no object",
        arguments: ["[{\"model\":\"x\"}]", "\"model\"", "12", "null", " [] "])
    func takesOtherTexts(text: String) {
        let scanner = Self.scan(text)
        #expect(scanner.fault == nil)
        #expect(!scanner.isObject)
        #expect(scanner[.model] == nil)
    }

    static let malformed = [
        "", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "[1,]", "[,1]", "[1 2]",
        "{\"a\" 1}", "{a:1}", "{'a':1}", "01", "-", "-a", "1.", "1.e1", ".5", "1e", "1e+", "+1", "0x1", "NaN", "tru",
        "truE", "nulll", "true false", "{} {}", "{}x", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\u123\"", "\"a\nb\"",
        "\"\u{1}\"", "\"\t\"", "[1]]", "{\"a\":1}}", "{\"a\":1 \"b\":2}", "//c\n1", "[\"a\",", "{\"a\":\"b", "--1",
        "1-",
        "\u{FEFF}{}",
    ]

    @Test("refuses what is no JSON", arguments: malformed)
    func refuses(text: String) {
        #expect(Self.scan(text).fault != nil)
    }

    @Test(
        "refuses what is no UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xC3, 0x28],
        ] as [[UInt8]])
    func refusesBadUTF8(bytes: [UInt8]) {
        #expect(Self.scan([0x22] + bytes + [0x22]).fault?.reason == .badUTF8)
        #expect(Self.scan([0x22] + bytes + [0x22], pieces: 1).fault?.reason == .badUTF8)
    }

    @Test func boundsDepth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(Self.scan(nested(1_000)).fault == nil)
        #expect(Self.scan(nested(1_001)).fault == .init(reason: .tooDeep, offset: 1_000))
        let mixed = String(repeating: "{\"a\":[", count: 500) + String(repeating: "]}", count: 500)
        #expect(Self.scan(mixed).fault == nil)
    }

    @Test("gives the same whatever the pieces are (X-014)")
    func isIndependentOfPieces() {
        let text =
            #"{"a":["\u00e9\ud83d\ude00é😀",-1.5e+10,true,false,null,{"x":{}}],"model":"k\u0032-é","stream":false,"#
            + #""prompt_cache_key":"p","metadata":{"u":[{}]},"stream_options":{"include_usage":false}}"#
        let bytes = Array(text.utf8)
        let whole = Self.scan(bytes)
        #expect(whole.fault == nil)
        #expect(whole[.model]?.kind == .string("k2-é"))
        for split in 0...bytes.count {
            var scanner = JSONTopLevelScanner()
            scanner.feed(ByteBuffer(bytes: bytes[..<split]))
            scanner.feed(ByteBuffer(bytes: bytes[split...]))
            #expect(throws: Never.self) { try scanner.finish() }
            for name in JSONTopLevelScanner.Name.allCases { #expect(scanner[name] == whole[name]) }
        }
        for size in 1...9 {
            let scanner = Self.scan(bytes, pieces: size)
            for name in JSONTopLevelScanner.Name.allCases { #expect(scanner[name] == whole[name]) }
        }
    }

    @Test("agrees with another parser on random texts (X-014)")
    func agreesWithOracle() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<600 {
            var text = Array(RandomJSON.object(using: &random).utf8)
            if round % 2 == 1 {
                // Damage one byte; many of these are still JSON.
                let alphabet = Array(#"{}[]":,\0e-+.tfn x"#.utf8) + [0x01, 0xC3]
                let place = Int.random(in: 0..<text.count, using: &random)
                text[place] = alphabet.randomElement(using: &random) ?? 0x20
            }
            let oracle = try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
            let scanner = Self.scan(text, pieces: Int.random(in: 1...16, using: &random))
            let shown = String(decoding: text, as: UTF8.self)
            // The other parser takes numbers that overflow for errors, and some control characters for white space.
            if oracle != nil { #expect(scanner.fault == nil, "\(shown)") }
            if round % 2 == 0, let object = oracle as? [String: Any] {
                let model = object["model"]
                switch scanner[.model]?.kind {
                case .string(let text): #expect(model as? String == text, "\(shown)")
                case nil: #expect(model == nil, "\(shown)")
                default: #expect(model as? String == nil, "\(shown)")
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func passesLargeBodies() throws {
        var scanner = JSONTopLevelScanner()
        scanner.feed(ByteBuffer(string: #"{"messages":[{"content":""#))
        let piece = ByteBuffer(repeating: 0x61, count: 1 << 20)
        for _ in 0..<32 { scanner.feed(piece) }
        scanner.feed(ByteBuffer(string: #""}],"model":"m"}"#))
        try scanner.finish()
        #expect(scanner[.model]?.kind == .string("m"))
        let start: Int64 = 25 + (32 << 20) + 12
        #expect(scanner[.model]?.range.lowerBound == start)
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Random JSON with odd but valid spellings.
enum RandomJSON {
    static func object(using random: inout SeededGenerator) -> String {
        var members: [String] = []
        for index in 0..<Int.random(in: 0...5, using: &random) {
            members.append("\"k\(index)\"" + self.space(&random) + ":" + self.value(depth: 3, using: &random))
        }
        if Bool.random(using: &random) { members.append("\"model\":" + self.value(depth: 1, using: &random)) }
        return "{" + self.space(&random) + members.shuffled(using: &random).joined(separator: " ,\n") + "}"
    }

    private static func value(depth: Int, using random: inout SeededGenerator) -> String {
        switch Int.random(in: 0...(depth > 0 ? 8 : 6), using: &random) {
        case 0: return "null"
        case 1: return Bool.random(using: &random) ? "true" : "false"
        case 2: return ["0", "-0", "1e3", "-12.50E-2", "9007199254740993", "0.1"].randomElement(using: &random) ?? "0"
        case 3, 4, 5, 6: return self.string(using: &random)
        case 7:
            let items = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                self.value(depth: depth - 1, using: &random)
            }
            return "[" + items.joined(separator: ",") + self.space(&random) + "]"
        default:
            let items = (0..<Int.random(in: 0...3, using: &random)).map { index in
                "\"m\(index)\":" + self.value(depth: depth - 1, using: &random)
            }
            return "{" + items.joined(separator: ",") + "}"
        }
    }

    private static func string(using random: inout SeededGenerator) -> String {
        let parts = [
            "a", "plain text of some length", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "é", "漢字", "😀",
            "model", "{", "}", "\u{7F}",
        ]
        let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
        return "\"" + text.joined() + "\""
    }

    private static func space(_ random: inout SeededGenerator) -> String {
        ["", " ", "\n\t", "\r\n"].randomElement(using: &random) ?? ""
    }
}
