import Logging
import ServiceLifecycle
import UnixSignals

/// What signals mean: `SIGHUP` reads the configuration again, a second `SIGTERM` or `SIGINT` ends at once what the first
/// one, which the service group hears itself, lets finish.
struct Signals: Service {
    let reloader: Reloader
    let listeners: Listeners
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        await cancelWhenGracefulShutdown {
            var isEnding = false
            for await signal in signals {
                if signal == .sighup {
                    self.reloader.reload()
                } else if isEnding {
                    self.logger.warning("told to end twice: ending at once", metadata: ["event": "ending_now"])
                    await self.listeners.closeNow()
                } else {
                    isEnding = true
                }
            }
        }
    }
}
