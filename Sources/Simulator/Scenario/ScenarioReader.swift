/// Reads a scenario and collects all of its problems.
struct ScenarioReader {
    private static let ruleLimit = 1000
    private(set) var problems: [ScenarioProblem] = []

    /// Reads a whole text; throws all problems at once.
    static func read(_ bytes: [UInt8]) throws(ScenarioProblems) -> Scenario {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            throw ScenarioProblems(problems: [.init(path: "", message: "not JSON: \(error)")])
        }
        var reader = ScenarioReader()
        let scenario = reader.scenario(value)
        guard reader.problems.isEmpty else { throw ScenarioProblems(problems: reader.problems) }
        return scenario
    }

    private mutating func scenario(_ value: JSONValue) -> Scenario {
        var scenario = Scenario()
        for (name, value, path) in self.members(value, at: "", known: ["models", "invalid_keys", "accounts", "rules"]) {
            switch name {
            case "models": scenario.models = self.texts(value, at: path)
            case "invalid_keys": scenario.invalidKeys = self.texts(value, at: path)
            case "accounts": scenario.accounts = self.accounts(value, at: path)
            default:
                guard let list = value.array else {
                    self.problem(path, "expected a list of rules, found \(value.kind)")
                    continue
                }
                if list.count > Self.ruleLimit { self.problem(path, "more than \(Self.ruleLimit) rules") }
                for (index, rule) in list.prefix(Self.ruleLimit).enumerated() {
                    scenario.rules.append(self.rule(rule, at: "\(path)[\(index)]"))
                }
            }
        }
        return scenario
    }

    private mutating func rule(_ value: JSONValue, at path: String) -> Scenario.Rule {
        var rule = Scenario.Rule()
        var hasAction = false
        for (name, value, path) in self.members(value, at: path, known: ["name", "match", "action"]) {
            switch name {
            case "name": rule.name = self.text(value, at: path)
            case "match": self.match(value, at: path, into: &rule)
            default:
                hasAction = true
                rule.action = self.action(value, at: path)
            }
        }
        if !hasAction, value.members != nil { self.problem(path, "has no action") }
        if rule.action.actsOnHead, rule.matcher.model != nil {
            self.problem(path + ".match.model", "not known yet when early_answer or slow_read_bytes_per_second begin")
        }
        return rule
    }

    private mutating func match(_ value: JSONValue, at path: String, into rule: inout Scenario.Rule) {
        let known = ["key", "model", "path", "method", "requests"]
        for (name, value, path) in self.members(value, at: path, known: known) {
            switch name {
            case "key": rule.matcher.key = self.text(value, at: path)
            case "model": rule.matcher.model = self.text(value, at: path)
            case "path": rule.matcher.path = self.text(value, at: path)
            case "method": rule.matcher.method = self.text(value, at: path)
            default: rule.requests = self.requests(value, at: path)
            }
        }
    }

    private mutating func requests(_ value: JSONValue, at path: String) -> RequestNumbers {
        let expected = #"expected request numbers such as 2, [1, 3], "1-3", "4-" or "every 5""#
        var ranges: [ClosedRange<Int>] = []
        for value in value.array ?? [value] {
            let text = value.int.map(String.init) ?? value.string ?? ""
            switch RequestNumbers(text) {
            case .ranges(let more): ranges += more
            case .every(let step) where ranges.isEmpty: return .every(step)
            case .every, nil: self.problem(path, expected)
            }
        }
        if ranges.isEmpty, self.problems.last?.path != path { self.problem(path, expected) }
        return .ranges(ranges)
    }

    // MARK: Values

    /// Notes a problem.
    mutating func problem(_ path: String, _ message: String) {
        self.problems.append(.init(path: path, message: message))
    }

    /// The members of an object with their paths; unknown and repeated ones are problems.
    mutating func members(
        _ value: JSONValue,
        at path: String,
        known: [String]
    ) -> [(name: String, value: JSONValue, path: String)] {
        guard let members = value.members else {
            self.problem(path, "expected an object, found \(value.kind)")
            return []
        }
        var result: [(name: String, value: JSONValue, path: String)] = []
        for member in members {
            let inner = path.isEmpty ? member.name : "\(path).\(member.name)"
            if !known.contains(member.name) {
                self.problem(inner, "unknown\(Self.suggestion(for: member.name, among: known))")
            } else if result.contains(where: { $0.name == member.name }) {
                self.problem(inner, "occurs twice")
            } else {
                result.append((member.name, member.value, inner))
            }
        }
        return result
    }

    /// A text.
    mutating func text(_ value: JSONValue, at path: String) -> String? {
        if value.string == nil { self.problem(path, "expected a text, found \(value.kind)") }
        return value.string
    }

    /// A whole number within `range`.
    mutating func number(_ value: JSONValue, at path: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = value.int, range.contains(number) else {
            self.problem(path, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// A truth value.
    mutating func truth(_ value: JSONValue, at path: String) -> Bool {
        if value.bool == nil { self.problem(path, "expected true or false, found \(value.kind)") }
        return value.bool ?? false
    }

    private mutating func texts(_ value: JSONValue, at path: String) -> [String] {
        guard let list = value.array else {
            self.problem(path, "expected a list of texts, found \(value.kind)")
            return []
        }
        var texts: [String] = []
        for (index, element) in list.enumerated() {
            if let text = self.text(element, at: "\(path)[\(index)]") { texts.append(text) }
        }
        return texts
    }

    /// A hint at the name that was probably meant.
    static func suggestion(for name: String, among known: [String]) -> String {
        let near = known.map { (name: $0, distance: Self.distance(name, $0)) }.min { $0.distance < $1.distance }
        guard let near, near.distance <= max(2, name.count / 3) else { return "" }
        return "; did you mean \(near.name)?"
    }

    /// Number of letters to insert, remove or replace to make one word of the other (Levenshtein).
    private static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second.prefix(128))
        var row = Array(0...second.count)
        for (index, letter) in first.prefix(128).enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in second.indices {
                let replaced = previous + (letter == second[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(replaced, previous + 1, row[column] + 1)
            }
        }
        return row[second.count]
    }
}
