import ProxyCore

extension ValueForm where Value == ListenSpecification {
    /// Where to listen.
    static var listen: ValueForm {
        ValueForm.parsed(
            "an address such as \"127.0.0.1:7878\", \"[::1]:7878\", \"http://…\", \"https://…\" or \"unix:/path\"",
            accepted: ["\"127.0.0.1:7878\"", "\"[::1]:0\"", "\"http://localhost:7878\"", "\"unix:/run/kmi/a.sock\""],
            refused: [
                "\"\"", "\"127.0.0.1\"", "\":7878\"", "\"127.0.0.1:70000\"", "\"unix:relative\"", "\"ftp://a:1\"",
            ]
        ) { (text) throws(ConfigurationValueError) in try ListenSpecification(parsing: text) }
    }
}

extension ValueForm where Value == ListenSpecification? {
    /// Where to listen, or `off`.
    static var listenOrOff: ValueForm {
        let listen = ValueForm<ListenSpecification>.listen
        var samples = listen.samples
        samples.accepted.append("\"off\"")
        return ValueForm("\(listen.expected), or \"off\"", samples: samples) {
            (node) throws(ConfigurationValueError) in
            if case .text("off") = node { return nil }
            return try listen.read(node)
        }

    }
}

extension ValueForm where Value == Configuration.Server.Socket {
    /// The Unix socket of the data plane.
    static var socket: ValueForm {
        ValueForm.parsed(
            "\"auto\", \"off\" or the absolute path of a socket",
            accepted: ["\"auto\"", "\"off\"", "\"/run/kmi/proxy.sock\""],
            refused: ["\"\"", "\"proxy.sock\"", "\"/\(String(repeating: "a", count: 107))\""]
        ) { (text) throws(ConfigurationValueError) in
            switch text {
            case "auto": return .automatic
            case "off": return .off
            default:
                let path = text.hasPrefix("unix:") ? String(text.dropFirst("unix:".count)) : text
                guard path.hasPrefix("/") else {
                    throw .notInRange("\"auto\", \"off\" or the absolute path of a socket")
                }
                try ListenSpecification.checkSocketPath(path)
                return .path(path)
            }
        }
    }
}

extension ValueForm where Value == AddressBlock {
    /// A block of addresses.
    static var addressBlock: ValueForm {
        ValueForm.parsed(
            "a CIDR block such as \"10.0.0.0/8\"",
            accepted: ["\"10.0.0.0/8\"", "\"fd00::/8\"", "\"127.0.0.1\""],
            refused: ["\"\"", "\"10.0.0.0/33\"", "\"example.org\"", "\"10.0.0/8\""]
        ) { (text) throws(ConfigurationValueError) in try AddressBlock(parsing: text) }
    }
}

extension ValueForm where Value == HostPattern {
    /// A host that providers may have.
    static var hostPattern: ValueForm {
        ValueForm.parsed(
            "a host name, or \"*.suffix\"",
            accepted: ["\"api.example.org\"", "\"*.example.org\"", "\"127.0.0.1\""],
            refused: ["\"\"", "\"*\"", "\"https://a\"", "\"a:443\"", "\"a.*.b\""]
        ) { (text) throws(ConfigurationValueError) in try HostPattern(parsing: text) }
    }
}

extension ValueForm where Value == UpstreamBase {
    /// The address of a provider.
    static var base: ValueForm {
        ValueForm.parsed(
            "https://HOST/PATH; http:// for loopback and unix:/SOCKET[:/PATH] for servers of this machine",
            accepted: [
                "\"https://api.example.org/v1\"", "\"http://127.0.0.1:8080/v1\"", "\"http://[::1]:8080\"",
                "\"unix:/run/llm.sock:/v1\"",
            ],
            refused: [
                "\"http://api.example.org/v1\"", "\"ftp://a/b\"", "\"https://\"", "\"https://u:p@a/b\"",
                "\"https://a/b?c\"",
                "\"https://a/../b\"", "\"unix:relative\"", "\"api.example.org\"",
            ]
        ) { (text) throws(ConfigurationValueError) in try UpstreamBase(parsing: text) }
    }
}

extension ValueForm where Value == Configuration.Control.Bus {
    /// The bus of the control interface.
    static var bus: ValueForm {
        ValueForm.parsed(
            "\"session\", \"system\", \"none\" or a bus address such as \"unix:path=/run/bus\"",
            accepted: ["\"session\"", "\"system\"", "\"none\"", "\"unix:path=/run/bus\""],
            refused: ["\"\"", "\"sessoin\"", "\"unix:\""]
        ) { (text) throws(ConfigurationValueError) in
            switch text {
            case "session": return .session
            case "system": return .system
            case "none": return .none
            default:
                let parts = text.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                    throw .notInRange(
                        "\"session\", \"system\", \"none\" or a bus address such as \"unix:path=/run/bus\""
                            + Suggestion.phrase(for: text, among: ["session", "system", "none"]))
                }
                return .address(text)
            }
        }
    }
}

