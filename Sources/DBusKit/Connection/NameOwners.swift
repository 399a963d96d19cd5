/// Who owns the well-known names that rules for signals give as the sender.
///
/// The bus applies such rules itself, but anybody can send a signal straight to a connection, past all rules.
struct NameOwners {
    private struct Entry {
        var followers = 0
        var owner: BusName?
    }

    private var entries: [BusName: Entry] = [:]

    /// Whether no name is followed.
    var isEmpty: Bool { self.entries.isEmpty }

    /// Whether the owner of a sender has to be known: messages give the unique name, and the bus its well-known one.
    static func mustFollow(_ sender: BusName) -> Bool { !sender.isUnique && sender != StandardBus.name }

    /// Adds somebody who has to know a name's owner; whether it is the first.
    mutating func follow(_ name: BusName) -> Bool {
        self.entries[name, default: Entry()].followers += 1
        return self.entries[name]?.followers == 1
    }

    /// Takes somebody out; whether it was the last.
    mutating func unfollow(_ name: BusName) -> Bool {
        self.entries[name]?.followers -= 1
        guard let entry = self.entries[name], entry.followers <= 0 else { return false }
        self.entries[name] = nil
        return true
    }

    /// Notes the owner of a name, `nil` for none.
    mutating func note(_ owner: BusName?, of name: BusName) {
        self.entries[name]?.owner = owner
    }

    /// Whether a message's sender is the one that is wanted.
    func accepts(_ sender: BusName?, wanted: BusName?) -> Bool {
        guard let wanted else { return true }
        guard let sender else { return false }
        return Self.mustFollow(wanted) ? self.entries[wanted]?.owner == sender : wanted == sender
    }
}
