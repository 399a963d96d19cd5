import Synchronization

/// What a family could not take as it was given, counted so that nothing disappears unseen.
final class FamilyFaults: Sendable {
    private let overflows = Atomic<UInt64>(0)
    private let refusals = Atomic<UInt64>(0)

    /// How many look-ups or samples went past a bound of the label set.
    var overflowCount: UInt64 { self.overflows.load(ordering: .relaxed) }

    /// How many updates were refused because of their value.
    var refusalCount: UInt64 { self.refusals.load(ordering: .relaxed) }

    func countOverflow() { self.overflows.wrappingAdd(1, ordering: .relaxed) }

    func countRefusal() { self.refusals.wrappingAdd(1, ordering: .relaxed) }
}
