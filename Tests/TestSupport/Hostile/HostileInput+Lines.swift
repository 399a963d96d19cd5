// Line ends, control characters and blanks where none belong, and request lines (RFC 9112 §2.2, §3 and §5).
extension HostileInput {
    static let garden = "HTTP Garden (Kallus et al. 2024)"

    @HostileInputList static var lineEnds: [HostileInput] {
        HostileInput("bare LF behind the request line", "RFC 9112 §2.2", "GET /v1/own HTTP/1.1\n\(lines)\r\n")
        HostileInput("bare LF behind a field", "RFC 9112 §2.2; CVE-2022-32214", get("X: y\n"))
        HostileInput("bare LF behind Host", "RFC 9112 §2.2", "GET /v1/own HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n")
        HostileInput("bare LF as the empty line", "CVE-2022-35256", "\(head("GET /v1/own HTTP/1.1"))\n\(hidden)")
        HostileInput("bare LF everywhere", garden, "GET /v1/own HTTP/1.1\nHost: localhost\n\n")
        HostileInput("LF LF within a value", "bodysplit (Kettle 2019)", get("X: y\n\nGET /v1/hidden HTTP/1.1\r\n"))
        HostileInput("bare CR behind the request line", "RFC 9112 §2.2", "GET /v1/own HTTP/1.1\r\(lines)\r\n")
        HostileInput("bare CR within a value", "CVE-2023-30589", get("X: y\rz\r\n"))
        HostileInput("a field behind bare CR", "CVE-2023-30589", get("X: y\rContent-Length: 50\r\n"))
        HostileInput("bare CR at the end of a value", garden, get("X: y\r\r\n"))
        HostileInput("bare CR at the beginning of a value", garden, get("X: \ry\r\n"))
        HostileInput("bare CR as the empty line", garden, "\(head("GET /v1/own HTTP/1.1"))\rX: y\r\n\r\n")
        HostileInput("bare CR within a name", "0dspam (Kettle 2019)", get("X\rY: z\r\n"))
        HostileInput("bare CR in the method", garden, "GE\rT /v1/own HTTP/1.1\r\n\(lines)\r\n")
        HostileInput("bare CR in the target", "RFC 9112 §2.2", "GET /v1/\rown HTTP/1.1\r\n\(lines)\r\n")
        HostileInput("bare CR behind the version", garden, "GET /v1/own HTTP/1.1\r\r\n\(lines)\r\n")
        HostileInput("CR LF CR as the end of the head", garden, "\(head("GET /v1/own HTTP/1.1"))\r\r\n")
        HostileInput("LF CR as a line end", garden, "GET /v1/own HTTP/1.1\n\r\(lines)\n\r")
        HostileInput("NUL in the method", "RFC 9110 §5.5", "GE\u{0}T /v1/own HTTP/1.1\r\n\(lines)\r\n")
        HostileInput("NUL in the target", "RFC 9112 §3", "GET /v1/\u{0}own HTTP/1.1\r\n\(lines)\r\n")
        HostileInput("NUL behind the version", "RFC 9112 §2.3", "GET /v1/own HTTP/1.1\u{0}\r\n\(lines)\r\n")
        HostileInput("NUL in a name", "RFC 9110 §5.1", get("X\u{0}Y: z\r\n"))
        HostileInput("NUL in a value", "RFC 9110 §5.5", get("X: y\u{0}z\r\n"))
        HostileInput("NUL as a line of its own", garden, get("\u{0}\r\n"))
        HostileInput("NUL before the request line", garden, "\u{0}\(get())")
        HostileInput("NUL in Host", "RFC 9110 §5.5", "GET /v1/own HTTP/1.1\r\nHost: local\u{0}host\r\n\r\n")
        HostileInput("an escape sequence in a value", "RFC 9110 §5.5", get("X: \u{1B}[2J\r\n"))
        HostileInput("DEL in a value", "RFC 9110 §5.5", get("X: \u{7F}\r\n"))
        HostileInput("a vertical tab in a value", "RFC 9110 §5.5", get("X: a\u{B}b\r\n"))
        HostileInput(
            "the next-line mark of ISO 8859-1 in a value", "RFC 9110 §5.5", get("X: a\u{85}GET /v1/hidden\r\n"),
            .ignored)
        HostileInput(
            "the line separator of Unicode in a value", garden, get("X: a\u{E2}\u{80}\u{A8}Host: b\r\n"), .ignored)
        HostileInput(
            "CR and LF in disguise of UTF-8 in a value", "Unicode overflow, Heyes 2024",
            get("X: a\u{E5}\u{98}\u{8A}\u{E5}\u{98}\u{8D}Host: b\r\n"), .ignored)
    }

