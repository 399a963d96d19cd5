import Glibc
import Logging
import ProxyCore
import Synchronization

/// Keeps the prices in force: the table that was imported, else the one of the configuration, else the embedded one, and
/// over it what the configuration says.
///
/// A table that cannot be used is reported, and the next one is used. ``list``, ``info`` and ``show(model:kind:)`` take
/// no time and may be asked from everywhere; ``load(_:now:)`` and ``importTable(_:)`` block on files and are called off
/// the event loops.
final class PriceKeeper: Sendable {
    /// Why an import changed nothing.
    struct ImportFailure: Error, Sendable, CustomStringConvertible {
        /// Whether the table itself is wrong, and not the disk.
        var isTheTable: Bool
        /// For a person.
        var description: String
    }

    private struct State {
        var list: PriceList
        var info: PriceTableInfo
        var overrides: [Configuration.Prices.Override] = []
        /// What is wrong with the files of tables.
        var unusable: [PriceWarning] = []
    }

    private let file: PriceFile
    /// The embedded table, read once.
    private let embedded: PriceTable
    private let logger: Logger
    private let state: Mutex<State>
    /// Held while files are read or written, so that a reload and an import come one after the other.
    private let turn = Mutex(())

    /// Begins with the embedded table; ``load(_:now:)`` finds the right one.
    convenience init(stateDirectory: String, logger: Logger) throws(PriceTable.Fault) {
        try self.init(file: PriceFile(directory: stateDirectory), logger: logger)
    }

    /// Begins with the embedded table and keeps imported ones in a file.
    init(file: PriceFile, logger: Logger) throws(PriceTable.Fault) {
        let table = try PriceTable.embedded()
        self.file = file
        self.embedded = table
        self.logger = logger
        self.state = Mutex(
            State(
                list: try PriceList(table: table),
                info: PriceTableInfo(table, origin: .embedded, writtenAt: nil)))
    }

    /// The prices in force.
    var list: PriceList { self.state.withLock(\.list) }

    /// The table in force.
    var info: PriceTableInfo { self.state.withLock(\.info) }

    /// What a model is charged by.
    func show(model: ModelName, kind: ProviderKind) -> PriceFinding { self.list.finding(for: model, kind: kind) }

    /// What a person should know about the prices.
    func warnings(now: WallTime) -> [PriceWarning] {
        let (unusable, info) = self.state.withLock { ($0.unusable, $0.info) }
        return unusable + [Self.warning(ofAgeOf: info, now: now)].compactMap(\.self)
    }

    /// Finds the table anew and puts the prices of the configuration over it, at the start and after every reload; blocks.
    ///
    /// Tells what a person should know, which is in the log as well.
    @discardableResult
    func load(_ loaded: LoadedConfiguration, now: WallTime) -> [PriceWarning] {
        self.turn.withLock { _ in
            self.removeLeftovers()
            var unusable: [PriceWarning] = []
            let (table, info) = self.firstUsable(loaded, &unusable)
            let overrides = loaded.configuration.prices.overrides
            do throws(PriceTable.Fault) {
                let list = try PriceList(table: table, overrides: overrides)
                self.state.withLock { $0 = State(list: list, info: info, overrides: overrides) }
            } catch {
                // The configuration was checked, so this is a fault of the checks. The prices stay as they are.
                unusable.append(
                    PriceWarning(kind: .unusable, message: "prices.override.\(error) – the prices stay as they were"))
            }
            self.state.withLock { [unusable] in $0.unusable = unusable }
            for warning in self.warnings(now: now) { self.log(warning) }
            return self.warnings(now: now)
        }
    }

