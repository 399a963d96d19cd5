/// What is wrong with a key file and where; without any part of a value, which could be a secret in the wrong place
/// (K-016).
struct KeyFileError: Error, Equatable {
    /// The line or the key: `line 3`, `providers.kimi.api_key`; empty for the whole file.
    var place: String
    /// What is wrong, what is expected, and what may have been meant.
    var message: String

    init(_ place: String = "", _ message: String) {
        self.place = place
        self.message = message
    }

    init(line: Int, _ message: String) {
        self.init("line \(line)", message)
    }

    /// `line 3: expected NAME=VALUE`.
    var text: String { self.place.isEmpty ? self.message : "\(self.place): \(self.message)" }
}
