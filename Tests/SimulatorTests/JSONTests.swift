import Testing

@testable import Simulator

struct JSONTests {
    @Test(arguments: [
        #"{"a":[1,-2.5,true,false,null,"x\"\\"],"b":{}}"#, #""\u001f""#, "[]", "0", #"{"z":1,"a":2}"#,
    ])
    func writesWhatItRead(_ text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).text == text)
    }

    @Test func readsEscapesAndSurrogatePairs() throws {
        #expect(try JSONParser.parse(Array(#""\u00e9\ud83d\ude00\/\t""#.utf8)) == .string("\u{E9}\u{1F600}/\t"))
    }

    @Test(arguments: [
        "", "{", "{nope", "[1,]", #"{"a":1,}"#, "01", "1.", "tru", #""\x""#, "1 2", "\"a\u{1}\"", "nan", "+1",
    ])
    func refusesWhatIsNoJSON(_ text: String) {
        #expect(throws: JSONProblem.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test func refusesEndlessNesting() {
        #expect(throws: JSONProblem.self) { try JSONParser.parse(Array(repeating: UInt8(ascii: "["), count: 100_000)) }
    }

    @Test("finds the model of a body in any pieces", arguments: [1, 2, 3, 7, 4096, 1 << 20])
    func scansTopLevelMembers(pieceLength: Int) {
        let long = String(repeating: #"a\"{[,"#, count: 5000)
        let text = #"{"messages": [{"content": ""# + long + #"", "model": "inner"}], "model": "outer", "stream":true}"#
        let bytes = Array(text.utf8)
        var scanner = TopLevelScanner()
        for start in stride(from: 0, to: bytes.count, by: pieceLength) {
            bytes[start..<min(start + pieceLength, bytes.count)].withUnsafeBytes { scanner.feed($0) }
        }
        let object = scanner.object
        #expect(object?["model"] == "outer")
        #expect(object?["stream"] == true)
        guard case .omitted(let length)? = object?["messages"] else {
            Issue.record("the long member was kept")
            return
        }
        #expect(length > 30000)
    }

    @Test(arguments: ["[1]", #"{"a":1"#, #"{"a":1}}"#, "x", #"{"a":1}{"b":2}"#])
    func scansNothingElseThanOneObject(_ text: String) {
        var scanner = TopLevelScanner()
        Array(text.utf8).withUnsafeBytes { scanner.feed($0) }
        #expect(scanner.object == nil)
    }
}
