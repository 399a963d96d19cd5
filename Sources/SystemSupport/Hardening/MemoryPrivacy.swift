import CSystemd
import Glibc

/// Keeps what the process has in its memory from the disk and from other processes.
///
/// Two measures, because each covers what the other one leaves: without the "dumpable" attribute (prctl(2),
/// `PR_SET_DUMPABLE`) the kernel writes no core dump, not even into a pipe, and lets no process of the same user attach a
/// debugger or read `/proc/PID/mem`, `environ` and `fd`, unless it has `CAP_SYS_PTRACE`; with a limit of zero for core dumps
/// (setrlimit(2), `RLIMIT_CORE`) there is none of a program either that this one executes.
public enum MemoryPrivacy {
    /// A measure that the system refused.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The call that failed.
        public let call: String
        /// The system's error number.
        public let errorNumber: Int32

        /// The call and why it failed.
        public var description: String { "\(self.call): error \(self.errorNumber)" }
    }

    /// Takes both measures, each whether or not the other one succeeds; there is no way back.
    ///
    /// Returns those that the system refused.
    public static func enforce() -> [Failure] {
        var failures: [Failure] = []
        if csystemd_set_dumpable(0) != 0 { failures.append(Failure(call: "PR_SET_DUMPABLE", errorNumber: errno)) }
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        if setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 {
            failures.append(Failure(call: "RLIMIT_CORE", errorNumber: errno))
        }
        return failures
    }
}
