/// Why the store could not do what it was asked for.
public struct StateStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable, CaseIterable {
        /// A file in the state directory is not what it may be: a symbolic link, another user's, no regular file.
        case unsafeFile
        /// The database is damaged, or violates its own constraints; it was left as it is.
        case damaged
        /// The database was written by a newer version; it was left as it is.
        case newerSchema
        /// The file is no database of this program; it was left as it is.
        case foreignDatabase
        /// A migration that was applied is not the one that this version knows; the database was left as it is.
        case changedMigration
        /// A migration failed; schema and version are as they were.
        case migrationFailed
        /// There is no space left.
        case full
        /// The database cannot be written to.
        case readOnly
        /// Another process holds the database.
        case locked
        /// Reading or writing failed.
        case inputOutput
        /// The change contradicts what is stored, such as a second key of the same label.
        case conflict
        /// The cursor was not made by this installation.
        case invalidCursor
        /// The limit of a query is not within 1 to 1,000.
        case invalidLimit
        /// Storage did not answer in time, or too much waits for it already.
        case timedOut
        /// The store is closed, or closing.
        case closed
        /// Whoever asked does not want the answer any more.
        case cancelled
        /// A fault of this program.
        case internalFault
    }

    /// The kind.
    public let code: Code
    /// What was wrong and what to do, in one line.
    public let message: String
    /// What was wrong alone, for whoever tells what to do by other words; the message where the two are not told apart.
    public let finding: String

    /// Makes an error.
    public init(_ code: Code, _ message: String, finding: String? = nil) {
        self.code = code
        self.message = message
        self.finding = finding ?? message
    }

    /// The message.
    public var description: String { self.message }

    /// Whether the surroundings failed: what was to be written is sound, and can be written later.
    var isEnvironmental: Bool {
        switch self.code {
        case .full, .readOnly, .locked, .inputOutput, .damaged, .timedOut, .cancelled, .closed: true
        case .unsafeFile, .newerSchema, .foreignDatabase, .changedMigration, .migrationFailed, .conflict,
            .invalidCursor, .invalidLimit, .internalFault:
            false
        }
    }

    /// One word for the log and for readiness.
    var troubleWord: String {
        switch self.code {
        case .full: "full"
        case .readOnly: "read_only"
        case .locked: "locked"
        default: "io"
        }
    }
}
