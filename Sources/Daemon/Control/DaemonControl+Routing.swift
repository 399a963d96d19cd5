import DBusControl
import Gateway
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Providers

    func providers() -> [ProviderStatus] {
        self.keeper.inForce.effective.configuration.providers.map(self.status)
    }

    func provider(_ name: String) -> ProviderStatus? {
        self.keeper.inForce.effective.configuration.providers.first { $0.name.text == name }.map(self.status)
    }

    private func status(of provider: Configuration.Provider) -> ProviderStatus {
        let now = self.time.now()
        let standing = self.gateway.dispatcher.standing(of: provider.name, at: now)
        var status = ProviderStatus()
        status.name = provider.name.text
        status.kind = provider.kind.rawValue
        status.baseURL = (provider.openAIBase ?? provider.anthropicBase)?.description ?? ""
        status.breaker = standing.breaker.rawValue
        status.breakerRetryAt = self.microseconds(of: standing.retryAt)
        status.overloadedUntil = self.microseconds(of: standing.overloadedUntil)
        status.keys = self.gateway.dispatcher.snapshots(at: now).filter { $0.provider == provider.name }
            .map(\.label.text)
        status.models = self.gateway.knownModels(of: provider)
        return status
    }

    // MARK: The way that requests take

    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlFault) -> [ExplainRow] {
        if let id = options.request {
            guard let row = try await self.request(id) else {
                throw ControlFault(.notFound, "There is no request \"\(id.printable)\".")
            }
            return ExplainRow.trail(of: row)
        }
        var question = RouteQuestion()
        if !model.isEmpty {
            guard let name = ModelName(model) else {
                throw ControlFault(.invalidArgument, "\"\(model.printable)\" can be no name of a model.")
            }
            question.model = name
        }
        question.pinned = try options.key.map { text throws(ControlFault) in try self.knownLabel(text) }
        question.session = options.session
        if let text = options.provider {
            guard let name = ProviderName(text), self.gateway.providers.contains(name) else {
                throw ControlFault(.notFound, "There is no provider \"\(text.printable)\".")
            }
            question.provider = name
        }
        if let text = options.client {
            guard let name = ClientName(text),
                self.keeper.inForce.effective.configuration.clients.contains(where: { $0.name == name })
            else { throw ControlFault(.notFound, "There is no client \"\(text.printable)\".") }
            question.client = name
        }
        do throws(ProxyFault) {
            return try self.gateway.explain(question).enumerated().flatMap { place, candidate in
                self.rows(of: candidate, number: UInt32(clamping: place + 1))
            }
        } catch {
            throw ControlFault(.notAllowed, error.message)
        }
    }

    /// The keys of one candidate, the chosen one first.
    private func rows(of candidate: CandidateExplanation, number: UInt32) -> [ExplainRow] {
        var empty = ExplainRow()
        empty.provider = candidate.candidate.provider.text
        empty.model = candidate.candidate.model?.text ?? ""
        empty.breaker = candidate.breaker.rawValue
        empty.candidate = number
        let own = candidate.keys.verdicts.filter { $0.provider == candidate.candidate.provider }
        guard !own.isEmpty else { return [empty] }
        let rows = own.map { verdict in
            var row = empty
            row.key = verdict.label.text
            row.state = verdict.state.rawValue
            row.reason = verdict.reason?.rawValue ?? ""
            row.usableAt = self.microseconds(of: verdict.usableAt)
            if candidate.isChosen, candidate.keys.chosen == verdict.label {
                row.isChosen = true
                row.selection = candidate.keys.selection?.rawValue ?? ""
            } else {
                // One that its provider's other keys would leave the turn to is kept back by the provider here.
                var obstacle = verdict.obstacle ?? .provider
                if candidate.restsUntil != nil, verdict.state == .usable { obstacle = .provider }
                row.obstacle = obstacle.rawValue
                if obstacle == .provider, row.usableAt == 0 {
                    row.usableAt = self.microseconds(of: candidate.restsUntil)
                }
            }
            return row
        }
        return rows.filter(\.isChosen) + rows.filter { !$0.isChosen }
    }

    func summary(_ filter: RequestFilter) async throws(ControlFault) -> RequestSummary {
        let query = try RequestQuery(filter)
        let served: [RequestTally]
        do throws(StateStoreError) {
            served = try await self.store.summary(query)
        } catch {
            throw ControlFault(error)
        }
        let keys = self.gateway.dispatcher.snapshots(at: self.time.now())
        let mode = self.keeper.inForce.effective.configuration.rotation.mode
        var rows = keys.map { key in
            var row = RequestSummary.Row()
            row.key = key.label.text
            row.provider = key.provider.text
            row.requests = served.first { $0.key == key.label && $0.provider == key.provider }?.requests ?? 0
            row.isEligible =
                key.isEnabled && (key.state == .usable || key.state == .cooling)
                && !keys.contains { $0.provider == key.provider && $0.isEnabled && $0.priority > key.priority }
            row.weight = mode == .weighted ? UInt32(clamping: max(1, key.weight)) : 1
            return row
        }
        for gone in served where !keys.contains(where: { $0.label == gone.key && $0.provider == gone.provider }) {
            var row = RequestSummary.Row()
            row.key = gone.key.text
            row.provider = gone.provider.text
            row.requests = gone.requests
            rows.append(row)
        }
        return RequestSummary(rows: rows)
    }

    // MARK: Asking providers

    func refreshUsage(of key: String?, provider: String?) async throws(ControlFault) -> UInt32 {
        var labels = self.gateway.dispatcher.snapshots(at: self.time.now())
        if let key {
            let label = try self.knownLabel(key)
            labels = labels.filter { $0.label == label }
        }
        if let provider {
            guard self.gateway.providers.contains(where: { $0.text == provider }) else {
                throw ControlFault(.notFound, "There is no provider \"\(provider.printable)\".")
            }
            labels = labels.filter { $0.provider.text == provider }
        }
        guard !self.keeper.inForce.effective.configuration.server.dryRun else {
            throw ControlFault(.notAllowed, "In dry-run no provider is asked.")
        }
        return await self.checks.refresh(keys: labels.map(\.label))
    }

    func probeKey(_ label: String) async throws(ControlFault) -> String {
        let label = try self.knownLabel(label)
        guard !self.keeper.inForce.effective.configuration.server.dryRun else {
            throw ControlFault(.notAllowed, "In dry-run no provider is asked.")
        }
        guard await self.checks.probe(label) else {
            throw ControlFault(.upstreamFailed, "The provider could not be asked, or said nothing of the key.")
        }
        guard
            let key = self.gateway.dispatcher.snapshots(at: self.time.now()).first(where: { $0.label == label })
        else { throw ControlFault(.notFound, "The key is gone.") }
        return [key.state.rawValue, key.reason?.rawValue].compactMap { $0 }.joined(separator: " ")
    }

    private func microseconds(of instant: Instant?) -> UInt64 {
        instant.map { self.hub.clock.wallTime(of: $0).unsigned } ?? 0
    }
}
