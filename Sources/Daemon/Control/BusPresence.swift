import DBusControl
import DBusKit
import Logging
import ProxyCore
import ServiceLifecycle
import Synchronization

/// The bus has the name already: another daemon answers there.
struct BusNameTaken: Error, CustomStringConvertible {
    let bus: BusAddress
    var description: String {
        "another kmid answers as \(ControlNames.bus) on \(self.bus): stop it, or choose another bus with --bus"
    }
}

/// The name was taken away while the daemon was connected.
struct BusNameLost: Error, CustomStringConvertible {
    var description: String { "the bus gave \(ControlNames.bus) to somebody else" }
}

/// The daemon's place on the bus: asked for at the start, kept, and taken again after the bus was away.
///
/// Requests are served whether there is a bus or not; without one `bus` stands in `Degraded`.
final class BusPresence: Service {
    /// How long one step with the bus may take: a start with a bus that hangs is still a start within two seconds.
    static let patience = Duration.milliseconds(600)
    /// The longest pause between two attempts to connect.
    static let longestPause = Duration.seconds(30)

    private let address: BusAddress
    private let control: DaemonControl
    private let userID: UInt32
    private let logger: Logger
    /// Whether the log knows already that somebody else has the name.
    private let isNameTaken = Mutex(false)
    /// The connection that the start has made, until it is used; `nil` if there was no bus then.
    private let first: Mutex<BusConnection?>

    init(address: BusAddress, first: BusConnection?, control: DaemonControl, userID: UInt32, logger: Logger) {
        self.address = address
        self.first = Mutex(first)
        self.control = control
        self.userID = userID
        self.logger = logger
    }

    /// Asks the bus, before any listener opens, whether another daemon has the name (K-002).
    ///
    /// Returns the connection, or `nil` if there is no bus; throws ``BusNameTaken``.
    static func look(at address: BusAddress, logger: Logger) async throws -> BusConnection? {
        do {
            let connection = try await BusConnection.open(address, timeout: Self.patience)
            do {
                guard try await !connection.hasOwner(ControlNames.bus, timeout: Self.patience) else {
                    throw BusNameTaken(bus: address)
                }
            } catch {
                await connection.close()
                throw error
            }
            return connection
        } catch let error as BusError {
            logger.warning(
                "no bus: the daemon serves, but nobody can steer it",
                metadata: ["event": "bus_missing", "bus": "\(address)", "reason": "\(error)"])
            return nil
        }
    }

    /// Exports everything and asks for the name, as the last step of the start.
    func appear() async throws {
        guard let first = self.first.withLock({ $0 }) else {
            self.control.health.set(.bus, isBroken: true)
            return
        }
        let isNameOurs: Bool
        do {
            isNameOurs = try await self.serve(on: first)
        } catch {
            self.first.withLock { $0 = nil }
            self.lost("\(error)")
            return
        }
        guard isNameOurs else { throw BusNameTaken(bus: self.address) }
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            // Not kept beyond its end.
            var connection = self.first.withLock { $0.take() }
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled {
                if let connection {
                    pause = .milliseconds(100)
                    try await self.stay(on: connection)
                } else {
                    // Others that lost the same bus do not all come back in the same moment.
                    let jitter = Double.random(in: 0.5...1)
                    do {
                        try await Task.sleep(for: pause * jitter)
                    } catch {
                        return
                    }
                    pause = min(pause * 2, Self.longestPause)
                }
                connection = Task.isCancelled ? nil : await self.connectAgain()
            }
        }
    }

    /// Lets callers in until the connection is over.
    private func stay(on connection: BusConnection) async throws {
        guard let service = self.control.hub.service else { return }
        let end = await withTaskGroup(of: BusEnd?.self) { group in
            group.addTask {
                await service.run()
                return nil
            }
            group.addTask { await connection.end() }
            var end = BusEnd.closed
            for await result in group {
                if let result {
                    end = result
                    group.cancelAll()
                } else if Task.isCancelled {
                    // Told to end: the service has stopped, whoever asked for a change gets an answer, and what was said
                    // last still goes out.
                    await self.control.turns.end()
                    await self.control.turns.idle(within: Self.patience)
                    await connection.answerCalls(within: Self.patience)
                    await connection.close()
                }
            }
            return end
        }
        self.control.hub.service = nil
        switch end {
        case .closed: break
        case .lost: self.lost("the connection ended")
        case .nameLost: throw BusNameLost()
        }
    }

    private func connectAgain() async -> BusConnection? {
        do {
            let connection = try await BusConnection.open(self.address, timeout: Self.patience)
            if try await self.serve(on: connection) {
                self.isNameTaken.withLock { $0 = false }
                self.control.health.set(.bus, isBroken: false)
                self.logger.notice("back on the bus", metadata: ["event": "bus_back", "bus": "\(self.address)"])
                self.control.hub.statusChanged()
                return connection
            }
            // Told once: it is asked for again until the other one has ended.
            let isNews = self.isNameTaken.withLock { isTaken in
                defer { isTaken = true }
                return !isTaken
            }
            self.logger.log(
                level: isNews ? .warning : .debug,
                "serving on, but nobody can steer this daemon: another kmid has its name on the bus; stop one of them",
                metadata: ["event": "bus_name_taken", "bus": "\(self.address)", "name": "\(ControlNames.bus)"])
        } catch {
            self.logger.debug(
                "still no bus", metadata: ["event": "bus_missing", "bus": "\(self.address)", "reason": "\(error)"])
        }
        return nil
    }

    /// Exports everything and asks for the name; `false` if somebody else has it.
    ///
    /// Without the name the connection is closed: its objects refer to it, so that it would never end by itself.
    private func serve(on connection: BusConnection) async throws(BusError) -> Bool {
        let service = ControlService(
            plane: self.control, ownUserID: self.userID, authority: self.address.authority, connection: connection)
        do throws(BusError) {
            try service.export()
            if try await service.requestName(timeout: Self.patience) {
                self.control.hub.service = service
                return true
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return false
    }

    private func lost(_ reason: String) {
        self.control.hub.service = nil
        self.control.health.set(.bus, isBroken: true)
        self.control.hub.standingMoved()
        self.logger.warning(
            "the bus is gone: serving on, and trying to come back",
            metadata: ["event": "bus_lost", "bus": "\(self.address)", "reason": "\(reason)"])
    }
}

extension BusAddress {
    /// The bus that the configuration names; `nil` for none.
    init?(_ bus: Configuration.Control.Bus) {
        switch bus {
        case .session: self = .session
        case .system: self = .system
        case .none: return nil
        case .address(let address): self = .address(address)
        }
    }

    /// Who decides about callers: polkit on the bus that is named `system`, wherever `DBUS_SYSTEM_BUS_ADDRESS` moves it.
    ///
    /// Of a bus that is given as an address nothing is known: only the daemon's own user may call there.
    fileprivate var authority: CallerAuthority {
        switch self {
        case .session, .address: .sameUser
        case .system: .polkit
        }
    }
}
