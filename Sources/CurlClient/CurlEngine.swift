import CCurl
import CEpoll
import Logging
import NIOCore
import ProxyCore

/// libcurl on one event loop: one multi handle, the sockets that it waits for, its timer, and the transfers.
///
/// Everything happens on the loop, so that nothing needs a lock. libcurl's callbacks only note what has happened on the
/// transfer; observers hear of it when the call into libcurl has returned (``deliver()``), never from within one of
/// their own calls. So they may call anything, and libcurl is never entered twice.
final class CurlEngine {
    let sockets: CurlSockets
    private let counters: CurlCounters
    private let eventLoop: any EventLoop
    private let configuration: CurlClientConfiguration
    private let logger: Logger
    private let readiness: Readiness
    private let idleConnections: Int

    /// `nil` after ``close()``.
    private var multi: CurlMulti?
    private var connectionCacheSize = 0
    /// The transfers in the multi handle, by the address of their easy handle.
    private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var idleHandles: [CurlEasy] = []
    private var countedIdleHandles = 0
    /// The transfers whose observers have something to hear.
    private var pending = CircularBuffer<CurlTransfer>()
    private var isDelivering = false
    private var isTickScheduled = false
    private var isTimerDue = false
    /// Whether readiness could not be asked for the last time.
    private var isDeaf = false
    private var timerDeadline: NIODeadline?
    private var scheduledTimer: (deadline: NIODeadline, task: Scheduled<Void>)?

    /// Handles kept for later requests: each holds some 10 KiB.
    private static let maximumIdleHandles = 64
    /// Rounds over ready sockets, timers and observers before other work of the loop gets its turn.
    private static let maximumRounds = 4
    private static let maximumDeliveries = 64
    /// Where sockets cannot be waited for, they are looked at after so long.
    private static let pause = TimeAmount.milliseconds(10)

    /// Makes an engine for an event loop, whose sockets are waited for with `set`, as `readiness` tells.
    ///
    /// It must be closed on that loop.
    init(
        eventLoop: any EventLoop,
        set: EpollSet,
        readiness: Readiness,
        idleConnections: Int,
        configuration: CurlClientConfiguration,
        counters: CurlCounters,
        logger: Logger
    ) throws(CurlClientError) {
        self.eventLoop = eventLoop
        self.readiness = readiness
        self.idleConnections = idleConnections
        self.configuration = configuration
        self.counters = counters
        self.logger = logger
        self.sockets = CurlSockets(set, counters: counters, logger: logger)
        let multi = try CurlMulti(maximumConnections: configuration.maximumConnections)
        self.multi = multi
        try multi.connect(to: self)
        self.sockets.use = { [unowned self] in self.use(of: $0) }
    }

    // MARK: Transfers

    /// Begins a transfer.
    ///
    /// Its observer hears nothing before this has returned.
    func begin(_ request: UpstreamRequest, observer: any TransferObserver) -> CurlTransfer {
        self.sockets.shutSpoiled()
        let transfer = CurlTransfer(request, engine: self, observer: observer, configuration: self.configuration)
        self.start(transfer, request)
        self.drive()
        if !self.pending.isEmpty { self.scheduleTick() }
        return transfer
    }

    private func start(_ transfer: CurlTransfer, _ request: UpstreamRequest) {
        guard let multi = self.multi else { return transfer.fail(.internalFault, "the client is shut down") }
        guard self.counters.beginTransfer(maximum: self.configuration.maximumConnections) else {
            return transfer.fail(.internalFault, "all \(self.configuration.maximumConnections) connections are in use")
        }
        do {
            let lines = try RequestLines(request)
            if let easy = try self.idleHandles.popLast() ?? CurlEasy(configuration: self.configuration, engine: self) {
                try easy.prepare(lines, configuration: self.configuration, transfer: transfer)
                self.transfers[easy.pointer] = transfer
                transfer.attach(easy)
                self.resizeConnectionCache()
                self.countIdleHandles()
                let code = multi.add(easy)
                if code == CURLM_OK { return }
                self.transfers[easy.pointer] = nil
                transfer.detach()
                transfer.fail(.internalFault, "curl_multi_add_handle: \(CurlLibrary.text(of: code))")
            } else {
                transfer.fail(.internalFault, "curl_easy_init failed")
            }
        } catch let refusal as RequestLines.Refusal {
            transfer.fail(.internalFault, "request refused: \(refusal.reason)")
        } catch let error as CurlEasy.OptionError {
            transfer.fail(.internalFault, "libcurl option \(error.option): \(CurlLibrary.text(of: error.code))")
        } catch {
            transfer.fail(.internalFault, "\(error)")
        }
        self.countIdleHandles()
        self.counters.endTransfer()
    }

