import DBusControl
import ProxyCore

extension RequestRow {
    /// A request in the words of the bus, without its bodies, which lists and signals do not tell.
    init(_ record: RequestRecord) {
        self.init()
        self.id = record.id
        self.receivedAt = record.receivedAt.unsigned
        self.client = record.client?.text ?? ""
        self.project = record.project ?? ""
        self.dialect = record.dialect.rawValue
        self.model = record.model?.text ?? ""
        self.provider = record.provider?.text ?? ""
        self.key = record.key?.text ?? ""
        self.status = UInt32(clamping: record.status)
        self.errorClass = record.errorClass?.rawValue ?? ""
        self.isStream = record.isStream
        self.outcome = record.outcome.rawValue
        self.duration = record.duration.wholeMicroseconds
        self.firstByte = record.firstByte?.wholeMicroseconds ?? 0
        self.attempts = record.attempts.map(Attempt.init)
        self.tokens = record.tokens?.byClass ?? [:]
        self.cost = record.picoDollars
        self.usedModel = record.usedModel?.text ?? ""
        self.quality = record.quality.rawValue
        self.pricing = record.pricing?.rawValue ?? ""
        self.priceVersion = record.attempts.last { $0.cost?.version != nil }?.cost?.version ?? ""
        self.process = record.caller?.process ?? ""
        self.processID = record.caller?.processID.flatMap { UInt32(exactly: $0) }
        self.unit = record.caller?.unit ?? ""
        self.user = record.caller?.user ?? ""
        self.userID = record.caller?.userID
    }

    /// A request with its bodies, if they were captured; bytes that are no UTF-8 show as U+FFFD.
    init(withBodies record: RequestRecord) {
        self.init(record)
        guard let bodies = record.bodies else { return }
        self.requestBody = String(decoding: bodies.request, as: UTF8.self)
        self.answerBody = String(decoding: bodies.answer, as: UTF8.self)
        self.areBodiesCut = bodies.isRequestCut || bodies.isAnswerCut
    }
}

extension RequestRow.Attempt {
    /// An attempt in the words of the bus.
    fileprivate init(_ attempt: RequestRecord.Attempt) {
        self.init()
        self.key = attempt.key.text
        self.provider = attempt.provider.text
        self.errorClass = attempt.errorClass?.rawValue ?? ""
        self.status = UInt32(clamping: attempt.status ?? 0)
        self.duration = attempt.duration.wholeMicroseconds
        self.selection = attempt.selection?.rawValue ?? ""
        self.isPossiblyBilled = attempt.isPossiblyBilled
        self.decidedBy = attempt.decidedBy ?? ""
        self.waited = attempt.waited.wholeMicroseconds
        self.passedOver = Dictionary(
            attempt.passedOver.map { passed in
                // The state says more than that there is one.
                (passed.label.text, passed.obstacle == .state ? passed.state.rawValue : passed.obstacle.rawValue)
            }, uniquingKeysWith: { first, _ in first })
        self.model = attempt.model?.text ?? ""
        self.tokens = attempt.usage?.counts.presentByName ?? [:]
        self.quality = attempt.usage?.quality.rawValue ?? TokenUsage.Quality.none.rawValue
        self.isInconsistent = attempt.usage?.isInconsistent ?? false
        self.cost = attempt.cost?.picoDollars
        self.pricing = attempt.cost?.pricing.rawValue ?? ""
        self.priceVersion = attempt.cost?.version ?? ""
    }
}

extension RequestRecord {
    /// How the cost of all attempts is known: as that of the attempt of which least is known; `nil` if none has a cost.
    fileprivate var pricing: Cost.Pricing? {
        let pricings = self.attempts.compactMap(\.cost?.pricing)
        return [.unpriced, .priced, .plan, .free].first(where: pricings.contains)
    }
}

extension TokenCounts {
    /// The tokens of every class that the control surface tells of.
    var byClass: [String: UInt64] {
        Class.allCases.reduce(into: [:]) { $0[$1.rawValue] = UInt64(clamping: self[$1]) }
    }

    /// The tokens of the classes of which there are some, by their names in `lower_snake`.
    fileprivate var presentByName: [String: UInt64] {
        let counts = [
            "input": self.input, "input_audio": self.inputAudio, "input_image": self.inputImage,
            "cache_read": self.cacheRead, "cache_write_5m": self.cacheWrite5m, "cache_write_1h": self.cacheWrite1h,
            "output": self.output, "reasoning": self.reasoning, "output_audio": self.outputAudio,
        ]
        return counts.filter { $0.value > 0 }.mapValues { UInt64($0) }
    }
}

extension WallTime {
    /// Microseconds since the epoch in the type that the bus has for times; nothing before the epoch is told.
    var unsigned: UInt64 { UInt64(clamping: self.microseconds) }
}

extension Duration {
    /// Microseconds, never negative.
    var wholeMicroseconds: UInt64 { UInt64(clamping: self.nanoseconds / 1_000) }
}
