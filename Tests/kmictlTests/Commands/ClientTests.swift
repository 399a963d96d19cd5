import DBusControl
import Testing

@testable import kmictl

struct ClientTests {
    @Test func listsClients() async throws {
        #expect(
            try await kmictl("clients").output == """
                NAME  SCOPES     MODELS  EXPIRES  LAST SEEN  REQUESTS
                ci    inference  all     never    never             7

                """)
        #expect(
            try await kmictl("clients", "list", "--json").output
                == #"[{"expires_at":null,"last_seen_at":null,"limits":{"in_flight":0,"rpm":0,"rps":0,"tpm":0},"models":[],"name":"ci","origin":"","#
                + #""project":null,"projects":[],"requests":7,"routes":[],"scopes":["inference"]}]"# + "\n")
    }

    @Test func printsANewTokenOnceAndBare() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl(
            "clients", "create", "laptop", "--scope", "inference", "--scope", "metrics", "--model", "k2",
            "--route", "/v1/messages", "--route", "/v1/chat/*", "--project", "a b", "--rpm", "60", "--in-flight", "2",
            "--expires", "30d", daemon: daemon)
        #expect(result.output == "kmi_t0ken\n")
        #expect(result.errors.isEmpty)
        var options = ClientOptions()
        options.scopes = ["inference", "metrics"]
        options.models = ["k2"]
        options.routes = ["/v1/messages", "/v1/chat/*"]
        options.projects = ["a b"]
        options.limits[.rpm] = 60
        options.limits[.inFlight] = 2
        options.expiresAt = Samples.now + 30 * 86400 * Samples.second
        #expect(daemon.with { $0.clientOptions } == options)
        #expect(
            try await kmictl("clients", "create", "laptop", "--json").output
                == #"{"name":"laptop","token":"kmi_t0ken"}"# + "\n")
        let hinted = try await kmictl("clients", "create", "laptop", terminal: .usual)
        #expect(hinted.errors == "This is the only time that the token of laptop is shown.\n")
    }

    @Test func endsAClientWhoseTokenCannotBeShown() async throws {
        let daemon = FakeDaemon()
        let text = try await kmictl("clients", "create", "ci", daemon: daemon, isFull: true)
        #expect(text.status == .failed)
        let json = try await kmictl("clients", "create", "ci", "--json", daemon: daemon, isFull: true)
        #expect(json.status == .failed)
        #expect(daemon.asked == ["create ci", "revoke ci", "create ci", "revoke ci"])
    }

    @Test func refusesATokenThatHasEnded() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("clients", "create", "laptop", "--expires", "2020-01-01", daemon: daemon)
        #expect(result.status == .usage)
        #expect(daemon.asked.isEmpty)
    }

    @Test(arguments: [["--route", "v1"], ["--route", "/v1/*/x"], ["--route", "/v1?x"], ["--project", "\u{e4}"]])
    func refusesWhatNoClientCanBeKeptTo(arguments: [String]) async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl(words: ["clients", "create", "laptop"] + arguments, daemon: daemon)
        #expect(result.status == .usage)
        #expect(daemon.asked.isEmpty)
    }

    @Test func revokesClients() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("clients", "revoke", "ci", daemon: daemon)
        #expect(result.status == .success)
        #expect(result.errors == "client ci: revoked.\n")
        let unknown = try await kmictl("clients", "revoke", "cj", daemon: daemon)
        #expect(unknown.status == .notFound)
        #expect(unknown.errors == "kmictl: there is no client cj. Did you mean ci?\n")
    }
}
