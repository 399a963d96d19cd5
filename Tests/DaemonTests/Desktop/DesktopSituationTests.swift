import DBusKit
import ProxyCore
import Testing

@testable import Daemon

@Suite("What of the daemon's state the desktop is told (A-018)")
struct DesktopSituationTests {
    private static let now = WallTime(microseconds: 1_770_000_000_000_000)

    private func key(
        _ label: String, _ state: KeyState, usableIn seconds: Int64? = nil, isEnabled: Bool = true
    ) throws -> KeySnapshot {
        KeySnapshot(
            label: try #require(KeyLabel(label)), provider: try #require(ProviderName("sim")), state: state,
            usableAt: seconds.map { Instant(nanoseconds: $0 * 1_000_000_000) }, isEnabled: isEnabled)
    }

    private func situation(_ keys: [KeySnapshot]) -> DesktopSituation {
        var situation = DesktopSituation()
        situation.take(keys, at: Self.now) { Self.now + .nanoseconds($0.nanoseconds) }
        return situation
    }

    @Test("keys that are refused or without money are told, in order; those that rest or were taken out are not")
    func tellsKeys() throws {
        let situation = self.situation([
            try self.key("e", .billing), try self.key("b", .cooling), try self.key("c", .invalid),
            try self.key("d", .suspect), try self.key("a", .invalid, isEnabled: false), try self.key("f", .usable),
        ])
        #expect(situation.keys.map(\.label.text) == ["c", "e"])
        #expect(situation.keys.map(\.lacksMoney) == [false, true])
        #expect(situation.exhaustion == nil)
    }

    @Test("that no key can be used is told with the time at which the first one is back")
    func tellsExhaustion() throws {
        let used = [try self.key("a", .exhausted, usableIn: 7_200), try self.key("b", .exhausted, usableIn: 3_600)]
        let until = LocalDay.andTime(of: Self.now + .seconds(3_600), now: Self.now)
        #expect(self.situation(used).exhaustion == .init(until: until))
        #expect(self.situation(used + [try self.key("c", .cooling, usableIn: 3_700)]).exhaustion == .init(until: until))
        #expect(self.situation(used + [try self.key("c", .usable)]).exhaustion == nil)
        #expect(self.situation([try self.key("a", .exhausted)]).exhaustion == .init(until: nil))
        #expect(self.situation([try self.key("a", .cooling, usableIn: 5)]).exhaustion == nil)
        #expect(self.situation([]).exhaustion == nil)
        let text = try #require(DesktopNotification(.exhausted, of: self.situation(used)))
        #expect(text.summary == "No key can be used")
        #expect(text.body.hasPrefix("The first one can be used again at \(until). "))
        #expect(text.urgency == .critical)
    }