    /// Takes a transfer's handle out of libcurl.
    ///
    /// After a complete answer that libcurl itself has seen the end of (`isSound`), connection and handle may serve
    /// again; in all other cases neither does.
    ///
    /// libcurl 7.88 leaves traces of a failed transfer in its handle: one whose repetition was stopped refuses to send
    /// the next request (its `rewindbeforesend` stays set, even through a reset).
    func release(_ transfer: CurlTransfer, isSound: Bool) {
        guard let easy = transfer.detach(), let multi = self.multi else { return }
        var isReusable = isSound
        do {
            if !isSound { try easy.forbidReuse() }
        } catch {
            self.note(refused: error)
        }
        let code = multi.remove(easy)
        self.transfers[easy.pointer] = nil
        self.sockets.left(transfer.usedSockets, opened: transfer.openedSockets, by: easy.pointer)
        self.counters.endTransfer()
        do {
            try easy.clear()
        } catch {
            isReusable = false
        }
        if code != CURLM_OK {
            isReusable = false
            self.logger.info("libcurl did not let go of a handle", metadata: ["error": "\(CurlLibrary.text(of: code))"])
        }
        if isReusable, self.idleHandles.count < Self.maximumIdleHandles { self.idleHandles.append(easy) }
        self.countIdleHandles()
        self.resizeConnectionCache()
        if self.isTimerDue { self.scheduleTick() }
    }

    /// What a socket is used for that looks idle: a transfer on a kept connection whose answer begins at once can be paused
    /// before libcurl has waited for it, and so before its socket is known.
    private func use(of socket: Int32) -> CurlSockets.Use {
        let unknown = self.transfers.values.filter { $0.usedSockets.isEmpty && $0.startCount > 0 }
        if unknown.isEmpty { return .none }
        guard let ends = ConnectionEnds(of: socket) else { return .unclear }
        for transfer in unknown {
            guard let easy = transfer.easy, ConnectionEnds(of: easy) == ends else { continue }
            transfer.use(socket)
            return .transfer(easy.pointer)
        }
        return .none
    }

    /// Ends the connections that no transfer uses.
    func resetIdleConnections() {
        self.sockets.shutIdle()
    }

    private func countIdleHandles() {
        self.counters.changePooledHandles(by: self.idleHandles.count - self.countedIdleHandles)
        self.countedIdleHandles = self.idleHandles.count
    }

    /// libcurl's bound on its connection cache counts the connections in use too; so it moves with their number.
    ///
    /// It is looked at when a transfer ends, whose own connection is an idle one by then.
    private func resizeConnectionCache() {
        let size = max(1, self.transfers.count - 1 + self.idleConnections)
        guard let multi = self.multi, size != self.connectionCacheSize else { return }
        do {
            try multi.setConnectionCacheSize(size)
            self.connectionCacheSize = size
        } catch {
            self.logger.info("libcurl's connection cache was not resized", metadata: ["error": "\(error.message)"])
        }
    }

    // MARK: Driving libcurl

    /// The channel through which this engine hears of its sockets, where it does so through one.
    func isTold(through channel: any Channel) {
        // Closed before it was opened.
        guard self.multi != nil else { return channel.close(promise: nil) }
        self.readiness.isRead(by: channel)
    }

