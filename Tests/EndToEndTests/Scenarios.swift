/// Scenario files of the simulator, where a model's name does not say enough.
enum Scenarios {
    /// One key answers its first request with 429 and `Retry-After: 2`.
    static let alphaLimitedOnce = """
        {"rules": [{
            "match": {"key": "sk-sim-alpha", "requests": 1},
            "action": {"status": 429, "retry_after": {"seconds": 2}}
        }]}
        """
}
