import Foundation
import ProxyCore
import SystemSupport
import TestSupport
import Testing

@testable import Daemon

@Suite("Passed and configured listeners together (A-017)")
struct ListenPlanTests {
    private static func tcp(_ number: CInt, _ host: String, _ port: UInt16, name: String = "kmid.socket")
        -> PassedSocket
    {
        PassedSocket(descriptor: number, name: name, place: .tcp(host: host, port: port))
    }

    private static func unix(_ number: CInt, _ path: String, name: String = "kmid.socket") -> PassedSocket {
        PassedSocket(descriptor: number, name: name, place: .unix(path: path))
    }

    private static func configured(
        _ listen: [String] = ["127.0.0.1:7878"], socket: String? = "/run/kmi/proxy.sock",
        admin: String? = "127.0.0.1:7879", certificate: Bool = false, tokens: Bool = true
    ) throws -> ListenPlan.Configured {
        ListenPlan.Configured(
            data: try listen.map { try ListenSpecification(parsing: $0) }, socketPath: socket,
            admin: try admin.map { try ListenSpecification(parsing: $0) }, hasCertificate: certificate,
            requiresTokens: tokens)
    }

    /// Entries as `kind: source`, with `+tls`.
    private static func summary(_ plan: ListenPlan) -> [String] {
        plan.entries.map { entry in
            let source =
                switch entry.source {
                case .passed(let socket): "passed \(socket.descriptor)"
                case .opened(let address): "\(ListenSpecification(address: address))"
                }
            return "\(entry.kind): \(source)\(entry.isTLS ? " +tls" : "")"
        }
    }

