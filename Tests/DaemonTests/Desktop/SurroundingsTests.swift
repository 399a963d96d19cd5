import DBusKit
import ProxyCore
import Testing

@testable import Daemon

@Suite("What sleep, network and battery have the daemon do")
struct SurroundingsTests {
    private static func time(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }
    private static let online = Surroundings.Network(isOnline: true)
    private static let offline = Surroundings.Network(isOnline: false)

    @Test("after sleep everything is looked at again, once")
    func resumes() {
        var surroundings = Surroundings()
        #expect(surroundings.take(.sleep(true), at: Self.time(1)) == [])
        #expect(surroundings.take(.sleep(false), at: Self.time(2)) == [.lookAgain(.resumed)])
        #expect(surroundings.take(.tick, at: Self.time(100)) == [])
        #expect(surroundings.next == nil)
        // Who was not there when it fell asleep sees it wake up all the same.
        #expect(surroundings.take(.sleep(false), at: Self.time(200)) == [.lookAgain(.resumed)])
    }

    @Test("the first word about the network changes nothing; coming back, and going another way, do")
    func followsTheNetwork() {
        var surroundings = Surroundings()
        #expect(surroundings.take(.network(.networkManager, Self.online), at: Self.time(1)) == [])
        #expect(surroundings.take(.network(.networkManager, Self.online), at: Self.time(2)) == [])
        #expect(surroundings.take(.network(.networkManager, Self.offline), at: Self.time(3)) == [])
        #expect(surroundings.take(.network(.networkManager, Self.online), at: Self.time(4)) == [.lookAgain(.network)])
        let other = Surroundings.Network(isOnline: true, route: "/other")
        #expect(surroundings.take(.network(.networkManager, other), at: Self.time(50)) == [.lookAgain(.network)])
        #expect(surroundings.take(.network(.networkManager, nil), at: Self.time(100)) == [])
    }

    @Test("NetworkManager counts before systemd-networkd, which counts where there is no other")
    func prefersOne() {
        var surroundings = Surroundings()
        _ = surroundings.take(.network(.networkManager, Self.online), at: Self.time(1))
        #expect(surroundings.take(.network(.networkd, Self.offline), at: Self.time(2)) == [])
        #expect(surroundings.take(.network(.networkd, Self.online), at: Self.time(3)) == [])
        _ = surroundings.take(.network(.networkManager, nil), at: Self.time(4))
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(5))
        #expect(surroundings.take(.network(.networkd, Self.online), at: Self.time(6)) == [.lookAgain(.network)])
    }

    @Test("woken up without a network it waits for one")
    func waitsForTheNetwork() {
        var surroundings = Surroundings()
        _ = surroundings.take(.network(.networkManager, Self.online), at: Self.time(1))
        _ = surroundings.take(.sleep(true), at: Self.time(2))
        _ = surroundings.take(.network(.networkManager, Self.offline), at: Self.time(3))
        #expect(surroundings.take(.sleep(false), at: Self.time(4)) == [])
        #expect(surroundings.take(.network(.networkManager, Self.online), at: Self.time(8)) == [.lookAgain(.resumed)])
        #expect(surroundings.next == nil)
    }

    @Test("woken up it waits no longer than half a minute for a network that nobody sees")
    func waitsNotForEver() throws {
        var surroundings = Surroundings()
        // The way out is one that this service does not look after.
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(1))
        _ = surroundings.take(.sleep(true), at: Self.time(2))
        #expect(surroundings.next == nil)
        #expect(surroundings.take(.sleep(false), at: Self.time(1_000)) == [])
        #expect(surroundings.next == Self.time(1_030))
        #expect(surroundings.take(.network(.networkd, Self.offline), at: Self.time(1_010)) == [])
        #expect(surroundings.take(.tick, at: Self.time(1_029)) == [])
        #expect(surroundings.take(.tick, at: try #require(surroundings.next)) == [.lookAgain(.resumed)])
        #expect(surroundings.next == nil)
        #expect(surroundings.take(.tick, at: Self.time(2_000)) == [])
        // The network that does come back is a reason of its own.
        #expect(surroundings.take(.network(.networkd, Self.online), at: Self.time(2_001)) == [.lookAgain(.network)])
        // One that falls asleep again before waits for the next time.
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(3_000))
        _ = surroundings.take(.sleep(false), at: Self.time(3_001))
        _ = surroundings.take(.sleep(true), at: Self.time(3_002))
        #expect(surroundings.next == nil)
        #expect(surroundings.take(.tick, at: Self.time(3_100)) == [])
        #expect(surroundings.take(.sleep(false), at: Self.time(4_000)) == [])
        #expect(surroundings.next == Self.time(4_030))
    }

    @Test("another one who tells of the network is no other network")
    func comparesLikeWithLike() {
        var surroundings = Surroundings()
        let named = Surroundings.Network(isOnline: true, route: "/one")
        _ = surroundings.take(.network(.networkd, Self.online), at: Self.time(1))
        #expect(surroundings.take(.network(.networkManager, named), at: Self.time(2)) == [])
        #expect(surroundings.take(.network(.networkManager, nil), at: Self.time(20)) == [])
        // But one who sees a way where the other one saw none is.
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(30))
        #expect(surroundings.take(.network(.networkManager, named), at: Self.time(31)) == [.lookAgain(.network)])
    }

    @Test("a network that comes and goes is no reason to ask all the time, and the last change is not lost")
    func isPaced() throws {
        var surroundings = Surroundings()
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(0))
        var looks: [Int] = []
        for step in 0..<200 {
            let network = step.isMultiple(of: 2) ? Self.online : Self.offline
            if !surroundings.take(.network(.networkd, network), at: Self.time(Double(step))).isEmpty {
                looks.append(step)
            }
        }
        #expect(looks.count == 20)
        #expect(zip(looks, looks.dropFirst()).allSatisfy { $1 - $0 >= 10 })
        _ = surroundings.take(.network(.networkd, Self.online), at: Self.time(200))
        _ = surroundings.take(.network(.networkd, Self.offline), at: Self.time(201))
        _ = surroundings.take(.network(.networkd, Self.online), at: Self.time(202))
        let next = try #require(surroundings.next)
        #expect(surroundings.take(.tick, at: next) == [.lookAgain(.network)])
        #expect(surroundings.next == nil)
    }

    @Test("on battery or a metered network things happen more seldom, until neither is so")
    func slowsDown() {
        var surroundings = Surroundings()
        #expect(surroundings.take(.metered(false), at: Self.time(1)) == [])
        #expect(surroundings.take(.onBattery(true), at: Self.time(2)) == [.slow(by: 4)])
        #expect(surroundings.take(.metered(true), at: Self.time(3)) == [])
        #expect(surroundings.take(.onBattery(false), at: Self.time(4)) == [])
        #expect(surroundings.take(.metered(false), at: Self.time(5)) == [.slow(by: 1)])
        _ = surroundings.take(.onBattery(true), at: Self.time(6))
        #expect(surroundings.take(.silence, at: Self.time(7)) == [.slow(by: 1)])
    }
}

