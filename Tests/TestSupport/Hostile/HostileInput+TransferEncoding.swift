// Ways to write a transfer coding that some readers take for `chunked` and others do not (RFC 9112 §6.1).
extension HostileInput {
    private static let teTE = "TE.TE (Kettle 2019)"

    @HostileInputList static var transferEncodingValues: [HostileInput] {
        HostileInput("a coding in upper case", "RFC 9112 §7", coded("CHUNKED"), .served)
        HostileInput("a coding in mixed case", "RFC 9112 §7", coded("cHuNkEd"), .served)
        HostileInput("blanks around the coding", "RFC 9110 §5.5", coded(" \t chunked \t "), .served)
        HostileInput(
            "no blank before the coding", "nospace (Kettle 2019)", fielded("Transfer-Encoding:chunked"), .served)
        HostileInput("an empty coding", "RFC 9112 §6.1", coded(""))
        HostileInput("identity", "RFC 7230 appendix A.2", coded("identity"))
        HostileInput("gzip", "RFC 9112 §7.2", coded("gzip"))
        HostileInput("gzip, chunked", "RFC 9112 §6.1", coded("gzip, chunked"))
        HostileInput("chunked, gzip", "RFC 9112 §6.1", coded("chunked, gzip"))
        HostileInput("chunked, identity", "cowComma (Kettle 2019)", coded("chunked, identity"))
        HostileInput("identity, chunked", "commaCow (Kettle 2019)", coded("identity, chunked"))
        HostileInput("identity, chunked, identity", "nested (Kettle 2019)", coded("identity, chunked, identity"))
        HostileInput("chunked, chunked", "RFC 9112 §7.1", coded("chunked, chunked"))
        HostileInput("a comma behind the coding", "RFC 9110 §5.6.1", coded("chunked,"))
        HostileInput("a comma before the coding", "RFC 9110 §5.6.1", coded(",chunked"))
        HostileInput("a parameter", "RFC 9112 §7.1", coded("chunked;q=1"))
        HostileInput("an empty parameter", "RFC 9112 §7", coded("chunked;"))
        HostileInput("a quoted coding", "quoted (Kettle 2019)", coded("\"chunked\""))
        HostileInput("a coding in apostrophes", "aposed (Kettle 2019)", coded("'chunked'"))
        HostileInput("a coding in brackets", "smuggler (Tijerina 2020)", coded("[chunked]"))
        HostileInput("a coding in a comment", "RFC 9110 §5.6.5", coded("(x) chunked"))
        HostileInput("a word before the coding", "smuggler (Tijerina 2020)", coded("x chunked"))
        HostileInput("a word behind the coding", "smuggler (Tijerina 2020)", coded("chunked x"))
        HostileInput("a cut coding", "lazygrep (Kettle 2019)", coded("chunk"))
        HostileInput("a longer coding", teTE, coded("chunkedfoo"))
        HostileInput("a coding with a prefix", teTE, coded("xchunked"))
        HostileInput("an equals sign", "smuggler (Tijerina 2020)", coded("=chunked"))
        HostileInput("a colon before the coding", "smuggler (Tijerina 2020)", coded(": chunked"))
        HostileInput("a vertical tab before the coding", "CVE-2019-18277", coded("\u{B}chunked"))
        HostileInput("a vertical tab behind the coding", "smuggler (Tijerina 2020)", coded("chunked\u{B}"))
        HostileInput("a form feed before the coding", "CVE-2019-15605", coded("\u{C}chunked"))
        HostileInput("a form feed behind the coding", "smuggler (Tijerina 2020)", coded("chunked\u{C}"))
        HostileInput("NUL before the coding", "smuggler (Tijerina 2020)", coded("\u{0}chunked"))
        HostileInput("NUL behind the coding", "smuggler (Tijerina 2020)", coded("chunked\u{0}"))
        HostileInput("a backspace before the coding", "smuggler (Tijerina 2020)", coded("\u{8}chunked"))
        HostileInput("DEL behind the coding", "smuggler (Tijerina 2020)", coded("chunked\u{7F}"))
        HostileInput("a bare CR before the coding", "smuggler (Tijerina 2020)", coded("\rchunked"))
        HostileInput("a bare CR behind the coding", "0dsuffix (Kettle 2019)", coded("chunked\r"))
        HostileInput("a bare LF before the coding", "CVE-2022-32213", coded("\nchunked"))
        HostileInput("0xA0 before the coding", "unispace (Kettle 2019)", coded("\u{A0}chunked"))
        HostileInput("0xFF before the coding", "spaceFF (Kettle 2019)", coded("\u{FF}chunked"))
        HostileInput("0x96 instead of the u", "accentCH (Kettle 2019)", coded("ch\u{96}nked"))
        HostileInput(
            "the Kelvin sign instead of the k", "Unicode case folding, HTTP Garden", coded("chun\u{E2}\u{84}\u{AA}ed"))
        HostileInput(
            "a mark of byte order before the coding", "HTTP Garden (Kallus et al. 2024)",
            coded("\u{EF}\u{BB}\u{BF}chunked"))
        HostileInput("a coding that is percent-encoded", "smuggler (Tijerina 2020)", coded("%63hunked"))
        HostileInput("a folded coding", "CVE-2022-32215", coded("\r\n chunked"))
        HostileInput("a coding folded with a tab", "tabwrap (Kettle 2019)", coded("\r\n\tchunked"))
        HostileInput("a coding with a folded rest", "CVE-2022-32215", coded("chunked\r\n , identity"))
        HostileInput("a coding folded with a vertical tab", "vertwrap (Kettle 2019)", coded("\r\n\u{B}chunked"))
        HostileInput("a coding folded by bare LF", "linewrapped (Kettle 2019)", coded("\n chunked"))
    }

