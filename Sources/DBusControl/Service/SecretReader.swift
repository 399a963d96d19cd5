import DBusKit

/// Reads secrets from the descriptors that callers pass.
final class SecretReader: Sendable {
    private static let argument = "secret"

    private let reader: DescriptorReader

    init(limit: Int = 65_536, deadline: Duration = .seconds(10), slots: Int = 16) {
        self.reader = DescriptorReader(Self.argument, limit: limit, deadline: deadline, slots: slots)
    }

    /// The readings that are under way.
    var readingsUnderWay: Int { self.reader.readingsUnderWay }

    /// Reads a descriptor as ``DescriptorReader`` does: one line of visible ASCII, whose line end is dropped.
    ///
    /// Fails as it does, and with `invalidArgument` for anything but such a line.
    func read(_ descriptor: OwnedDescriptor) async throws(ControlFault) -> SecretText {
        try await self.reader.read(descriptor) { (bytes) throws(ControlFault) in
            SecretText(bytes: try Self.line(bytes))
        }
    }

    /// The bytes without their line end; what they are is never repeated.
    private static func line(_ bytes: UnsafeRawBufferPointer) throws(ControlFault) -> UnsafeRawBufferPointer {
        var line = bytes[...]
        if line.last == UInt8(ascii: "\n") {
            line = line.dropLast()
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        }
        guard !line.isEmpty else { throw DescriptorSource.refused(Self.argument, "the descriptor holds nothing") }
        // A NUL, a second line or a space would cut or change the header that the secret becomes a part of.
        guard line.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw DescriptorSource.refused(Self.argument, "expected one line of visible ASCII")
        }
        return UnsafeRawBufferPointer(rebasing: line)
    }
}
