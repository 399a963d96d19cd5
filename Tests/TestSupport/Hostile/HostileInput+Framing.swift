// Two ways to tell where a body ends, and lengths that are no plain numbers (RFC 9112 §6).
extension HostileInput {
    @HostileInputList static var bothFramings: [HostileInput] {
        HostileInput(
            "CL.TE with one byte behind", "Linhart et al. 2005; Kettle 2019",
            post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"))
        HostileInput(
            "CL.TE with a whole request behind", "Kettle 2019",
            post(
                "\(length(of: lastChunk + hidden))Transfer-Encoding: chunked\r\n",
                "\(lastChunk)\(hidden)"))
        HostileInput(
            "TE.CL with a request in a chunk", "Kettle 2019",
            post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "5c\r\n\(hidden)\r\n\(lastChunk)"))
        HostileInput(
            "TE.CL, coding first", "Kettle 2019",
            post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "8\r\nSMUGGLED\r\n\(lastChunk)"))
        HostileInput(
            "both, and they agree", "RFC 9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "a length of 0 beside chunks", "RFC 9112 §6.3",
            post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "a length of 0 beside chunks, and a request in them", "CL.0 (Kettle 2022)",
            post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", hidden))
        HostileInput(
            "a huge length beside chunks", "RFC 9112 §6.3",
            post("Content-Length: 99999999999\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "a broken length beside chunks", "RFC 9112 §6.3",
            post("Content-Length: x\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "an empty length beside chunks", "CVE-2023-40225",
            post("Content-Length:\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "a length beside identity", "RFC 9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "hello"))
        HostileInput(
            "a length beside an unknown coding", "RFC 9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n", "hello"))
        HostileInput(
            "a length beside an empty coding", "RFC 9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding:\r\n", "hello"))
        HostileInput(
            "a length beside a coding of blanks", "RFC 9112 §6.1",
            post("Content-Length: 5\r\nTransfer-Encoding: \t \r\n", "hello"))
        HostileInput(
            "a length beside a coding with a vertical tab", "CVE-2019-18277",
            post("Content-Length: 6\r\nTransfer-Encoding:\u{B}chunked\r\n", "0\r\n\r\nG"))
        HostileInput(
            "both in a GET", "RFC 9112 §6.3",
            get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "\(lastChunk)\(hidden)"))
        HostileInput(
            "both in HTTP/1.0", "RFC 9112 §6.1",
            "\(head("POST /v1/own HTTP/1.0", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"))\r\n\(lastChunk)")
        HostileInput(
            "both, the coding folded", "RFC 9112 §5.2",
            post("Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n", lastChunk))
        HostileInput(
            "both, the coding after a bare LF", "Kettle 2019, line-feed variants",
            post("Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "both, the coding after a bare CR", "CVE-2023-30589",
            post("Content-Length: 5\r\nX: y\rTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "two lengths beside chunks", "RFC 9112 §6.3",
            post("Content-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "both, and Connection names the length", "RFC 9110 §7.6.1; Davison 2019",
            post("Connection: Content-Length\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", lastChunk))
        HostileInput(
            "both, and Connection names the coding", "RFC 9110 §7.6.1; TE.0 (2024)",
            post("Connection: Transfer-Encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", lastChunk))
    }

    @HostileInputList static var contentLengths: [HostileInput] {
        HostileInput(
            "two different lengths", "RFC 9112 §6.3; Linhart et al. 2005",
            post("Content-Length: 0\r\n\(length(of: hidden))", hidden))
        HostileInput(
            "two different lengths, the longer first", "RFC 9112 §6.3",
            post("\(length(of: hidden))Content-Length: 0\r\n", hidden))
        HostileInput(
            "two equal lengths", "RFC 9110 §8.6",
            post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"))
        HostileInput(
            "two lengths in two cases", "RFC 9110 §5.1",
            post("Content-Length: 5\r\ncontent-LENGTH: 4\r\n", "hello"))
        HostileInput(
            "a sound length and an empty one", "CVE-2023-40225",
            post("Content-Length: 5\r\nContent-Length:\r\n", "hello"))
        HostileInput("a list of different lengths", "RFC 9110 §8.6", sized("5, 6"))
        HostileInput("a list of equal lengths", "RFC 9110 §8.6", sized("5, 5"))
        HostileInput("a list with an empty member", "RFC 9110 §5.6.1", sized("5,"))
        HostileInput("a list that begins empty", "RFC 9110 §5.6.1", sized(",5"))
        HostileInput("an empty length", "CVE-2023-40225", sized(""))
        HostileInput("a length of blanks", "RFC 9110 §8.6", sized(" \t "))
        HostileInput("a positive sign", "CVE-2022-24801", sized("+5"))
        HostileInput("a negative length", "RFC 9110 §8.6", sized("-5"))
        HostileInput("a negative zero", "RFC 9110 §8.6", sized("-0", ""))
        HostileInput("a hexadecimal length", "T-Reqs (Jabiyev et al. 2021)", sized("0x5"))
        HostileInput("an octal length", "T-Reqs (Jabiyev et al. 2021)", sized("0o5"))
        HostileInput("a binary length", "T-Reqs (Jabiyev et al. 2021)", sized("0b101"))
        HostileInput("a fraction", "T-Reqs (Jabiyev et al. 2021)", sized("5.0"))
        HostileInput("an exponent", "T-Reqs (Jabiyev et al. 2021)", sized("5e0"))
        HostileInput("digits with an underscore", "HTTP Garden (Kallus et al. 2024)", sized("0_5"))
        HostileInput("digits with a separator", "T-Reqs (Jabiyev et al. 2021)", sized("1'000"))
        HostileInput("a blank within the digits", "CVE-2018-7159", sized("1 2"))
        HostileInput("a tab within the digits", "CVE-2018-7159", sized("1\t2"))
        HostileInput("a parameter behind the length", "T-Reqs (Jabiyev et al. 2021)", sized("5;a=b"))
        HostileInput("a letter behind the length", "Klein 2020", sized("5 a"))
        HostileInput("a quoted length", "Klein 2020", sized("\"5\""))
        HostileInput("NUL behind the length", "T-Reqs (Jabiyev et al. 2021)", sized("5\u{0}"))
        HostileInput("a vertical tab before the length", "smuggler (Tijerina 2020)", sized("\u{B}5"))
        HostileInput("a form feed behind the length", "smuggler (Tijerina 2020)", sized("5\u{C}"))
        HostileInput("a no-break space before the length", "Kettle 2019, unispace", sized("\u{A0}5"))
        HostileInput("digits of full width", "HTTP Garden (Kallus et al. 2024)", sized("\u{EF}\u{BC}\u{95}"))
        HostileInput("a superscript digit", "HTTP Garden (Kallus et al. 2024)", sized("\u{B2}"))
        HostileInput("one more than 63 bits hold", "RFC 9110 §8.6", sized("9223372036854775808"))
        HostileInput("one more than 64 bits hold", "RFC 9110 §8.6", sized("18446744073709551617"))
        HostileInput("five more than 64 bits hold", "CVE-2021-40346, wrapped lengths", sized("18446744073709551621"))
        HostileInput("two thousand digits", "RFC 9110 §8.6", sized(many("9", 2000)))
        HostileInput(
            "leading zeros", "T-Reqs (Jabiyev et al. 2021)", sized("0000000000000000000000000005"), .served)
        HostileInput("ten as decimals, not octal", "Klein 2020", sized("010", "0123456789"), .served)
        HostileInput("blanks around the length", "RFC 9110 §5.5", sized(" \t 5 \t "), .served)
        HostileInput("no blank before the length", "RFC 9112 §5.1", post("Content-Length:5\r\n", "hello"), .served)
        HostileInput(
            "a name with an underscore instead of the hyphen", "Kettle 2019, underjoin",
            post("Content_Length: 5\r\n", "hello"))
        HostileInput(
            "a length in a name that is no token", "Klein 2020, backslash",
            post("Content\\Length: 5\r\n", "hello"))
        HostileInput(
            "a length and one in a similar name", "Klein 2020",
            post("Content-Length: 5\r\nContent-Length-X: 0\r\n", "hello"), .ignored)
    }
}