    @Test("without passed sockets everything that is configured is opened")
    func nothingPassed() throws {
        let plan = ListenPlan(passed: [], configured: try Self.configured())
        #expect(
            Self.summary(plan) == ["data: 127.0.0.1:7878", "socket: unix:/run/kmi/proxy.sock", "admin: 127.0.0.1:7879"])
        #expect(plan.refusals.isEmpty && plan.unserved.isEmpty)
    }

    @Test("a passed socket takes the place of the configured listener at its address, whatever its name is")
    func takesPlaces() throws {
        let plan = ListenPlan(
            passed: [
                Self.tcp(3, "127.0.0.1", 7878), Self.unix(4, "/run/kmi/proxy.sock", name: "proxy"),
                Self.tcp(5, "127.0.0.1", 7879, name: "admin"),
            ], configured: try Self.configured(["localhost:7878", "[::1]:7878"]))
        #expect(
            Self.summary(plan) == ["data: passed 3", "socket: passed 4", "admin: passed 5", "data: [::1]:7878"])
    }

    @Test("addresses are compared, not their spelling; port 0 is never one that was passed")
    func comparesAddresses() throws {
        let plan = ListenPlan(
            passed: [Self.tcp(3, "::1", 7878), Self.tcp(4, "127.0.0.1", 4000)],
            configured: try Self.configured(["[0:0:0:0:0:0:0:1]:7878", "127.0.0.1:0"], socket: nil, admin: nil))
        #expect(Self.summary(plan) == ["data: passed 3", "data: passed 4", "data: 127.0.0.1:0"])
    }

    @Test("a Unix socket is where its directory is, whatever that is called")
    func comparesPlaces() throws {
        let configured = try Self.configured([], socket: "/var/run/kmi/proxy.sock", admin: nil)
        let plan = ListenPlan(passed: [Self.unix(3, "/run/kmi/proxy.sock")], configured: configured) {
            $0.replacing("/var/run/", with: "/run/")
        }
        #expect(Self.summary(plan) == ["socket: passed 3"])
        let other = ListenPlan(passed: [Self.unix(3, "/run/kmi/proxy.sock")], configured: configured)
        #expect(Self.summary(other) == ["socket: passed 3", "socket: unix:/var/run/kmi/proxy.sock"])
    }

    @Test("links are followed to a directory, not to what lies in it")
    func followsLinks() async throws {
        try await TemporaryDirectory.with { directory in
            // The temporary directory may have links in its own path.
            let real = Directories.withoutLinks(try directory.makeDirectory("real") + "/s")
            #expect(real.hasSuffix("/real/s"))
            try FileManager.default.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: "real")
            try FileManager.default.createSymbolicLink(atPath: directory.path("real/s"), withDestinationPath: "other")
            #expect(Directories.withoutLinks(directory.path("link/s")) == real)
        }
        for path in ["@kmi", "", "/nowhere/at/all", "/s"] { #expect(Directories.withoutLinks(path) == path) }
    }

    @Test("the settings are those of the configured entry; without one, TLS if there is a certificate")
    func settings() throws {
        let plan = ListenPlan(
            passed: [
                Self.tcp(3, "127.0.0.1", 7878), Self.tcp(4, "127.0.0.1", 9), Self.unix(5, "/s"),
                Self.tcp(6, "127.0.0.1", 10, name: "admin"),
            ], configured: try Self.configured(["http://127.0.0.1:7878"], socket: nil, certificate: true))
        #expect(
            Self.summary(plan) == [
                "data: passed 3", "data: passed 4 +tls", "socket: passed 5", "admin: passed 6 +tls",
                "admin: 127.0.0.1:7879 +tls",
            ])
    }

    @Test("who is reachable from elsewhere needs TLS and tokens, passed or not (K-004)")
    func guards() throws {
        func refusals(
            _ socket: PassedSocket, certificate: Bool, tokens: Bool, listen: [String] = []
        ) throws -> [String] {
            ListenPlan(
                passed: [socket],
                configured: try Self.configured(listen, certificate: certificate, tokens: tokens)
            ).refusals.map(\.description)
        }
        let open = Self.tcp(3, "0.0.0.0", 80)
        let refused = try refusals(open, certificate: false, tokens: false)
        #expect(refused.count == 1)
        for part in ["0.0.0.0:80", "descriptor 3", "server.tls.certificate", "auth.require_token = true"] {
            #expect(refused.first?.contains(part) == true)
        }
        #expect(try refusals(open, certificate: true, tokens: false).first?.contains("certificate") == false)
        #expect(try refusals(open, certificate: true, tokens: true).isEmpty)
        #expect(try refusals(Self.tcp(3, "::", 80), certificate: false, tokens: true).count == 1)
        // The administration asks for a token there whatever is set.
        let admin = Self.tcp(3, "10.0.0.1", 80, name: "admin")
        #expect(try refusals(admin, certificate: true, tokens: false).isEmpty)
        #expect(try refusals(admin, certificate: false, tokens: true).count == 1)
        for local in [Self.tcp(3, "127.9.9.9", 80), Self.tcp(3, "::1", 80), Self.unix(3, "@kmi")] {
            #expect(try refusals(local, certificate: false, tokens: false).isEmpty)
        }
    }

    @Test("a name that contradicts the configuration is told, and nothing is opened by guess")
    func contradictions() throws {
        let plan = ListenPlan(
            passed: [Self.tcp(3, "127.0.0.1", 7879), Self.tcp(4, "127.0.0.1", 7878, name: "admin")],
            configured: try Self.configured())
        #expect(plan.refusals.count == 2)
        #expect(plan.refusals.first?.reason.contains("FileDescriptorName=admin") == true)
        #expect(plan.refusals.last?.reason.contains("server.listen") == true)
    }

    @Test("a socket of the administration that is off is not served, and nothing else suffers")
    func administrationOff() throws {
        let admin = Self.tcp(4, "127.0.0.1", 7879, name: "admin")
        let plan = ListenPlan(
            passed: [Self.tcp(3, "127.0.0.1", 7878), admin], configured: try Self.configured(socket: nil, admin: nil))
        #expect(Self.summary(plan) == ["data: passed 3"])
        #expect(plan.unserved == [admin])
        #expect(plan.refusals.isEmpty)
    }
}
