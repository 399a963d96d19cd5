// Chunked bodies that readers disagree about (RFC 9112 §7.1).
extension HostileInput {
    private static let funky = "Funky chunks (Weikop 2025)"

    private static func first(_ size: String) -> String { chunked("\(size)\r\nhello\r\n\(lastChunk)") }

    @HostileInputList static var chunkSizes: [HostileInput] {
        HostileInput("an empty size", "RFC 9112 §7.1", first(""))
        HostileInput("a size of blanks", "RFC 9112 §7.1", first(" "))
        HostileInput("a size that is no number", "RFC 9112 §7.1", first("x"))
        HostileInput("a size with a letter behind it", "RFC 9112 §7.1", first("5g"))
        HostileInput("a positive size", "CVE-2022-24801", first("+5"))
        HostileInput("a negative size", garden, first("-5"))
        HostileInput("a size with 0x", "CVE-2022-24801", first("0x5"))
        HostileInput("a size with 0X", garden, first("0X5"))
        HostileInput("a size with an underscore", garden, first("0_5"))
        HostileInput("a size with a fraction", garden, first("5.0"))
        HostileInput("a size with a comma", garden, first("5,5"))
        HostileInput("a quoted size", garden, first("\"5\""))
        HostileInput("a size in digits of full width", garden, first("\u{EF}\u{BC}\u{95}"))
        HostileInput("NUL behind the size", garden, first("5\u{0}"))
        HostileInput("a blank before the size", "RFC 9112 §7.1", first(" 5"))
        HostileInput("a tab before the size", garden, first("\t5"))
        HostileInput("a blank behind the size", "RFC 9112 §7.1; CVE-2023-46846", first("5 "))
        HostileInput("a tab behind the size", garden, first("5\t"))
        HostileInput("a vertical tab behind the size", garden, first("5\u{B}"))
        HostileInput("a blank within the size", garden, first("0 5"))
        HostileInput("a size that 64 bits do not hold", "CVE-2015-3183, wrapped sizes", first("10000000000000005"))
        HostileInput("a size of 64 bits", "RFC 9112 §7.1", first("ffffffffffffffff"))
        HostileInput("a size that is negative in 64 bits", "CVE-2013-2028", first("8000000000000005"))
        HostileInput(
            "a size that is five in 32 bits", "wrapped sizes", chunked("100000005\r\nhello\r\n\(lastChunk)"), .closed)
        HostileInput("a size of zeros without end", "RFC 9112 §7.1", first("\(many("0", 40))5"))
        HostileInput("a size with leading zeros", "RFC 9112 §7.1", first("00005"), .served)
        HostileInput("a size in capital letters", "RFC 9112 §7.1", chunked("A\r\n0123456789\r\n\(lastChunk)"), .served)
        HostileInput("a last chunk of several zeros", "RFC 9112 §7.1", chunked("5\r\nhello\r\n000\r\n\r\n"), .served)
        HostileInput("a negative last chunk", garden, chunked("5\r\nhello\r\n-0\r\n\r\n"))
        HostileInput("an empty line before the size", garden, chunked("\r\n5\r\nhello\r\n\(lastChunk)"))
        HostileInput("a second request instead of a size", "CL.0 (Kettle 2022)", chunked(hidden))
    }

