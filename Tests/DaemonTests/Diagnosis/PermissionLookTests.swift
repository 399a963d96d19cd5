import Glibc
import TestSupport
import Testing

@testable import Daemon

struct PermissionLookTests {
    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt32(status.st_mode & 0o7777) : 0
    }

    @Test("closes what is the state's, leaves everything else, and follows no links within the state (K-047)")
    func looks() async throws {
        try await TemporaryDirectory.with { directory in
            let state = try directory.makeDirectory("state")
            let database = try directory.write("state/state.sqlite", "x", mode: 0o644)
            let secret = try directory.write("state/secrets/alpha", "x", mode: 0o640)
            let foreign = try directory.write("elsewhere", "x", mode: 0o666)
            let configuration = try directory.write("kmi.toml", "", mode: 0o664)
            let key = try directory.write("alpha.key", "x", mode: 0o604)
            #expect(symlink(foreign, state + "/link") == 0)
            #expect(chmod(state, 0o751) == 0 && chmod(foreign, 0o666) == 0 && chmod(configuration, 0o664) == 0)
            let entries = PermissionLook(
                stateDirectory: state, runtimeDirectory: nil, configuration: [configuration], secrets: [key]
            ).entries()
            let byPath = Dictionary(entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
            #expect(byPath[state]?.isRepaired == true && self.mode(state) == 0o700)
            #expect(byPath[database]?.isRepaired == true && self.mode(database) == 0o600)
            #expect(byPath[secret]?.isRepaired == false && self.mode(secret) == 0o640)
            #expect(byPath[key]?.mode == 0o604 && self.mode(key) == 0o604)
            #expect(byPath[configuration]?.mode == 0o664 && self.mode(configuration) == 0o664)
            #expect(byPath[state + "/link"]?.mode == nil && self.mode(foreign) == 0o666)
        }
    }

    @Test("takes no lock away that the daemon holds on its database")
    func keepsLocks() async throws {
        try await TemporaryDirectory.with { directory in
            let state = try directory.makeDirectory("state")
            let database = open(try directory.write("state/state.sqlite", "x", mode: 0o644), O_RDWR)
            try #require(database >= 0)
            defer { close(database) }
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            try #require(fcntl(database, F_SETLK, &lock) == 0)
            _ = PermissionLook(stateDirectory: state, runtimeDirectory: nil, configuration: [], secrets: []).entries()
            // F_OFD_GETLK asks as another opener would.
            lock.l_type = Int16(F_WRLCK)
            try #require(fcntl(database, 36, &lock) == 0)
            #expect(lock.l_type == Int16(F_WRLCK), "somebody else could write")
        }
    }
}
