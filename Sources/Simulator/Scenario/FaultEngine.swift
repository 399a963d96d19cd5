import Synchronization

/// Holds the scenario in force and counts the requests of each rule.
final class FaultEngine: Sendable {
    private struct State {
        var scenario: Scenario
        var counts: [Int]
    }

    private let state: Mutex<State>

    /// Starts with a scenario and counts of 0.
    init(_ scenario: Scenario) {
        self.state = Mutex(State(scenario: scenario, counts: Array(repeating: 0, count: scenario.rules.count)))
    }

    /// The scenario in force.
    var scenario: Scenario {
        self.state.withLock { $0.scenario }
    }

    /// Puts another scenario in force; all counts begin anew.
    func replace(_ scenario: Scenario) {
        self.state.withLock {
            $0 = State(scenario: scenario, counts: Array(repeating: 0, count: scenario.rules.count))
        }
    }

    /// Sets all counts to 0.
    func reset() {
        self.state.withLock { state in state.counts = state.counts.map { _ in 0 } }
    }

    /// What the rules that begin with the head of a request ask for.
    func actionOnHead(key: String?, target: String, method: String) -> FaultAction? {
        self.decide(key: key, model: nil, target: target, method: method) { $0.actsOnHead }
    }

    /// What the other rules ask for when the request is complete.
    func action(key: String?, model: String, target: String, method: String) -> FaultAction? {
        self.decide(key: key, model: model, target: target, method: method) { !$0.actsOnHead }
    }

    /// Every rule that fits counts the request, whether or not an earlier one acts; the first that means its number
    /// acts.
    private func decide(
        key: String?,
        model: String?,
        target: String,
        method: String,
        isConsidered: (FaultAction) -> Bool
    ) -> FaultAction? {
        self.state.withLock { state in
            var decision: FaultAction?
            for (index, rule) in state.scenario.rules.enumerated()
            where isConsidered(rule.action)
                && rule.matcher.fits(key: key, model: model, target: target, method: method)
            {
                state.counts[index] += 1
                if decision == nil, rule.requests.contains(state.counts[index]) { decision = rule.action }
            }
            return decision
        }
    }
}
