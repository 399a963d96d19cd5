import DBusControl
import DBusKit
import Glibc
import TestSupport
import Testing

/// The methods of the manager over a bus.
@Suite(.timeLimit(.minutes(5)))
struct ManagerMethodTests {
    @Test("rotates to the key that is named, or to the next one (K-013)")
    func rotates() async throws {
        try await ControlStage.with { stage in
            var options = KeySelectionOptions()
            let next = try await stage.call(.rotate, [options.busValue])
            #expect(next == [.string("beta"), .string("next")])
            options.key = "alpha"
            options.provider = "kimi"
            let named = try await stage.call(.rotate, [options.busValue])
            #expect(named == [.string("alpha"), .string("requested")])
            #expect(stage.plane.asked == ["rotate to any of any", "rotate to alpha of kimi"])
        }
    }

    @Test("resets keys (K-013)")
    func resetsKeys() async throws {
        try await ControlStage.with { stage in
            #expect(try await stage.call(.resetKeys) == [.uint32(3)])
            try await stage.call(ControlPath.key("alpha"), KeyInterface.name, KeyInterface.Method.reset.member)
            #expect(stage.plane.asked == ["reset all", "reset alpha"])
        }
    }

    @Test func reloads() async throws {
        try await ControlStage.with { stage in
            let entries = [ReloadEntry(key: "rotation.mode", result: "applied", reason: "")]
            stage.plane.with { $0.entries = entries }
            let answer = try await stage.call(.reload)
            #expect(try ReloadEntry.entries(busValue: try #require(answer.first)) == entries)
        }
    }

    @Test func tellsMetrics() async throws {
        try await ControlStage.with { stage in
            let answer = try await stage.call(.metrics)
            #expect(answer == [.string("# TYPE kmi_up gauge\nkmi_up 1\n")])
        }
    }

    @Test("lists requests by filter and cursor (A-024)")
    func listsRequests() async throws {
        try await ControlStage.with { stage in
            stage.plane.with {
                $0.rows = [Samples.row]
                $0.cursor = "more"
            }
            var filter = RequestFilter()
            filter.limit = 1
            filter.key = "beta"
            let answer = try await stage.call(.listRequests, [filter.busValue])
            #expect(try RequestPage(busValues: answer) == RequestPage(rows: [Samples.row], cursor: "more"))
            #expect(stage.plane.with { $0.filter } == filter)
            try await stage.call(.listRequests, [.variants([:])])
            #expect(stage.plane.with { $0.filter?.limit } == 100)
        }
    }

    @Test func aPageOfAThousandRequestsFits() async throws {
        try await ControlStage.with { stage in
            stage.plane.with { $0.rows = Array(repeating: Samples.row, count: 1000) }
            var filter = RequestFilter()
            filter.limit = 1000
            let answer = try await stage.call(.listRequests, [filter.busValue])
            #expect(try RequestPage(busValues: answer).rows.count == 1000)
        }
    }

    @Test func aPageOfLongRequestsIsCutToWhatAMessageCarries() async throws {
        try await ControlStage.with { stage in
            var row = Samples.row
            row.attempts = Array(repeating: Samples.row.attempts[0], count: 30)
            stage.plane.with { $0.rows = Array(repeating: row, count: 1000) }
            var filter = RequestFilter()
            filter.limit = 1000
            let answer = try await stage.call(.listRequests, [filter.busValue])
            #expect(try RequestPage(busValues: answer).rows == Array(repeating: row, count: 125))
            #expect(stage.plane.asked.count == 4)
        }
    }

