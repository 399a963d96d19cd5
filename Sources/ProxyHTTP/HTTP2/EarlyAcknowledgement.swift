import NIOCore

/// Lets what our SETTINGS allow hold from the beginning, not only once the caller has acknowledged them.
///
/// Before that the decoder takes header blocks of 16 KiB and ends the connection for a larger one, which callers may well
/// send before they have heard of any limit (RFC 9113 §6.5.3). So it is shown an acknowledgement right behind the caller's
/// own SETTINGS, and that of the caller, when it comes, is taken out. Nothing else is different for it: what else we
/// announce is what the decoder begins with.
struct EarlyAcknowledgement {
    private enum Progress {
        case beforeSettings
        case inSettings
        case shown
        case done
    }

    private static let headerBytes = 9
    private static let settings: UInt8 = 4
    private static let acknowledged: UInt8 = 0x1
    private static let frame: [UInt8] = [0, 0, 0, Self.settings, Self.acknowledged, 0, 0, 0, 0]

    private var progress = Progress.beforeSettings
    private var prefaceLeft = 24
    private var payloadLeft = 0
    /// The header of a frame as far as it has come: it is passed on when it is complete.
    private var header: [UInt8] = []

    /// What the decoder is to see of bytes that have come.
    mutating func pass(_ bytes: ByteBuffer) -> ByteBuffer {
        guard self.progress != .done else { return bytes }
        var bytes = bytes
        var passed = ByteBufferAllocator().buffer(capacity: bytes.readableBytes + 2 * Self.headerBytes)
        while bytes.readableBytes > 0, self.progress != .done {
            if self.prefaceLeft > 0 {
                self.prefaceLeft -= Self.move(self.prefaceLeft, of: &bytes, to: &passed)
            } else if self.payloadLeft > 0 {
                self.payloadLeft -= Self.move(self.payloadLeft, of: &bytes, to: &passed)
                self.showAtEnd(in: &passed)
            } else {
                let missing = min(Self.headerBytes - self.header.count, bytes.readableBytes)
                self.header += bytes.readBytes(length: missing) ?? []
                guard self.header.count == Self.headerBytes else { break }
                self.frameBegan(in: &passed)
                self.header.removeAll(keepingCapacity: true)
            }
        }
        passed.writeBuffer(&bytes)
        return passed
    }

    private mutating func frameBegan(in passed: inout ByteBuffer) {
        if case .shown = self.progress, self.header == Self.frame {
            self.progress = .done
            return
        }
        passed.writeBytes(self.header)
        self.payloadLeft = Int(self.header[0]) << 16 | Int(self.header[1]) << 8 | Int(self.header[2])
        guard case .beforeSettings = self.progress else { return }
        // Whatever else a connection begins with is a fault, which the decoder finds.
        guard self.header[3] == Self.settings else {
            self.progress = .done
            return
        }
        self.progress = .inSettings
        self.showAtEnd(in: &passed)
    }

    private mutating func showAtEnd(in passed: inout ByteBuffer) {
        guard case .inSettings = self.progress, self.payloadLeft == 0 else { return }
        passed.writeBytes(Self.frame)
        self.progress = .shown
    }

    private static func move(_ count: Int, of bytes: inout ByteBuffer, to passed: inout ByteBuffer) -> Int {
        guard var piece = bytes.readSlice(length: min(count, bytes.readableBytes)) else { return 0 }
        return passed.writeBuffer(&piece)
    }
}
