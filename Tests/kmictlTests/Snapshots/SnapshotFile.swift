import Foundation
import Testing

/// A text that is kept in a file beside the tests: compared, or with `UPDATE_SNAPSHOTS=1` written anew.
struct SnapshotFile {
    let path: URL

    init(_ name: String) {
        self.path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Expected/\(name).txt")
    }

    static var isUpdating: Bool { ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] == "1" }

    /// Holds a text against the file.
    func hold(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        if Self.isUpdating {
            try FileManager.default.createDirectory(
                at: self.path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: self.path, atomically: true, encoding: .utf8)
            return
        }
        let kept = FileManager.default.contents(atPath: self.path.path(percentEncoded: false))
            .map { String(decoding: $0, as: UTF8.self) }
        guard kept != text else { return }
        let old = (kept ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line =
            zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
        let (before, after) = (line < old.count ? old[line] : "(nothing)", line < new.count ? new[line] : "(nothing)")
        Issue.record(
            """
            \(self.path.lastPathComponent):\(line + 1) differs; `make docs` writes it anew
            - \(before)
            + \(after)
            """, sourceLocation: sourceLocation)
    }

    /// The names of the files that there are.
    static func names() throws -> Set<String> {
        let folder = SnapshotFile("").path.deletingLastPathComponent().path(percentEncoded: false)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Set(files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) })
    }

    func remove() throws { try FileManager.default.removeItem(at: self.path) }
}
