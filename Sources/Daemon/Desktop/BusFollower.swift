import DBusKit
import Logging
import ProxyCore

/// Listens on a bus for as long as there is one, and again once it is back, with pauses that grow.
///
/// Each has a connection of its own, so that a bus or a program on it that hangs holds nothing else up.
struct BusFollower: Sendable {
    /// How long connecting may take.
    static let patience = Duration.seconds(3)
    static let shortestPause = Duration.milliseconds(500)
    static let longestPause = Duration.seconds(120)
    /// Who was connected for so long has not failed at once.
    private static let soundness = Duration.seconds(10)

    let address: BusAddress
    /// The signals that are wanted.
    let rules: [SignalRule]
    let logger: Logger

    /// Calls `body` with each connection, until the task is cancelled; the connection is closed behind it.
    func run(_ body: (BusConnection, [SignalSubscription]) async -> Void) async {
        var pause = Self.shortestPause
        while !Task.isCancelled {
            let begun = ContinuousClock.now
            if let (connection, subscriptions) = await self.connect() {
                await body(connection, subscriptions)
                await connection.close()
            }
            if begun.duration(to: .now) > Self.soundness { pause = Self.shortestPause }
            do {
                // Others that lost the same bus do not all come back in the same moment.
                try await Task.sleep(for: pause * Double.random(in: 0.5...1))
            } catch {
                return
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func connect() async -> (BusConnection, [SignalSubscription])? {
        do throws(BusError) {
            let connection = try await BusConnection.open(self.address, timeout: Self.patience)
            do throws(BusError) {
                var subscriptions: [SignalSubscription] = []
                for rule in self.rules { subscriptions.append(try await connection.signals(rule)) }
                return (connection, subscriptions)
            } catch {
                await connection.close()
                throw error
            }
        } catch {
            self.logger.debug(
                "no bus to listen on",
                metadata: ["event": "bus_unheard", "bus": "\(self.address)", "reason": "\(error)"])
            return nil
        }
    }
}

/// The names of the bus itself, and of what every object has (D-Bus specification).
enum StandardNames {
    static let bus: BusName = "org.freedesktop.DBus"
    static let busPath: ObjectPath = "/org/freedesktop/DBus"
    static let busInterface: InterfaceName = "org.freedesktop.DBus"
    static let listActivatableNames: MemberName = "ListActivatableNames"
    static let nameOwnerChanged: MemberName = "NameOwnerChanged"
    static let properties: InterfaceName = "org.freedesktop.DBus.Properties"
    static let getAll: MemberName = "GetAll"
    static let propertiesChanged: MemberName = "PropertiesChanged"

    /// The rule that tells of a name's owners.
    static func owners(of name: BusName) -> SignalRule {
        SignalRule(
            sender: self.bus, path: self.busPath, interface: self.busInterface, member: self.nameOwnerChanged,
            argument0: name.text)
    }

    /// Who owns the name now that a signal of ``owners(of:)`` speaks of: the name, and whether anybody does.
    static func owner(in signal: BusSignal) -> (name: String, isOwned: Bool)? {
        guard signal.member == self.nameOwnerChanged, signal.interface == self.busInterface,
            let name = signal.arguments.first?.asString, signal.arguments.count == 3,
            let new = signal.arguments[2].asString
        else { return nil }
        return (name, !new.isEmpty)
    }
}
