import ArgumentParser
import Dispatch
import Foundation

/// The program `kmi-sim`.
@main
struct SimulatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmi-sim",
        abstract: "Simulates providers of language models, with their faults.",
        discussion: "Prints one JSON line with its addresses when it listens. Ends at once on SIGTERM and SIGINT.",
        subcommands: [LoadCommand.self]
    )

    @Option(help: "Where to listen: 127.0.0.1:0, [::1]:0 or unix:/path. May be repeated.")
    var listen: [String] = ["127.0.0.1:0"]

    @Option(help: "File with the script of faults.")
    var scenario: String?

    @Option(help: "Directory for the certificates of a test authority; opens the TLS listeners.")
    var tlsDirectory: String?

    @Option(help: "Number of event loops.")
    var threads = 1

    func validate() throws {
        for text in self.listen where ListenAddress(text) == nil {
            throw ValidationError("'\(text)' is no address: expected 127.0.0.1:0, [::1]:0 or unix:/path.")
        }
        guard (1...64).contains(self.threads) else { throw ValidationError("--threads must be from 1 to 64.") }
    }

    func run() async throws {
        var options = SimulatorServer.Options()
        options.listen = self.listen.compactMap(ListenAddress.init)
        options.tlsDirectory = self.tlsDirectory
        options.threads = self.threads
        options.scenario = try self.readScenario()
        DescriptorLimit.raise()
        let server = try await SimulatorServer.start(options)
        let sources = Self.endOnSignal(removing: server.addresses.unix)
        try FileHandle.standardOutput.write(contentsOf: Data(server.addresses.line.utf8))
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
        withExtendedLifetime(sources) {}
        try await server.stop()
    }

    private func readScenario() throws -> Scenario {
        guard let path = self.scenario else { return Scenario() }
        do {
            return try ScenarioReader.read(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        } catch let error as ScenarioProblems {
            for problem in error.problems { Self.complain("\(path): \(problem)") }
        } catch {
            Self.complain("\(path): cannot be read: \(error.localizedDescription)")
        }
        throw ExitCode(78)
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("kmi-sim: \(text)\n".utf8))
    }

    private static func endOnSignal(removing sockets: [String]) -> [any DispatchSourceSignal] {
        [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                for path in sockets { unlink(path) }
                Foundation.exit(0)
            }
            source.resume()
            return source
        }
    }
}

extension SimulatorServer.Addresses {
    /// The line that tells where the simulator listens.
    var line: String {
        func texts(_ list: [String]) -> JSONValue { .array(list.map(JSONValue.string)) }
        let names = ["good", "expired", "wrong-host", "self-signed"]
        let tls = names.compactMap { name in
            self.tls[name].map { JSONValue.Member(name: name, value: .string($0)) }
        }
        let value: JSONValue = [
            "event": "listening", "http": texts(self.http), "unix": texts(self.unix), "tls": .object(tls),
            "ca_file": self.authorityFile.map(JSONValue.string) ?? nil,
        ]
        return value.text + "\n"
    }
}
