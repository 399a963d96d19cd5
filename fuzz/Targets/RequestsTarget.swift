import NIOCore

@testable import ProxyCore

/// The scanner of request bodies: the same findings whatever the pieces are, places within the text, bounded values, and a
/// question for usage that is put in leaves good JSON good.
enum RequestsTarget {
    private struct Findings: Equatable {
        var fault: JSONTopLevelScanner.Fault?
        var members: [JSONTopLevelScanner.Member?]
        var insertion: Int64?
        var isObject: Bool
        var ask: BodySplice.Edit?
        var conversation: Conversation?
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let whole = self.scan([bytes])
        self.check(whole, in: bytes)
        for var cuts in Fuzzing.cuts(of: bytes) {
            let again = self.scan(cuts.pieces(of: bytes))
            Fuzzing.check(again == whole, "other findings in pieces: \(again) instead of \(whole)")
        }
        guard whole.fault == nil, let ask = whole.ask else { return }
        self.splice(ask, into: bytes, whole)
    }

    private static func scan(_ pieces: [UnsafeRawBufferPointer]) -> Findings {
        var scanner = JSONTopLevelScanner()
        var fed: Int64 = 0
        for piece in pieces {
            scanner.feed(piece)
            fed += Int64(piece.count)
            Fuzzing.check(scanner.length == fed, "the length is not what was fed")
        }
        do throws(JSONTopLevelScanner.Fault) {
            try scanner.finish()
            Fuzzing.check(scanner.fault == nil, "no fault is thrown, but there is one")
        } catch {
            Fuzzing.check(scanner.fault == error, "another fault is thrown")
        }
        return Findings(
            fault: scanner.fault, members: JSONTopLevelScanner.Name.allCases.map { scanner[$0] },
            insertion: scanner.insertionOffset, isObject: scanner.isObject, ask: UsageAsk.edit(in: scanner),
            conversation: Conversation(session: nil, body: scanner))
    }

    private static func check(_ findings: Findings, in bytes: UnsafeRawBufferPointer) {
        if let fault = findings.fault {
            Fuzzing.check(fault.offset >= 0 && fault.offset <= bytes.count, "a fault outside the text")
        }
        for member in findings.members.compactMap({ $0 }) {
            let range = member.range
            // Behind a good one there is at least the closing brace.
            let end = findings.fault == nil ? bytes.count - 1 : bytes.count
            Fuzzing.check(range.lowerBound > 0 && range.upperBound <= end, "a member outside the object")
            Fuzzing.check(member.occurrences >= 1, "a member that never occurs")
            // What was being read when the fault came is not whole.
            guard findings.fault == nil else { continue }
            let first = bytes[Int(range.lowerBound)]
            let last = bytes[Int(range.upperBound) - 1]
            switch member.kind {
            case .string(let text):
                Fuzzing.check(first == 0x22 && last == 0x22 && range.count >= 2, "a string without its quotes")
                let length = text?.utf8.count ?? 0
                Fuzzing.check(length <= JSONTopLevelScanner.maximumValueLength, "too long a value is kept")
            case .object: Fuzzing.check(first == 0x7B && last == 0x7D, "an object without its braces")
            case .array: Fuzzing.check(first == 0x5B && last == 0x5D, "an array without its brackets")
            case .bool(let value): Fuzzing.check(range.count == (value ? 4 : 5), "a truth value of another length")
            case .null: Fuzzing.check(range.count == 4, "a null of another length")
            case .number: Fuzzing.check(range.count >= 1, "a number without digits")
            }
        }
    }

    /// What makes the request ask for usage leaves good JSON good, and everything else in it as it was.
    private static func splice(_ ask: BodySplice.Edit, into bytes: UnsafeRawBufferPointer, _ former: Findings) {
        let text =
            Array(bytes[..<Int(ask.range.lowerBound)]) + Array(ask.replacement.readableBytesView)
            + Array(bytes[Int(ask.range.upperBound)...])
        let now = text.withUnsafeBytes { self.scan([$0]) }
        Fuzzing.check(now.fault == nil, "the question spoils the text: \(String(describing: now.fault))")
        Fuzzing.check(now.ask == nil, "it is asked again")
        for name in JSONTopLevelScanner.Name.allCases where name != .streamOptions && name != .includeUsage {
            Fuzzing.check(
                now.members[name.rawValue]?.kind == former.members[name.rawValue]?.kind, "the question changes \(name)")
        }
    }
}
