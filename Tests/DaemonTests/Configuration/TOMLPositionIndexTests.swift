import Testing

@testable import Daemon

struct TOMLPositionIndexTests {
    private func path(_ elements: [TOMLPath.Element]) -> TOMLPath { TOMLPath(elements: elements) }

    static let text = """
        # comment with [brackets] and a = 1
        top = 1

        [server] # comment
        listen = [
            "a", # ] = comment
            "b",
            { x = 1,
              y.z = 2 },
        ]
        "quoted.key" = \"\"\"
        [not.a.table]
        nor = "a key"
        \"\"\"
        'literal' = '''
        x = 1
        '''
        dotted . "two" = { a = 1, b.c = "}" }

        [[key]]
        label = "x # not a comment"
        [[key]]
        label = 'y'
        [key.headers]
        h = "1"
        [[key.rule]]
        class = 1
        [[key.rule]]
        class = 2
        [prices.override."a/b:c.d"]
        \u{22}\\u0061\u{22} = 1
        date = 1979-05-27T07:32:00Z
        last = 1
        """

    static let expectations: [([TOMLPath.Element], Int)] = [
        ([.key("top")], 2),
        ([.key("server")], 4),
        ([.key("server"), .key("listen")], 5),
        ([.key("server"), .key("listen"), .index(0)], 6),
        ([.key("server"), .key("listen"), .index(1)], 7),
        ([.key("server"), .key("listen"), .index(2), .key("x")], 8),
        ([.key("server"), .key("listen"), .index(2), .key("y"), .key("z")], 9),
        ([.key("server"), .key("quoted.key")], 11),
        ([.key("server"), .key("literal")], 15),
        ([.key("server"), .key("dotted"), .key("two")], 18),
        ([.key("server"), .key("dotted"), .key("two"), .key("b"), .key("c")], 18),
        ([.key("key")], 20),
        ([.key("key"), .index(0)], 20),
        ([.key("key"), .index(0), .key("label")], 21),
        ([.key("key"), .index(1)], 22),
        ([.key("key"), .index(1), .key("label")], 23),
        ([.key("key"), .index(1), .key("headers")], 24),
        ([.key("key"), .index(1), .key("headers"), .key("h")], 25),
        ([.key("key"), .index(1), .key("rule"), .index(0), .key("class")], 27),
        ([.key("key"), .index(1), .key("rule"), .index(1), .key("class")], 29),
        ([.key("prices"), .key("override"), .key("a/b:c.d"), .key("a")], 31),
        ([.key("prices"), .key("override"), .key("a/b:c.d"), .key("last")], 33),
        // What is not there has the line of what would hold it.
        ([.key("key"), .index(1), .key("secret")], 22),
    ]

    @Test("knows the line of every key (K-016)", arguments: Self.expectations)
    func knowsLines(_ elements: [TOMLPath.Element], _ line: Int) {
        #expect(TOMLPositionIndex(Self.text).line(of: self.path(elements)) == line)
    }

    @Test func findsNothingInTheText() {
        let index = TOMLPositionIndex(Self.text)
        for key in ["not", "nor", "x", "comment", "a"] {
            #expect(index.line(of: self.path([.key(key)])) == nil, "\(key)")
        }
    }

    @Test(
        "ends on any text",
        arguments: [
            "[", "[[", "[[]]", "a", "a=", "a=[", "a={", "a=\"", "a='''", "a=\"\\", "a=\"\\u12", "=", "]", "}", ",",
            "\u{0}", ".",
            "a.b.=1", "[a]]]", "a=[,,,]", "a={,}", "a={=}", "a=[}", "\"", "'", "é=1", "\r", "\\",
        ], [false, true])
    func endsOnAnyText(_ text: String, _ hasMore: Bool) {
        let index = TOMLPositionIndex(hasMore ? text + "\nz = 1\n" : text)
        #expect(index.line(of: TOMLPath(elements: [.key("no such key")])) == nil)
    }

    @Test func pathsReadAsPeopleWriteThem() {
        let path = TOMLPath().appending("key").appending(index: 2).appending("a/b.c").appending("x-y")
        #expect(path.description == "key[2].\"a/b.c\".x-y")
    }
}
