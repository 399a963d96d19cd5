public import NIOCore

/// Reads a stream of server-sent events in pieces of any size, and only looks: what passes is neither changed nor copied
/// (WHATWG HTML, "Server-sent events", 9.2.5 and 9.2.6).
///
/// Memory does not grow with the stream or with an event: of an event's data only so much is kept as was asked for. Any
/// bytes are a stream; what is no field is an unknown field.
public struct EventStreamReader: Sendable {
    /// As much of an event's data is kept unless another bound is asked for.
    public static let usualDataLimit = 65_536
    /// As much of an event's name is kept, in bytes.
    public static let nameLimit = 64

    /// What the next byte is a part of.
    private enum Place {
        /// A byte order mark, of which so many bytes have come.
        case mark(Int)
        case lineStart
        case fieldName
        /// The space that may follow the colon.
        case valueStart
        case value
        /// The rest of a line that nobody asks for.
        case ignored
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let lineFeed: [UInt8] = [0x0A]

    private let dataLimit: Int
    private var place = Place.mark(0)
    private var lastWasCR = false
    /// The beginning of the field's name, its last byte lowest.
    private var fieldName: UInt64 = 0
    private var fieldNameLength = 0
    /// The field whose value is being read.
    private var field = Fields()

    private var start: Int64 = 0
    /// Where the line begins that is being read, or was read last.
    private var lineBegin: Int64 = 0
    /// Where the first line of the event begins that is no comment; `nil` as long as there is none.
    private var fieldsBegin: Int64?
    private var name: [UInt8] = []
    private var data: [UInt8] = []

    /// The bytes that were read so far.
    public private(set) var offset: Int64 = 0
    /// The kinds of the lines of the event that has begun, empty between two events.
    ///
    /// A line is counted as soon as its kind is known.
    public private(set) var pendingFields = Fields()
    /// The length of the data of the event that has begun, in bytes.
    public private(set) var pendingDataLength: Int64 = 0

    /// Makes a reader at the beginning of a stream that keeps so many bytes of each event's data.
    public init(dataLimit: Int = Self.usualDataLimit) {
        self.dataLimit = max(0, dataLimit)
    }

    /// Where that begins what may mean something else when more has come, in bytes from the beginning of the stream: the first
    /// field of the event that is being read, or a comment that is not over; else the end of what was read.
    ///
    /// Whatever begins there may as well come after another event: comments belong to none.
    public var pendingStart: Int64 {
        switch self.place {
        case .mark(let count): self.offset - Int64(count)
        case .lineStart: self.fieldsBegin ?? self.offset
        case .fieldName, .valueStart, .value, .ignored: self.fieldsBegin ?? self.lineBegin
        }
    }

    /// Whether what was read ends between two events: the next byte begins one, unless it belongs to a line end.
    public var isBetweenEvents: Bool {
        switch self.place {
        case .lineStart: self.pendingFields.isEmpty
        case .mark(let count): count == 0
        case .fieldName, .valueStart, .value, .ignored: false
        }
    }

    /// Reads on from `index` to the end of the next event, and moves `index` behind what was read; `nil` if the bytes end
    /// before.
    ///
    /// To be called until it returns `nil`, then with the next piece.
    public mutating func next(in bytes: UnsafeRawBufferPointer, from index: inout Int) -> Event? {
        self.next(in: bytes, from: &index) { _ in }
    }

    /// As ``next(in:from:)``, for whoever has to see all of the data of long events as well.
    ///
    /// `sawLong` gets the data of each event that is longer than what is kept, from its first byte on, in pieces of any size;
    /// the event that ends then ``Event/isTruncated``.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, from index: inout Int, sawLong: (UnsafeRawBufferPointer) -> Void
    ) -> Event? {
        let base = self.offset - Int64(index)
        defer { self.offset = base + Int64(index) }
        while index < bytes.count {
            switch self.place {
            case .mark(let count): self.readMark(count, bytes[index], &index)
            case .lineStart:
                let byte = bytes[index]
                index += 1
                if self.beginLine(byte, at: base + Int64(index - 1)) { return self.take(end: base + Int64(index)) }
            case .fieldName:
                self.readFieldName(bytes[index], sawLong)
                index += 1
            case .valueStart:
                self.place = .value
                if bytes[index] == 0x20 { index += 1 }
            case .value, .ignored:
                let end = Self.lineEnd(in: bytes, from: index)
                if case .value = self.place {
                    self.keep(UnsafeRawBufferPointer(rebasing: bytes[index..<end]), sawLong)
                }
                index = end
                guard index < bytes.count else { break }
                self.endLine(bytes[index])
                index += 1
            }
        }
        return nil
    }

    /// Reads on to the end of the next event, taking the bytes that were read from the buffer; `nil` if it ends before.
    ///
    /// To be called until it returns `nil`, then with the next piece.
    public mutating func next(in buffer: inout ByteBuffer) -> Event? {
        var index = 0
        let event = buffer.withUnsafeReadableBytes { self.next(in: $0, from: &index) }
        buffer.moveReaderIndex(forwardBy: index)
        return event
    }

    /// Steps over an event that is known otherwise, line ends included, the last of which is LF; only between two events.
    mutating func skipEvent(length: Int) {
        self.offset += Int64(length)
        self.lastWasCR = false
    }

