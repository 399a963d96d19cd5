import DBusControl
import Logging
import SystemSupport
import Testing

@testable import Daemon

@Suite("The sandbox that a unit promises (A-017, T-022)")
struct SandboxDiagnosisTests {
    /// A process of which the kernel shows that it gets no privileges and may write the operating system.
    private static let evidence = SandboxEvidence(
        status: "NoNewPrivs:\t1\n", mounts: "", writableDirectories: ["/usr"], hasWritableCode: true)

    private func rows(_ promise: String) -> [String] {
        SandboxDiagnosis.rows(SandboxState(promise: promise, evidence: Self.evidence))
            .map { "\($0.result) \($0.subject)\($0.advice.isEmpty ? "" : " ->")" }
    }

    @Test("has a row for each part that is not in force, one for all that are, and none without a promise")
    func tellsInRows() {
        #expect(SandboxDiagnosis.rows(nil).isEmpty)
        #expect(self.rows("").isEmpty)
        #expect(self.rows("NoNewPrivileges") == ["ok "])
        #expect(
            self.rows("ProtectSystem NoNewPrivileges PrivateTmp Moat")
                == ["warn ProtectSystem ->", "warn PrivateTmp ->", "warn Moat ->"])
    }

    @Test("is told to the log once, where something is missing")
    func tellsInTheLog() {
        let lines = RecordedLines()
        let logger = Logger(label: "test") { _ in lines.handler }
        Sandbox.report(nil, to: logger)
        Sandbox.report(SandboxState(promise: "NoNewPrivileges", evidence: Self.evidence), to: logger)
        #expect(lines.events.isEmpty)
        let state = SandboxState(promise: "NoNewPrivileges ProtectSystem Moat PrivateTmp", evidence: Self.evidence)
        Sandbox.report(state, to: logger)
        #expect(lines.events == ["sandbox_incomplete"])
        let metadata = Sandbox.metadata(of: state)
        #expect(metadata["missing"] == "ProtectSystem PrivateTmp")
        #expect(metadata["unknown"] == "Moat")
    }

    @Test("is nothing to look at without a unit, and is read from its variable")
    func readsTheVariable() {
        #expect(Sandbox.state(environment: [:]) == nil)
        #expect(Sandbox.state(environment: ["KMI_SANDBOX": "Moat PrivateTmp"])?.unknown == ["Moat"])
    }
}
