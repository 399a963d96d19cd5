/// A request at the door.
public struct AdmissionRequest: Sendable, Hashable {
    /// Who it comes from.
    public var caller: LimitKey
    /// Where it comes from; `nil` on a Unix socket.
    public var address: LimitKey?
    /// How urgent it is.
    public var priority: RequestPriority

    /// Describes a request.
    public init(caller: LimitKey, address: LimitKey? = nil, priority: RequestPriority = .normal) {
        self.caller = caller
        self.address = address
        self.priority = priority
    }
}

/// What a request holds as long as it is in; given back with ``Admission/leave(_:tokens:at:)``, once.
public struct AdmissionTicket: Sendable, Hashable {
    /// The request.
    let request: AdmissionRequest
    /// The entry of its caller; `nil` where nothing is counted.
    let caller: LimitPlace?
    /// The entry of its address; `nil` where nothing is counted.
    let address: LimitPlace?
    /// What it took of the rates.
    let taken: Admission.Taken

    /// How urgent the request is.
    public var priority: RequestPriority { self.request.priority }
}

/// An entry of one of the tables.
struct LimitPlace: Sendable, Hashable {
    enum Table: Sendable, Hashable {
        /// Callers that are known by a name or number of this machine.
        case callers
        /// Callers that are known by their address only.
        case strangers
        /// Addresses.
        case addresses
    }

    let table: Table
    let index: Int
}

/// What becomes of a request at the door.
public enum AdmissionEntry: Sendable, Equatable {
    /// It is in.
    case admitted(AdmissionTicket)
    /// It waits under this number until a decision about it is told.
    case waiting(UInt64)
    /// It is not let in.
    case refused(LimitRefusal)
}

/// What became of a request that waited.
public enum AdmissionDecision: Sendable, Equatable {
    /// It is in.
    case admitted(AdmissionTicket)
    /// It is not let in.
    case refused(LimitRefusal)
}

/// What is known of admission at a moment.
public struct AdmissionStatistics: Sendable, Equatable {
    /// Requests that are in.
    public var inside: Int
    /// Requests that wait.
    public var waiting: Int
    /// How many are let in at once right now; `nil` for no limit.
    public var concurrencyLimit: Int?
    /// Entries of callers and addresses.
    public var entries: Int
    /// Entries that were forgotten because they said nothing any more.
    public var evictions: UInt64
    /// Requests of callers and addresses that no entry was left for.
    public var overflows: UInt64
}
