/// Finds what a person may have meant.
enum Suggestion {
    /// The candidate that is nearest to a word, if it is near enough: one change for every three characters.
    ///
    /// At least one change is allowed. Of equally near ones it is the first in alphabetical order.
    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let allowed = max(1, min(word.count, 32) / 3)
        var best: (distance: Int, candidate: String)?
        for candidate in Set(candidates).sorted() where candidate != word {
            let distance = Self.distance(word.lowercased(), candidate.lowercased())
            if distance <= allowed, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.candidate
    }

    /// ` Did you mean "X"?`, or nothing.
    static func phrase(for word: String, among candidates: some Sequence<String>) -> String {
        Self.nearest(to: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal string
    /// alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        // Nobody misspells a key of this length; the bound keeps the table small.
        let left = Array(left.unicodeScalars.prefix(64))
        let right = Array(right.unicodeScalars.prefix(64))
        var rows = [[Int]](repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
        for row in 0...left.count { rows[row][0] = row }
        for column in 0...right.count { rows[0][column] = column }
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        for row in 1...left.count {
            for column in 1...right.count {
                let replaced = rows[row - 1][column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
                var least = min(replaced, rows[row - 1][column] + 1, rows[row][column - 1] + 1)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    least = min(least, rows[row - 2][column - 2] + 1)
                }
                rows[row][column] = least
            }
        }
        return rows[left.count][right.count]
    }
}
