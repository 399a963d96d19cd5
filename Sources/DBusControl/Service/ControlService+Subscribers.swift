import DBusKit
import Synchronization

extension ControlService {
    /// How long a subscriber may take to answer that it reads.
    private static let patience: Duration = .seconds(60)

    /// Asks subscribers that may have many signals to read whether they do, until it is cancelled.
    ///
    /// At most one question waits for each of them.
    func askSubscribers() async {
        await withDiscardingTaskGroup { group in
            for await subscriber in self.silentSubscribers {
                group.addTask { await self.ask(subscriber) }
            }
        }
    }

    private func ask(_ subscriber: BusName) async {
        guard let count = self.subscribers.withLock({ $0.ask(subscriber) }) else { return }
        let hasAnswered: Bool
        do throws(BusError) {
            _ = try await self.connection.call(
                subscriber, path: "/", interface: PeerMethod.interface, member: PeerMethod.ping.member,
                timeout: Self.patience)
            hasAnswered = true
        } catch {
            // One that does not know the question has read it.
            hasAnswered = [.unknownMethod, .unknownInterface, .unknownObject].contains(error.name)
        }
        self.subscribers.withLock { $0.answered(subscriber, hasAnswered ? count : nil) }
    }
}
