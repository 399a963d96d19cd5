/// Makes values that fit a JSON Schema well enough for a client's own checks.
enum PlausibleValue {
    private static let depthLimit = 8

    /// An example of `schema`; `name` is the property that it belongs to.
    static func example(of schema: JSONValue, name: String = "", depth: Int = 0) -> JSONValue {
        guard depth < Self.depthLimit else { return nil }
        if let constant = schema["const"] { return constant }
        if let first = schema["enum"]?.array?.first { return first }
        if let value = schema["default"], !value.isNull { return value }
        for choice in ["anyOf", "oneOf", "allOf"] {
            if let first = schema[choice]?.array?.first(where: { $0["type"]?.string != "null" }) {
                return Self.example(of: first, name: name, depth: depth + 1)
            }
        }
        let type = schema["type"]?.string ?? schema["type"]?.array?.first?.string
        switch type ?? (schema["properties"] == nil ? "string" : "object") {
        case "object":
            let properties = schema["properties"]?.members ?? []
            return .object(
                properties.map {
                    .init(name: $0.name, value: Self.example(of: $0.value, name: $0.name, depth: depth + 1))
                }
            )
        case "array":
            return [Self.example(of: schema["items"] ?? ["type": "string"], name: name, depth: depth + 1)]
        case "integer": return schema["minimum"] ?? 1
        case "number": return schema["minimum"] ?? 1.5
        case "boolean": return true
        case "null": return nil
        default: return Self.text(for: name.lowercased())
        }
    }

    private static func text(for name: String) -> JSONValue {
        switch name {
        case "city", "location", "place": "Berlin"
        case "country": "Germany"
        case "date": "2026-11-20"
        case "path", "file", "file_path": "/tmp/example.txt"
        case "command": "true"
        case "url": "https://example.com/"
        case "unit", "units": "celsius"
        default: "example"
        }
    }
}
