import ProxyCore
import Testing

/// Who is calling, behind proxies too (L-005).
struct CallerOriginTests {
    private static func origin(
        _ fields: [(String, String)], peer: String = "10.0.0.1", trusted: [String] = ["10.0.0.0/8", "fd00::/8"]
    ) throws -> CallerOrigin {
        CallerOrigin(
            .tcp(peer: peer), headers: HeaderFields(fields),
            trustedProxies: try trusted.map { try AddressBlock(parsing: $0) })
    }

    /// Header fields of a trusted proxy at 10.0.0.1, and the address that they lead to.
    private static let cases: [([(String, String)], String)] = [
        // Without anything, or with nothing that counts.
        ([], "10.0.0.1"),
        ([("X-Forwarded-For", "")], "10.0.0.1"), ([("Forwarded", "")], "10.0.0.1"),
        ([("X-Real-IP", "192.0.2.1"), ("Client-IP", "192.0.2.1")], "10.0.0.1"),
        // One proxy.
        ([("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        ([("Forwarded", "for=192.0.2.1")], "192.0.2.1"),
        ([("forwarded", "For=192.0.2.1;proto=https;by=10.0.0.1")], "192.0.2.1"),
        ([("Forwarded", "proto=https; for=\"192.0.2.1:443\" ;host=a")], "192.0.2.1"),
        ([("Forwarded", "for=\"192.0.2.1:_port\"")], "192.0.2.1"),
        // What the caller had made up itself stands left of what the proxy saw.
        ([("X-Forwarded-For", "127.0.0.1, 192.0.2.1")], "192.0.2.1"),
        ([("X-Forwarded-For", "203.0.113.5"), ("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        ([("Forwarded", "for=127.0.0.1, for=192.0.2.1")], "192.0.2.1"),
        ([("Forwarded", "for=127.0.0.1;x=\", for=192.0.2.1")], "10.0.0.1"),
        ([("Forwarded", "for=127.0.0.1;x=\", for=\"[2001:db8::1]\"")], "10.0.0.1"),
        ([("Forwarded", "for=\"127.0.0.1\\\", for=192.0.2.1")], "10.0.0.1"),
        // Chains of trusted proxies, and one that is not.
        ([("X-Forwarded-For", "192.0.2.1, 10.0.0.3, 10.0.0.2")], "192.0.2.1"),
        ([("X-Forwarded-For", "10.9.9.9, 192.0.2.1, 10.0.0.2")], "192.0.2.1"),
        ([("X-Forwarded-For", "10.0.0.3, 10.0.0.2")], "10.0.0.3"),
        ([("Forwarded", "for=192.0.2.1, for=\"[fd00::2]:80\", for=10.0.0.2")], "192.0.2.1"),
        ([("X-Forwarded-For", "192.0.2.1,,  , 10.0.0.2,")], "192.0.2.1"),
        // IPv6.
        ([("X-Forwarded-For", "2001:db8::1")], "2001:db8::1"),
        ([("X-Forwarded-For", "[2001:db8::1]:443")], "2001:db8::1"),
        ([("X-Forwarded-For", "2001:DB8:0::1")], "2001:db8::1"),
        ([("X-Forwarded-For", "::ffff:192.0.2.1")], "192.0.2.1"),
        ([("X-Forwarded-For", "192.0.2.1:65535")], "192.0.2.1"),
        ([("Forwarded", "for=\"[2001:db8::1]\"")], "2001:db8::1"),
        ([("Forwarded", "for=\"[2001:db8::1]:4711\"")], "2001:db8::1"),
        // What names no address ends the walk at the last one that was vouched for.
        ([("X-Forwarded-For", "192.0.2.1, unknown")], "10.0.0.1"),
        ([("X-Forwarded-For", "192.0.2.1, unknown, 10.0.0.2")], "10.0.0.2"),
        ([("Forwarded", "for=192.0.2.1, for=_hidden, for=10.0.0.2")], "10.0.0.2"),
        ([("Forwarded", "for=192.0.2.1, for=unknown")], "10.0.0.1"),
        ([("Forwarded", "for=192.0.2.1, by=10.0.0.1")], "10.0.0.1"),
        ([("Forwarded", "for=192.0.2.1, for=192.0.2.2;for=192.0.2.3")], "10.0.0.1"),
        ([("Forwarded", "for=192.0.2.1, for=\"\"")], "10.0.0.1"),
        ([("Forwarded", "192.0.2.1")], "10.0.0.1"), ([("Forwarded", "for =192.0.2.1")], "10.0.0.1"),
        ([("X-Forwarded-For", "localhost")], "10.0.0.1"), ([("X-Forwarded-For", "192.0.2.256")], "10.0.0.1"),
        ([("X-Forwarded-For", "192.0.2.1:")], "10.0.0.1"), ([("X-Forwarded-For", "192.0.2.1:65536")], "10.0.0.1"),
        ([("X-Forwarded-For", "192.0.2.1:80x")], "10.0.0.1"), ([("X-Forwarded-For", "192.0.2")], "10.0.0.1"),
        ([("X-Forwarded-For", "[2001:db8::1")], "10.0.0.1"), ([("X-Forwarded-For", "[2001:db8::1]x")], "10.0.0.1"),
        ([("X-Forwarded-For", "[192.0.2.1]")], "10.0.0.1"), ([("X-Forwarded-For", "fe80::1%eth0")], "10.0.0.1"),
        ([("X-Forwarded-For", "2001:db8::1:::")], "10.0.0.1"),
        ([("X-Forwarded-For", "192.0.2.1 10.0.0.2")], "10.0.0.1"),
        ([("X-Forwarded-For", "\u{0}")], "10.0.0.1"), ([("X-Forwarded-For", "١٩٢.0.2.1")], "10.0.0.1"),
        // Both fields: the proxy wrote only one of them.
        ([("Forwarded", "for=192.0.2.1"), ("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        ([("Forwarded", "for=203.0.113.5"), ("X-Forwarded-For", "192.0.2.1")], "10.0.0.1"),
        ([("Forwarded", "for=unknown"), ("X-Forwarded-For", "192.0.2.1")], "10.0.0.1"),
    ]

    @Test("reads forwarded addresses from right to left, as far as they are vouched for (L-005)", arguments: cases)
    func walks(fields: [(String, String)], address: String) throws {
        let origin = try Self.origin(fields)
        #expect(origin.address == NumericAddress(address))
        #expect(origin.userID == nil)
    }

    @Test(
        "believes nobody whom the configuration does not name (L-005)",
        arguments: [[], ["10.0.0.2"], ["fd00::/8"], ["10.0.1.0/24"], ["192.0.2.0/24"]])
    func believesNobodyElse(trusted: [String]) throws {
        let fields = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
        #expect(try Self.origin(fields, trusted: trusted).address == NumericAddress("10.0.0.1"))
    }

    @Test(
        "whoever makes up the field that its proxy does not write is the proxy, and nobody else (L-005)",
        arguments: ["127.0.0.1", "10.0.0.2", "203.0.113.5", "203.0.113.5, 10.0.0.2", "unknown", ""])
    func contradictions(invented: String) throws {
        let elements = invented.split(separator: ", ").map { "for=\($0)" }.joined(separator: ", ")
        for fields in [
            [("Forwarded", elements), ("X-Forwarded-For", "192.0.2.1")],
            [("X-Forwarded-For", invented), ("Forwarded", "for=192.0.2.1")],
        ] {
            #expect(try Self.origin(fields).address == NumericAddress("10.0.0.1"))
        }
    }

    @Test("looks at a bounded number of elements and bytes (L-005)")
    func isBounded() throws {
        let hops = Array(repeating: "10.0.0.2", count: ForwardedAddress.maximumElements - 1)
        let short = (["192.0.2.1"] + hops).joined(separator: ",")
        #expect(try Self.origin([("X-Forwarded-For", short)]).address == NumericAddress("192.0.2.1"))
        let long = (["192.0.2.1", "10.0.0.3"] + hops).joined(separator: ",")
        #expect(try Self.origin([("X-Forwarded-For", long)]).address == NumericAddress("10.0.0.3"))
        let padding = String(repeating: " ", count: ForwardedAddress.maximumLength)
        #expect(try Self.origin([("X-Forwarded-For", padding + "192.0.2.1")]).address == NumericAddress("10.0.0.1"))
        let lines = Array(repeating: ("Forwarded", "for=192.0.2.1"), count: 1_000)
        #expect(try Self.origin(lines).address == NumericAddress("10.0.0.1"))
    }

    @Test("whatever the fields hold, it is the peer's address or one that they name", arguments: 0..<20)
    func survivesAnything(seed: Int) throws {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        let pieces = [
            "for=", "\"", "[", "]", ":", ",", ";", "\\", "192.0.2.1", "10.0.0.2", "2001:db8::1", "unknown", "_x", " ",
            "=",
            "80", "é", "by=",
        ]
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            for name in ["Forwarded", "X-Forwarded-For"] {
                let address = try #require(try Self.origin([(name, text)]).address?.description)
                #expect(
                    ["10.0.0.1", "10.0.0.2", "192.0.2.1", "192.0.2.180", "2001:db8::1"].contains(address)
                        || text.contains("::"))
            }
        }
    }

    @Test("a token goes before a user, a user before an address (L-005)")
    func identity() throws {
        let client = try #require(ClientName("ci"))
        let user = CallerOrigin(
            .unix(uid: 1000, pid: 7), headers: ["X-Forwarded-For": "192.0.2.1"],
            trustedProxies: [try AddressBlock(parsing: "0.0.0.0/0")])
        #expect(user.identity() == .user(1000))
        #expect(user.identity(showing: client) == .client(client))
        #expect(user.address == nil)
        let address = try Self.origin([("X-Forwarded-For", "192.0.2.1")])
        #expect(address.identity().description == "address:192.0.2.1")
        #expect(address.identity(showing: client) == .client(client))
        #expect(CallerOrigin(.tcp(peer: "?")).identity() == .unknown)
    }
}