    @HostileInputList static var transferEncodingNames: [HostileInput] {
        HostileInput(
            "chunked twice", "RFC 9112 §7.1; CVE-2020-8287",
            fielded("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"))
        HostileInput(
            "chunked, then identity", "dualchunk (Kettle 2019)",
            fielded("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"))
        HostileInput(
            "identity, then chunked", "revdualchunk (Kettle 2019)",
            fielded("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked"))
        HostileInput("chunked, then nothing", teTE, fielded("Transfer-Encoding: chunked\r\nTransfer-Encoding:"))
        HostileInput(
            "chunked, then an unknown coding in lower case", teTE,
            fielded("Transfer-Encoding: chunked\r\ntransfer-encoding: cow"))
        HostileInput("a name in upper case", "RFC 9110 §5.1", fielded("TRANSFER-ENCODING: chunked"), .served)
        HostileInput("a name in mixed case", "multiCase (Kettle 2019)", fielded("tRANSFER-eNCODING: chunked"), .served)
        HostileInput(
            "a blank before the colon", "RFC 9112 §5.1; CVE-2019-16276", fielded("Transfer-Encoding : chunked"))
        HostileInput("a tab before the colon", "RFC 9112 §5.1; CVE-2021-22959", fielded("Transfer-Encoding\t: chunked"))
        HostileInput(
            "a vertical tab before the colon", "smuggler (Tijerina 2020)", fielded("Transfer-Encoding\u{B}: chunked"))
        HostileInput("NUL before the colon", "smuggler (Tijerina 2020)", fielded("Transfer-Encoding\u{0}: chunked"))
        HostileInput("0xA0 before the colon", "smuggler (Tijerina 2020)", fielded("Transfer-Encoding\u{A0}: chunked"))
        HostileInput("a CR before the colon", "smuggler (Tijerina 2020)", fielded("Transfer-Encoding\r: chunked"))
        HostileInput("a line end before the colon", "gareth (Kettle 2019)", fielded("Transfer-Encoding\r\n : chunked"))
        HostileInput("a bare LF before the colon", "gareth (Kettle 2019)", fielded("Transfer-Encoding\n : chunked"))
        HostileInput("a word before the colon", "spjunk (Klein 2020)", fielded("Transfer-Encoding x: chunked"))
        HostileInput("no colon", "CVE-2019-20444", fielded("Transfer-Encoding chunked"))
        HostileInput("a blank for the hyphen", "spacejoin (Kettle 2019)", fielded("Transfer Encoding: chunked"))
        HostileInput("an underscore for the hyphen", "underjoin (Kettle 2019)", fielded("Transfer_Encoding: chunked"))
        HostileInput("a backslash for the hyphen", "Klein 2020", fielded("Transfer\\Encoding: chunked"))
        HostileInput("a bare CR within the name", "0dspam (Kettle 2019)", fielded("Tra\rnsfer-Encoding: chunked"))
        HostileInput("0x82 within the name", "accentTE (Kettle 2019)", fielded("Transf\u{82}r-Encoding: chunked"))
        HostileInput(
            "a line that begins with a blank", "nameprefix (Kettle 2019)", fielded(" Transfer-Encoding: chunked"))
        HostileInput(
            "a line that begins with a blank behind another", "nameprefix (Kettle 2019)",
            fielded("X: y\r\n Transfer-Encoding: chunked"))
        HostileInput(
            "a line that begins with a tab behind another", "nameprefix (Kettle 2019)",
            fielded("X: y\r\n\tTransfer-Encoding: chunked"))
        HostileInput(
            "a line that begins with CR", "0dwrap (Kettle 2019)", fielded("X: y\r\n\rTransfer-Encoding: chunked"))
        HostileInput("behind a bare CR", "badsetupCR (Kettle 2019)", fielded("X: y\rTransfer-Encoding: chunked"))
        HostileInput("behind a bare LF", "badsetupLF (Kettle 2019)", fielded("X: y\nTransfer-Encoding: chunked"))
        HostileInput(
            "a coding behind two bare LF", "bodysplit (Kettle 2019)", fielded("X: y\n\nTransfer-Encoding: chunked"))
        HostileInput("a colon before the name", "smuggler (Tijerina 2020)", fielded(":Transfer-Encoding: chunked"))
        HostileInput("a quote before the name", "smuggler (Tijerina 2020)", fielded("\"Transfer-Encoding: chunked"))
        HostileInput(
            "in HTTP/1.0", "RFC 9112 §6.1",
            "\(head("POST /v1/own HTTP/1.0", "Transfer-Encoding: chunked\r\n"))\r\n5\r\nhello\r\n\(lastChunk)")
        HostileInput(
            "in HTTP/1.0 that stays", "RFC 9112 §6.1",
            "\(head("POST /v1/own HTTP/1.0", "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"))\r\n\(lastChunk)"
        )
        HostileInput(
            "a name that only decodes to it, beside a length", "encode (Kettle 2019)",
            post("Content-Length: 5\r\nTransfer-%45ncoding: chunked\r\n", lastChunk), .ignored)
        HostileInput(
            "the coding as a content coding, beside a length", "contentEnc (Kettle 2019)",
            post("Content-Length: 5\r\nContent-Encoding: chunked\r\n", lastChunk), .ignored)
        HostileInput(
            "TE instead of Transfer-Encoding, beside a length", "RFC 9110 §10.1.4",
            post("Content-Length: 5\r\nTE: chunked\r\n", lastChunk), .ignored)
        HostileInput(
            "a coding in a field of another name, beside a length", "smuggler (Tijerina 2020)",
            post("Content-Length: 5\r\nX-Transfer-Encoding: chunked\r\n", lastChunk), .ignored)
        HostileInput(
            "TE.0: a GET in chunks, with a request in them", "TE.0 (Bello, Nasser, Alkhoury 2024)",
            get("Transfer-Encoding: chunked\r\n", "\(sizeOfHidden)\r\n\(hidden)\r\n\(lastChunk)"), .served)
        HostileInput(
            "TE.0: OPTIONS in chunks, with a request in them", "TE.0 (Bello, Nasser, Alkhoury 2024)",
            "\(head("OPTIONS /v1/own HTTP/1.1", "Transfer-Encoding: chunked\r\n"))\r\n"
                + "\(sizeOfHidden)\r\n\(hidden)\r\n\(lastChunk)", .served)
    }

    /// The size of a chunk that holds the request that hides.
    static let sizeOfHidden = String(hidden.unicodeScalars.count, radix: 16)

    private static func fielded(_ line: String) -> String { post("\(line)\r\n", "5\r\nhello\r\n\(lastChunk)") }

}
