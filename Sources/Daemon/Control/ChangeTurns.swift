/// Lets one change at a time through, in the order of their arrival.
///
/// An actor alone would not do: a change waits for the disk in its middle, and the next one would begin then.
actor ChangeTurns {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes a change when its turn comes.
    ///
    /// How many wait is bounded by the bus, which lets no more than a few hundred calls run at once.
    nonisolated func take<Result: Sendable, Failure: Error>(
        _ change: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        await self.enter()
        do throws(Failure) {
            let result = try await change()
            await self.leave()
            return result
        } catch {
            await self.leave()
            throw error
        }
    }

    private func enter() async {
        guard self.isTaken else {
            self.isTaken = true
            return
        }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    private func leave() {
        guard !self.waiting.isEmpty else {
            self.isTaken = false
            return
        }
        self.waiting.removeFirst().resume()
    }
}
