// Without concurrency checks of its own: `environ` is a variable of C, which this program never writes.
@preconcurrency import Glibc

/// The environment of a process, `NAME=value` byte for byte.
enum EnvironmentBlock {
    /// That of this process.
    static func ofThisProcess() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let entry = next.pointee {
            entries.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
            next += 1
        }
        return entries
    }

    /// An environment with what points programs at the daemon; everything else stays as it is.
    static func pointing(_ inherited: [[UInt8]], to environment: ProxyEnvironment) -> [[UInt8]] {
        let names = Set((environment.unset + environment.variables.map(\.name)).map { Array($0.utf8) })
        return inherited.filter { !names.contains(Array($0.prefix { $0 != UInt8(ascii: "=") })) }
            + environment.variables.map { Array("\($0.name)=\($0.value)".utf8) }
    }
}
