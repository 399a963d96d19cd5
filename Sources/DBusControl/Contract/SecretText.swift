import Glibc

/// A secret on its way through the control surface: bytes in an allocation of their own that are zeroed when the last
/// owner lets go.
///
/// Nothing prints it, and it never stands in a message of the bus: it travels through descriptors only.
public final class SecretText: Sendable {
    // Unsafe only by its type: it is written in `init`, before anybody else can see the object, and in `deinit`, when
    // nobody can any more.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    /// Copies the bytes of a secret; whoever made them still has to clear its own copy.
    public init(bytes: some Collection<UInt8>) {
        self.storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        self.storage.copyBytes(from: bytes)
    }

    deinit {
        if let base = self.storage.baseAddress { explicit_bzero(base, self.storage.count) }
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
}

extension SecretText: CustomStringConvertible, CustomReflectable {
    /// Always `<redacted>`.
    public var description: String { "<redacted>" }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