    @Test("summarises requests without pages (X-007)")
    func summarisesRequests() async throws {
        try await ControlStage.with { stage in
            var filter = RequestFilter()
            filter.since = 7
            let answer = try await stage.call(.summarizeRequests, [filter.summaryBusValue])
            #expect(try RequestSummary(busValue: try #require(answer.first)) == Samples.summary)
            #expect(stage.plane.with { $0.filter } == filter)
            #expect(
                await errorName { try await stage.call(.summarizeRequests, [filter.busValue]) }
                    == "org.kmi.Proxy1.Error.InvalidArgument")
        }
    }

    @Test func explainsRoutes() async throws {
        try await ControlStage.with { stage in
            var options = ExplainOptions()
            options.session = "s1"
            let answer = try await stage.call(.explainRoute, [.string("k2"), options.busValue])
            #expect(try ExplainRow.rows(busValue: try #require(answer.first)) == [Samples.explained])
            #expect(stage.plane.with { $0.explainOptions } == options)
            options = ExplainOptions()
            options.request = "req-1"
            try await stage.call(.explainRoute, [.string(""), options.busValue])
            #expect(stage.plane.asked == ["explain k2", "explain "])
            #expect(stage.plane.with { $0.explainOptions } == options)
            for model in ["two words", "é", String(repeating: "m", count: 257)] {
                #expect(
                    await errorName { try await stage.call(.explainRoute, [.string(model), .variants([:])]) }
                        == "org.kmi.Proxy1.Error.InvalidArgument")
            }
        }
    }

    @Test func asksProvidersForUsageAndKeys() async throws {
        try await ControlStage.with { stage in
            var options = KeySelectionOptions()
            #expect(try await stage.call(.refreshUsage, [options.busValue]) == [.uint32(2)])
            options.key = "alpha"
            options.provider = "kimi"
            try await stage.call(.refreshUsage, [options.busValue])
            let probed = try await stage.call(
                ControlPath.key("alpha"), KeyInterface.name, KeyInterface.Method.probe.member)
            #expect(probed == [.string("invalid provider_auth_failed")])
            #expect(stage.plane.asked == ["refresh any of any", "refresh alpha of kimi", "probe alpha"])
            stage.plane.with { $0.fault = ControlFault(.upstreamFailed, "no answer") }
            #expect(
                await errorName {
                    try await stage.call(
                        ControlPath.key("alpha"), KeyInterface.name, KeyInterface.Method.probe.member)
                } == "org.kmi.Proxy1.Error.UpstreamFailed")
        }
    }

    @Test func tellsOneRequest() async throws {
        try await ControlStage.with { stage in
            stage.plane.with { $0.rows = [Samples.row] }
            let answer = try await stage.call(.getRequest, [.string("req-1")])
            #expect(try RequestRow(busValue: try #require(answer.first)) == Samples.row)
            #expect(
                await errorName { try await stage.call(.getRequest, [.string("req-2")]) }
                    == "org.kmi.Proxy1.Error.NotFound")
            #expect(
                await errorName { try await stage.call(.getRequest, [.string("two words")]) }
                    == "org.kmi.Proxy1.Error.InvalidArgument")
        }
    }

    @Test func addsAndRemovesAKey() async throws {
        try await ControlStage.with { stage in
            var options = KeyOptions()
            options.priority = 5
            options.models = ["k2"]
            let answer = try await stage.call(
                .addKey,
                [
                    .string("my-key"), .string("kimi"), .descriptor(try Pipe.closed("sk-planted\n").reading),
                    options.busValue,
                ])
            #expect(answer == [.path("/org/kmi/Proxy1/key/my_2dkey")])
            #expect(stage.plane.with { $0.secret } == "sk-planted")
            #expect(stage.plane.with { $0.keyOptions } == options)
            #expect(
                try await stage.get(ControlPath.key("my-key"), KeyInterface.name, "Label") == .string("my-key"))
            try await stage.call(.removeKey, [.string("my-key")])
            #expect(
                await errorName {
                    _ = try await stage.get(ControlPath.key("my-key"), KeyInterface.name, "Label")
                } == "org.freedesktop.DBus.Error.UnknownObject")
        }
    }

    @Test("makes a client whose token travels through a descriptor (A-001)")
    func makesAndRevokesClients() async throws {
        try await ControlStage.with { stage in
            var options = ClientOptions()
            options.scopes = ["metrics"]
            let answer = try await stage.call(.createClient, [.string("grafana"), options.busValue])
            #expect(answer.first == .path("/org/kmi/Proxy1/client/grafana"))
            let token = try #require(answer.last?.asDescriptor)
            #expect(token.withDescriptor { Self.text(of: $0) } == "kmi_token")
            #expect(stage.plane.with { $0.clientOptions } == options)
            #expect(
                try await stage.get(ControlPath.client("grafana"), ClientInterface.name, "Name") == .string("grafana"))
            try await stage.call(.revokeClient, [.string("grafana")])
            try await stage.call(ControlPath.client("ci"), ClientInterface.name, ClientInterface.Method.revoke.member)
            #expect(stage.plane.asked == ["create grafana", "revoke grafana", "revoke ci"])
            #expect(
                await errorName { _ = try await stage.getAll(ControlPath.client("ci"), ClientInterface.name) }
                    == "org.freedesktop.DBus.Error.UnknownObject")
        }
    }

    /// Everything from where a descriptor stands to its end.
    private static func text(of descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
