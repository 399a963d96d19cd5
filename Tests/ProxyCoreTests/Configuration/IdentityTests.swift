import ProxyCore
import Testing

struct IdentityTests {
    @Test("takes labels", arguments: ["a", "0", "alpha", "A.b_c@d+e-f", String(repeating: "x", count: 64)])
    func takesLabels(_ text: String) {
        #expect(KeyLabel(text)?.text == text)
        #expect(ProviderName(text)?.description == text)
        #expect(ClientName(text)?.text == text)
    }

    @Test(
        "refuses what is no label",
        arguments: [
            "", "-a", ".a", "_a", "@a", "a b", "a/b", "a:b", "é", "a\n", "a\u{0}", String(repeating: "x", count: 65),
        ])
    func refusesLabels(_ text: String) {
        #expect(KeyLabel(text) == nil && ProviderName(text) == nil && ClientName(text) == nil)
    }

    @Test("model names may hold dots, slashes and colons (X-064)") func modelNames() {
        for text in ["a", "openai/gpt-4.1:free", "kimi-code/kimi-for-coding", String(repeating: "m", count: 256)] {
            #expect(ModelName(text)?.text == text)
        }
        for text in ["", "a b", "é", "a\t", String(repeating: "m", count: 257)] { #expect(ModelName(text) == nil) }
    }

    @Test("a secret prints as <redacted> only (K-009)") func secretsDoNotPrint() {
        let secret = Secret(bytes: Array("sk-0123456789abcdef".utf8))
        struct Holder { let secret: Secret }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(Holder(secret: secret))", "\([secret])", dumped] {
            #expect(text.contains("<redacted>"))
            #expect(!text.contains("0123"))
        }
        #expect(secret.withText { $0 } == "sk-0123456789abcdef")
        #expect(secret.withBytes { $0.count } == secret.count)
    }

    @Test(
        "masks (K-020)",
        arguments: [
            ("sk-0123456789abcdef", "sk-0***cdef"), ("0123456789abcdef", "0123***cdef"), ("0123456789abcde", "***"),
            ("", "***"),
        ])
    func masks(_ text: String, _ expected: String) {
        #expect(Secret(bytes: Array(text.utf8)).masked == expected)
    }

    @Test func secretsCompareByContent() {
        let secret = Secret(bytes: Array("abcdef".utf8))
        #expect(secret == Secret(bytes: Array("abcdef".utf8)))
        for other in ["abcdeg", "bbcdef", "abcde", "abcdefg", ""] {
            #expect(secret != Secret(bytes: Array(other.utf8)))
        }
    }

    @Test(
        "reads secret references and writes them back",
        arguments: [
            "file:alpha.key", "file:/etc/kmi/a key", "credential:alpha", "env:A_1", "store:a@b",
            "secret-service:service=kmi,user=a",
        ])
    func readsReferences(_ text: String) throws {
        #expect(try SecretReference(parsing: text).description == text)
    }

    @Test("the order of attributes makes no difference") func attributesAreASet() throws {
        #expect(
            try SecretReference(parsing: "secret-service:b=2,a=1") == SecretReference(parsing: "secret-service:a=1,b=2")
        )
    }

    @Test(
        "refuses what is no reference, and never repeats it (K-009)",
        arguments: [
            "", "sk-0123456789", "file:", "credential:", "credential:a/b", "credential:..", "env:", "env:1A", "env:A-B",
            "store:", "store:../x", "store:a/b", "secret-service:", "secret-service:a", "secret-service:a=",
            "secret-service:a=1,",
            "secret-service:a=1,a=2", "FILE:a", "sk-0123456789:abc", "file:a\u{0}b",
        ])
    func refusesReferences(_ text: String) {
        let error = #expect(throws: ConfigurationValueError.self) { try SecretReference(parsing: text) }
        #expect(error?.reason.contains("0123456789") == false)
    }

    @Test(
        "keeps credentials and what belongs to a connection out of forwarded fields",
        arguments: [
            "Authorization", "x-api-key", "API-KEY", "X-Goog-Api-Key", "X-KMI-Key", "Host", "Content-Length",
            "Connection", "TE",
            "OpenAI-Organization", "", "a b", "a:",
        ])
    func guardsForwardedFields(_ name: String) {
        #expect(throws: ConfigurationValueError.self) { try FieldNameRules.checkForwarded(name) }
    }

    @Test func keysMayNameTheirOrganization() throws {
        try FieldNameRules.check(.init(name: "OpenAI-Organization", value: "org-1"))
        for value in [" a", "a ", "a\r\nb", "é"] {
            #expect(throws: ConfigurationValueError.self) { try FieldNameRules.check(.init(name: "X-A", value: value)) }
        }
    }
}
