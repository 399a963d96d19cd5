import Synchronization

extension BusConnection {
    /// How often it is looked whether all are answered: there is no hurry at the end.
    private static let pace = Duration.milliseconds(5)

    /// Waits until every call that was taken has its answer, at most so long; for the end, when callers are still served.
    ///
    /// The cancellation of the task does not end the wait: it is what the end begins with.
    public func answerCalls(within limit: Duration) async {
        let (objects, deadline) = (self.objects, Self.deadline(after: limit))
        await Task {
            while objects.isServing, ContinuousClock.now < deadline {
                do {
                    try await Task.sleep(for: Self.pace)
                } catch {
                    // Nobody cancels it; the wait would be over then as well.
                    return
                }
            }
        }.value
    }
}

extension ExportedObjects {
    /// Whether a call has no answer yet.
    fileprivate var isServing: Bool { self.state.withLock { !$0.calls.isEmpty } }
}
