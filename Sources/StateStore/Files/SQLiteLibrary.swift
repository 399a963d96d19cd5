internal import CSQLite

/// SQLite as a whole: what holds for all connections of the process, and is said before the first one.
enum SQLiteLibrary {
    /// Whether SQLite was told not to count the memory that it takes; `false` if something else had used it before.
    ///
    /// It counts under a mutex that it takes with every allocation, dozens of times for each row, and nobody asks for
    /// the sums (`SQLITE_CONFIG_MEMSTATUS`). Where it counts all the same, everything works as well, only slower.
    static let countsNoMemory = csqlite_count_no_memory() == SQLITE_OK
}
