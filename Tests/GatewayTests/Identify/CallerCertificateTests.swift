import ProxyCore
import TestSupport
import Testing

@testable import Gateway

@Suite("Callers' certificates at each request (L-006)")
struct CallerCertificateTests {
    private static func certificate(
        _ name: String = "ci", endingIn duration: Duration, of fixture: GatewayFixture
    ) -> ClientCertificate {
        ClientCertificate(subject: "CN=\(name)", commonName: name, notAfter: fixture.clock.wallTime() + duration)
    }

    @Test(
        "one that ends while its connection is open is refused from then on, whether it has to be shown or not",
        arguments: [Configuration.Server.ClientAuthentication.required, .optional], [[], ["ci"]])
    func ends(mode: Configuration.Server.ClientAuthentication, subjects: [String]) throws {
        let fixture = try GatewayFixture { configuration in
            configuration.server.tls.clientAuth = mode
            configuration.server.tls.clientSubjects = subjects
        }
        let certificate = Self.certificate(endingIn: .seconds(60), of: fixture)
        _ = fixture.post(certificate: certificate)
        try fixture.transfer().answer(200)
        fixture.advance(by: .seconds(60))
        // One that began in time goes on.
        let running = fixture.post(certificate: certificate)
        fixture.advance(by: .microseconds(1))
        let refused = fixture.post(certificate: certificate)
        #expect(refused.status == 403)
        #expect(refused.header("x-kmi-error") == "forbidden")
        #expect(!refused.text.contains("ci"))
        #expect(
            fixture.observer.incidents == [
                CallerIncident(
                    .certificateRefused(subject: "CN=ci"),
                    origin: .address(try #require(NumericAddress("127.0.0.1"))), reason: "expired")
            ])
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(running.status == 200)
        #expect(fixture.attempts.count == 2)
        fixture.expectAllSettled()
    }

    @Test("a subject that is not listed is refused, and where none is asked for nothing is looked at")
    func subjects() throws {
        let modes: [(Configuration.Server.ClientAuthentication, Int?)] = [
            (.required, 403), (.optional, 403), (.off, nil),
        ]
        for (mode, status) in modes {
            let fixture = try GatewayFixture { configuration in
                configuration.server.tls.clientAuth = mode
                configuration.server.tls.clientSubjects = ["ci"]
            }
            let end: Duration = mode == .off ? .seconds(-1) : .seconds(60)
            let guest = Self.certificate("guest", endingIn: end, of: fixture)
            #expect(fixture.post(certificate: guest).status == status)
            #expect(fixture.observer.incidents.map(\.reason) == (mode == .off ? [] : ["subject not listed"]))
        }
    }
}
