/// One bare value, so that scripts need no parsing.
struct ValueReport: Report {
    /// The value as it is printed.
    var value: String
    /// The document of `--json`.
    var json: JSONValue

    var names: [String] { [self.value] }

    func text(_ style: TextStyle) -> String { SafeText.line(self.value) }
}

/// Something that was done to keys or clients: nothing on standard output, but for `--json` and `--quiet`.
struct DoneReport: Report {
    /// What was done: `added`, `removed`, ….
    var action: String
    /// The kind of thing, as in JSON: `label` of a key, `name` of a client.
    var kind: String
    /// Which ones.
    var names: [String]

    /// An object for one, an array for several.
    var json: JSONValue {
        let objects = self.names.map { JSONValue.object(["action": .string(self.action), self.kind: .string($0)]) }
        return objects.count == 1 ? objects[0] : .array(objects)
    }

    func text(_ style: TextStyle) -> String { "" }
}

/// Something that only a program wants to read.
struct ActionReport: Report {
    /// The document of `--json`.
    var json: JSONValue

    var names: [String] { [] }

    func text(_ style: TextStyle) -> String { "" }
}
