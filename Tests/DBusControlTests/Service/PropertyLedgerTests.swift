import DBusKit
import Testing

@testable import DBusControl

/// What is announced of changed properties.
struct PropertyLedgerTests {
    private let subject = ControlSubject.key("alpha")

    @Test func announcesWhatHasChangedAndNothingElse() {
        var ledger = PropertyLedger()
        ledger.begin(self.subject, with: Samples.key.busProperties)
        #expect(ledger.changes(of: self.subject, to: Samples.key.busProperties).isEmpty)
        var key = Samples.key
        key.state = "usable"
        key.usableAt = 0
        #expect(
            ledger.changes(of: self.subject, to: key.busProperties)
                == ["State": .string("usable"), "UsableAt": .uint64(0)])
        #expect(ledger.changes(of: self.subject, to: key.busProperties).isEmpty)
    }

    @Test func doesNotAnnounceWhatMovesWithEachRequest() {
        var ledger = PropertyLedger()
        ledger.begin(self.subject, with: Samples.key.busProperties)
        var key = Samples.key
        key.inFlight += 1
        key.requests += 1
        key.lastUsedAt += 1
        key.errors["timeout"] = 9
        #expect(ledger.changes(of: self.subject, to: key.busProperties).isEmpty)
    }

    @Test func anUnknownQuantityIsNoChange() {
        var key = Samples.key
        key.windows = [KeyStatus.Window(name: "balance", used: .nan, limit: .nan, resetsAt: 0)]
        var ledger = PropertyLedger()
        ledger.begin(self.subject, with: key.busProperties)
        #expect(ledger.changes(of: self.subject, to: key.busProperties).isEmpty)
        key.windows[0].used = 1
        #expect(ledger.changes(of: self.subject, to: key.busProperties).keys.sorted() == ["Windows"])
    }

    @Test func aReaderOfAValueInBetweenHearsThatItHasGone() {
        var ledger = PropertyLedger()
        ledger.begin(self.subject, with: Samples.key.busProperties)
        var between = Samples.key
        between.state = "invalid"
        #expect(ledger.hasTold(Samples.key.busProperties, of: self.subject) == false)
        #expect(ledger.hasTold(between.busProperties, of: self.subject) == true)
        #expect(ledger.changes(of: self.subject, to: Samples.key.busProperties) == ["State": .string("cooling")])
    }

    @Test func announcesNothingOfObjectsThatAreNotThere() {
        var ledger = PropertyLedger()
        #expect(ledger.changes(of: self.subject, to: Samples.key.busProperties).isEmpty)
        #expect(ledger.hasTold(Samples.key.busProperties, of: self.subject) == false)
        ledger.begin(self.subject, with: [:])
        ledger.forget(self.subject)
        #expect(ledger.changes(of: self.subject, to: Samples.key.busProperties).isEmpty)
    }
}
