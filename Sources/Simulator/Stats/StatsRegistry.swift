import Synchronization

/// Counts what arrived and what was answered, in all, per credential and per model.
final class StatsRegistry: Sendable {
    /// How a request ended.
    enum Outcome: Sendable, Equatable {
        /// The whole answer was handed to the peer.
        case completed
        /// The peer left before that.
        case aborted
        /// The answer was broken off on purpose.
        case cut
    }

    /// The counts of one credential, of one model, or of all.
    struct Counters: Sendable, Equatable {
        var requests = 0
        var completed = 0
        var aborted = 0
        var cut = 0
        var inFlight = 0
        /// Requests that are no reading of lists and accounts, and run now.
        var running = 0
        /// The most of them that ran at once.
        var maxInFlight = 0
        var statuses: [Int: Int] = [:]
        var bytesReceived = 0
        var bytesSent = 0
        var eventsSent = 0
        /// Requests that asked for the usage of a stream by `stream_options`.
        var usageAsked = 0
        /// What answers that were handed over whole said of their usage.
        var tokens = ReportedTokens()
        /// What answers that broke off had said of it until then.
        var partialTokens = ReportedTokens()

        fileprivate mutating func began(isRunning: Bool) {
            self.requests += 1
            self.inFlight += 1
            guard isRunning else { return }
            self.running += 1
            self.maxInFlight = max(self.maxInFlight, self.running)
        }
    }

    /// How many requests run with a credential, questions about accounts aside.
    func running(with key: String) -> Int {
        self.state.withLock { $0.counts.keys[key]?.running ?? 0 }
    }

    /// The counts of one TLS listener.
    struct TLSCounters: Sendable, Equatable {
        var requests = 0
        var requestBytes = 0
        var handshakesCompleted = 0
        var handshakesFailed = 0
    }

    /// The counts of connections.
    struct ConnectionCounters: Sendable, Equatable {
        var opened = 0
        var open = 0
        var handshakesFailed = 0
        var requestsOnReused = 0
        var malformed = 0
    }

    /// Everything, at one moment.
    struct Snapshot: Sendable, Equatable {
        var totals = Counters()
        var keys: [String: Counters] = [:]
        var models: [String: Counters] = [:]
        var connections = ConnectionCounters()
        var tls: [String: TLSCounters] = [:]
    }

    /// Stands for one request, so that its counts find their places, and are dropped after a reset.
    struct Ticket: Sendable {
        let key: String
        var model: String?
        let tls: String?
        /// Whether it counts as running: everything but GET and HEAD, so that questions about an account do not.
        let isRunning: Bool
        fileprivate let generation: Int
    }

    private struct State {
        var generation = 0
        var counts = Snapshot()
    }

    private static let nameLimit = 10000
    private let state = Mutex(State())

    /// The counts of now.
    var snapshot: Snapshot {
        self.state.withLock { $0.counts }
    }

    /// Sets everything to 0 but the number of open connections.
    func reset() {
        self.state.withLock { state in
            state.generation += 1
            let open = state.counts.connections.open
            let listeners = state.counts.tls.keys
            state.counts = Snapshot()
            state.counts.connections.open = open
            for name in listeners { state.counts.tls[name] = TLSCounters() }
        }
    }

    // MARK: Requests

    /// A request began.
    func begin(key: String?, tls: String?, isReused: Bool, method: String) -> Ticket {
        let key = key ?? ""
        return self.state.withLock { state in
            let ticket = Ticket(
                key: key, model: nil, tls: tls, isRunning: method != "GET" && method != "HEAD",
                generation: state.generation)
            Self.change(&state, ticket) { $0.began(isRunning: ticket.isRunning) }
            if isReused { state.counts.connections.requestsOnReused += 1 }
            if let tls { state.counts.tls[tls, default: TLSCounters()].requests += 1 }
            return ticket
        }
    }

