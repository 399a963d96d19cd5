import CThread
import Glibc

/// A thread that runs one function and ends; nobody waits for it.
///
/// For what blocks, or must not hang with anything else. Whoever starts one sees to it that it ends.
public enum DetachedThread {
    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts `body` on a thread of its own.
    ///
    /// - Parameters:
    ///   - name: What people see who look at the process; cut to 15 bytes.
    ///   - body: What it runs. It is released when it has run, or when there is no thread.
    /// - Returns: The system's error number if there can be no thread, else 0.
    public static func start(named name: String, _ body: @escaping @Sendable () -> Void) -> CInt {
        // The thread takes the reference over and releases it.
        let data = Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { data in
                guard let data else { return nil }
                let work = Unmanaged<Work>.fromOpaque(data).takeRetainedValue()
                // Going without a name is no fault.
                _ = cthread_name(work.name)
                work.body()
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
