import ProxyCore
import Testing

struct ClientCredentialTests {
    private static func extract(_ fields: [(String, String)]) -> ClientCredential.Extraction {
        ClientCredential.extract(from: HeaderFields(fields))
    }

    private static func token(_ fields: [(String, String)]) -> String? {
        guard case .presented(let credential) = Self.extract(fields) else { return nil }
        return String(decoding: credential.bytes, as: UTF8.self)
    }

    @Test(
        "accepts the five forms (K-022)",
        arguments: [
            [("Authorization", "Bearer abc")], [("authorization", "bearer abc")],
            [("AUTHORIZATION", "BeArEr \t  abc \t")],
            [("Authorization", " \tBearer\tabc")], [("x-api-key", "abc")], [("X-Api-Key", " abc\t")],
            [("api-key", "abc")],
            [("x-goog-api-key", "abc")], [("X-KMI-Proxy-Token", "abc")],
            [("Authorization", "Bearer abc"), ("x-api-key", "abc"), ("api-key", "abc ")],
            [("x-api-key", "abc"), ("x-api-key", "abc")],
            [("Cookie", "zzz"), ("x-api-key", "abc"), ("x-api-keys", "d")],
        ])
    func accepts(fields: [(String, String)]) {
        #expect(Self.token(fields) == "abc")
    }

    @Test(
        "refuses every odd one (K-022)",
        arguments: [
            ([("Authorization", "Bearer a"), ("x-api-key", "b")], ClientCredential.Refusal.conflicting),
            ([("x-api-key", "a"), ("x-api-key", "A")], .conflicting),
            ([("x-api-key", "a"), ("x-api-key", "ab")], .conflicting),
            ([("x-api-key", "")], .empty), ([("x-api-key", " \t")], .empty), ([("Authorization", "Bearer")], .empty),
            ([("Authorization", "Bearer \t ")], .empty), ([("Authorization", "")], .empty),
            ([("x-api-key", "a"), ("api-key", "")], .empty), ([("x-api-key", "é")], .notVisibleASCII),
            ([("x-api-key", "a b")], .notVisibleASCII), ([("Authorization", "Bearer a\u{7F}")], .notVisibleASCII),
            ([("x-api-key", "\u{A0}a")], .notVisibleASCII), ([("x-api-key", "a\u{0}")], .notVisibleASCII),
            ([("x-api-key", String(repeating: "a", count: 4_097))], .tooLong),
            ([("x-api-key", String(repeating: "a", count: 100_000))], .tooLong),
            ([("Authorization", "Basic YTpi")], .otherScheme), ([("Authorization", "Bearerabc")], .otherScheme),
            ([("Authorization", "abc")], .otherScheme),
            ([("Authorization", "Basic a"), ("x-api-key", "b")], .otherScheme),
        ])
    func refuses(fields: [(String, String)], refusal: ClientCredential.Refusal) {
        #expect(Self.extract(fields) == .refused(refusal))
    }

    @Test func takesUpTo4KiB() {
        let longest = String(repeating: "a", count: 4_096)
        #expect(Self.token([("Authorization", "Bearer " + longest)]) == longest)
        #expect(Self.extract([]) == .none)
        #expect(Self.extract([("Proxy-Authorization", "Bearer a"), ("Cookie", "api-key=a")]) == .none)
    }

    @Test("never prints itself (K-020)")
    func neverPrintsItself() {
        guard case .presented(let credential) = Self.extract([("x-api-key", "canary")]) else {
            Issue.record("nothing was extracted")
            return
        }
        #expect(!"\(credential) \(String(describing: credential))".contains("canary"))
    }

    @Test("survives random headers (K-022)")
    func survivesRandomHeaders() {
        var random = SeededGenerator(seed: 3)
        let alphabet: [Unicode.Scalar] = [
            "B", "e", "a", "r", "E", " ", "\t", "é", "\u{0}", "\u{301}", "😀", "=", "\r", "\n",
        ]
        var outcomes: Set<String> = []
        for _ in 0..<3_000 {
            let fields = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let name = ["Authorization", "x-api-key", "api-key", "accept"].randomElement(using: &random) ?? ""
                let prefix = Bool.random(using: &random) ? "Bearer " : ""
                var text = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    text.append(alphabet.randomElement(using: &random) ?? " ")
                }
                return (name, prefix + String(text))
            }
            switch Self.extract(fields) {
            case .none: outcomes.insert("none")
            case .refused(let refusal): outcomes.insert(refusal.rawValue)
            case .presented(let credential):
                outcomes.insert("presented")
                #expect((1...4_096).contains(credential.bytes.count))
                #expect(credential.bytes.allSatisfy { (0x21...0x7E).contains($0) })
            }
        }
        #expect(
            outcomes.isSuperset(of: ["none", "presented", "empty", "not_visible_ascii", "conflicting", "other_scheme"]))
    }
}

struct TokenTableTests {
    private static func credential(_ text: String) throws -> ClientCredential {
        guard case .presented(let credential) = ClientCredential.extract(from: ["x-api-key": text]) else {
            throw ProxyFault(.unauthorized)
        }
        return credential
    }

    @Test("finds the entry of a token (K-022)")
    func findsEntries() throws {
        let tokens = (0..<300).map { "token-\($0)" }
        var table = TokenTable(key: Self.key)
        for token in tokens { table.append(token: token.utf8) }
        #expect(table.count == 300)
        for (index, token) in tokens.enumerated() { #expect(try table.index(of: Self.credential(token)) == index) }
        for wrong in ["token-", "token-300", "Token-1", "token-1x", "x"] {
            #expect(try table.index(of: Self.credential(wrong)) == nil)
        }
        #expect(try TokenTable(key: Self.key).index(of: Self.credential("x")) == nil)
    }

    @Test("keeps keyed digests, not tokens (X-039)")
    func keepsDigests() throws {
        let digest = TokenTable.digest(of: "abc".utf8, key: Self.key)
        // HMAC-SHA-256 with the key of 32 bytes 0x0B over "kmi client token", a zero byte and "abc".
        let code = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(code == "cfac1ecad544ba5d3087ee772b88f37375d7546a91fac3823bff2911ced7be3d")
        #expect(digest != TokenTable.digest(of: "abc".utf8, key: Array(repeating: 1, count: 32)))
        var table = TokenTable(key: Self.key)
        let isAppended = table.append(digest: digest)
        #expect(isAppended)
        #expect(try table.index(of: Self.credential("abc")) == 0)
        let isTaken = table.append(digest: [1, 2])
        #expect(!isTaken)
        #expect(table.count == 1)
        table.append(token: "canary".utf8)
        #expect(!String(reflecting: table).contains("canary"))
    }

    private static let key = [UInt8](repeating: 0x0B, count: 32)
}

struct KeyFingerprintTests {
    @Test("tells two secrets apart, and the same one in two installations (K-024)")
    func tellsSecretsApart() {
        let key = [UInt8](repeating: 0x0B, count: 32)
        let alpha = KeyFingerprint.of(Secret(bytes: "sk-alpha".utf8), installationKey: key)
        #expect(alpha == "42b45b507b57")
        #expect(alpha == KeyFingerprint.of(Secret(bytes: "sk-alpha".utf8), installationKey: key))
        #expect(alpha != KeyFingerprint.of(Secret(bytes: "sk-beta".utf8), installationKey: key))
        #expect(
            alpha
                != KeyFingerprint.of(
                    Secret(bytes: "sk-alpha".utf8), installationKey: [UInt8](repeating: 0x0C, count: 32)))
    }
}
