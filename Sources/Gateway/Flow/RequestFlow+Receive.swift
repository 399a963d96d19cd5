import Logging
import NIOCore
import ProxyCore

extension RequestFlow {
    /// The length that the caller announced; `nil` without one.
    private var announcedLength: Int64? {
        self.head.headers.first("content-length").flatMap { Int64($0) }
    }

    /// Whether a body follows whose length shows only at its end.
    private var hasOpenBody: Bool {
        self.head.hasUnannouncedBody || self.head.headers.contains("transfer-encoding")
    }

    /// A body that says itself that it is too long is refused before a byte of it is read (K-039).
    func checkAnnouncedSize() throws(ProxyFault) {
        guard let most = self.snapshot.configuration.server.limits.requestBody, let length = self.announcedLength else {
            return
        }
        if length > Int64(most) { throw ProxyFault(.bodyTooLarge) }
    }

    /// Nobody reads the body of a request for a list, so nobody could tell that it is the one that was signed.
    func checkListingHasNoBody() throws(ProxyFault) {
        guard self.signature != nil, self.hasOpenBody || (self.announcedLength ?? 0) > 0 else { return }
        throw ProxyFault(.invalidRequest, message: "A signed request for a list of models has no body.")
    }

    // MARK: The body

    /// The fourth phase.
    ///
    /// Whatever names its model in the body is received whole, since a name may come last, or twice; other bodies of
    /// announced length go up while they come in. So is whatever is signed: nothing of it goes up before its signature is
    /// confirmed.
    func beginReceiving() {
        guard self.hasOpenBody || self.announcedLength.map({ $0 > 0 }) ?? false else {
            self.inspector = .opaque
            if self.announcedLength != nil {
                let empty = self.makeBody()
                empty.finish()
                self.body = empty
                self.bodyEnded = self.gateway.time.now()
            }
            return self.decide()
        }
        self.inspector = BodyInspector(self.head.headers)
        let body = self.makeBody()
        self.body = body
        if case .opaque = self.inspector, !self.hasOpenBody, self.signature == nil {
            self.decide()
        } else {
            self.phase = .receiving
        }
        if !self.hasAnswered { self.exchange.resumeBody() }
    }

    private func makeBody() -> KeptBody {
        let limits = self.snapshot.configuration.server.limits
        let body = KeptBody(
            eventLoop: self.exchange.eventLoop, spool: self.gateway.spool,
            memoryLimit: limits.bodyMemory ?? limits.requestBody ?? .max)
        body.onPauseChange = { [weak self] in
            guard let self, let body = self.body else { return }
            if body.wantsPause { self.exchange.pauseBody() } else { self.exchange.resumeBody() }
        }
        body.onSpoolFailure = { [weak self] in self?.spoolFailed($0) }
        return body
    }

    /// The state directory cannot take the body: the request goes on, and is not repeated.
    private func spoolFailed(_ error: any Error) {
        self.logger.warning(
            "request body cannot be spooled, so the request will not be repeated",
            metadata: ["event": "spool_failed", "error": "\(error)"])
        guard case .receiving = self.phase else { return }
        let hasModelList =
            self.caller?.client?.models.isEmpty == false || self.snapshot.poolKeys.contains { !$0.models.isEmpty }
        if self.hasOpenBody || hasModelList || self.signature != nil {
            // Its length is not known before its end, and the upstream is to be told one. Nor is its model: a second
            // one may follow that the provider believes.
            self.body?.holdsUnwritten = true
        } else {
            self.decide()
        }
    }

    /// Takes a piece of the body.
    func receive(_ piece: ByteBuffer) {
        guard let body else { return }
        if let most = self.snapshot.configuration.server.limits.requestBody,
            body.received + Int64(piece.readableBytes) > Int64(most)
        {
            return self.refuse(ProxyFault(.bodyTooLarge))
        }
        if case .receiving = self.phase { self.inspector.inspect(piece) }
        self.sign(piece)
        self.capture?.sawRequest(piece)
        body.append(piece)
    }

    /// The body is complete.
    func receiveEnd() {
        guard let body else { return }
        self.bodyEnded = self.gateway.time.now()
        body.finish()
        if case .receiving = self.phase { self.decide() }
    }

    /// The body that an attempt at a candidate sends.
    func bodyForAttempt(of candidate: RouteCandidate) -> (kept: KeptBody, reader: BodyReader, length: Int64)? {
        guard let body, let length = self.bodyLength(of: candidate, in: body) else { return nil }
        return (body, BodyReader(body: body, splice: self.splice(for: candidate)), length)
    }

