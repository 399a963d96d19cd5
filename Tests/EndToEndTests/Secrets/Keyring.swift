import DBusKit
import Foundation
import TestSupport

/// GNOME's keyring (`gnome-keyring-daemon`) on a private bus, with a home directory and a password of its own.
struct Keyring {
    /// What unlocks it.
    static let password = "keyring-password-of-the-test"
    /// Its default collection.
    private static let collection: ObjectPath = "/org/freedesktop/secrets/collection/login"
    private static let service: BusName = "org.freedesktop.secrets"
    private static let path: ObjectPath = "/org/freedesktop/secrets"
    private static let interface: InterfaceName = "org.freedesktop.Secret.Service"

    /// Its program; `nil` if it is not installed.
    static var executable: String? { Tools.path(of: "gnome-keyring-daemon") }

    private let bus: PrivateBus

    /// Runs it for the time of a scope, unlocked; it is made anew where there is none in the directory.
    static func with<Value>(
        on bus: PrivateBus, in directory: TemporaryDirectory, _ body: (Keyring) async throws -> Value
    ) async throws -> Value {
        guard let executable = self.executable else {
            throw TestFailure("there is no gnome-keyring-daemon; `make setup` installs it")
        }
        let process = try ChildProcess(
            executable, arguments: ["--foreground", "--components=secrets", "--unlock"],
            environment: [
                "HOME": try directory.makeDirectory("keyring-home"),
                "XDG_RUNTIME_DIR": try directory.makeDirectory("keyring-run"),
                "DBUS_SESSION_BUS_ADDRESS": bus.address, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
            ],
            input: try directory.write("keyring-password", self.password))
        do {
            let value = try await self.whenThere(bus, body)
            try await process.terminate()
            return value
        } catch {
            try await process.terminate()
            throw error
        }
    }

    private static func whenThere<Value>(
        _ bus: PrivateBus, _ body: (Keyring) async throws -> Value
    ) async throws -> Value {
        try await BusConnection.with(to: bus.address) { connection in
            try await eventually("the keyring is there") {
                guard try await connection.hasOwner(self.service, timeout: .seconds(10)) else { return false }
                let answer = try await connection.call(
                    self.service, path: self.path, interface: self.interface, member: "ReadAlias", [.string("default")],
                    timeout: .seconds(10))
                return answer.first?.asPath == self.collection
            }
        }
        return try await body(Keyring(bus: bus))
    }

    /// Locks it, as a desktop does, until it says that it is: while it still writes what was added last, it may not be yet.
    func lock() async throws {
        try await BusConnection.with(to: self.bus.address) { connection in
            try await eventually("the keyring is locked") {
                _ = try await connection.call(
                    Self.service, path: Self.path, interface: Self.interface, member: "Lock",
                    [.array(of: "o", [.path(Self.collection)])], timeout: .seconds(10))
                let answer = try await connection.call(
                    Self.service, path: Self.collection, interface: "org.freedesktop.DBus.Properties", member: "Get",
                    [.string("org.freedesktop.Secret.Collection"), .string("Locked")], timeout: .seconds(10))
                return answer.first?.asVariant?.asBoolean == true
            }
        }
    }

    /// Unlocks it with the password, as a desktop's question to a person does.
    func unlock() async throws {
        try await BusConnection.with(to: self.bus.address) { connection in
            let answer = try await connection.call(
                Self.service, path: Self.path, interface: Self.interface, member: "OpenSession",
                [.string("plain"), .variant(.string(""))], timeout: .seconds(10))
            guard let session = answer.last?.asPath else { throw TestFailure("the keyring opened no session") }
            _ = try await connection.call(
                Self.service, path: Self.path, interface: "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
                member: "UnlockWithMasterPassword",
                [
                    .path(Self.collection),
                    .structure([
                        .path(session), .array(of: "y", []), .array(of: "y", Self.password.utf8.map { .byte($0) }),
                        .string("text/plain"),
                    ]),
                ], timeout: .seconds(10))
        }
    }
}
