import DBusControl
import DBusKit
import Synchronization
import TestSupport

/// The requests that a subscriber was told of.
final class HeardRequests: Sendable {
    private let heard = Mutex<[RequestRow]>([])

    /// In the order in which they came.
    var rows: [RequestRow] { self.heard.withLock { $0 } }

    /// Notes the request of a `RequestFinished`.
    func note(_ signal: BusSignal) throws {
        guard let value = signal.arguments.first else { throw TestFailure("a signal without a request") }
        let row = try RequestRow(busValue: value)
        self.heard.withLock { $0.append(row) }
    }
}
