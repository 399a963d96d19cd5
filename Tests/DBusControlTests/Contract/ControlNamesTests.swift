import DBusControl
import DBusKit
import Testing

/// Names, paths, errors and rules of texts.
struct ControlNamesTests {
    @Test(arguments: [
        ("alpha", "/org/kmi/Proxy1/key/alpha"), ("my-key", "/org/kmi/Proxy1/key/my_2dkey"),
        ("9lives", "/org/kmi/Proxy1/key/_39lives"), ("a.b_c@d+e", "/org/kmi/Proxy1/key/a_2eb_5fc_40d_2be"),
    ])
    func aLabelGivesAPathAndThePathTheLabel(label: String, path: String) {
        #expect(ControlPath.key(label).text == path)
        #expect(ControlPath.keyLabel(of: ControlPath.key(label)) == label)
        #expect(ControlPath.clientName(of: ControlPath.client(label)) == label)
        #expect(ControlPath.providerName(of: ControlPath.provider(label)) == label)
        #expect(ControlPath.providerName(of: ControlPath.key(label)) == nil)
        #expect(ControlPath.clientName(of: ControlPath.key(label)) == nil)
        #expect(ControlPath.keyLabel(of: ControlPath.client(label)) == nil)
    }

    @Test(arguments: [
        "/", "/org/kmi/Proxy1", "/org/kmi/Proxy1/key", "/org/kmi/Proxy1/key/a/b", "/org/kmi/Proxy1/keys/a",
    ])
    func otherPathsAreNoKeys(path: String) throws {
        let path = try #require(ObjectPath(path))
        #expect(ControlPath.keyLabel(of: path) == nil)
    }

    @Test func everyErrorHasTheNameOfTheContract() {
        #expect(
            ControlFault.Code.allCases.map(\.errorName.text)
                == [
                    "NotFound", "AlreadyExists", "InvalidArgument", "InvalidConfig", "NotAllowed", "UpstreamFailed",
                    "Busy",
                ].map { "org.kmi.Proxy1.Error." + $0 })
        for code in ControlFault.Code.allCases { #expect(ControlFault.Code(errorName: code.errorName) == code) }
        #expect(ControlFault.Code(errorName: "org.freedesktop.DBus.Error.AccessDenied") == nil)
        #expect(ControlFault.Code(errorName: "org.kmi.Proxy1.Error.Unheard") == nil)
    }

    @Test(arguments: ["a", "9", "alpha.beta_1@home+x-y", String(repeating: "a", count: 64)])
    func labelsPass(label: String) throws {
        try ControlText.checkLabel(label, "label")
    }

    @Test(arguments: ["", ".a", "-a", "a b", "a/b", "ä", "a\n", "a\0", String(repeating: "a", count: 65)])
    func otherTextsAreRefusedAndNotRepeated(label: String) {
        let fault = #expect(throws: ControlFault.self) { try ControlText.checkLabel(label, "label") }
        #expect(fault?.code == .invalidArgument)
        #expect(fault?.message == "label: expected 1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit")
    }

    @Test(arguments: ["", "a b", "é", String(repeating: "r", count: 129)])
    func whatIsNoRequestIDIsRefused(id: String) {
        #expect(throws: ControlFault.self) { try ControlText.checkRequestID(id) }
    }

    @Test("nothing prints a secret (K-009)")
    func nothingPrintsASecret() {
        let secret = SecretText(bytes: Array("sk-planted".utf8))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped] {
            #expect(!text.contains("planted"))
        }
        #expect(secret.count == 10)
        #expect(secret.withBytes { String(decoding: $0, as: UTF8.self) } == "sk-planted")
        #expect(SecretText(bytes: []).count == 0)
    }
}
