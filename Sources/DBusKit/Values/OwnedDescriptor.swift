import Glibc
import Synchronization

/// A file descriptor that is closed with the last reference to it, unless somebody takes it out.
public final class OwnedDescriptor: Sendable, Equatable {
    private struct State {
        /// `nil` once it was taken out.
        var descriptor: CInt?
        /// How many are using it.
        var users = 0
    }

    private let state: Mutex<State>

    /// Takes over a descriptor that is open and nobody else's.
    public init(owning descriptor: CInt) {
        self.state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        // The kernel closes it even where it reports an error, which nobody here could act on.
        if let descriptor = self.state.withLock({ $0.descriptor }) { _ = close(descriptor) }
    }

    /// Uses the descriptor, which stays open for the time; −1 once it was taken out.
    public func withDescriptor<R>(_ body: (CInt) throws -> R) rethrows -> R {
        let descriptor = self.state.withLock { state in
            state.users += 1
            return state.descriptor ?? -1
        }
        defer { self.state.withLock { $0.users -= 1 } }
        return try body(descriptor)
    }

    /// Takes the descriptor out: the caller owns it from now on, and has to close it.
    ///
    /// `nil` if it was taken out before, or is being used by somebody else, below whom it must not be closed.
    public func take() -> CInt? {
        self.state.withLock { state in
            guard state.users == 0 else { return nil }
            defer { state.descriptor = nil }
            return state.descriptor
        }
    }

    /// Whether both are the same one.
    public static func == (left: OwnedDescriptor, right: OwnedDescriptor) -> Bool { left === right }
}
