/// What is wrong with a scenario.
struct ScenarioProblem: Error, Equatable, CustomStringConvertible {
    /// Where, such as `rules[0].action.cut`.
    let path: String
    /// What, and what was expected.
    let message: String

    var description: String {
        self.path.isEmpty ? self.message : "\(self.path): \(self.message)"
    }
}

/// All that is wrong with a scenario.
struct ScenarioProblems: Error, Equatable {
    /// The problems in the order of the text.
    let problems: [ScenarioProblem]
}
