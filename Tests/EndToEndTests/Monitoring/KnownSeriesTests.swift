import ProxyCore
import TestSupport
import Testing

/// What `/metrics` tells before and while something happens: the series that rules are written for.
@Suite("Series for alerts", .serialized, .timeLimit(.minutes(5)))
struct KnownSeriesTests {
    @Test("counters of closed sets are in the first scrape, with a zero (X-047, T-039)")
    func beginWithZero() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let text = try await daemon.admin().get("/metrics").text
                let lines = Set(text.split(separator: "\n"))
                var expected = ProxyErrorCode.allCases.map { "kmi_rejected_total{reason=\"\($0.rawValue)\"} 0" }
                expected += LimitName.allCases.map { "kmi_limited_total{limit=\"\($0.rawValue)\"} 0" }
                for errorClass in ErrorClass.allCases.map(\.rawValue) {
                    let provider = errorClass.hasPrefix("provider_") ? "sim" : ""
                    expected.append("kmi_errors_total{type=\"\(errorClass)\",provider=\"\(provider)\"} 0")
                    guard !provider.isEmpty else { continue }
                    expected += [
                        "kmi_upstream_attempts_total{provider=\"sim\",outcome=\"\(errorClass)\"} 0",
                        "kmi_streams_cut_total{provider=\"sim\",type=\"\(errorClass)\"} 0",
                        "kmi_retries_total{reason=\"\(errorClass)\"} 0",
                    ]
                }
                expected += ["usage", "retention", "backup", "config_watch"].map {
                    "kmi_job_failures_total{job=\"\($0)\"} 0"
                }
                expected += ["timeout", "gone", "refused", "certificate"].map {
                    "kmi_tls_handshake_failures_total{reason=\"\($0)\"} 0"
                }
                expected += ["bus", "memory", "secrets", "storage"].map { "kmi_degraded{reason=\"\($0)\"} 0" }
                for line in expected { #expect(lines.contains(Substring(line)), "\(line)") }
                // Nothing is lost to a bound by it, and no bound is near.
                for line in lines where line.hasPrefix("kmi_metrics_label_overflow_total") {
                    #expect(line.hasSuffix(" 0"), "\(line)")
                }
                #expect(!text.contains("kmi_certificate_not_after_timestamp_seconds{"))
            }
        }
    }

    @Test("the end of the certificate and handshakes that fail are told (T-007)")
    func tellsTLS() async throws {
        try await Encrypted.with { encrypted in
            let plain = try await encrypted.curl("/metrics", "admin").body
            let end = try #require(
                plain.split(separator: "\n").first {
                    $0.hasPrefix("kmi_certificate_not_after_timestamp_seconds{file=\"certificate\"} ")
                }?.split(separator: " ").last.flatMap { Double($0) })
            let now = try #require(
                plain.split(separator: "\n").first { $0.hasPrefix("kmi_clock_timestamp_seconds ") }?
                    .split(separator: " ").last.flatMap { Double($0) })
            #expect(end > now)
            // No TLS at all is no handshake that the two sides agree on.
            _ = try await encrypted.curl("/v1/models", "data", scheme: "http")
            try await eventually("it is counted") {
                try await encrypted.curl("/metrics", "admin").body
                    .contains("kmi_tls_handshake_failures_total{reason=\"refused\"} 1\n")
            }
        }
    }

    @Test("requests, waits and refusals are told by lane as a scripted mix of lanes is sent (L-013, L-004)")
    func tellsLanes() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.appendix = """
                [limits]
                in_flight = 1
                queue = 2
                queue_timeout = "30s"
                high_reserved = 0

                [[client]]
                name = "other"
                token = "file:other.token"
                scopes = ["inference", "priority:high"]

                """
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(configuration, to: directory)
                try directory.write("other.token", Self.token)
                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    try await Self.sendMix(to: daemon)
                }
            }
        }
    }

    private static let token = "kmi-test-token-of-lanes-1357924680"

    /// One request of each lane at once, then one of each that waits or is refused behind a stream, and what is told of it.
    private static func sendMix(to daemon: DaemonProcess) async throws {
        let client = RawHTTPClient(try daemon.address("data"), fields: [("Authorization", "Bearer \(Self.token)")])
        func requests(_ lane: String, _ outcome: String) async throws -> Double {
            try await daemon.metric("kmi_priority_requests_total", ["priority": lane, "outcome": outcome])
        }
        for (sent, lane) in ["low", "normal", "high", "high"].enumerated() {
            #expect(try await client.chat(fields: [("X-KMI-Priority", lane)]).status == 200)
            try await eventually("its place is free again") { try await daemon.metric("kmi_in_flight_requests") == 0 }
            #expect(try await requests(lane, "admitted") == (sent == 3 ? 2 : 1))
        }
        let held = HeldStream(client, model: "sim-stall-3", key: "alpha")
        try await held.waitForBegin()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for lane in ["high", "low"] {
                let waiting = try await daemon.metric("kmi_queued_requests")
                group.addTask { try await client.chat(fields: [("X-KMI-Priority", lane)]).status }
                try await eventually("it waits") { try await daemon.metric("kmi_queued_requests") == waiting + 1 }
            }
            // The queue is full: one of the lowest lane finds no place in it.
            #expect(try await client.chat(fields: [("X-KMI-Priority", "low")]).status == 503)
            #expect(try await requests("low", "refused") == 1)
            #expect(try await daemon.metric("kmi_rejected_total", ["reason": "overloaded"]) == 1)
            for lane in ["low", "normal", "high"] {
                #expect(try await daemon.metric("kmi_queue_wait_seconds_count", ["priority": lane]) == 0)
            }
            try await held.finish()
            for try await status in group { #expect(status == 200) }
        }
        for (lane, admitted, queued, refused) in [
            ("low", 1.0, 1.0, 1.0), ("normal", 2, 0, 0), ("high", 2, 1, 0),
        ] {
            #expect(try await requests(lane, "admitted") == admitted, "\(lane)")
            #expect(try await requests(lane, "queued") == queued, "\(lane)")
            #expect(try await requests(lane, "refused") == refused, "\(lane)")
            #expect(try await daemon.metric("kmi_queue_wait_seconds_count", ["priority": lane]) == queued, "\(lane)")
        }
    }
}
