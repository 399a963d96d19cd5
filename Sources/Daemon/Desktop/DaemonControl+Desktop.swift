import DBusControl
import ProxyCore

extension DaemonControl {
    /// Whether somebody wrote down that messages are to be shown, and nobody does.
    ///
    /// The default is no such wish: a machine without a screen would be degraded for ever.
    var isDesktopMissing: Bool {
        self.hub.attention.isWanted && self.hub.attention.desktop == .absent
            && self.keeper.inForce.file.origins["notifications.desktop"] != nil
    }

    /// What has to be said of it, and of requests that fail, in the manager's property `Warnings`.
    func desktopWarnings(at now: Instant) -> [StandingWarning] {
        var warnings =
            self.hub.attention.errors(at: now).map {
                [StandingWarning(code: "errors_frequent", message: $0.sentence)]
            } ?? []
        if self.isDesktopMissing {
            let message =
                "notifications.desktop is on, but no program on the bus shows notifications; \(Self.desktopAdvice)"
            warnings.append(StandingWarning(code: "notifications_absent", message: message))
        }
        return warnings
    }

    /// The codes of ``desktopWarnings(at:)``.
    static let desktopWarningCodes = ["errors_frequent", "notifications_absent"]

    /// What helps where nobody shows messages that are wanted.
    private static let desktopAdvice = "start a notification server, or set notifications.desktop = false"

    /// The row of `doctor` about the desktop.
    var desktopRow: DiagnosisRow {
        let check = "desktop"
        guard self.hub.attention.isWanted else {
            return DiagnosisRow(check, .ok, "shows nothing: notifications.desktop is off")
        }
        switch self.hub.attention.desktop {
        case .present: return DiagnosisRow(check, .ok, "shows what needs a person")
        case .noBus: return DiagnosisRow(check, .ok, "shows nothing: kmid is on no bus of a session")
        case .unknown: return DiagnosisRow(check, .ok, "shows nothing: the bus has not been asked who shows messages")
        case .absent:
            return self.isDesktopMissing
                ? DiagnosisRow(
                    check, .warn, "shows nothing: nobody on the bus shows messages",
                    advice: Self.desktopAdvice)
                : DiagnosisRow(check, .ok, "shows nothing: nobody on the bus shows messages")
        }
    }
}
