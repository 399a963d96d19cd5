import DBusKit
import Testing

/// The rules of the D-Bus specification, section "Valid Names".
struct NameTests {
    @Test(arguments: [
        "a.b", "org.freedesktop.DBus", "_._", "a1.b2_", "org.kmi.Proxy1.Manager",
        "a." + String(repeating: "b", count: 253),
    ])
    func takesNamesOfInterfacesAndErrors(text: String) {
        #expect(InterfaceName(text)?.text == text)
        #expect(ErrorName(text)?.text == text)
    }

    @Test(arguments: [
        "", "a", ".", "a.", ".a", "a..b", "1a.b", "a.1b", "a-b.c", "a.b c", "a.b\n", "ä.b", "a.b\0", "a.@", "a.[",
        "a.`",
        "a.{", "a." + String(repeating: "b", count: 254),
    ])
    func refusesOtherNamesOfInterfacesAndErrors(text: String) {
        #expect(InterfaceName(text) == nil)
        #expect(ErrorName(text) == nil)
    }

    @Test(arguments: ["a", "Z", "_", "Ping", "GetAll2", "_1", String(repeating: "m", count: 255)])
    func takesNamesOfMembers(text: String) {
        #expect(MemberName(text)?.text == text)
    }

    @Test(arguments: ["", "1", "1a", "a.b", "a-b", "a b", "é", "a\u{301}", "a\0", String(repeating: "m", count: 256)])
    func refusesOtherNamesOfMembers(text: String) {
        #expect(MemberName(text) == nil)
    }

    @Test(arguments: [
        (":1.42", true), (":a.b-c", true), ("org.freedesktop.DBus", false), ("a-b.c-d", false), ("_a.-b", false),
        ("a." + String(repeating: "b", count: 253), false),
    ])
    func takesNamesOfConnections(text: String, isUnique: Bool) throws {
        let name = try #require(BusName(text))
        #expect(name.text == text)
        #expect(name.isUnique == isUnique)
    }

    @Test(arguments: [
        "", ":", ":1", ":1.", ":.1", "a", "a.", ".a", "a..b", "1a.b", "a.1b", "a.b:c", "a b.c", "::1.2", "a.b\0",
        "a." + String(repeating: "b", count: 254),
    ])
    func refusesOtherNamesOfConnections(text: String) {
        #expect(BusName(text) == nil)
    }

    @Test(arguments: ["/", "/a", "/a/b", "/_/0", "/org/freedesktop/DBus", "/" + String(repeating: "p", count: 1000)])
    func takesPaths(text: String) {
        #expect(ObjectPath(text)?.text == text)
    }

    @Test(arguments: ["", "a", "a/b", "//", "/a/", "/a//b", "/a-b", "/a.b", "/ä", "/a b", "/a\0", "/a\n"])
    func refusesOtherPaths(text: String) {
        #expect(ObjectPath(text) == nil)
    }
}
