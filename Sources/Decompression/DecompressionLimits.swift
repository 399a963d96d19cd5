/// How much a compressed body may decode to.
///
/// Deflate packs up to a thousand bytes into one, so that a small body could keep an event loop busy for long.
public struct DecompressionLimits: Sendable, Hashable {
    /// The largest number of bytes altogether (default 256 MiB).
    public var outputBytes: Int
    /// How many times as large as what came the output may be (default 100).
    ///
    /// JSON and event streams shrink to a fifth, seldom to a twentieth.
    public var ratio: Int
    /// Up to so many bytes the ratio does not count (default 1 MiB).
    public var freeBytes: Int

    /// Sets limits; negative ones are zero.
    public init(outputBytes: Int = 256 << 20, ratio: Int = 100, freeBytes: Int = 1 << 20) {
        self.outputBytes = max(0, outputBytes)
        self.ratio = max(0, ratio)
        self.freeBytes = max(0, freeBytes)
    }

    /// Whether so much output is allowed for so much input.
    func allow(output: Int, from input: Int) -> Bool {
        guard output <= self.outputBytes else { return false }
        let (product, isHuge) = input.multipliedReportingOverflow(by: self.ratio)
        return output <= self.freeBytes || isHuge || output <= product
    }
}
