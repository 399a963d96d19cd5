import DBusControl
import Testing

@testable import kmictl

struct EnvCommandTests {
    private func client(_ change: (inout ClientStatus) -> Void = { _ in }) -> ClientStatus {
        var client = ClientStatus()
        (client.name, client.scopes, client.origin) = ("env", ["inference"], "state")
        change(&client)
        return client
    }

    @Test func printsStatementsAndNothingElse() async throws {
        let stage = RunStage()
        let result = try await stage.kmictl("env")
        #expect(result.status == .success)
        #expect(result.lines.first == "unset ANTHROPIC_API_KEY")
        #expect(result.lines.contains("export OPENAI_BASE_URL='http://127.0.0.1:7878/v1'"))
        #expect(result.lines.contains("export ANTHROPIC_AUTH_TOKEN='kmi_t0ken'"))
        #expect(result.errors.isEmpty)
        #expect(stage.daemon.asked.contains("create env"))
        #expect(stage.daemon.asked.first == "may start", "contract 10")
        let fish = try await stage.kmictl("env", "--shell", "fish", "--client", "desk")
        #expect(fish.lines.contains("set -gx OPENAI_API_KEY 'kmi_t0ken'"))
        #expect(stage.daemon.asked.contains("create desk"))
    }

    @Test func printsAnObject() async throws {
        let result = try await RunStage().kmictl("env", "--json")
        #expect(result.output.hasPrefix(#"{"client":"env","unset":["ANTHROPIC_API_KEY"],"variables":{"#))
        #expect(result.output.contains(#""OPENAI_API_KEY":"kmi_t0ken""#))
    }

    @Test("a new token is good for no more than the former one")
    func carriesLimitsOver() async throws {
        let stage = RunStage()
        stage.daemon.with { state in
            state.clients = [
                self.client {
                    $0.models = ["k2"]
                    $0.project = "thesis"
                    $0.expiresAt = Samples.now + 1
                }
            ]
        }
        #expect(try await stage.kmictl("env").status == .success)
        #expect(stage.daemon.asked.suffix(2) == ["revoke env", "create env"])
        let options = stage.daemon.with { $0.clientOptions }
        #expect(options?.models == ["k2"])
        #expect(options?.project == "thesis")
        #expect(options?.scopes == ["inference"])
        #expect(options?.expiresAt == Samples.now + 1)
    }

    @Test func leavesWhatIsNotItsOwn() async throws {
        for (change, hint): (@Sendable (inout ClientStatus) -> Void, String) in [
            ({ $0.origin = "file" }, "--client"), ({ $0.expiresAt = Samples.now - 1 }, "clients revoke env"),
        ] {
            let stage = RunStage()
            stage.daemon.with { $0.clients = [self.client(change)] }
            let result = try await stage.kmictl("env")
            #expect(result.status == .failed)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains(hint))
            #expect(!stage.daemon.asked.contains { $0.hasPrefix("revoke") || $0.hasPrefix("create") })
        }
    }

    @Test("no token ends for one that nobody sees")
    func endsATokenThatCannotBeShown() async throws {
        let stage = RunStage()
        stage.daemon.with { $0.manager.listeners = ["unix:/run/kmi/proxy.sock"] }
        #expect(try await stage.kmictl("env").status == .failed)
        #expect(!stage.daemon.asked.contains { $0.hasPrefix("create") })
        var full = RunStage()
        full.isFull = true
        #expect(try await full.kmictl("env").status == .failed)
        #expect(full.daemon.asked.suffix(2) == ["create env", "revoke env"])
    }
}
