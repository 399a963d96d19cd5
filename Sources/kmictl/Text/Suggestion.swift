/// Finds what a person may have meant.
enum Suggestion {
    /// The candidate that is nearest to a word, if it is near enough: one change for every three characters, at least
    /// one.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let allowed = max(1, min(word.count, 32) / 3)
        let ranked = Set(candidates).subtracting([word]).sorted()
            .map { (distance: Self.distance(word.lowercased(), $0.lowercased()), candidate: $0) }
            .filter { $0.distance <= allowed }
        return ranked.min { $0.distance < $1.distance }?.candidate
    }

    /// ` Did you mean X?`, or nothing.
    static func phrase(for word: String, among candidates: [String]) -> String {
        Self.nearest(to: word, among: candidates).map { " Did you mean \($0)?" } ?? ""
    }

    /// The insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        // Names have at most 64 characters.
        let left = Array(left.unicodeScalars.prefix(64))
        let right = Array(right.unicodeScalars.prefix(64))
        var above: [Int] = []
        var row = Array(0...right.count)
        for (line, scalar) in left.enumerated() {
            var next = [line + 1]
            for (column, other) in right.enumerated() {
                var least = min(row[column] + (scalar == other ? 0 : 1), row[column + 1] + 1, next[column] + 1)
                if line > 0, column > 0, scalar == right[column - 1], left[line - 1] == other {
                    least = min(least, above[column - 1] + 1)
                }
                next.append(least)
            }
            (above, row) = (row, next)
        }
        return row[right.count]
    }
}
