import Foundation
import Logging
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

@Suite("Which price table is in force (A-028)", .timeLimit(.minutes(5)))
struct PriceKeeperTests {
    /// 2026-11-21, four months after the day of the embedded table.
    private static let now = WallTime(microseconds: 1_795_219_200_000_000)

    /// A state directory, a configuration directory and what is made of them.
    private struct Fixture {
        let directory: TemporaryDirectory
        let lines = RecordedLines()

        var statePath: String { self.directory.path("state") }
        var imported: String { self.statePath + "/prices.json" }

        init(_ directory: TemporaryDirectory) throws {
            self.directory = directory
            _ = try directory.makeDirectory("state")
            _ = try directory.makeDirectory("config")
        }

        func keeper() throws -> PriceKeeper {
            try PriceKeeper(
                stateDirectory: self.statePath, logger: Logger(label: "test") { _ in self.lines.handler })
        }

        /// Writes the configuration and reads it.
        func load(_ toml: String) throws -> LoadedConfiguration {
            let path = try self.directory.write("config/kmi.toml", toml)
            let loader = ConfigurationLoader(
                configPath: path, environment: [:], systemDirectory: self.directory.path("etc"))
            return try loader.load(now: PriceKeeperTests.now).get()
        }
    }

    private static func withFixture(_ body: (Fixture) throws -> Void) async throws {
        try await TemporaryDirectory.with { try body(try Fixture($0)) }
    }

    private static func table(_ picoDollars: Int, effective: String? = "2026-11-05") -> [UInt8] {
        let about = effective.map { #""_kmi": {"effective": "\#($0)"}, "# } ?? ""
        return Array(#"{\#(about)"m": {"input_cost_per_token": \#(picoDollars)e-12}}"#.utf8)
    }

    private static func rate(_ keeper: PriceKeeper) -> Int64? {
        var counts = TokenCounts()
        counts.input = 1
        let usage = TokenUsage(counts, quality: .reported)
        return keeper.list.cost(of: usage, model: ModelName("m"), kind: .compatible).picoDollars
    }

    @Test("without any file the embedded table is in force")
    func embedded() async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            #expect(keeper.load(try fixture.load(""), now: Self.now).isEmpty)
            #expect(keeper.info.origin == .embedded)
            #expect(keeper.info.version == keeper.list.table.version)
            #expect(keeper.info.models == keeper.list.table.count)
            #expect(keeper.show(model: try #require(ModelName("gpt-4o")), kind: .openAI).basis == .table)
        }
    }

    @Test("the file of the configuration is found beside the configuration file, and read again by a reload")
    func configuredFile() async throws {
        try await Self.withFixture { fixture in
            let loaded = try fixture.load("[prices]\nfile = \"tables/p.json\"\n")
            let path = try fixture.directory.write("config/tables/p.json", Data(Self.table(7)))
            let keeper = try fixture.keeper()
            #expect(keeper.load(loaded, now: Self.now).isEmpty)
            #expect(keeper.info.origin == .file(path))
            #expect(Self.rate(keeper) == 7)
            try fixture.directory.write("config/tables/p.json", Data(Self.table(9)))
            keeper.load(loaded, now: Self.now)
            #expect(Self.rate(keeper) == 9)
            keeper.load(try fixture.load(""), now: Self.now)
            #expect(keeper.info.origin == .embedded)
        }
    }

