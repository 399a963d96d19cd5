/// The simulator's answers about itself, under `/sim/`.
enum ControlRoutes {
    /// Whether a target belongs to them.
    static func claims(_ target: String) -> Bool {
        target.hasPrefix("/sim/")
    }

    /// The answer; `body` is `nil` if it was too long to be kept.
    static func answer(method: String, target: String, body: [UInt8]?, core: SimulatorCore) -> AnswerScript {
        let parts = target.split(separator: "?", maxSplits: 1)
        switch (method, parts.first ?? "") {
        case ("GET", "/sim/stats"):
            return .json(core.stats.snapshot.json)
        case ("GET", "/sim/requests"):
            let query = parts.count > 1 ? String(parts[1]) : ""
            let limit = query.split(separator: "&").first { $0.hasPrefix("limit=") }.flatMap { Int($0.dropFirst(6)) }
            let entries = core.ring.last(limit ?? 100)
            return .json(["requests": .array(entries.map(\.json))])
        case ("POST", "/sim/reset"):
            core.reset()
            return .json(["reset": true])
        case ("PUT", "/sim/scenario"):
            return Self.replaceScenario(body, core: core)
        case (_, "/sim/stats"), (_, "/sim/requests"), (_, "/sim/reset"), (_, "/sim/scenario"):
            return .json(status: 405, ["error": "method not allowed"])
        default:
            return .json(status: 404, ["error": "no such route"])
        }
    }

    private static func replaceScenario(_ body: [UInt8]?, core: SimulatorCore) -> AnswerScript {
        guard let body else { return .json(status: 413, ["problems": ["the scenario is too long"]]) }
        do {
            core.replace(try ScenarioReader.read(body))
            return .json(["replaced": true])
        } catch {
            return .json(status: 400, ["problems": .array(error.problems.map { .string($0.description) })])
        }
    }
}
