/// Which requests of a sequence, counted from 1, are meant.
enum RequestNumbers: Sendable, Equatable {
    /// These numbers.
    case ranges([ClosedRange<Int>])
    /// Every so many-th: with 5 the requests 5, 10, 15, …
    case every(Int)

    /// Every request.
    static let all = RequestNumbers.ranges([1...Int.max])

    /// Whether the number is meant.
    func contains(_ number: Int) -> Bool {
        switch self {
        case .ranges(let ranges): ranges.contains { $0.contains(number) }
        case .every(let step): number.isMultiple(of: step)
        }
    }

    /// Reads `"3"`, `"1-3"`, `"4-"` or `"every 5"`.
    init?(_ text: String) {
        if text.hasPrefix("every ") {
            guard let step = Int(text.dropFirst(6)), step > 0 else { return nil }
            self = .every(step)
            return
        }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = Int(ends[0]), first > 0 else { return nil }
        if ends.count == 1 {
            self = .ranges([first...first])
        } else if ends[1].isEmpty {
            self = .ranges([first...Int.max])
        } else {
            guard let last = Int(ends[1]), last >= first else { return nil }
            self = .ranges([first...last])
        }
    }
}
