import DBusControl

/// What is to be said of what the client sees by itself.
enum ClientDiagnosis {
    /// What this program is.
    static var ownVersion: DiagnosisRow { DiagnosisRow("version", "kmictl", "ok", VersionText.number) }

    /// Whether client and daemon are of the same source.
    static func versions(of manager: ManagerStatus) -> [DiagnosisRow] {
        let unknown = ["", "unknown"]
        let isOtherCommit =
            !unknown.contains(manager.commit) && !unknown.contains(VersionText.commit)
            && manager.commit != VersionText.commit
        guard manager.version == VersionText.number, !isOtherCommit else {
            let what = isOtherCommit ? "\(manager.version), built from \(manager.commit)" : manager.version
            return [
                Self.ownVersion,
                DiagnosisRow(
                    "version", "kmid", "warn", "\(what), is not that of kmictl",
                    advice: "restart kmid if it was upgraded, else upgrade the older one"),
            ]
        }
        return [Self.ownVersion, DiagnosisRow("version", "kmid", "ok", "\(manager.version), the same as kmictl")]
    }

    /// How the daemon says that it is.
    static func state(of manager: ManagerStatus) -> DiagnosisRow {
        switch manager.state {
        case "running": DiagnosisRow("daemon", "", "ok", "it runs")
        case "degraded":
            DiagnosisRow(
                "daemon", "", "warn", "it runs without what does not work: \(manager.degraded.joined(separator: ", "))",
                advice: "see the lines below and the log of kmid")
        default: DiagnosisRow("daemon", "", "warn", "it is \(manager.state)", advice: "wait, or start it again")
        }
    }

    /// What the daemon found, or why it told nothing.
    static func rows(_ found: Result<[DiagnosisRow], ControlClientError>) -> [DiagnosisRow] {
        switch found {
        case .success(let rows): rows
        case .failure(let error):
            [
                DiagnosisRow(
                    "daemon", "", "fail", "it does not tell how it is: \(error.message)",
                    advice: error.code == .protocolError
                        ? "kmid and kmictl are of different versions: restart kmid" : "see the log of kmid")
            ]
        }
    }

    /// The bus is there and the daemon is not.
    static func missingDaemon(_ error: ControlClientError, isSystemBus: Bool) -> DiagnosisRow {
        let systemctl = isSystemBus ? "systemctl" : "systemctl --user"
        switch error.code {
        case .unreachable:
            return DiagnosisRow(
                "daemon", "", "fail", "nobody on the bus is kmid",
                advice: "\(systemctl) status kmid tells why; kmid check-config; \(systemctl) start kmid")
        case .timedOut:
            return DiagnosisRow(
                "daemon", "", "fail", "it does not answer", advice: "\(systemctl) restart kmid; see its log before")
        default:
            return DiagnosisRow("daemon", "", "fail", error.message, advice: "see the log of kmid")
        }
    }

    /// There is no bus, or this user may not use it.
    static func missingBus(_ error: ControlClientError) -> DiagnosisRow {
        DiagnosisRow(
            "bus", "", "fail", error.message,
            advice: "log in to a session that has one (DBUS_SESSION_BUS_ADDRESS), or use --system or --address")
    }

    /// Whether the daemon could have a port.
    static func port(_ port: UInt16, holder: PortHolder?) -> DiagnosisRow {
        let subject = "127.0.0.1:\(port)"
        guard let holder else { return DiagnosisRow("listener", subject, "ok", "nobody has it, so that kmid can") }
        if holder.name == "kmid" {
            return DiagnosisRow(
                "listener", subject, "warn", "kmid has it (process \(holder.process ?? 0)), but is not on this bus",
                advice: "--system or --address for another bus; control.bus of its configuration")
        }
        return DiagnosisRow(
            "listener", subject, "fail", "\(holder.text) has it, so that kmid cannot",
            advice: "end that, or set server.listen and server.admin_listen to other ports")
    }
}
