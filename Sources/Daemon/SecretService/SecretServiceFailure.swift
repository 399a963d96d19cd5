/// Why the Secret Service did not do what it was asked; says what to do, and holds no part of any secret.
///
/// What the service itself says in words is left out: it knows the secrets.
struct SecretServiceFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The cases that are told apart.
    enum Code: String, Sendable, Hashable, CaseIterable {
        /// There is no bus, no service on it, or no collection in it.
        case absent
        /// A person has to unlock it first.
        case locked
        /// It has no such entry.
        case missing
        /// Several entries answer to the description.
        case ambiguous
        /// It refuses.
        case denied
        /// It has not answered in time.
        case timedOut = "timed_out"
        /// What it answers cannot be used.
        case unusable
    }

    /// What it is.
    let code: Code
    /// What it is and what to do, for people; a part of a sentence.
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What it is and what to do.
    var description: String { self.message }

    /// Whether the entry may be there all the same: nobody could look.
    var isOfService: Bool {
        switch self.code {
        case .absent, .locked, .denied, .timedOut: true
        case .missing, .ambiguous, .unusable: false
        }
    }
}