    @Test("nothing is told while a key that cools is back within a minute")
    func sparesMoments() throws {
        let used = try self.key("a", .exhausted, usableIn: 7_200)
        for seconds: Int64 in [0, 5, 60] {
            #expect(self.situation([used, try self.key("b", .cooling, usableIn: seconds)]).exhaustion == nil)
        }
        let until = LocalDay.andTime(of: Self.now + .seconds(61), now: Self.now)
        #expect(
            self.situation([used, try self.key("b", .cooling, usableIn: 61)]).exhaustion == .init(until: until))
        // Whether a refused key is taken after its rest nobody knows.
        let later = LocalDay.andTime(of: Self.now + .seconds(7_200), now: Self.now)
        #expect(
            self.situation([used, try self.key("b", .suspect, usableIn: 5)]).exhaustion == .init(until: later))
    }

    @Test("many failed requests are told as they were when it began, with the class of most of them")
    func tellsErrors() throws {
        func sentence(_ ofClass: Int) -> String {
            ErrorRate.Finding(failed: 12, all: 20, errorClass: .providerTimeout, ofClass: ofClass).sentence
        }
        let begin = "When this began, 12 of 20 requests within five minutes had failed, "
        #expect(sentence(12) == begin + "all of them with provider_timeout.")
        #expect(sentence(7) == begin + "most of them with provider_timeout.")
        #expect(sentence(6) == begin + "6 of them with provider_timeout.")
    }

    @Test("of storage it is told that nothing is kept, that no start follows, or both (K-037)")
    func tellsStorage() throws {
        let (unkept, unstartable) = ("what they used is not kept, and nothing can be changed", "may not start again")
        for (isFailing, isDamaged) in [(false, false), (true, false), (false, true), (true, true)] {
            var situation = DesktopSituation()
            situation.isStorageFailing = isFailing
            situation.isStorageDamaged = isDamaged
            let text = DesktopNotification(.storage, of: situation)
            #expect((text != nil) == (isFailing || isDamaged))
            #expect((text?.body.contains(unkept) ?? false) == isFailing)
            #expect((text?.body.contains(unstartable) ?? false) == isDamaged)
        }
    }

    @Test("a certificate that callers have refused says since when")
    func tellsRefusedCertificates() throws {
        var situation = DesktopSituation()
        situation.certificate = .init(stage: .refused, end: "12:00")
        let text = try #require(DesktopNotification(.certificate, of: situation))
        #expect(text.body.hasPrefix("Callers have refused it since 12:00. Renew it; "))
    }

    @Test("times are minutes that have passed, with their day where it is another one")
    func tellsLocalTimes() {
        let noon = WallTime(microseconds: 1_770_000_000_000_000 / 86_400_000_000 * 86_400_000_000 + 43_200_000_000)
        let later = LocalDay.andTime(of: noon + .milliseconds(1), now: noon)
        #expect(later == LocalDay.andTime(of: noon + .seconds(60), now: noon))
        #expect(later.wholeMatch(of: /\d\d:\d\d/) != nil)
        let days = LocalDay.andTime(of: noon + .seconds(3 * 86_400), now: noon)
        #expect(days == LocalDay.of(noon + .seconds(3 * 86_400)) + " " + LocalDay.andTime(of: noon, now: noon))
    }

    @Test("a certificate is told of two weeks before its end, again three days before, and when it is refused")
    func tellsCertificates() throws {
        func stage(_ days: Int64) -> DesktopSituation.CertificateStage? {
            DesktopSituation.Certificate(
                notBefore: Self.now + .seconds(-86_400), notAfter: Self.now + .seconds(days * 86_400), now: Self.now)?
                .stage
        }
        #expect(stage(15) == nil)
        #expect(stage(14) == .ends)
        #expect(stage(4) == .ends)
        #expect(stage(3) == .endsSoon)
        #expect(stage(-1) == .refused)
        let early = DesktopSituation.Certificate(
            notBefore: Self.now + .seconds(60), notAfter: Self.now + .seconds(86_400_000), now: Self.now)
        #expect(early == .init(stage: .refused, end: nil))
        var urgencies: [DesktopNotification.Urgency] = []
        for stage in [DesktopSituation.CertificateStage.ends, .endsSoon, .refused] {
            var situation = DesktopSituation()
            situation.certificate = .init(stage: stage, end: "12:00")
            urgencies.append(try #require(DesktopNotification(.certificate, of: situation)).urgency)
        }
        #expect(urgencies == [.low, .normal, .critical])
    }

    @Test("many keys are named up to a number")
    func namesSome() throws {
        let keys = try (10..<30).map { try self.key("key-\($0)", .invalid) }
        let text = try #require(DesktopNotification(.keys, of: self.situation(keys)))
        #expect(text.summary == "20 keys need attention")
        #expect(text.body.hasSuffix("key-17 and 12 more."))
        #expect(text.keys.count == 20)
    }
}

@Suite("What a notification server is sent")
struct NotificationServerTests {
    private let notification = DesktopNotification(
        summary: "a & b", body: "1 < 2 & 3 > 2", urgency: .critical, subjects: ["x"],
        keys: [KeyLabel("alpha")].compactMap(\.self))

    @Test("buttons only where there are any, markup escaped only where it is read")
    func fitsTheServer() {
        let plain = NotificationServer.arguments(self.notification, replacing: 0, able: ["body"])
        #expect(plain[1] == .uint32(0))
        #expect(plain[4] == .string("1 < 2 & 3 > 2"))
        #expect(plain[5] == .strings([]))
        let rich = NotificationServer.arguments(self.notification, replacing: 7, able: ["actions", "body-markup"])
        #expect(rich[1] == .uint32(7))
        #expect(rich[3] == .string("a & b"))
        #expect(rich[4] == .string("1 &lt; 2 &amp; 3 &gt; 2"))
        #expect(rich[5] == .strings(["check", "Check again", "mute", "Mute for an hour"]))
        #expect(rich[6] == .variants(["desktop-entry": .string("org.kmi.Proxy1"), "urgency": .byte(2)]))
        #expect(rich.map(\.signature.text).joined() == "susssasa{sv}i")
    }

    @Test("what it tells of messages, and that it came or went, is understood; anything else is not")
    func understandsSignals() {
        func signal(_ interface: InterfaceName, _ member: MemberName, _ arguments: [BusValue]) -> BusSignal {
            BusSignal(sender: ":1.1", path: "/x", interface: interface, member: member, arguments: arguments)
        }
        let own = NotificationServer.interface
        let event = NotificationServer.event
        #expect(event(signal(own, "NotificationClosed", [.uint32(3), .uint32(2)])) == .closed(id: 3))
        #expect(event(signal(own, "ActionInvoked", [.uint32(3), .string("mute")])) == .chosen(id: 3, "mute"))
        #expect(event(signal(own, "ActionInvoked", [.uint32(3)])) == nil)
        #expect(event(signal(own, "NotificationClosed", [.string("3")])) == nil)
        #expect(event(signal(own, "ActivationToken", [.uint32(3), .string("x")])) == nil)
        let bus = StandardNames.busInterface
        func owner(_ name: String, _ new: String) -> BusSignal {
            signal(bus, "NameOwnerChanged", [.string(name), .string(":1.4"), .string(new)])
        }
        #expect(event(owner("org.freedesktop.Notifications", ":1.5")) == .serverCame)
        #expect(event(owner("org.freedesktop.Notifications", "")) == .serverWent)
        #expect(event(owner("org.example", "")) == nil)
    }
}
