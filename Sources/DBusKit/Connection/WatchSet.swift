import CDBus
import Glibc

/// What libdbus waits for: descriptors that become ready, and moments.
///
/// libdbus says in callbacks what comes and goes; whether it wants to hear of it at the time is asked before each wait.
final class WatchSet {
    private var watches: [OpaquePointer] = []
    private var timeouts: [OpaquePointer: ContinuousClock.Instant] = [:]
    private let wakeDescriptor: CInt

    /// Makes a set that also waits for this descriptor.
    init(wakeDescriptor: CInt) {
        self.wakeDescriptor = wakeDescriptor
    }

    /// Takes in what a connection waits for; whether there was memory for it.
    ///
    /// This object must outlive the connection.
    func attach(to connection: OpaquePointer) -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let hasWatches = dbus_connection_set_watch_functions(
            connection,
            { watch, data in
                guard let watch, let data else { return 0 }
                Unmanaged<WatchSet>.fromOpaque(data).takeUnretainedValue().watches.append(watch)
                return 1
            },
            { watch, data in
                guard let watch, let data else { return }
                Unmanaged<WatchSet>.fromOpaque(data).takeUnretainedValue().watches.removeAll { $0 == watch }
            },
            nil,
            context,
            nil
        )
        let hasTimeouts = dbus_connection_set_timeout_functions(
            connection,
            { timeout, data in
                guard let timeout, let data else { return 0 }
                Unmanaged<WatchSet>.fromOpaque(data).takeUnretainedValue().rearm(timeout)
                return 1
            },
            { timeout, data in
                guard let timeout, let data else { return }
                Unmanaged<WatchSet>.fromOpaque(data).takeUnretainedValue().timeouts[timeout] = nil
            },
            { timeout, data in
                guard let timeout, let data else { return }
                Unmanaged<WatchSet>.fromOpaque(data).takeUnretainedValue().rearm(timeout)
            },
            context,
            nil
        )
        return hasWatches != 0 && hasTimeouts != 0
    }

    /// Waits until something is ready or `deadline` comes, and has libdbus act on it.
    ///
    /// Without `isReading` nothing that has arrived is read.
    func wait(until deadline: ContinuousClock.Instant?, isReading: Bool) {
        var entries = [pollfd(fd: self.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        var watched: [OpaquePointer] = []
        for watch in self.watches where dbus_watch_get_enabled(watch) != 0 {
            let flags = dbus_watch_get_flags(watch)
            var events: CInt = 0
            if isReading, flags & DBUS_WATCH_READABLE.rawValue != 0 { events |= POLLIN }
            if flags & DBUS_WATCH_WRITABLE.rawValue != 0 { events |= POLLOUT }
            entries.append(pollfd(fd: dbus_watch_get_unix_fd(watch), events: Int16(events), revents: 0))
            watched.append(watch)
        }
        let next = (self.timeouts.values.min()).map { min($0, deadline ?? $0) } ?? deadline
        let count = poll(&entries, nfds_t(entries.count), Self.milliseconds(until: next))
        // A signal may have interrupted the wait; everything is looked at again then.
        if count > 0 {
            for (watch, entry) in zip(watched, entries.dropFirst()) where entry.revents != 0 {
                // One of the others may have taken it out.
                guard self.watches.contains(watch) else { continue }
                // Fails for lack of memory only; the descriptor stays ready then.
                _ = dbus_watch_handle(watch, Self.flags(for: CInt(entry.revents)))
            }
        }
        if !self.timeouts.isEmpty { self.fireTimeouts() }
    }

    private func rearm(_ timeout: OpaquePointer) {
        let isEnabled = dbus_timeout_get_enabled(timeout) != 0
        let interval = Duration.milliseconds(dbus_timeout_get_interval(timeout))
        self.timeouts[timeout] = isEnabled ? .now.advanced(by: interval) : nil
    }

    private func fireTimeouts() {
        let now = ContinuousClock.now
        for (timeout, due) in self.timeouts where due <= now {
            guard self.timeouts[timeout] == due else { continue }
            self.rearm(timeout)
            _ = dbus_timeout_handle(timeout)
        }
    }

    private static func flags(for events: CInt) -> UInt32 {
        var flags: UInt32 = 0
        if events & POLLIN != 0 { flags |= DBUS_WATCH_READABLE.rawValue }
        if events & POLLOUT != 0 { flags |= DBUS_WATCH_WRITABLE.rawValue }
        if events & (POLLERR | POLLNVAL) != 0 { flags |= DBUS_WATCH_ERROR.rawValue }
        if events & POLLHUP != 0 { flags |= DBUS_WATCH_HANGUP.rawValue }
        return flags
    }

    /// The time that is left as poll(2) takes it, rounded up; −1 waits without end.
    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> CInt {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: deadline).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let milliseconds = min(seconds, 86_400) * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(clamping: milliseconds)
    }
}

@available(*, unavailable)
extension WatchSet: Sendable {}
