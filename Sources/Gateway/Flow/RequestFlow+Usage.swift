import Logging
import Metrics
import NIOCore
import ProxyCore

/// What requests take: asking providers for it, and counting it.
extension RequestFlow {
    /// The change of the body that asks a candidate for usage; `nil` if it is not to be asked.
    func usageAsk(of candidate: RouteCandidate) -> BodySplice.Edit? {
        guard let ask = self.usageAsk, self.dialect == .openai, !candidate.provider.kind.tellsUsageUnasked,
            let route, let place = candidate.place(of: route), UsageAsk.concerns(target: place.joined.target),
            !self.gateway.refusesUsageAsk(candidate.provider.name)
        else { return nil }
        return ask
    }

    /// Makes an attempt once more without asking for usage, if that is what its provider refused; `false` if it is not.
    ///
    /// The provider is not asked again.
    func repeatWithoutAsking(after failure: AttemptFailure, of running: RunningAttempt) -> Bool {
        guard let answer = failure.answer,
            UsageAsk.isRefused(status: failure.status, body: answer.body.readableBytesView)
        else { return false }
        let provider = running.candidate.provider.name
        self.gateway.noteUsageAskRefused(by: provider)
        self.logger.notice(
            "a provider does not take the question for usage in streams, and is not asked again",
            metadata: ["event": "usage_ask_refused", "provider": "\(provider)"])
        self.drop(running, class: failure.result.errorClass ?? .providerRejected)
        guard let again = self.dispatch({ dispatcher, plan, now in dispatcher.again(&plan, at: now) }) ?? nil else {
            self.refuse(ProxyFault(.internalFault))
            return true
        }
        self.begin(again)
        return true
    }

    /// Notes what an attempt took, as far as its answer told, and what that cost.
    func noteUsage(of running: RunningAttempt, isComplete: Bool, in attempt: inout RequestRecord.Attempt) {
        guard let usage = running.attempt.usage(isComplete: isComplete) else { return }
        attempt.usage = usage
        guard usage.quality != .none else { return }
        attempt.cost = self.gateway.prices.cost(
            of: usage, model: running.candidate.model, kind: running.candidate.provider.kind)
    }

    /// Adds a request's tokens and money to the metrics.
    func countTokens(_ record: RequestRecord) {
        let metrics = self.gateway.metrics
        for attempt in record.attempts {
            guard let usage = attempt.usage else { continue }
            let id = record.spendingID(of: attempt)
            let (provider, model) = (id.provider.text, id.model?.text ?? "")
            for name in TokenCounts.Class.allCases where usage.counts[name] > 0 {
                metrics.addTokens(
                    UInt64(usage.counts[name]), class: name.rawValue, provider: provider, model: model)
            }
            if let cost = attempt.cost?.picoDollars, cost > 0 {
                metrics.addCost(picoDollars: UInt64(cost), provider: provider, model: model)
            }
        }
    }

    /// Who is behind the connection, as far as it has been found out.
    var observedCaller: ObservedCaller? {
        if let caller = self.exchange.connection.observation?.caller { return caller }
        guard case .unix(let userID, let processID) = self.exchange.connection.transport else { return nil }
        var caller = ObservedCaller()
        caller.userID = userID
        caller.processID = processID
        return caller
    }
}
