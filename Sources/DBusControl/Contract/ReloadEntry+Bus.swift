public import DBusKit

extension ReloadEntry {
    /// Entries as `Reload` and `ConfigReloaded` carry them, `a(sss)`.
    public static func busValue(of entries: [ReloadEntry]) -> BusValue {
        .array(of: "(sss)", entries.map { .structure([.text($0.key), .text($0.result), .text($0.reason)]) })
    }

    /// Reads the entries of `Reload` or `ConfigReloaded`; fails with `invalidArgument` if they are not of the contract's
    /// type.
    public static func entries(busValue: BusValue) throws(ControlFault) -> [ReloadEntry] {
        let entries = busValue.asList { (entry: BusValue) -> ReloadEntry? in
            guard let fields = entry.asStructure, fields.count == 3, let key = fields[0].asString,
                let result = fields[1].asString, let reason = fields[2].asString
            else { return nil }
            return ReloadEntry(key: key, result: result, reason: reason)
        }
        guard let entries else { throw ControlFault(.invalidArgument, "the entries are not of the contract's type") }
        return entries
    }
}
