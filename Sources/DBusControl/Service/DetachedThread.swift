import Glibc

/// A thread that runs one function and ends.
enum DetachedThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Starts `body` on a thread of its own; the error number if there can be none, else 0.
    static func start(_ body: @escaping @Sendable () -> Void) -> CInt {
        // The thread takes the reference over and releases it.
        let data = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { data in
                guard let data else { return nil }
                Unmanaged<Work>.fromOpaque(data).takeRetainedValue().body()
                return nil
            },
            data.toOpaque()
        )
        guard failure == 0 else {
            data.release()
            return failure
        }
        pthread_detach(thread)
        return 0
    }
}
