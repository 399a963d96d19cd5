import ProxyCore
import Testing

@testable import Daemon

/// A planner in virtual time, with a server that takes whatever it is given.
private struct Desk {
    var planner = NotificationPlanner()
    var now = Instant(nanoseconds: 1_000_000_000)
    var situation = DesktopSituation()
    /// What is there, by number.
    var shown: [UInt32: DesktopNotification] = [:]
    /// Every message that was sent, and in whose place.
    var sent: [(summary: String, replaced: UInt32, at: Instant)] = []
    var checks: [[KeyLabel]] = []
    var takesMessages = true
    private var lastID: UInt32 = 0

    init(hasServer: Bool = true) throws {
        if hasServer { self.take(.serverCame) }
    }

    static func key(_ label: String, lacksMoney: Bool = false) throws -> DesktopSituation.Key {
        DesktopSituation.Key(
            label: try #require(KeyLabel(label)), provider: try #require(ProviderName("sim")), lacksMoney: lacksMoney)
    }

    mutating func take(_ event: NotificationPlanner.Event) {
        var waiting = self.planner.take(event, at: self.now)[...]
        while let action = waiting.popFirst() {
            switch action {
            case .show(let matter, let notification, let replaced):
                guard self.takesMessages else {
                    waiting += self.planner.take(.failed(matter), at: self.now)
                    continue
                }
                self.lastID += replaced == 0 ? 1 : 0
                let id = replaced == 0 ? self.lastID : replaced
                self.sent.append((notification.summary, replaced, self.now))
                self.shown[id] = notification
                waiting += self.planner.take(.shown(matter, id: id), at: self.now)
            case .withdraw(let id):
                self.shown[id] = nil
                // The server tells of that as of any other end.
                waiting += self.planner.take(.closed(id: id), at: self.now)
            case .check(let keys): self.checks.append(keys)
            }
        }
    }

    mutating func tell(_ change: (inout DesktopSituation) throws -> Void) rethrows {
        try change(&self.situation)
        self.take(.situation(self.situation, isWanted: true))
    }

    /// Lets time pass, looking whenever the planner wants to.
    mutating func run(_ duration: Duration) {
        let end = self.now + duration
        while let next = self.planner.next, next <= end {
            self.now = max(next, self.now)
            self.take(.tick)
        }
        self.now = end
        self.take(.tick)
    }

    /// A person closes everything that is there.
    mutating func dismissAll() {
        for id in self.shown.keys.sorted() {
            self.shown[id] = nil
            self.take(.closed(id: id))
        }
    }

    var summaries: [String] { self.sent.map(\.summary) }
}

@Suite("What the desktop shows, and when (A-018)")
struct NotificationPlannerTests {
    @Test("keys that fail within a few seconds are one message that names them")
    func gathers() throws {
        var desk = try Desk()
        for (index, label) in ["alpha", "beta", "gamma", "delta", "epsilon"].enumerated() {
            try desk.tell { $0.keys.append(try Desk.key(label)) }
            desk.run(.milliseconds(300 + 10 * index))
        }
        #expect(desk.sent.isEmpty)
        desk.run(.seconds(3))
        #expect(desk.summaries == ["5 keys need attention"])
        let message = try #require(desk.shown[1])
        #expect(message.body == "Refused: alpha, beta, gamma, delta, epsilon.")
        #expect(message.choices == [.check, .mute])
        desk.run(.seconds(86_400))
        #expect(desk.sent.count == 1)
    }

    @Test("one key is named, and told apart by what is wrong with it")
    func namesOne() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        #expect(desk.summaries == ["Key alpha is refused"])
        try desk.tell { $0.keys = [try Desk.key("alpha", lacksMoney: true)] }
        desk.run(.seconds(4))
        #expect(desk.summaries == ["Key alpha is refused", "Key alpha has no money left"])
        #expect(desk.sent.last?.replaced == 1)
        #expect(desk.shown.count == 1)
    }

