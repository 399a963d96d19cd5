/// Where a value of the configuration was set.
struct ConfigurationOrigin: Sendable, Hashable {
    /// The path of the file, `environment` or `command line`.
    var source: String
    /// The line in the file, counted from 1.
    var line: Int?
    /// What a person finds there: the key, the variable or the option.
    var key: String

    /// The place in a sentence: `line 12`, with the file if it is another one than `file`.
    func reference(from file: String) -> String {
        guard let line = self.line else { return "\(self.source) (\(self.key))" }
        return self.source == file ? "line \(line)" : "\(self.source):\(line)"
    }
}

/// One thing that is wrong with the configuration, or worth knowing about it.
struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where it is.
    var origin: ConfigurationOrigin
    /// What it is, what is expected and what may have been meant; never with a secret.
    var message: String

    /// `FILE:LINE: key: message`, one line.
    var description: String {
        var text = self.origin.source
        if let line = self.origin.line { text += ":\(line)" }
        if !self.origin.key.isEmpty { text += ": \(self.origin.key)" }
        return "\(text): \(self.message)"
    }
}

/// All that keeps a configuration from being used, in the order of the files and their lines.
struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problems; never empty.
    var problems: [ConfigurationProblem]
    /// What was worth knowing beside them.
    var warnings: [ConfigurationProblem]
    /// The files beside those of the configuration that were looked at.
    var followed: [FollowedFile] = []

    /// One line for each problem.
    var description: String { self.problems.map(\.description).joined(separator: "\n") }
}
