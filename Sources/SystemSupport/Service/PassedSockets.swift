import CSystemd
import Glibc

/// The sockets that the service manager has passed to this process.
public struct PassedSockets: Sendable {
    /// Those that can be listened on, in the order in which they were passed.
    public var sockets: [PassedSocket] = []
    /// What is wrong with the others.
    public var failures: [PassedSocketFailure] = []

    /// No sockets.
    public init() {}

    /// Takes what `LISTEN_FDS`, `LISTEN_FDNAMES` and `LISTEN_PID` tell of, and takes these variables out of the environment.
    ///
    /// Every descriptor is closed on exec from then on. To be called once, before there are other threads that read the
    /// environment. A `LISTEN_PID` of another process means that nothing was passed to this one.
    public static func take() -> PassedSockets {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        defer { Self.release(names) }
        var passed = PassedSockets()
        guard count >= 0 else {
            passed.failures.append(
                PassedSocketFailure(
                    descriptor: -1, name: "",
                    reason: "LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID do not fit each other or the process: "
                        + String(cString: strerror(-count))))
            return passed
        }
        for index in 0..<Int(count) {
            let name = names?[index].map { String(cString: $0) } ?? "unknown"
            do throws(PassedSocketFailure) {
                passed.sockets.append(try PassedSocket(descriptor: SD_LISTEN_FDS_START + CInt(index), name: name))
            } catch {
                passed.failures.append(error)
            }
        }
        return passed
    }

    /// Gives back what libsystemd has allocated: an array that ends with a null pointer, and its strings.
    private static func release(_ names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        guard let names else { return }
        var index = 0
        while let name = names[index] {
            free(name)
            index += 1
        }
        free(names)
    }
}
