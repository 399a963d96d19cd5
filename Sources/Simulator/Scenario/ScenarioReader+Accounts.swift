extension ScenarioReader {
    private static let accountLimit = 1_000
    private static let longest = 100 * 86_400_000

    /// The accounts of a scenario.
    mutating func accounts(_ value: JSONValue, at path: String) -> [AccountPlan] {
        guard let list = value.array else {
            self.problem(path, "expected a list of accounts, found \(value.kind)")
            return []
        }
        if list.count > Self.accountLimit { self.problem(path, "more than \(Self.accountLimit) accounts") }
        var plans: [AccountPlan] = []
        for (index, element) in list.prefix(Self.accountLimit).enumerated() {
            plans.append(self.account(element, at: "\(path)[\(index)]"))
        }
        return plans
    }

    private mutating func account(_ value: JSONValue, at path: String) -> AccountPlan {
        var plan = AccountPlan()
        let known = [
            "key", "shape", "five_hours", "week", "month", "requests", "balance", "cost", "key_limit", "in_flight",
            "level", "parallel", "email",
        ]
        for (name, value, path) in self.members(value, at: path, known: known) {
            switch name {
            case "key": plan.key = self.text(value, at: path) ?? "*"
            case "shape":
                let shape = value.string.flatMap(AccountPlan.Shape.init)
                if shape == nil {
                    let names = AccountPlan.Shape.allCases.map(\.rawValue).joined(separator: ", ")
                    self.problem(path, "expected one of \(names)")
                }
                plan.shape = shape ?? .classic
            case "five_hours": plan.fiveHours = self.window(value, at: path, length: 5 * 3_600_000)
            case "week": plan.week = self.window(value, at: path, length: 7 * 86_400_000)
            case "month": plan.month = self.window(value, at: path, length: 30 * 86_400_000)
            case "requests": plan.requests = self.window(value, at: path, length: 60_000)
            case "balance": plan.balance = self.amount(value, at: path)
            case "cost": plan.cost = self.amount(value, at: path) ?? 0
            case "key_limit": plan.keyLimit = self.amount(value, at: path)
            case "in_flight": plan.inFlight = self.number(value, at: path, in: 1...100_000)
            case "level": plan.level = self.text(value, at: path) ?? plan.level
            case "parallel": plan.parallel = self.number(value, at: path, in: 1...100_000) ?? plan.parallel
            default: plan.email = self.text(value, at: path)
            }
        }
        return plan
    }

    private mutating func window(_ value: JSONValue, at path: String, length: Int) -> AccountPlan.Window {
        var window = AccountPlan.Window(length: length)
        for (name, value, path) in self.members(value, at: path, known: ["limit", "used", "length_ms", "resets_in_ms"])
        {
            switch name {
            case "limit": window.limit = self.number(value, at: path, in: 0...1_000_000_000) ?? 0
            case "used": window.used = self.number(value, at: path, in: 0...1_000_000_000) ?? 0
            case "length_ms": window.length = self.number(value, at: path, in: 1...Self.longest) ?? length
            default: window.resetsIn = self.number(value, at: path, in: 0...Self.longest)
            }
        }
        return window
    }

    private mutating func amount(_ value: JSONValue, at path: String) -> Double? {
        switch value {
        case .integer(let number) where abs(number) <= 1_000_000_000: return Double(number)
        case .number(let number) where abs(number) <= 1e9: return number
        default:
            self.problem(path, "expected an amount up to 1000000000")
            return nil
        }
    }
}
