import ProxyCore
import Testing

@Suite("Times of certificates (RFC 5280 section 4.1.2.5)")
struct CertificateTimeTests {
    @Test(
        "a UTCTime has its century by its year",
        arguments: [
            ("700101000000Z", "1970-01-01T00:00:00Z"), ("500101000000Z", "1950-01-01T00:00:00Z"),
            ("991231235959Z", "1999-12-31T23:59:59Z"), ("000101000000Z", "2000-01-01T00:00:00Z"),
            ("491231235959Z", "2049-12-31T23:59:59Z"), ("240229120000Z", "2024-02-29T12:00:00Z"),
        ])
    func utcTime(text: String, expected: String) {
        #expect(WallTime(certificateUTCTime: text)?.rfc3339 == expected)
    }

    @Test(
        "a GeneralizedTime has its year whole",
        arguments: [
            ("20500101000000Z", "2050-01-01T00:00:00Z"), ("20000229235959Z", "2000-02-29T23:59:59Z"),
            ("99991231235959Z", "9999-12-31T23:59:59Z"), ("19500101000000Z", "1950-01-01T00:00:00Z"),
        ])
    func generalizedTime(text: String, expected: String) {
        #expect(WallTime(certificateGeneralizedTime: text)?.rfc3339 == expected)
    }

    @Test(
        "anything else is no time",
        arguments: [
            "", "Z", "2401010000Z", "240101000000", "240101000000z", "240101000000+0000", "240101000000Z ",
            "240001000000Z", "241301000000Z", "240100000000Z", "230229000000Z", "240101240000Z", "240101006000Z",
            "240101000061Z", "24010100000-Z", "٢40101000000Z", "240101000000.5Z", " 240101000000Z",
        ])
    func malformed(text: String) {
        #expect(WallTime(certificateUTCTime: text) == nil)
        #expect(WallTime(certificateGeneralizedTime: "20" + text) == nil)
        // One form is never taken for the other.
        #expect(WallTime(certificateGeneralizedTime: "240101000000Z") == nil)
        #expect(WallTime(certificateUTCTime: "20240101000000Z") == nil)
    }

    @Test("a certificate is good in its last second and not after it")
    func end() throws {
        let last = try #require(WallTime(certificateUTCTime: "260101000000Z"))
        let certificate = ClientCertificate(subject: "CN=ci", commonName: "ci", notAfter: last)
        #expect(!certificate.hasEnded(at: last))
        #expect(certificate.hasEnded(at: last + .microseconds(1)))
    }
}
