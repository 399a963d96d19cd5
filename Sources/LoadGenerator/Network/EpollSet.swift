import CEpoll
import Glibc

/// An epoll descriptor, its only owner, and what it last reported.
final class EpollSet {
    private let descriptor: Int32
    private var reported = [epoll_event](repeating: epoll_event(), count: 256)

    /// Makes an empty set.
    init() throws(SocketError) {
        self.descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard self.descriptor >= 0 else { throw SocketError("epoll_create1") }
    }

    deinit {
        close(self.descriptor)
    }

    /// Takes a descriptor in, which leaves by itself when it is closed.
    func add(_ target: Int32, writable: Bool = false) throws(SocketError) {
        try self.control(EPOLL_CTL_ADD, target, writable)
    }

    /// Changes whether room for writing is reported as well.
    func change(_ target: Int32, writable: Bool) throws(SocketError) {
        try self.control(EPOLL_CTL_MOD, target, writable)
    }

    private func control(_ operation: Int32, _ target: Int32, _ writable: Bool) throws(SocketError) {
        let events = EPOLLIN.rawValue | (writable ? EPOLLOUT.rawValue : 0)
        var event = epoll_event(events: events, data: epoll_data_t(fd: target))
        guard epoll_ctl(self.descriptor, operation, target, &event) == 0 else { throw SocketError("epoll_ctl") }
    }

    /// Waits until something is ready, `nanoseconds` at most, and hands each descriptor on, with whether it can be written.
    ///
    /// A descriptor that was closed meanwhile and opened again may be handed on without being ready.
    func wait(nanoseconds: UInt64, _ handle: (Int32, _ isWritable: Bool) throws -> Void) throws {
        var limit = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        let count = epoll_pwait2(self.descriptor, &self.reported, Int32(self.reported.count), &limit, nil)
        guard count >= 0 else {
            if errno == EINTR { return }
            throw SocketError("epoll_pwait2")
        }
        for index in 0..<Int(count) {
            let event = self.reported[index]
            try handle(event.data.fd, event.events & EPOLLOUT.rawValue != 0)
        }
    }
}
