import DBusControl
import ProxyCore
import Testing

@testable import Daemon

/// What was read without being asked for, and who hears of it.
struct UntoldChangesTests {
    private static func entry(_ key: String, _ result: String = "applied") -> ReloadEntry {
        ReloadEntry(key: key, result: result, reason: "")
    }

    private static let begin = Instant(nanoseconds: 0)

    @Test("whoever asks behind the daemon hears what it has read by itself (T-014)")
    func tellsWhatWasRead() {
        var untold = UntoldChanges()
        #expect(untold.with([], at: Self.begin).isEmpty)
        untold.note([Self.entry("rotation.mode")], at: Self.begin)
        #expect(untold.with([], at: Self.begin + .seconds(60)) == [Self.entry("rotation.mode")])
        #expect(untold.with([], at: Self.begin + .seconds(61)).isEmpty)
    }

    @Test func tellsEachSettingOnceAndItsNewestFate() {
        var untold = UntoldChanges()
        untold.note([Self.entry("b"), Self.entry("a", "restart_required")], at: Self.begin)
        untold.note([Self.entry("c"), Self.entry("a")], at: Self.begin + .seconds(50))
        #expect(
            untold.with([Self.entry("b", "rejected")], at: Self.begin + .seconds(100))
                == [Self.entry("a"), Self.entry("b", "rejected"), Self.entry("c")])
    }
}
