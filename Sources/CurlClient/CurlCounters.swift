import Synchronization

/// Counts what all engines of one client hold.
///
/// Written by the event loops, read from anywhere; the numbers are independent of one another, so that relaxed ordering
/// is enough.
final class CurlCounters: Sendable {
    private let activeTransfers = Atomic<Int>(0)
    private let pooledHandles = Atomic<Int>(0)
    private let openSockets = Atomic<Int>(0)

    /// Counts one more running transfer, unless `maximum` of them run already.
    func beginTransfer(maximum: Int) -> Bool {
        if self.activeTransfers.add(1, ordering: .relaxed).newValue <= maximum { return true }
        self.endTransfer()
        return false
    }

    /// Counts one running transfer less.
    func endTransfer() {
        self.activeTransfers.subtract(1, ordering: .relaxed)
    }

    /// Counts a change in the number of pooled handles.
    func changePooledHandles(by difference: Int) {
        self.pooledHandles.add(difference, ordering: .relaxed)
    }

    /// Counts a change in the number of open sockets.
    func changeOpenSockets(by difference: Int) {
        self.openSockets.add(difference, ordering: .relaxed)
    }

    /// All three numbers.
    var snapshot: CurlClientStatistics {
        CurlClientStatistics(
            activeTransfers: self.activeTransfers.load(ordering: .relaxed),
            pooledHandles: self.pooledHandles.load(ordering: .relaxed),
            openSockets: self.openSockets.load(ordering: .relaxed)
        )
    }
}
