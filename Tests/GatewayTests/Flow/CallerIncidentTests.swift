import ProxyCore
import Testing

@testable import Gateway

/// What of callers an audit hears (contract section 11).
struct CallerIncidentTests {
    @Test("failed authentication is told with where it came from, and with nothing that was sent (K-042)")
    func failedAuthentication() throws {
        let local = CallerIdentity.address(try #require(NumericAddress("127.0.0.1")))
        let fixture = try GatewayFixture()
        _ = fixture.post("{}", "/v1/chat/completions", [("Authorization", "")])
        _ = fixture.post("{}", "/v1/chat/completions", [("Authorization", "Bearer s3cret")])
        _ = fixture.post(
            "{}", "/v1/chat/completions", [("Authorization", "")], transport: .unix(uid: 4711, pid: 1))
        #expect(
            fixture.observer.incidents == [
                CallerIncident(.authenticationFailed, origin: local, reason: "no token"),
                CallerIncident(.authenticationFailed, origin: local, reason: "unknown token"),
                CallerIncident(.authenticationFailed, origin: .user(4711), reason: "no token"),
            ])
    }

    @Test("an expired token is a reason like others, and its client is told beside it (K-042)")
    func expiredToken() throws {
        let local = CallerIdentity.address(try #require(NumericAddress("127.0.0.1")))
        let fixture = try GatewayFixture { configuration in
            var old = try GatewayFixture.client("old")
            old.expires = WallTime(microseconds: 1_767_225_600_000_000)
            configuration.clients.append(old)
        }
        _ = fixture.post("{}", "/v1/chat/completions", [("Authorization", "Bearer token-of-old")])
        #expect(
            fixture.observer.incidents == [
                CallerIncident(
                    .authenticationFailed, origin: local, client: ClientName("old"),
                    reason: "expired token")
            ])
    }

    @Test("a key that is out of use and asked for by its label is told, one that rests is not (K-042)")
    func blockedKey() throws {
        let local = CallerIdentity.address(try #require(NumericAddress("127.0.0.1")))
        let fixture = try GatewayFixture { $0.keys[1].enabled = false }
        let beta = try #require(KeyLabel("beta"))
        _ = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", [("X-KMI-Key", "beta")])
        #expect(
            fixture.observer.incidents == [
                CallerIncident(
                    .blockedKey(beta, .disabled), origin: local, client: ClientName("ci"),
                    reason: "disabled")
            ])
        _ = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", [("X-KMI-Key", "alpha")])
        try fixture.transfer().answer(429, ["Retry-After": "60"])
        _ = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", [("X-KMI-Key", "alpha")])
        #expect(fixture.observer.incidents.count == 1)
    }

    @Test(
        "a caller behind a trusted proxy is told by its own address, and by the proxy's if that is not trusted (L-005)")
    func forwarded() throws {
        let proxy = try AddressBlock(parsing: "10.0.0.0/8")
        let fixture = try GatewayFixture { $0.auth.trustedProxies = [proxy] }
        for peer in ["10.0.0.1", "192.0.2.7"] {
            _ = fixture.post(
                "{}", "/v1/x", [("Authorization", ""), ("X-Forwarded-For", "203.0.113.5, 198.51.100.9")],
                transport: .tcp(peer: peer))
        }
        #expect(
            fixture.observer.incidents.map(\.origin.description) == ["address:198.51.100.9", "address:192.0.2.7"])
    }
}
