import Foundation
import Testing

/// Looks for secrets in everything that a run has left behind, in the forms in which one could have got there.
struct LeakScan {
    /// A secret and where it is meant to lie.
    struct Planted {
        /// What it is, for the report.
        var name: String
        /// The secret; a file of several lines, such as a private key, is looked for line by line.
        var secret: String
    }

    private let needles: [(name: String, form: String, bytes: Data)]

    /// Prepares to look for these.
    ///
    /// Private keys in PEM can be among them: their lines count, the ones at the beginning and the end apart.
    init(_ planted: [Planted]) {
        self.needles = planted.flatMap { planted in
            planted.secret.split(separator: "\n").filter { $0.utf8.count >= 12 && !$0.hasPrefix("-----") }
                .flatMap { Self.forms(of: Data($0.utf8)).map { (planted.name, $0.0, $0.1) } }
        }
    }

    /// The forms in which a secret is looked for: plain, its halves, backwards, in Base64 at each of its three places, in
    /// hexadecimal digits, and percent-encoded in full.
    static func forms(of secret: Data) -> [(String, Data)] {
        var forms = [("plain", secret), ("backwards", Data(secret.reversed()))]
        // Of shorter ones a mask shows as much.
        let half = max(12, secret.count / 2)
        if secret.count > half {
            forms += [("first half", secret.prefix(half)), ("second half", secret.suffix(half))]
        }
        for shift in 0..<3 {
            // What stands before and behind it changes the outer digits only.
            let text = (Data(repeating: 0, count: shift) + secret).base64EncodedString()
            let inner = text.dropFirst(4).prefix { $0 != "=" }.dropLast(2)
            forms.append(("base64 \(shift)", Data(inner.utf8)))
            let url = inner.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
            forms.append(("base64url \(shift)", Data(String(url).utf8)))
        }
        for (format, digits) in [("hexadecimal", "%02x"), ("hexadecimal, capitals", "%02X")] {
            forms.append((format, Data(secret.map { String(format: digits, $0) }.joined().utf8)))
            forms.append(("percent, " + format, Data(secret.map { "%" + String(format: digits, $0) }.joined().utf8)))
        }
        return forms
    }

    /// Which of them some bytes hold.
    func found(in bytes: Data) -> [String] {
        self.needles.filter { bytes.range(of: $0.bytes) != nil }.map { "\($0.name), \($0.form)" }
    }

    func found(in text: String) -> [String] { self.found(in: Data(text.utf8)) }

    /// Which of them the files below a directory hold, but for those whose path below it is allowed to.
    func found(below directory: String, except isAllowed: (String) -> Bool) throws -> [String] {
        var found: [String] = []
        let names = FileManager.default.enumerator(atPath: directory)
        while let name = names?.nextObject() as? String {
            let path = directory + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, !isAllowed(name) else { continue }
            // Names can tell as much as what stands in the file.
            found += self.found(in: name).map { "the name \(name): \($0)" }
            found += self.found(in: try Data(contentsOf: URL(fileURLWithPath: path))).map { "\(name): \($0)" }
        }
        return found
    }

    /// Which of them the arguments and the environment of a process and of its children hold.
    func found(inProcess process: Int32) throws -> [String] {
        var found: [String] = []
        for file in ["cmdline", "environ", "comm"] {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/\(file)"))
            found += self.found(in: bytes).map { "/proc/\(process)/\(file): \($0)" }
        }
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task") {
            let path = "/proc/\(process)/task/\(thread)/children"
            guard let children = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            for child in children.split(separator: " ").compactMap({ Int32($0) }) {
                found += try self.found(inProcess: child)
            }
        }
        return found
    }
}
