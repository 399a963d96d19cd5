/// What `kmictl version` shows.
struct VersionReport: Report {
    /// The daemon's version; `nil` if it cannot be reached.
    let daemon: String?

    var json: JSONValue {
        .object([
            "kmictl": .object(["version": .string(VersionText.number), "commit": .string(VersionText.commit)]),
            "kmid": self.daemon.map { .object(["version": .string($0)]) } ?? .null,
        ])
    }

    var names: [String] { [VersionText.number] }

    func text(_ style: TextStyle) -> String {
        var fields = FieldList()
        fields.append("kmictl", Table.Cell(VersionText.number))
        fields.append("kmid", Table.Cell(self.daemon ?? "not reachable"))
        return fields.text(style)
    }
}
