import NIOCore
import NIOEmbedded
import NIOPosix
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Request bodies in memory and in a file, read as often as needed (K-050).
struct KeptBodyTests {
    /// A body that is written and read on a real loop, with real files.
    private final class Scene {
        let loop: any EventLoop
        let body: KeptBody
        private(set) var oracle: [UInt8] = []
        private(set) var pauses: [Bool] = []
        private(set) var failures: [any Error] = []

        init(loop: any EventLoop, spool: BodySpool?, memoryLimit: Int) {
            self.loop = loop
            self.body = KeptBody(eventLoop: loop, spool: spool, memoryLimit: memoryLimit)
            self.body.onPauseChange = { [unowned self] in self.pauses.append(self.body.wantsPause) }
            self.body.onSpoolFailure = { [unowned self] in self.failures.append($0) }
        }

        func append(_ bytes: [UInt8]) {
            self.oracle += bytes
            self.body.append(ByteBuffer(bytes: bytes))
        }

        func append(count: Int, _ generator: inout SeededGenerator) {
            self.append((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        }
    }

    /// One pass from the beginning, kept going by what the body tells.
    private final class Pass {
        let scene: Scene
        let reader: BodyReader
        let limit: Int
        private(set) var bytes: [UInt8] = []
        private(set) var isGone = false
        private(set) var failure: (any Error)?
        private var isReading = false
        let ended: EventLoopPromise<Void>

        init(_ scene: Scene, splice: BodySplice? = nil, limit: Int) {
            self.scene = scene
            self.reader = BodyReader(body: scene.body, splice: splice)
            self.limit = limit
            self.ended = scene.loop.makePromise()
            scene.body.onMore = { [weak self] in self?.go() }
            self.go()
        }

        func go() {
            while !self.isReading {
                switch self.reader.next(upTo: self.limit) {
                case .bytes(let piece):
                    if piece.readableBytes == 0 { return self.ended.fail(TestFailure("an empty piece")) }
                    self.bytes += Array(piece.readableBytesView)
                case .later(let future):
                    self.isReading = true
                    future.assumeIsolated().whenComplete { result in
                        self.isReading = false
                        switch result {
                        case .success(let piece):
                            self.bytes += Array(piece.readableBytesView)
                            self.go()
                        case .failure(let error):
                            self.failure = error
                            self.ended.succeed()
                        }
                    }
                case .notYet:
                    return
                case .end:
                    return self.ended.succeed()
                case .gone:
                    self.isGone = true
                    return self.ended.succeed()
                }
            }
        }
    }

    /// Runs steps on a loop of their own with a spool in a temporary directory.
    private static func onLoop(
        memoryLimit: Int, directory name: String? = nil, spools: Bool = true,
        _ steps: @escaping @Sendable (Scene) throws -> EventLoopFuture<Void>
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let threads = NIOThreadPool(numberOfThreads: 2)
            threads.start()
            let loop = group.next()
            let spool = spools ? BodySpool(directory: name ?? directory.path, threads: threads) : nil
            do {
                try await loop.flatSubmit {
                    let scene = Scene(loop: loop, spool: spool, memoryLimit: memoryLimit)
                    do {
                        let bound = NIOLoopBound(scene, eventLoop: loop)
                        return try steps(scene).always { _ in bound.value.body.discard() }
                    } catch {
                        return loop.makeFailedFuture(error)
                    }
                }.get()
            } catch {
                try await threads.shutdownGracefully()
                try await group.shutdownGracefully()
                throw error
            }
            // Nothing of a body is ever seen in the directory.
            #expect(try await eventuallyEmpty(directory))
            try await threads.shutdownGracefully()
            try await group.shutdownGracefully()
        }
    }

    private static func eventuallyEmpty(_ directory: TemporaryDirectory) async throws -> Bool {
        try FileListing.names(in: directory.path).isEmpty
    }

