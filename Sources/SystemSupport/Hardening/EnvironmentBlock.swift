import Glibc

/// The environment as the process was given it, which `/proc/PID/environ` shows for as long as it lives, and which programs
/// that it executes inherit.
public enum EnvironmentBlock {
    /// Overwrites the value of a variable in place with zeros; that it is not set is no failure.
    ///
    /// What was read of it before stays. Not for variables that another thread may be reading.
    public static func erase(_ name: String) {
        guard let value = getenv(name) else { return }
        explicit_bzero(value, strlen(value))
    }
}
