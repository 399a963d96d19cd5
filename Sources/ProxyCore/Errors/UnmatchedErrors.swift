/// An error that no rule of the table matched, by what it calls itself.
///
/// It holds nothing of the message, which may repeat a secret.
public struct UnmatchedError: Sendable, Hashable {
    /// The longest text that is kept of a type or a code, in bytes.
    public static let maximumNameLength = 64

    /// The status; `nil` for an error inside a stream that named none.
    public let status: Int?
    /// The error's `type`, or Google's `status`: visible ASCII, everything else shown as `_`; empty if there is none.
    public let type: String
    /// The error's `code`, in the same form; empty if there is none.
    public let code: String

    /// Takes an error's names as they came.
    public init(status: Int?, type: String?, code: String?) {
        self.status = status
        self.type = Self.sanitized(type)
        self.code = Self.sanitized(code)
    }

    /// The status as a label: its digits, or `stream` where the error came inside one and named none.
    public var statusLabel: String { self.status.map { String($0) } ?? "stream" }

    private static func sanitized(_ name: String?) -> String {
        let bytes = (name ?? "").utf8.prefix(Self.maximumNameLength)
        return String(decoding: bytes.map { (0x21...0x7E).contains($0) ? $0 : 0x5F }, as: UTF8.self)
    }
}

/// Counts the errors that no rule of the table matched, so that the table can grow.
///
/// At most ``maximumKinds`` kinds are told apart; what comes after is counted together.
public struct UnmatchedErrors: Sendable, Equatable {
    /// How many kinds are told apart.
    public static let maximumKinds = 64

    /// One kind of unmatched error.
    public struct Kind: Sendable, Hashable {
        /// The provider that sent it.
        public let provider: ProviderName
        /// What it called itself.
        public let error: UnmatchedError

        /// Makes a kind.
        public init(provider: ProviderName, error: UnmatchedError) {
            self.provider = provider
            self.error = error
        }
    }

    /// How often each kind was seen.
    public private(set) var counts: [Kind: UInt64] = [:]
    /// How many errors were seen of further kinds.
    public private(set) var others: UInt64 = 0

    /// Makes an empty count.
    public init() {}

    /// Counts an error; whether it is the first of its kind, and so worth a line in the log.
    ///
    /// Of the kinds that are counted together only the first error ever is.
    @discardableResult
    public mutating func note(_ error: UnmatchedError, of provider: ProviderName) -> Bool {
        let kind = Kind(provider: provider, error: error)
        if let count = self.counts[kind] {
            self.counts[kind] = count &+ 1
            return false
        }
        guard self.counts.count < Self.maximumKinds else {
            self.others &+= 1
            return self.others == 1
        }
        self.counts[kind] = 1
        return true
    }
}
