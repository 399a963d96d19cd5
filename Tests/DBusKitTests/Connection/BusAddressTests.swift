import Testing

@testable import DBusKit

struct BusAddressTests {
    @Test(
        "finds the socket of a bus",
        arguments: [
            (.session, ["DBUS_SESSION_BUS_ADDRESS": "unix:path=/a", "XDG_RUNTIME_DIR": "/b"], "unix:path=/a"),
            (.session, ["XDG_RUNTIME_DIR": "/run/user/1000"], "unix:path=/run/user/1000/bus"),
            (.session, ["XDG_RUNTIME_DIR": "/a b,ü"], "unix:path=/a%20b%2c%c3%bc/bus"),
            (.system, ["DBUS_SYSTEM_BUS_ADDRESS": "unix:abstract=x"], "unix:abstract=x"),
            (.system, [:], "unix:path=/var/run/dbus/system_bus_socket"),
            (.address("unix:path=/a;unix:path=/b"), [:], "unix:path=/a;unix:path=/b"),
        ] as [(BusAddress, [String: String], String)]
    )
    func findsSockets(address: BusAddress, environment: [String: String], expected: String) throws {
        #expect(try address.resolved { environment[$0] } == expected)
    }

    @Test(
        "refuses what is no unix socket, and never starts a bus",
        arguments: [
            (.session, [:]),
            (.session, ["DBUS_SESSION_BUS_ADDRESS": "autolaunch:"]),
            (.session, ["DBUS_SESSION_BUS_ADDRESS": "unix:path=/a;autolaunch:"]),
            (.address(""), [:]),
            (.address("unixexec:path=/bin/sh"), [:]),
            (.address("tcp:host=localhost,port=1"), [:]),
            (.address("unix:path=/a\u{0}b"), [:]),
        ] as [(BusAddress, [String: String])]
    )
    func refusesOthers(address: BusAddress, environment: [String: String]) {
        #expect { try address.resolved { environment[$0] } } throws: { ($0 as? BusError)?.kind == .unreachable }
    }
}
