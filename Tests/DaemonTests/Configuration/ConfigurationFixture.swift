import Foundation
import ProxyCore
import Testing

@testable import Daemon

/// A temporary directory with configuration files, and a loader that sees nothing else.
struct ConfigurationFixture {
    let directory: String
    var environment: [String: String] = [:]

    static let now = WallTime(microseconds: 1_795_000_000_000_000)

    /// Hands a fixture to `body` and removes its directory afterwards.
    static func with<Value>(_ toml: String? = nil, _ body: (inout ConfigurationFixture) throws -> Value) throws -> Value
    {
        var template = Array((NSTemporaryDirectory() + "kmi-XXXXXX").utf8CString)
        _ = try #require(mkdtemp(&template))
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }
        var fixture = ConfigurationFixture(directory: path)
        if let toml { try fixture.write("kmi.toml", toml) }
        return try body(&fixture)
    }

    /// Writes a file with mode 0600, or another.
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        let path = self.directory + "/" + name
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        let written = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        try #require(written)
    }

    /// A loader for `kmi.toml` of the directory.
    var loader: ConfigurationLoader {
        ConfigurationLoader(
            configPath: self.directory + "/kmi.toml", environment: self.environment,
            systemDirectory: self.directory + "/etc")
    }

    /// Loads without secrets.
    func load() -> Result<LoadedConfiguration, ConfigurationProblems> {
        self.loader.load(secrets: .skip, now: Self.now)
    }

    /// The problems of `kmi.toml` as text, without the directory.
    func problems(secrets: ConfigurationLoader.Secrets = .skip) -> [String] {
        guard case .failure(let failure) = self.loader.load(secrets: secrets, now: Self.now) else { return [] }
        return failure.problems.map { self.short($0) }
    }

    /// A problem without the directory.
    func short(_ problem: ConfigurationProblem) -> String {
        problem.description.replacingOccurrences(of: self.directory + "/", with: "")
    }
}

/// Loads a text and expects it to be good.
func loadGood(_ toml: String, environment: [String: String] = [:]) throws -> LoadedConfiguration {
    try ConfigurationFixture.with(toml) { fixture in
        fixture.environment = environment
        return try fixture.load().get()
    }
}

/// The problems of a text, each as one line without the directory.
func problems(_ toml: String, environment: [String: String] = [:]) throws -> [String] {
    try ConfigurationFixture.with(toml) { fixture in
        fixture.environment = environment
        return fixture.problems()
    }
}
