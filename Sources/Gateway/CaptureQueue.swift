import Dispatch
import ProxyCore
import Synchronization

/// Takes credentials out of captured bodies, one request after the other and away from the event loops, because that takes
/// some milliseconds.
final class CaptureQueue: Sendable {
    /// At most so many requests wait; further ones are told of without their bodies.
    static let limit = 64

    private let queue = DispatchQueue(label: "kmi.captures")
    private let waiting = Mutex(0)

    /// Tells of a request when its bodies may be kept, at once if there are none or too many wait.
    func tell(
        _ record: RequestRecord, _ capture: BodyCapture?, _ redactor: CredentialRedactor?,
        to body: @escaping @Sendable (RequestRecord) -> Void
    ) {
        guard let capture, let redactor else { return body(record) }
        let hasRoom = self.waiting.withLock { waiting in
            guard waiting < Self.limit else { return false }
            waiting += 1
            return true
        }
        guard hasRoom else { return body(record) }
        self.queue.async {
            var record = record
            record.bodies = capture.bodies(redactor)
            body(record)
            self.waiting.withLock { $0 -= 1 }
        }
    }

    /// Waits until everything that was handed over before has been told.
    func drain() async {
        await withCheckedContinuation { continuation in
            self.queue.async { continuation.resume() }
        }
    }
}
