/// One line of an import: a key, or a file or part of one that is passed over.
struct ImportRow: Sendable, Equatable {
    /// What becomes, or became, of it; the raw values are for scripts.
    enum Outcome: String, Sendable, CaseIterable {
        /// It would be added.
        case add
        /// It was added.
        case added
        /// The daemon has its secret already.
        case present
        /// There is nothing to import.
        case skipped
        /// Something is wrong with the file, and a person can mend it.
        case refused
        /// The daemon did not take it.
        case failed
    }

    /// Where it is.
    var file: String
    /// What becomes of it.
    var outcome: Outcome
    /// What the key is called by the daemon; empty for what is passed over.
    var label = ""
    /// Its provider by the daemon's name.
    var provider = ""
    /// The address of the provider, if it is new; empty for one that the daemon knows.
    var newBase = ""
    /// Higher ones are chosen first.
    var priority: Int32 = 0
    /// Whether it takes part at once.
    var isEnabled = true
    /// The e-mail address of its account; empty if the file names none.
    var account = ""
    /// The first and last characters of the secret.
    var masked = ""
    /// Why it is passed over or did not work, or what a person should know beside; empty for nothing.
    var reason = ""
    /// What to do about it; empty for nothing.
    var advice = ""

    init(file: String, outcome: Outcome) {
        self.file = file
        self.outcome = outcome
    }

    init(file: String, _ outcome: Outcome, reason: String, advice: String = "") {
        self.init(file: file, outcome: outcome)
        self.reason = reason
        self.advice = advice
    }

    /// Whether a person has to do something before everything is imported.
    var isProblem: Bool { self.outcome == .refused || self.outcome == .failed }
}
