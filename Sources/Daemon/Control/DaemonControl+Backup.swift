import DBusControl
import Foundation
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Copies of the state

    func backup() async throws(ControlFault) -> String {
        let count = self.keeper.inForce.effective.configuration.storage.backupsKept ?? .max
        do throws(StateStoreError) {
            let name = try await self.store.backUp(keeping: count, waitingForOthers: false)
            // Whoever asked may be anywhere.
            let path = URL(filePath: self.store.backupDirectory).standardizedFileURL.path + "/" + name
            self.audit("backup_made", "state copied by hand", ["file": "\(name)"], target: path)
            return path
        } catch {
            // Another one that is being made is no failure of this one.
            if error.code != .locked {
                self.audit("backup_made", "state not copied by hand", ["reason": "\(error)"], result: .failed)
            }
            throw ControlFault(.busy, "There is no new copy of the state: \(error.message)")
        }
    }
}
