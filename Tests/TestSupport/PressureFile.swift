import Foundation

/// A file in the place of `/proc/pressure/memory` that a test writes: bound over it in a mount namespace that only the
/// program under test is in.
public struct PressureFile: Sendable {
    /// Why there can be none; `nil` if there can.
    public static let obstacle: String? = {
        guard geteuid() == 0 else { return "a mount namespace of one's own needs root" }
        guard FileManager.default.fileExists(atPath: Self.place) else { return "the kernel has no \(Self.place)" }
        guard let unshare = Tools.path(of: "unshare") else { return "unshare is missing" }
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: unshare)
        probe.arguments = ["-m", "sh", "-c", "mount --bind /dev/null \(Self.place)"]
        probe.standardError = FileHandle.nullDevice
        do {
            try probe.run()
        } catch {
            return "unshare cannot be run"
        }
        probe.waitUntilExit()
        return probe.terminationStatus == 0 ? nil : "mounts are not allowed here"
    }()

    private static let place = "/proc/pressure/memory"
    private let path: String

    /// Makes the file, which tells of no pressure.
    public init(in directory: TemporaryDirectory) throws {
        self.path = try directory.write("pressure", Self.text(0))
    }

    /// What makes a program see this file.
    public var launcher: [String] {
        [
            Tools.path(of: "unshare") ?? "/usr/bin/unshare", "-m", "sh", "-c",
            "mount --bind \"$0\" \(Self.place) && exec \"$@\"", self.path,
        ]
    }

    /// Tells from now on that some task waited for memory in so many percent of the last ten seconds.
    public func set(_ percent: Double) throws {
        guard let file = FileHandle(forWritingAtPath: self.path) else { throw TestFailure("cannot write \(self.path)") }
        // In place and always as long: another file would not be the one that is mounted.
        try file.write(contentsOf: Data(Self.text(percent).utf8))
        try file.close()
    }

    private static func text(_ percent: Double) -> String {
        let value = String(format: "%06.2f", percent)
        return "some avg10=\(value) avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    }
}
