/// A version as numbers, for comparing.
struct VersionNumber: Comparable {
    /// The numbers, the most important one first; those that are missing at the end count as 0.
    let numbers: [Int]

    /// Reads the first number with dots in a text, such as that of `OpenSSL/3.0.19`; `nil` if there is none.
    init?(_ text: String) {
        let digits = text.drop { !$0.isASCII || !$0.isNumber }.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let numbers = digits.split(separator: ".").map { Int($0) ?? 0 }
        guard !numbers.isEmpty else { return nil }
        self.numbers = numbers
    }

    static func == (left: VersionNumber, right: VersionNumber) -> Bool { !(left < right) && !(right < left) }

    static func < (left: VersionNumber, right: VersionNumber) -> Bool {
        for index in 0..<max(left.numbers.count, right.numbers.count) {
            let first = index < left.numbers.count ? left.numbers[index] : 0
            let second = index < right.numbers.count ? right.numbers[index] : 0
            if first != second { return first < second }
        }
        return false
    }
}
