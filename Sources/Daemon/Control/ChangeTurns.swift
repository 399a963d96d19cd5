/// Lets one change at a time through, in the order of their arrival, until the daemon ends.
///
/// An actor alone would not do: a change waits for the disk in its middle, and the next one would begin then.
actor ChangeTurns {
    private var isTaken = false
    private var isOver = false
    private var waiting: [CheckedContinuation<Bool, Never>] = []
    private var watchers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastWatcher = 0

    /// Makes a change when its turn comes; throws `refusal` once the daemon ends.
    ///
    /// How many wait is bounded by the bus, which lets no more than a few hundred calls run at once.
    nonisolated func take<Result: Sendable, Failure: Error>(
        orElse refusal: Failure, _ change: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        guard await self.enter() else { throw refusal }
        do throws(Failure) {
            let result = try await change()
            await self.leave()
            return result
        } catch {
            await self.leave()
            throw error
        }
    }

    /// Lets no change in any more; those that wait for their turn are refused.
    func end() {
        self.isOver = true
        for change in self.waiting { change.resume(returning: false) }
        self.waiting = []
    }

    /// Waits until no change runs, or until so much time has passed.
    func idle(within limit: Duration) async {
        guard self.isTaken else { return }
        self.lastWatcher += 1
        let number = self.lastWatcher
        await withCheckedContinuation { continuation in
            self.watchers[number] = continuation
            Task {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    // Nobody cancels it; the wait would be over then as well.
                }
                self.watchers.removeValue(forKey: number)?.resume()
            }
        }
    }

    private func enter() async -> Bool {
        guard !self.isOver else { return false }
        guard self.isTaken else {
            self.isTaken = true
            return true
        }
        return await withCheckedContinuation { self.waiting.append($0) }
    }

    private func leave() {
        guard self.waiting.isEmpty else {
            self.waiting.removeFirst().resume(returning: true)
            return
        }
        self.isTaken = false
        for watcher in self.watchers.values { watcher.resume() }
        self.watchers = [:]
    }
}
