import Testing

@testable import kmictl

struct JSONValueTests {
    private static let document = JSONValue.object([
        "b": .array([.integer(-1), .unsigned(.max), .number(0.5), .number(.nan)]), "a": .object([:]), "c": .array([]),
        "B": .boolean(true), "é": .null,
    ])

    @Test func sortsNamesInBothLayouts() {
        #expect(
            Self.document.text(.short)
                == #"{"B":true,"a":{},"b":[-1,18446744073709551615,0.5,null],"c":[],"é":null}"#)
        #expect(
            Self.document.text(.pretty) == """
                {
                  "B": true,
                  "a": {},
                  "b": [
                    -1,
                    18446744073709551615,
                    0.5,
                    null
                  ],
                  "c": [],
                  "é": null
                }
                """)
    }

    @Test(
        "escapes what a terminal would obey (A-005)",
        arguments: [
            ("\u{1B}]8;;", #""\u001b]8;;""#), ("a\"\\\n\t\r", #""a\"\\\n\t\r""#), ("\u{9B}", #""\u009b""#),
            ("\u{202E}", #""\u202e""#), ("\u{E0001}", #""\udb40\udc01""#), ("<b>é鍵", #""<b>é鍵""#),
        ])
    func escapes(text: String, json: String) {
        #expect(JSONValue.string(text).text(.short) == json)
    }

    @Test(
        "names members as the contract does",
        arguments: [("NextUsableAt", "next_usable_at"), ("State", "state"), ("InFlight", "in_flight")])
    func namesMembers(property: String, name: String) {
        struct Property: RawRepresentable {
            var rawValue: String
        }
        #expect(JSONName.of(Property(rawValue: property)) == name)
    }
}
