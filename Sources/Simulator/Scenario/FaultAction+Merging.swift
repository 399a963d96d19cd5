extension FaultAction {
    /// This action, completed by what `other` asks for where this one asks for nothing.
    func completed(by other: FaultAction) -> FaultAction {
        var result = self
        if !self.replacesAnswer {
            result.status = other.status
            result.body = other.body
            result.bodyBytes = other.bodyBytes
        }
        result.error = self.error ?? other.error
        result.headers += other.headers
        result.retryAfter = self.retryAfter ?? other.retryAfter
        if self.delayBeforeHead == 0 { result.delayBeforeHead = other.delayBeforeHead }
        if self.delayBeforeFirstByte == 0 { result.delayBeforeFirstByte = other.delayBeforeFirstByte }
        if self.delayBetweenEvents == 0 { result.delayBetweenEvents = other.delayBetweenEvents }
        result.cut = self.cut ?? other.cut
        result.errorEventAfter = self.errorEventAfter ?? other.errorEventAfter
        result.stallAfter = self.stallAfter ?? other.stallAfter
        result.events = self.events ?? other.events
        result.eventBytes = self.eventBytes ?? other.eventBytes
        result.lineEnding = self.lineEnding ?? other.lineEnding
        return result
    }
}
