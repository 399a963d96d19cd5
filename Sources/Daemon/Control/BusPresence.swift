import DBusControl
import DBusKit
import Logging
import ProxyCore
import ServiceLifecycle

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
    static let patience = Duration.milliseconds(700)
    /// The longest pause between two attempts to connect.
    static let longestPause = Duration.seconds(30)

    private let address: BusAddress
    private let control: DaemonControl
    private let userID: UInt32
    private let logger: Logger
    /// The connection that the start has made; `nil` if there was no bus then.
    private let first: BusConnection?

    init(address: BusAddress, first: BusConnection?, control: DaemonControl, userID: UInt32, logger: Logger) {
        self.address = address
        self.first = first
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
            guard try await !connection.hasOwner(ControlNames.bus, timeout: Self.patience) else {
                await connection.close()
                throw BusNameTaken(bus: address)
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
        guard let first else {
            self.control.health.set(.bus, isBroken: true)
            return
        }
        do {
            guard try await self.serve(on: first) else {
                await first.close()
                throw BusNameTaken(bus: self.address)
            }
        } catch let error as BusError {
            self.lost("\(error)")
        }
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var connection = self.control.hub.service == nil ? nil : self.first
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
                    // Told to end: the service has stopped, and what it has said last still goes out.
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
                self.control.health.set(.bus, isBroken: false)
                self.logger.notice("back on the bus", metadata: ["event": "bus_back", "bus": "\(self.address)"])
                self.control.hub.service?.statusChanged()
                return connection
            }
            await connection.close()
            self.logger.debug("the name is taken", metadata: ["event": "bus_name_taken", "bus": "\(self.address)"])
        } catch {
            self.logger.debug(
                "still no bus", metadata: ["event": "bus_missing", "bus": "\(self.address)", "reason": "\(error)"])
        }
        return nil
    }

    /// Exports everything and asks for the name; `false` if somebody else has it.
    private func serve(on connection: BusConnection) async throws(BusError) -> Bool {
        let service = ControlService(plane: self.control, ownUserID: self.userID, connection: connection)
        try service.export()
        guard try await service.requestName(timeout: Self.patience) else { return false }
        self.control.hub.service = service
        return true
    }

    private func lost(_ reason: String) {
        self.control.hub.service = nil
        self.control.health.set(.bus, isBroken: true)
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
}
