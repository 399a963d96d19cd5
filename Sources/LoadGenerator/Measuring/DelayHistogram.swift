/// Counts durations in buckets whose width is less than a hundredth of what they hold, in constant memory.
struct DelayHistogram: Sendable {
    /// How many durations were recorded.
    private(set) var count: UInt64 = 0
    /// The longest of them, in nanoseconds.
    private(set) var longest: UInt64 = 0

    // 128 buckets for each power of two; below 256 ns each number has its own.
    private static let shift = 7
    private static let half = UInt64(1) << UInt64(shift)
    private var buckets = [UInt64](repeating: 0, count: (64 - Self.shift + 1) << Self.shift)

    /// Adds a duration in nanoseconds.
    mutating func record(_ nanoseconds: UInt64) {
        self.buckets[Self.bucket(of: nanoseconds)] += 1
        self.count += 1
        self.longest = max(self.longest, nanoseconds)
    }

    /// The shortest duration that a share (0 to 1) of all do not exceed, in nanoseconds and up to a hundredth too long; 0 without any.
    func percentile(_ share: Double) -> UInt64 {
        let rank = max(1, UInt64((Double(self.count) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (index, number) in self.buckets.enumerated() {
            seen += number
            if number > 0, seen >= rank { return min(Self.last(of: index), self.longest) }
        }
        return 0
    }

    private static func bucket(of value: UInt64) -> Int {
        let excess = max(0, 64 - value.leadingZeroBitCount - self.shift - 1)
        return (excess << self.shift) + Int(value >> UInt64(excess))
    }

    /// The longest duration that falls into a bucket.
    private static func last(of index: Int) -> UInt64 {
        let excess = max(0, (index >> self.shift) - 1)
        let base = UInt64(index - (excess << self.shift))
        return (base << UInt64(excess)) | ((1 << UInt64(excess)) - 1)
    }
}
