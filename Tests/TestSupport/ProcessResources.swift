import Foundation

/// What the kernel says about a running process.
public enum ProcessResources {
    /// Resident memory in bytes (`/proc/PID/statm`, second field).
    public static func residentBytes(of pid: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else {
            throw TestFailure("/proc/\(pid)/statm reads \(text)")
        }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The number of open descriptors.
    public static func openDescriptors(of pid: Int32) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
    }

    /// The number of threads.
    public static func threads(of pid: Int32) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count
    }
}

/// The largest resident memory of a process while something happens, sampled every few milliseconds.
///
/// The kernel's own high-water mark cannot be used: it does not forget what was before.
public func peakResidentBytes<Value>(
    of pid: Int32,
    during body: () async throws -> Value
) async throws -> (peak: Int, value: Value) {
    let sampler = Task.detached {
        var peak = 0
        while !Task.isCancelled {
            peak = max(peak, (try? ProcessResources.residentBytes(of: pid)) ?? 0)
            try? await Task.sleep(for: .milliseconds(5))
        }
        return peak
    }
    do {
        let value = try await body()
        sampler.cancel()
        return (await sampler.value, value)
    } catch {
        sampler.cancel()
        throw error
    }
}
