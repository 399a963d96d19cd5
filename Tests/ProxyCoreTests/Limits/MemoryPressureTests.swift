import ProxyCore
import Testing

/// When new work is refused for lack of memory (L-009): scripted readings, time by hand.
struct MemoryPressureTests {
    /// A second of a trace: what was read, and whether new work is refused after it.
    private typealias Second = (stalled: Double?, used: Double?, isShedding: Bool)

    private static func instant(_ seconds: Int) -> Instant { Instant(nanoseconds: Int64(seconds) * 1_000_000_000) }

    /// Plays a trace, a reading a second; returns what was told.
    private func play(_ trace: [Second], threshold: Double? = 20) -> [MemoryPressure.Change] {
        var pressure = MemoryPressure()
        var changes: [MemoryPressure.Change] = []
        for (second, one) in trace.enumerated() {
            let reading = MemoryPressure.Reading(stalled: one.stalled, used: one.used)
            if let change = pressure.note(reading, threshold: threshold, at: Self.instant(second)) {
                changes.append(change)
            }
            #expect((pressure.cause != nil) == one.isShedding, "second \(second)")
            #expect((pressure.retryAfter(at: Self.instant(second)) != nil) == one.isShedding, "second \(second)")
        }
        return changes
    }

    @Test("a quiet trace, and one that only touches the threshold, refuse nothing")
    func staysOut() {
        #expect(play([(0, nil, false), (19.99, 0.5, false), (20, 0.95, false), (nil, nil, false)]).isEmpty)
    }

    @Test(
        "begins with the first reading above the threshold, and ends 5 s after the last one above half of it (hysteresis)"
    )
    func hasHysteresis() {
        let changes = play([
            (5, nil, false), (20.01, nil, true), (35, nil, true), (19, nil, true), (10.01, nil, true),
            // Low enough from here on.
            (10, nil, true), (8, nil, true), (6, nil, true), (5, nil, true), (4, nil, true), (3, nil, false),
            (19, nil, false),
        ])
        #expect(changes == [.entered(.stalled), .left])
    }

    @Test("pressure that comes and goes around the threshold is one long refusal, told once")
    func doesNotFlap() {
        let wave: [Second] = (0..<60).map { second in (second % 4 == 0 ? 25 : 8, nil, true) }
        #expect(play(wave) == [.entered(.stalled)])
    }

    @Test("a full control group counts like pressure, with a hysteresis of its own")
    func countsFullGroup() {
        let changes = play([
            (0, 0.951, true), (0, 0.93, true), (0, 0.9, true), (0, 0.899, true), (0, 0.7, true), (0, 0.7, true),
            (0, 0.7, true), (0, 0.7, true), (0, 0.7, false),
        ])
        #expect(changes == [.entered(.full), .left])
        // Each alone keeps it up.
        #expect(play([(30, 0.99, true), (5, 0.99, true), (30, 0.5, true)]) == [.entered(.stalled)])
    }

    @Test("files that vanish end it after a while: nothing is refused for what nobody knows")
    func forgetsWhatCannotBeRead() {
        let gone: [Second] = (1...5).map { _ in (nil, nil, true) }
        #expect(play([(50, nil, true)] + gone + [(nil, nil, false)]) == [.entered(.stalled), .left])
    }

    @Test("without a threshold nothing is refused, and what was is let in at the next reading")
    func canBeTurnedOff() {
        #expect(play([(100, 1, false), (100, 1, false)], threshold: nil).isEmpty)
        var pressure = MemoryPressure()
        let reading = MemoryPressure.Reading(stalled: 90)
        #expect(pressure.note(reading, threshold: 20, at: Self.instant(0)) == .entered(.stalled))
        #expect(pressure.note(reading, threshold: nil, at: Self.instant(1)) == .left)
        #expect(pressure.retryAfter(at: Self.instant(1)) == nil)
    }

    @Test(
        "Retry-After is right: if nobody waits for memory any more, who comes then is let in, and not much earlier",
        arguments: [20.5, 25, 40, 60, 100], [1, 20, 50])
    func tellsWhenToComeBack(_ peak: Double, _ threshold: Double) throws {
        guard peak > threshold else { return }
        var pressure = MemoryPressure()
        _ = pressure.note(.init(stalled: peak), threshold: threshold, at: Self.instant(0))
        let told = try #require(pressure.retryAfter(at: Self.instant(0)))
        #expect((1...61).contains(told))
        // As the kernel does: every two seconds the average becomes e^-0.2 of itself.
        var (stalled, second, last) = (peak, 0, told)
        while pressure.cause != nil, second < 200 {
            second += 1
            if second % 2 == 0 { stalled *= 0.81873 }
            _ = pressure.note(.init(stalled: stalled), threshold: threshold, at: Self.instant(second))
            if let now = pressure.retryAfter(at: Self.instant(second)) {
                #expect(now >= 1)
                if told < 61 { #expect(now <= last + 1) }
                last = now
            }
        }
        if told < 61 {
            #expect(second <= told)
            #expect(second >= told - 3)
        }
    }
}
