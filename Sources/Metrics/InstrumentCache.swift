import Synchronization

/// Instruments of a family by a key that needs no text, so that numbers and members of closed sets are turned into label
/// values once per combination and not once per update.
public final class InstrumentCache<Key: Hashable & Sendable, Instrument: AnyObject & Sendable>: Sendable {
    /// The family whose instruments these are.
    public let family: MetricFamily<Instrument>
    private let values: @Sendable (Key) -> [String]
    private let instruments = Mutex<[Key: Instrument]>([:])

    /// A cache in front of a family; `values` gives a key's label values in the order of the declared labels.
    public init(_ family: MetricFamily<Instrument>, values: @escaping @Sendable (Key) -> [String]) {
        self.family = family
        self.values = values
    }

    /// The instrument of a key.
    ///
    /// Those past a bound of the family are not kept, so that each look-up of them is counted.
    public subscript(key: Key) -> Instrument {
        if let instrument = self.instruments.withLock({ $0[key] }) { return instrument }
        let (instrument, isOverflow) = self.family.instrument(for: self.values(key))
        if !isOverflow {
            self.instruments.withLock { instruments in
                // Several keys may have the same label values, so the family's bound does not bound the keys.
                if instruments.count < self.family.maximumSeries { instruments[key] = instrument }
            }
        }
        return instrument
    }
}
