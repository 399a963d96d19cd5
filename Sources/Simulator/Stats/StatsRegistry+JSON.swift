extension StatsRegistry.Snapshot {
    /// The answer of `GET /sim/stats`.
    var json: JSONValue {
        [
            "totals": self.totals.json,
            "keys": Self.object(self.keys) { $0.json },
            "models": Self.object(self.models) { $0.json },
            "connections": [
                "opened": .integer(self.connections.opened),
                "open": .integer(self.connections.open),
                "handshakes_failed": .integer(self.connections.handshakesFailed),
                "requests_on_reused": .integer(self.connections.requestsOnReused),
                "malformed": .integer(self.connections.malformed),
            ],
            "tls": Self.object(self.tls) {
                [
                    "requests": .integer($0.requests), "request_body_bytes": .integer($0.requestBytes),
                    "handshakes_completed": .integer($0.handshakesCompleted),
                    "handshakes_failed": .integer($0.handshakesFailed),
                ]
            },
        ]
    }

    private static func object<Value>(_ values: [String: Value], _ json: (Value) -> JSONValue) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: json($0.value)) })
    }
}

extension StatsRegistry.Counters {
    /// The counts as an object.
    var json: JSONValue {
        let statuses = self.statuses.sorted { $0.key < $1.key }
        return [
            "requests": .integer(self.requests),
            "completed": .integer(self.completed),
            "aborted": .integer(self.aborted),
            "cut": .integer(self.cut),
            "in_flight": .integer(self.inFlight),
            "max_in_flight": .integer(self.maxInFlight),
            "statuses": .object(statuses.map { .init(name: String($0.key), value: .integer($0.value)) }),
            "bytes_received": .integer(self.bytesReceived),
            "bytes_sent": .integer(self.bytesSent),
            "events_sent": .integer(self.eventsSent),
            "usage_asked": .integer(self.usageAsked),
            "tokens": self.tokens.json,
            "tokens_partial": self.partialTokens.json,
        ]
    }
}
