import Foundation
import Glibc

/// A `systemd-journald` of the test's own: in a mount namespace with a `/run`, a `/var/log` and a catalog of its own, which
/// nothing else on the machine sees.
///
/// Nothing of systemd but the journal runs; there is no service manager.
public struct JournalDaemon: Sendable {
    /// An entry as `journalctl` tells it.
    public struct Entry: Sendable {
        private let fields: [String: String]

        init(line: String) throws {
            guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw TestFailure("not an entry: \(line)")
            }
            self.fields = object.compactMapValues { value in
                // What is no printable text is told as its bytes.
                if let bytes = value as? [Int] { return String(decoding: bytes.map { UInt8($0) }, as: UTF8.self) }
                return value as? String
            }
        }

        /// The value of a field.
        public subscript(name: String) -> String? { self.fields[name] }
    }

    private static let program = "/usr/lib/systemd/systemd-journald"

    /// What is missing to run one; `nil` if nothing is.
    public static let missing: String? = {
        let programs = [
            JournalDaemon.program, "/usr/bin/journalctl", "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/python3",
        ]
        if let absent = programs.first(where: { !FileManager.default.isExecutableFile(atPath: $0) }) {
            return "there is no \(absent)"
        }
        guard geteuid() == 0 else { return "a namespace for mounts needs root" }
        let attempt = Process()
        attempt.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        attempt.arguments = ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"]
        attempt.standardError = FileHandle.nullDevice
        do {
            try attempt.run()
        } catch {
            return "unshare: \(error)"
        }
        attempt.waitUntilExit()
        return attempt.terminationStatus == 0 ? nil : "a namespace for mounts is not permitted"
    }()

    private let directory: TemporaryDirectory
    /// Keeps the namespace; it does nothing else.
    private let holder: ChildProcess

    /// Makes the namespace, in which no journal runs yet, and lets it go after the scope.
    ///
    /// - Parameter catalog: The file whose texts `journalctl -x` shows.
    public static func with<Value>(
        catalog: String = BuildProducts.packageRoot + "/systemd/catalog/kmi.catalog",
        _ body: (JournalDaemon) async throws -> Value
    ) async throws -> Value {
        try await TemporaryDirectory.with { directory in
            try directory.write("journald.conf", self.configuration)
            try directory.write("stream.py", self.streamScript)
            _ = try directory.makeDirectory("log/journal")
            try directory.write(
                "root/usr/lib/systemd/catalog/kmi.catalog", String(contentsOfFile: catalog, encoding: .utf8))
            let compiled = try await FinishedProcess.run(
                "/usr/bin/journalctl", arguments: ["--root=\(directory.path("root"))", "--update-catalog"])
            guard compiled.isSuccess else { throw TestFailure("journalctl: \(compiled.standardError)") }
            return try await ChildProcess.with(
                "/usr/bin/unshare",
                arguments: [
                    "--mount", "--propagation", "private", "/bin/sh", "-c", self.mounts, "sh", directory.path,
                ], environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
            ) { holder in
                _ = try await holder.firstMatch(on: .standardOutput, "the namespace") { $0 == "made" ? true : nil }
                return try await body(JournalDaemon(directory: directory, holder: holder))
            }
        }
    }

    /// Runs the journal as long as a scope.
    public func running<Value>(_ body: () async throws -> Value) async throws -> Value {
        let command = self.entering + [Self.program]
        return try await ChildProcess.with(command[0], arguments: Array(command.dropFirst())) { process in
            try await eventually("the journal listens") {
                if process.exitStatus != nil { throw TestFailure("systemd-journald ended\n\(process.report)") }
                return self.takesEntries
            }
            return try await body()
        }
    }

    /// Where its socket is seen from outside.
    public var socketPath: String { "/proc/\(self.holder.pid)/root/run/systemd/journal/socket" }

    /// What a command follows that is to run beside the journal.
    public var entering: [String] { ["/usr/bin/nsenter", "--mount=/proc/\(self.holder.pid)/ns/mnt", "--"] }

    /// What a command follows that is to run beside the journal, with standard error connected to it as the service manager
    /// does.
    public var streaming: [String] { self.entering + ["/usr/bin/python3", self.directory.path("stream.py")] }

    /// The entries that match, from the first one on.
    public func entries(_ matches: String...) async throws -> [Entry] {
        try await self.show(["--output=json", "--all"], matches).split(separator: "\n").map {
            try Entry(line: String($0))
        }
    }

    /// Waits for the first entry that matches.
    @discardableResult
    public func entry(_ matches: String...) async throws -> Entry {
        var found: Entry?
        try await eventually("an entry \(matches)", every: .milliseconds(50)) {
            found = try await self.show(["--output=json", "--all"], matches).split(separator: "\n").first.map {
                try Entry(line: String($0))
            }
            return found != nil
        }
        guard let found else { throw TestFailure("no entry \(matches)") }
        return found
    }

    /// What `journalctl -x` shows of the entries that match.
    public func explained(_ matches: String...) async throws -> String {
        try await self.show(["--catalog"], matches)
    }

    /// The addresses that a daemon in there has told the journal of.
    public func listeners() async throws -> [String: HTTPAddress] {
        try await self.entry("KMI_EVENT=ready")
        var listeners: [String: HTTPAddress] = [:]
        for entry in try await self.entries("KMI_EVENT=listening") {
            guard let name = entry["KMI_LISTENER"], let address = entry["KMI_ADDRESS"] else { continue }
            listeners[name] = try HTTPAddress(address)
        }
        return listeners
    }

    /// Whether somebody reads at its socket.
    private var takesEntries: Bool {
        guard let address = try? UnixAddress(self.socketPath) else { return false }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var value = address.value
        return withUnsafePointer(to: &value) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private func show(_ options: [String], _ matches: [String]) async throws -> String {
        let command = self.entering + ["/usr/bin/journalctl", "--no-pager", "--quiet"] + options + matches
        let result = try await FinishedProcess.run(
            command[0], arguments: Array(command.dropFirst()), environment: ["LANG": "C.UTF-8", "TZ": "UTC"])
        guard result.isSuccess else { throw TestFailure("journalctl \(matches): \(result.standardError)") }
        return result.standardOutput
    }

    /// No entry is lost for their number, and nothing comes from the kernel or goes anywhere else.
    private static let configuration = """
        [Journal]
        Storage=persistent
        RateLimitBurst=0
        ReadKMsg=no
        Audit=no
        ForwardToSyslog=no
        ForwardToKMsg=no
        ForwardToConsole=no
        ForwardToWall=no
        SystemMaxUse=64M
        """

    private static let mounts = """
        set -e
        mount -t tmpfs -o mode=0755 tmpfs /run
        mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
        cp "$1/journald.conf" /run/systemd/journald.conf.d/test.conf
        : >/run/systemd/journal/flushed
        mount --bind "$1/log" /var/log
        mount --bind "$1/root/var/lib/systemd/catalog" /var/lib/systemd/catalog
        echo made
        exec sleep infinity
        """

    /// Becomes a program whose standard error is a stream of the journal (systemd.exec(5), `JOURNAL_STREAM`).
    private static let streamScript = """
        import os, socket, sys
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect("/run/systemd/journal/stdout")
        stream.sendall(b"stream\\nkmid.service\\n6\\n1\\n0\\n0\\n0\\n")
        os.dup2(stream.fileno(), 2)
        status = os.fstat(2)
        os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        os.execv(sys.argv[1], sys.argv[1:])
        """
}
