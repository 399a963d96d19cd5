import DBusControl
import Glibc
import TestSupport
import Testing

@testable import kmictl

struct DoctorTests {
    private static func daemon(_ rows: [DiagnosisRow]) -> FakeDaemon {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.manager.version = VersionText.number
            state.diagnosis = rows
        }
        return daemon
    }

    @Test("a daemon that looks around for somebody else is not broken")
    func waitsForAnother() {
        let error = ControlClientError(.busy, "Another diagnosis is under way.")
        let rows = ClientDiagnosis.rows(.failure(error), on: .session)
        #expect(rows.map(\.result) == ["warn"])
        #expect(rows.first?.advice == "run kmictl doctor again")
    }

    @Test("shows each line with what to do, and ends with 1 if one fails")
    func shows() async throws {
        let daemon = Self.daemon([
            DiagnosisRow("disk", "/state", "warn", "90.0 MiB free", advice: "make room"),
            DiagnosisRow(
                "provider", "kimi", "fail", "https://api.kimi.com: cannot be reached", advice: "check the network"),
            DiagnosisRow("clock", "", "ok", "it is synchronised"),
        ])
        let result = try await kmictl("doctor", daemon: daemon, terminal: .plain)
        #expect(result.status == .failed)
        #expect(
            result.output == """
                ok    version   kmictl: \(VersionText.number)
                ok    version   kmid: \(VersionText.number), the same as kmictl
                ok    daemon    it runs
                warn  disk      /state: 90.0 MiB free
                                →  make room
                fail  provider  kimi: https://api.kimi.com: cannot be reached
                                →  check the network
                ok    clock     it is synchronised

                """)
        #expect(result.errors == "4 ok, 1 warn, 1 fail.\n")
        #expect(daemon.asked == ["manager", "diagnose"])
        #expect(try await kmictl("doctor", "-q", daemon: daemon).output == "disk /state\nprovider kimi\n")
        #expect(
            try await kmictl("doctor", "--json", daemon: daemon).output.contains(
                #"{"advice":"make room","check":"disk","message":"90.0 MiB free","result":"warn","subject":"/state"}"#))
    }

    @Test("a warning is no failure, and providers are left alone if that is asked for")
    func warns() async throws {
        let daemon = Self.daemon([DiagnosisRow("disk", "", "warn", "x")])
        #expect(try await kmictl("doctor", "--offline", daemon: daemon).status == .success)
        #expect(daemon.asked == ["manager", "diagnose offline"])
    }

    @Test("tells of a daemon of another version, and of one that does not run well")
    func comparesVersions() {
        var manager = Samples.manager
        manager.version = "9.9.9"
        #expect(ClientDiagnosis.versions(of: manager).last?.result == "warn")
        manager.version = VersionText.number
        #expect(ClientDiagnosis.versions(of: manager).last?.result == "ok")
        for (state, result) in [("running", "ok"), ("degraded", "warn"), ("draining", "warn"), ("starting", "warn")] {
            manager.state = state
            #expect(ClientDiagnosis.state(of: manager).result == result)
        }
    }

    @Test(
        "gives its lines and one document without a daemon, or without a bus (X-061)",
        arguments: [
            (ControlClientError.Code.unreachable, true), (.timedOut, true), (.accessDenied, true),
            (.unreachable, false),
        ])
    func worksAlone(_ code: ControlClientError.Code, _ hasBus: Bool) async throws {
        let error = ControlClientError(code, "it does not work")
        let daemon = FakeDaemon()
        if hasBus { daemon.with { $0.failure = error } }
        let result = try await kmictl(
            "doctor", "--json", "--port", "1", daemon: daemon, connection: hasBus ? nil : error)
        #expect(result.status == .failed)
        #expect(result.output.hasPrefix("[{") && result.output.hasSuffix("}]\n") && result.lines.count == 1)
        // A daemon that does not answer may well have its ports itself.
        #expect(result.output.contains(#""check":"listener""#) == (code == .unreachable))
        #expect(result.output.contains(hasBus ? #""check":"daemon""# : "it does not work"))
    }

    @Test("tells why the daemon tells nothing of itself")
    func toleratesOldDaemons() {
        let rows = ClientDiagnosis.rows(.failure(ControlClientError(.protocolError, "no such method")), on: .session)
        #expect(rows.map(\.result) == ["fail"])
        #expect(rows.first?.advice.contains("different versions") == true)
        let denied = ClientDiagnosis.rows(.failure(ControlClientError(.accessDenied, "no")), on: .system)
        #expect(denied.first?.advice.contains("org.kmi.proxy1.read") == true)
    }

    @Test(
        "advises for the bus that was asked",
        arguments: [
            (ControlClientError.Code.unreachable, ControlAddress.session, "systemctl --user start kmid", "--address"),
            (.unreachable, .system, "systemctl start kmid", "DBUS_SESSION_BUS_ADDRESS"),
            (.unreachable, .address("unix:path=/x"), "control.bus", "DBUS_SESSION_BUS_ADDRESS"),
            (.timedOut, .system, "systemctl restart kmid", "--user"),
            (.timedOut, .address("unix:path=/x"), "restart the kmid of that bus", "systemctl"),
            (.accessDenied, .system, "org.kmi.proxy1.read", "log of kmid"),
            (.accessDenied, .session, "the user that kmid runs as", "org.kmi.proxy1.read"),
        ])
    func advisesForTheBus(
        _ code: ControlClientError.Code, _ bus: ControlAddress, _ expected: String, _ unexpected: String
    ) {
        let row = ClientDiagnosis.missingDaemon(ControlClientError(code, "no"), on: bus)
        #expect(row.result == "fail")
        #expect(row.advice.contains(expected))
        #expect(!row.advice.contains(unexpected))
    }

    @Test("where there is no bus, says what to do about the one that was asked")
    func advisesWithoutBus() {
        func advice(_ bus: ControlAddress, _ code: ControlClientError.Code = .unreachable) -> String {
            ClientDiagnosis.missingBus(ControlClientError(code, "no"), on: bus).advice
        }
        #expect(advice(.session).contains("DBUS_SESSION_BUS_ADDRESS"))
        #expect(advice(.system).contains("leave --system out"))
        #expect(advice(.address("unix:path=/x")).contains("see to --address"))
        #expect(advice(.session, .accessDenied).contains("the user whose bus it is"))
        #expect(advice(.system, .accessDenied).contains("root"))
    }

    @Test("makes what the daemon tells harmless (A-005), and fits 80 columns")
    func neutralises() async throws {
        let long = String(repeating: "word ", count: 60)
        let daemon = Self.daemon([DiagnosisRow("a\u{1B}[1m", "b\n", "odd", "\u{1B}]8;;\(long)", advice: long + "\u{7}")]
        )
        let result = try await kmictl("doctor", daemon: daemon, terminal: .plain)
        #expect(result.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        #expect(result.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(result.status == .success)
    }

    @Test("reads the tables of sockets")
    func readsTables() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1EC6 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0
               1: 0100007F:1EC7 0100007F:1234 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0
               2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
               3: 0200007F:1EC6 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0
               4: nonsense
               5: 00000000000000000000000001000000:1EC6 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 4715 1
               6: 0000000000000000FFFF00000100007F:1EC6 00000000000000000000000000000000:0000 0A 0:0 0:0 0 7 0 4716 1
            """
        let sockets = ListeningSocket.parse(table)
        #expect(sockets.map(\.inode) == [4711, 4713, 4714, 4715, 4716])
        #expect(sockets.map(\.port) == [7878, 22, 7878, 7878, 7878])
        #expect(sockets.map(\.userID) == [1000, 0, 0, 7, 7])
        #expect(sockets.map(\.takesLoopback) == [true, true, false, false, true])
        #expect(ListeningSocket.parse("").isEmpty)
    }

    @Test("finds who has a port, without opening anything of theirs", .timeLimit(.minutes(5)))
    func findsHolders() async throws {
        try await ReservedPort.with { taken in
            try taken.listen()
            let holder = try #require(PortLook().holder(of: taken.port))
            #expect(holder.process == getpid())
            #expect(!holder.name.isEmpty)
            let row = ClientDiagnosis.port(taken.port, holder: holder, on: .session)
            #expect(row.result == "fail")
            #expect(row.message.contains("process \(getpid())"))
            #expect(ClientDiagnosis.port(taken.port, holder: nil, on: .session).result == "ok")
            #expect(PortLook(directory: "/nonexistent").holder(of: taken.port) == nil)
        }
    }

    @Test("of a port that may be that of another user's daemon it only warns")
    func toleratesForeignDaemons() {
        let hidden = PortHolder(process: nil, name: "", user: "kmi")
        let row = ClientDiagnosis.port(7878, holder: hidden, on: .session)
        #expect(row.result == "warn")
        #expect(row.message == "a process of the user kmi has it, which may be the kmid of that user")
        #expect(row.advice.hasPrefix("try --system"))
        #expect(ClientDiagnosis.port(7878, holder: hidden, on: .system).advice.hasPrefix("ask as that user"))
        let named = ClientDiagnosis.port(7878, holder: PortHolder(process: 7, name: "kmid", user: "kmi"), on: .session)
        #expect(named.result == "warn")
        #expect(named.message == "kmid (process 7, user kmi) has it, but is not on this bus")
        #expect(
            ClientDiagnosis.port(7878, holder: PortHolder(process: 7, name: "nginx", user: "x"), on: .session).result
                == "fail")
    }
}
