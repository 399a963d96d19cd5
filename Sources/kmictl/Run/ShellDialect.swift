import ArgumentParser

/// A kind of shell, and how variables are set in it.
enum ShellDialect: String, CaseIterable, ExpressibleByArgument {
    /// The shell of POSIX, and what understands its words: bash, zsh, dash, ksh.
    case posix = "sh"
    case fish

    /// The statements for an environment, a line each.
    func statements(_ environment: ProxyEnvironment) -> String {
        let token = environment.variables.first { $0.name == "ANTHROPIC_AUTH_TOKEN" }?.value ?? ""
        let lines =
            environment.unset.map { self.unset($0, hidingBy: token) }
            + environment.variables.map { self.set($0.name, to: $0.value) }
        return lines.joined(separator: "\n")
    }

    /// The statement that sets a variable for everything that the shell starts from then on.
    func set(_ name: String, to value: String) -> String {
        switch self {
        case .posix: "export \(name)=\(self.quoted(value))"
        case .fish: "set -gx \(name) \(self.quoted(value))"
        }
    }

    /// The statement that takes a variable away.
    ///
    /// fish may have it for ever, in its universal scope, which is not for us to erase: there another value is put before it.
    private func unset(_ name: String, hidingBy value: String) -> String {
        switch self {
        case .posix: "unset \(name)"
        case .fish: "set -e -g \(name); set -qx \(name); and set -gx \(name) \(self.quoted(value))"
        }
    }

    /// The text as one word that the shell reads as nothing else; without NUL, which no variable can hold.
    func quoted(_ text: String) -> String {
        var word = "'"
        for scalar in text.unicodeScalars where scalar != "\0" {
            switch (self, scalar) {
            // Between apostrophes POSIX knows no escapes, fish two.
            case (.posix, "'"): word += "'\\''"
            case (.fish, "'"): word += "\\'"
            case (.fish, "\\"): word += "\\\\"
            default: word.unicodeScalars.append(scalar)
            }
        }
        return word + "'"
    }
}
