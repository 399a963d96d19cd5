import Logging
public import ProxyCore
import Synchronization

/// How the log and the observer are told what happened to keys and providers.
extension Gateway {
    func tell(_ news: DispatchNews) {
        switch news {
        case .key(let transition):
            self.tell(transition)
        case .breaker(let provider, let old, let new, let retryAt):
            self.logger.notice(
                "breaker moved",
                metadata: [
                    "event": "breaker", "provider": "\(provider)", "old": "\(old.rawValue)", "new": "\(new.rawValue)",
                    "retry_in_ms": "\(self.milliseconds(until: retryAt))",
                ])
            self.observer.providerChanged(provider)
            // A probe that failed tells nobody anything new.
            if new == .open, old == .closed {
                self.warn(
                    "breaker_open",
                    "Provider \(provider) keeps failing, so it is left alone and tried again by itself.",
                    ["provider": "\(provider)"])
            }
        case .overloaded(let provider):
            self.observer.providerChanged(provider)
        case .refusedAlike(let provider, let errorClass):
            self.warn(
                "refused_alike",
                "Provider \(provider) refuses the same request with several keys (\(errorClass.rawValue)): the keys may all be "
                    + "revoked, or the request or the address is wrong.",
                ["provider": "\(provider)", "class": "\(errorClass.rawValue)"])
        case .limitedAsAWhole(let provider):
            self.warn(
                "limited_as_a_whole",
                "Every key of provider \(provider) was rate limited at once: the limit is one of the address or the account.",
                ["provider": "\(provider)"])
        case .agentRefused(let provider, let agent):
            self.warn(
                "agent_refused",
                "Provider \(provider) answers \(agent.printableASCII) that it is overloaded while it serves other programs.",
                ["provider": "\(provider)"])
        case .conversationMoved(let provider, let label):
            self.logger.notice(
                "a conversation that is bound to another key was moved",
                metadata: ["event": "conversation_moved", "provider": "\(provider)", "key": "\(label)"])
        case .ended(let label):
            self.ends.tell(label)
        }
    }

    /// Tells whoever can act of what needs a person.
    ///
    /// `code` is a word for programs, the name of the log's event as well.
    public func warn(_ code: String, _ message: String) {
        self.warn(code, message, [:])
    }

    /// The same; the log gets the fields too.
    func warn(_ code: String, _ message: String, _ fields: Logger.Metadata) {
        self.logger.warning("\(message)", metadata: fields.merging(["event": "\(code)"]) { field, _ in field })
        self.observer.warned(code, message)
    }

    private func tell(_ transition: KeyTransition) {
        self.logger.notice(
            "key changed its state",
            metadata: [
                "event": "key_state",
                "key": "\(transition.key)",
                "old": "\(transition.old.rawValue)",
                "new": "\(transition.new.rawValue)",
                "class": "\(transition.reason?.rawValue ?? "")",
                "model": "\(transition.model?.text ?? "")",
                "usable_in_ms": "\(self.milliseconds(until: transition.usableAt))",
            ]
        )
        self.observer.keyChanged(transition)
        guard transition.usableAt != nil else { return }
        self.recoveryTimer.withLock { $0 }?.arm()
        self.wakeChecks()
    }

    private func milliseconds(until instant: Instant?) -> Int64 {
        instant.map { ($0 - self.time.now()).nanoseconds / 1_000_000 } ?? 0
    }

    /// Counts an error that no rule knew, so that the table of rules can grow, and tells the log of the first of its kind.
    func noteUnmatched(_ classification: AnswerClassification, of provider: ProviderName, _ logger: Logger) {
        guard let error = classification.unmatched else { return }
        guard self.unmatched.withLock({ $0.note(error, of: provider) }) else { return }
        logger.notice(
            "an error that no rule knows, so its status decided; add a [[provider.rule]] if that is wrong",
            metadata: [
                "event": "error_unmatched", "provider": "\(provider)", "type": "\(error.type)",
                "code": "\(error.code)", "status": "\(error.status ?? 0)",
                "class": "\(classification.errorClass.rawValue)",
            ])
    }

    /// The errors that no rule knew, for the metrics.
    public var unmatchedErrors: UnmatchedErrors { self.unmatched.withLock { $0 } }
}

extension String {
    /// The text without what could deceive a terminal.
    var printableASCII: String {
        String(decoding: self.utf8.map { (0x20...0x7E).contains($0) ? $0 : 0x3F }, as: UTF8.self)
    }
}