    /// Acts on the sockets that are ready: called when that was reported.
    func process() {
        guard let multi = self.multi else { return }
        for _ in 0..<Self.maximumRounds {
            let ready = self.sockets.ready()
            for (socket, events) in ready {
                self.noteFailure(multi.act(on: socket, events: events))
                self.collectFinished()
            }
            self.drive()
            self.deliver()
            // An observer may have shut everything down.
            guard self.multi != nil else { return }
            // What comes meanwhile is reported, as soon as that is asked for.
            if ready.count < CurlSockets.most { break }
        }
        let failure = self.readiness.arm(self.sockets.set)
        if failure != 0, !self.isDeaf {
            self.logger.warning(
                "sockets of providers cannot be waited for, and are looked at every 10 ms",
                metadata: ["event": "sockets_unwatched", "errno": "\(failure)"])
        }
        self.isDeaf = failure != 0
        if self.isDeaf { self.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.process() } }
    }

    /// Lets libcurl act on what it has scheduled for now.
    func drive() {
        for _ in 0..<Self.maximumRounds {
            guard self.isTimerDue, let multi = self.multi else { break }
            self.isTimerDue = false
            self.noteFailure(multi.actOnTimers())
            self.collectFinished()
        }
        if self.isTimerDue { self.scheduleTick() }
    }

    private func collectFinished() {
        while let multi = self.multi, let (easy, result) = multi.nextFinished() {
            self.transfers[easy]?.finished(result)
        }
    }

    /// libcurl has refused an option that could be done without.
    func note(refused error: CurlEasy.OptionError) {
        self.logger.info("libcurl refused an option", metadata: ["option": "\(error.option)"])
    }

    private func noteFailure(_ code: CURLMcode) {
        if code == CURLM_OK { return }
        self.logger.info("libcurl reported a fault", metadata: ["error": "\(CurlLibrary.text(of: code))"])
    }

    // MARK: Observers

    /// Notes that a transfer's observer has something to hear.
    func enqueue(_ transfer: CurlTransfer) {
        self.pending.append(transfer)
    }

    /// Has observers hear what is pending, and libcurl do what is due, in a moment.
    func scheduleTick() {
        if self.isTickScheduled || self.isDelivering { return }
        self.isTickScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isTickScheduled = false
            self.drive()
            self.deliver()
        }
    }

    func deliver() {
        if self.isDelivering { return }
        self.isDelivering = true
        var remaining = Self.maximumDeliveries
        while remaining > 0, let transfer = self.pending.popFirst() {
            remaining -= 1
            transfer.deliver()
        }
        self.isDelivering = false
        if !self.pending.isEmpty || self.isTimerDue { self.scheduleTick() }
    }

    // MARK: What libcurl tells

    /// libcurl waits for something else on a socket.
    ///
    /// Within a call into libcurl.
    func socketChanged(_ socket: Int32, interest: Int32, easy: UnsafeMutableRawPointer?) {
        if let easy { self.transfers[easy]?.interestChanged(interest, on: socket) }
        self.sockets.changed(socket, interest: interest, easy: easy)
    }

    /// libcurl wants to be called after so many milliseconds, or not at all.
    ///
    /// Within a call into libcurl.
    func timerChanged(milliseconds: Int) {
        self.isTimerDue = milliseconds == 0
        guard milliseconds > 0 else {
            self.timerDeadline = nil
            return
        }
        self.timerDeadline = .now() + .milliseconds(Int64(milliseconds))
        self.armTimer()
    }

    /// An earlier task that is already scheduled stays and looks again when it runs: libcurl moves its timer far more
    /// often than it needs it.
    private func armTimer() {
        guard let deadline = self.timerDeadline else { return }
        if let scheduled = self.scheduledTimer {
            if scheduled.deadline <= deadline { return }
            scheduled.task.cancel()
        }
        let task = self.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() }
        self.scheduledTimer = (deadline, task)
    }

    private func timerFired() {
        self.scheduledTimer = nil
        guard let deadline = self.timerDeadline else { return }
        if deadline > .now() { return self.armTimer() }
        self.timerDeadline = nil
        self.isTimerDue = true
        self.drive()
        self.deliver()
    }

    // MARK: End

    /// Fails all transfers and closes all connections.
    func close() {
        for transfer in Array(self.transfers.values) {
            transfer.fail(.internalFault, "the client is shut down")
            self.release(transfer, isSound: false)
        }
        self.idleHandles = []
        self.countIdleHandles()
        self.readiness.end(self.sockets.set)
        // Closes the connections and so calls back, for the last time.
        self.multi = nil
        self.sockets.reviewAll()
        self.scheduledTimer?.task.cancel()
        self.scheduledTimer = nil
        self.isTimerDue = false
        if !self.pending.isEmpty { self.scheduleTick() }
    }
}

@available(*, unavailable)
extension CurlEngine: Sendable {}
