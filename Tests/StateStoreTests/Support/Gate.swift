import Foundation
import GRDB
import TestSupport

@testable import StateStore

/// Stalls the disk: while it is shut the writer's connection is taken.
final class Gate: Sendable {
    private let store: StateStore
    private let mayOpen = DispatchSemaphore(value: 0)

    init(_ store: StateStore) { self.store = store }

    /// Returns when the connection is taken.
    func shut() async {
        await withCheckedContinuation { continuation in
            let (pool, mayOpen) = (self.store.writer.pool, self.mayOpen)
            Thread.detachNewThread {
                pool.occupyWriter {
                    continuation.resume()
                    mayOpen.wait()
                }
            }
        }
    }

    func open() { self.mayOpen.signal() }
}

extension DatabasePool {
    fileprivate func occupyWriter(_ body: () -> Void) {
        self.writeWithoutTransaction { _ in body() }
    }
}
