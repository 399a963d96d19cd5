import DBusKit
import Foundation
import TestSupport
import Testing

@testable import DBusControl

/// Ten thousand requests that end each second, and what the daemon and the bus make of it.
@Suite(
    .serialized, .timeLimit(.minutes(Tools.isSoak ? 4 : 1)),
    .enabled(if: PythonEnvironment.isAvailable, "make setup makes the environment"))
struct TraceFloodTests {
    /// The most that memory may grow.
    private static let limit = 16 << 20
    private static let perSecond = 10_000

    @Test(
        "10,000 ends of requests a second and a subscriber that does not read: daemon and bus grow by less than 16 MiB")
    func subscriberThatDoesNotRead() async throws {
        // In a process of its own: others would change its memory.
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            do {
                try await Self.flood()
            } catch {
                FileHandle.standardError.write(Data("\(error)\n".utf8))
                exit(1)
            }
        }
        guard let result else { return }
        let figures = String(decoding: result.standardErrorContent, as: UTF8.self)
        if result.exitStatus != .exitCode(0) { Issue.record("\(figures)") }
        if Tools.isSoak { print(figures) }
    }

    private static func flood() async throws {
        try await PrivateBus.with { bus in
            let callers = ControlStage.Callers()
            try await ControlStage.with(on: bus.address, callers) { stage in
                var row = Samples.row
                let script = BuildProducts.packageRoot + "/Tests/SDK/dbus_trouble.py"
                try await ChildProcess.with(
                    PythonEnvironment.interpreter, arguments: [script, "subscriber", bus.address],
                    environment: ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"]
                ) { subscriber in
                    _ = try await subscriber.firstMatch(on: .standardOutput, "that it has subscribed") {
                        $0 == "ready" ? true : nil
                    }
                    guard stage.service.hasSubscribers else { throw TestFailure("nobody has subscribed") }
                    // What is made once only is made now.
                    for _ in 0..<Self.perSecond { stage.service.requestFinished(row) }
                    guard let process = bus.processID else { throw TestFailure("there is no bus") }
                    let before = (
                        daemon: try ProcessResources.residentBytes(of: getpid()),
                        bus: try ProcessResources.residentBytes(of: process)
                    )
                    let seconds = Tools.isSoak ? 60 : 5
                    let clock = ContinuousClock()
                    let start = clock.now
                    var slowest = Duration.zero
                    for tick in 1...(seconds * 100) {
                        let begin = clock.now
                        for number in 0..<(Self.perSecond / 100) {
                            row.id = "\(tick)-\(number)"
                            stage.service.requestFinished(row)
                        }
                        slowest = max(slowest, clock.now - begin)
                        // The rate of the load, and no wait for anything.
                        try await Task.sleep(until: start.advanced(by: .milliseconds(10 * tick)), clock: clock)
                    }
                    let growth = (
                        daemon: try ProcessResources.residentBytes(of: getpid()) - before.daemon,
                        bus: try ProcessResources.residentBytes(of: process) - before.bus
                    )
                    let figures =
                        "in \(clock.now - start): daemon \(growth.daemon), bus \(growth.bus) bytes, slowest hundred \(slowest)"
                    guard growth.daemon < Self.limit, growth.bus < Self.limit else { throw TestFailure(figures) }
                    FileHandle.standardError.write(Data("\(figures)\n".utf8))
                    // Others are served meanwhile.
                    guard try await stage.call(.resetKeys) == [.uint32(3)] else { throw TestFailure("no answer") }
                }
                // Watching ends with the watcher's connection.
                try await eventually("nobody is subscribed") { !stage.service.hasSubscribers }
            }
        }
    }

    @Test("a subscriber that reads goes on to get its hundred a second (X-035)")
    func subscriberThatReads() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name, capacity: 4_096)
            try await stage.call(.subscribe, [.variants([:])])
            let injecting = Task {
                let clock = ContinuousClock()
                var next = clock.now
                while !Task.isCancelled {
                    for _ in 0..<20 { stage.service.requestFinished(Samples.row) }
                    next = next.advanced(by: .milliseconds(20))
                    try await Task.sleep(until: next, clock: clock)
                }
            }
            // More than anybody gets who does not answer, within less time than that would take one a second.
            var heard = 0
            let start = ContinuousClock.now
            for await signal in signals where signal.member == "RequestFinished" {
                heard += 1
                if heard == 700 { break }
            }
            injecting.cancel()
            _ = await injecting.result
            #expect(heard == 700)
            #expect(ContinuousClock.now - start < .seconds(40))
        }
    }

    @Test("when nobody watches, nothing is sent or kept of a request that ends")
    func nobodyWatches() async throws {
        try await ControlStage.with { stage in
            let signals = try await stage.signals(of: ManagerInterface.name)
            #expect(!stage.service.hasSubscribers)
            for _ in 0..<100_000 { stage.service.requestFinished(Samples.row) }
            // Comes behind whatever was sent.
            stage.service.warning("last", "")
            var heard = signals.makeAsyncIterator()
            let first = await heard.next()
            #expect(first?.member == "Warning")
            #expect(first?.missed == 0)
            #expect(stage.service.connection.droppedSignals == 0)
        }
    }
}
