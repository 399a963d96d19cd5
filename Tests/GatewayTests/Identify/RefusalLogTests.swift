import Logging
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

@Suite("What the log tells of callers who are refused")
struct RefusalLogTests {
    @Test("the same failure again and again is told once a minute, and the audit hears of every one (K-042)")
    func authentication() throws {
        let events = RecordedEvents()
        let fixture = try GatewayFixture(logger: events.logger)
        func ask(_ token: String, from peer: String = "192.0.2.1") {
            _ = fixture.post("{}", "/v1/x", [("Authorization", token)], transport: .tcp(peer: peer))
        }
        for _ in 0..<100 { ask("Bearer s3cret") }
        #expect(events.lines("auth_failed").map { $0.fields["untold"] } == [nil])
        #expect(events.lines("auth_failed", from: .debug).count == 100)
        #expect(events.lines("auth_failed").first?.fields["caller"] == "address:192.0.2.1")
        #expect(events.lines("auth_failed").first?.fields["reason"] == "unknown token")
        // Others, and other reasons, are told at once.
        ask("Bearer s3cret", from: "192.0.2.2")
        ask("", from: "192.0.2.2")
        #expect(events.lines("auth_failed").map { $0.fields["untold"] } == [nil, "99", nil])
        fixture.advance(by: .seconds(60))
        for _ in 0..<100 { ask("Bearer s3cret") }
        #expect(events.lines("auth_failed").count == 4)
        #expect(fixture.observer.incidents.count == 202)
    }

    @Test("so is a certificate that is not let in")
    func certificates() throws {
        let events = RecordedEvents()
        let fixture = try GatewayFixture(logger: events.logger) { configuration in
            configuration.server.tls.clientAuth = .required
            configuration.server.tls.clientSubjects = ["ci"]
        }
        let guest = ClientCertificate(
            subject: "CN=guest", commonName: "guest", notAfter: fixture.clock.wallTime() + .seconds(30))
        for _ in 0..<10 { _ = fixture.post(certificate: guest) }
        fixture.advance(by: .seconds(31))
        for _ in 0..<10 { _ = fixture.post(certificate: guest) }
        #expect(events.lines("certificate_refused").map { $0.fields["reason"] } == ["subject not listed", "expired"])
        #expect(events.lines("certificate_refused").map { $0.fields["subject"] } == ["CN=guest", "CN=guest"])
        #expect(events.lines("certificate_refused").map { $0.fields["untold"] } == [nil, "9"])
        #expect(fixture.observer.incidents.count == 20)
    }
}
