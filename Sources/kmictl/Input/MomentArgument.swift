import ArgumentParser

/// A moment on the command line: RFC 3339, a date, or a length of time from now (`2h`).
struct MomentArgument: ExpressibleByArgument, Sendable, Equatable {
    private enum Kind: Equatable {
        case moment(UInt64)
        case distance(UInt64)
    }

    private let kind: Kind

    init?(argument: String) {
        if let moment = Timestamp.parse(argument) {
            self.kind = .moment(moment)
        } else if let distance = DurationText.parse(argument) {
            self.kind = .distance(distance)
        } else {
            return nil
        }
    }

    /// The moment in microseconds since the epoch, a length of time counted back from now.
    func before(_ now: UInt64) -> UInt64 {
        switch self.kind {
        case .moment(let moment): moment
        case .distance(let distance): now - min(now, distance)
        }
    }

    /// The moment in microseconds since the epoch, a length of time counted ahead from now.
    func after(_ now: UInt64) -> UInt64 {
        switch self.kind {
        case .moment(let moment): moment
        // A length of time has at most ten years.
        case .distance(let distance): now + distance
        }
    }
}