    @Test(
        "two passes read the same bytes, from memory, from the file and across both", .timeLimit(.minutes(5)),
        arguments: [
            (1000, 10_000), (1000, 1000), (1000, 999), (1000, 1001), (300_000, 100_000), (2_000_000, 700_000),
            (1_500_000, 0), (0, 10),
        ])
    func twoPasses(total: Int, memoryLimit: Int) async throws {
        try await Self.onLoop(memoryLimit: memoryLimit) { scene in
            var generator = SeededGenerator(seed: UInt64(total + memoryLimit))
            while scene.oracle.count < total {
                scene.append(count: min(total - scene.oracle.count, 65_536), &generator)
            }
            scene.body.finish()
            let first = Pass(scene, limit: 131_072)
            let bound = NIOLoopBound((scene, first), eventLoop: scene.loop)
            return first.ended.futureResult.flatMap {
                let (scene, first) = bound.value
                #expect(first.bytes == scene.oracle)
                let second = Pass(scene, limit: 7777)
                let secondBound = NIOLoopBound(second, eventLoop: scene.loop)
                return second.ended.futureResult.map {
                    #expect(secondBound.value.bytes == bound.value.0.oracle)
                    #expect(bound.value.0.body.isRepeatable)
                }
            }
        }
    }

    @Test(
        "splices at the beginning, in the middle, at the end and across the border to the file",
        .timeLimit(.minutes(5)),
        arguments: [
            [0..<5], [100..<100], [1995..<2005], [2000..<2000], [4096..<4096], [4090..<4096],
            [0..<0, 10..<20, 2000..<2001],
            [0..<4096], [1999..<2000, 2000..<2001],
        ] as [[Range<Int64>]])
    func splices(ranges: [Range<Int64>]) async throws {
        try await Self.onLoop(memoryLimit: 2000) { scene in
            var generator = SeededGenerator(seed: 7)
            scene.append(count: 1000, &generator)
            scene.append(count: 1000, &generator)
            scene.append(count: 2096, &generator)
            scene.body.finish()
            let edits = ranges.enumerated().map { index, range in
                BodySplice.Edit(range: range, replacement: ByteBuffer(string: "<\(index)>"))
            }
            let splice = try #require(BodySplice(edits))
            var expected = scene.oracle
            for (index, range) in ranges.enumerated().reversed() {
                expected.replaceSubrange(Int(range.lowerBound)..<Int(range.upperBound), with: Array("<\(index)>".utf8))
            }
            #expect(splice.length(of: 4096) == Int64(expected.count))
            let pass = Pass(scene, splice: splice, limit: 512)
            let bound = NIOLoopBound((pass, expected), eventLoop: scene.loop)
            return pass.ended.futureResult.map { #expect(bound.value.0.bytes == bound.value.1) }
        }
    }

    @Test("is read while it still arrives, in random pieces (K-050)", .timeLimit(.minutes(5)), arguments: 1...12)
    func readWhileArriving(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let memoryLimit = [0, 1000, 100_000, 3_000_000].randomElement(using: &generator) ?? 0
        let total = Int.random(in: 1..<2_000_000, using: &generator)
        let sizes = Int.random(in: 1..<100_000, using: &generator)
        try await Self.onLoop(memoryLimit: memoryLimit) { scene in
            let pass = Pass(scene, limit: 131_072)
            let generator = NIOLoopBoundBox(SeededGenerator(seed: seed), eventLoop: scene.loop)
            let bound = NIOLoopBound((scene, pass), eventLoop: scene.loop)
            @Sendable func send() {
                let (scene, _) = bound.value
                if scene.oracle.count >= total { return scene.body.finish() }
                // As a listener does: nothing more while it is held back.
                if !scene.body.wantsPause {
                    let count = min(total - scene.oracle.count, Int.random(in: 1...sizes, using: &generator.value))
                    scene.append(count: count, &generator.value)
                    #expect(Footprint.waiting(of: scene.body) <= 2_000_000)
                }
                scene.loop.execute { send() }
            }
            send()
            return pass.ended.futureResult.flatMap {
                let (scene, pass) = bound.value
                #expect(pass.bytes == scene.oracle)
                let again = Pass(scene, limit: 200_000)
                let againBound = NIOLoopBound(again, eventLoop: scene.loop)
                return again.ended.futureResult.map { #expect(againBound.value.bytes == bound.value.0.oracle) }
            }
        }
    }

    @Test(
        "a caller that is faster than the disk is held back, and memory does not grow with the body (K-034, K-050)",
        .timeLimit(.minutes(5)))
    func pausesAndForgets() async throws {
        try await Self.onLoop(memoryLimit: 1000) { scene in
            let ended = scene.loop.makePromise(of: Void.self)
            let bound = NIOLoopBound(scene, eventLoop: scene.loop)
            let rounds = NIOLoopBoundBox(0, eventLoop: scene.loop)
            let largest = NIOLoopBoundBox(0, eventLoop: scene.loop)
            @Sendable func send() {
                let scene = bound.value
                largest.value = max(largest.value, Footprint.waiting(of: scene.body))
                if rounds.value == 400 {
                    scene.body.finish()
                    #expect(scene.pauses.contains(true))
                    // 25 MB went by.
                    #expect(largest.value < 3_000_000)
                    return ended.succeed()
                }
                while !scene.body.wantsPause, rounds.value < 400 {
                    rounds.value += 1
                    scene.body.append(ByteBuffer(repeating: 0x61, count: 65_536))
                }
                scene.loop.execute { send() }
            }
            send()
            return ended.futureResult
        }
    }

    @Test(
        "a spool that cannot be written: the body flows on once, held back by its reader, and is not repeated",
        .timeLimit(.minutes(5)),
        arguments: [
            "/nonexistent/directory", "/proc", "",
        ])
    func spoolFails(directory: String) async throws {
        try await Self.onLoop(memoryLimit: 1000, directory: directory, spools: !directory.isEmpty) { scene in
            let bound = NIOLoopBound(scene, eventLoop: scene.loop)
            var generator = SeededGenerator(seed: 3)
            scene.append(count: 800, &generator)
            let failed = scene.loop.makePromise(of: Void.self)
            scene.body.onSpoolFailure = { _ in failed.succeed() }
            for _ in 0..<9 { scene.append(count: 65_536, &generator) }
            return failed.futureResult.flatMap {
                let scene = bound.value
                #expect(!scene.body.isRepeatable)
                #expect(scene.body.wantsPause)
                scene.body.finish()
                let pass = Pass(scene, limit: 131_072)
                let passBound = NIOLoopBound(pass, eventLoop: scene.loop)
                return pass.ended.futureResult.flatMap {
                    #expect(passBound.value.bytes == bound.value.oracle)
                    #expect(!bound.value.body.wantsPause)
                    let again = Pass(bound.value, limit: 131_072)
                    let againBound = NIOLoopBound(again, eventLoop: bound.value.loop)
                    return again.ended.futureResult.map {
                        // The beginning is still there, what was handed on is not.
                        #expect(againBound.value.isGone)
                        #expect(againBound.value.bytes == Array(bound.value.oracle.prefix(800)))
                    }
                }
            }
        }
    }

    @Test("a body whose length must be known is held whole when the spool fails")
    func holdsUnwritten() {
        let loop = EmbeddedEventLoop()
        let body = KeptBody(eventLoop: loop, spool: nil, memoryLimit: 10)
        body.onSpoolFailure = { [unowned body] _ in body.holdsUnwritten = true }
        for _ in 0..<40 {
            body.append(ByteBuffer(repeating: 0x61, count: 65_536))
            #expect(!body.wantsPause)
        }
        body.finish()
        #expect(body.received == 40 * 65_536)
        #expect(!body.isRepeatable)
    }

    @Test("what was handed on of a body that has no file is not kept, however long some of it waits")
    func handedOnIsForgotten() {
        let body = KeptBody(eventLoop: EmbeddedEventLoop(), spool: nil, memoryLimit: 10)
        body.append(ByteBuffer(repeating: 0x61, count: 300_000))
        var offset: Int64 = 0
        for _ in 0..<1000 {
            body.append(ByteBuffer(repeating: 0x61, count: 10_000))
            guard case .bytes(let piece) = body.read(from: offset, upTo: 10_000) else {
                Issue.record("nothing to read at \(offset)")
                return
            }
            offset += Int64(piece.readableBytes)
            #expect(piece.storageCapacity <= 1 << 20)
        }
    }

    @Test("small pieces are joined in memory and read back as they came")
    func joinsSmallPieces() {
        let loop = EmbeddedEventLoop()
        let body = KeptBody(eventLoop: loop, spool: nil, memoryLimit: 100_000)
        for index in 0..<1000 { body.append(ByteBuffer(bytes: [UInt8(index % 251)])) }
        #expect(body.isRepeatable)
        guard case .bytes(let piece) = body.read(from: 0, upTo: 5000) else {
            Issue.record("nothing to read")
            return
        }
        #expect(piece.readableBytes == 1000)
        guard case .notYet = body.read(from: 1000, upTo: 10) else {
            Issue.record("the body is not complete")
            return
        }
        body.finish()
        guard case .end = body.read(from: 1000, upTo: 10) else {
            Issue.record("the body is complete")
            return
        }
    }
}
