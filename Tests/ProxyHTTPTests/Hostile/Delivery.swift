/// The ways in which the bytes of an input are handed to the socket.
enum Delivery: String, Sendable, CaseIterable {
    /// In one write.
    case whole
    /// A write for each line.
    case lines
    /// In up to 64 writes of the same length, of one byte each where that is enough.
    case pieces

    /// The writes for these bytes.
    func writes(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        switch self {
        case .whole:
            return [bytes[...]]
        case .lines:
            var writes: [ArraySlice<UInt8>] = []
            var start = 0
            // What has thousands of lines is about their number, not about where they are cut.
            while start < bytes.count, writes.count < 64 {
                let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
                writes.append(bytes[start..<end])
                start = end
            }
            if start < bytes.count { writes.append(bytes[start...]) }
            return writes
        case .pieces:
            let length = max(1, (bytes.count + 63) / 64)
            return stride(from: 0, to: bytes.count, by: length).map { bytes[$0..<min($0 + length, bytes.count)] }
        }
    }
}
