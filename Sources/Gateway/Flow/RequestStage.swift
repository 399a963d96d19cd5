import Metrics
import ProxyCore

/// A stage in the life of a request, as far as its failures are told apart (T-005).
enum RequestStage: String, CaseIterable {
    /// Who asks, and for what.
    case identify
    /// Waiting for a place.
    case admit
    /// Its body comes.
    case receive
    /// A list of models is fetched.
    case list
    /// Attempts are made.
    case forward
    /// An answer is being sent.
    case answer

    /// Why a stage ended its request.
    enum Failure: String, CaseIterable {
        /// The stage itself failed: a fault of the daemon or of its machine.
        case fault
        /// It took longer than it may.
        case timeout

        /// What a code tells of the stage in which it came up; `nil` for refusals, which are no failures of a stage.
        init?(_ code: ProxyErrorCode) {
            switch code {
            case .internalFault: self = .fault
            case .requestTimeout, .upstreamTimeout: self = .timeout
            default: return nil
            }
        }
    }

    /// The stage that a phase belongs to.
    init(_ phase: RequestFlow.Phase) {
        self =
            switch phase {
            case .beginning: .identify
            case .queued: .admit
            case .receiving: .receive
            case .listing: .list
            case .attempting, .waiting: .forward
            case .answering, .over: .answer
            }
    }
}

extension ProxyMetrics {
    /// Counts a stage that ended its request.
    func count(_ stage: RequestStage, _ failure: RequestStage.Failure) {
        self.stageFailures.with(stage.rawValue, failure.rawValue).increment()
    }

    /// Shows every stage from the start: a series that appears only with its first failure is one that no alert can be
    /// written for.
    func showStages() {
        for stage in RequestStage.allCases {
            for failure in RequestStage.Failure.allCases {
                self.stageFailures.with(stage.rawValue, failure.rawValue).increment(by: 0)
            }
        }
    }
}
