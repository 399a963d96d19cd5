/// What is to be done next for a request.
public enum DispatchStep: Sendable {
    /// Make this attempt.
    case attempt(DispatchedAttempt)
    /// Wait until then, and ask again with ``Dispatcher/resume(_:at:)``; nothing is held meanwhile.
    case wait(until: Instant)
    /// Answer the caller: with the last failure if there was an attempt, else for this reason.
    case giveUp(DispatchRefusal)
}

/// Why no attempt, or no further one, is made.
public enum DispatchRefusal: Sendable, Equatable {
    /// The failure is the request's own, or may not be repeated, or enough was tried.
    case spent
    /// The retry budget of the provider is used up.
    case budget
    /// No key can serve it.
    case noKey(KeyShortage)
    /// Keys could serve it, but their provider is left alone until then, after failures or because it asked for it.
    case providerRests(until: Instant)

    /// The earliest moment at which trying again makes sense; `nil` if nobody can tell.
    public func soonest(after now: Instant) -> Instant? {
        switch self {
        case .spent, .budget: nil
        case .noKey(let shortage): shortage.soonestTry(after: now)
        case .providerRests(let until): max(until, now)
        }
    }
}

/// What happened that others want to hear of, in its order.
public enum DispatchNews: Sendable, Equatable {
    /// A key changed its state.
    case key(KeyTransition)
    /// A provider's breaker changed its state.
    case breaker(ProviderName, old: Breaker.State, new: Breaker.State, retryAt: Instant?)
    /// A provider said that it is overloaded, so that others are preferred for a while.
    case overloaded(ProviderName)
    /// A provider refused one request with several keys alike; no key is held to blame.
    case refusedAlike(ProviderName, ErrorClass)
    /// Every key of a provider was limited at once: its limit is one of the address or the account.
    case limitedAsAWhole(ProviderName)
    /// A provider answers one program with "overloaded" while it serves others: it refuses the program.
    case agentRefused(ProviderName, agent: String)
    /// A conversation that is bound to one key was moved to another.
    case conversationMoved(ProviderName, to: KeyLabel)
    /// A key whose end was waited for serves no request any more, or is gone: see ``Dispatcher/awaitEnd(of:)``.
    case ended(KeyLabel)
}
