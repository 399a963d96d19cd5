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
            !self.gateway.refusesUsageAsk(candidate)
        else { return nil }
        return ask
    }

    /// Makes an attempt once more without asking for usage, if that may be what its provider refused; `false` if it is not made.
    func repeatWithoutAsking(after failure: AttemptFailure, of running: RunningAttempt) -> Bool {
        guard let answer = failure.answer, self.body?.isRepeatable ?? true,
            UsageAsk.isRefused(status: failure.status, body: answer.body.readableBytesView),
            let again = self.dispatch({ dispatcher, plan, now in dispatcher.again(&plan, at: now) }) ?? nil
        else { return false }
        self.usageAsk = nil
        self.usageAskSuspect = running.candidate
        self.retryReason = failure.result.errorClass ?? .providerRejected
        self.drop(running, class: failure.result.errorClass ?? .providerRejected)
        self.begin(again)
        return true
    }

    /// An answer has begun: who has taken without the question what it had refused with it, and who compresses, is not asked
    /// any more.
    ///
    /// Before that nobody knows: an error that names the field may only repeat what it was sent. Of what is compressed nothing
    /// can be taken out.
    func confirmUsageAsk(of running: RunningAttempt, _ head: ResponseHead) {
        let isSuspect = self.usageAskSuspect?.provider.name == running.candidate.provider.name
        guard isSuspect || (running.isAskingForUsage && head.isEventStream && !head.isUncoded) else { return }
        self.usageAskSuspect = nil
        self.gateway.noteUsageAskRefused(by: running.candidate)
        self.logger.notice(
            "a provider does not take the question for usage in streams, and is not asked again for this model",
            metadata: ["event": "usage_ask_refused", "provider": "\(running.candidate.provider.name)"])
    }

    /// Notes what an attempt took, as far as its answer told, and what that cost.
    ///
    /// Only what is sent to be worked on: an answer that is fetched again tells of work that was counted before.
    func noteUsage(of running: RunningAttempt, isComplete: Bool, in attempt: inout RequestRecord.Attempt) {
        guard self.head.method == "POST", let usage = running.attempt.usage(isComplete: isComplete) else { return }
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
