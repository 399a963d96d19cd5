import ProxyCore
import Testing

@Suite("Subjects that are let in (L-006)")
struct CertificateSubjectsTests {
    private static let build = ClientCertificate(
        subject: "CN=build,OU=Tools,O=Example\\, Inc.", commonName: "build",
        alternativeNames: ["DNS:build.example", "URI:spiffe://example/build", "email:Build@example.com"],
        notAfter: Self.end)
    private static let end = WallTime(microseconds: .max)

    @Test(
        "an entry that names the certificate lets it in",
        arguments: [
            "CN=build,OU=Tools,O=Example\\, Inc.", "cn = build , ou=Tools, O=Example\\, Inc.", "CN=build", "cn=build",
            "CN=\\62uild", "build", "DNS:build.example", "dns:BUILD.example", "URI:spiffe://example/build",
            "email:Build@example.com", "build.example", "Build.Example", "spiffe://example/build", "Build@example.com",
        ])
    func letsIn(entry: String) {
        #expect(CertificateSubjects([entry]).allow(Self.build))
        #expect(CertificateSubjects(["CN=other", entry]).allow(Self.build))
    }

    @Test(
        "any other entry does not",
        arguments: [
            "CN=Build", "CN=build,OU=Tools", "OU=Tools,CN=build,O=Example\\, Inc.", "CN=build,OU=Tools,O=Example, Inc.",
            "O=Example\\, Inc.", "OU=Tools", "CN=", "CN=build+OU=Tools", "Build", "DNS:build", "DNS:*.example",
            "URI:build.example", "email:build@example.com", "URI:spiffe://example/Build", "spiffe://example/",
            "example",
            "CN=build\\", "*", "", "=build", "CN=bui", "CN=build.example",
        ])
    func keepsOut(entry: String) {
        #expect(!CertificateSubjects([entry]).allow(Self.build))
    }

    @Test("no entry lets everybody in")
    func empty() {
        #expect(CertificateSubjects([]).allow(Self.build))
        #expect(CertificateSubjects([]).isEmpty)
        #expect(!CertificateSubjects(["a"]).isEmpty)
        #expect(!CertificateSubjects(["DNS:a"]).isEmpty)
        #expect(!CertificateSubjects(["CN=a"]).isEmpty)
    }

    @Test("names that only look like another are another")
    func lookalikes() {
        // A common name that reads like a whole subject, or holds separators.
        let tricky = ClientCertificate(
            subject: "CN=build\\,O=Example", commonName: "build,O=Example", notAfter: Self.end)
        #expect(!CertificateSubjects(["CN=build,O=Example"]).allow(tricky))
        #expect(!CertificateSubjects(["CN=build"]).allow(tricky))
        #expect(CertificateSubjects(["CN=build\\,O=Example"]).allow(tricky))
        let prefixed = ClientCertificate(subject: "CN=DNS:x", commonName: "DNS:x", notAfter: Self.end)
        #expect(!CertificateSubjects(["DNS:x"]).allow(prefixed))
        // Two common names are none, so that neither lets anybody in alone.
        let two = ClientCertificate(subject: "CN=admin,CN=guest", commonName: nil, notAfter: Self.end)
        #expect(!CertificateSubjects(["CN=admin", "admin"]).allow(two))
        #expect(CertificateSubjects(["CN=admin,CN=guest"]).allow(two))
        // Without a subject only alternative names count.
        let nameless = ClientCertificate(
            subject: "", commonName: nil, alternativeNames: ["URI:spiffe://a"], notAfter: Self.end)
        #expect(!CertificateSubjects(["", "CN="]).allow(nameless))
        #expect(CertificateSubjects(["spiffe://a"]).allow(nameless))
    }
}
