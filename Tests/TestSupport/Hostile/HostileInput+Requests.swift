// Targets, hosts, fields and sizes (RFC 9112 §3.2, RFC 9110 §7.2).
extension HostileInput {
    private static func target(_ text: String) -> String { "\(head("GET \(text) HTTP/1.1"))\r\n" }
    private static func host(_ line: String) -> String {
        "GET /v1/own HTTP/1.1\r\n\(line)\r\nX-API-Key: \(token)\r\n\r\n"
    }

    @HostileInputList static var targets: [HostileInput] {
        HostileInput("the absolute form", "RFC 9112 §3.2.2", target("http://localhost/v1/hidden"))
        HostileInput(
            "the absolute form of another host", "Kettle 2022, Host of routing",
            target("http://attacker.example/v1/own"))
        HostileInput(
            "the absolute form with a user", "RFC 9110 §4.2.4", target("http://localhost@attacker.example/v1/own"))
        HostileInput("the absolute form of another scheme", "RFC 9112 §3.2.2", target("file:///etc/passwd"))
        HostileInput("the authority form", "RFC 9112 §3.2.3", target("localhost:80"))
        HostileInput("the asterisk form", "RFC 9112 §3.2.4", target("*"))
        HostileInput("the asterisk form with OPTIONS", "RFC 9112 §3.2.4", "\(head("OPTIONS * HTTP/1.1"))\r\n")
        HostileInput("a target without a slash", "RFC 9112 §3.2.1", target("v1/own"))
        HostileInput("a target of a query alone", "RFC 9112 §3.2.1", target("?x"))
        HostileInput("a target that begins with @", "CVE-2021-40438, forged hosts", target("@attacker.example/v1/own"))
        HostileInput("a target that begins with a backslash", "RFC 9112 §3.2.1", target("\\v1\\own"))
        HostileInput("a fragment", "CVE-2023-45539", target("/v1/own#/v1/hidden"))
        HostileInput("a fragment behind a query", "CVE-2023-45539", target("/v1/own?a#b"))
        HostileInput("a byte above ASCII", "RFC 3986 §2", target("/v1/\u{E4}"))
        HostileInput("UTF-8", "RFC 3986 §2", target("/v1/\u{C3}\u{A4}"))
        HostileInput("a cut sequence of UTF-8", "RFC 3629 §3", target("/v1/\u{C3}"))
        HostileInput("a slash in too long UTF-8", "RFC 3629 §10", target("/v1/..\u{C0}\u{AF}hidden"))
        HostileInput("DEL in the target", "RFC 3986 §2", target("/v1/\u{7F}"))
        HostileInput("0x01 in the target", "RFC 3986 §2", target("/v1/\u{1}"))
        HostileInput("a tab in the target", "RFC 3986 §2", target("/v1/o\twn"))
        HostileInput("a dot segment", "RFC 3986 §5.2.4", target("/v1/../sim/stats"), .served, daemon: .answered(400))
        HostileInput("a single dot as segment", "RFC 3986 §5.2.4", target("/v1/./own"), .served, daemon: .answered(400))
        HostileInput(
            "a dot segment at the end", "RFC 3986 §5.2.4", target("/v1/own/.."), .served, daemon: .answered(400))
        HostileInput(
            "a dot segment, percent-encoded", "RFC 3986 §6.2.2", target("/v1/%2e%2E/sim/stats"), .served,
            daemon: .answered(400))
        HostileInput(
            "a dot segment behind %2f", "Tsai 2018", target("/v1/a%2f..%2Fsim/stats"), .served, daemon: .answered(400))
        HostileInput(
            "a dot segment behind %5c", "Tsai 2018", target("/v1/a%5c..%5Cstats"), .served, daemon: .answered(400))
        HostileInput(
            "a dot segment behind a backslash", "Tsai 2018", target("/v1/a\\..\\stats"), .served, daemon: .answered(400)
        )
        HostileInput("a dot segment with a parameter", "Tsai 2018", target("/v1/..;/own"), .served)
        HostileInput("a dot segment encoded twice", "Tsai 2018", target("/v1/%252e%252e/own"), .served)
        HostileInput("an encoded line end", "RFC 3986 §2.1", target("/v1/own%0d%0aX:%20y"), .served)
        HostileInput("an encoded NUL", "RFC 3986 §7.3", target("/v1/own%00.json"), .served)
        HostileInput("a percent sign alone", "RFC 3986 §2.1", target("/v1/own%"), .served)
        HostileInput("a percent sign with other letters", "RFC 3986 §2.1", target("/v1/%zz"), .served)
        HostileInput("slashes twice", "RFC 3986 §3.3", target("/v1//own"), .served)
        HostileInput(
            "a network path", "RFC 3986 §4.2", target("//attacker.example/v1/own"), .served, daemon: .answered(404))
        HostileInput("brackets and braces", "RFC 3986 §2.2", target("/v1/[own]{x}|^`\"<>"), .served)
    }