    @HostileInputList static var blanks: [HostileInput] {
        HostileInput(
            "a blank before the colon of Host", "RFC 9112 §5.1", "GET /v1/own HTTP/1.1\r\nHost : localhost\r\n\r\n")
        HostileInput(
            "a tab before the colon of Host", "RFC 9112 §5.1", "GET /v1/own HTTP/1.1\r\nHost\t: localhost\r\n\r\n")
        HostileInput(
            "a blank before the colon of the length", "CVE-2019-16276", post("Content-Length : 5\r\n", "hello"))
        HostileInput("a tab before the colon of the length", "CVE-2021-22959", post("Content-Length\t: 5\r\n", "hello"))
        HostileInput("a blank before the length's name", "CVE-2024-27982", post(" Content-Length: 5\r\n", "hello"))
        HostileInput("a tab before the length's name", "CVE-2024-27982", post("\tContent-Length: 5\r\n", "hello"))
        HostileInput(
            "a first line that begins with a blank", "RFC 9112 §2.2", "GET /v1/own HTTP/1.1\r\n Host: localhost\r\n\r\n"
        )
        HostileInput("a first line of blanks", "RFC 9112 §2.2", "GET /v1/own HTTP/1.1\r\n  \r\n\(lines)\r\n")
        HostileInput("a folded value", "RFC 9112 §5.2", get("X: y\r\n z\r\n"))
        HostileInput("a value folded with a tab", "RFC 9112 §5.2", get("X: y\r\n\tz\r\n"))
        HostileInput("a value folded to nothing", "RFC 9112 §5.2", get("X: y\r\n \r\n"))
        HostileInput("a folded Host", "RFC 9112 §5.2", "GET /v1/own HTTP/1.1\r\nHost:\r\n localhost\r\n\r\n")
        HostileInput("a folded length", "RFC 9112 §5.2", post("Content-Length:\r\n 5\r\n", "hello"))
        HostileInput(
            "a line of one blank as the end of the head", "RFC 9112 §2.2", "\(head("GET /v1/own HTTP/1.1"))  \r\n\r\n")
        HostileInput("a blank within a name", "RFC 9110 §5.1", get("X Y: z\r\n"))
        HostileInput("an empty name", "RFC 9110 §5.1", get(": z\r\n"))
        HostileInput("a name of blanks", "RFC 9110 §5.1", get("  : z\r\n"))
        HostileInput("a line without a colon", "CVE-2019-20444", get("X\r\n"))
        HostileInput("a form feed before the colon", garden, get("X\u{C}: z\r\n"))
        HostileInput("a no-break space before the colon", garden, get("X\u{A0}: z\r\n"))
        HostileInput("blanks around a value", "RFC 9110 §5.5", get("X: \t  y \t \r\n"), .served)
        HostileInput("a value of nothing but blanks", "RFC 9110 §5.5", get("X: \t  \r\n"), .served)
    }

    private static func line(_ text: String) -> String { "\(head(text))\r\n" }

