import DBusControl
import Gateway
import Logging
import ProxyCore

extension DaemonControl {
    // MARK: Prices

    func prices(_ query: PriceQuery) async throws(ControlFault) -> PriceStatus {
        var status = PriceStatus(self.prices.info, now: self.time.wallTime())
        guard let text = query.model else { return status }
        guard let asked = ModelName(text) else {
            throw ControlFault(.invalidArgument, "\"\(text.printable)\" can be no name of a model.")
        }
        let (provider, model) = try await self.target(of: asked, at: query.provider)
        // What no provider serves is looked up by its name alone.
        let finding = self.prices.show(model: model, kind: provider?.kind ?? .compatible)
        status.finding = PriceStatus.Finding(finding, provider: provider?.name.text ?? "")
        return status
    }

    /// The provider that a model goes to first, and its name there.
    private func target(
        of model: ModelName, at name: String?
    ) async throws(ControlFault) -> (Configuration.Provider?, ModelName) {
        var options = ExplainOptions()
        options.provider = name
        var row: ExplainRow?
        do throws(ControlFault) {
            row = try await self.explain(model.text, options).first
        } catch {
            // No provider serves the model.
            guard error.code == .notAllowed else { throw error }
        }
        let provider = row?.provider ?? name
        return (
            self.keeper.inForce.effective.configuration.providers.first { $0.name.text == provider },
            row.flatMap { ModelName($0.model) } ?? model
        )
    }

    func importPrices(_ bytes: [UInt8]) async throws(ControlFault) -> PriceStatus {
        let keeper = self.prices
        let info = try await self.inTurn { () async throws(ControlFault) in
            // A large table takes a while to read, and the disk its time.
            let info = try await self.offLoop {
                do throws(PriceKeeper.ImportFailure) {
                    return try keeper.importTable(bytes)
                } catch {
                    throw ControlFault(error.isTheTable ? .invalidArgument : .busy, error.description)
                }
            }
            self.gateway.setPrices(keeper.list)
            // The keeper has told the log.
            self.trail.keep(
                AuditEntry("prices_imported", "", ["models": "\(info.models)"], target: info.version))
            return info
        }
        let now = self.time.wallTime()
        // A new table can be an old one.
        for warning in keeper.warnings(now: now) {
            self.hub.service?.warning(warning.kind.rawValue, warning.message)
        }
        self.hub.statusChanged()
        return PriceStatus(info, now: now)
    }
}

extension PriceStatus {
    /// A table in the words of the bus.
    fileprivate init(_ info: PriceTableInfo, now: WallTime) {
        self.init()
        self.version = info.version
        self.effectiveDate = info.effective ?? ""
        self.sha256 = info.sha256
        self.models = UInt32(clamping: info.models)
        self.source = info.origin.word
        self.ageDays = info.ageInDays(at: now).map { UInt32(clamping: $0) }
    }
}

extension PriceStatus.Finding {
    /// What a model is charged by, in the words of the bus.
    fileprivate init(_ finding: PriceFinding, provider: String) {
        self.init(provider: provider, basis: finding.basis.rawValue, entry: nil)
        guard let price = finding.price else { return }
        self.entry = PriceStatus.Entry(
            name: finding.entry ?? "",
            prices: Dictionary(
                price.shown.map { ($0.name, UInt64(clamping: $0.picoDollars)) }, uniquingKeysWith: { first, _ in first }
            ))
    }
}
