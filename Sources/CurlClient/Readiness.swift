import Logging
import NIOCore

/// How the event loop of an engine hears that one of the engine's sockets is ready: once for each time that it wants to.
enum Readiness {
    /// The kernel tells the loop.
    case kernel(KernelPoll)
    /// A thread waits, and tells the loop that this engine is meant.
    case thread(ReadinessPoller, index: Int)

    /// How it is to be heard that a set is ready: from the kernel, if it is to be asked and does that, else from `poller`.
    ///
    /// That is made if there is none yet, and calls the set `index`. Once there is one, the kernel has refused before and is
    /// not asked again.
    static func make(
        _ set: EpollSet, index: Int, asksKernel: Bool, poller: inout ReadinessPoller?, _ logger: Logger
    ) throws(CurlClientError) -> sending Readiness {
        if asksKernel, poller == nil {
            do {
                return .kernel(try KernelPoll(set))
            } catch {
                logger.info(
                    "a thread waits for sockets of providers, for the kernel does not tell of them",
                    metadata: ["event": "sockets_threaded", "reason": "\(error.message)"])
            }
        }
        let thread: ReadinessPoller
        if let poller { thread = poller } else { thread = try ReadinessPoller() }
        poller = thread
        try thread.add(set, index: index)
        return .thread(thread, index: index)
    }

    /// What the loop has to read to hear of it; `nil` if it need not.
    var counter: Int32? {
        switch self {
        case .kernel(let poll): poll.counter
        case .thread: nil
        }
    }

    /// Has the set reported once more, at once if it is ready now.
    ///
    /// The result is the error number, 0 for none.
    func arm(_ set: EpollSet) -> Int32 {
        switch self {
        case .kernel(let poll): poll.arm()
        case .thread(let poller, let index): poller.rearm(set, index: index)
        }
    }

    /// Notes what the kernel's reports are read with.
    func isRead(by channel: any Channel) {
        if case .kernel(let poll) = self { poll.channel = channel }
    }

    /// Ends the reports; called on the loop.
    func end(_ set: EpollSet) {
        switch self {
        case .kernel(let poll): poll.channel?.close(promise: nil)
        case .thread(let poller, _): poller.remove(set)
        }
    }
}

@available(*, unavailable)
extension Readiness: Sendable {}