extension ValueForm where Value == [HeaderFields.Field] {
    /// Fields that go with one key.
    static var headers: ValueForm {
        ValueForm(
            "a table of header names and texts, such as { OpenAI-Organization = \"org-1\" }",
            samples: FormSamples(
                accepted: ["{}", "{ OpenAI-Organization = \"org-1\" }"],
                refused: [
                    "\"a\"", "{ a = 1 }", "{ Authorization = \"b\" }", "{ Host = \"b\" }", "{ \"a b\" = \"c\" }", "[]",
                ]
            )
        ) { (node) throws(ConfigurationValueError) in
            let expected = "a table of header names and texts"
            guard case .table(let members) = node else { throw .wrongKind(expected, node) }
            guard members.count <= 32 else { throw ConfigurationValueError("has more than 32 fields") }
            var fields: [HeaderFields.Field] = []
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                guard case .text(let text) = value else { throw .wrongKind(expected, value) }
                guard !fields.contains(where: { $0.name.equalsIgnoringASCIICase(name) }) else {
                    throw ConfigurationValueError("names \"\(name)\" twice")
                }
                let field = HeaderFields.Field(name: name, value: text)
                do throws(ConfigurationValueError) {
                    try FieldNameRules.check(field)
                } catch {
                    throw ConfigurationValueError("field \"\(name.prefix(64))\" \(error.reason)")
                }
                fields.append(field)
            }
            return fields
        }
    }
}

extension ValueForm where Value == String {
    /// A name of a field that is forwarded.
    static var forwardedField: ValueForm {
        ValueForm.parsed(
            "a header name", accepted: ["\"X-Client-Name\""],
            refused: ["\"\"", "\"a b\"", "\"Authorization\"", "\"Host\""]
        ) { (text) throws(ConfigurationValueError) in
            try FieldNameRules.checkForwarded(text)
            return text
        }
    }

    /// A host of the Host guard.
    static var allowedHost: ValueForm {
        ValueForm.parsed(
            "a host without port",
            accepted: ["\"localhost\"", "\"127.0.0.1\"", "\"[::1]\"", "\"::1\""],
            refused: ["\"\"", "\"*\"", "\"a:80\"", "\"http://a\""]
        ) { (text) throws(ConfigurationValueError) in try Configuration.Server.allowedHost(text) }
    }

    /// An origin whose pages may call.
    static var allowedOrigin: ValueForm {
        ValueForm.parsed(
            "an exact origin such as \"https://app.example\"",
            accepted: ["\"https://app.example\"", "\"http://localhost:3000\"", "\"vscode-webview://abc\""],
            refused: [
                "\"\"", "\"*\"", "\"null\"", "\"https://*.example\"", "\"https://a/\"", "\"https://a:443\"", "\"a\"",
            ]
        ) { (text) throws(ConfigurationValueError) in try Configuration.Server.allowedOrigin(text) }
    }

    /// Where the default provider is mounted.
    static var basePath: ValueForm {
        ValueForm.parsed(
            "a path such as \"/kmi-rotor/v1\", \"/\", or \"\" to turn it off",
            accepted: ["\"\"", "\"/\"", "\"/kmi-rotor/v1\"", "\"/a/\""],
            refused: ["\"a\"", "\"/a//b\"", "\"/../a\"", "\"/a?b\"", "\"/a b\""]
        ) { (text) throws(ConfigurationValueError) in try Configuration.Server.basePath(text) }
    }

    /// The proxy towards providers.
    static var proxy: ValueForm {
        ValueForm.parsed(
            "http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT",
            accepted: ["\"http://127.0.0.1:3128\"", "\"https://proxy.example:443\"", "\"socks5h://[::1]:1080\""],
            refused: ["\"proxy\"", "\"socks5://a:1\"", "\"http://a\"", "\"http://u:p@a:1\"", "\"http://a:1/b\""]
        ) { (text) throws(ConfigurationValueError) in
            let expected = "http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT"
            guard let scheme = ["http://", "https://", "socks5h://"].first(where: { text.hasPrefix($0) }) else {
                throw .notInRange(expected)
            }
            guard !text.contains("@") else {
                throw ConfigurationValueError(
                    "must not hold a user name or password, because it would stand here in the clear")
            }
            let place: ListenSpecification
            do {
                place = try ListenSpecification(parsing: String(text.dropFirst(scheme.count)))
            } catch {
                throw .notInRange(expected)
            }
            guard case .tcp(_, let port) = place.address, port != 0, place.scheme == .automatic else {
                throw .notInRange(expected)
            }
            return text
        }
    }

    /// A digest of a public key.
    static var pin: ValueForm {
        ValueForm.parsed(
            "\"sha256//BASE64\" of a public key (SPKI)",
            accepted: ["\"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""],
            refused: [
                "\"\"", "\"sha1//AAAA\"", "\"sha256//AAAA\"", "\"sha256//\(String(repeating: "?", count: 43))=\"",
                // Not the text of any 32 bytes: what it would be compared with never reads so.
                "\"sha256//\(String(repeating: "A", count: 42))B=\"",
            ]
        ) { (text) throws(ConfigurationValueError) in
            let digits = text.dropFirst("sha256//".count)
            let isBase64 = digits.dropLast().utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0.asciiLowercased) || $0 == 0x2B || $0 == 0x2F
            }
            // The last digit of 32 bytes holds four bits, the two others are zero (RFC 4648 section 3.5).
            let isCanonical = digits.dropLast().last.map { "AEIMQUYcgkosw048".contains($0) } ?? false
            guard text.hasPrefix("sha256//"), digits.utf8.count == 44, digits.hasSuffix("="), isBase64, isCanonical
            else {
                throw .notInRange("\"sha256//\" and the 44 characters of a SHA-256 digest in base64")
            }
            return text
        }
    }

    /// A route of a client, as a path.
    static var route: ValueForm {
        ValueForm.parsed(
            RoutePattern.rule, accepted: ["\"/v1/chat/completions\"", "\"/v1/messages/*\"", "\"/*\""],
            refused: ["\"\"", "\"v1\"", "\"/a b\"", "\"/v1/*/x\"", "\"/v1/chat*\"", "\"/v1/models?x\""]
        ) { (text) throws(ConfigurationValueError) in
            guard RoutePattern.isValid(text) else { throw .notInRange(RoutePattern.rule) }
            return text
        }
    }
}
