import Foundation
import Synchronization

/// What all connections share.
final class SimulatorCore: Sendable {
    /// The scenario in force.
    let engine: FaultEngine
    /// What credentials use of their plans.
    let accounts: AccountBook
    /// The counts.
    let stats = StatsRegistry()
    /// The last requests.
    let ring = RequestRing()
    private let connections = Atomic<Int>(0)

    /// Starts with a scenario.
    init(_ scenario: Scenario) {
        self.engine = FaultEngine(scenario)
        self.accounts = AccountBook(scenario.accounts, at: Date())
    }

    /// Puts another scenario in force; what belongs to the former one is forgotten.
    func replace(_ scenario: Scenario) {
        self.engine.replace(scenario)
        self.accounts.replace(scenario.accounts, at: Date())
    }

    /// The number of a new connection, from 1.
    func nextConnection() -> Int {
        self.connections.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Forgets all that was counted and kept; the scenario stays and counts from the beginning.
    func reset() {
        self.stats.reset()
        self.ring.reset()
        self.engine.reset()
        self.accounts.reset(at: Date())
    }
}
