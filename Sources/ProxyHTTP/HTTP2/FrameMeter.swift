import ProxyCore

/// Follows the frames of a connection by their nine-byte headers (RFC 9113 §4.1), without looking into them.
///
/// It sees what the decoder behind it does not tell: that a header block has begun and does not end, frames that the
/// decoder ignores, and how many there are of each. A pure value that keeps some tens of bytes whatever comes.
struct FrameMeter: Sendable {
    /// Whether the preface and the first SETTINGS are complete.
    private(set) var isOpen = false
    /// Since when a header block has been under way; `nil` for none.
    private(set) var headerBlockSince: Instant?
    /// Whether more streams were reset than may be, so that no further ones are to be taken.
    var hasTooManyResets: Bool { self.resetsBeyond > 0 }

    private let maximumContinuations: Int
    private var prefaceLeft = 24
    private var header: [UInt8] = []
    private var payloadLeft = 0
    private var type: UInt8 = 0
    private var flags: UInt8 = 0
    private var continuations = 0

    private var resets: Allowance
    private var resetsBeyond = 0.0
    private var quietFrames: Allowance
    private var windowUpdates: Allowance

    private enum FrameType {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    private enum Flag {
        static let endStream: UInt8 = 0x1
        static let endHeaders: UInt8 = 0x4
    }

    private static let headerBytes = 9

    /// Makes the meter of a connection whose header blocks may have `maximumContinuations` frames after the first.
    init(maximumContinuations: Int, at now: Instant) {
        self.maximumContinuations = maximumContinuations
        self.resets = Allowance(HTTP2Limits.resets, at: now)
        self.quietFrames = Allowance(HTTP2Limits.quietFrames, at: now)
        self.windowUpdates = Allowance(HTTP2Limits.windowUpdates, at: now)
        self.header.reserveCapacity(Self.headerBytes)
    }

    /// Looks at bytes from the caller; tells of what is too much, after which it must not be asked again.
    mutating func take(_ bytes: UnsafeRawBufferPointer, at now: Instant) -> HTTP2Abuse? {
        var position = 0
        while position < bytes.count {
            let rest = bytes.count - position
            if self.prefaceLeft > 0 {
                let count = min(rest, self.prefaceLeft)
                self.prefaceLeft -= count
                position += count
            } else if self.payloadLeft > 0 {
                let count = min(rest, self.payloadLeft)
                self.payloadLeft -= count
                position += count
                if self.payloadLeft == 0 { self.frameEnded() }
            } else {
                self.header.append(bytes[position])
                position += 1
                guard self.header.count == Self.headerBytes else { continue }
                if let abuse = self.frameBegan(at: now) { return abuse }
                if self.payloadLeft == 0 { self.frameEnded() }
            }
        }
        return nil
    }

    /// A stream was reset, by the caller or by us for a fault of the caller's; tells when there were twice as many as may
    /// be.
    mutating func streamWasReset(at now: Instant) -> HTTP2Abuse? {
        guard !self.resets.take(at: now) else { return nil }
        self.resetsBeyond += 1
        return self.resetsBeyond > HTTP2Limits.resets.capacity ? .resets : nil
    }

    /// An answer has begun: resetting its stream from now on is no more than not to read on, and costs no more than a
    /// request that is answered.
    mutating func answerBegan() {
        self.resets.earn(1)
    }

    /// A DATA frame was sent, which the caller may answer with WINDOW_UPDATE.
    mutating func dataSent(bytes: Int) {
        self.windowUpdates.earn(HTTP2Limits.windowUpdates(for: bytes))
    }

    private mutating func frameBegan(at now: Instant) -> HTTP2Abuse? {
        self.payloadLeft = Int(self.header[0]) << 16 | Int(self.header[1]) << 8 | Int(self.header[2])
        self.type = self.header[3]
        self.flags = self.header[4]
        self.header.removeAll(keepingCapacity: true)
        switch self.type {
        case FrameType.data:
            let isEmpty = self.payloadLeft == 0 && self.flags & Flag.endStream == 0
            return isEmpty && !self.quietFrames.take(at: now) ? .quietFrames : nil
        case FrameType.headers:
            self.continuations = 0
            self.headerBlockSince = self.headerBlockSince ?? now
            return nil
        case FrameType.continuation:
            self.continuations += 1
            return self.continuations > self.maximumContinuations ? .continuations : nil
        case FrameType.reset:
            return self.streamWasReset(at: now)
        case FrameType.windowUpdate:
            return self.windowUpdates.take(at: now) ? nil : .windowUpdates
        default:
            return self.quietFrames.take(at: now) ? nil : .quietFrames
        }
    }

    private mutating func frameEnded() {
        switch self.type {
        case FrameType.headers, FrameType.continuation:
            if self.flags & Flag.endHeaders != 0 { self.headerBlockSince = nil }
        case FrameType.settings:
            self.isOpen = true
        default:
            break
        }
    }
}
