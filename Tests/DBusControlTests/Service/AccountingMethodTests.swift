import DBusKit
import Glibc
import TestSupport
import Testing

@testable import DBusControl

/// Usage and prices over a bus.
@Suite(.timeLimit(.minutes(5)))
struct AccountingMethodTests {
    private static let invalidArgument = "org.kmi.Proxy1.Error.InvalidArgument"

    @Test func tellsUsage() async throws {
        try await ControlStage.with { stage in
            var query = UsageQuery()
            query.by = [.model, .day]
            query.since = 7
            let answer = try await stage.call(.getUsage, [query.busValue])
            #expect(try UsageRow.rows(busValue: try #require(answer.first)) == Samples.usage)
            #expect(stage.plane.with { $0.usageQuery } == query)
        }
    }

    @Test("refuses to tell a part of the rows for all of them")
    func refusesMoreRowsThanAMessageCarries() async throws {
        try await ControlStage.with { stage in
            let row = Samples.usage[0]
            stage.plane.with { $0.usage = Array(repeating: row, count: 4000) }
            let answer = try await stage.call(.getUsage, [.variants([:])])
            #expect(try UsageRow.rows(busValue: try #require(answer.first)).count == 4000)
            stage.plane.with { $0.usage = Array(repeating: row, count: 10_000) }
            #expect(
                await errorName { try await stage.call(.getUsage, [.variants([:])]) } == Self.invalidArgument)
            // A program can tell this refusal, and ask for less.
            let client = try await ControlClient.connect(stage.address, timeout: ControlStage.patience)
            let error = await #expect(throws: ControlClientError.self) { try await client.usage(UsageQuery()) }
            #expect(error?.isTooManyRows == true)
            #expect(!ControlClientError(.invalidArgument, "label: expected a name").isTooManyRows)
            await client.close()
        }
    }

    @Test func tellsPrices() async throws {
        try await ControlStage.with { stage in
            var query = PriceQuery()
            query.model = "kimi-k2"
            query.provider = "kimi"
            let answer = try await stage.call(.getPrices, [query.busValue])
            #expect(try PriceStatus(busValue: try #require(answer.first)) == Samples.prices)
            #expect(stage.plane.with { $0.priceQuery } == query)
        }
    }

    @Test("imports prices from a pipe and from a file, whole (A-028)")
    func importsPrices() async throws {
        try await ControlStage.with { stage in
            let answer = try await stage.call(.importPrices, [.descriptor(try Pipe.closed("{\n}\n").reading)])
            #expect(try PriceStatus(busValue: try #require(answer.first)) == Samples.prices)
            #expect(stage.plane.with { $0.imported } == Array("{\n}\n".utf8))
            let table = String(repeating: "x", count: 2 << 20)
            try await TemporaryDirectory.with { directory in
                let descriptor = open(try directory.write("prices.json", table), O_RDONLY | O_CLOEXEC)
                defer { close(descriptor) }
                try await ControlClientTests.with(stage) { client in
                    #expect(try await client.importPrices(from: descriptor) == Samples.prices)
                    // It is the caller's own, and stays open.
                    #expect(fcntl(descriptor, F_GETFD) >= 0)
                    let code = try await ControlClientTests.code { _ = try await client.importPrices(from: -1) }
                    #expect(code == .busy)
                }
            }
            #expect(stage.plane.with { $0.imported.count } == 2 << 20)
            #expect(stage.plane.asked == ["import", "import"])
        }
    }

    @Test("what is too long, empty, endless or no file does not reach the daemon")
    func refusesFiles() async throws {
        let files = ControlService.fileReader(limit: 16, deadline: .milliseconds(100))
        try await ControlStage.with(files: files) { stage in
            let endless = try Pipe(Array("{".utf8))
            let device = OwnedDescriptor(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
            let cases: [(OwnedDescriptor, String)] = [
                (try Pipe.closed(String(repeating: "x", count: 17)).reading, "the descriptor holds more than 16 bytes"),
                (try Pipe.closed("").reading, "the descriptor holds nothing"),
                (device, "expected a pipe, a socket or a file"),
                (endless.reading, "the descriptor did not come to its end within"),
            ]
            for (descriptor, reason) in cases {
                let error = await #expect(throws: BusError.self) {
                    try await stage.call(.importPrices, [.descriptor(descriptor)])
                }
                #expect(error?.name.text == Self.invalidArgument)
                #expect(error?.message.hasPrefix("file: \(reason)") == true, "\(error?.message ?? "")")
            }
            #expect(stage.plane.asked == [])
            #expect(files.readingsUnderWay == 0)
            // The daemon serves on.
            #expect(try await stage.call(.resetKeys) == [.uint32(3)])
            endless.close()
        }
    }

    @Test("a file that comes slowly does not hold up the bus")
    func aSlowFileHoldsUpNobody() async throws {
        try await ControlStage.with { stage in
            let slow = try Pipe(Array("{".utf8))
            let importing = Task { try await stage.call(.importPrices, [.descriptor(slow.reading)]) }
            try await eventually("the file is being read") { stage.service.files.readingsUnderWay == 1 }
            #expect(try await stage.call(.resetKeys) == [.uint32(3)])
            slow.close()
            #expect(try await importing.value.count == 1)
            #expect(stage.plane.asked == ["reset all", "import"])
        }
    }
}
