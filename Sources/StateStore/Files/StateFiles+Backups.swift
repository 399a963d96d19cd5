internal import Glibc

/// The copies in `backups/`.
extension StateFiles {
    /// Where a copy lies.
    func path(of name: BackupName) -> String { self.backups + "/" + name.text }

    /// The copies that there are; none without the directory.
    func backupNames() throws(StateStoreError) -> [BackupName] {
        try Self.names(in: self.backups).compactMap(BackupName.init)
    }

    /// Removes regular copies beyond so many.
    func removeSurplus(keeping count: Int, besides newest: BackupName) throws(StateStoreError) {
        for name in BackupName.surplus(of: try self.backupNames(), keeping: count, besides: newest) {
            try Self.remove(self.path(of: name))
        }
    }
}
