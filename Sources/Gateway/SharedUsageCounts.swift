public import ProxyCore
import Synchronization

/// The counts of use of the process, shared by all event loops.
public final class SharedUsageCounts: Sendable {
    private let counts: Mutex<UsageCounts>

    init(_ counts: UsageCounts) {
        self.counts = Mutex(counts)
    }

    /// The use of a key; `nil` if it was never used.
    public func key(_ id: UsageCounts.KeyID) -> UsageCounts.Key? {
        self.counts.withLock { $0.keys[id] }
    }

    /// The use by a client; `nil` if it was never seen.
    public func client(_ name: ClientName) -> UsageCounts.Client? {
        self.counts.withLock { $0.clients[name] }
    }

    func add(_ record: RequestRecord) {
        self.counts.withLock { $0.add(record) }
    }

    func forgetErrors(of label: KeyLabel) {
        self.counts.withLock { $0.forgetErrors(of: label) }
    }
}
