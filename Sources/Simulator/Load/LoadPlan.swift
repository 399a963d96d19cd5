/// Which requests a load consists of: every one follows from the seed and its number alone.
struct LoadPlan: Sendable, Equatable {
    /// How many requests there are.
    var requests = 100
    /// Makes the numbers.
    var seed: UInt64 = 1
    /// Of 100 requests so many are streamed.
    var streamed = 50
    /// Of 100 requests so many are in the dialect of Messages.
    var messages = 0
    /// Of 100 streams in the dialect of chat completions so many ask for their usage.
    var asking = 40
    /// Of 100 streams so many are left by the caller.
    var leaving = 0
    /// The events after which it leaves.
    var leaveAfter = 4
    /// Of 100 streams so many are asked to be cut.
    var cutting = 0
    /// Models of chat completions.
    var models = ["gpt-sim"]
    /// Models of Messages.
    var messagesModels = ["claude-sim"]

    /// The numbers of events and the pause in milliseconds of a stream that is left: it lasts longer than anyone waits.
    static let leavingControls = "+sim-events-2000-delay-20"
    /// Breaks a stream off behind its first content.
    static let cuttingControls = "+sim-cut-6"

    /// One request.
    struct Request: Sendable, Equatable {
        /// The path.
        var target: String
        /// The body.
        var body: JSONValue
        /// Whether a stream is asked for.
        var isStream = false
        /// Whether the usage of it is asked for.
        var asks = false
        /// The events after which the caller leaves; `nil` if it stays.
        var leaveAfter: Int?
    }

    /// Request number `index`, from 0.
    func request(_ index: Int) -> Request {
        var numbers = SplitMix64(state: self.seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        let isMessages = numbers.percent(self.messages)
        let isStream = numbers.percent(self.streamed)
        let asks = numbers.percent(self.asking) && isStream && !isMessages
        let leaves = numbers.percent(self.leaving) && isStream
        let isCut = numbers.percent(self.cutting) && isStream && !leaves
        let names = isMessages ? self.messagesModels : self.models
        var model = names[Int(numbers.next() % UInt64(max(1, names.count)))]
        if leaves { model += Self.leavingControls }
        if isCut { model += Self.cuttingControls }
        let text = String(repeating: "word ", count: 1 + Int(numbers.next() % 200)) + "\(index)"
        let content: JSONValue =
            isMessages && numbers.percent(50)
            ? [["type": "text", "text": .string(text), "cache_control": ["type": "ephemeral"]]] : .string(text)
        var body: JSONValue = ["model": .string(model), "messages": [["role": "user", "content": content]]]
        if isMessages { body = body.adding("max_tokens", 1_000) }
        if isStream { body = body.adding("stream", true) }
        if asks { body = body.adding("stream_options", ["include_usage": true]) }
        return Request(
            target: isMessages ? "/v1/messages" : "/v1/chat/completions", body: body, isStream: isStream, asks: asks,
            leaveAfter: leaves ? self.leaveAfter : nil)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func percent(_ share: Int) -> Bool { self.next() % 100 < UInt64(max(0, share)) }
}
