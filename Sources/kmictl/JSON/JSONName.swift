/// The names of members of JSON objects.
enum JSONName {
    /// `NextUsableAt` as `next_usable_at`: the name that a property of the bus has in JSON (contract section 9).
    static func of(_ property: some RawRepresentable<String>) -> String {
        var name = ""
        for character in property.rawValue {
            if character.isUppercase, !name.isEmpty { name += "_" }
            name += character.lowercased()
        }
        return name
    }
}
