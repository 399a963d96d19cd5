@testable import ProxyCore

/// The reader of event streams, and the meaning of events.
///
/// Offsets only grow, nothing but line ends and a mark lies between events, what is kept is bounded, and all of it is the
/// same whatever the pieces are.
enum EventsTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        let whole = self.events([bytes], dataLimit: EventStreamReader.usualDataLimit)
        self.checkPlaces(whole, in: bytes)
        for event in whole { self.checkMeaning(event) }
        for var cuts in Fuzzing.cuts(of: bytes) {
            let again = self.events(cuts.pieces(of: bytes), dataLimit: EventStreamReader.usualDataLimit)
            Fuzzing.check(again == whole, "other events in pieces: \(again) instead of \(whole)")
        }
        let short = self.events([bytes], dataLimit: 16)
        Fuzzing.check(short.count == whole.count, "another number of events with a shorter bound")
        for (short, event) in zip(short, whole) {
            Fuzzing.check(
                short.start == event.start && short.end == event.end && short.dataLength == event.dataLength
                    && short.fields == event.fields && short.name == event.name,
                "the bound changes more than the data")
            Fuzzing.check(short.data == Array(event.data.prefix(16)), "the bound does not keep the beginning")
        }
    }

    /// The events of a stream, with the one that its end cuts.
    static func events(_ pieces: [UnsafeRawBufferPointer], dataLimit: Int) -> [EventStreamReader.Event] {
        var reader = EventStreamReader(dataLimit: dataLimit)
        var events: [EventStreamReader.Event] = []
        var fed: Int64 = 0
        for piece in pieces {
            var index = 0
            while let event = reader.next(in: piece, from: &index) {
                Fuzzing.check(reader.offset == fed + Int64(index), "the offset is not where the reader stands")
                Fuzzing.check(event.end <= reader.offset, "an event ends behind the reader")
                events.append(event)
            }
            Fuzzing.check(index == piece.count, "the reader left bytes behind")
            fed += Int64(piece.count)
            Fuzzing.check(reader.offset == fed, "the offset is not the length that was fed")
            Fuzzing.check(!reader.isBetweenEvents || reader.pendingFields.isEmpty, "between events within an event")
        }
        let isWhole = reader.isBetweenEvents
        if let last = reader.finish() {
            Fuzzing.check(!isWhole && !last.isComplete, "a cut event where there is none")
            events.append(last)
        }
        return events
    }

    private static func checkPlaces(_ events: [EventStreamReader.Event], in bytes: UnsafeRawBufferPointer) {
        var end: Int64 = 0
        for event in events {
            Fuzzing.check(event.start >= end && event.end > event.start, "events overlap or are empty")
            Fuzzing.check(event.end <= bytes.count, "an event ends behind the stream")
            Fuzzing.check(self.isNothing(bytes[Int(end)..<Int(event.start)]), "something between two events")
            Fuzzing.check(!event.fields.isEmpty, "an event without lines")
            Fuzzing.check(event.data.count <= EventStreamReader.usualDataLimit, "too much data is kept")
            Fuzzing.check(Int64(event.data.count) <= event.dataLength, "more data than there is")
            Fuzzing.check(event.dataLength <= event.end - event.start, "more data than bytes")
            // A byte that is no UTF-8 takes three in the replacement character.
            Fuzzing.check(event.name.utf8.count <= 3 * EventStreamReader.nameLimit, "too long a name is kept")
            end = event.end
        }
        Fuzzing.check(self.isNothing(bytes[Int(end)...]), "something behind the last event")
    }

    private static func isNothing(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.allSatisfy { [0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    }

    private static func checkMeaning(_ event: EventStreamReader.Event) {
        let meaning = StreamMeaning(of: event)
        if StreamMeaning.isKeepAlive(event) {
            Fuzzing.check(meaning == .keepAlive, "a keep-alive that means \(meaning)")
        }
        if let error = StreamMeaning.error(in: event) {
            Fuzzing.check(meaning == .error(error), "an error that means \(meaning)")
        }
    }
}
