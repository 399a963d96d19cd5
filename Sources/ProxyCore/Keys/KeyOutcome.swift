/// How an attempt with a key ended, as far as the key is concerned.
public enum KeyOutcome: Sendable, Equatable {
    /// The provider accepted the key and answered.
    case succeeded
    /// The provider blames the key, in this class, and perhaps said when to try again.
    case failed(KeyFailure)
    /// The attempt says nothing about the key: the request, the provider, the network or the caller is to blame.
    case neutral
}

/// What of a key a failure concerns.
public enum KeyFailureScope: Sendable, Equatable {
    /// All of it.
    case wholeKey
    /// Its use for the model of the attempt; the whole key where the attempt has none.
    case model
}

/// How a background check of a key ended.
public enum KeyCheckResult: Sendable, Equatable {
    /// The provider took the key and told of these windows, possibly none.
    case accepted(windows: [UsageWindow])
    /// The provider took the key and told nothing of its account.
    case passed
    /// The provider refused the key, in this class.
    case refused(KeyFailure)
    /// The check says nothing about the key: a network failure, an unknown answer, a failure of the provider.
    case inconclusive
    /// The check was given up before anything came of it: the key stays what it is.
    case abandoned
}
