import ProxyCore

/// What one HTTP/2 connection may cost; the limits in time are those of ``ConnectionLimits``.
///
/// Each number has the honest callers beside it that it must not hinder.
enum HTTP2Limits {
    /// Streams at a time, as most servers announce (RFC 9113 §5.1.2 recommends no fewer).
    static let concurrentStreams = 100
    /// How much of a request's body may be on its way, or held because the responder does not take it.
    ///
    /// With ``concurrentStreams`` this bounds what a connection can make us hold: 6.25 MiB.
    static let streamWindow = 65_535
    /// How much of all bodies may be on its way; what has come counts no more, whether it has been handed on or not, so
    /// that a body which is held back keeps no other one from coming.
    static let connectionWindow = 1024 * 1024
    /// With so many bytes of an answer waiting for the caller, the responder is asked to wait as well.
    static let answerHighMark = 64 * 1024
    /// With so few it is asked to go on.
    static let answerLowMark = 32 * 1024
    /// How much more than a head is allowed to have is decoded, so that a head that is a little too large is answered
    /// 431 while one that is much too large ends the connection before it costs memory.
    static let refusableHeaderBytes = 16 * 1024
    /// The largest frame that is taken: the protocol's own default.
    static let frameBytes = 16 * 1024
    /// Frames that a header block may have beside those that its size calls for.
    static let spareContinuations = 2
    /// How long a draining connection may take to say that it has heard of it.
    static let drainGrace = Duration.seconds(1)
    /// How long a connection that is one too many may take to ask for what it is refused.
    static let refusalTime = Duration.seconds(2)
    /// How many streams that we have reset are remembered, so that what was on its way to them is no error.
    static let rememberedResets = 200

    /// Streams that the caller resets, or makes us reset (CVE-2023-44487, CVE-2025-8671): an agent may give up a hundred
    /// at once.
    ///
    /// An answer that has begun earns one. Past them no stream is taken any more; after as many again that were reset, or
    /// refused, nothing runs on.
    static let resets = Allowance.Terms(capacity: 200, perSecond: 200 / 30)
    /// PING, SETTINGS, PRIORITY, frames of unknown types and empty DATA, which oblige us to work and carry nothing.
    ///
    /// Callers that measure the line send some tens at the beginning and one every few seconds.
    static let quietFrames = Allowance.Terms(capacity: 500, perSecond: 20)
    /// WINDOW_UPDATE: readers send up to two for each DATA frame that they get, and some, such as Go's, two for every
    /// 4 KiB that they read.
    static let windowUpdates = Allowance.Terms(capacity: 4_000, perSecond: 50)
    /// What a DATA frame of so many bytes that we send adds to it.
    static func windowUpdates(for bytes: Int) -> Double { 3 + Double(bytes) / 1_024 }
}

/// Why a connection is given up for what the caller does on it.
enum HTTP2Abuse: String, Sendable, CaseIterable {
    /// Too many streams were reset by the caller, or by us for a fault of the caller's.
    case resets
    /// Too many frames that carry nothing.
    case quietFrames = "quiet_frames"
    /// Too many WINDOW_UPDATE frames for what was sent.
    case windowUpdates = "window_updates"
    /// A header block in too many frames.
    case continuations
    /// The rules of RFC 9113 were broken so that the connection cannot go on.
    case protocolError = "protocol_error"
    /// The preface, or a header block, did not arrive in time.
    case slowHead = "slow_head"
}
