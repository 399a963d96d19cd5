// What stands behind a request or hides in it, and fields that mean the connection (RFC 9112 §9, RFC 9110 §7.6 to §7.8).
extension HostileInput {
    private static let ascii = "RFC 9112 §2.2"

    @HostileInputList static var pipelines: [HostileInput] {
        HostileInput("garbage behind a request", ascii, get("", "garbage\r\n\r\n"), .servedThenRefused(400))
        HostileInput(
            "bytes of all kinds behind a request", ascii, get("", "\u{FF}\u{0}\u{1}\u{80}"), .servedThenRefused(400))
        HostileInput("two empty lines behind a request", ascii, get("", "\r\n\r\n\(hidden)"), .servedThenRefused(400))
        HostileInput("a bare LF behind a request", ascii, get("", "\n\(hidden)"), .servedThenRefused(400))
        HostileInput("a blank behind a request", ascii, get("", " \(hidden)"), .servedThenRefused(400))
        HostileInput(
            "chunks behind a request without a body", "TE.0 (2024)", get("", "5\r\nhello\r\n\(lastChunk)"),
            .servedThenRefused(400))
        HostileInput(
            "a body behind a request without a length", "0.CL (Kettle 2025)", post("", "{\"model\":\"x\"}\r\n"),
            .servedThenRefused(400))
        HostileInput(
            "a byte more than the length says", "CL.0 (Kettle 2022)", sized("5", "helloG\r\n"), .servedThenRefused(400))
        HostileInput(
            "a second request with both framings", "Kettle 2019",
            get("", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", lastChunk)), .servedThenRefused(400))
        HostileInput(
            "a second request without Host", "RFC 9112 §3.2", get("", "GET /v1/hidden HTTP/1.1\r\n\r\n"),
            .servedThenRefused(400))
        HostileInput(
            "a greeting of TLS behind a request", ascii, get("", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"),
            .servedThenRefused(400))
        HostileInput(
            "the preface of HTTP/2 behind a request", "h2c (2020)", get("", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            .servedThenRefused(400))
        HostileInput(
            "a request in a body with a length", "Linhart et al. 2005", post(length(of: hidden), hidden), .served)
        HostileInput("a request in a body of GET", "CL.0 (Kettle 2022)", get(length(of: hidden), hidden), .served)
        HostileInput(
            "a request in a body of HEAD", "CL.0 (Kettle 2022); RFC 9110 §9.3.2",
            "\(head("HEAD /v1/own HTTP/1.1", length(of: hidden)))\r\n\(hidden)")
        HostileInput(
            "a request in a body of DELETE", "CL.0 (Kettle 2022)",
            "\(head("DELETE /v1/own HTTP/1.1", length(of: hidden)))\r\n\(hidden)", .served)
        HostileInput(
            "a request in a body of OPTIONS", "CL.0 (Kettle 2022)",
            "\(head("OPTIONS /v1/own HTTP/1.1", length(of: hidden)))\r\n\(hidden)", .served)
        HostileInput(
            "a request in a body that is refused early", "CL.0 (Kettle 2022)",
            "POST /v1/own HTTP/1.1\r\nHost: localhost\r\nX-API-Key: wrong\r\n\(length(of: hidden))\r\n\(hidden)",
            .served, daemon: .answered(401))
        HostileInput(
            "a request in chunks that are refused early", "CL.0 (Kettle 2022)",
            "POST /v1/own HTTP/1.1\r\nHost: localhost\r\nX-API-Key: wrong\r\nTransfer-Encoding: chunked\r\n\r\n\(sizeOfHidden)\r\n\(hidden)\r\n\(lastChunk)",
            .served, daemon: .answered(401))
        HostileInput(
            "a request in a body of an unknown path", "CL.0 (Kettle 2022)",
            "\(head("POST /nowhere HTTP/1.1", length(of: hidden)))\r\n\(hidden)", .served, daemon: .answered(404))
        HostileInput(
            "a request behind a body that is too short for it", "CL.0 (Kettle 2022)",
            post("Content-Length: \(hidden.unicodeScalars.count + 1)\r\n", hidden), .closed)
        HostileInput(
            "a request behind one that closes", "RFC 9112 §9.6", get("Connection: close\r\n", hidden), .servedAndClosed)
        HostileInput(
            "garbage behind one that closes", "RFC 9112 §9.6", get("Connection: close\r\n", "garbage\r\n\r\n"),
            .servedAndClosed)
        HostileInput("a request behind a refused one", "RFC 9112 §9.3", "\(head("GET /v1/own HTTP/1.2"))\r\n\(hidden)")
        HostileInput("a request behind a refused body", "RFC 9112 §9.3", chunked("x\r\n\(hidden)"))
    }

    @HostileInputList static var expectations: [HostileInput] {
        HostileInput("Expect without a body", "RFC 9110 §10.1.1", get("Expect: 100-continue\r\n"), .ignored)
        HostileInput(
            "Expect with a length of 0", "0.CL (Kettle 2025)", post("Expect: 100-continue\r\nContent-Length: 0\r\n"),
            .ignored)
        HostileInput(
            "Expect with a body that comes at once", "RFC 9110 §10.1.1",
            post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"), .served)
        HostileInput(
            "Expect with chunks that come at once", "RFC 9110 §10.1.1",
            post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n\(lastChunk)"), .served)
        HostileInput(
            "Expect with a request in the body", "Expect 0.CL (Kettle 2025)",
            post("Expect: 100-continue\r\n\(length(of: hidden))", hidden), .served)
        HostileInput(
            "Expect of something else", "RFC 9110 §10.1.1", post("Expect: 200-ok\r\nContent-Length: 5\r\n", "hello"),
            .ignored)
        HostileInput(
            "Expect with a word before it", "obfuscated Expect (Kettle 2025)",
            post("Expect: y 100-continue\r\nContent-Length: 5\r\n", "hello"), .ignored)
        HostileInput(
            "Expect with a parameter", "obfuscated Expect (Kettle 2025)",
            post("Expect: 100-continue;a=b\r\nContent-Length: 5\r\n", "hello"), .ignored)
        HostileInput(
            "an empty Expect", "obfuscated Expect (Kettle 2025)", post("Expect:\r\nContent-Length: 5\r\n", "hello"),
            .ignored)
        HostileInput(
            "Expect twice", "obfuscated Expect (Kettle 2025)",
            post("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n", "hello"), .served)
        HostileInput(
            "Expect with a blank before the colon", "RFC 9112 §5.1",
            post("Expect : 100-continue\r\nContent-Length: 5\r\n", "hello"))
        HostileInput(
            "Expect folded", "RFC 9112 §5.2", post("Expect:\r\n 100-continue\r\nContent-Length: 5\r\n", "hello"))
        HostileInput(
            "Expect beside both framings", "Kettle 2025",
            post("Expect: 100-continue\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "Expect in HTTP/1.0", "RFC 9110 §10.1.1",
            "\(head("POST /v1/own HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 5\r\n"))\r\nhello",
            .servedAndClosed)
        HostileInput(
            "Expect, and no body ever", "RFC 9110 §10.1.1", post("Expect: 100-continue\r\nContent-Length: 5\r\n"),
            .closed)
    }

    @HostileInputList static var upgrades: [HostileInput] {
        HostileInput(
            "websocket", "L-003; RFC 6455 §4.1",
            get(
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            ), .refused(426))
        HostileInput(
            "websocket with a version that is none", "0ang3el 2019",
            get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n"), .refused(426))
        HostileInput(
            "websocket, and a request behind it", "0ang3el 2019",
            get("Connection: Upgrade\r\nUpgrade: websocket\r\n", hidden), .refused(426))
        HostileInput(
            "websocket in other cases", "RFC 9110 §7.8",
            get("connection: keep-alive, uPGRADE\r\nUPGRADE: WebSocket\r\n"), .refused(426))
        HostileInput(
            "h2c", "h2c smuggling (Miller 2020)",
            get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"),
            .ignored)
        HostileInput(
            "h2c without its settings", "h2c smuggling (Miller 2020)", get("Connection: Upgrade\r\nUpgrade: h2c\r\n"),
            .ignored)
        HostileInput(
            "h2c with a body", "h2c smuggling (Miller 2020)",
            post(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 5\r\n",
                "hello"), .ignored)
        HostileInput(
            "h2c, and frames of HTTP/2 at once", "h2c smuggling (Miller 2020)",
            get(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), .servedThenRefused(400))
        HostileInput(
            "h2c and websocket", "L-003", get("Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n"), .refused(426))
        HostileInput(
            "h2c and websocket in two lines", "L-003",
            get("Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n"), .refused(426))
        HostileInput("h2", "RFC 9113 §3.1", get("Connection: Upgrade\r\nUpgrade: h2\r\n"), .refused(426))
        HostileInput("HTTP/2.0", "RFC 9110 §7.8", get("Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n"), .refused(426))
        HostileInput(
            "TLS", "RFC 2817 §3.2",
            "\(head("OPTIONS /v1/own HTTP/1.1", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"))\r\n", .refused(426))
        HostileInput(
            "an upgrade that Connection does not name", "RFC 9110 §7.8", get("Upgrade: websocket\r\n"), .ignored)
        HostileInput(
            "an upgrade in HTTP/1.0", "RFC 9110 §7.8",
            "\(head("GET /v1/own HTTP/1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n"))\r\n", .servedAndClosed)
        HostileInput(
            "an upgrade with a broken framing", "L-003",
            post("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: x\r\n"))
    }

    @HostileInputList static var connections: [HostileInput] {
        HostileInput(
            "Connection names Content-Length", "Davison 2019, abused hop-by-hop fields",
            post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"), .ignored)
        HostileInput(
            "Connection names Transfer-Encoding", "Davison 2019, abused hop-by-hop fields",
            post("Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n\(lastChunk)"),
            .ignored)
        HostileInput(
            "Connection names Host", "Davison 2019, abused hop-by-hop fields", get("Connection: Host\r\n"), .ignored)
        HostileInput(
            "Connection names the credential", "Davison 2019, abused hop-by-hop fields",
            get("Connection: X-API-Key, Authorization\r\n"), .ignored)
        HostileInput(
            "Connection names Content-Type", "Davison 2019, abused hop-by-hop fields",
            post("Connection: Content-Type\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n", "hello"), .ignored)
        HostileInput(
            "Connection of things that are no tokens", "RFC 9110 §7.6.1", get("Connection: ,,;=\"(, x\r\n"), .ignored)
        HostileInput(
            "Connection with close and keep-alive", "RFC 9112 §9.3", get("Connection: keep-alive, close\r\n", hidden),
            .servedAndClosed)
        HostileInput(
            "Connection twice, close in the second", "RFC 9112 §9.3",
            get("Connection: keep-alive\r\nConnection: CLOSE\r\n", hidden), .servedAndClosed)
        HostileInput("Proxy-Connection", "RFC 9112 appendix C.2.2", get("Proxy-Connection: close\r\n"), .ignored)
        HostileInput(
            "Keep-Alive with a time", "RFC 9112 appendix C.2.2", get("Keep-Alive: timeout=999999, max=1\r\n"), .ignored)
        HostileInput(
            "HTTP/1.0 with keep-alive, and a request in the body", "RFC 9112 §9.3",
            "\(head("POST /v1/own HTTP/1.0", "Connection: keep-alive\r\n\(length(of: hidden))"))\r\n\(hidden)", .served)
    }

    @HostileInputList static var ends: [HostileInput] {
        HostileInput("nothing", "T-002", "", .closed)
        HostileInput("an end within the method", "RFC 9112 §8", "GE", .closed)
        HostileInput("an end behind the request line", "RFC 9112 §8", "GET /v1/own HTTP/1.1\r\n", .closed)
        HostileInput("an end within CRLF", "RFC 9112 §8", "GET /v1/own HTTP/1.1\r", .closed)
        HostileInput("an end within a field", "RFC 9112 §8", "GET /v1/own HTTP/1.1\r\nHost: loc", .closed)
        HostileInput("an end before the empty line", "RFC 9112 §8", head("GET /v1/own HTTP/1.1"), .closed)
        HostileInput("an end within the empty line", "RFC 9112 §8", "\(head("GET /v1/own HTTP/1.1"))\r", .closed)
        HostileInput("an end before the body", "RFC 9112 §8", sized("5", ""), .closed)
        HostileInput("an end within the body", "RFC 9112 §8", sized("5", "hell"), .closed)
        HostileInput("an end within the size of a chunk", "RFC 9112 §8", chunked("5"), .closed)
        HostileInput("an end within an extension", "RFC 9112 §8", chunked("5;a=\"b"), .closed)
        HostileInput("an end within a chunk", "RFC 9112 §8", chunked("5\r\nhell"), .closed)
        HostileInput("an end behind a chunk", "RFC 9112 §8", chunked("5\r\nhello\r"), .closed)
        HostileInput("an end within a trailer", "RFC 9112 §8", chunked("5\r\nhello\r\n0\r\nX: "), .closed)
        HostileInput("an end within the last line", "RFC 9112 §8", chunked("5\r\nhello\r\n0\r\n\r"), .closed)
    }
}
