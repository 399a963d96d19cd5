import Foundation
import TestSupport

extension BuildProducts {
    /// Puts links to the daemon, its client and the simulator into a directory, for scripts that want them in one place.
    static func link(in directory: TemporaryDirectory) throws {
        for name in ["kmid", "kmictl", "kmi-sim"] {
            try FileManager.default.createSymbolicLink(
                atPath: directory.path(name), withDestinationPath: try Self.path(of: name))
        }
    }
}
