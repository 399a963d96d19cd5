import Glibc

extension UnsafeMutableRawBufferPointer {
    /// Zeroes the memory, in a way that no compiler leaves out.
    func erase() {
        if let base = self.baseAddress { explicit_bzero(base, self.count) }
    }
}
