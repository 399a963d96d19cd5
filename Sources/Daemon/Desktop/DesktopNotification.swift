import ProxyCore

/// One message on the desktop, as a value; what the server can show of it is found out when it is sent.
struct DesktopNotification: Sendable, Equatable {
    /// What a message is about: there is at most one about each matter.
    enum Matter: String, Sendable, CaseIterable {
        /// Keys that need a person.
        case keys
        /// That no key is left.
        case exhausted
        /// The certificate that callers are shown.
        case certificate
        /// The disk.
        case storage
        /// That many requests fail.
        case errors
    }

    /// How much it may disturb, in the numbers of the specification.
    enum Urgency: UInt8, Sendable {
        case low = 0
        case normal = 1
        case critical = 2
    }

    /// What a person can have done from within it.
    enum Choice: String, Sendable, CaseIterable {
        /// Asks the providers of the named keys again.
        case check
        /// Leaves this matter alone for an hour.
        case mute

        /// What stands on the button.
        var title: String {
            switch self {
            case .check: "Check again"
            case .mute: "Mute for an hour"
            }
        }
    }

    let summary: String
    /// Plain text; characters that mean something to the server are escaped when it is sent.
    let body: String
    let urgency: Urgency
    /// What is told: another message about the same ones is no news once a person has closed this one.
    let subjects: Set<String>
    /// The keys that ``Choice/check`` is about; without any it is not offered.
    var keys: [KeyLabel] = []

    /// What is offered.
    var choices: [Choice] { self.keys.isEmpty ? [.mute] : [.check, .mute] }
}

extension DesktopNotification {
    /// As many keys are named; of more there is a number.
    private static let mostNamed = 8

    /// What is to be shown of a situation about a matter; `nil` for nothing.
    init?(_ matter: Matter, of situation: DesktopSituation) {
        let made: DesktopNotification? =
            switch matter {
            case .keys: Self.about(situation.keys)
            case .exhausted: situation.exhaustion.map(Self.about)
            case .certificate: situation.certificate.map(Self.about)
            case .storage:
                Self.aboutStorage(isFailing: situation.isStorageFailing, isDamaged: situation.isStorageDamaged)
            case .errors: situation.errors.map(Self.about)
            }
        guard let made else { return nil }
        self = made
    }

    private static func about(_ keys: [DesktopSituation.Key]) -> DesktopNotification? {
        guard let first = keys.first else { return nil }
        let refused = keys.filter { !$0.lacksMoney }
        let poor = keys.filter(\.lacksMoney)
        var summary = "\(keys.count) keys need attention"
        var body = [("Refused", refused), ("Without money or a plan", poor)]
            .compactMap { title, keys in keys.isEmpty ? nil : "\(title): \(self.names(of: keys))." }
            .joined(separator: "\n")
        if keys.count == 1 {
            summary = first.lacksMoney ? "Key \(first.label) has no money left" : "Key \(first.label) is refused"
            body =
                first.lacksMoney
                ? "Its account at \(first.provider) has no money or no plan."
                : "\(first.provider) does not accept it any more. kmictl keys rekey \(first.label) gives it another secret."
        }
        return DesktopNotification(
            summary: summary, body: body, urgency: .normal,
            subjects: Set(keys.map { "\($0.label) \($0.lacksMoney ? KeyState.billing : .invalid)" }),
            keys: keys.map(\.label))
    }

    private static func names(of keys: [DesktopSituation.Key]) -> String {
        let names = keys.prefix(self.mostNamed).map(\.label.text).joined(separator: ", ")
        let more = keys.count - self.mostNamed
        return more > 0 ? "\(names) and \(more) more" : names
    }

    private static func about(_ exhaustion: DesktopSituation.Exhaustion) -> DesktopNotification {
        DesktopNotification(
            summary: "No key can be used",
            body: (exhaustion.until.map { "The first one can be used again at \($0)." }
                ?? "Nobody can tell when the first one can be used again.") + " kmictl health shows what is used up.",
            urgency: .critical, subjects: ["exhausted"])
    }

    private static func about(_ certificate: DesktopSituation.Certificate) -> DesktopNotification {
        let renew = "Renew it; kmid takes the new files by itself."
        let (summary, body): (String, String) =
            switch (certificate.stage, certificate.end) {
            case (.refused, nil):
                ("The certificate is not valid yet", "Callers refuse it until it is. Look whether the clock is right.")
            case (.refused, let end?): ("The certificate has expired", "Callers have refused it since \(end). \(renew)")
            case (_, let end): ("The certificate ends soon", "Callers refuse it from \(end ?? "its end") on. \(renew)")
            }
        let urgency: Urgency =
            switch certificate.stage {
            case .ends: .low
            case .endsSoon: .normal
            case .refused: .critical
            }
        return DesktopNotification(
            summary: summary, body: body, urgency: urgency, subjects: [certificate.stage.rawValue])
    }

    private static func aboutStorage(isFailing: Bool, isDamaged: Bool) -> DesktopNotification? {
        guard isFailing || isDamaged else { return nil }
        let losses = [
            isFailing ? "what they used is not kept, and nothing can be changed" : nil,
            isDamaged ? "KMI may not start again before a copy is restored" : nil,
        ]
        return DesktopNotification(
            summary: isDamaged ? "KMI's state is damaged" : "KMI cannot save its state",
            body: "Requests go on, but \(losses.compactMap(\.self).joined(separator: "; ")). kmictl doctor says more.",
            urgency: .critical, subjects: ["storage"])
    }

    private static func about(_ errors: ErrorRate.Finding) -> DesktopNotification {
        DesktopNotification(
            summary: "Many requests fail", body: "\(errors.sentence) kmictl requests shows them.", urgency: .normal,
            subjects: ["errors"])
    }
}

extension ErrorRate.Finding {
    /// For a person; it stays true for as long as it is shown.
    var sentence: String {
        let share =
            if self.ofClass == self.failed {
                "all of them"
            } else {
                self.ofClass * 2 > self.failed ? "most of them" : "\(self.ofClass) of them"
            }
        return "When this began, \(self.failed) of \(self.all) requests within five minutes had failed, "
            + "\(share) with \(self.errorClass.rawValue)."
    }
}
