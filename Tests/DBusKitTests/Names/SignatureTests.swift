import DBusKit
import Testing

/// The rules of the D-Bus specification, section "Type System".
struct SignatureTests {
    private static func nested(_ begin: String, _ inner: String, _ end: String, _ count: Int) -> String {
        String(repeating: begin, count: count) + inner + String(repeating: end, count: count)
    }

    @Test(arguments: [
        ("", []), ("y", ["y"]), ("ybnqiuxtdsogh", ["y", "b", "n", "q", "i", "u", "x", "t", "d", "s", "o", "g", "h"]),
        ("v", ["v"]), ("as", ["as"]), ("aas", ["aas"]), ("a{sv}", ["a{sv}"]), ("a{oa{sa{sv}}}", ["a{oa{sa{sv}}}"]),
        ("(s)", ["(s)"]), ("(s(ii)av)u", ["(s(ii)av)", "u"]), ("sa{sv}as", ["s", "a{sv}", "as"]),
        ("a(sddt)", ["a(sddt)"]), ("a{y(as)}", ["a{y(as)}"]), ("aa{st}h", ["aa{st}", "h"]),
    ])
    func splitsIntoSingleCompleteTypes(text: String, types: [String]) throws {
        let signature = try #require(Signature(text))
        #expect(signature.text == text)
        #expect(signature.types.map(\.text) == types)
        #expect(signature.isSingle == (types.count == 1))
    }

    @Test(arguments: [
        "a", "aa", "(", ")", "()", "(s", "s)", "(()", "{sv}", "a{", "a{}", "a{s}", "a{svv}", "a{vs}", "a{(s)v}",
        "a{asv}",
        "a{sv", "a{sv)", "(s}", "(a)", "(sa)", "z", "m", "r", "e", "*", "?", "@", "&", "^", " ", "s s", "ä", "s\0",
        "a({sv})", "(a{sv)}",
    ])
    func refusesWhatIsNoSignature(text: String) {
        #expect(Signature(text) == nil)
    }

    @Test
    func endsAt255Bytes() {
        #expect(Signature(String(repeating: "y", count: 255)) != nil)
        #expect(Signature(String(repeating: "y", count: 256)) == nil)
    }

    @Test(arguments: [
        (nested("a", "s", "", 32), true), (nested("a", "s", "", 33), false),
        (nested("(", "s", ")", 32), true), (nested("(", "s", ")", 33), false),
        (nested("a(", "s", ")", 32), true), (nested("a(", "s", ")", 33), false),
        (nested("a{s", "s", "}", 32), true), (nested("a{s", "s", "}", 33), false),
        (nested("a", nested("(", "s", ")", 32), "", 32), true), (nested("(", "a{ss}", ")", 32), false),
        (nested("a", "s", "", 32) + nested("a", "s", "", 32), true),
    ])
    func endsAt32ArraysAnd32StructuresWithinOneAnother(text: String, isValid: Bool) {
        #expect((Signature(text) != nil) == isValid)
    }

    @Test(arguments: [("y", true), ("h", true), ("s", true), ("v", false), ("as", false), ("ss", false), ("", false)])
    func knowsTypesWithoutParts(text: String, isBasic: Bool) throws {
        #expect(try #require(Signature(text)).isBasic == isBasic)
    }

    @Test
    func takesEveryTextWithoutATrap() {
        // Every text of up to five of these, that is every way to open and close what a signature can hold.
        let codes = Array("sva({})z")
        var texts = [""]
        var checked = 0
        for _ in 0..<5 {
            texts = texts.flatMap { text in codes.map { text + String($0) } }
            for text in texts {
                guard let signature = Signature(text) else { continue }
                #expect(signature.types.map(\.text).joined() == text)
                #expect(signature.types.allSatisfy { $0.isSingle })
                checked += 1
            }
        }
        #expect(checked > 100)
    }
}