    @Test("what changes replaces the message, and what is over takes it away")
    func replacesAndWithdraws() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha"), try Desk.key("beta")] }
        desk.run(.seconds(4))
        try desk.tell { $0.keys = [try Desk.key("beta")] }
        desk.run(.seconds(4))
        #expect(desk.summaries == ["2 keys need attention", "Key beta is refused"])
        #expect(desk.sent.map(\.replaced) == [0, 1])
        desk.tell { $0.keys = [] }
        #expect(desk.shown.isEmpty)
        desk.run(.seconds(60))
        #expect(desk.sent.count == 2)
    }

    @Test("a key that is well again within the time shows nothing")
    func passes() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(2))
        desk.tell { $0.keys = [] }
        desk.run(.seconds(60))
        #expect(desk.sent.isEmpty)
        #expect(desk.planner.next == nil)
    }

    @Test("what a person has closed stays closed until something is added, or it comes back")
    func staysClosed() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha"), try Desk.key("beta")] }
        desk.run(.seconds(4))
        desk.dismissAll()
        desk.run(.seconds(3_600))
        // Less than was told is no news either.
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(3_600))
        #expect(desk.sent.count == 1)
        try desk.tell { $0.keys = [try Desk.key("alpha"), try Desk.key("beta")] }
        desk.run(.seconds(4))
        #expect(desk.summaries == ["2 keys need attention", "2 keys need attention"])
        #expect(desk.sent.last?.replaced == 0)
    }

    @Test("no more than six messages are shown in a minute, and none is lost")
    func isLimited() throws {
        var desk = try Desk()
        for round in 0..<60 {
            try desk.tell { $0.keys = [try Desk.key("alpha"), try Desk.key("key-\(round)")] }
            desk.run(.seconds(5))
        }
        desk.run(.seconds(120))
        #expect(desk.shown[1]?.body == "Refused: alpha, key-59.")
        for message in desk.sent {
            let within = desk.sent.count { $0.at <= message.at && message.at < $0.at + .seconds(60) }
            #expect(within <= 6)
        }
        #expect(desk.sent.count > 20)
    }

    @Test("muted, a matter is left alone for an hour, and then shown if it still holds")
    func mutes() throws {
        var desk = try Desk()
        try desk.tell {
            $0.keys = [try Desk.key("alpha")]
            $0.isStorageFailing = true
        }
        desk.run(.seconds(4))
        #expect(desk.sent.count == 2)
        let id = try #require(desk.shown.first { $0.value.summary.contains("alpha") }?.key)
        desk.take(.chosen(id: id, "mute"))
        #expect(desk.shown.count == 1)
        try desk.tell { $0.keys.append(try Desk.key("beta")) }
        desk.run(.seconds(3_500))
        #expect(desk.sent.count == 2)
        desk.run(.seconds(110))
        #expect(desk.summaries.last == "2 keys need attention")
    }

    @Test("checked on a person's wish, a key that is still refused is shown anew, and one that is not is not")
    func checks() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        desk.take(.chosen(id: 1, "check"))
        #expect(desk.checks == [[try #require(KeyLabel("alpha"))]])
        // Servers close a message whose button was pressed.
        desk.dismissAll()
        desk.run(.seconds(60))
        #expect(desk.sent.count == 1)
        desk.take(.checked)
        desk.run(.seconds(4))
        #expect(desk.sent.count == 2)

        desk.take(.chosen(id: 2, "check"))
        desk.dismissAll()
        desk.tell { $0.keys = [] }
        desk.take(.checked)
        desk.run(.seconds(60))
        #expect(desk.sent.count == 2)
        #expect(desk.shown.isEmpty)
    }

    @Test("a wish to check is one until it is answered, however often it is told")
    func checksOnce() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        for _ in 0..<5 { desk.take(.chosen(id: 1, "check")) }
        #expect(desk.checks.count == 1)
        desk.take(.checked)
        desk.take(.chosen(id: 1, "check"))
        #expect(desk.checks.count == 2)
    }

    @Test("a connection that is lost during a check hides nothing: what still holds is shown at the next server")
    func survivesALostCheck() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        desk.take(.chosen(id: 1, "check"))
        desk.dismissAll()
        // The end of the check goes with the connection: nobody tells it.
        desk.take(.serverWent)
        desk.take(.serverCame)
        desk.run(.seconds(60))
        #expect(desk.sent.map(\.replaced) == [0, 0])
        // And it can be checked again.
        desk.take(.chosen(id: 2, "check"))
        #expect(desk.checks.count == 2)
    }

    @Test("choices of other programs' messages, and unknown ones, do nothing")
    func ignoresOthers() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        desk.take(.chosen(id: 77, "mute"))
        desk.take(.chosen(id: 1, "default"))
        desk.take(.closed(id: 77))
        #expect(desk.shown.count == 1)
        #expect(desk.checks.isEmpty)
    }

    @Test("without a server nothing is sent; one that comes is told what holds then, one that was restarted again")
    func waitsForAServer() throws {
        var desk = try Desk(hasServer: false)
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(3_600))
        #expect(desk.sent.isEmpty)
        #expect(desk.planner.next == nil)
        desk.take(.serverCame)
        desk.run(.seconds(4))
        #expect(desk.sent.count == 1)

        desk.take(.serverWent)
        desk.shown = [:]
        desk.run(.seconds(60))
        desk.take(.serverCame)
        desk.run(.seconds(4))
        #expect(desk.sent.map(\.replaced) == [0, 0])

        // But not what a person had closed.
        desk.dismissAll()
        desk.take(.serverWent)
        desk.take(.serverCame)
        desk.run(.seconds(60))
        #expect(desk.sent.count == 2)
    }

    @Test("a server that takes nothing is asked ever more seldom")
    func backsOff() throws {
        var desk = try Desk()
        desk.takesMessages = false
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        var attempts: [Duration] = []
        for _ in 0..<8 {
            let next = try #require(desk.planner.next)
            attempts.append(next - desk.now)
            desk.run(next - desk.now)
        }
        #expect(attempts.dropFirst().map { Int($0.seconds) } == [60, 120, 240, 480, 600, 600, 600])
        desk.takesMessages = true
        desk.run(.seconds(700))
        #expect(desk.sent.count == 1)
    }

    @Test("switched off, everything is taken away; the daemon's end takes away its own")
    func switchesOff() throws {
        var desk = try Desk()
        try desk.tell { $0.keys = [try Desk.key("alpha")] }
        desk.run(.seconds(4))
        desk.take(.situation(desk.situation, isWanted: false))
        #expect(desk.shown.isEmpty)
        desk.run(.seconds(60))
        #expect(desk.sent.count == 1)
        desk.take(.situation(desk.situation, isWanted: true))
        desk.run(.seconds(4))
        #expect(desk.sent.count == 2)
        desk.take(.end)
        #expect(desk.shown.isEmpty)
        #expect(desk.planner.visible.isEmpty)
    }
}
