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
    static func rows(
        _ found: Result<[DiagnosisRow], ControlClientError>, on bus: ControlAddress
    ) -> [DiagnosisRow] {
        switch found {
        case .success(let rows): return rows
        case .failure(let error) where error.code == .busy:
            return [DiagnosisRow("daemon", "", "warn", error.message, advice: "run kmictl doctor again")]
        case .failure(let error):
            let advice =
                switch error.code {
                case .protocolError: "kmid and kmictl are of different versions: restart kmid"
                case .accessDenied: Self.permission(on: bus)
                default: "see the log of kmid"
                }
            return [
                DiagnosisRow("daemon", "", "fail", "it does not tell how it is: \(error.message)", advice: advice)
            ]
        }
    }

    /// The bus is there and the daemon is not, or it does not answer this user.
    static func missingDaemon(_ error: ControlClientError, on bus: ControlAddress) -> DiagnosisRow {
        switch error.code {
        case .unreachable:
            let advice =
                switch bus {
                case .session:
                    "systemctl --user status kmid tells why; kmid check-config; systemctl --user start kmid; "
                        + "one of the whole system is found with --system"
                case .system: "systemctl status kmid tells why; kmid check-config; systemctl start kmid"
                case .address: "start it for that bus (--bus or control.bus of its configuration); kmid check-config"
                }
            return DiagnosisRow("daemon", "", "fail", "nobody on the bus is kmid", advice: advice)
        case .timedOut:
            let restart =
                switch bus {
                case .session: "systemctl --user restart kmid"
                case .system: "systemctl restart kmid"
                case .address: "restart the kmid of that bus"
                }
            return DiagnosisRow("daemon", "", "fail", "it does not answer", advice: "\(restart); see its log before")
        case .accessDenied:
            return DiagnosisRow(
                "daemon", "", "fail", "this user may not ask it: \(error.message)", advice: Self.permission(on: bus))
        default:
            return DiagnosisRow("daemon", "", "fail", error.message, advice: "see the log of kmid")
        }
    }

    /// How somebody may ask whom the daemon refused.
    private static func permission(on bus: ControlAddress) -> String {
        switch bus {
        case .system:
            "have an administrator allow org.kmi.proxy1.read by a rule of polkit (docs/dbus.md), or ask as root"
        case .session, .address: "ask as the user that kmid runs as, since nobody else may (docs/dbus.md)"
        }
    }

    /// There is no bus, or this user may not use it.
    static func missingBus(_ error: ControlClientError, on bus: ControlAddress) -> DiagnosisRow {
        let advice =
            switch (error.code, bus) {
            case (.accessDenied, .system): "ask as a user that the system bus lets in, such as root"
            case (.accessDenied, _): "ask as the user whose bus it is, or use --system"
            case (_, .session):
                "log in to a session that has one (DBUS_SESSION_BUS_ADDRESS), or use --system or --address"
            case (_, .system): "see to the system bus (systemctl status dbus), or leave --system out for the user's"
            case (_, .address): "see to --address, or leave it out for the session bus, or use --system"
            }
        return DiagnosisRow("bus", "", "fail", error.message, advice: advice)
    }

    /// Whether the daemon could have a port.
    static func port(_ port: UInt16, holder: PortHolder?, on bus: ControlAddress) -> DiagnosisRow {
        let subject = "127.0.0.1:\(port)"
        guard let holder else { return DiagnosisRow("listener", subject, "ok", "nobody has it, so that kmid can") }
        let elsewhere = bus == .system ? "ask as that user, without --system" : "try --system"
        if holder.name == "kmid" {
            return DiagnosisRow(
                "listener", subject, "warn", "\(holder.text) has it, but is not on this bus",
                advice: "\(elsewhere), or --address for another bus; control.bus of its configuration")
        }
        // Nobody but root sees which program another user runs; it may be a daemon in good health.
        guard !holder.name.isEmpty else {
            return DiagnosisRow(
                "listener", subject, "warn", "\(holder.text) has it, which may be the kmid of that user",
                advice:
                    "\(elsewhere); if it is something else, set server.listen and server.admin_listen to other ports")
        }
        return DiagnosisRow(
            "listener", subject, "fail", "\(holder.text) has it, so that kmid cannot",
            advice: "end that, or set server.listen and server.admin_listen to other ports")
    }
}
