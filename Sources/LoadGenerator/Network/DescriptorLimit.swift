import Glibc

/// The number of descriptors that this process may have open.
enum DescriptorLimit {
    /// Raises it as far as the system allows, because each stream takes one.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Without it there are fewer streams, and those that fail are counted.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
