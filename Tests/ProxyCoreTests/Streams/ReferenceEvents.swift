@testable import ProxyCore

/// Events read from a whole stream by the letter of the definition, slowly.
struct ReferenceEvents {
    private(set) var events: [EventStreamReader.Event] = []
    /// The places at which the stream stands between two events.
    private(set) var gaps: Set<Int64> = [0]

    private var lines: [(start: Int, bytes: ArraySlice<UInt8>, end: Int?)] = []

    init(_ stream: [UInt8], dataLimit: Int = EventStreamReader.usualDataLimit) {
        let hasMark = stream.starts(with: [0xEF, 0xBB, 0xBF])
        self.split(stream, from: hasMark ? 3 : 0)
        if hasMark { self.gaps.insert(3) }
        var block: [(start: Int, bytes: ArraySlice<UInt8>, end: Int?)] = []
        for line in self.lines {
            if let end = line.end, line.bytes.isEmpty {
                if !block.isEmpty { self.events.append(Self.event(block, end: end, true, dataLimit)) }
                block = []
                // CR LF: between its halves and behind it.
                self.gaps.insert(Int64(end))
                if end < stream.count, stream[end - 1] == 0x0D, stream[end] == 0x0A { self.gaps.insert(Int64(end + 1)) }
            } else {
                block.append(line)
            }
        }
        if !block.isEmpty { self.events.append(Self.event(block, end: stream.count, false, dataLimit)) }
        // Line ends at the very beginning are empty lines.
    }

    /// Cuts the stream into lines; `end` is behind the first byte of the line's end.
    private mutating func split(_ stream: [UInt8], from begin: Int) {
        var start = begin
        var index = begin
        while index < stream.count {
            let byte = stream[index]
            if byte == 0x0A || byte == 0x0D {
                self.lines.append((start, stream[start..<index], index + 1))
                if byte == 0x0D, index + 1 < stream.count, stream[index + 1] == 0x0A { index += 1 }
                start = index + 1
            }
            index += 1
        }
        if start < stream.count { self.lines.append((start, stream[start...], nil)) }
    }

    private static func event(
        _ lines: [(start: Int, bytes: ArraySlice<UInt8>, end: Int?)], end: Int, _ isComplete: Bool, _ limit: Int
    ) -> EventStreamReader.Event {
        var name: [UInt8] = []
        var values: [[UInt8]] = []
        var fields = EventStreamReader.Fields()
        for line in lines {
            let field = line.bytes.prefix { $0 != 0x3A }
            var value = line.bytes[field.endIndex...].dropFirst()
            if value.first == 0x20 { value = value.dropFirst() }
            switch String(decoding: field, as: UTF8.self) {
            case "" where !line.bytes.isEmpty: fields.insert(.comment)
            case "data":
                fields.insert(.data)
                values.append(Array(value))
            case "event":
                fields.insert(.event)
                name = Array(value)
            case "id": fields.insert(.id)
            case "retry": fields.insert(.retry)
            default: fields.insert(.unknown)
            }
        }
        let data = Array(values.joined(separator: [0x0A]))
        return EventStreamReader.Event(
            start: Int64(lines[0].start),
            fieldsStart: Int64(lines.first { $0.bytes.first != 0x3A }?.start ?? end), end: Int64(end),
            name: String(decoding: name.prefix(EventStreamReader.nameLimit), as: UTF8.self),
            data: Array(data.prefix(limit)), dataLength: Int64(data.count), fields: fields, isComplete: isComplete)
    }
}
