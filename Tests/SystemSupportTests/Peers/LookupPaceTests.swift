import Testing

@testable import SystemSupport

@Suite("The pace of look-ups")
struct LookupPaceTests {
    @Test func beginsAtOnceAndPausesAfterwards() {
        var pace = LookupPace()
        #expect(pace.delay(at: 5) == 0)
        pace.ended(began: 5, at: 1_000_005)
        #expect(pace.delay(at: 1_000_005) == 4_000_000)
        #expect(pace.delay(at: 4_000_000) == 1_000_005)
        #expect(pace.delay(at: 5_000_005) == 0)
    }

    @Test func takesAFifthOfAProcessorAtMost() {
        var pace = LookupPace()
        pace.ended(began: 0, at: 100_000_000)
        #expect(pace.delay(at: 100_000_000) == 400_000_000)
    }

    @Test func isNotHurtByAClockThatGoesBack() {
        var pace = LookupPace()
        pace.ended(began: 10, at: 0)
        #expect(pace.delay(at: 0) == 0)
    }
}
