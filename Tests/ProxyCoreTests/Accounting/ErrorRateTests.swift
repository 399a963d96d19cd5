import Testing

@testable import ProxyCore

@Suite("When so many requests fail that a person should know (A-018)")
struct ErrorRateTests {
    private static func time(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    /// Counts requests and looks after each; answers at which of them it was news.
    private static func news(
        _ rate: inout ErrorRate, _ classes: [ErrorClass?], share: Double? = 0.5, from begin: Double = 0
    ) -> [Int] {
        classes.indices.filter { index in
            let now = self.time(begin + Double(index) * 0.1)
            rate.note(classes[index], at: now)
            return rate.look(share: share, at: now)
        }
    }

    @Test("ten failures that are half of all requests are told once, with the class of most of them")
    func raises() {
        var rate = ErrorRate()
        let mixed: [ErrorClass?] = (0..<40).map { index in
            index.isMultiple(of: 2) ? nil : index % 6 == 1 ? .providerTimeout : .providerOverloaded
        }
        #expect(Self.news(&rate, mixed) == [19])
        #expect(rate.finding == ErrorRate.Finding(failed: 10, all: 20, errorClass: .providerOverloaded, ofClass: 6))
    }

    @Test("less than ten, and less than the share, are not told; 0 tells nothing")
    func staysSilent() {
        var few = ErrorRate()
        #expect(Self.news(&few, Array(repeating: .providerTimeout, count: 9)) == [])
        var fewOfMany = ErrorRate()
        #expect(Self.news(&fewOfMany, (0..<300).map { $0 % 3 == 0 ? .providerTimeout : nil }) == [])
        var off = ErrorRate()
        #expect(Self.news(&off, Array(repeating: .providerTimeout, count: 100), share: nil) == [])
    }

    @Test("what is the callers' own fault does not count, on either side")
    func sparesCallers() {
        var rate = ErrorRate()
        let own: [ErrorClass?] = (0..<200).map {
            $0.isMultiple(of: 2) ? .callerInvalidRequest : .callerCancelled
        }
        #expect(Self.news(&rate, own) == [])
        #expect(Self.news(&rate, Array(repeating: .providerRejected, count: 9), from: 30) == [])
        #expect(Self.news(&rate, Array(repeating: .daemonNoUsableKey, count: 10), from: 40) == [9])
        #expect(rate.finding?.all == 19)
    }

    @Test("it lasts until the share has halved, and is over by itself when nothing comes any more")
    func ends() {
        var rate = ErrorRate()
        #expect(Self.news(&rate, Array(repeating: .providerTimeout, count: 20)) == [9])
        let first = rate.finding
        // Between a half and a quarter it stays what it was said to be.
        #expect(Self.news(&rate, Array(repeating: nil, count: 50), from: 10) == [])
        #expect(rate.finding == first)
        #expect(Self.news(&rate, Array(repeating: nil, count: 40), from: 20) == [10])
        #expect(rate.finding == nil)
        #expect(Self.news(&rate, Array(repeating: .providerTimeout, count: 100), from: 30).count == 1)
        #expect(rate.look(share: 0.5, at: Self.time(300)) == false)
        #expect(rate.look(share: 0.5, at: Self.time(400)) == true)
        #expect(rate.finding == nil)
    }

    @Test("who only reads ends what is over, and never begins anything")
    func readersRaiseNothing() {
        var rate = ErrorRate()
        // Too few of all, until those that went well are out of sight.
        for _ in 0..<100 { rate.note(nil, at: Self.time(0)) }
        for _ in 0..<10 { rate.note(.providerTimeout, at: Self.time(200)) }
        #expect(rate.look(share: 0.5, at: Self.time(200)) == false)
        rate.endIfOver(share: 0.5, at: Self.time(400))
        #expect(rate.finding == nil)
        // So it is news to whoever warns of it.
        rate.note(.providerTimeout, at: Self.time(401))
        #expect(rate.look(share: 0.5, at: Self.time(401)) == true)
        rate.endIfOver(share: 0.5, at: Self.time(402))
        #expect(rate.finding != nil)
        rate.endIfOver(share: nil, at: Self.time(403))
        #expect(rate.finding == nil)
    }

    @Test("callers are to blame for the classes that bear their name, and for no other", arguments: ErrorClass.allCases)
    func knowsWhoIsToBlame(errorClass: ErrorClass) {
        #expect(errorClass.isCallers == errorClass.rawValue.hasPrefix("caller_"))
    }
}
