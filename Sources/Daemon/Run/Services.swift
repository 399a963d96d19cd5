import CurlClient
import DBusControl
import Gateway
import Logging
import NIOCore
import NIOPosix
import ProxyCore
import ServiceLifecycle
import StateStore
import SystemSupport

/// Waits until the service is to end.
///
/// Cancellation says the same, only less kindly, so what is cleaned up after it is cleaned up either way.
func toldToEnd() async {
    try? await gracefulShutdown()
}

/// Ends the event loops and the threads for files, once nothing needs them any more.
struct EventLoops: Service {
    let loops: MultiThreadedEventLoopGroup
    let threads: NIOThreadPool

    func run() async throws {
        await toldToEnd()
        try await self.threads.shutdownGracefully()
        try await self.loops.shutdownGracefully()
    }
}

/// Writes what is still to be written, once nothing can be added any more (K-028, T-013).
struct Storage: Service {
    let store: StateStore
    let ledger: Ledger
    let gateway: Gateway
    let turns: ChangeTurns

    func run() async throws {
        await toldToEnd()
        await self.gateway.finishCaptures()
        self.ledger.end()
        await self.turns.end()
        await self.store.close()
        // Every wait for the disk is over; the change that ran may still have to take its secret back.
        await self.turns.idle(within: .seconds(2))
    }
}

/// Lets keys come back when their rest is over, also while no request asks for one.
struct KeyRecoveries: Service {
    let timer: KeyRecoveryTimer

    func run() async throws {
        self.timer.start()
        await toldToEnd()
        await self.timer.stop()
    }
}

/// Asks providers about keys in the background, as long as there are connections to ask over.
struct KeyQuestions: Service {
    let checks: KeyChecks
    let gateway: Gateway

    func run() async throws {
        self.gateway.setChecks(self.checks)
        self.checks.start()
        await toldToEnd()
        self.gateway.setChecks(nil)
        await self.checks.stop()
    }
}

/// Ends the connections to providers, once no request needs them any more.
struct Upstreams: Service {
    let client: CurlClient

    func run() async throws {
        await toldToEnd()
        await self.client.shutdown()
    }
}

/// Serves metrics and health until the data plane has drained.
struct AdminListener: Service {
    let listeners: Listeners

    func run() async throws {
        await toldToEnd()
        await self.listeners.closeAdmin()
    }
}

/// Serves callers; told to end, it lets running requests finish until the drain time is over (K-028).
struct DataListeners: Service {
    let listeners: Listeners
    let hub: ControlHub
    let health: Health
    let teller: StatusTeller
    let logger: Logger

    func run() async throws {
        await toldToEnd()
        self.health.isDraining = true
        self.hub.statusChanged()
        self.logger.info(
            "draining", metadata: ["event": "draining", "requests": "\(self.listeners.runningRequests)"])
        let aborted = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.teller.followEnd { self.listeners.runningRequests } }
            defer { group.cancelAll() }
            return await self.listeners.drain()
        }
        self.teller.drained()
        if aborted > 0 {
            self.logger.warning(
                "requests aborted at the end of the drain time",
                metadata: ["event": "drain_aborted", "count": "\(aborted)"])
        }
    }
}

/// Tells the service manager when the daemon is ready, how it stands, and when it ends.
struct Announcement: Service {
    let teller: StatusTeller
    let listeners: Listeners
    let store: StateStore
    let logger: Logger

    func run() async throws {
        self.teller.ready()
        self.logger.info("ready", metadata: ["event": "ready"])
        self.store.checkInBackground()
        await cancelWhenGracefulShutdown { await self.teller.follow() }
        // What the service group takes for a failure is one that returns before it was told to.
        await toldToEnd()
        self.teller.stopping(requestsLeft: self.listeners.runningRequests)
    }
}
