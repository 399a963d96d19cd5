/// How an attempt ended of whose answer nothing was passed on, in the terms that the next step is decided by.
public struct AttemptEnd: Sendable {
    /// The class of the failure.
    public var errorClass: ErrorClass
    /// What it says something about.
    public var blame: AnswerClassification.Blame
    /// What the provider's answer means; `nil` if there was none.
    public var classification: AnswerClassification?
    /// The status of the answer; `nil` if there was none.
    public var status: Int?
    /// Whether the connection was an idle one that the other side may just have closed, before a byte of an answer.
    public var diedOnReusedConnection: Bool
    /// Whether every key of the provider meets the same trouble for certain (TLS, pins).
    public var concernsOrigin: Bool
    /// Whether the request can be sent once more: its body is still there, and its provider may be asked again although it
    /// may have charged for it.
    public var canRepeat: Bool

    /// Describes an end.
    public init(
        errorClass: ErrorClass, blame: AnswerClassification.Blame, classification: AnswerClassification? = nil,
        status: Int? = nil, diedOnReusedConnection: Bool = false, concernsOrigin: Bool = false,
        canRepeat: Bool = true
    ) {
        self.errorClass = errorClass
        self.blame = blame
        self.classification = classification
        self.status = status
        self.diedOnReusedConnection = diedOnReusedConnection
        self.concernsOrigin = concernsOrigin
        self.canRepeat = canRepeat
    }

    /// Whether it speaks of the provider as a whole, or of the way to it.
    ///
    /// A 4xx, 429 among them, never does, whatever its words are.
    var countsAgainstProvider: Bool {
        guard self.blame == .provider, self.status.map({ !(400..<500).contains($0) }) ?? true else { return false }
        switch self.errorClass {
        case .providerServerError, .providerOverloaded, .providerTimeout, .providerUnreachable, .providerTLS,
            .providerProtocol:
            return true
        default:
            return false
        }
    }

    /// The failure as the key's pool knows it; `nil` where the key is not to blame.
    var keyFailure: KeyFailure? {
        let scope: KeyFailureScope
        switch self.blame {
        case .key: scope = .wholeKey
        case .keyAndModel: scope = .model
        case .provider, .request, .affinity: return nil
        }
        return KeyFailure(
            self.errorClass, scope: scope, recovery: self.classification?.recovery ?? .unknown,
            window: self.classification?.window, daily: self.classification?.daily)
    }
}
