import DBusKit
import Foundation
import TestSupport

/// A program that makes trouble on a bus (`dbus_trouble.py`) for as long as a scope.
struct Trouble {
    /// The program.
    let process: ChildProcess

    /// Begins with the trouble of that name, and ends it after the scope; `calls` bounds what it sends without reading.
    static func with<Value>(
        _ kind: String, on bus: String, calls: Int = Tools.isSoak ? 1_000_000 : 3_000,
        _ body: (Trouble) async throws -> Value
    ) async throws -> Value {
        try await ChildProcess.with(
            PythonEnvironment.interpreter,
            arguments: [BuildProducts.packageRoot + "/Tests/SDK/dbus_trouble.py", kind, bus, "\(calls)"],
            environment: ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"]
        ) { process in
            _ = try await process.firstMatch(on: .standardOutput, within: .seconds(60), "that it has begun") {
                $0 == "ready" ? true : nil
            }
            return try await body(Trouble(process: process))
        }
    }
}

/// What is known of a daemon's memory and descriptors.
struct Footprint {
    /// Resident memory in bytes.
    let memory: Int
    /// Open descriptors.
    let descriptors: Int

    /// Looks at a process.
    init(of process: Int32) throws {
        self.memory = try ProcessResources.residentBytes(of: process)
        self.descriptors = try ProcessResources.openDescriptors(of: process)
    }
}

extension DaemonProcess {
    /// Sends requests one after the other while something happens; each has to succeed. Returns how many.
    func serving(during body: () async throws -> Void) async throws -> Int {
        let client = try self.client()
        let requests = Task {
            var count = 0
            repeat {
                let response = try await client.chat()
                guard response.status == 200 else { throw TestFailure("\(response.status) \(response.text)") }
                count += 1
            } while !Task.isCancelled
            return count
        }
        do {
            try await body()
        } catch {
            requests.cancel()
            _ = await requests.result
            throw error
        }
        requests.cancel()
        return try await requests.value
    }

    /// The paths of the objects that the daemon has on a bus; fails if nobody has its name.
    func objects(on bus: String) async throws -> Set<String> {
        let reply = try await BusConnection.with(to: bus) { connection in
            try await connection.call(
                "org.kmi.Proxy1", path: "/org/kmi/Proxy1", interface: "org.freedesktop.DBus.ObjectManager",
                member: "GetManagedObjects", timeout: .seconds(20))
        }
        guard case .dictionary(_, _, let entries)? = reply.first else { throw TestFailure("no objects") }
        return Set(entries.compactMap(\.key.asPath?.text))
    }
}
