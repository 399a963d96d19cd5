@testable import ProxyCore

/// The readers of usage: the same whatever the pieces are, never negative, as a plain body and as the events of a stream.
enum UsageTarget {
    private struct Reading: Equatable {
        var bare: [Bool] = []
        var whole: TokenUsage?
        var broken: TokenUsage?
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let events = EventsTarget.events([bytes], dataLimit: EventStreamReader.usualDataLimit).map(\.data)
        for dialect in Dialect.allCases {
            let body = self.read([[bytes]], dialect, isStream: false)
            let stream = self.stream(events, dialect) { [$0] }
            self.check(body)
            self.check(stream)
            for cuts in Fuzzing.cuts(of: bytes) {
                var ofBody = cuts
                Fuzzing.check(
                    self.read([ofBody.pieces(of: bytes)], dialect, isStream: false) == body,
                    "\(dialect): another usage of a body in pieces")
                var ofEvents = cuts
                let again = self.stream(events, dialect) { ofEvents.pieces(of: $0) }
                Fuzzing.check(again == stream, "\(dialect): another usage of a stream in pieces")
            }
        }
    }

    private static func stream(
        _ events: [[UInt8]], _ dialect: Dialect,
        _ pieces: (UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer]
    ) -> Reading {
        var meter = UsageMeter(dialect: dialect)
        var reading = Reading()
        for event in events {
            event.withUnsafeBytes { for piece in pieces($0) { meter.feed(piece) } }
            meter.endEvent()
            reading.bare.append(meter.isBareUsage)
        }
        reading.whole = meter.usage(isStream: true, isComplete: true)
        reading.broken = meter.usage(isStream: true, isComplete: false)
        return reading
    }

    private static func read(
        _ events: [[UnsafeRawBufferPointer]], _ dialect: Dialect, isStream: Bool
    ) -> Reading {
        var meter = UsageMeter(dialect: dialect)
        for event in events {
            for piece in event { meter.feed(piece) }
            meter.endEvent()
        }
        return Reading(
            whole: meter.usage(isStream: isStream, isComplete: true),
            broken: meter.usage(isStream: isStream, isComplete: false))
    }

    private static func check(_ reading: Reading) {
        for usage in [reading.whole, reading.broken].compactMap({ $0 }) {
            let counts = usage.counts
            for count in [
                counts.input, counts.inputAudio, counts.inputImage, counts.cacheRead, counts.cacheWrite5m,
                counts.cacheWrite1h, counts.output, counts.outputAudio, counts.reasoning,
            ] {
                Fuzzing.check(count >= 0, "a negative count in \(usage)")
            }
            Fuzzing.check((usage.reportedCost ?? 0) >= 0, "a negative cost in \(usage)")
        }
    }
}
