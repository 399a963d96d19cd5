/// What came of all streams of a load.
struct StreamTally {
    /// Streams with all of their events, the end mark and the last chunk.
    var complete = 0
    /// Streams that ended otherwise after they had begun.
    var cut = 0
    /// Requests that were answered with another status than 200, by status.
    var refused: [Int: Int] = [:]
    /// Requests without an answer.
    var failed = 0
    /// Streams that the end of the time cut, or that never began.
    var unfinished = 0
    /// Events with content.
    var events = 0
    /// How long events were under way, sender to receiver.
    var delays = DelayHistogram()
    /// From the first connection to the end.
    var nanoseconds: UInt64 = 0

    /// Counts an answer that ended, or was given up.
    mutating func count(_ answer: AnswerReader.Answer, expected: Int) {
        switch answer.status {
        case 200 where answer.isOver && answer.isMarkedDone && answer.events == expected: self.complete += 1
        case 200: self.cut += 1
        case 0: self.failed += 1
        default: self.refused[answer.status, default: 0] += 1
        }
    }

    /// One line of JSON.
    var line: String {
        let refused = self.refused.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        let delays = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1)].map { name, share in
            "\"\(name)\":\(Double(self.delays.percentile(share)) / 1_000)"
        }
        return """
            {"event":"ended","complete":\(self.complete),"cut":\(self.cut),"refused":{\(refused.joined(separator: ","))},\
            "failed":\(self.failed),"unfinished":\(self.unfinished),"events":\(self.events),\
            "seconds":\(Double(self.nanoseconds) / 1e9),"delay_us":{\(delays.joined(separator: ","))}}
            """
    }
}
