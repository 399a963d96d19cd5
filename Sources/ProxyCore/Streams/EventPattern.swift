// The C library compares many bytes at once.
import Glibc

/// The form of an event that has passed, by which the next one is known at a glance: the events of a stream repeat one
/// another but for some words of text and some numbers.
///
/// An event of this form would have shown and told the same as the one it was made of, but for the length of its text. Nothing
/// else depends on what stands in the gaps; what something does depend on is no gap.
struct EventPattern: Sendable, Equatable {
    /// A value that may be another one.
    struct Gap: Sendable, Equatable {
        /// What the value is.
        enum Kind: UInt8, Sendable {
            /// Text of the answer, without its quotes.
            case text
            /// Another string, without its quotes.
            case string
            /// Digits.
            case number
        }

        var start: UInt32
        var end: UInt32
        var kind: Kind
    }

    /// An event that has the form.
    struct Match: Equatable {
        /// Where it is over.
        var end: Int
        /// How long its text in the gaps is, in bytes without its escapes.
        var textLength: Int64
    }

    /// A longer event is not made a pattern of, in bytes.
    static let longestEvent = 2_048
    /// An event with more values is not made a pattern of.
    static let mostGaps = 24
    /// A longer event does not have the form, in bytes.
    private static let longestMatch = 32_768

    /// The event as it came, with the empty line that ends it.
    private let event: [UInt8]
    private let gaps: [Gap]

    /// Makes the pattern of an event, given the gaps in its data; `nil` if the event is more than its name and one line of
    /// data, or too long.
    init?(event: UnsafeRawBufferPointer, data: [UInt8], gaps: [Gap]) {
        let start = event.count - data.count - 2
        guard
            event.count <= Self.longestEvent, gaps.count <= Self.mostGaps, !data.isEmpty, start >= 0,
            event[event.count - 2] == 0x0A, event[event.count - 1] == 0x0A, !data.contains(0x0A),
            UnsafeRawBufferPointer(rebasing: event[start...].dropLast(2)).elementsEqual(data),
            // A name with an escape may be another one than it looks.
            !Self.hasBackslash(data, outside: gaps)
        else { return nil }
        self.event = Array(event)
        self.gaps = gaps.map {
            Gap(start: $0.start + UInt32(start), end: $0.end + UInt32(start), kind: $0.kind)
        }
    }

    private static func hasBackslash(_ data: [UInt8], outside gaps: [Gap]) -> Bool {
        var place = 0
        for gap in gaps {
            if data[place..<Int(gap.start)].contains(0x5C) { return true }
            place = Int(gap.end)
        }
        return data[place...].contains(0x5C)
    }

    /// The event that begins at an index, if it has the form and all of it is there.
    func match(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Match? {
        guard let base = bytes.baseAddress else { return nil }
        return self.event.withUnsafeBytes { event in
            guard let own = event.baseAddress else { return nil }
            var index = start
            var place = 0
            var textLength: Int64 = 0
            for gap in self.gaps {
                let fixed = Int(gap.start) - place
                guard bytes.count - index > fixed, memcmp(base + index, own + place, fixed) == 0 else { return nil }
                index += fixed
                place = Int(gap.end)
                if gap.kind == .number {
                    guard Self.skipDigits(bytes, &index) else { return nil }
                } else {
                    guard let length = Self.skipString(bytes, &index) else { return nil }
                    if gap.kind == .text { textLength += length }
                }
            }
            let rest = event.count - place
            guard bytes.count - index >= rest, memcmp(base + index, own + place, rest) == 0 else { return nil }
            index += rest
            return index - start <= Self.longestMatch ? Match(end: index, textLength: textLength) : nil
        }
    }

    private static func skipDigits(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
        let start = index
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
        return index > start
    }

    /// Moves on to the closing quote, and gives the length of the string without its escapes; `nil` for anything out of the
    /// ordinary, which has to be looked at more closely.
    private static func skipString(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Int64? {
        let start = index
        var length: Int64 = 0
        while true {
            let run = index
            index = self.plainRun(bytes, from: index)
            length += Int64(index - run)
            guard index < bytes.count else { return nil }
            if bytes[index] == 0x22 { break }
            // A code unit may be a part of a character only, and a line end is no part of a line.
            guard bytes[index] == 0x5C, index + 1 < bytes.count, bytes[index + 1] != 0x75, bytes[index + 1] >= 0x20
            else { return nil }
            index += 2
            length += 1
        }
        return self.isTold(UnsafeRawBufferPointer(rebasing: bytes[start..<index])) ? nil : length
    }

    /// Whether a string is one of those that tell of an error or a ping where they stand as a value.
    private static func isTold(_ string: UnsafeRawBufferPointer) -> Bool {
        guard let start = string.baseAddress else { return false }
        return switch string.count {
        case 4: memcmp(start, "ping", 4) == 0
        case 5: memcmp(start, "error", 5) == 0
        case 9: memcmp(start, "keepalive", 9) == 0
        default: false
        }
    }

    /// The index of the next quote, backslash or control character.
    ///
    /// Eight bytes are looked at in one step; a borrow can only mark bytes above one that is rightly marked, so the lowest
    /// mark is right (Warren, "Hacker's Delight", 6-1).
    @inline(__always)
    private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let marks =
                (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
                    | ((word &- (ones &* 0x20)) & ~word)) & (ones &* 0x80)
            if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 { index &+= 1 }
        return index
    }
}
