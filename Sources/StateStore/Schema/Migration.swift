/// One step of the schema: numbered from 1, in a file of its own, never changed once released.
struct Migration: Sendable {
    /// The version of the schema after it.
    let number: Int
    /// What it does, in a few words.
    let name: String
    /// Its SQL, one statement each; no data is ever put into it.
    let statements: [String]

    /// Tells whether the SQL is still the one that was applied: FNV-1a (64 bit) over the statements.
    ///
    /// It guards against a changed file, not against an adversary, who could write the database as well.
    var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in self.statements.joined(separator: "\u{0}").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// All of them, in order.
    static let all: [Migration] = [
        .firstSchema, .healing, .accounts, .audit, .provisioning, .clientProject, .identities, .keyUse, .keyBlocks,
    ]
}
