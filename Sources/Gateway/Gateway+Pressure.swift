import Logging
public import ProxyCore

extension Gateway {
    /// Takes what was read of memory; whether new requests are refused, or not any more, as of this reading.
    ///
    /// The log and the observer are told of it. Call it in the order of the readings.
    @discardableResult
    public func noteMemory(_ reading: MemoryPressure.Reading, at now: Instant) -> Bool {
        let change = self.pressure.note(reading, at: now)
        switch change {
        case .entered(.stalled):
            self.warn(
                "memory_pressure",
                "Memory is short: tasks waited for it in \(Self.whole(reading.stalled)) % of the last ten seconds. New "
                    + "requests are refused until that is over.")
        case .entered(.full):
            self.warn(
                "memory_pressure",
                "Memory is short: \(Self.whole(reading.used.map { $0 * 100 })) % of what the control group may have is in "
                    + "use. New requests are refused until that is over.")
        case .left:
            self.logger.notice("memory is there again, requests are let in", metadata: ["event": "memory_relaxed"])
        case nil: break
        }
        return change != nil
    }

    private static func whole(_ percent: Double?) -> Int { Int((percent ?? 0).rounded()) }
}
