import NIOCore

/// Whether an event stream that was passed on so far ends between two events, in constant memory.
///
/// Events end with an empty line; lines end with LF, CR or CR LF (WHATWG HTML, "Server-sent events", 9.2.5).
struct StreamTail: Sendable, Equatable {
    /// The line ends in a row at the end of what passed, a CR LF counted once; a stream begins between events.
    private var lineEnds = 2
    private var lastWasCR = false

    /// Whether the next byte begins a new event.
    var isBetweenEvents: Bool { self.lineEnds >= 2 }

    /// Notes that these bytes passed.
    mutating func passed(_ bytes: ByteBuffer) {
        // Only the end matters: what stands before the last four bytes cannot tell whether an empty line ends here,
        // unless all of those are line ends, and then it does.
        for byte in bytes.readableBytesView.suffix(4) {
            switch byte {
            case 0x0A:
                if !self.lastWasCR { self.lineEnds += 1 }
                self.lastWasCR = false
            case 0x0D:
                self.lineEnds += 1
                self.lastWasCR = true
            default:
                self.lineEnds = 0
                self.lastWasCR = false
            }
        }
    }
}
