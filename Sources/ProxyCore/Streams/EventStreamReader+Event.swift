extension EventStreamReader {
    /// One event: all lines up to an empty one.
    ///
    /// Unlike in a browser, lines without data, such as comments, are an event too.
    public struct Event: Sendable, Equatable {
        /// Where its first line begins, in bytes from the beginning of the stream.
        public var start: Int64
        /// Where its first line begins that is no comment; its end if there is none.
        public var fieldsStart: Int64
        /// Where the byte that ends it is over, in bytes from the beginning of the stream.
        ///
        /// Where its empty line ends with CR LF, that byte is the CR: nobody knows then whether an LF follows.
        public var end: Int64
        /// The value of the last `event` field, as much as is kept of it; empty if there is none.
        public var name: String
        /// The values of the `data` fields, joined by LF, as much as is kept of them.
        public var data: [UInt8]
        /// How long ``data`` would be had all of it been kept.
        public var dataLength: Int64
        /// The kinds of its lines.
        public var fields: Fields
        /// Whether an empty line ended it; `false` for one that the end of the stream cut.
        public var isComplete: Bool

        /// Whether ``data`` is not all of the data.
        public var isTruncated: Bool { self.dataLength > Int64(self.data.count) }
        /// Whether it consists of comments.
        public var isCommentOnly: Bool { self.fields == .comment }
    }

    /// Kinds of lines.
    public struct Fields: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt8

        /// Makes a set from its bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Lines that begin with a colon.
        public static let comment = Fields(rawValue: 1)
        /// The field `event`.
        public static let event = Fields(rawValue: 2)
        /// The field `data`.
        public static let data = Fields(rawValue: 4)
        /// The field `id`.
        public static let id = Fields(rawValue: 8)
        /// The field `retry`.
        public static let retry = Fields(rawValue: 16)
        /// Anything else, which readers have to ignore.
        public static let unknown = Fields(rawValue: 32)
    }
}
