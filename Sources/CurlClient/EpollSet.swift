import CEpoll
import Glibc

/// An epoll descriptor and its only owner.
///
/// Sendable, because the kernel itself guards an epoll set: a thread may wait on it while another changes it.
final class EpollSet: Sendable {
    /// The descriptor, which can itself be watched by another set.
    let descriptor: Int32

    /// Makes an empty set.
    init() throws(CurlClientError) {
        self.descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard self.descriptor >= 0 else {
            throw CurlClientError(code: .system, message: "epoll_create1: error \(errno)")
        }
    }

    deinit {
        close(self.descriptor)
    }

    /// Takes a descriptor in, or changes what is waited for, and gives the error number, 0 for none.
    func watch(_ target: Int32, for events: UInt32, label: UInt64, isNew: Bool) -> Int32 {
        var event = epoll_event(events: events, data: epoll_data_t(u64: label))
        if epoll_ctl(self.descriptor, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, target, &event) == 0 { return 0 }
        // The number may have been closed and given out again meanwhile.
        guard isNew ? errno == EEXIST : errno == ENOENT else { return errno }
        return epoll_ctl(self.descriptor, isNew ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, target, &event) == 0 ? 0 : errno
    }

    /// Takes a descriptor out; one that is closed already has left by itself.
    func forget(_ target: Int32) {
        var event = epoll_event()
        _ = epoll_ctl(self.descriptor, EPOLL_CTL_DEL, target, &event)
    }

    /// Waits until something is ready and fills the first `most` of `events`; negative `milliseconds` wait without end.
    ///
    /// The result is the number of events, 0 also when a signal interrupted the wait, or negative on error.
    func wait(_ events: inout [epoll_event], upTo most: Int, milliseconds: Int32) -> Int {
        let count = epoll_wait(self.descriptor, &events, Int32(min(most, events.count)), milliseconds)
        if count < 0, errno == EINTR { return 0 }
        return Int(count)
    }
}