@Suite("What the system's services say of the machine")
struct SurroundingsReportTests {
    private func changed(
        _ service: SurroundingsReport.Service, _ properties: [String: BusValue], invalidated: [String] = []
    ) -> BusSignal {
        BusSignal(
            sender: ":1.1", path: service.path, interface: StandardNames.properties,
            member: StandardNames.propertiesChanged,
            arguments: [.string(service.interface.text), .variants(properties), .strings(invalidated)])
    }

    @Test(
        "NetworkManager's state and connectivity",
        arguments: [
            (70, 4, true), (70, 0, true), (70, 3, true), (70, 2, false), (70, 1, false), (60, 4, true), (50, 4, false),
            (20, 1, false), (10, 0, false),
        ] as [(UInt32, UInt32, Bool)])
    func readsNetworkManager(state: UInt32, connectivity: UInt32, isOnline: Bool) {
        var report = SurroundingsReport()
        let events = report.take(
            [
                "State": .uint32(state), "Connectivity": .uint32(connectivity), "Metered": .uint32(3),
                "PrimaryConnection": .path("/org/freedesktop/NetworkManager/ActiveConnection/1"),
                "Version": .string("1"),
            ], of: .networkManager)
        #expect(
            events == [
                .network(
                    .networkManager,
                    .init(isOnline: isOnline, route: "/org/freedesktop/NetworkManager/ActiveConnection/1")),
                .metered(true),
            ])
        // A part keeps the rest.
        let part = report.take(changed(.networkManager, ["Connectivity": .uint32(1)]))
        #expect(
            part.events == [
                .network(
                    .networkManager, .init(isOnline: false, route: "/org/freedesktop/NetworkManager/ActiveConnection/1")
                )
            ])
        #expect(part.asks == nil)
    }

    @Test("what is only said to be another one is read again; who comes is asked; who goes says nothing any more")
    func asks() {
        var report = SurroundingsReport()
        #expect(report.take(changed(.networkManager, [:], invalidated: ["Metered"])).asks == .networkManager)
        func owner(_ name: String, _ new: String) -> BusSignal {
            BusSignal(
                sender: "org.freedesktop.DBus", path: StandardNames.busPath, interface: StandardNames.busInterface,
                member: StandardNames.nameOwnerChanged, arguments: [.string(name), .string(""), .string(new)])
        }
        #expect(report.take(owner("org.freedesktop.UPower", ":1.7")).asks == .upower)
        #expect(report.take(owner("org.freedesktop.UPower", "")).events == [.onBattery(false)])
        #expect(
            report.take(owner("org.freedesktop.NetworkManager", "")).events
                == [.network(.networkManager, nil), .metered(false)])
        #expect(report.take(owner("org.freedesktop.network1", "")).events == [.network(.networkd, nil)])
        #expect(report.take(owner("org.example", ":1.9")).asks == nil)
    }

    @Test("the other services")
    func readsOthers() {
        var report = SurroundingsReport()
        #expect(report.take(["OnBattery": .boolean(true)], of: .upower) == [.onBattery(true)])
        #expect(report.take(["OnBattery": .string("true")], of: .upower) == [])
        for (word, isOnline) in [("online", true), ("partial", true), ("offline", false)] {
            #expect(
                report.take(["OnlineState": .string(word)], of: .networkd)
                    == [.network(.networkd, .init(isOnline: isOnline))])
        }
        for word in ["unknown", "", "something new"] {
            #expect(report.take(["OnlineState": .string(word)], of: .networkd) == [.network(.networkd, nil)])
        }
        #expect(report.take(["OperationalState": .string("routable")], of: .networkd) == [])
        // A NetworkManager that does not know asks others to take it that there may be a way.
        #expect(
            report.take(["State": .uint32(0), "Connectivity": .uint32(0)], of: .networkManager)
                == [.network(.networkManager, nil)])
        let sleep = BusSignal(
            sender: ":1.1", path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager",
            member: "PrepareForSleep", arguments: [.boolean(false)])
        #expect(report.take(sleep).events == [.sleep(false)])
    }
}
