import Synchronization

/// What does not work as configured: the words of the manager's property `Degraded`.
final class Health: Sendable {
    /// A part that the daemon can do without for a while.
    enum Part: String, Sendable, CaseIterable {
        /// The bus that the daemon is steered over.
        case bus
        /// The memory of the machine, or of the daemon's control group.
        case memory
        /// Whoever shows messages on the desktop, where somebody wrote down that they are to be shown.
        case notifications
        /// The secrets that the Secret Service is to have.
        case secrets
        /// The database.
        case storage
    }

    private let broken = Mutex<Set<Part>>([])
    private let ending = Mutex(false)

    /// The broken parts, in order of their names.
    var degraded: [String] { self.broken.withLock { $0.map(\.rawValue).sorted() } }

    /// Whether the daemon lets running requests finish and takes no new ones.
    var isDraining: Bool {
        get { self.ending.withLock { $0 } }
        set { self.ending.withLock { $0 = newValue } }
    }

    /// Notes whether a part works; tells whether that is news.
    @discardableResult
    func set(_ part: Part, isBroken: Bool) -> Bool {
        self.broken.withLock { broken in
            isBroken ? broken.insert(part).inserted : broken.remove(part) != nil
        }
    }
}
