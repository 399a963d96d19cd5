/// A script of faults: which requests get which treatment.
struct Scenario: Sendable, Equatable {
    /// The models that exist; `nil` means that every name but `no-such-model` does.
    var models: [String]?
    /// Credentials, or patterns of them, that are refused.
    var invalidKeys: [String] = []
    /// The accounts behind credentials; the first that fits a credential counts, others have no limits.
    var accounts: [AccountPlan] = []
    /// The rules; the first that fits acts.
    var rules: [Rule] = []

    /// One rule.
    struct Rule: Sendable, Equatable {
        /// What people call it.
        var name: String?
        /// Which requests it is about.
        var matcher = Matcher()
        /// Which of those, in the order of their arrival, it acts on.
        var requests = RequestNumbers.all
        /// What happens to them.
        var action = FaultAction()
    }

    /// What a request must be like; a member that is not set fits every request.
    struct Matcher: Sendable, Equatable {
        /// The credential, or a pattern.
        var key: String?
        /// The model, or a pattern.
        var model: String?
        /// Beginning of the target.
        var path: String?
        /// The method.
        var method: String?

        /// Whether a request fits; `model` is `nil` as long as it is not known.
        func fits(key: String?, model: String?, target: String, method: String) -> Bool {
            if let pattern = self.key, !Glob.matches(pattern, key ?? "") { return false }
            if let pattern = self.model, !Glob.matches(pattern, model ?? "") { return false }
            if let path = self.path, !target.hasPrefix(path) { return false }
            if let wanted = self.method, wanted != method { return false }
            return true
        }
    }
}
