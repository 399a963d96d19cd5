import SystemSupport

/// What the service manager has given to this process beside its arguments.
struct GivenByManager: Sendable {
    /// The sockets that it holds open.
    let sockets: PassedSockets
    /// How often it wants to hear that all is well; `nil` if it does not.
    let watchdog: Duration?

    /// Takes it out of the environment, once, before there are other threads that read it.
    static func take() -> GivenByManager {
        GivenByManager(sockets: PassedSockets.take(), watchdog: WatchdogFeeder.interval())
    }
}
