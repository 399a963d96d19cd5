/// Which nonces of signed requests were used and could still come again (K-041).
///
/// Nonces are remembered until no request with their timestamp is taken any more, and never given up before: where there
/// is no room for another one, the request has to wait. So an old one never passes a second time.
public struct NonceLedger: Sendable {
    /// What becomes of a request with a nonce.
    public enum Outcome: Sendable, Equatable {
        /// The nonce is the request's own from now on.
        case reserved
        /// It was used before, or is being used.
        case used
        /// It is so old that it may have been forgotten.
        case tooOld
        /// There is no room; after so long there is.
        case full(retryAfter: Duration)
    }

    /// At most so many are remembered of one client: more than a hundred requests a second with timestamps of the present.
    public static let clientLimit = 65_536
    /// At most so many are remembered altogether: about 16 MiB.
    public static let totalLimit = 262_144

    /// A digest as two words, which take no memory of their own.
    private struct Mark: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ digest: [UInt8]) {
            func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
            (self.high, self.low) = (word(digest.prefix(8)), word(digest.dropFirst(8).prefix(8)))
        }
    }

    private struct Client {
        var marks: [Mark: WallTime] = [:]
        /// Nothing is forgotten before this time.
        var earliest = WallTime(microseconds: .max)
        /// Whether something ends exactly then: what was given back since may have been it.
        var isExact = true
    }

    private let clientLimit: Int
    private let totalLimit: Int
    private var clients: [ClientName: Client] = [:]
    /// Everything that ends before this time may have been forgotten, whatever the clock says now.
    private var forgotten = WallTime(microseconds: .min)
    private var lastTidy = WallTime(microseconds: .min)

    /// How many are remembered.
    public private(set) var count = 0

    /// Makes an empty ledger.
    public init(clientLimit: Int = NonceLedger.clientLimit, totalLimit: Int = NonceLedger.totalLimit) {
        (self.clientLimit, self.totalLimit) = (clientLimit, totalLimit)
    }

    /// Takes over what an earlier process remembered; what has ended is left out, and what has no room as well.
    public mutating func restore(_ nonces: some Sequence<UsedNonce>, at now: WallTime) {
        for nonce in nonces where now < nonce.expires {
            guard self.count < self.totalLimit else { return }
            self.insert(nonce)
        }
    }

    /// Whether a nonce was used before, or is being used.
    public func isUsed(_ nonce: UsedNonce) -> Bool {
        self.clients[nonce.client]?.marks[Mark(nonce.digest)] != nil
    }

    /// Keeps a nonce for a request, unless it was used before.
    public mutating func reserve(_ nonce: UsedNonce, at now: WallTime) -> Outcome {
        guard !self.isUsed(nonce) else { return .used }
        // Where the clock was ahead for a while, what was forgotten then could be taken again now.
        guard self.forgotten < nonce.expires, now < nonce.expires else { return .tooOld }
        let isFull =
            self.count >= self.totalLimit || (self.clients[nonce.client]?.marks.count ?? 0) >= self.clientLimit
        if isFull || self.lastTidy + .seconds(30) < now || now < self.lastTidy {
            self.tidy(at: now, isFull: isFull)
        }
        if let own = self.clients[nonce.client], own.marks.count >= self.clientLimit {
            return .full(retryAfter: own.earliest - now)
        }
        if self.count >= self.totalLimit {
            let earliest = self.clients.values.map(\.earliest).min() ?? now
            return .full(retryAfter: earliest - now)
        }
        self.insert(nonce)
        return .reserved
    }

    /// Gives a nonce back that was not used after all.
    public mutating func release(_ nonce: UsedNonce) {
        guard let expires = self.clients[nonce.client]?.marks.removeValue(forKey: Mark(nonce.digest)) else { return }
        self.count -= 1
        if expires == self.clients[nonce.client]?.earliest { self.clients[nonce.client]?.isExact = false }
    }

    private mutating func insert(_ nonce: UsedNonce) {
        let mark = Mark(nonce.digest)
        guard self.clients[nonce.client, default: Client()].marks.updateValue(nonce.expires, forKey: mark) == nil else {
            return
        }
        self.count += 1
        guard let earliest = self.clients[nonce.client]?.earliest, nonce.expires < earliest else { return }
        self.clients[nonce.client]?.earliest = nonce.expires
    }

    /// Forgets what has ended; looks only at clients of whom something has, and at those of whom a wait has to be told right.
    private mutating func tidy(at now: WallTime, isFull: Bool) {
        self.lastTidy = now
        for (name, client) in self.clients where client.earliest <= now || (isFull && !client.isExact) {
            var latest = self.forgotten
            var earliest = WallTime(microseconds: .max)
            let marks = client.marks.filter { _, expires in
                if expires <= now {
                    latest = max(latest, expires)
                    return false
                }
                earliest = min(earliest, expires)
                return true
            }
            self.forgotten = latest
            self.count -= client.marks.count - marks.count
            self.clients[name] = marks.isEmpty ? nil : Client(marks: marks, earliest: earliest)
        }
    }
}
