import NIOCore
import ProxyCore
import Testing

struct BodySpliceTests {
    private static func apply(_ splice: BodySplice, to text: [UInt8]) -> [UInt8] {
        splice.edits.reversed().reduce(into: text) { result, edit in
            result.replaceSubrange(
                Int(edit.range.lowerBound)..<Int(edit.range.upperBound), with: edit.replacement.readableBytesView)
        }
    }

    @Test("replaces the model and nothing else (X-014)")
    func replacesModel() throws {
        let head = #"{"big":123456789012345678901234567890,"content":null,"reasoning_content":"\u00e9\/","model" : "#
        let tail = #" , "tools":[{"cache_control":{}}],"metadata":{"a":1.0}}"#
        let original = Array((head + #""al\u0069as""# + tail).utf8)
        var scanner = JSONTopLevelScanner()
        scanner.feed(ByteBuffer(bytes: original))
        try scanner.finish()
        let member = try #require(scanner[.model])
        #expect(member.kind == .string("alias"))
        let literal = ByteBuffer(bytes: JSONWriter.literal("real/\"model\""))
        let splice = try #require(BodySplice([BodySplice.Edit(range: member.range, replacement: literal)]))
        let expected = Array((head + #""real/\"model\"""# + tail).utf8)
        #expect(splice.length(of: Int64(original.count)) == Int64(expected.count))
        #expect(Self.apply(splice, to: original) == expected)
    }

    @Test func insertsAndDeletes() throws {
        func edit(_ range: Range<Int64>, _ text: String) -> BodySplice.Edit {
            BodySplice.Edit(range: range, replacement: ByteBuffer(string: text))
        }
        let splice = try #require(
            BodySplice([edit(10..<10, "Z"), edit(0..<0, "A"), edit(3..<5, ""), edit(5..<6, "five")]))
        #expect(splice.length(of: 10) == 13)
        let result = Self.apply(splice, to: Array("0123456789".utf8))
        #expect(String(decoding: result, as: UTF8.self) == "A012five6789Z")
        #expect(BodySplice([edit(0..<3, ""), edit(2..<4, "")]) == nil)
    }
}
