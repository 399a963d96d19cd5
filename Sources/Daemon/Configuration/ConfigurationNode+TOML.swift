extension ConfigurationNode {
    /// The value as TOML writes it, in one line.
    var tomlText: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .time(let text): text
        case .list(let elements): "[" + elements.map(\.tomlText).joined(separator: ", ") + "]"
        case .table(let members):
            members.isEmpty
                ? "{}"
                : "{ "
                    + members.sorted { $0.key < $1.key }.map { "\(Self.key($0.key)) = \($0.value.tomlText)" }
                    .joined(separator: ", ") + " }"
        }
    }

    /// A key, in quotes where it is not bare.
    private static func key(_ key: String) -> String {
        let isBare =
            !key.isEmpty
            && key.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F
                    || $0 == 0x2D
            }
        return isBare ? key : Self.quoted(key)
    }

    /// A basic string (TOML 1.0, "String").
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension ConfigurationNode {
    /// The value without what could be a secret: names and passwords in addresses, and fields of a key's `headers` that are not
    /// known to be none (K-009).
    ///
    /// Neither should be there, for the forms of values refuse what is known to be a credential.
    func withoutSecrets(of key: String) -> ConfigurationNode {
        switch self {
        case .text(let text): .text(Self.withoutUser(text))
        case .list(let elements): .list(elements.map { $0.withoutSecrets(of: key) })
        case .table(let members):
            .table(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        let isHidden = key == "headers" && !Self.isHarmlessField(name)
                        return (name, isHidden ? .text("***") : value.withoutSecrets(of: name))
                    }))
        case .integer, .number, .boolean, .time: self
        }
    }

    private static func isHarmlessField(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["openai-", "anthropic-"].contains { name.hasPrefix($0) }
            || ["http-referer", "x-title", "user-agent"].contains(name)
    }

    /// `https://user:password@host` as `https://***@host`.
    private static func withoutUser(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "@")), let begin = text.firstRange(of: "://")?.upperBound
        else { return text }
        let authority = text[begin...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let sign = authority.lastIndex(of: "@") else { return text }
        return text[..<begin] + "***" + text[sign...]
    }
}
