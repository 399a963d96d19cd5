/// How far requests were spread over keys as the rotation means to spread them.
public enum RotationConfidence {
    /// The fewest requests of which anything is said.
    public static let leastSample: UInt64 = 20

    /// 1 for a spread that is as even as whole requests can be, 0 where one key, the one that ought to have the least, served
    /// everything; `nil` below ``leastSample`` requests, and without keys.
    ///
    /// It measures how many requests would have to be moved to another key (the total variation distance from the wanted
    /// spread), from the fewest that are possible to the most.
    ///
    /// - Parameter keys: Every key that takes turns, those that have served nothing included: its requests, and the share
    ///   that it ought to have in proportion to the others (at least 1; what is less counts as 1).
    public static func of(_ keys: [(requests: UInt64, weight: UInt32)]) -> Double? {
        let sample = keys.reduce(UInt64(0)) { $0 &+ $1.requests }
        guard !keys.isEmpty, sample >= Self.leastSample else { return nil }
        let weights = keys.map { Double(max(1, $0.weight)) }
        let allWeights = weights.reduce(0, +)
        let wanted = weights.map { $0 / allWeights * Double(sample) }
        let moved = zip(keys, wanted).reduce(0) { $0 + abs(Double($1.0.requests) - $1.1) } / 2
        let least = Self.unavoidable(wanted)
        let most = Double(sample) - (wanted.min() ?? 0)
        guard most > least else { return 1 }
        return min(max(1 - (moved - least) / (most - least), 0), 1)
    }

    /// The distance of the best spread of whole requests from the wanted one: the largest fractions are rounded up.
    private static func unavoidable(_ wanted: [Double]) -> Double {
        let fractions = wanted.map { $0 - $0.rounded(.down) }.sorted(by: >)
        let roundedUp = Int(fractions.reduce(0, +).rounded())
        return fractions.prefix(roundedUp).reduce(0) { $0 + 1 - $1 }
    }
}
