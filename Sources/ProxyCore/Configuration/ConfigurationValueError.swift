/// Why a text of the configuration is not the value that it should be, as one phrase for a person.
///
/// The phrase never repeats a text that might be a secret.
public struct ConfigurationValueError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, and the form that is expected.
    public let reason: String

    /// Makes an error.
    public init(_ reason: String) {
        self.reason = reason
    }

    /// What is wrong, and the form that is expected.
    public var description: String { self.reason }
}