    @HostileInputList static var chunkExtensions: [HostileInput] {
        HostileInput("a sound extension", "RFC 9112 §7.1.1", first("5;a=b"), .ignored)
        HostileInput("an extension without a value", "RFC 9112 §7.1.1", first("5;a"), .ignored)
        HostileInput("three extensions", "RFC 9112 §7.1.1", first("5;a;b=c;d=\"e\""), .ignored)
        HostileInput("an extension with a quoted value", "RFC 9112 §7.1.1", first("5;a=\"b;c\\\"d\""), .ignored)
        HostileInput(
            "an extension of the last chunk", "RFC 9112 §7.1.1", chunked("5\r\nhello\r\n0;a=b\r\n\r\n"), .ignored)
        HostileInput("blanks within an extension", "RFC 9112 §7.1.1", first("5; a = b ; c"), .ignored)
        HostileInput("a hidden size in an extension", funky, first("5;5"), .ignored)
        HostileInput("blanks before an extension", "CVE-2023-46846", first("5 ;a=b"))
        HostileInput("an empty extension", garden, first("5;"))
        HostileInput("an empty extension of the last chunk", garden, chunked("5\r\nhello\r\n0;\r\n\r\n"))
        HostileInput("two empty extensions", garden, first("5;;"))
        HostileInput("an extension without a name", garden, first("5;=b"))
        HostileInput("an extension without a value behind its sign", garden, first("5;a="))
        HostileInput("an extension of two words", garden, first("5;a b"))
        HostileInput("an extension whose name is quoted", garden, first("5;\"a\"=b"))
        HostileInput("an extension with a name that is no token", garden, first("5;a{}=b"))
        HostileInput("an extension with something behind the quotes", garden, first("5;a=\"b\"c"))
        HostileInput("an extension whose quotes do not end", funky, first("5;a=\"b"))
        HostileInput("an extension whose quotes reach over the line", funky, first("5;a=\"\r\nhello\r\n0\r\n\r\n\""))
        HostileInput("an extension with CRLF behind a backslash", funky, first("5;a=\"\\\r\n\""))
        HostileInput("a comma instead of the semicolon", garden, first("5,a=b"))
        HostileInput(
            "TERM.EXT: bare LF in an extension, and a request behind", "\(funky); CVE-2025-22871",
            chunked("5;\nxx\r\n\(lastChunk)\(hidden)"))
        HostileInput(
            "EXT.TERM: a size behind bare LF in an extension", "\(funky); CVE-2025-55315",
            chunked("2;a\n\(sizeOfHidden)\r\nxx\r\n\(hidden)\(lastChunk)"))
        HostileInput("bare LF as the end of an extension", "CVE-2025-22871", chunked("5;a\nhello\r\n\(lastChunk)"))
        HostileInput("bare CR in an extension", "\(funky); CVE-2025-55315", first("5;a\rb"))
        HostileInput("bare CR as the end of an extension", funky, chunked("5;a\rhello\r\n\(lastChunk)"))
        HostileInput("CR CR LF behind an extension", funky, chunked("5;a\r\r\nhello\r\n\(lastChunk)"))
        HostileInput("LF CR behind an extension", funky, chunked("5;a\n\rhello\r\n\(lastChunk)"))
        HostileInput("NUL in an extension", garden, first("5;a\u{0}b"))
        HostileInput("a vertical tab in an extension", garden, first("5;a\u{B}b"))
        HostileInput("a byte above ASCII in the name of an extension", garden, first("5;\u{E4}"))
        HostileInput("a control byte in quotes", garden, first("5;a=\"\u{1}\""))
        HostileInput(
            "an extension of 17 KiB", "RFC 9112 §7.1.1; CVE-2023-39326", first("5;\(many("a", 17_000))"), .refused(431))
        HostileInput(
            "a quoted extension of 17 KiB", "RFC 9112 §7.1.1", first("5;a=\"\(many("b", 17_000))\""), .refused(431))
        HostileInput(
            "17 KiB of extensions in chunks of one byte", "CVE-2023-39326",
            chunked("\(many("1;aaaaaaaa\r\nx\r\n", 2000))\(lastChunk)"), .refused(431))
    }

