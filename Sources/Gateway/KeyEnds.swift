import ProxyCore
import Synchronization

/// Those who wait until a key serves no request any more.
final class KeyEnds: Sendable {
    private struct State {
        var waiting: [KeyLabel: [UInt64: CheckedContinuation<Bool, Never>]] = [:]
        var lastNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Waits until ``tell(_:)`` is called for a key, `false` if so much time has passed before.
    ///
    /// `begin` is called once the wait has begun, so that nothing is missed.
    func wait(for label: KeyLabel, within limit: Duration, begin: () -> Void) async -> Bool {
        var timer: Task<Void, Never>?
        let hasEnded = await withCheckedContinuation { continuation in
            let number = self.state.withLock { state in
                state.lastNumber += 1
                state.waiting[label, default: [:]][state.lastNumber] = continuation
                return state.lastNumber
            }
            begin()
            timer = Task {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    // The wait is over.
                    return
                }
                self.giveUp(number, for: label)
            }
        }
        timer?.cancel()
        return hasEnded
    }

    /// Ends the waits for a key.
    func tell(_ label: KeyLabel) {
        let waiting = self.state.withLock { $0.waiting.removeValue(forKey: label) } ?? [:]
        for continuation in waiting.values { continuation.resume(returning: true) }
    }

    private func giveUp(_ number: UInt64, for label: KeyLabel) {
        let continuation = self.state.withLock { state in
            let continuation = state.waiting[label]?.removeValue(forKey: number)
            if state.waiting[label]?.isEmpty ?? false { state.waiting[label] = nil }
            return continuation
        }
        continuation?.resume(returning: false)
    }
}
