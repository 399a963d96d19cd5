/// What a command has to say, in each of its forms.
///
/// Values only: no bus, no terminal, no clock.
protocol Report {
    /// The document of `--json`.
    var json: JSONValue { get }
    /// The lines of `--quiet`.
    var names: [String] { get }
    /// The text for people, the last line without an end; empty if there is nothing to tell.
    func text(_ style: TextStyle) -> String
}
