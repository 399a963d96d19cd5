public import Foundation

/// A moment by which something must have happened.
public struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    /// So long from now.
    public static func after(_ duration: Duration) -> Deadline {
        Deadline(instant: .now.advanced(by: duration))
    }

    /// What is left, never negative.
    public var remaining: Duration {
        max(.zero, ContinuousClock.Instant.now.duration(to: self.instant))
    }

    /// Whether nothing is left.
    public var hasPassed: Bool { self.remaining == .zero }

    /// What is left in whole milliseconds, rounded up, as poll(2) takes it.
    public var remainingMilliseconds: Int32 {
        let (seconds, attoseconds) = self.remaining.components
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: milliseconds)
    }

    /// The deadline as a date, for conditions of Foundation.
    public var date: Date {
        let (seconds, attoseconds) = self.remaining.components
        return Date(timeIntervalSinceNow: Double(seconds) + Double(attoseconds) * 1e-18)
    }
}

/// Runs something that blocks on a thread of its own, so that the threads of the concurrency pool stay free for others.
public func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try body() })
        }
    }
}

/// Waits until the task is cancelled, as a peer does that never answers.
public func untilCancelled() async {
    let (never, continuation) = AsyncStream<Void>.makeStream()
    for await _ in never {}
    withExtendedLifetime(continuation) {}
}

/// Asks again and again until the answer is yes; fails with `what` when the time is over.
///
/// For state of other processes that nothing announces. Within this process wait for the event itself.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(10),
    every pause: Duration = .milliseconds(10),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = Deadline.after(limit)
    while try await !condition() {
        if deadline.hasPassed { throw TestFailure("within \(limit) it did not come about that \(what)") }
        try await Task.sleep(for: pause)
    }
}
