import NIOCore
import NIOEmbedded
import NIOSSL
import ProxyCore
import SwiftASN1
import TestSupport
import Testing
import X509

@testable import ProxyHTTP

@Suite("Callers' certificates (L-006)", .timeLimit(.minutes(5)))
struct ClientCertificateTests {
    private static let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    enum Shown: String, CaseIterable {
        case none, good, foreign, expired, serverOnly
    }

    /// Who gets through; versions, since TLS 1.3 tells a caller of a refused certificate only after its handshake.
    @Test(
        "required refuses whoever shows none that chains, optional only a bad one, off asks nobody",
        arguments: [
            (TLSCredentials.ClientCertificates.off, Set(Shown.allCases)),
            (.optional, [Shown.none, .good] as Set<Shown>),
            (.required, [Shown.good] as Set<Shown>),
        ], [TLSVersion.tlsv12, .tlsv13])
    func modes(mode: (TLSCredentials.ClientCertificates, Set<Shown>), version: TLSVersion) async throws {
        let authority = try TestCertificate.authority()
        let certificate = try authority.server()
        let credentials = try certificate.credentials(mode.0, authorities: [authority])
        for shown in Shown.allCases {
            let responder = ScriptedResponder.echo()
            let own: TestCertificate? =
                switch shown {
                case .none: nil
                case .good: try authority.client("caller")
                case .foreign: try TestCertificate.authority("Another").client("caller")
                case .expired: try authority.client("caller", days: -1)
                case .serverOnly: certificate
                }
            let caller = try TLSConfiguration.caller(trusting: authority, showing: own, maximum: version)
            try await withTLSServer(responder, ServerTLS(credentials)) { _, address in
                try await TLSClient.with(address, caller) { client in
                    if mode.1.contains(shown) {
                        try await client.send(Self.get)
                        try await client.receive("GET / []")
                    } else {
                        do { try await client.send(Self.get) } catch {}
                        let end = try await client.receiveAll()
                        #expect(end.text.isEmpty, "\(shown)")
                    }
                }
            }
            #expect(responder.requests.count == (mode.1.contains(shown) ? 1 : 0), "\(shown)")
            if mode.0 != .off, shown == .good {
                let end = try #require(try own?.end)
                let expected = ClientCertificate(subject: "CN=caller", commonName: "caller", notAfter: end)
                #expect(responder.connections.value.first?.certificate == expected)
            } else {
                #expect(responder.connections.value.first?.certificate == nil)
            }
        }
    }

