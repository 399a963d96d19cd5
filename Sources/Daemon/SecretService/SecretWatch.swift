import DBusKit
import Logging
import ProxyCore
import Synchronization

/// Asks the Secret Service for what the configuration wants of it, and again when it may have it: once it is there, once it
/// is unlocked, once an entry is made.
///
/// As long as nothing is missing it has no connection and costs nothing.
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

    init(service: SecretService, keeper: ConfigurationKeeper, logger: Logger) {
        self.service = service
        self.keeper = keeper
        self.logger = logger
        (self.news, self.newsEntry) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether anything is missing.
    var isNeeded: Bool { !self.keeper.inForce.awaited.isEmpty }

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

    /// Asks now, and at every sign of change, until nothing is missing; `false` if there is no bus to listen on.
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
