import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: What the daemon keeps a key to

    func setLimits(of label: String, to limits: KeyLimits) async throws(ControlFault) {
        let limits = try limits.ofKey()
        try await self.inTurn { () throws(ControlFault) in
            let label = try self.changeableLabel(label)
            var changes = self.keeper.inForce.changes
            var steps: [StateChange] = []
            // The file's first: an added key of the same label takes no part.
            if self.keeper.inForce.file.configuration.keys.contains(where: { $0.label == label }) {
                for kind in Configuration.Key.Limit.allCases {
                    steps.append(self.override(.keyLimit(label, kind), String(limits[kind] ?? 0), in: &changes))
                }
            } else if let index = changes.keys.firstIndex(where: { $0.label == label }) {
                changes.keys[index].limits = limits
                steps = [.changeKey(changes.keys[index])]
            } else {
                throw Self.isLocalServer(label)
            }
            var fields: Logger.Metadata = ["key": "\(label)"]
            for kind in Configuration.Key.Limit.allCases { fields[kind.rawValue] = "\(limits[kind] ?? 0)" }
            try await self.commit(steps, as: AuditEntry("key_changed", "limits of a key changed", fields))
            // One step for the pool: whoever asks for a key is admitted under the former limits or under these (K-026).
            self.keeper.apply(changes, to: self.gateway)
            self.announceKeys()
        }
    }
}

extension KeyLimits {
    /// The limits of a key of the configuration.
    init(_ key: Configuration.Key) {
        self.init()
        for kind in Kind.allCases { self[kind] = UInt32(clamping: key[limit: kind.ofKey] ?? 0) }
    }

    /// The limits as the configuration has them; the fault names the one that is too large.
    func ofKey() throws(ControlFault) -> [Configuration.Key.Limit: Int] {
        var limits: [Configuration.Key.Limit: Int] = [:]
        for (kind, limit) in self.values.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard limit <= Configuration.Key.Limit.largest else {
                throw ControlFault(
                    .invalidArgument,
                    "A limit is at most \(Configuration.Key.Limit.largest), and \(kind.rawValue) is \(limit).")
            }
            limits[kind.ofKey] = Int(limit)
        }
        return limits
    }
}

extension KeyLimits.Kind {
    /// The limit of the configuration.
    fileprivate var ofKey: Configuration.Key.Limit {
        switch self {
        case .rps: .rps
        case .rpm: .rpm
        case .tpm: .tpm
        case .inFlight: .inFlight
        }
    }
}
