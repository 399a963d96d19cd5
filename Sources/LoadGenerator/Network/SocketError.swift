import Glibc

/// A system call that failed where nothing could be measured without it.
struct SocketError: Error, CustomStringConvertible {
    /// The call and the system's text.
    let description: String

    /// Takes the error number of the call that has just failed.
    init(_ call: String) {
        self.description = "\(call): \(String(cString: strerror(errno)))"
    }
}
