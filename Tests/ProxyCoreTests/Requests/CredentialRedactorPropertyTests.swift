import ProxyCore
import Testing

@Suite("No planted credential survives (X-011)")
struct CredentialRedactorPropertyTests {
    /// Numbers that are the same in each run (SplitMix64).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    private static let words = [
        "hello", " ", "\n", "{\"a\":1}", "data: ", "token", "key", ": ", "\\", "/", "\u{1F511}", "end.", "[", "]", "--",
    ]

    private func random(_ count: Int, using numbers: inout Numbers) -> String {
        String((0..<count).map { _ in Self.letters.randomElement(using: &numbers) ?? "x" })
    }

    /// A text of ordinary words.
    private func text(using numbers: inout Numbers) -> String {
        (0..<Int.random(in: 0..<20, using: &numbers)).map { _ in Self.words.randomElement(using: &numbers) ?? "" }
            .joined()
    }

    /// A JSON string in which any character may be escaped.
    private func escaped(_ text: String, using numbers: inout Numbers) -> String {
        let units = text.utf16.map { unit -> String in
            let isPlain = (0x20..<0x7F).contains(unit) && unit != 0x22 && unit != 0x5C
            if isPlain, !Int.random(in: 0..<6, using: &numbers).isMultiple(of: 6) {
                return String(decoding: [unit], as: UTF16.self)
            }
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"" + units.joined() + "\""
    }

    @Test("a known secret, whatever stands around it and however often it is escaped")
    func knownSecrets() {
        var numbers = Numbers(state: 1)
        for _ in 0..<400 {
            let canary = self.random(Int.random(in: 8...40, using: &numbers), using: &numbers)
            var text = self.text(using: &numbers) + canary + self.text(using: &numbers)
            let layers = Int.random(in: 0...3, using: &numbers)
            for _ in 0..<layers { text = "{\"t\":\(self.escaped(text, using: &numbers))}" }
            let secrets = (0..<20).map { _ in "sk-" + self.random(30, using: &numbers) } + [canary]
            let redactor = CredentialRedactor(secrets: secrets.map { Secret(bytes: Array($0.utf8)) })
            let result = redactor.redacted(Array(text.utf8), isCut: Bool.random(using: &numbers))
            #expect(!Self.contains(result, canary), "\(text)")
        }
    }

    @Test("a credential that only its form or its name shows")
    func unknownCredentials() {
        var numbers = Numbers(state: 2)
        for _ in 0..<400 {
            let canary = self.random(24, using: &numbers)
            let form =
                [
                    "Bearer \(canary)", "sk-\(canary)", "sk-ant-\(canary)", "AIza\(canary)", "ghp_\(canary)",
                    "xoxb-\(canary)",
                    "{\"api_key\": \"\(canary)\"}", "{\"client_secret\":\"\(canary)\"}", "https://h/?key=\(canary)",
                    "Authorization: Basic \(canary)", "Bearer \t  \(canary)", "Cookie: session=\(canary)",
                    "postgres://user:\(canary)@db", "client_secret=a/b.\(canary)", "password: p@/\(canary)",
                    "-----BEGIN PRIVATE KEY-----\n\(canary)\n-----END PRIVATE KEY-----",
                ].randomElement(using: &numbers) ?? ""
            var text = self.text(using: &numbers) + " " + form + " " + self.text(using: &numbers)
            if Bool.random(using: &numbers) { text = "{\"t\":\(self.escaped(text, using: &numbers))}" }
            let result = CredentialRedactor(secrets: []).redacted(Array(text.utf8), isCut: false)
            #expect(!Self.contains(result, canary), "\(text)")
        }
    }

    @Test("a known secret cut anywhere leaves no eight of its bytes")
    func cutSecrets() {
        var numbers = Numbers(state: 3)
        for _ in 0..<200 {
            let canary = self.random(32, using: &numbers)
            let text = self.text(using: &numbers) + canary
            let redactor = CredentialRedactor(secrets: [Secret(bytes: Array(canary.utf8))])
            let end = text.utf8.count - Int.random(in: 0..<24, using: &numbers)
            let result = redactor.redacted(Array(text.utf8.prefix(end)), isCut: true)
            #expect(!Self.contains(result, String(canary.prefix(8))), "\(text)")
        }
    }

    /// Whether a text stands in bytes, in the escapes of any layer as well.
    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        var shown = String(decoding: bytes, as: UTF8.self)
        for _ in 0..<4 {
            if shown.contains(text) { return true }
            for letter in Self.letters {
                let digits = String(letter.unicodeScalars.first?.value ?? 0, radix: 16)
                shown = shown.replacing("\\u00" + digits, with: String(letter))
            }
            shown = shown.replacing("\\u005c", with: "\\")
        }
        return false
    }
}
