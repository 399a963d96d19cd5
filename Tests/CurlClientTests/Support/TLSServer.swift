import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Certificates made by the `openssl` command when the tests begin: an authority, and servers of different faults.
struct TestCertificates: Sendable {
    let directory: String
    var authority: String { "\(self.directory)/ca.pem" }

    /// Made once for all tests of the process; the error if the command is missing.
    static let shared = Result { try TestCertificates() }

    private init() throws {
        self.directory = NSTemporaryDirectory() + "curl-client-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        // They serve all tests of the process, so that only its end is their end.
        atexit {
            guard case .success(let certificates) = TestCertificates.shared else { return }
            try? FileManager.default.removeItem(atPath: certificates.directory)
        }
        try Data().write(to: URL(fileURLWithPath: "\(self.directory)/index.txt"))
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = index.txt
            new_certs_dir = .
            rand_serial = yes
            default_md = sha256
            policy = any
            unique_subject = no
            [any]
            commonName = supplied
            [good]
            subjectAltName = DNS:localhost, IP:127.0.0.1
            [other]
            subjectAltName = DNS:other.test
            [authority]
            basicConstraints = critical, CA:TRUE
            """
        try configuration.write(toFile: "\(self.directory)/ca.cnf", atomically: true, encoding: .utf8)
        try self.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Test",
            "-addext basicConstraints=critical,CA:TRUE"
        )
        try self.run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key -out self.pem -days 2",
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
        )
        for (name, section, from, until) in [
            ("good", "good", "20200101000000Z", "20490101000000Z"),
            ("expired", "good", "20200101000000Z", "20200201000000Z"),
            ("other", "other", "20200101000000Z", "20490101000000Z"),
        ] {
            try self.run(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(name).key -out \(name).csr -subj /CN=localhost"
            )
            try self.run(
                "ca -batch -notext -config ca.cnf -extensions \(section) -cert ca.pem -keyfile ca.key -in \(name).csr",
                "-out \(name).pem -startdate \(from) -enddate \(until)"
            )
        }
    }

    /// The pin of a server's key.
    func pin(_ name: String) throws -> String {
        // Tests that run at the same time ask for the same one.
        let file = "\(name)-\(UUID().uuidString)"
        try self.run("x509 -in \(name).pem -pubkey -noout -out \(file).pub")
        try self.run("pkey -pubin -in \(file).pub -outform der -out \(file).der")
        try self.run("dgst -sha256 -binary -out \(file).digest \(file).der")
        let digest = try Data(contentsOf: URL(fileURLWithPath: "\(self.directory)/\(file).digest"))
        return "sha256//" + digest.base64EncodedString()
    }

    /// Runs `openssl` with these words in the directory.
    ///
    /// Not by Foundation's `Process`: it reads behind the end of the list of descriptors where there are thousands, as there are
    /// while all tests run (swift-corelibs-foundation 6.3, `findMaximumOpenFromProcSelfFD`).
    private func run(_ arguments: String...) throws {
        let failure = RawServer.Fault(what: "openssl \(arguments.joined(separator: " ")) failed")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        let words =
            ["env", "-C", self.directory, "/usr/bin/openssl"]
            + arguments.flatMap { $0.split(separator: " ").map(String.init) }
        var pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        var process: pid_t = 0
        guard posix_spawn(&process, "/usr/bin/env", &actions, nil, &pointers, &environment) == 0 else {
            throw failure
        }
        var status: Int32 = -1
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        if status != 0 { throw failure }
    }
}

/// A TLS server that answers each request without a body and counts what comes out of the TLS layer.
///
/// It offers HTTP/2 first and understands HTTP/1.1 only.
final class TLSServer: Sendable {
    private final class Tally: Sendable {
        let bytes = Mutex(0)
        let connections = Mutex(0)
        let text = Mutex("")
        let channels = Mutex<[any Channel]>([])
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let tally: Tally
        private var text = ""

        init(_ tally: Tally) {
            self.tally = tally
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = self.unwrapInboundIn(data)
            self.tally.bytes.withLock { $0 += bytes.readableBytes }
            self.text += String(buffer: bytes)
            self.tally.text.withLock { $0 += String(buffer: bytes) }
            while let end = self.text.range(of: "\r\n\r\n") {
                self.text.removeSubrange(..<end.upperBound)
                let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                context.writeAndFlush(self.wrapOutboundOut(answer), promise: nil)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let tally = Tally()

    var port: UInt16 { UInt16(self.channel.localAddress?.port ?? 0) }
    /// Bytes of requests.
    var receivedBytes: Int { self.tally.bytes.withLock { $0 } }
    /// Those bytes.
    var received: String { self.tally.text.withLock { $0 } }
    var acceptedConnections: Int { self.tally.connections.withLock { $0 } }

    /// Sends what nobody has asked for on every connection that there is; returns when it is on its way.
    func push(_ text: String) async throws {
        for channel in self.tally.channels.withLock({ $0 }) where channel.isActive {
            try await channel.writeAndFlush(ByteBuffer(string: text)).get()
        }
    }

    private init(_ certificates: TestCertificates, name: String, maximumVersion: TLSVersion?) async throws {
        let path = "\(certificates.directory)/\(name)"
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile("\(path).pem").map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(path).key", format: .pem))
        )
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let maximumVersion {
            configuration.minimumTLSVersion = .tlsv1
            configuration.maximumTLSVersion = maximumVersion
        }
        let context = try NIOSSLContext(configuration: configuration)
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let tally = self.tally
        self.channel = try await ServerBootstrap(group: self.group)
            .childChannelInitializer { channel in
                tally.connections.withLock { $0 += 1 }
                tally.channels.withLock { $0.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLServerHandler(context: context),
                        Answerer(tally)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Runs `body` with a server that has the certificate `name`, and may speak old versions only.
    static func with(
        _ name: String,
        maximumVersion: TLSVersion? = nil,
        _ body: (TLSServer, TestCertificates) async throws -> Void
    ) async throws {
        let certificates = try TestCertificates.shared.get()
        let server = try await TLSServer(certificates, name: name, maximumVersion: maximumVersion)
        do {
            try await body(server, certificates)
        } catch {
            try await server.group.shutdownGracefully()
            throw error
        }
        try await server.group.shutdownGracefully()
    }
}
