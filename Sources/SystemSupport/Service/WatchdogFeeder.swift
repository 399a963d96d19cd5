import CSystemd
import Glibc
import Synchronization
import Threads

/// Feeds the watchdog of the service manager from a thread of its own, which hangs with none of the parts that it asks.
public final class WatchdogFeeder: Sendable {
    /// A part of the daemon, and how it is asked for a sign.
    public struct Part: Sendable {
        /// Its name, for the log.
        public var name: String
        /// How long it may owe a sign; `nil` takes half of the interval.
        public var limit: Duration?
        /// Asks for a sign, without waiting for it: the closure that it gets is called from the part when its turn comes.
        public var ask: @Sendable (@escaping @Sendable () -> Void) -> Void

        /// Describes a part.
        public init(
            name: String, limit: Duration? = nil, ask: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
        ) {
            self.name = name
            self.limit = limit
            self.ask = ask
        }
    }

    private let watchdog: Mutex<Watchdog>
    private let parts: [Part]
    private let period: Int64
    private let stopEvent: CInt
    private let report: @Sendable (String) -> Void
    private let feed: @Sendable () -> Void

    /// The interval that the service manager has set for this process, as `WATCHDOG_USEC` and `WATCHDOG_PID` tell; `nil` for none.
    ///
    /// Takes both variables out of the environment, so it is to be called before there are other threads that read it.
    public static func interval() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(1, &microseconds) > 0, microseconds > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Makes a feeder that does nothing before ``start()``; `nil` if the system refuses a descriptor.
    ///
    /// `feed` tells the service manager, `report` is given the name of a part that hangs, once each time that it does; both
    /// are called on the feeder's thread.
    public init?(
        interval: Duration, parts: [Part], feed: @escaping @Sendable () -> Void,
        report: @escaping @Sendable (String) -> Void
    ) {
        let whole = max(Int64(4), interval.wholeNanoseconds)
        let watchdog = Watchdog(
            interval: whole,
            parts: parts.map { Watchdog.Part(name: $0.name, limit: $0.limit?.wholeNanoseconds ?? whole / 2) })
        self.period = watchdog.period
        self.watchdog = Mutex(watchdog)
        self.parts = parts
        self.feed = feed
        self.report = report
        self.stopEvent = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard self.stopEvent >= 0 else { return nil }
    }

    deinit {
        if self.stopEvent >= 0 { close(self.stopEvent) }
    }

    /// Starts the thread; `false` if the system refuses one.
    public func start() -> Bool {
        DetachedThread.start(named: "kmi-watchdog") { self.run() } == 0
    }

    /// Ends the thread; never waits.
    public func stop() {
        var one: UInt64 = 1
        // Cannot fail: the counter of an eventfd that is written once never overflows.
        _ = write(self.stopEvent, &one, MemoryLayout<UInt64>.size)
    }

    private func run() {
        var next = SystemClock.nanosecondsMonotonic()
        while true {
            let now = SystemClock.nanosecondsMonotonic()
            if now >= next {
                self.tick(at: now)
                next = max(next + self.period, now)
            }
            var entry = pollfd(fd: self.stopEvent, events: Int16(POLLIN), revents: 0)
            let milliseconds = max(0, (next - now + 999_999) / 1_000_000)
            if poll(&entry, 1, CInt(clamping: milliseconds)) > 0 { return }
        }
    }

    private func tick(at now: Int64) {
        let step = self.watchdog.withLock { $0.tick(at: now) }
        for index in step.asked {
            self.parts[index].ask { [weak self] in self?.watchdog.withLock { $0.progressed(index) } }
        }
        for index in step.hanging { self.report(self.parts[index].name) }
        if step.feeds { self.feed() }
    }
}

extension Duration {
    /// The whole nanoseconds, bounded by what 64 bits hold.
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isOver ? .max : product.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue
    }
}
