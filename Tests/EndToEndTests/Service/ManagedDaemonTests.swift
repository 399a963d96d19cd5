import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Under a service manager", .serialized, .timeLimit(.minutes(5)))
struct ManagedDaemonTests {
    @Test("READY follows keys and listeners; reload and end are told; state lies behind the manager's link (A-017)")
    func tellsTheManager() async throws {
        let labels = ["alpha", "beta", "gamma"]
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                let managed = try ManagedDaemon(directory, simulator, keys: labels, credentials: labels)
                try await managed.with { process in
                    let ready = try await managed.message(with: "READY=1", of: process)
                    // The same message says that every key has been read.
                    #expect(ready.contains { $0.hasPrefix("STATUS=3") && $0.hasSuffix("3 keys usable") }, "\(ready)")
                    // Nothing is waited for any more: the first requests find listener and keys.
                    var served: Set<String> = []
                    for _ in labels {
                        let response = try await managed.client.chat()
                        #expect(response.status == 200)
                        served.insert(response["X-KMI-Key"] ?? "")
                    }
                    #expect(served == Set(labels))
                    let files = FileManager.default
                    #expect(files.fileExists(atPath: directory.path("private/kmi/state.sqlite")))
                    #expect(try files.destinationOfSymbolicLink(atPath: directory.path("state")) == "private/kmi")

                    process.send(SIGHUP)
                    let reloading = try await managed.message(with: "RELOADING=1", of: process)
                    #expect(reloading.contains { $0.hasPrefix("MONOTONIC_USEC=") })
                    _ = try await managed.message(with: "READY=1", of: process)

                    process.send(SIGTERM)
                    _ = try await managed.message(with: "STOPPING=1", of: process)
                    #expect(try await process.waitForExit() == .exited(0))
                }
            }
        }
    }

    @Test("a credential that was not passed ends the start in 78 before READY, and is told with what to do (X-052)")
    func missesCredentials() async throws {
        try await SimulatorProcess.with { simulator in
            try await TemporaryDirectory.with { directory in
                var managed = try ManagedDaemon(directory, simulator, keys: ["alpha", "beta"], credentials: ["alpha"])
                for isPassed in [true, false] {
                    if !isPassed { managed.environment["CREDENTIALS_DIRECTORY"] = nil }
                    try await managed.with { (process) async throws in
                        #expect(try await process.waitForExit() == .exited(78))
                        let said = process.text(.standardError)
                        #expect(said.contains(isPassed ? "key_beta" : "LoadCredential=key_beta:PATH"), "\(said)")
                        #expect(!said.contains("sk-sim-alpha"))
                    }
                    // What is sent stays in the socket, also when its sender has ended.
                    while let lines = try managed.notifications.receive(within: .zero) {
                        #expect(!lines.contains("READY=1"))
                    }
                }
            }
        }
    }
}
