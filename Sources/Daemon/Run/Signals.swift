import DBusControl
import Glibc
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// What signals mean: `SIGHUP` reads the configuration again, a second `SIGTERM` or `SIGINT` ends at once what the first
/// one, which the service group hears itself, lets finish.
struct Signals: Service {
    let control: DaemonControl
    let listeners: Listeners
    let health: Health
    /// `SIGHUP`, which may have come before the daemon runs.
    let reloadSignals: UnixSignalsSequence
    let loops: any EventLoopGroup
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        // A reload waits for its turn and for the disk; whoever asks again meanwhile gets one more, and nobody who wants
        // the daemon to end waits for it.
        let (wishes, wish) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask {
                    for await _ in wishes { await self.reload() }
                }
                group.addTask {
                    for await _ in self.reloadSignals { wish.yield() }
                }
                #if DEBUG
                    group.addTask { await self.hangOnDemand() }
                #endif
                // Signals alone are counted: that the daemon drains tells nothing, for the service group hears the same
                // signals and may have been faster, and who asked for the end over the bus sent none.
                var isToldToEnd = false
                for await _ in signals {
                    if isToldToEnd {
                        self.logger.warning("told to end twice: ending at once", metadata: ["event": "ending_now"])
                        await self.listeners.closeNow()
                    } else {
                        isToldToEnd = true
                        self.health.isDraining = true
                    }
                }
                group.cancelAll()
            }
        }
    }

    #if DEBUG
        /// Hangs an event loop for good on `SIGUSR2`, which the watchdog has to notice.
        ///
        /// Only programs that are built for debugging know the signal.
        private func hangOnDemand() async {
            for await _ in await UnixSignalsSequence(trapping: .sigusr2) {
                self.loops.next().execute {
                    while true { pause() }
                }
            }
        }
    #endif

    private func reload() async {
        // The service manager would take another READY for a start.
        guard !self.health.isDraining else { return }
        do throws(ControlFault) {
            _ = try await self.control.reload()
        } catch {
            // Each problem of a configuration is in the log already.
            guard error.code != .invalidConfig else { return }
            self.logger.error("configuration not saved", metadata: ["event": "reload_failed", "reason": "\(error)"])
        }
    }
}
