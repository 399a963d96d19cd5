import DBusControl

/// What `kmictl clients list` shows.
struct ClientListReport: Report {
    let clients: [ClientStatus]

    var json: JSONValue { .array(self.clients.map(\.json)) }
    var names: [String] { self.clients.map(\.name) }

    func text(_ style: TextStyle) -> String {
        // A column that would be empty takes the room that others need.
        let hasProjects = self.clients.contains { !$0.project.isEmpty }
        let projects = hasProjects ? [Table.Column(title: "PROJECT", minimum: 8, rank: 5)] : []
        var table = Table(
            columns: [
                Table.Column(title: "NAME", minimum: 20),
                Table.Column(title: "SCOPES", minimum: 16, rank: 1),
                Table.Column(title: "MODELS", minimum: 12, rank: 3),
                Table.Column(title: "EXPIRES", rank: 2),
                Table.Column(title: "LAST SEEN", rank: 4),
                Table.Column(title: "REQUESTS", isNumeric: true),
            ] + projects)
        for client in self.clients {
            let isOver = client.expiresAt != 0 && client.expiresAt <= style.now
            table.append(
                [
                    Table.Cell(client.name),
                    Table.Cell(client.scopes.joined(separator: ",")),
                    Table.Cell(client.models.isEmpty ? "all" : client.models.joined(separator: ",")),
                    Table.Cell(
                        client.expiresAt == 0 ? "never" : Timestamp.relative(client.expiresAt, now: style.now),
                        isOver ? .bad : nil),
                    Table.Cell(
                        client.lastSeenAt == 0 ? "never" : Timestamp.relative(client.lastSeenAt, now: style.now)),
                    Table.Cell(CountText.exact(client.requests)),
                ] + (hasProjects ? [Table.Cell(client.project)] : []))
        }
        return table.text(style)
    }
}
