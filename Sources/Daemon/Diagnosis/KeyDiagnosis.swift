import DBusControl

/// How the keys are, and where their secrets lie.
enum KeyDiagnosis {
    /// Where the secret of a key lies, and whether it can be had.
    struct SecretPlace: Sendable, Equatable {
        var label: String
        /// Where it lies, such as `file:alpha.key`.
        var place: String
        /// Why it cannot be read; `nil` if it can.
        var problem: String?
    }

    /// A rest that takes longer than this is worth a line, in microseconds.
    private static let longRest: UInt64 = 86_400_000_000

    /// What is to be said of the keys at a moment, in microseconds since the epoch.
    static func rows(_ keys: [KeyStatus], now: UInt64) -> [DiagnosisRow] {
        guard !keys.isEmpty else {
            return [
                DiagnosisRow(
                    "keys", .warn, "there are none, so that every request is refused",
                    advice: "kmictl keys add LABEL --provider NAME, or kmictl import")
            ]
        }
        let usable = keys.count { $0.state == "usable" }
        let summary =
            usable > 0
            ? DiagnosisRow("keys", .ok, "\(usable) of \(keys.count) can be used")
            : DiagnosisRow("keys", .fail, "none of \(keys.count) can be used", advice: "kmictl keys list tells why")
        return [summary] + keys.compactMap { Self.row($0, now: now) }
    }

    private static func row(_ key: KeyStatus, now: UInt64) -> DiagnosisRow? {
        let name = key.masked.isEmpty ? "it" : key.masked
        switch key.state {
        case "invalid":
            return DiagnosisRow(
                "keys", key.label, .fail, "\(key.provider) refuses \(name) (\(key.reason))",
                advice: "kmictl keys probe \(key.label); replace it if it stays so")
        case "billing":
            return DiagnosisRow(
                "keys", key.label, .warn, "\(name) has no credit left", advice: "top up the account at \(key.provider)")
        case "suspect":
            return DiagnosisRow(
                "keys", key.label, .warn, "\(name) is in doubt (\(key.reason))",
                advice: "kmictl keys probe \(key.label)")
        default:
            guard key.usableAt > now, key.usableAt - now > Self.longRest else { return nil }
            let days = (key.usableAt - now) / 86_400_000_000
            return DiagnosisRow(
                "keys", key.label, .warn, "\(name) rests for \(days) days and more (\(key.reason))",
                advice: "kmictl health shows its plan")
        }
    }

    /// What is to be said of the secrets; those that can be read share a row.
    static func rows(_ places: [SecretPlace]) -> [DiagnosisRow] {
        let problems = places.compactMap { place in
            place.problem.map {
                DiagnosisRow(
                    "secrets", place.label, .fail, "\(place.place): \($0)",
                    advice: "put the secret there, or kmictl keys remove \(place.label) and add it again")
            }
        }
        let good = places.filter { $0.problem == nil }
        guard !good.isEmpty else { return problems }
        let kinds = Dictionary(grouping: good) { String($0.place.prefix { $0 != ":" }) }
            .map { "\($0.value.count) in \($0.key)" }.sorted().joined(separator: ", ")
        return [DiagnosisRow("secrets", .ok, "\(good.count) can be read: \(kinds)")] + problems
    }
}
