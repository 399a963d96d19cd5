import Logging
import ProxyCore
import Synchronization

extension Gateway {
    /// Tells log and audit of a caller who was refused.
    ///
    /// The audit folds what comes again by itself. The log is told of the first one, and how many followed with a later
    /// one; each of them has a line at `debug`.
    func tell(
        _ incident: CallerIncident, _ message: Logger.Message, _ fields: Logger.Metadata, to logger: Logger
    ) {
        var fields = fields
        fields["reason"] = "\(incident.reason)"
        fields["caller"] = "\(incident.origin)"
        fields["client"] = incident.client.map { "\($0)" }
        let now = self.time.now()
        let untold = self.refusals.withLock {
            $0.note(incident.kind.name, incident.reason, of: incident.origin, at: now)
        }
        if let untold, untold > 0 { fields["untold"] = "\(untold)" }
        logger.log(level: untold == nil ? .debug : .notice, message, metadata: fields)
        self.observer.refused(incident)
    }
}

extension CallerIncident.Kind {
    /// What incidents are counted together by.
    fileprivate var name: String {
        switch self {
        case .authenticationFailed: "authentication"
        case .blockedKey: "key"
        case .certificateRefused: "certificate"
        }
    }
}
