import NIOCore

@testable import ProxyCore

/// The relay of event streams: every byte comes out, but for events that bring nothing but usage where those are to be taken
/// out; what comes out and what was read is the same whatever the pieces are.
enum RelayTarget {
    private struct Passed: Equatable {
        var bytes: [UInt8] = []
        var decision: StreamWatch.Decision?
        var lateError: ProviderErrorDetails?
        var usage: TokenUsage?
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        for removes in [false, true] {
            let whole = self.pass([bytes], removes)
            if !removes { Fuzzing.check(whole.bytes == Array(bytes), "bytes were changed") }
            Fuzzing.check(whole.bytes.count <= bytes.count, "bytes were added")
            for var cuts in Fuzzing.cuts(of: bytes) {
                let again = self.pass(cuts.pieces(of: bytes), removes)
                Fuzzing.check(again == whole, "something else comes out in pieces: \(again) instead of \(whole)")
            }
        }
    }

    private static func pass(_ pieces: [UnsafeRawBufferPointer], _ removes: Bool) -> Passed {
        var relay = StreamRelay(dialect: .openai, removesUsage: removes)
        var passed = Passed()
        // Reads what comes out: whether it ends between two events.
        var follower = EventStreamReader(dataLimit: 0)
        func take(_ passage: StreamRelay.Passage) {
            passed.bytes += Array(passage.bytes.readableBytesView)
            var rest = passage.bytes
            while follower.next(in: &rest) != nil {}
            if let decision = passage.finding.decision {
                Fuzzing.check(passed.decision == nil, "decided twice")
                passed.decision = decision
            }
            if let error = passage.finding.lateError {
                Fuzzing.check(passed.lateError == nil, "told of two errors")
                passed.lateError = error
            }
        }
        for piece in pieces {
            take(relay.take(ByteBuffer(bytes: piece)))
            Fuzzing.check(
                !relay.isBetweenEvents || follower.pendingStart == follower.offset,
                "it stands within an event and says that it does not")
        }
        take(relay.finish())
        passed.usage = relay.usage(isComplete: true)
        return passed
    }
}
