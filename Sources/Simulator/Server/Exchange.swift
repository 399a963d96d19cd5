import NIOHTTP1

/// One request and its answer on a connection.
final class Exchange {
    /// The head of the request.
    let head: HTTPRequestHead
    /// Its header fields in their order.
    let headers: [AnswerScript.HeaderLine]
    /// The credential that it carries.
    let credential: String?
    /// Whether it asks the simulator about itself.
    let isControl: Bool
    /// What has arrived of the body.
    var body = BodyCollector()
    /// Where it is counted; `nil` if it is not.
    var ticket: StatsRegistry.Ticket?
    /// Where it is kept; `nil` if it is not.
    var handle: RequestRing.Handle?
    /// What a rule asks for that begins with the head.
    var headAction: FaultAction?
    /// The answer, once it began.
    var delivery: AnswerDelivery?
    /// Whether the whole request has arrived.
    var isComplete = false
    /// Whether the whole answer has been handed over.
    var isAnswered = false

    /// Begins with the head.
    init(_ head: HTTPRequestHead) {
        self.head = head
        self.headers = head.headers.map { AnswerScript.HeaderLine($0.name, $0.value) }
        self.credential = Credential.find(in: self.headers)
        self.isControl = ControlRoutes.claims(head.uri)
    }
}

/// Reading a request no faster than asked.
struct SlowReading {
    /// The speed.
    let bytesPerSecond: Int
    /// Bytes that were read since the last pause.
    var owed = 0
    /// Whether reading pauses now.
    var isPausing = false
}
