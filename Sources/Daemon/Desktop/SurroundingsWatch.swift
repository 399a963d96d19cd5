import CurlClient
import DBusKit
import Gateway
import Logging
import NIOCore
import ProxyCore
import ServiceLifecycle
import Synchronization

/// Listens to what the system tells of sleep, network and battery, and has connections, checks and background work follow.
///
/// It has a connection of its own to the system bus (`DBUS_SYSTEM_BUS_ADDRESS` is honoured). Without one nothing happens.
final class SurroundingsWatch: Service {
    /// How long a service has to tell its properties.
    fileprivate static let patience = Duration.seconds(5)

    fileprivate enum Input: Sendable {
        case signal(BusSignal)
        case properties(SurroundingsReport.Service, [String: BusValue])
        case tick
        case end
    }

    private let control: DaemonControl
    private let client: CurlClient
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let surroundings = Mutex(Surroundings())

    init(control: DaemonControl, client: CurlClient, eventLoop: any EventLoop) {
        self.control = control
        self.client = client
        self.eventLoop = eventLoop
        self.logger = control.logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await BusFollower(address: .system, rules: SurroundingsReport.rules, logger: self.logger).run {
                await self.listen(on: $0, $1)
            }
        }
    }

    private func listen(on connection: BusConnection, _ subscriptions: [SignalSubscription]) async {
        let (inputs, entry) = AsyncStream<Input>.makeStream(bufferingPolicy: .bufferingNewest(256))
        var report = SurroundingsReport()
        var timer: Scheduled<Void>?
        defer { timer?.cancel() }
        await withDiscardingTaskGroup { group in
            for subscription in subscriptions {
                group.addTask {
                    for await signal in subscription { entry.yield(.signal(signal)) }
                    entry.yield(.end)
                }
            }
            for service in SurroundingsReport.Service.withProperties { group.addQuestion(service, connection, entry) }
            for await input in inputs {
                timer?.cancel()
                switch input {
                case .end: entry.finish()
                case .tick: self.take([.tick])
                case .properties(let service, let properties): self.take(report.take(properties, of: service))
                case .signal(let signal):
                    let (events, asks) = report.take(signal)
                    self.take(events)
                    if let asks { group.addQuestion(asks, connection, entry) }
                }
                timer = self.surroundings.withLock { $0.next }.map { next in
                    let wait = max(next - self.control.time.now(), .zero) + .milliseconds(1)
                    return self.eventLoop.scheduleTask(in: TimeAmount(wait)) { entry.yield(.tick) }
                }
            }
            group.cancelAll()
        }
        self.take([.silence])
    }

    private func take(_ events: [Surroundings.Event]) {
        let now = self.control.time.now()
        for event in events {
            for action in self.surroundings.withLock({ $0.take(event, at: now) }) { self.perform(action) }
        }
    }

    private func perform(_ action: Surroundings.Action) {
        switch action {
        case .lookAgain(let reason):
            switch reason {
            case .resumed:
                self.logger.info(
                    "the machine has woken up: connections are made anew, keys are checked",
                    metadata: ["event": "resumed"])
            case .network:
                self.logger.info(
                    "the network is another one: connections are made anew, keys are checked",
                    metadata: ["event": "network_changed"])
            }
            self.client.resetIdleConnections()
            self.control.checks.lookAgain(at: self.control.gateway.surroundingsChanged())
            self.control.hub.attention.wake()
        case .slow(let factor):
            self.logger.info(
                factor > 1
                    ? "on battery or on a metered network: what happens in the background happens more seldom"
                    : "what happens in the background happens as configured again",
                metadata: ["event": "background_pace", "factor": "\(factor)"])
            self.control.checks.slow(by: factor)
        }
    }
}

extension DiscardingTaskGroup {
    /// Reads the properties of a service, unless it is not there; it is not started for that.
    fileprivate mutating func addQuestion(
        _ service: SurroundingsReport.Service, _ connection: BusConnection,
        _ entry: AsyncStream<SurroundingsWatch.Input>.Continuation
    ) {
        self.addTask {
            do throws(BusError) {
                let answer = try await connection.call(
                    service.name, path: service.path, interface: StandardNames.properties,
                    member: StandardNames.getAll, [.string(service.interface.text)], timeout: SurroundingsWatch.patience
                )
                if let properties = answer.first?.asDictionary { entry.yield(.properties(service, properties)) }
            } catch {
                // It is not there, or says nothing: then nothing follows from it.
                return
            }
        }
    }
}
