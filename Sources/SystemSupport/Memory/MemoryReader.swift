public import ProxyCore

/// Reads how short memory is, for this system and for the control group that this process lives in.
///
/// Each reading opens a few small files of the kernel, which may block: never on an event loop. What is missing, or may
/// not be read, counts as unknown; every kernel before 4.20, and one without `CONFIG_PSI`, tells nothing.
public struct MemoryReader: Sendable {
    /// What can be read of memory.
    public enum Source: String, Sendable, CaseIterable {
        /// The pressure of the whole system.
        case system
        /// The pressure of the own control group.
        case group = "control group"
        /// The limit of the own control group.
        case limit = "limit of the control group"
    }

    private let places: MemoryPlaces
    /// No file here is longer.
    private static let maximumBytes = 16_384

    /// Makes a reader of these places.
    public init(_ places: MemoryPlaces) {
        self.places = places
    }

    /// The present state: the worse of the system's and the group's pressure, and how full the group is.
    public func read() -> MemoryPressure.Reading {
        let stalled = [self.stalled(.system), self.stalled(.group)].compactMap(\.self).max()
        return MemoryPressure.Reading(stalled: stalled, used: self.usedShare())
    }

    /// What can be read now; empty where nothing tells of memory.
    public var sources: [Source] {
        Source.allCases.filter { source in
            switch source {
            case .system, .group: self.stalled(source) != nil
            case .limit: self.limit() != nil
            }
        }
    }

    private func stalled(_ source: Source) -> Double? {
        let text = source == .system ? self.text(self.places.system) : self.groupText("memory.pressure")
        return text.flatMap(MemoryText.stalledPercent)
    }

    /// The lower one of the two limits of the group: above `memory.high` its tasks are slowed down, at `memory.max` they are
    /// killed.
    private func limit() -> UInt64? {
        ["memory.high", "memory.max"].compactMap { self.groupText($0).flatMap(MemoryText.bytes) }.min()
    }

    /// Pages of files count as free: a group that has read much is always full of them, and is in no need.
    private func usedShare() -> Double? {
        guard let limit = self.limit(), let current = self.groupText("memory.current").flatMap(MemoryText.bytes) else {
            return nil
        }
        guard limit > 0 else { return 1 }
        let share = Double(current) / Double(limit)
        // Only who is nearly full looks closer.
        guard share > MemoryPressure.easyShare, let text = self.groupText("memory.stat") else { return share }
        let reclaimable = min(current, MemoryText.reclaimableBytes(stat: text))
        return Double(current - reclaimable) / Double(limit)
    }

    private func groupText(_ name: String) -> [UInt8]? {
        self.places.group.flatMap { self.text("\($0)/\(name)") }
    }

    private func text(_ path: String) -> [UInt8]? {
        OpenDirectory.beginning(ofFileAt: path, bytes: Self.maximumBytes)
    }
}
