/// Labels out of whatever a file calls its key.
enum LabelText {
    /// The longest label.
    static let longest = 64

    /// The text as a label: what no label may have becomes `-`; `nil` if nothing is left.
    ///
    /// A label is 1 to 64 of `A-Z a-z 0-9 . _ @ + -`, the first a letter or digit (contract section 3).
    static func label(of text: String) -> String? {
        var label = ""
        for scalar in text.unicodeScalars {
            let isKept = scalar.isASCII && (Self.isAlphanumeric(scalar) || "._@+-".unicodeScalars.contains(scalar))
            if isKept {
                if !label.isEmpty || Self.isAlphanumeric(scalar) { label.unicodeScalars.append(scalar) }
            } else if !label.isEmpty, !label.hasSuffix("-") {
                label += "-"
            }
        }
        label = String(label.prefix(Self.longest))
        while label.hasSuffix("-") { label.removeLast() }
        return label.isEmpty ? nil : label
    }

    /// The label, or the first of `LABEL-2`, `LABEL-3`, … that is not taken.
    static func free(_ label: String, taken: Set<String>) -> String {
        guard taken.contains(label) else { return label }
        var number = 2
        while true {
            let suffix = "-\(number)"
            let candidate = String(label.prefix(Self.longest - suffix.count)) + suffix
            if !taken.contains(candidate) { return candidate }
            number += 1
        }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }
}