    @HostileInputList static var requestLines: [HostileInput] {
        HostileInput("HTTP/0.9", "RFC 1945 §4.1", "GET /v1/own\r\n")
        HostileInput("HTTP/0.9 with fields", "RFC 9112 §3", line("GET /v1/own"))
        HostileInput("a version of 0.9", "RFC 9112 §2.3", line("GET /v1/own HTTP/0.9"))
        HostileInput("a version of 1.2", "RFC 9112 §2.3", line("GET /v1/own HTTP/1.2"))
        HostileInput("a version of 1.9", "RFC 9112 §2.3", line("GET /v1/own HTTP/1.9"))
        HostileInput("a version of 2.0", "RFC 9112 §2.3", line("GET /v1/own HTTP/2.0"))
        HostileInput("a version of 3", "RFC 9112 §2.3", line("GET /v1/own HTTP/3"))
        HostileInput("a version of 1.10", "RFC 9112 §2.3", line("GET /v1/own HTTP/1.10"))
        HostileInput("a version of 01.1", "RFC 9112 §2.3", line("GET /v1/own HTTP/01.1"))
        HostileInput("a version with a comma", "RFC 9112 §2.3", line("GET /v1/own HTTP/1,1"))
        HostileInput("a version with a sign", "RFC 9112 §2.3", line("GET /v1/own HTTP/+1.1"))
        HostileInput("a version without a minor number", "RFC 9112 §2.3", line("GET /v1/own HTTP/1"))
        HostileInput("a version in lower case", "RFC 9112 §2.3", line("GET /v1/own http/1.1"))
        HostileInput("another protocol", "T-Reqs (Jabiyev et al. 2021)", line("GET /v1/own HTTPS/1.1"))
        HostileInput("ICY", "RFC 9112 §2.3", line("GET /v1/own ICE/1.0"))
        HostileInput("a blank within the version", "RFC 9112 §2.3", line("GET /v1/own HTTP /1.1"))
        HostileInput("a version twice", "T-Reqs (Jabiyev et al. 2021)", line("GET /v1/own HTTP/1.1 HTTP/1.1"))
        HostileInput("the preface of HTTP/2", "RFC 9113 §3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        HostileInput("the preface of HTTP/2 without its end", "RFC 9113 §3.4", "PRI * HTTP/2.0\r\n")
        HostileInput("a blank before the method", "RFC 9112 §3", line(" GET /v1/own HTTP/1.1"))
        HostileInput("a tab before the method", "RFC 9112 §3", line("\tGET /v1/own HTTP/1.1"))
        HostileInput("two blanks behind the method", "RFC 9112 §3", line("GET  /v1/own HTTP/1.1"))
        HostileInput("two blanks before the version", "RFC 9112 §3", line("GET /v1/own  HTTP/1.1"))
        HostileInput("a blank behind the version", "RFC 9112 §3", line("GET /v1/own HTTP/1.1 "))
        HostileInput("a tab behind the method", "RFC 9112 §3", line("GET\t/v1/own HTTP/1.1"))
        HostileInput("a tab before the version", "RFC 9112 §3", line("GET /v1/own\tHTTP/1.1"))
        HostileInput("a form feed behind the method", "RFC 9112 §3", line("GET\u{C}/v1/own HTTP/1.1"))
        HostileInput("a blank within the target", "RFC 9112 §3.2", line("GET /v1/own /v1/hidden HTTP/1.1"))
        HostileInput("no target", "RFC 9112 §3", line("GET HTTP/1.1"))
        HostileInput("an empty target", "RFC 9112 §3", line("GET  HTTP/1.1"))
        HostileInput("a method alone", "RFC 9112 §3", line("GET"))
        HostileInput("a target alone", "RFC 9112 §3", line("/v1/own"))
        HostileInput("no request line", "RFC 9112 §3", "\(lines)\r\n")
        HostileInput("an answer", "RFC 9112 §4", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        HostileInput("a method in lower case", "RFC 9110 §9.1", line("get /v1/own HTTP/1.1"))
        HostileInput("a method in mixed case", "RFC 9110 §9.1", line("Get /v1/own HTTP/1.1"))
        HostileInput("TRACE in lower case", "RFC 9110 §9.1 and §9.3.8", line("trace /v1/own HTTP/1.1"))
        HostileInput("CONNECT in mixed case", "RFC 9110 §9.1", line("Connect localhost:443 HTTP/1.1"))
        HostileInput("a method in brackets", "RFC 9110 §9.1", line("G(E)T /v1/own HTTP/1.1"))
        HostileInput("a quoted method", "RFC 9110 §9.1", line("\"GET\" /v1/own HTTP/1.1"))
        HostileInput("a method with a colon", "RFC 9110 §9.1", line("GET: /v1/own HTTP/1.1"))
        HostileInput("a method above ASCII", "RFC 9110 §9.1", line("G\u{C8}T /v1/own HTTP/1.1"))
        HostileInput("a method of 40 letters", "RFC 9110 §9.1", line("\(many("GETS", 10)) /v1/own HTTP/1.1"))
        HostileInput("CONNECT", "RFC 9110 §9.3.6", line("CONNECT localhost:443 HTTP/1.1"), .refused(405))
        HostileInput("CONNECT in origin form", "RFC 9110 §9.3.6", line("CONNECT /v1/own HTTP/1.1"), .refused(405))
        HostileInput("TRACE", "RFC 9110 §9.3.8", line("TRACE /v1/own HTTP/1.1"), .served, daemon: .answered(405))
        HostileInput("an empty line first", "RFC 9112 §2.2", "\r\n\(get())", .served)
        HostileInput("two empty lines first", "RFC 9112 §2.2", "\r\n\r\n\(get())")
        HostileInput("a bare LF first", "RFC 9112 §2.2", "\n\(get())")
        HostileInput("a bare CR first", "RFC 9112 §2.2", "\r\(get())")
        HostileInput("a mark of byte order first", garden, "\u{EF}\u{BB}\u{BF}\(get())")
        HostileInput(
            "a TLS greeting without a line end", "RFC 8446 §4.1.2",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}\u{3}\u{3}")
        HostileInput("a SOCKS greeting", "RFC 1928 §3", "\u{5}\u{1}\u{0}")
        HostileInput("an SSH greeting", "RFC 4253 §4.2", "SSH-2.0-OpenSSH_9.2\r\n")
        HostileInput("the PROXY protocol", "HAProxy, PROXY protocol 1", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n\(get())")
        HostileInput("HTTP/1.0", "RFC 9112 §9.3", "\(head("GET /v1/own HTTP/1.0"))\r\n\(hidden)", .servedAndClosed)
        HostileInput("HTTP/1.0 without Host", "RFC 9112 §3.2", "GET /v1/own HTTP/1.0\r\nX-API-Key: \(token)\r\n\r\n")
    }
}
