import Foundation
import TestSupport

extension TemporaryDirectory {
    /// Its path without links on the way.
    var resolvedPath: String { URL(fileURLWithPath: self.path).resolvingSymlinksInPath().path }
}