    @HostileInputList static var hosts: [HostileInput] {
        HostileInput("no Host", "RFC 9112 §3.2", "GET /v1/own HTTP/1.1\r\nX-API-Key: \(token)\r\n\r\n")
        HostileInput("two Hosts", "RFC 9112 §3.2", host("Host: localhost\r\nHost: attacker.example"))
        HostileInput("two equal Hosts", "RFC 9112 §3.2", host("Host: localhost\r\nHost: localhost"))
        HostileInput("two Hosts in two cases", "RFC 9110 §5.1", host("Host: localhost\r\nhOST: localhost"))
        HostileInput(
            "a Host and one behind bare LF", "HTTP Garden (Kallus et al. 2024)",
            host("Host: localhost\nHost: attacker.example"))
        HostileInput(
            "a Host and one that is folded", "RFC 9112 §5.2", host("Host: localhost\r\n Host: attacker.example"))
        HostileInput(
            "a Host and a nearly equal name", "Kettle 2013, forged hosts",
            host("Host: localhost\r\nX-Host: attacker.example"), .ignored)
        HostileInput(
            "a Host and a forwarded one", "Kettle 2013, forged hosts",
            host("Host: localhost\r\nX-Forwarded-Host: attacker.example"), .ignored)
        HostileInput("an empty Host", "RFC 9110 §7.2", host("Host:"), .served, daemon: .answered(403))
        HostileInput(
            "a list of Hosts", "RFC 9110 §7.2", host("Host: localhost, attacker.example"), .served,
            daemon: .answered(403))
        HostileInput(
            "a foreign Host", "T-006, DNS rebinding", host("Host: attacker.example"), .served, daemon: .answered(403))
        HostileInput(
            "a Host that ends in an allowed one", "T-006, DNS rebinding", host("Host: localhost.attacker.example"),
            .served, daemon: .answered(403))
        HostileInput(
            "a Host with a user", "Kettle 2013, forged hosts", host("Host: localhost@attacker.example"), .served,
            daemon: .answered(403))
        HostileInput("a Host with a path", "RFC 9110 §7.2", host("Host: localhost/x"), .served, daemon: .answered(403))
        HostileInput(
            "a Host with a scheme", "RFC 9110 §7.2", host("Host: http://localhost"), .served, daemon: .answered(403))
        HostileInput(
            "a Host with a port that is none", "RFC 9110 §7.2", host("Host: localhost:x"), .served,
            daemon: .answered(403))
        HostileInput(
            "a Host with two ports", "RFC 9110 §7.2", host("Host: localhost:80:90"), .served, daemon: .answered(403))
        HostileInput(
            "a Host with a port of 99999", "RFC 3986 §3.2.3", host("Host: localhost:99999"), .served,
            daemon: .answered(403))
        HostileInput("a Host with a tab", "RFC 9110 §7.2", host("Host: local\thost"), .served, daemon: .answered(403))
        HostileInput(
            "a Host above ASCII", "RFC 9110 §7.2", host("Host: l\u{F6}calhost"), .served, daemon: .answered(403))
        HostileInput(
            "a Host in brackets that do not end", "RFC 3986 §3.2.2", host("Host: [::1"), .served, daemon: .answered(403)
        )
        HostileInput("a Host with a zone", "RFC 6874 §2", host("Host: [::1%25lo]"), .served, daemon: .answered(403))
        HostileInput(
            "an address as one number", "WHATWG URL §3.5", host("Host: 2130706433"), .served, daemon: .answered(403))
    }

