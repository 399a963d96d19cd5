import DBusKit
import Logging
import ProxyCore
import Synchronization

/// Asks the Secret Service for what the configuration wants of it, and again when it may have it: once it is there, once it
/// is unlocked, once an entry is made.
///
/// The same goes for what has to be removed from it.
///
/// As long as nothing is missing or to be removed it has no connection and costs nothing.
final class SecretWatch: Sendable {
    /// The code of the warning about secrets that are missing, and the event of the log.
    static let warning = "secrets_awaited"
    /// How long the start waits for all secrets together; what comes later comes in then.
    static let patienceAtStart = Duration.milliseconds(700)
    /// How long it may take to answer later.
    static let patience = Duration.seconds(3)
    /// The shortest time between two questions: a service may tell of one unlocking in many signals.
    static let pace = Duration.milliseconds(200)
    /// The longest time between two questions, for a service that tells of nothing.
    static let interval = Duration.seconds(60)

    let service: SecretService
    private let keeper: ConfigurationKeeper
    private let logger: Logger
    private let news: AsyncStream<Void>
    private let newsEntry: AsyncStream<Void>.Continuation
    /// What the log was last told.
    private let told = Mutex<[String]>([])
    /// Whose secrets the service is to lose, and what the log was last told of each.
    private let left = Mutex<[KeyLabel: String]>([:])

    init(service: SecretService, keeper: ConfigurationKeeper, logger: Logger) {
        self.service = service
        self.keeper = keeper
        self.logger = logger
        (self.news, self.newsEntry) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether anything is missing, or to be removed.
    var isNeeded: Bool { !self.keeper.inForce.awaited.isEmpty || self.left.withLock { !$0.isEmpty } }

    /// The removed keys whose secrets the service may still have; what is on disk names them as well.
    var abandoned: [KeyLabel] { self.left.withLock { $0.keys.sorted { $0.text < $1.text } } }

    /// Has secrets of removed keys removed once the service lets them go.
    func abandon(_ labels: [KeyLabel]) {
        guard !labels.isEmpty else { return }
        self.left.withLock { left in
            for label in labels where left[label] == nil { left[label] = "" }
        }
        self.wake()
    }

    /// Leaves a secret alone from now on, which is gone or another key's; `false` if it was not to be removed.
    @discardableResult
    func forget(_ label: KeyLabel) -> Bool {
        self.left.withLock { $0.removeValue(forKey: label) != nil }
    }

    /// Whether the log has not been told yet that this keeps a secret from being removed.
    func isNews(_ reason: String, of label: KeyLabel) -> Bool {
        self.left.withLock { $0.updateValue(reason, forKey: label) != reason }
    }

    /// Asks for everything before the first request.
    func askAtStart() async {
        let wanted = self.keeper.inForce.serviceSecrets
        guard !wanted.isEmpty else { return }
        let answers = await self.service.answers(to: wanted, within: Self.patienceAtStart)
        _ = self.keeper.settle(answers)
        _ = self.tellLog()
        self.wake()
    }

    /// Has the next question asked soon.
    func wake() {
        self.newsEntry.yield()
    }

    /// Tells the log what is missing, and that nothing is any more, once each; gives back what is news.
    func tellLog() -> [String] {
        let lines = self.keeper.inForce.awaitedLines
        let former = self.told.withLock { told in
            defer { told = lines }
            return told
        }
        let news = lines.filter { !former.contains($0) }
        for line in news {
            self.logger.warning("secrets are missing", metadata: ["event": "secrets_awaited", "reason": "\(line)"])
        }
        if lines.isEmpty, !former.isEmpty {
            self.logger.notice("no secret is missing any more", metadata: ["event": "secrets_complete"])
        }
        return news
    }

    /// Calls `ask` whenever there may be an answer, until the task is cancelled.
    func run(_ ask: @Sendable () async -> Void) async {
        for await _ in self.news {
            var pause = Duration.milliseconds(500)
            while self.isNeeded, !Task.isCancelled {
                if await self.listen(ask) {
                    pause = .milliseconds(500)
                } else {
                    await ask()
                }
                guard self.isNeeded else { break }
                await Self.sleep(pause)
                pause = min(pause * 2, Self.interval)
            }
        }
    }

    /// Asks now, and at every sign of change, until it is not needed; `false` if there is no bus to listen on.
    private func listen(_ ask: () async -> Void) async -> Bool {
        let connection: BusConnection
        do throws(BusError) {
            connection = try await BusConnection.open(self.service.address, timeout: Self.patience)
        } catch {
            return false
        }
        var subscriptions: [SignalSubscription] = []
        do throws(BusError) {
            for rule in Self.rules { subscriptions.append(try await connection.signals(rule, capacity: 1)) }
        } catch {
            await connection.close()
            return false
        }
        let end = End()
        await withTaskGroup { group in
            for subscription in subscriptions {
                group.addTask {
                    for await _ in subscription { self.wake() }
                    // With the connection, and with this wait.
                    end.hasCome.withLock { $0 = true }
                    self.wake()
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    await Self.sleep(Self.interval)
                    self.wake()
                }
            }
            self.wake()
            for await _ in self.news {
                await ask()
                guard self.isNeeded, !end.hasCome.withLock({ $0 }), !Task.isCancelled else { break }
                await Self.sleep(Self.pace)
            }
            group.cancelAll()
        }
        await connection.close()
        return true
    }

    /// Whether a connection tells nothing any more.
    private final class End: Sendable {
        let hasCome = Mutex(false)
    }

    /// What tells that asking may help.
    private static var rules: [SignalRule] {
        [
            SignalRule(
                sender: SecretServiceNames.messageBus, path: SecretServiceNames.messageBusPath,
                interface: SecretServiceNames.messageBusInterface, member: SecretServiceNames.nameOwnerChanged,
                argument0: SecretServiceNames.bus.text),
            // Collections that are unlocked, and entries that are made.
            SignalRule(sender: SecretServiceNames.bus),
        ]
    }

    /// Waits; cancellation ends the wait, and whatever it is part of looks for it.
    private static func sleep(_ duration: Duration) async {
        do {
            try await Task.sleep(for: duration)
        } catch {
            return
        }
    }
}
