import CEpoll
import Glibc
import NIOCore
import NIOPosix

/// Has an event loop hear that an epoll set is ready, without a thread that waits for it.
///
/// NIO waits for descriptors of its own channels only. So the kernel is asked to add to a counter, an eventfd, once the set
/// is ready, and the counter is what the loop reads, as it reads a pipe: `IOCB_CMD_POLL` of the kernel's asynchronous I/O
/// (`io_submit(2)`, Linux 4.18). Where that is not to be had, in some containers for instance, ``ReadinessPoller`` serves.
///
/// Used by one thread at a time.
final class KernelPoll {
    /// What the loop is to read.
    let counter: Int32
    /// What reads the counter on the loop, and closes it.
    var channel: (any Channel)?

    private let context: aio_context_t
    private let set: EpollSet
    /// Requests that have ended, or will have when the next one is made, and are still on the kernel's list.
    private var listed = 0

    /// The kernel's list has room for so many; it is emptied long before.
    private static let room: UInt32 = 64
    private static let emptiedAt = 16

    /// Begins to wait for a set that is not ready yet.
    ///
    /// Throws if the kernel does not do this, or not now.
    init(_ set: EpollSet) throws(CurlClientError) {
        var context = aio_context_t()
        guard aio_setup(Self.room, &context) == 0 else {
            throw CurlClientError(code: .system, message: "io_setup: error \(errno)")
        }
        self.context = context
        self.set = set
        self.counter = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard self.counter >= 0 else { throw CurlClientError(code: .system, message: "eventfd: error \(errno)") }
        let failure = self.arm()
        guard failure == 0 else { throw CurlClientError(code: .system, message: "io_submit: error \(failure)") }
    }

    deinit {
        // Ends what is still waited for, which takes the kernel some milliseconds.
        _ = aio_destroy(self.context)
        if self.channel == nil, self.counter >= 0 { close(self.counter) }
    }

    /// Has the set reported once more, at once if it is ready now.
    ///
    /// The result is the error number, 0 for none.
    func arm() -> Int32 {
        if self.listed >= Self.emptiedAt, aio_forget_ended(self.context, Int(Self.room)) >= 0 { self.listed = 0 }
        guard aio_poll_once(self.context, self.set.descriptor, Int16(POLLIN), self.counter) == 1 else { return errno }
        self.listed += 1
        return 0
    }

    /// Has a loop read a counter, and call `report` each time that there was something to read.
    ///
    /// `taken` is called on the loop with the channel that owns the counter from then on, before anything is read.
    static func read(
        _ counter: Int32,
        on eventLoop: any EventLoop,
        taken: @escaping @Sendable (any Channel) -> Void,
        report: @escaping @Sendable () -> Void
    ) async throws(CurlClientError) {
        let size = 2 * MemoryLayout<UInt64>.size
        do {
            _ = try await NIOPipeBootstrap(group: eventLoop)
                // With room to spare, so that NIO does not look for more.
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: size))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        taken(channel)
                        try channel.pipeline.syncOperations.addHandler(CounterReader(report))
                    }
                }
                .takingOwnershipOfDescriptor(input: counter).get()
        } catch {
            throw CurlClientError(code: .system, message: "an event loop did not take an eventfd: \(error)")
        }
    }
}

/// Tells that the counter was read; what it has come to does not matter.
private final class CounterReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let report: @Sendable () -> Void

    init(_ report: @escaping @Sendable () -> Void) {
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.report()
    }
}

@available(*, unavailable)
extension KernelPoll: Sendable {}

@available(*, unavailable)
extension CounterReader: Sendable {}
