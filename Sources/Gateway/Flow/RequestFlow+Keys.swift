import Metrics
import NIOCore
import ProxyCore

/// A key that was chosen for a request, which counts on it until it is released.
struct ChosenKey {
    let grant: KeyGrant
    let source: KeySource
    let candidate: RouteCandidate
}

extension RequestFlow {
    /// Chooses a key of the first candidate that has a usable one, and counts the request on it.
    func chooseKey() -> ChosenKey? {
        while self.candidateIndex < self.candidates.count {
            let candidate = self.candidates[self.candidateIndex]
            let demand = KeyDemand(
                provider: candidate.provider.name,
                model: candidate.model,
                pinned: self.controls.pinnedKey,
                conversation: self.controls.session.map { Conversation(id: $0) },
                excluded: self.failedKeys
            )
            switch self.gateway.pool.choose(demand, at: self.gateway.time.now()) {
            case .chosen(let grant, _):
                if let source = self.source(of: grant, for: candidate.provider) {
                    return ChosenKey(grant: grant, source: source, candidate: candidate)
                }
                self.gateway.pool.release(grant)
                self.failedKeys.append(grant.label)
            case .none(let shortage):
                self.shortage = self.shortage?.merged(with: shortage) ?? shortage
                self.candidateIndex += 1
            }
        }
        return nil
    }

    /// Ends an attempt in favour of the next one.
    func drop(_ running: RunningAttempt, noting outcome: KeyOutcome, class errorClass: ErrorClass) {
        self.running = nil
        running.attempt.cancel()
        self.finish(running, as: outcome, class: errorClass)
    }

    // MARK: What becomes of keys

    /// Notes on the key how the attempt went, without taking the request off it.
    func note(_ outcome: KeyOutcome, of running: RunningAttempt) {
        guard running.chosen.source.isGranted else { return }
        let isNews = self.gateway.pool.record(
            outcome, on: running.chosen.grant, request: 0, model: running.candidate.model, begun: running.begun,
            at: Moment(instant: self.gateway.time.now(), wallTime: self.gateway.time.wallTime()))
        if isNews { self.gateway.tellNews() }
    }

    /// Notes how the running attempt ended and takes the request off the key.
    func settle(_ running: RunningAttempt, as outcome: KeyOutcome, class errorClass: ErrorClass?) {
        self.running = nil
        self.finish(running, as: outcome, class: errorClass)
    }

    private func finish(_ running: RunningAttempt, as outcome: KeyOutcome, class errorClass: ErrorClass?) {
        self.note(outcome, of: running)
        self.gateway.pool.release(running.chosen.grant)
        let duration = self.gateway.time.now() - running.begun
        self.upstreamTime += duration
        self.record.attempts.append(
            RequestRecord.Attempt(
                key: running.key, provider: running.candidate.provider.name, errorClass: errorClass,
                status: running.status, duration: duration))
        let provider = running.candidate.provider.name.text
        let word = errorClass?.rawValue ?? "ok"
        self.gateway.metrics.upstreamAttempts.with(provider, word).increment()
    }
}
