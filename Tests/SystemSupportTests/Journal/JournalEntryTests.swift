import Foundation
import Testing

@testable import SystemSupport

/// The form in which the journal takes entries ("Native Journal Protocol").
struct JournalEntryTests {
    private static func entry(_ fields: (String, String)...) -> JournalEntry {
        var entry = JournalEntry()
        for (name, value) in fields { entry.add(name, value) }
        return entry
    }

    @Test("a value of one line stands behind its name, any other one behind its length (T-030)")
    func writesBothForms() {
        let entry = Self.entry(("MESSAGE", "hello"), ("KMI_TEXT", "a=b\nc"), ("KMI_EMPTY", ""))
        let expected =
            Array("MESSAGE=hello\nKMI_TEXT\n".utf8) + [5, 0, 0, 0, 0, 0, 0, 0] + Array("a=b\nc\nKMI_EMPTY=\n".utf8)
        #expect(entry.serialized == expected)
    }

    @Test("no value can begin a field: what is read back is what was written")
    func holdsAnyBytes() {
        var entry = JournalEntry()
        let values: [[UInt8]] = [
            Array(0...255), Array("x\nPRIORITY=0\n".utf8), [0x0A], [], Array(repeating: 0x0A, count: 1_000),
            [0xFF, 0x00],
        ]
        for (index, value) in values.enumerated() { entry.add("KMI_\(index)", bytes: value) }
        #expect(Self.read(entry.serialized).map(\.1) == values)
        #expect(Self.read(entry.serialized).map(\.0) == (0..<values.count).map { "KMI_\($0)" })
    }

    @Test(
        "names are made fit, and what nothing is left of is left out (A-005)",
        arguments: [
            ("key", "KEY"), ("kmi_Key.2-x", "KMI_KEY_2_X"), ("_PID", "PID"), ("9lives", "LIVES"),
            ("a=b\nPRIORITY", "A_B_PRIORITY"),
            ("größe", "GR____E"), ("", nil), ("__", nil), ("123", nil), ("模型", nil),
            (String(repeating: "n", count: 99), String(repeating: "N", count: 64)),
        ])
    func fitsNames(_ name: String, _ fit: String?) {
        let entry = Self.entry((name, "v"))
        #expect(entry.fields.first?.name == fit)
        #expect(entry.leftOut == (fit == nil ? 1 : 0))
    }

    @Test("a long value is cut between two characters, and says so")
    func cutsValues() throws {
        let limit = JournalEntry.Limit.valueBytes
        for (text, unit) in [("a", 1), ("ä", 2), ("型", 3), ("😀", 4)] {
            for shift in 0..<4 {
                let value = String(repeating: "x", count: shift) + String(repeating: text, count: limit / unit + 1)
                let field = try #require(Self.entry(("KMI_LONG", value)).fields.first)
                #expect(field.value.count <= limit && field.value.count > limit - 8)
                let cut = try #require(String(validating: field.value, as: UTF8.self))
                #expect(cut.hasSuffix("…") && value.hasPrefix(cut.dropLast()))
            }
            let whole = String(repeating: "y", count: limit)
            #expect(Self.entry(("KMI_LONG", whole)).fields.first?.value == Array(whole.utf8))
        }
    }

    @Test("an entry has no more fields and bytes than its bounds, and counts what is left out")
    func isBounded() {
        var many = JournalEntry()
        for index in 0..<500 { many.add("KMI_F\(index)", "v") }
        #expect(many.fields.count == JournalEntry.Limit.fields && many.leftOut == 500 - JournalEntry.Limit.fields)
        var large = JournalEntry()
        for index in 0..<100 { large.add("KMI_F\(index)", String(repeating: "v", count: 60_000)) }
        #expect(large.serialized.count < JournalEntry.Limit.bytes + 100 * 16 && large.leftOut > 0)
        large.add("KMI_SMALL", "fits")
        #expect(large.fields.last?.name == "KMI_SMALL")
    }

    /// Reads what was written as the journal does.
    static func read(_ bytes: [UInt8]) -> [(String, [UInt8])] {
        var (rest, fields): (ArraySlice<UInt8>, [(String, [UInt8])]) = (bytes[...], [])
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if let sign = line.firstIndex(of: 0x3D) {
                fields.append((String(decoding: line[..<sign], as: UTF8.self), Array(line[(sign + 1)...])))
            } else {
                let length = Int(rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
                rest = rest.dropFirst(8)
                fields.append((String(decoding: line, as: UTF8.self), Array(rest.prefix(length))))
                rest = rest.dropFirst(length + 1)
            }
        }
        return fields
    }
}