    @Test("the names of a certificate are told as RFC 4514 writes them")
    func names() throws {
        let authority = try TestCertificate.authority()
        let subject = try DistinguishedName([
            RelativeDistinguishedName(.init(type: .RDNAttributeType.countryName, printableString: "CH")),
            RelativeDistinguishedName(
                .init(type: .RDNAttributeType.organizationName, utf8String: #" Example, "A+B"; <1>\#u{7} "#)),
            RelativeDistinguishedName(.init(type: [0, 9, 2342, 19_200_300, 100, 1, 1], utf8String: "#1")),
            RelativeDistinguishedName(.init(type: [1, 2, 3, 4], utf8String: "x")),
            RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: "Zoë")),
        ])
        let certificate = try authority.client(
            subject,
            names: [
                .dnsName("build.example"), .uniformResourceIdentifier("spiffe://example/build"),
                .rfc822Name("build@example.com"), .ipAddress(ASN1OctetString(contentBytes: [1, 2, 3, 4])),
            ])
        let read = try ClientCertificate(derEncoded: certificate.nio.toDERBytes())
        #expect(
            read.subject
                == ##"CN=Zoë,1.2.3.4=#0C0178,UID=\#1,O=\ Example\, \"A\+B\"\; \<1\>\07\ ,C=CH"##)
        #expect(read.commonName == "Zoë")
        #expect(
            read.alternativeNames
                == ["DNS:build.example", "URI:spiffe://example/build", "email:build@example.com"])
    }

    @Test("the end of a certificate is read in both forms of a time", arguments: [0, 30, 20_000, 2_000_000])
    func end(days: Double) throws {
        let certificate = try TestCertificate.authority().client("caller", days: days)
        let read = try ClientCertificate(derEncoded: certificate.nio.toDERBytes())
        #expect(try read.notAfter == certificate.end)
    }

    @Test("a connection ends with the caller's certificate, also where the clock is set meanwhile")
    func endOfConnection() throws {
        let channel = EmbeddedChannel()
        defer { #expect(throws: Never.self) { try channel.finish() } }
        let clock = ManualClock()
        let (end, commands) = (TransportEnd(generation: 0), CommandRecorder())
        try channel.pipeline.syncOperations.addHandlers([end, commands])
        func pass(_ duration: Duration) {
            clock.advance(by: duration)
            channel.embeddedEventLoop.advanceTime(by: .nanoseconds(duration.nanoseconds))
        }
        end.drain(after: clock.wallTime() + .seconds(9_000), by: clock.wallTime)
        pass(.seconds(3_600))
        pass(.seconds(3_600))
        clock.jumpWallTime(by: .seconds(-900))
        pass(.seconds(1_800))
        pass(.milliseconds(1))
        pass(.milliseconds(899_999))
        #expect(commands.drains == 0)
        pass(.milliseconds(1))
        #expect(commands.drains == 1)
        pass(.seconds(9_000))
        #expect(commands.drains == 1)
    }

    @Test("a connection that is gone is not told of the end of its certificate")
    func endAfterConnection() throws {
        let channel = EmbeddedChannel()
        let clock = ManualClock()
        let (end, commands) = (TransportEnd(generation: 0), CommandRecorder())
        try channel.pipeline.syncOperations.addHandlers([end, commands])
        end.drain(after: clock.wallTime() + .seconds(60), by: clock.wallTime)
        _ = try channel.finish()
        clock.advance(by: .seconds(3_600))
        channel.embeddedEventLoop.advanceTime(by: .seconds(3_600))
        #expect(commands.drains == 0)
    }

    @Test("two common names are none")
    func twoNames() throws {
        let subject = try DistinguishedName {
            CommonName("admin")
            CommonName("guest")
        }
        let certificate = try TestCertificate.authority().client(subject)
        let read = try ClientCertificate(derEncoded: certificate.nio.toDERBytes())
        #expect(read.commonName == nil)
        #expect(read.subject == "CN=guest,CN=admin")
    }

    @Test("credentials that cannot be used are refused with what is wrong, and without what was read")
    func faults() throws {
        let authority = try TestCertificate.authority()
        let (one, other) = (try authority.server(), try authority.server())
        func fault(
            _ certificate: [UInt8], _ key: [UInt8], _ clients: TLSCredentials.ClientCertificates = .off,
            _ authorities: [UInt8] = []
        ) -> TLSCredentials.Fault? {
            do throws(TLSCredentials.Fault) {
                _ = try TLSCredentials(
                    certificate: certificate, privateKey: key, clientCertificates: clients, authorities: authorities)
                return nil
            } catch {
                return error
            }
        }
        let pem = try one.pem
        #expect(fault(pem, one.keyPEM) == nil)
        #expect(fault(pem, other.keyPEM)?.part == .privateKey)
        #expect(fault([], one.keyPEM)?.part == .certificate)
        #expect(fault(Array("secret".utf8), one.keyPEM)?.part == .certificate)
        #expect(fault(one.keyPEM, one.keyPEM)?.part == .certificate)
        #expect(fault(Array(pem.prefix(200)), one.keyPEM)?.part == .certificate)
        #expect(fault(pem, [])?.part == .privateKey)
        #expect(fault(pem, pem)?.part == .privateKey)
        #expect(fault(pem, Array("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".utf8))?.reason.contains("encrypted") == true)
        #expect(fault(pem, one.keyPEM, .required)?.part == .authorities)
        #expect(fault(pem, one.keyPEM, .required, one.keyPEM)?.part == .authorities)
        let reasons = [fault(pem, other.keyPEM), fault(Array("secret".utf8), one.keyPEM)].compactMap { $0?.reason }
        #expect(!reasons.contains { $0.contains("secret") || $0.contains("MI") })
    }

    @Test("the times of the certificate are known")
    func times() throws {
        let credentials = try TestCertificate.authority().server(days: 5).credentials()
        let now = SystemWallClock.now()
        #expect(credentials.notBefore < now)
        #expect(credentials.notAfter - now > .seconds(4 * 86_400))
        #expect(credentials.notAfter - now < .seconds(6 * 86_400))
    }
}

/// Counts how often a connection is told to end.
private final class CommandRecorder: ChannelInboundHandler {
    typealias InboundIn = Never

    private(set) var drains = 0

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .drain = event as? ConnectionCommand { self.drains += 1 }
    }
}
