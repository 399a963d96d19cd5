import Testing

@testable import DBusKit

struct SignalRuleTests {
    @Test(
        "is written as the bus reads it",
        arguments: [
            (SignalRule(), "type='signal'"),
            (
                SignalRule(
                    sender: "org.example.A", path: "/a", interface: "org.example.I", member: "M", argument0: "x"),
                "type='signal',sender='org.example.A',path='/a',interface='org.example.I',member='M',arg0='x'"
            ),
            (SignalRule(argument0: "it's, 'so'"), #"type='signal',arg0='it'\''s, '\''so'\'''"#),
            (SignalRule(argument0: #"a\b"#), #"type='signal',arg0='a\b'"#),
            (SignalRule(argument0: ""), "type='signal',arg0=''"),
        ]
    )
    func isWritten(rule: SignalRule, text: String) {
        #expect(rule.text == text)
    }

    @Test func acceptsWhatAgreesWithAllThatIsGiven() {
        let rule = SignalRule(path: "/a", interface: "org.example.I", member: "M")
        #expect(rule.accepts(path: "/a", interface: "org.example.I", member: "M"))
        #expect(!rule.accepts(path: "/b", interface: "org.example.I", member: "M"))
        #expect(!rule.accepts(path: "/a", interface: "org.example.J", member: "M"))
        #expect(!rule.accepts(path: "/a", interface: "org.example.I", member: "N"))
        #expect(SignalRule().accepts(path: "/b", interface: "org.example.J", member: "N"))
    }

    @Test func comparesTheFirstArgumentByBytes() {
        let rule = SignalRule(argument0: "\u{E9}")
        #expect(rule.accepts([.string("\u{E9}"), .byte(1)]))
        #expect(!rule.accepts([.string("e\u{301}")]))
        #expect(!rule.accepts([.byte(1)]))
        #expect(!rule.accepts([]))
    }

    @Test func holdsSendersAgainstTheOwnersOfTheirNames() {
        var owners = NameOwners()
        #expect(owners.accepts(":1.1", wanted: nil))
        #expect(owners.accepts(":1.1", wanted: ":1.1"))
        #expect(!owners.accepts(":1.2", wanted: ":1.1"))
        #expect(!owners.accepts(nil, wanted: ":1.1"))
        #expect(!NameOwners.mustFollow("org.freedesktop.DBus"))
        #expect(owners.accepts("org.freedesktop.DBus", wanted: "org.freedesktop.DBus"))

        #expect(owners.follow("org.example.A") == true)
        #expect(owners.follow("org.example.A") == false)
        #expect(!owners.accepts(":1.1", wanted: "org.example.A"))
        owners.note(":1.1", of: "org.example.A")
        #expect(owners.accepts(":1.1", wanted: "org.example.A"))
        #expect(!owners.accepts(":1.2", wanted: "org.example.A"))
        owners.note(nil, of: "org.example.A")
        #expect(!owners.accepts(":1.1", wanted: "org.example.A"))
        #expect(owners.unfollow("org.example.A") == false)
        #expect(owners.unfollow("org.example.A") == true)
        // Nobody wants to know any more.
        owners.note(":1.1", of: "org.example.A")
        #expect(!owners.accepts(":1.1", wanted: "org.example.A"))
    }
}
