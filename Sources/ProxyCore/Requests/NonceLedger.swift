/// Which nonces of signed requests were used and could still come again (K-041).
///
/// Nonces are remembered until no request with their timestamp is taken any more, and never given up before: where there
/// is no room for another one, the request has to wait. So an old one never passes a second time.
///
/// Every client has room of its own, whatever others do. Beyond that all share common room, of which each may have as much
/// as it leaves free: however many try to fill it, there is something left for the next one.
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

    /// How much room there is, in nonces.
    public struct Room: Sendable, Equatable {
        /// The most of one client.
        public var client: Int
        /// What each client has for itself.
        public var own: Int
        /// What all clients share beyond that.
        public var common: Int

        /// Describes room; without arguments that of the daemon.
        ///
        /// A client may have 65,536: more than a hundred requests a second with timestamps of the present. Its own are
        /// 4,096, more than thirteen a second, for about 400 kB; what is shared are 262,144, for about 25 MB.
        public init(client: Int = 65_536, own: Int = 4_096, common: Int = 262_144) {
            (self.client, self.own, self.common) = (client, min(own, client), common)
        }
    }

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
        /// The second in which each ends.
        var marks: [Mark: Int64] = [:]
        var ends = NonceSchedule<Mark>()
    }

    private let room: Room
    private var clients: [ClientName: Client] = [:]
    /// Of whom something may end when.
    private var ends = NonceSchedule<ClientName>()
    /// Everything that ends at this second or before may have been forgotten, whatever the clock says now.
    private var forgotten = Int64.min
    /// How many of the common room are taken.
    private var taken = 0

    /// How many are remembered.
    public private(set) var count = 0
    /// How many nonces, and seconds in which some end, were gone through so far: what all of this has cost.
    private(set) var steps = 0

    /// Makes an empty ledger.
    public init(_ room: Room = Room()) {
        self.room = room
    }

    /// Takes over what an earlier process remembered, all of it but what has ended: where that is more than there is room
    /// for, its clients wait.
    public mutating func restore(_ nonces: some Sequence<UsedNonce>, at now: WallTime) {
        for nonce in nonces {
            // The clock that says so may be ahead and be set back: what ended by it passes no more then either.
            guard now < nonce.expires else {
                self.forgotten = max(self.forgotten, Self.second(of: nonce))
                continue
            }
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
        guard self.forgotten < Self.second(of: nonce), now < nonce.expires else { return .tooOld }
        self.forget(at: now)
        if let client = self.clients[nonce.client], !self.hasRoom(client.marks.count, freeing: 0) {
            return .full(retryAfter: self.wait(of: client, at: now))
        }
        self.insert(nonce)
        return .reserved
    }

    /// Gives a nonce back that was not used after all.
    public mutating func release(_ nonce: UsedNonce) {
        let mark = Mark(nonce.digest)
        guard let second = self.clients[nonce.client]?.marks[mark] else { return }
        self.clients[nonce.client]?.ends.remove(mark, endingIn: second)
        self.remove(mark, of: nonce.client)
    }

    /// The second at which a nonce ends, or the next one.
    private static func second(of nonce: UsedNonce) -> Int64 {
        let (whole, rest) = nonce.expires.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return rest > 0 ? whole + 1 : whole
    }

    /// Whether a client with so many may have another one, once so many of them have ended.
    private func hasRoom(_ count: Int, freeing ended: Int) -> Bool {
        let left = count - ended
        if left < self.room.own { return true }
        // What it has and would have of the common room; what has ended is free then.
        let (had, has) = (count - self.room.own, left - self.room.own)
        return left < self.room.client && has < self.room.common - self.taken + (had - has)
    }

    /// How long a client without room waits at most: until enough of its own have ended.
    private mutating func wait(of client: Client, at now: WallTime) -> Duration {
        let count = client.marks.count
        // Not `nil`: with all of them ended it has its own room.
        guard let end = client.ends.second(whenEnough: { self.hasRoom(count, freeing: $0) }) else { return .seconds(1) }
        self.steps += end.steps
        return WallTime(microseconds: end.second * 1_000_000) - now
    }

    private mutating func insert(_ nonce: UsedNonce) {
        let (mark, second) = (Mark(nonce.digest), Self.second(of: nonce))
        guard !self.isUsed(nonce) else { return }
        self.clients[nonce.client, default: Client()].marks[mark] = second
        self.clients[nonce.client]?.ends.insert(mark, endingIn: second)
        self.ends.insert(nonce.client, endingIn: second)
        self.count += 1
        if (self.clients[nonce.client]?.marks.count ?? 0) > self.room.own { self.taken += 1 }
    }

    /// Removes a mark from those of a client; from what ends it is gone already.
    private mutating func remove(_ mark: Mark, of client: ClientName) {
        self.steps += 1
        guard let marks = self.clients[client]?.marks.count else { return }
        self.clients[client]?.marks[mark] = nil
        self.count -= 1
        if marks > self.room.own { self.taken -= 1 }
    }

    /// Forgets what has ended.
    private mutating func forget(at now: WallTime) {
        let present = now.microseconds / 1_000_000
        while let (second, names) = self.ends.takeFirst(notAfter: present) {
            for name in names {
                self.steps += 1
                while let ended = self.clients[name]?.ends.takeFirst(notAfter: second) {
                    for mark in ended.items {
                        self.remove(mark, of: name)
                        self.forgotten = max(self.forgotten, second)
                    }
                }
                if self.clients[name]?.marks.isEmpty == true { self.clients[name] = nil }
            }
        }
    }
}
