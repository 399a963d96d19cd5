import ProxyCore
import Testing

@testable import Daemon

@Suite("The line for `systemctl status` (A-017)")
struct ServiceStatusTests {
    private static func at(_ seconds: Int64) -> WallTime { WallTime(microseconds: seconds * 1_000_000) }

    /// Days of 24 hours that begin with 2026-11-01.
    private static func local(_ moment: WallTime) -> ServiceStatus.LocalTime {
        let seconds = Int(moment.microseconds / 1_000_000)
        return ServiceStatus.LocalTime(
            year: 2026, month: 11, day: 1 + seconds / 86_400, hour: seconds / 3600 % 24, minute: seconds / 60 % 60)
    }

    private static func text(_ status: ServiceStatus, now: Int64 = 0) -> String {
        status.text(now: Self.at(now), local: Self.local)
    }

    @Test("it tells how many keys are usable, and when the next one is")
    func keys() {
        #expect(Self.text(ServiceStatus()) == "No keys yet")
        #expect(Self.text(ServiceStatus(usable: 5, total: 5, next: Self.at(60))) == "5 of 5 keys usable")
        #expect(
            Self.text(ServiceStatus(usable: 3, total: 5, next: Self.at(14 * 3600 + 300)))
                == "3 of 5 keys usable, next at 14:05")
        #expect(
            Self.text(ServiceStatus(usable: 0, total: 2, next: Self.at(2 * 86_400 + 60)), now: 86_399)
                == "0 of 2 keys usable, next on 2026-11-03 at 00:01")
        // What has passed is no promise any more.
        #expect(Self.text(ServiceStatus(usable: 1, total: 2, next: Self.at(60)), now: 60) == "1 of 2 keys usable")
    }

    @Test("what does not work as configured stands behind it")
    func degraded() {
        #expect(
            Self.text(ServiceStatus(usable: 1, total: 1, degraded: ["bus", "storage"]))
                == "1 of 1 keys usable; degraded: bus, storage")
    }

    @Test("while it drains it tells what is left")
    func draining() {
        #expect(ServiceStatus.draining(requestsLeft: 0) == "Draining")
        #expect(ServiceStatus.draining(requestsLeft: 1) == "Draining, 1 request left")
        #expect(ServiceStatus.draining(requestsLeft: 12) == "Draining, 12 requests left")
    }
}
