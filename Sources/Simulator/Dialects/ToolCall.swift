/// The call of a tool that an answer makes.
struct ToolCall: Sendable, Equatable {
    /// The name of the tool.
    let name: String
    /// Arguments that fit the tool's schema.
    let arguments: JSONValue

    /// The pieces in which a stream sends the arguments.
    var pieces: [String] {
        Self.slices(self.arguments.text)
    }

    /// A text in slices of twelve characters.
    static func slices(_ text: String) -> [String] {
        var slices: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            slices.append(String(rest.prefix(12)))
            rest = rest.dropFirst(12)
        }
        return slices
    }

    /// The call for a request: to the first tool, or to the one that is named, unless the choice is none or the
    /// conversation ends with the result of a tool.
    init?(_ facts: RequestFacts) {
        guard let tools = facts.body?["tools"]?.array, !tools.isEmpty else { return nil }
        let choice = facts.body?["tool_choice"]
        let kind = choice?.string ?? choice?["type"]?.string
        guard kind != "none" else { return nil }
        let named = choice?["name"]?.string ?? choice?["function"]?["name"]?.string
        let isForced = named != nil || kind == "required" || kind == "any"
        guard isForced || !Self.endsWithResult(facts) else { return nil }
        let functions = tools.map { $0["function"] ?? $0 }.filter { $0["name"]?.string != nil }
        guard let tool = functions.first(where: { $0["name"]?.string == named }) ?? functions.first,
            let name = tool["name"]?.string
        else { return nil }
        self.name = name
        let schema = tool["parameters"] ?? tool["input_schema"] ?? [:]
        let example = PlausibleValue.example(of: schema)
        self.arguments = example.members == nil ? [:] : example
    }

    private static func endsWithResult(_ facts: RequestFacts) -> Bool {
        let last = (facts.body?["messages"] ?? facts.body?["input"])?.array?.last
        if last?["role"]?.string == "tool" || last?["type"]?.string == "function_call_output" { return true }
        return last?["content"]?.array?.contains { $0["type"]?.string == "tool_result" } ?? false
    }
}
