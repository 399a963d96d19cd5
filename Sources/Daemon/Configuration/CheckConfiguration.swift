import Foundation
import ProxyCore

/// `kmid check-config`: reads the configuration as the daemon would and says what is wrong with it.
enum CheckConfiguration {
    /// Everything is in order, warnings aside.
    static let good: Int32 = 0
    /// `EX_CONFIG` of sysexits.
    static let bad: Int32 = 78

    /// Checks, writes the lines to `write` — standard error by default — and returns the exit status.
    static func run(
        _ loader: ConfigurationLoader,
        secrets: ConfigurationLoader.Secrets = .load,
        now: WallTime = WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)),
        write: (String) -> Void = Self.writeToStandardError
    ) -> Int32 {
        let (lines, status) = Self.report(loader.load(secrets: secrets, now: now))
        for line in lines { write(line + "\n") }
        return status
    }

    /// The lines for a person, and the exit status.
    static func report(_ result: Result<LoadedConfiguration, ConfigurationProblems>) -> ([String], Int32) {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        switch result {
        case .failure(let failure):
            let lines =
                failure.problems.map(\.description)
                + failure.warnings.map { "\($0.origin.asPrefix)warning: \($0.message)" }
            let summary = "\(count(failure.problems.count, "problem")), \(count(failure.warnings.count, "warning"))"
            return (lines + ["configuration is not usable: \(summary)"], Self.bad)
        case .success(let loaded):
            let files = loaded.files.isEmpty ? "no file, defaults only" : loaded.files.joined(separator: ", ")
            let configuration = loaded.configuration
            let contents = [
                count(configuration.keys.count, "key"), count(configuration.providers.count, "provider"),
                count(configuration.clients.count, "client"), count(loaded.warnings.count, "warning"),
            ].joined(separator: ", ")
            return (
                loaded.warnings.map { "\($0.origin.asPrefix)warning: \($0.message)" }
                    + ["configuration is good: \(contents) (\(files))"],
                Self.good
            )
        }
    }

    private static func writeToStandardError(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

extension ConfigurationOrigin {
    /// `FILE:LINE: key: `, for lines that go on.
    fileprivate var asPrefix: String {
        self.source + (self.line.map { ":\($0)" } ?? "") + (self.key.isEmpty ? ": " : ": \(self.key): ")
    }
}
