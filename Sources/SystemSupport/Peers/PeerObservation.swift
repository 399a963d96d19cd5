import ProxyCore
import Synchronization

/// What has become known of one caller so far.
final class PeerObservation: CallerObservation {
    private let known: Mutex<ObservedCaller?>

    /// Begins with what is known at once.
    init(_ caller: ObservedCaller? = nil) {
        self.known = Mutex(caller)
    }

    var caller: ObservedCaller? { self.known.withLock { $0 } }

    /// Adds to what is known.
    func update(_ change: (inout ObservedCaller) -> Void) {
        self.known.withLock { caller in
            var changed = caller ?? ObservedCaller()
            change(&changed)
            caller = changed
        }
    }
}
