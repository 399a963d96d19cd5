import DBusControl
import ProxyCore
import Synchronization
import SystemSupport
import Testing

@testable import Daemon

@Suite("What the service manager is told, and when (A-017, K-028)")
struct StatusTellerTests {
    private final class Told: Sendable {
        private let messages = Mutex<[ServiceNotifier.Message]>([])

        var all: [ServiceNotifier.Message] { self.messages.withLock { $0 } }

        func add(_ message: ServiceNotifier.Message) { self.messages.withLock { $0.append(message) } }
    }

    private static func isReady(_ message: ServiceNotifier.Message) -> Bool {
        if case .ready = message { true } else { false }
    }

    @Test("a reload that ends after the end has begun is not told: it would look like a start")
    func reloadAcrossTheEnd() {
        let told = Told()
        let teller = StatusTeller { told.add($0) }
        teller.reloading()
        teller.ready()
        #expect(told.all == [.reloading, .ready(status: "")])
        teller.reloading()
        teller.stopping(requestsLeft: 2)
        teller.ready()
        teller.reloading()
        #expect(told.all.count { Self.isReady($0) } == 1)
        #expect(told.all.count == 4)
        guard case .stopping("Draining, 2 requests left", _)? = told.all.last else {
            Issue.record("\(told.all)")
            return
        }
    }

    @Test("the last sign leaves time for all that follows on the drain")
    func lastSign() {
        let told = Told()
        let teller = StatusTeller { told.add($0) }
        teller.stopping(requestsLeft: 0)
        teller.drained()
        guard case .stopping(_, let first)? = told.all.first, case .ending(_, let last)? = told.all.last else {
            Issue.record("\(told.all)")
            return
        }
        // Signs come each second until then.
        #expect(first >= .seconds(5))
        // The bus and the administration have seconds to end, the disk has five, changes that run two more.
        #expect(last >= .seconds(30))
    }
}
