import ArgumentParser
import Foundation
import NIOCore

/// `kmi-sim load`: sends the requests of a plan somewhere and prints what came of them.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Sends requests of the OpenAI and Anthropic dialects and counts what comes back.",
        discussion: "Ends when all requests have ended or the time is over, and prints one JSON line."
    )

    @Argument(help: "Where the requests go: 127.0.0.1:4000 or unix:/path.")
    var address: String

    @Option(help: "The credential.")
    var token: String?

    @Option(help: "How many requests.")
    var requests = 100

    @Option(help: "How many connections at once.")
    var connections = 8

    @Option(help: "The number that the plan follows from.")
    var seed: UInt64 = 1

    @Option(help: "Of 100 requests so many are streamed.")
    var streamed = 50

    @Option(help: "Of 100 requests so many are in the dialect of Messages.")
    var messages = 0

    @Option(help: "Of 100 streams of chat completions so many ask for their usage.")
    var asking = 40

    @Option(help: "Of 100 streams so many are left by the caller.")
    var leaving = 0

    @Option(help: "Of 100 streams so many are cut by the provider.")
    var cutting = 0

    @Option(help: "A model of chat completions; may be repeated.")
    var model: [String] = []

    @Option(help: "A model of Messages; may be repeated.")
    var messagesModel: [String] = []

    @Option(help: "Streams whose first event is measured while all connections stream.")
    var probes = 0

    @Option(help: "Milliseconds between two of them.")
    var probeInterval = 20

    @Option(help: "Ends after so many seconds at the latest.")
    var limit = 60

    func validate() throws {
        guard ListenAddress(self.address) != nil else { throw ValidationError("'\(self.address)' is no address.") }
        guard (0...1_000_000).contains(self.requests) else { throw ValidationError("--requests: at most a million.") }
        guard (1...10_000).contains(self.connections) else { throw ValidationError("--connections: 1 to 10000.") }
        guard (0...100_000).contains(self.probes) else { throw ValidationError("--probes: at most 100000.") }
        guard (1...10_000).contains(self.probeInterval) else { throw ValidationError("--probe-interval: 1 to 10000.") }
        guard (1...3_600).contains(self.limit) else { throw ValidationError("--limit: 1 to 3600.") }
        for share in [self.streamed, self.messages, self.asking, self.leaving, self.cutting]
        where !(0...100).contains(share) {
            throw ValidationError("a share is a number from 0 to 100.")
        }
    }

    func run() async throws {
        guard let address = ListenAddress(self.address) else { return }
        DescriptorLimit.raise()
        var options = LoadRun.Options(address: address)
        options.token = self.token
        options.connections = self.connections
        options.probes = self.probes
        options.probeInterval = .milliseconds(Int64(self.probeInterval))
        options.limit = .seconds(Int64(self.limit))
        options.plan.requests = self.requests
        options.plan.seed = self.seed
        options.plan.streamed = self.streamed
        options.plan.messages = self.messages
        options.plan.asking = self.asking
        options.plan.leaving = self.leaving
        options.plan.cutting = self.cutting
        if !self.model.isEmpty { options.plan.models = self.model }
        if !self.messagesModel.isEmpty { options.plan.messagesModels = self.messagesModel }
        let result = try await LoadRun.run(options)
        try FileHandle.standardOutput.write(contentsOf: Data(result.line.utf8))
    }
}