    @HostileInputList static var chunkEnds: [HostileInput] {
        HostileInput("bare LF behind the size", "CVE-2025-22871", chunked("5\nhello\r\n\(lastChunk)"))
        HostileInput("bare CR behind the size", garden, chunked("5\rhello\r\n\(lastChunk)"))
        HostileInput("bare CR and a byte behind the size", garden, chunked("5\rXhello\r\n\(lastChunk)"))
        HostileInput("LF CR behind the size", garden, chunked("5\n\rhello\r\n\(lastChunk)"))
        HostileInput("CR CR LF behind the size", garden, chunked("5\r\r\nhello\r\n\(lastChunk)"))
        HostileInput("bare LF behind the data", "CVE-2025-43859", chunked("5\r\nhello\n\(lastChunk)"))
        HostileInput("bare CR behind the data", "CVE-2025-43859", chunked("5\r\nhello\r0\r\n\r\n"))
        HostileInput("two other bytes behind the data", "CVE-2025-43859", chunked("5\r\nhelloXX\(lastChunk)"))
        HostileInput("no line end behind the data", "RFC 9112 §7.1", chunked("5\r\nhello\(lastChunk)"))
        HostileInput("a blank behind the data", garden, chunked("5\r\nhello \r\n\(lastChunk)"))
        HostileInput("two line ends behind the data", garden, chunked("5\r\nhello\r\n\r\n\(lastChunk)"))
        HostileInput("SPILL: a chunk longer than its size", funky, chunked("5\r\nhello5\r\nhello\r\n\(lastChunk)"))
        HostileInput("ONE.TWO: one byte for the line end", funky, chunked("5\r\nhello\n2\r\nxx\r\n\(lastChunk)"))
        HostileInput("TWO.ONE: the size in the place of the line end", funky, chunked("5\r\nhello0\r\n\r\n\(hidden)"))
        HostileInput("bare LF behind the last size", garden, chunked("5\r\nhello\r\n0\n\r\n"))
        HostileInput("bare CR behind the last size", garden, chunked("5\r\nhello\r\n0\r\r\n"))
        HostileInput("bare LF as the last line", garden, chunked("5\r\nhello\r\n0\r\n\n"))
        HostileInput("bare CR as the last line", garden, chunked("5\r\nhello\r\n0\r\n\rX"))
        HostileInput("bare LF everywhere in chunks", garden, chunked("5\nhello\n0\n\n"))
        HostileInput(
            "a chunk shorter than its size, with a request in it", "RFC 9112 §7.1", chunked("fff\r\n\(hidden)"), .closed
        )
        HostileInput("no last chunk", "RFC 9112 §8", chunked("5\r\nhello\r\n"), .closed)
        HostileInput("no line behind the last chunk", "RFC 9112 §8", chunked("5\r\nhello\r\n0\r\n"), .closed)
        HostileInput(
            "a request in a chunk", "RFC 9112 §7.1", chunked("\(sizeOfHidden)\r\n\(hidden)\r\n\(lastChunk)"), .served)
    }

    private static func trailing(_ lines: String) -> String { chunked("5\r\nhello\r\n0\r\n\(lines)\r\n") }

    @HostileInputList static var trailers: [HostileInput] {
        HostileInput("a sound trailer", "RFC 9112 §7.1.2", trailing("X: y\r\n"), .ignored)
        HostileInput("Content-Length as a trailer", "RFC 9110 §6.5.1", trailing("Content-Length: 5\r\n"), .ignored)
        HostileInput(
            "Transfer-Encoding as a trailer", "RFC 9110 §6.5.1", trailing("Transfer-Encoding: chunked\r\n"), .ignored)
        HostileInput("Host as a trailer", "RFC 9110 §6.5.1", trailing("Host: attacker.example\r\n"), .ignored)
        HostileInput("a credential as a trailer", "RFC 9110 §6.5.1", trailing("X-API-Key: other\r\n"), .ignored)
        HostileInput("Connection as a trailer", "RFC 9110 §6.5.1", trailing("Connection: close\r\n"), .ignored)
        HostileInput(
            "an announced trailer of framing", "RFC 9110 §6.6.2",
            post("Trailer: Content-Length\r\nTransfer-Encoding: chunked\r\n", "0\r\nContent-Length: 50\r\n\r\n"),
            .ignored)
        HostileInput("a trailer without a colon", garden, trailing("X\r\n"))
        HostileInput("a trailer without a name", garden, trailing(": y\r\n"))
        HostileInput("a trailer with a blank before the colon", "RFC 9112 §5.1", trailing("X : y\r\n"))
        HostileInput("a folded trailer", "RFC 9112 §5.2", trailing("X: y\r\n z\r\n"))
        HostileInput("a trailer that begins with a blank", "RFC 9112 §5.2", trailing(" X: y\r\n"))
        HostileInput("bare LF behind a trailer", garden, trailing("X: y\n"))
        HostileInput("bare CR in a trailer", garden, trailing("X: y\rZ: a\r\n"))
        HostileInput("NUL in a trailer", garden, trailing("X: \u{0}\r\n"))
        HostileInput(
            "a request line as a trailer", "CVE-2020-10111", trailing("GET /v1/hidden HTTP/1.1\r\nHost: localhost\r\n"))
        HostileInput("a hidden request behind bare LF in a trailer", garden, chunked("0\r\nX: y\n\n\(hidden)"))
        HostileInput("trailers of 17 KiB", "RFC 9112 §7.1.2", trailing(many("X: y\r\n", 3000)), .refused(431))
        HostileInput("one trailer of 17 KiB", "RFC 9112 §7.1.2", trailing("X: \(many("y", 17_000))\r\n"), .refused(431))
    }
}