    /// Ends the stream: the event that it cut, if there is one.
    ///
    /// A browser would drop it. Nothing may be read afterwards.
    public mutating func finish() -> Event? {
        switch self.place {
        case .fieldName: self.beginValue { _ in }
        case .mark(let count) where count > 0: self.pendingFields.insert(.unknown)
        case .mark, .lineStart, .valueStart, .value, .ignored: break
        }
        self.place = .lineStart
        guard !self.pendingFields.isEmpty else { return nil }
        return self.take(end: self.offset, isComplete: false)
    }

    // MARK: Lines

    private mutating func readMark(_ count: Int, _ byte: UInt8, _ index: inout Int) {
        guard byte == Self.mark[count] else {
            // What looked like a mark is the beginning of a line that is no field.
            self.place = count == 0 ? .lineStart : .ignored
            if count > 0 {
                self.pendingFields.insert(.unknown)
                self.fieldsBegin = self.start
            }
            return
        }
        index += 1
        self.place = count + 1 == Self.mark.count ? .lineStart : .mark(count + 1)
    }

    /// Reads the first byte of a line; `true` if the line is empty and ends an event.
    private mutating func beginLine(_ byte: UInt8, at offset: Int64) -> Bool {
        let followsCR = self.lastWasCR
        self.lastWasCR = byte == 0x0D
        switch byte {
        // The second half of the line end before.
        case 0x0A where followsCR: return false
        case 0x0A, 0x0D: return !self.pendingFields.isEmpty
        default: break
        }
        if self.pendingFields.isEmpty { self.start = offset }
        self.lineBegin = offset
        if byte != 0x3A, self.fieldsBegin == nil { self.fieldsBegin = offset }
        if byte == 0x3A {
            self.pendingFields.insert(.comment)
            self.place = .ignored
        } else {
            self.fieldName = UInt64(byte)
            self.fieldNameLength = 1
            self.place = .fieldName
        }
        return false
    }

    private mutating func readFieldName(_ byte: UInt8, _ sawLong: (UnsafeRawBufferPointer) -> Void) {
        switch byte {
        case 0x3A: self.beginValue(sawLong)
        case 0x0A, 0x0D:
            self.beginValue(sawLong)
            self.endLine(byte)
        default:
            self.fieldName = self.fieldName << 8 | UInt64(byte)
            self.fieldNameLength += 1
            // No known name is longer than five bytes.
            if self.fieldNameLength > 5 { self.beginValue(sawLong) }
        }
    }

    /// The field's name is known.
    private mutating func beginValue(_ sawLong: (UnsafeRawBufferPointer) -> Void) {
        switch (self.fieldName, self.fieldNameLength) {
        case (0x6461_7461, 4): self.field = .data
        case (0x65_7665_6E74, 5): self.field = .event
        case (0x6964, 2): self.field = .id
        case (0x72_6574_7279, 5): self.field = .retry
        default: self.field = .unknown
        }
        let isRepeated = self.pendingFields.contains(self.field)
        self.pendingFields.insert(self.field)
        switch self.field {
        case .data:
            self.place = .valueStart
            if isRepeated { Self.lineFeed.withUnsafeBytes { self.keepData($0, sawLong) } }
        case .event:
            self.place = .valueStart
            self.name.removeAll(keepingCapacity: true)
        default: self.place = .ignored
        }
    }

    private mutating func endLine(_ byte: UInt8) {
        self.place = .lineStart
        self.lastWasCR = byte == 0x0D
    }

    // MARK: What is kept

    private mutating func keep(_ value: UnsafeRawBufferPointer, _ sawLong: (UnsafeRawBufferPointer) -> Void) {
        if self.field == .data {
            self.keepData(value, sawLong)
        } else {
            self.name.append(contentsOf: value.prefix(Self.nameLimit - self.name.count))
        }
    }

    private mutating func keepData(
        _ value: UnsafeRawBufferPointer, _ sawLong: (UnsafeRawBufferPointer) -> Void
    ) {
        let wasLong = self.pendingDataLength > Int64(self.dataLimit)
        self.pendingDataLength += Int64(value.count)
        if self.pendingDataLength > Int64(self.dataLimit) {
            if !wasLong { self.data.withUnsafeBytes(sawLong) }
            sawLong(value)
        }
        let room = self.dataLimit - self.data.count
        if room >= value.count {
            self.data.append(contentsOf: value)
        } else if room > 0 {
            self.data.append(contentsOf: value.prefix(room))
        }
    }

    private mutating func take(end: Int64, isComplete: Bool = true) -> Event {
        let event = Event(
            start: self.start, fieldsStart: self.fieldsBegin ?? end, end: end,
            name: String(decoding: self.name, as: UTF8.self), data: self.data,
            dataLength: self.pendingDataLength, fields: self.pendingFields, isComplete: isComplete)
        self.pendingFields = []
        self.fieldsBegin = nil
        self.pendingDataLength = 0
        self.name.removeAll(keepingCapacity: true)
        self.data = []
        return event
    }

    /// Where the first CR or LF stands from `start` on, or the end of the bytes: eight bytes at once, because this is where
    /// long events spend their time.
    private static func lineEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let feeds = word ^ (ones &* 0x0A)
            let returns = word ^ (ones &* 0x0D)
            // A byte of zero leaves its highest bit behind (Warren, "Hacker's Delight", 6-1).
            if ((feeds &- ones) & ~feeds | (returns &- ones) & ~returns) & (ones &* 0x80) != 0 { break }
            index += 8
        }
        while index < bytes.count, bytes[index] != 0x0A, bytes[index] != 0x0D { index += 1 }
        return index
    }
}
