/// Work that goes on for a while after its task has been cancelled: what has to be cleaned up takes calls of its own.
enum Lingering {
    /// How long it goes on: whoever cancels waits for it.
    static let grace = Duration.seconds(1)

    /// Does it; once the task is cancelled, it has the grace that is left to it.
    static func run<Value: Sendable, Failure>(
        _ body: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        // A task that is not a part of this one is not cancelled with it.
        let work = Task { () async -> Result<Value, Failure> in
            do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
        }
        return try await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            Task {
                do {
                    try await Task.sleep(for: Self.grace)
                } catch {
                    // Nobody cancels this one, and a sleep ends early for no other reason.
                }
                work.cancel()
            }
        }.get()
    }
}
