/// One thing that was looked at, and what is to be said of it.
public struct DiagnosisRow: Sendable, Equatable {
    /// What was looked at, a word: `config`, `listener`, `clock`, ….
    public var check = ""
    /// Which one of them: a key's label, an address, a library; empty where there is one only.
    public var subject = ""
    /// `ok`, `warn` or `fail`; treat what is unknown as `warn`.
    public var result = ""
    /// What was found, in one line; without secrets.
    public var message = ""
    /// What to do about it; empty if nothing.
    public var advice = ""

    /// Makes the row of something that nothing is known of.
    public init() {}
}
