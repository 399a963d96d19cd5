import Foundation
import TestSupport
import Testing

/// What providers say, and what becomes of the key, as a person sees it (X-002, X-005, K-007).
@Suite("Each refusal ends in the right state, for the right time", .serialized, .timeLimit(.minutes(5)))
struct HealingTests {
    /// What one key meets while another one serves.
    struct Case: Sendable, CustomTestStringConvertible {
        /// The simulator's name of the error, or an action of its own.
        var error: String
        /// The kind of the provider, and the path of its base.
        var kind: String
        var base = "/v1"
        /// The state of the key, and why; the same of one model where the provider limits per model.
        var state: String
        var reason = ""
        var isOfModel = false
        /// Until when, in seconds from now.
        var seconds: ClosedRange<Double> = 0...0
        /// The status that the caller gets.
        var status = 200

        var testDescription: String { "\(self.kind) \(self.error)" }

        var action: String { self.error.hasPrefix("{") ? self.error : "{\"error\": \"\(self.error)\"}" }
    }

    private static func kimi(
        _ error: String, _ state: String, _ reason: String = "", _ seconds: ClosedRange<Double> = 0...0,
        status: Int = 200
    ) -> Case {
        Case(
            error: "kimi.\(error)", kind: "kimi", base: "/coding/v1", state: state, reason: reason, seconds: seconds,
            status: status)
    }

    static let cases = [
        Self.kimi("exceeded_current_quota_error", "billing", "provider_billing", 3_500...3_700),
        // The reset of the window is not told by the error; the usage that is asked for then tells it.
        Self.kimi("access_terminated.weekly", "exhausted", "provider_quota_exhausted", 60...700_000),
        Self.kimi("access_terminated.client", "usable", status: 403),
        Self.kimi("engine_overloaded_error", "usable"),
        Self.kimi("permission_error", "cooling", "provider_rate_limited", 0.5...3),
        Self.kimi("invalid_authentication_error", "suspect", "provider_auth_failed", 25...35),
        Case(
            error: #"{"status": 400, "body": {"error": {"message": "An explanation of your plan", "type": "x"}}}"#,
            kind: "kimi", base: "/coding/v1", state: "usable", status: 400),
        Case(
            error: "gemini.resource_exhausted.per_day", kind: "gemini", state: "cooling",
            reason: "provider_rate_limited", isOfModel: true, seconds: 1...60),
        Case(
            error: "anthropic.spend_limit", kind: "anthropic", state: "billing", reason: "provider_billing",
            seconds: 3_500...3_700),
        Case(
            error: "openai.insufficient_quota", kind: "openai", state: "billing", reason: "provider_billing",
            seconds: 3_500...3_700),
    ]

    @Test("visible in kmictl keys list", arguments: Self.cases)
    func showsState(entry: Case) async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                ContractWire.scenario(entry.action, match: #"{"key": "sk-sim-alpha", "model": "*"}"#))
            var configuration = DaemonConfiguration(providerBaseURL: simulator.baseURL + entry.base)
            configuration.providerKind = entry.kind
            configuration.keys = ["alpha", "beta"].map { .init($0) }
            configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
            configuration.tables["retry"] = "base = \"1ms\""
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        #expect(try await $0.client().chat().status == entry.status)
                        let key = try #require(try await steering.keys()["alpha"])
                        let found: (state: String, reason: String, usableAt: String?)
                        if entry.isOfModel {
                            #expect(key.state == "usable")
                            let model = try #require(key.modelStates.first)
                            found = (model.state, model.reason, model.usableAt)
                        } else {
                            #expect(key.modelStates.isEmpty)
                            found = (key.state, key.reason, key.usableAt)
                        }
                        #expect(found.state == entry.state)
                        #expect(found.reason == entry.reason)
                        guard entry.state != "usable" else { return #expect(found.usableAt == nil) }
                        let time = try #require(found.usableAt.flatMap(Self.date))
                        #expect(entry.seconds.contains(time.timeIntervalSinceNow), "\(time.timeIntervalSinceNow)")
                        #expect(try await steering.keys()["beta"]?.state == "usable")
                    }
                }
            }
        }
    }

    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        if let date = formatter.date(from: text) { return date }
        formatter.formatOptions.insert(.withFractionalSeconds)
        return formatter.date(from: text)
    }
}
