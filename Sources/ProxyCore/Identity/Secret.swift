import Glibc

/// Key material: bytes in an allocation of their own that are zeroed when the last owner lets go.
///
/// Nothing prints it: every description is `<redacted>`, and it cannot be encoded.
public final class Secret: Sendable {
    // Unsafe only by its type: it is written in `init`, before anybody else can see the object, and in `deinit`, when
    // nobody can any more.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// Copies the bytes of a secret.
    ///
    /// Whoever made them still has to clear its own copy.
    public init(bytes: some Collection<UInt8>) {
        self.storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        self.storage.copyBytes(from: bytes)
    }

    deinit {
        if let base = self.storage.baseAddress {
            explicit_bzero(base, self.storage.count)
        }
        self.storage.deallocate()
    }

    /// The number of bytes.
    public var count: Int { self.storage.count }

    /// Lends the bytes; they are not to be kept beyond the call.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(self.storage))
    }

    /// Lends the secret as text, for interfaces that take nothing else.
    ///
    /// The text is a copy that is not zeroed, so it is to be used at once and dropped.
    public func withText<Result, Failure: Error>(
        _ body: (String) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(String(decoding: self.storage, as: UTF8.self))
    }

    /// What people may see: the first and last four characters around `***`, or `***` alone if the secret has fewer
    /// than sixteen bytes.
    public var masked: String {
        guard self.count >= 16 else { return "***" }
        let head = String(decoding: self.storage.prefix(4), as: UTF8.self)
        let tail = String(decoding: self.storage.suffix(4), as: UTF8.self)
        return "\(head)***\(tail)"
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<left.count {
            difference |= left.storage[index] ^ right.storage[index]
        }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