    /// The model of a request is known, after so many bytes of its body; its counts begin here.
    func identify(_ ticket: inout Ticket, model: String, received: Int) {
        ticket.model = model
        let ticket = ticket
        self.state.withLock { state in
            guard ticket.generation == state.generation else { return }
            Self.changeModel(&state, ticket) {
                $0.began(isRunning: ticket.isRunning)
                $0.bytesReceived += received
            }
        }
    }

    /// Bytes of a request's body arrived.
    func received(_ ticket: Ticket, bytes: Int) {
        self.state.withLock { state in
            Self.change(&state, ticket) { $0.bytesReceived += bytes }
            if let tls = ticket.tls { state.counts.tls[tls, default: TLSCounters()].requestBytes += bytes }
        }
    }

    /// An answer began with this status.
    func answered(_ ticket: Ticket, status: Int) {
        self.state.withLock { state in
            Self.change(&state, ticket) { $0.statuses[status, default: 0] += 1 }
        }
    }

    /// Bytes of an answer, and events within them, were handed to the connection.
    func sent(_ ticket: Ticket, bytes: Int, events: Int) {
        self.state.withLock { state in
            Self.change(&state, ticket) {
                $0.bytesSent += bytes
                $0.eventsSent += events
            }
        }
    }

    /// A request asks for the usage of its stream.
    func askedForUsage(_ ticket: Ticket) {
        self.state.withLock { state in Self.change(&state, ticket) { $0.usageAsked += 1 } }
    }

    /// A request ended, whose answer had said something of its usage, or all of it.
    func end(_ ticket: Ticket, _ outcome: Outcome, reported: ReportedTokens? = nil, isWhole: Bool = true) {
        self.state.withLock { state in
            Self.change(&state, ticket) {
                $0.inFlight -= 1
                if ticket.isRunning { $0.running -= 1 }
                switch outcome {
                case .completed: $0.completed += 1
                case .aborted: $0.aborted += 1
                case .cut: $0.cut += 1
                }
                guard let reported else { return }
                if outcome == .completed, isWhole {
                    $0.tokens += reported
                } else {
                    $0.partialTokens += reported
                }
            }
        }
    }

    private static func change(_ state: inout State, _ ticket: Ticket, _ body: (inout Counters) -> Void) {
        guard ticket.generation == state.generation else { return }
        body(&state.counts.totals)
        let isKnown = state.counts.keys[ticket.key] != nil || state.counts.keys.count < Self.nameLimit
        body(&state.counts.keys[isKnown ? ticket.key : "other", default: Counters()])
        Self.changeModel(&state, ticket, body)
    }

    private static func changeModel(_ state: inout State, _ ticket: Ticket, _ body: (inout Counters) -> Void) {
        guard let model = ticket.model else { return }
        let isKnown = state.counts.models[model] != nil || state.counts.models.count < Self.nameLimit
        body(&state.counts.models[isKnown ? model : "other", default: Counters()])
    }

    // MARK: Connections

    /// A connection was opened.
    func connectionOpened() {
        self.state.withLock {
            $0.counts.connections.opened += 1
            $0.counts.connections.open += 1
        }
    }

    /// A connection was closed.
    func connectionClosed() {
        self.state.withLock { $0.counts.connections.open -= 1 }
    }

    /// A connection turned out to be one that only asks the simulator about itself: it was never counted.
    func connectionIsControl() {
        self.state.withLock {
            $0.counts.connections.opened = max(0, $0.counts.connections.opened - 1)
            $0.counts.connections.open -= 1
        }
    }

    /// What arrived was no HTTP request.
    func malformed() {
        self.state.withLock { $0.counts.connections.malformed += 1 }
    }

    /// A TLS listener exists.
    func addListener(_ tls: String) {
        self.state.withLock { $0.counts.tls[tls] = TLSCounters() }
    }

    /// A TLS handshake ended.
    func handshake(_ tls: String, succeeded: Bool) {
        self.state.withLock {
            if succeeded {
                $0.counts.tls[tls, default: TLSCounters()].handshakesCompleted += 1
            } else {
                $0.counts.tls[tls, default: TLSCounters()].handshakesFailed += 1
                $0.counts.connections.handshakesFailed += 1
            }
        }
    }
}
