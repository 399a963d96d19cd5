internal import Glibc

/// That damage of the database was found while the daemon ran is remembered in the directory, not in the database, so that the
/// next start looks at all of it before it is used.
extension StateFiles {
    /// Whether damage was found that nobody has mended since.
    func isSuspect() throws(StateStoreError) -> Bool {
        try Self.status(self.suspicion) != nil
    }

    /// Remembers that damage was found.
    func suspect() throws(StateStoreError) {
        guard try !self.isSuspect() else { return }
        try Self.create(self.suspicion)
        try Self.synchronise(self.directory, O_RDONLY | O_DIRECTORY)
    }

    /// The database is sound, or another one.
    func trust() throws(StateStoreError) {
        try Self.remove(self.suspicion)
    }
}