    /// How long the body for a candidate is; `nil` without one.
    func bodyLength(of candidate: RouteCandidate, in body: KeptBody) -> Int64? {
        let length = self.announcedLength ?? body.received
        return self.splice(for: candidate)?.length(of: length) ?? length
    }

    /// The changes that put the real model in the place of an alias, and that ask for usage.
    private func splice(for candidate: RouteCandidate) -> BodySplice? {
        var edits: [BodySplice.Edit] = []
        if candidate.isAlias, let model = candidate.model, let place = self.modelPlace {
            edits.append(place.edit(to: model))
        }
        if let ask = self.activeUsageAsk { edits.append(ask) }
        return edits.isEmpty ? nil : BodySplice(edits)
    }

    // MARK: Deciding

    /// The fifth phase: the model is known now, as far as it can be; decides whether the caller may use it, and who serves
    /// it.
    private func decide() {
        self.phase = .attempting
        do throws(ProxyFault) {
            try self.confirmSignature()
            let model = try self.readModel() ?? self.route?.pathModel
            if self.snapshot.configuration.usage.ask, self.body?.isComplete ?? false {
                self.usageAsk = self.inspector.usageAsk
            }
            self.record.model = model
            guard self.caller?.mayUse(model) ?? false else {
                throw ProxyFault(
                    .forbidden,
                    message: model == nil
                        ? "The token is for certain models only, and the request names none that can be read."
                        : "The token is not for this model.")
            }
            if let model {
                let lists = self.listsNeeded(for: model)
                for provider in lists.beside { self.refresh(provider) }
                if !lists.awaited.isEmpty {
                    self.phase = .listing
                    return self.load(lists.awaited) { self.route(to: model) }
                }
            }
            self.route(to: model)
        } catch {
            self.refuse(error)
        }
    }

    /// As much of the caller's program name is looked at.
    private static let longestAgent = 128

    private func route(to model: ModelName?) {
        guard !self.hasAnswered, let route else { return }
        do throws(ProxyFault) {
            self.candidates = try self.snapshot.candidates(for: model, at: route.provider) {
                self.gateway.catalogue.provider(listing: $0, among: self.snapshot.configuration.providers)
            }
            if let pinned = self.controls.pinnedKey {
                guard let own = self.gateway.dispatcher.provider(of: pinned) else {
                    throw ProxyFault(.invalidRequest, message: "X-KMI-Key names no key.")
                }
                self.noteBlocked(pinned)
                self.candidates = try self.snapshot.candidates(
                    self.candidates, keptTo: own, model: model, isProviderGiven: route.provider != nil)
            }
            if model == nil { try self.checkKeysTakeAnyModel() }
        } catch {
            return self.refuse(error)
        }
        let retry = self.snapshot.configuration.retry
        self.plan = RequestPlan(
            candidates: self.candidates.map(DispatchCandidate.init),
            pinned: self.controls.pinnedKey,
            conversation: self.inspector.conversation(
                session: self.controls.session, isComplete: self.body?.isComplete ?? true),
            agent: self.head.headers.first("user-agent").map { String($0.prefix(Self.longestAgent)) },
            maxAttempts: retry.maxAttempts,
            deadline: retry.deadline.map { self.received + $0 } ?? Instant(nanoseconds: .max)
        )
        self.attempt()
    }

    /// A key with a model list serves nothing whose model cannot be read.
    ///
    /// Where there are no other keys the request is refused (contract section 4).
    private func checkKeysTakeAnyModel() throws(ProxyFault) {
        let providers = self.candidates.map(\.provider.name)
        let pinned = self.controls.pinnedKey
        let keys = self.snapshot.poolKeys.filter {
            providers.contains($0.provider) && (pinned == nil || $0.label == pinned)
        }
        guard !keys.isEmpty, keys.allSatisfy({ !$0.models.isEmpty }) else { return }
        throw ProxyFault(
            .forbidden, message: "The keys are for certain models only, and the request names none that can be read.")
    }

    /// The model that the body names, and where it stands there.
    private func readModel() throws(ProxyFault) -> ModelName? {
        let reading = try self.inspector.model(isComplete: self.body?.isComplete ?? true)
        self.modelPlace = reading.place
        return reading.model
    }
}
