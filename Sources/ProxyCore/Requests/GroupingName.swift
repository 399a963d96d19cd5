/// Tells whether a text can be the name of a project or a session, by which requests are put together.
public enum GroupingName {
    /// The most bytes.
    public static let longest = 256

    /// Whether it is 1 to ``longest`` printable ASCII characters, as the value of a header field can have them.
    public static func isValid(_ text: String) -> Bool {
        (1...Self.longest).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
