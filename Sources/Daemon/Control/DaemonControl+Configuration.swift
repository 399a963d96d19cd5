import DBusControl
import Logging
import ProxyCore
import Synchronization

extension DaemonControl {
    // MARK: The configuration, looked at

    func checkConfiguration() async throws(ControlFault) -> [ReloadEntry] {
        let reloader = self.reloader
        switch try await self.offLoop({ reloader.check() }) {
        // As a reload would tell it.
        case .success(let entries): return self.untold.withLock { $0.with(entries, at: self.time.now()) }
        case .failure(let problems):
            throw ControlFault(.invalidConfig, problems.problems.map(\.description).joined(separator: "\n"))
        }
    }

    func configuration() async throws(ControlFault) -> [ConfigurationRow] {
        let listing = ConfigurationListing(
            self.keeper.inForce, level: Configuration.Log.Level(self.keeper.output.minimumLevel))
        guard listing.size <= ConfigurationListing.largest else {
            throw ControlFault(
                .busy, "The configuration has \(listing.rows.count) settings, which is more than a message can carry.")
        }
        return listing.rows
    }
}

extension Configuration.Log.Level {
    /// The configured level that stands for one of the logger's.
    init(_ level: Logger.Level) {
        // Each of the logger's levels is that of one configured level.
        self = Self.allCases.first { Logger.Level($0) == level } ?? .info
    }
}
