public import ProxyCore

/// Hears of what outlives requests: the store and the control surface listen here.
///
/// Called on event loops, and of requests whose bodies are captured on a thread apart, so nothing here may wait. What is told of keys and providers comes from one thread at a time and
/// in its order; whoever hears of it may ask the gateway about them, but not steer them.
public protocol GatewayObserver: Sendable {
    /// A request has ended; every request is told exactly once.
    func requestFinished(_ record: RequestRecord)
    /// A key changed its state.
    func keyChanged(_ transition: KeyTransition)
    /// A provider's breaker moved.
    func providerChanged(_ provider: ProviderName)
    /// Something needs a person: a word for programs, and a sentence.
    func warned(_ code: String, _ message: String)
    /// What ``Gateway/memory()`` says may have changed.
    func memoryMoved()
    /// A caller was refused something that an audit keeps.
    func refused(_ incident: CallerIncident)
    /// A signed request has been let through: its nonce must not pass again, restarts included.
    func nonceUsed(_ nonce: UsedNonce, at now: WallTime)
}

extension GatewayObserver {
    /// Nothing, for those who keep no audit.
    public func refused(_ incident: CallerIncident) {}
    /// Nothing, for those who keep no nonces.
    public func nonceUsed(_ nonce: UsedNonce, at now: WallTime) {}
}
