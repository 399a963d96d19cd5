import DBusKit
import Foundation
import TestSupport

/// A service of the desktop or the system, played by a template of `python-dbusmock` on a private bus.
struct MockService {
    /// Those that are played.
    enum Template: String {
        case notifications = "notification_daemon"
        case logind
        case networkManager = "networkmanager"
        case upower

        var name: BusName {
            switch self {
            case .notifications: "org.freedesktop.Notifications"
            case .logind: "org.freedesktop.login1"
            case .networkManager: "org.freedesktop.NetworkManager"
            case .upower: "org.freedesktop.UPower"
            }
        }

        /// The object that is steered.
        var path: ObjectPath {
            switch self {
            case .notifications: "/org/freedesktop/Notifications"
            case .logind: "/org/freedesktop/login1"
            case .networkManager: "/org/freedesktop/NetworkManager"
            case .upower: "/org/freedesktop/UPower"
            }
        }

        fileprivate var isOfSession: Bool { self == .notifications }
    }

    private static let interpreter = "/usr/bin/python3"
    private static let mock: InterfaceName = "org.freedesktop.DBus.Mock"

    /// Whether the distribution's package `python3-dbusmock` is there.
    static var isAvailable: Bool {
        FileManager.default.isExecutableFile(atPath: self.interpreter)
            && FileManager.default.fileExists(atPath: "/usr/lib/python3/dist-packages/dbusmock")
    }

    private let template: Template
    private let bus: String
    private let process: ChildProcess

    /// Plays a service for the time of a scope.
    static func with<Value>(
        _ template: Template, on bus: String, parameters: String? = nil, _ body: (MockService) async throws -> Value
    ) async throws -> Value {
        try await ChildProcess.with(
            self.interpreter,
            arguments: [
                "-u", "-m", "dbusmock", template.isOfSession ? "--session" : "--system", "-t", template.rawValue,
            ]
                + (parameters.map { ["-p", $0] } ?? []),
            environment: [
                "DBUS_SESSION_BUS_ADDRESS": bus, "DBUS_SYSTEM_BUS_ADDRESS": bus, "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1",
            ]
        ) { process in
            let service = MockService(template: template, bus: bus, process: process)
            try await BusConnection.with(to: bus) { connection in
                try await eventually("\(template.name) is there") {
                    try await connection.hasOwner(template.name, timeout: .seconds(10))
                }
            }
            return try await body(service)
        }
    }

    /// The calls of a method that it has had, one line each, up to the first line break of an argument.
    func calls(_ member: String) -> [String] {
        self.process.lines(.standardOutput).filter { line in
            line.split(separator: " ", maxSplits: 2).dropFirst().first.map { $0 == member } ?? false
        }
    }

    /// Has it send a signal of its own.
    func emit(_ interface: String, _ member: String, _ arguments: [BusValue]) async throws {
        try await self.steer(
            "EmitSignal",
            [
                .string(interface), .string(member),
                .string(arguments.map(\.signature.text).joined()), .array(of: "v", arguments.map { .variant($0) }),
            ])
    }

    /// Gives it properties that it did not have.
    func add(_ interface: String, _ property: String, _ value: BusValue) async throws {
        try await self.steer("AddProperty", [.string(interface), .string(property), .variant(value)])
    }

    /// Changes properties, which it tells everybody.
    func set(_ interface: String, _ properties: [String: BusValue]) async throws {
        try await self.steer("UpdateProperties", [.string(interface), .variants(properties)])
    }

    private func steer(_ member: MemberName, _ arguments: [BusValue]) async throws {
        try await BusConnection.with(to: self.bus) { connection in
            _ = try await connection.call(
                self.template.name, path: self.template.path, interface: Self.mock, member: member, arguments,
                timeout: .seconds(10))
        }
    }
}
