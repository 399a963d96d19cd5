import Glibc

/// How many descriptors this process may have open (`RLIMIT_NOFILE`, getrlimit(2)).
///
/// Service managers and shells keep the soft limit at 1,024 for the sake of programs that use `select(2)`; whoever does
/// not raises it as far as the hard limit allows.
public struct DescriptorLimit: Sendable, Hashable {
    /// What the process may have.
    public var soft: UInt64
    /// How far it may raise that itself; `UInt64.max` for no limit.
    public var hard: UInt64

    /// Names two limits.
    public init(soft: UInt64, hard: UInt64) {
        self.soft = soft
        self.hard = hard
    }

    /// The limits with a soft one that allows `needed` descriptors, or as many as the hard one allows; never lower than
    /// it was.
    public func raised(toAtLeast needed: UInt64) -> DescriptorLimit {
        DescriptorLimit(soft: max(self.soft, min(needed, self.hard)), hard: self.hard)
    }

    /// The limits of this process.
    public static func current() throws(DescriptorLimitFailure) -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw DescriptorLimitFailure(errorNumber: errno)
        }
        return DescriptorLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }

    /// Raises the soft limit of this process to what is needed, or to the hard limit if that is lower.
    ///
    /// Returns the limits that hold then.
    @discardableResult
    public static func raise(toAtLeast needed: UInt64) throws(DescriptorLimitFailure) -> DescriptorLimit {
        let current = try self.current()
        let raised = current.raised(toAtLeast: needed)
        if raised != current { try raised.apply() }
        return raised
    }

    /// Makes these the limits of this process.
    func apply() throws(DescriptorLimitFailure) {
        var limit = rlimit(rlim_cur: rlim_t(self.soft), rlim_max: rlim_t(self.hard))
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw DescriptorLimitFailure(errorNumber: errno)
        }
    }
}

/// The limit could not be read or changed.
public struct DescriptorLimitFailure: Error, Sendable, Equatable {
    /// The system's error number.
    public let errorNumber: Int32
}
