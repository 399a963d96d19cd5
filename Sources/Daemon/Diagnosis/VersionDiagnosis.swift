import CurlClient
import DBusControl
import DBusKit
import Decompression
import Glibc

/// The versions of what the daemon is built from and runs on, each against the oldest one that it is made for (K-001).
enum VersionDiagnosis {
    /// A part and its versions.
    struct Part {
        var name: String
        var version: String
        /// The oldest one that is supported; `nil` for a part that nobody has tried.
        var minimum: String?
    }

    static let check = "version"

    /// The oldest versions, those of docs/architecture.md.
    private static let minimums = [
        "swift": "6.3", "libcurl": "7.88", "OpenSSL": "3.0", "sqlite": "3.40", "libsystemd": "252", "libdbus-1": "1.14",
        "zlib": "1.2.13",
    ]

    /// What is in use; blocks for a moment, because the loaded libraries are looked up.
    static func parts(sqlite: String) -> [Part] {
        let curl = CurlClient.version.split(separator: " ")
        let tls = (curl.dropFirst().first ?? "TLS").split(separator: "/")
        let versions = [
            ("swift", Version.swift), ("libcurl", String(curl.first ?? "")),
            (String(tls.first ?? "TLS"), String(tls.dropFirst().first ?? "unknown")), ("sqlite", sqlite),
            ("libsystemd", Self.systemd(inMap: Self.memoryMap())), ("libdbus-1", BusLibrary.version),
            ("zlib", InflateLibrary.version),
        ]
        return versions.map { Part(name: $0.0, version: $0.1, minimum: Self.minimums[$0.0]) }
    }

    /// What is to be said of a part.
    static func row(_ part: Part) -> DiagnosisRow {
        guard let minimum = part.minimum.flatMap({ VersionNumber($0) }) else {
            return DiagnosisRow(
                Self.check, part.name, .warn, "\(part.version), which nobody has tried with kmid",
                advice: "use a libcurl that is built with OpenSSL")
        }
        let least = part.minimum ?? ""
        guard let version = VersionNumber(part.version) else {
            return DiagnosisRow(Self.check, part.name, .warn, "the version cannot be told; needed is \(least)")
        }
        guard version >= minimum else {
            return DiagnosisRow(
                Self.check, part.name, .fail, "\(part.version) is older than \(least)",
                advice: "upgrade it, or the distribution")
        }
        return DiagnosisRow(Self.check, part.name, .ok, "\(version.text), at least \(least)")
    }

    /// The version of systemd by the name of its library, which tells it in no other way.
    ///
    /// `libsystemd.so.0.35.0` is that of systemd 252, and each one since has had one more.
    static func systemd(inMap map: String) -> String {
        for line in map.split(separator: "\n") {
            guard let name = line.split(separator: "/").last, name.hasPrefix("libsystemd.so.0.") else { continue }
            guard let revision = name.split(separator: ".").dropFirst(3).first.flatMap({ Int($0) }) else { continue }
            return String(217 + revision)
        }
        return "unknown"
    }

    private static func memoryMap() -> String {
        guard let file = fopen("/proc/self/maps", "re") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // A map has some hundred lines; what is beyond 4 MiB is no use.
        while text.count < 4 << 20 {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension VersionNumber {
    /// The numbers with dots.
    fileprivate var text: String { self.numbers.map(String.init).joined(separator: ".") }
}