    @HostileInputList static var fields: [HostileInput] {
        HostileInput("a name in parentheses", "RFC 9110 §5.6.2", get("X(y): z\r\n"))
        HostileInput("a quoted name", "RFC 9110 §5.6.2", get("\"X\": z\r\n"))
        HostileInput("a name with a slash", "RFC 9110 §5.6.2", get("X/Y: z\r\n"))
        HostileInput("a name above ASCII", "RFC 9110 §5.1", get("X\u{E4}: z\r\n"))
        HostileInput("a name in UTF-8", "RFC 9110 §5.1", get("X\u{C3}\u{A4}: z\r\n"))
        HostileInput("a name of HTTP/2", "RFC 9113 §8.3", get(":authority: attacker.example\r\n"))
        HostileInput("a request line among the fields", "Linhart et al. 2005", get("GET /v1/hidden HTTP/1.1\r\n"))
        HostileInput("a value that is no UTF-8", "RFC 9110 §5.5", get("X: \u{FF}\u{FE}\r\n"), .ignored)
        HostileInput(
            "a token above ASCII", "K-022", "GET /v1/own HTTP/1.1\r\nHost: localhost\r\nX-API-Key: t\u{F6}k\r\n\r\n",
            .served, daemon: .answered(401))
        HostileInput("two tokens", "K-022", get("Authorization: Bearer other\r\n"), .served, daemon: .answered(401))
        HostileInput(
            "an empty token beside a right one", "K-022", get("Authorization: Bearer\r\n"), .served,
            daemon: .answered(401))
        HostileInput(
            "a token of 5 KiB", "K-022", get("Api-Key: \(many("a", 5000))\r\n"), .served, daemon: .answered(401))
        HostileInput(
            "a foreign Origin", "T-006", get("Origin: https://attacker.example\r\n"), .served, daemon: .answered(403))
        HostileInput("two Origins", "T-006", get("Origin: null\r\nOrigin: null\r\n"), .served, daemon: .answered(403))
        HostileInput("Max-Forwards", "RFC 9110 §7.6.2", get("Max-Forwards: 0\r\n"), .ignored)
        HostileInput(
            "a method that overrides", "Kettle 2024, overriding fields", get("X-HTTP-Method-Override: CONNECT\r\n"),
            .ignored)
        HostileInput(
            "a target that overrides", "Kettle 2024, overriding fields",
            get("X-Original-URL: /v1/hidden\r\nX-Rewrite-URL: /v1/hidden\r\n"), .ignored)
    }

    @HostileInputList static var sizes: [HostileInput] {
        HostileInput("a target of 70 KB", "RFC 9110 §15.5.15", target("/v1/\(many("x", 70_000))"), .refused(431))
        HostileInput("a target of 70 KB without an end", "RFC 9112 §3", "GET /v1/\(many("x", 70_000))", .refused(431))
        HostileInput("a method of 70 KB", "RFC 9112 §3", many("X", 70_000), .refused(431))
        HostileInput("a value of 70 KB", "RFC 6585 §5", get("X: \(many("x", 70_000))\r\n"), .refused(431))
        HostileInput("a name of 70 KB", "RFC 6585 §5", get("\(many("X", 70_000)): y\r\n"), .refused(431))
        HostileInput(
            "a name without an end", "RFC 6585 §5", "\(head("GET /v1/own HTTP/1.1"))\(many("X", 70_000))", .refused(431)
        )
        HostileInput("300 fields", "RFC 6585 §5", get(many("X: y\r\n", 300)), .refused(431))
        HostileInput(
            "fields without an end", "RFC 6585 §5", "\(head("GET /v1/own HTTP/1.1"))\(many("X: y\r\n", 15_000))",
            .refused(431))
        HostileInput(
            "60 KiB of blanks before a value", "RFC 6585 §5", get("X: \(many(" ", 70_000))y\r\n"), .refused(431))
        HostileInput("a target of 60 KB", "RFC 9112 §3", target("/v1/\(many("x", 60_000))"), .served)
        HostileInput("200 fields", "RFC 6585 §5", get(many("X: y\r\n", 200)), .served)
        HostileInput("a length over the limit", "K-039", sized("99999999999", ""), .closed, daemon: .refused(413))
        HostileInput(
            "the largest length", "K-039", sized("9223372036854775807", hidden), .closed, daemon: .refused(413))
    }
}