    /// Checks a table, stores it for the next starts and puts it in force; blocks.
    ///
    /// Nothing changes if it throws.
    func importTable(_ bytes: [UInt8]) throws(ImportFailure) -> PriceTableInfo {
        let table: PriceTable
        do throws(PriceTable.Fault) {
            table = try PriceTable(parsing: bytes)
        } catch {
            throw ImportFailure(isTheTable: true, description: "The price table cannot be used: \(error)")
        }
        guard table.count > 0 else {
            throw ImportFailure(isTheTable: true, description: "The price table has no model with a price.")
        }
        let info = PriceTableInfo(table, origin: .imported, writtenAt: SystemTime().wallTime())
        let result: Result<PriceTableInfo, ImportFailure> = self.turn.withLock { _ in
            do {
                let list = try PriceList(table: table, overrides: self.state.withLock(\.overrides))
                let doubt = try self.file.write(bytes).map { failure in
                    PriceWarning(
                        kind: .unsynced,
                        message:
                            "\(self.file.path) is in use, but may be lost when the machine loses its power: cannot "
                            + "\(failure) – import it again once the disk is well")
                }
                self.state.withLock { state in
                    state.list = list
                    state.info = info
                    state.unusable = [doubt].compactMap(\.self)
                }
                if let doubt { self.log(doubt) }
                return .success(info)
            } catch {
                return .failure(
                    ImportFailure(isTheTable: false, description: "The price table cannot be stored: \(error)"))
            }
        }
        let stored = try result.get()
        self.logger.notice(
            "price table imported",
            metadata: [
                "event": "prices_imported", "version": "\(stored.version)", "models": "\(stored.models)",
                "sha256": "\(stored.sha256)", "passed_over": "\(table.passedOver)",
            ])
        return stored
    }

    // MARK: Where tables are from

    private func firstUsable(
        _ loaded: LoadedConfiguration, _ unusable: inout [PriceWarning]
    ) -> (PriceTable, PriceTableInfo) {
        var candidates: [(origin: PriceTableInfo.Origin, path: String, mayBeMissing: Bool, remedy: String)] = [
            (.imported, self.file.path, true, "import a table again, or remove the file")
        ]
        if let path = Self.path(loaded) {
            candidates.append((.file(path), path, false, "mend the file or prices.file, then reload"))
        }
        for candidate in candidates {
            switch BoundedFile.read(candidate.path, atMost: PriceTable.largest) {
            case .success(let file):
                do throws(PriceTable.Fault) {
                    let table = try PriceTable(parsing: file.bytes)
                    return (
                        table,
                        PriceTableInfo(table, origin: candidate.origin, writtenAt: Self.writtenAt(candidate.path))
                    )
                } catch {
                    let message = "\(candidate.path) is no price table: \(error) – \(candidate.remedy)"
                    unusable.append(PriceWarning(kind: .unusable, message: message))
                }
            case .failure(let failure):
                if failure.isMissing, candidate.mayBeMissing { continue }
                let message = "\(candidate.path) \(failure.reason) – \(candidate.remedy)"
                unusable.append(PriceWarning(kind: .unusable, message: message))
            }
        }
        return (self.embedded, PriceTableInfo(self.embedded, origin: .embedded, writtenAt: nil))
    }

    /// The path of `prices.file`; a relative one starts at the configuration file that holds it.
    private static func path(_ loaded: LoadedConfiguration) -> String? {
        guard let path = loaded.configuration.prices.file else { return nil }
        guard !path.hasPrefix("/"), let origin = loaded.origins["prices.file"], origin.line != nil,
            let end = origin.source.lastIndex(of: "/")
        else { return path }
        return origin.source[...end] + path
    }

    private static func writtenAt(_ path: String) -> WallTime? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return WallTime(microseconds: Int64(status.st_mtim.tv_sec) * 1_000_000)
    }

    // MARK: What a person should know

    private func removeLeftovers() {
        do throws(PriceFile.Failure) {
            try self.file.removeLeftovers()
        } catch {
            self.logger.warning(
                "cannot tidy up after an import", metadata: ["event": "prices_untidy", "reason": "\(error)"])
        }
    }

    private static func warning(ofAgeOf info: PriceTableInfo, now: WallTime) -> PriceWarning? {
        guard let days = info.ageInDays(at: now), days > PriceTableInfo.oldAfterDays else { return nil }
        return PriceWarning(
            kind: .old,
            message:
                "the price table \(info.version) is \(days) days old – import a newer one with kmictl prices import")
    }

    private func log(_ warning: PriceWarning) {
        let metadata: Logger.Metadata = ["event": "\(warning.kind.rawValue)", "reason": "\(warning.message)"]
        switch warning.kind {
        case .unusable: self.logger.error("a price table cannot be used", metadata: metadata)
        case .unsynced: self.logger.error("the price table may not last", metadata: metadata)
        case .old: self.logger.warning("the price table is old", metadata: metadata)
        }
    }
}