    @Test("an imported table wins, is stored for its user alone, and is there after a restart")
    func imports() async throws {
        try await Self.withFixture { fixture in
            try fixture.directory.write("config/p.json", Data(Self.table(7)))
            let loaded = try fixture.load("[prices]\nfile = \"p.json\"\n")
            let keeper = try fixture.keeper()
            keeper.load(loaded, now: Self.now)
            let bytes = Self.table(5)
            let info = try keeper.importTable(bytes)
            #expect(info == keeper.info)
            #expect(info.origin == .imported)
            #expect(info.effective == "2026-11-05")
            #expect(info.version == "2026-11-05+" + info.sha256.prefix(8))
            #expect(info.models == 1)
            #expect(Self.rate(keeper) == 5)
            #expect(fixture.lines.events == ["prices_imported"])
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.imported)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(FileManager.default.contents(atPath: fixture.imported) == Data(bytes))
            let later = try fixture.keeper()
            #expect(later.load(loaded, now: Self.now).isEmpty)
            #expect(later.info == info)
            #expect(Self.rate(later) == 5)
        }
    }

    @Test(
        "a table that is none changes nothing",
        arguments: [
            ("nonsense", "The price table cannot be used: is no JSON, as byte 1 shows"),
            (
                #"{"m": {"input_cost_per_token": -1}}"#,
                #"The price table cannot be used: "m", input_cost_per_token: is below zero"#
            ),
            ("{}", "The price table has no model with a price."),
        ])
    func refuses(text: String, message: String) async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            keeper.load(try fixture.load(""), now: Self.now)
            _ = try keeper.importTable(Self.table(5))
            let before = keeper.info
            let failure = #expect(throws: PriceKeeper.ImportFailure.self) {
                try keeper.importTable(Array(text.utf8))
            }
            #expect(failure?.description == message)
            #expect(failure?.isTheTable == true)
            #expect(keeper.info == before)
            #expect(FileManager.default.contents(atPath: fixture.imported) == Data(Self.table(5)))
        }
    }

    @Test("a table that cannot be stored is not in force")
    func cannotStore() async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            keeper.load(try fixture.load(""), now: Self.now)
            // A directory in the place of the file can not be replaced by a file, whoever runs the test.
            _ = try fixture.directory.makeDirectory("state/prices.json/in-the-way")
            let failure = #expect(throws: PriceKeeper.ImportFailure.self) { try keeper.importTable(Self.table(5)) }
            #expect(failure?.isTheTable == false)
            #expect(keeper.info.origin == .embedded)
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.statePath) == ["prices.json"])
        }
    }

    @Test("a table whose place could not be synced is in force, as it is at the next start, and there is a warning")
    func cannotSyncTheDirectory() async throws {
        try await Self.withFixture { fixture in
            var file = PriceFile(directory: fixture.statePath)
            file.syncDirectory = { _ in
                errno = EIO
                return -1
            }
            let keeper = try PriceKeeper(file: file, logger: Logger(label: "test") { _ in fixture.lines.handler })
            keeper.load(try fixture.load(""), now: Self.now)
            #expect(try keeper.importTable(Self.table(5)) == keeper.info)
            #expect(Self.rate(keeper) == 5)
            #expect(fixture.lines.events == ["prices_unsynced", "prices_imported"])
            #expect(keeper.warnings(now: Self.now).map(\.kind) == [.unsynced])
            #expect(
                keeper.warnings(now: Self.now).first?.message.contains("cannot sync the state directory: Input/")
                    == true)
            #expect(FileManager.default.contents(atPath: fixture.imported) == Data(Self.table(5)))
            let later = try fixture.keeper()
            later.load(try fixture.load(""), now: Self.now)
            #expect(Self.rate(later) == 5)
        }
    }

    @Test("what a write that was cut off has left is removed")
    func removesLeftovers() async throws {
        try await Self.withFixture { fixture in
            try fixture.directory.write("state/.prices-new-0", "{")
            try fixture.directory.write("state/state.sqlite", "")
            try fixture.keeper().load(try fixture.load(""), now: Self.now)
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.statePath) == ["state.sqlite"])
        }
    }

    @Test("a table that cannot be used is reported, and the next one is used")
    func passesOverUnusableTables() async throws {
        try await Self.withFixture { fixture in
            let path = try fixture.directory.write("config/p.json", "{}}")
            try fixture.directory.write("state/prices.json", #"{"m": {"input_cost_per_token": "x"}}"#)
            let loaded = try fixture.load("[prices]\nfile = \"p.json\"\n")
            let keeper = try fixture.keeper()
            let warnings = keeper.load(loaded, now: Self.now)
            #expect(keeper.info.origin == .embedded)
            #expect(
                warnings.map(\.message) == [
                    #"\#(fixture.imported) is no price table: "m", input_cost_per_token: is no decimal number – "#
                        + "import a table again, or remove the file",
                    "\(path) is no price table: is no JSON, as byte 2 shows – mend the file or prices.file, then reload",
                ])
            #expect(warnings.allSatisfy { $0.kind == .unusable })
            #expect(keeper.warnings(now: Self.now) == warnings)
            #expect(fixture.lines.events == ["prices_unusable", "prices_unusable"])
            try fixture.directory.write("config/p.json", Data(Self.table(7)))
            #expect(keeper.load(loaded, now: Self.now).count == 1)
            #expect(keeper.info.origin == .file(path))
            _ = try keeper.importTable(Self.table(5))
            #expect(keeper.warnings(now: Self.now).isEmpty)
        }
    }

    @Test("a file that is not there is reported")
    func reportsMissingFiles() async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            let warnings = keeper.load(try fixture.load("[prices]\nfile = \"/nowhere/p.json\"\n"), now: Self.now)
            #expect(warnings.map(\.kind) == [.unusable])
            #expect(warnings.first?.message.hasPrefix("/nowhere/p.json cannot be opened") == true)
            #expect(keeper.info.origin == .embedded)
        }
    }

    @Test(
        "a table is old after 180 days (A-028)",
        arguments: [
            ("2026-05-25", 180, false), ("2026-05-24", 181, true), ("2027-01-01", 0, false),
            ("2020-01-01", 2_516, true),
        ])
    func warnsOfAge(effective: String, days: Int, isOld: Bool) async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            try fixture.directory.write("config/p.json", Data(Self.table(7, effective: effective)))
            let warnings = keeper.load(try fixture.load("[prices]\nfile = \"p.json\"\n"), now: Self.now)
            #expect(keeper.info.ageInDays(at: Self.now) == days)
            #expect(warnings.map(\.kind) == (isOld ? [.old] : []))
            #expect(fixture.lines.events == (isOld ? ["prices_old"] : []))
            if isOld { #expect(warnings.first?.message.contains("\(days) days old") == true) }
        }
    }

    @Test("a table that names no day is as old as its file")
    func undatedTablesAgeWithTheirFile() async throws {
        try await Self.withFixture { fixture in
            let path = try fixture.directory.write("config/p.json", Data(Self.table(7, effective: nil)))
            let written = Date(timeIntervalSince1970: 1_795_219_200 - 200 * 86_400)
            try FileManager.default.setAttributes([.modificationDate: written], ofItemAtPath: path)
            let keeper = try fixture.keeper()
            let warnings = keeper.load(try fixture.load("[prices]\nfile = \"p.json\"\n"), now: Self.now)
            #expect(keeper.info.version.hasPrefix("undated+"))
            #expect(keeper.info.ageInDays(at: Self.now) == 200)
            #expect(warnings.map(\.kind) == [.old])
        }
    }

    @Test("the prices of the configuration lie over every table, imported ones included")
    func keepsOverrides() async throws {
        try await Self.withFixture { fixture in
            let keeper = try fixture.keeper()
            let loaded = try fixture.load("[prices.override.m]\ninput_cost_per_token = 1.5e-06\n")
            #expect(loaded.warnings.isEmpty)
            keeper.load(loaded, now: Self.now)
            #expect(Self.rate(keeper) == 1_500_000)
            _ = try keeper.importTable(Self.table(5))
            #expect(Self.rate(keeper) == 1_500_000)
            keeper.load(try fixture.load(""), now: Self.now)
            #expect(Self.rate(keeper) == 5)
        }
    }

    @Test("imports and questions at the same time leave one whole table")
    func isSafeToShare() async throws {
        try await TemporaryDirectory.with { directory in
            let fixture = try Fixture(directory)
            let keeper = try fixture.keeper()
            let loaded = try fixture.load("")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...20 {
                    group.addTask { _ = try keeper.importTable(Self.table(number)) }
                    group.addTask { keeper.load(loaded, now: Self.now) }
                    group.addTask { _ = Self.rate(keeper) }
                }
                try await group.waitForAll()
            }
            let stored = try #require(FileManager.default.contents(atPath: fixture.imported))
            #expect(try PriceTable(parsing: Array(stored)).version == keeper.info.version)
            #expect(keeper.list.table.version == keeper.info.version)
        }
    }
}
