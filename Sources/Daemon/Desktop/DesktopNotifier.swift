import DBusControl
import DBusKit
import Gateway
import Logging
import NIOCore
import ProxyCore
import ServiceLifecycle
import Synchronization

/// Shows on the user's desktop what needs a person, and does what is chosen there (A-018).
///
/// It has a connection of its own to the session's bus. Where nobody shows messages nothing happens: it waits for somebody who
/// does.
final class DesktopNotifier: Service {
    /// The longest time between two looks: certificates end without anybody telling.
    private static let longestWait = Duration.seconds(900)
    /// As long while many requests fail, which ends without anybody telling, too.
    private static let shorterWait = Duration.seconds(15)
    /// The daemon's end waits for one answer of the server no longer than this.
    private static let patienceAtEnd = Duration.milliseconds(200)

    private let address: BusAddress?
    private let control: DaemonControl
    private let eventLoop: any EventLoop
    private let logger: Logger
    /// Outlives connections: what a person has closed stays closed.
    private let planner = Mutex(NotificationPlanner())
    /// Whether the log knows that the server takes nothing.
    private let isFailing = Mutex(false)

    /// `address` is the bus that the daemon is steered over; only that of a session has a desktop.
    init(address: BusAddress?, control: DaemonControl, eventLoop: any EventLoop) {
        self.address = address == .system ? nil : address
        self.control = control
        self.eventLoop = eventLoop
        self.logger = control.logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            guard let address = self.address else {
                _ = self.control.hub.attention.note(.noBus)
                return
            }
            await BusFollower(address: address, rules: NotificationServer.rules, logger: self.logger).run {
                await self.serve(on: $0, $1)
            }
        }
        // What the service group takes for a failure is one that returns before it was told to.
        await toldToEnd()
    }

    /// Shows messages over a connection until it is over, or the daemon ends.
    private func serve(on connection: BusConnection, _ subscriptions: [SignalSubscription]) async {
        let inbox = NotifierInbox()
        self.control.hub.attention.listen { inbox.put(.look) }
        defer { self.control.hub.attention.listen(nil) }
        var server = NotificationServer(connection: connection)
        var timer: Scheduled<Void>?
        defer { timer?.cancel() }
        await withDiscardingTaskGroup { group in
            for subscription in subscriptions {
                group.addTask {
                    for await signal in subscription {
                        if let event = NotificationServer.event(of: signal) { inbox.put(.event(event)) }
                    }
                    inbox.put(.end)
                }
            }
            // What another bus showed is not there any more.
            inbox.put(.event(.serverWent))
            for await _ in inbox.bells {
                timer?.cancel()
                while !Task.isCancelled, let input = inbox.next() {
                    await self.handle(input, inbox, through: &server) { group.addCheck(of: $0, self.control, inbox) }
                }
                timer = self.eventLoop.scheduleTask(in: TimeAmount(self.wait)) { inbox.put(.look) }
            }
            if Task.isCancelled { await self.withdrawAll(through: server) }
            group.cancelAll()
        }
        _ = self.control.hub.attention.note(.unknown)
    }

    // MARK: Steps

    private func handle(
        _ input: NotifierQueue.Input, _ inbox: NotifierInbox, through server: inout NotificationServer,
        check: ([KeyLabel]) -> Void
    ) async {
        switch input {
        case .end: inbox.finish()
        case .look: await self.perform(self.look(), through: &server, check: check)
        case .event(let event):
            await self.perform(self.take(event), through: &server, check: check)
            if event == .serverCame || event == .serverWent { await self.find(&server, inbox) }
        }
    }

    private func take(_ event: NotificationPlanner.Event) -> [NotificationPlanner.Action] {
        let now = self.control.time.now()
        return self.planner.withLock { $0.take(event, at: now) }
    }

    private func look() -> [NotificationPlanner.Action] {
        self.take(.situation(self.control.desktopSituation(), isWanted: self.control.hub.attention.isWanted))
    }

    /// How long nobody needs to look.
    private var wait: Duration {
        let now = self.control.time.now()
        let next = self.planner.withLock { $0.next }
        let isFailing = self.control.hub.attention.errors(at: now) != nil
        let longest = isFailing ? Self.shorterWait : Self.longestWait
        // A step later than the moment: rounded down it would come too early and find nothing.
        return min(longest, next.map { max($0 - now, .zero) } ?? longest) + .milliseconds(1)
    }

    /// Finds out whether anybody shows messages, who may be another one than before.
    ///
    /// A bus that does not say is left: nothing else would ever ask it again.
    private func find(_ server: inout NotificationServer, _ inbox: NotifierInbox) async {
        server.forget()
        let isThere: Bool
        do throws(BusError) {
            isThere = try await server.isThere()
        } catch {
            self.logger.debug(
                "the bus does not say who shows messages on the desktop; it is asked again",
                metadata: [
                    "event": "bus_unheard", "bus": "\(self.address.map { "\($0)" } ?? "")", "reason": "\(error)",
                ])
            return inbox.put(.end)
        }
        // Nothing to do: whatever is to be shown now has come with the look that follows.
        _ = self.take(isThere ? .serverCame : .serverWent)
        if self.control.hub.attention.note(isThere ? .present : .absent) {
            self.logger.debug(
                isThere ? "somebody shows messages on the desktop" : "nobody shows messages on the desktop",
                metadata: ["event": "notification_server", "present": "\(isThere)"])
            self.control.hub.statusChanged()
        }
        inbox.put(.look)
    }

    private func perform(
        _ actions: [NotificationPlanner.Action], through server: inout NotificationServer,
        check: ([KeyLabel]) -> Void
    ) async {
        var waiting = actions[...]
        while let action = waiting.popFirst(), !Task.isCancelled {
            switch action {
            case .show(let matter, let notification, let former):
                waiting += self.take(await self.show(matter, notification, replacing: former, through: &server))
            case .withdraw(let id):
                do throws(BusError) {
                    try await server.withdraw(id)
                } catch {
                    // It is gone already, or with the server.
                    continue
                }
            case .check(let keys): check(keys)
            }
        }
    }

    private func show(
        _ matter: DesktopNotification.Matter, _ notification: DesktopNotification, replacing former: UInt32,
        through server: inout NotificationServer
    ) async -> NotificationPlanner.Event {
        do throws(BusError) {
            let id = try await server.show(notification, replacing: former)
            self.isFailing.withLock { $0 = false }
            self.logger.info(
                "shown on the desktop", metadata: ["event": "notification_shown", "matter": "\(matter.rawValue)"])
            return .shown(matter, id: id)
        } catch {
            let isNews = self.isFailing.withLock { isFailing in
                defer { isFailing = true }
                return !isFailing
            }
            self.logger.log(
                level: isNews ? .notice : .debug, "the desktop shows no message; it is tried again",
                metadata: [
                    "event": "notification_failed", "matter": "\(matter.rawValue)", "reason": "\(error.name)",
                ])
            return .failed(matter)
        }
    }

    /// Takes away what nobody would answer for any more.
    ///
    /// In a task of its own: a call of one that is cancelled is not sent.
    private func withdrawAll(through server: NotificationServer) async {
        let actions = self.take(.end)
        guard !actions.isEmpty else { return }
        await Task {
            for case .withdraw(let id) in actions {
                do throws(BusError) {
                    try await server.withdraw(id, within: Self.patienceAtEnd)
                } catch {
                    // A server that hangs, or is gone: the daemon's end does not wait for it.
                    return
                }
            }
        }.value
    }
}

extension DiscardingTaskGroup {
    /// Asks the providers about keys beside everything else, and tells when they have answered.
    fileprivate mutating func addCheck(
        of keys: [KeyLabel], _ control: DaemonControl, _ inbox: NotifierInbox
    ) {
        self.addTask {
            await withDiscardingTaskGroup { group in
                for key in keys.prefix(32) { group.addTask { _ = await control.checks.probe(key) } }
            }
            inbox.put(.event(.checked))
        }
    }
}
