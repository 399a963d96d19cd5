import Testing

@testable import kmictl

struct TopKeyDecoderTests {
    static let sequences: [(String, [TopKey])] = [
        ("q", [.character("q")]), ("é", [.character("é")]), ("語", [.character("語")]), ("😀", [.character("😀")]),
        ("\r", [.enter]), ("\n", [.enter]), ("\t", [.tab]), ("\u{7F}", [.backspace]), ("\u{8}", [.backspace]),
        ("\u{3}", [.control("c")]), ("\u{15}", [.control("u")]),
        ("\u{1B}[A", [.up]), ("\u{1B}[B", [.down]), ("\u{1B}[C", [.right]), ("\u{1B}[D", [.left]),
        ("\u{1B}OA", [.up]), ("\u{1B}OB", [.down]), ("\u{1B}OH", [.home]), ("\u{1B}OM", [.enter]),
        ("\u{1B}[H", [.home]), ("\u{1B}[F", [.end]), ("\u{1B}[1~", [.home]), ("\u{1B}[4~", [.end]),
        ("\u{1B}[5~", [.pageUp]), ("\u{1B}[6~", [.pageDown]), ("\u{1B}[3~", [.delete]), ("\u{1B}[Z", [.backTab]),
        // With modifiers, and what nobody here knows.
        ("\u{1B}[1;5A", [.up]), ("\u{1B}[6;2~", [.pageDown]), ("\u{1B}[200~", []), ("\u{1B}[?1;2c", []),
        ("\u{1B}[15~x", [.character("x")]), ("a\u{1B}[Bb", [.character("a"), .down, .character("b")]),
        ("\u{1B}q", [.escape, .character("q")]), ("\u{1B}\u{1B}[A", [.escape, .up]),
    ]

    @Test("knows the keys of terminals", arguments: Self.sequences)
    func decodes(bytes: String, keys: [TopKey]) {
        var decoder = TopKeyDecoder()
        let decoded = decoder.take(bytes.utf8)
        #expect(decoded == keys)
        #expect(!decoder.isWaiting)
    }

    @Test("knows them in whatever pieces they come", arguments: Self.sequences)
    func decodesSplit(bytes: String, keys: [TopKey]) {
        var decoder = TopKeyDecoder()
        let decoded = bytes.utf8.flatMap { decoder.take([$0]) }
        #expect(decoded == keys)
        #expect(!decoder.isWaiting)
    }

    @Test func takesALoneEscapeForItsKeyWhenNothingFollows() {
        var decoder = TopKeyDecoder()
        #expect(decoder.take([0x1B]).isEmpty)
        #expect(decoder.isWaiting)
        #expect(decoder.runOut() == [.escape])
        #expect(!decoder.isWaiting)
        #expect(decoder.runOut().isEmpty)
        #expect(decoder.take("[A".utf8) == [.character("["), .character("A")])
    }

    @Test func takesAnUnfinishedSequenceForWhatWasTyped() {
        var decoder = TopKeyDecoder()
        #expect(decoder.take("\u{1B}[".utf8).isEmpty)
        #expect(decoder.runOut() == [.escape, .character("[")])
        #expect(decoder.take("\u{1B}O".utf8).isEmpty)
        #expect(decoder.runOut() == [.escape, .character("O")])
    }

    @Test("drops what is no key, in bounded memory")
    func dropsNoise() {
        var decoder = TopKeyDecoder()
        #expect(decoder.take("\u{1B}[".utf8).isEmpty)
        #expect(decoder.take([UInt8](repeating: 0x31, count: 100_000)).isEmpty)
        #expect(decoder.take("A".utf8).isEmpty)
        #expect(decoder.take("q".utf8) == [.character("q")])
        // Broken UTF-8: the rest of a character that is none, a character cut short, one that is too long.
        #expect(decoder.take([0x80, 0xFF, 0x71]) == [.character("q")])
        #expect(decoder.take([0xE8, 0x71]) == [.character("q")])
        #expect(decoder.take([0xE0, 0x80, 0x80, 0x71]) == [.character("q")])
    }
}
