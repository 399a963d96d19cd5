extension TokenCounts {
    /// All tokens, those of the prompt from a cache and those of reasoning among them: what limits on tokens count.
    public var total: Int64 {
        [self.prompt, self.output, self.reasoning, self.outputAudio].reduce(0) { sum, part in
            let (next, overflow) = sum.addingReportingOverflow(part)
            return overflow ? .max : next
        }
    }
}
