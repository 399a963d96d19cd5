extension UsageScanner {
    /// A part of the text that is looked at as a whole: it is copied only where pieces end inside it, up to a bound.
    struct KeptToken: Sendable {
        /// What it is looked at for.
        enum Purpose: Sendable, Equatable {
            case none
            case name
            case type
            case model
            case serviceTier
            case count(isPrompt: Bool)
            case usage

            /// A longer one is not looked at, in bytes as it is written.
            var limit: Int {
                switch self {
                case .none: 0
                case .name: UsageScanner.longestName
                case .type, .model, .serviceTier, .count: UsageScanner.longestValue
                case .usage: UsageScanner.largestUsageObject
                }
            }
        }

        /// What it is looked at for; none between two tokens.
        private(set) var purpose = Purpose.none
        /// Where it begins in the present piece.
        private var start = 0
        /// What of it stood in former pieces.
        private var kept: [UInt8] = []
        private var isOverLimit = false

        /// How many bytes there is room for.
        var capacity: Int { self.kept.capacity }

        /// Begins at an index of the present piece.
        mutating func begin(_ purpose: Purpose, at index: Int) {
            self.purpose = purpose
            self.start = index
        }

        /// Ends, and forgets what was kept.
        mutating func end() {
            self.purpose = .none
            self.isOverLimit = false
            if !self.kept.isEmpty { self.kept.removeAll(keepingCapacity: true) }
        }

        /// Keeps what stands in a piece that is over.
        mutating func endPiece(_ bytes: UnsafeRawBufferPointer) {
            guard self.purpose != .none else { return }
            self.keep(UnsafeRawBufferPointer(rebasing: bytes[self.start...]))
            self.start = 0
        }

        private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
            guard !self.isOverLimit else { return }
            if self.kept.count + bytes.count > self.purpose.limit {
                self.isOverLimit = true
                self.kept.removeAll(keepingCapacity: true)
            } else {
                self.kept.append(contentsOf: bytes)
            }
        }

        /// Gives the token that ends in front of `end` as it is written; `nil` if it is longer than its limit.
        mutating func written<Result>(
            _ bytes: UnsafeRawBufferPointer, before end: Int, _ body: (UnsafeRawBufferPointer) -> Result?
        ) -> Result? {
            let last = UnsafeRawBufferPointer(rebasing: bytes[self.start..<end])
            if self.kept.isEmpty { return self.isOverLimit || last.count > self.purpose.limit ? nil : body(last) }
            self.keep(last)
            self.start = end
            return self.isOverLimit ? nil : self.kept.withUnsafeBytes(body)
        }

        /// The token that ends in front of `end` as it is written, unless it is the one that was found before.
        mutating func written(
            unless former: [UInt8], _ bytes: UnsafeRawBufferPointer, before end: Int
        ) -> [UInt8]? {
            self.written(bytes, before: end) { $0.elementsEqual(former) ? nil : Array($0) }
        }

        /// Gives the string that ends in front of `end` without its escapes; `nil` if it is longer than its limit or has
        /// escapes that do not exist.
        mutating func decoded<Result>(
            _ bytes: UnsafeRawBufferPointer, before end: Int, hasEscapes: Bool,
            _ body: (UnsafeRawBufferPointer) -> Result?
        ) -> Result? {
            guard hasEscapes else { return self.written(bytes, before: end, body) }
            return self.written(bytes, before: end) { raw in
                var decoder = JSONTopLevelScanner.StringState()
                decoder.begin(isName: false, keeping: max(1, raw.count))
                let closed = Array(raw) + [0x22]
                var index = 0
                let isString = closed.withUnsafeBytes { closed in
                    do throws(JSONTopLevelScanner.Fault) {
                        return try decoder.read(closed, &index, 0)
                    } catch {
                        return false
                    }
                }
                return isString ? decoder.keptBytes?.withUnsafeBytes(body) : nil
            }
        }
    }
}
