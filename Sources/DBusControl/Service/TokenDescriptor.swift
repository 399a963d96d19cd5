import DBusKit
import Glibc

/// Anonymous memory with which a new token travels to the caller.
///
/// It is made before the token is, so that a lack of descriptors or memory is found while nothing has changed. The
/// caller reads it from its begin to its end: the token, without a line end. It is sealed: nobody can change it.
struct TokenDescriptor {
    private let descriptor: CInt

    /// Makes empty memory of mode 0600.
    init() throws(ControlFault) {
        let descriptor = memfd_create("kmi-token", CUnsignedInt(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        guard descriptor >= 0 else { throw Self.failed("memfd_create", errno) }
        guard fchmod(descriptor, 0o600) == 0 else {
            let code = errno
            close(descriptor)
            throw Self.failed("fchmod", code)
        }
        self.descriptor = descriptor
    }

    /// Gives the memory back, unused.
    func discard() {
        close(self.descriptor)
    }

    /// Writes the token, seals the memory and hands it over; gives it back if that fails.
    func sealed(_ token: SecretText) throws(ControlFault) -> OwnedDescriptor {
        // pwrite leaves the position at the begin, where the caller reads on.
        let count = token.withBytes { pwrite(self.descriptor, $0.baseAddress, $0.count, 0) }
        guard count == token.count else {
            let code = count < 0 ? errno : ENOSPC
            self.discard()
            throw Self.failed("pwrite", code)
        }
        let seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
        guard fcntl(self.descriptor, F_ADD_SEALS, seals) == 0 else {
            let code = errno
            self.discard()
            throw Self.failed("F_ADD_SEALS", code)
        }
        return OwnedDescriptor(owning: self.descriptor)
    }

    private static func failed(_ call: String, _ code: CInt) -> ControlFault {
        ControlFault(.busy, "no memory to pass the token with: \(call): \(String(cString: strerror(code)))")
    }
}
