import Metrics
import ProxyCore
import Synchronization

/// The series of counters whose label values are known before anything has happened.
///
/// A series that appears together with its first error begins at 1, so that `rate()` and `increase()` do not see that error.
/// What is here is in the first scrape already, with a zero. Providers that come later have theirs from the next scrape
/// on; the series of those that go stay, as counters do.
final class KnownSeries: Sendable {
    /// More providers than that get theirs when something happens: zeros are not to use up the room of a family.
    static let maximumProviders = 32
    /// What goes wrong with attempts, apart from callers that leave.
    static let providerClasses = ErrorClass.allCases.filter { $0.rawValue.hasPrefix("provider_") }

    private let prepared = Mutex<Set<ProviderName>>([])

    /// Prepares what does not depend on providers.
    init(_ metrics: ProxyMetrics) {
        for code in ProxyErrorCode.allCases { metrics.rejected.with(code.rawValue).increment(by: 0) }
        for limit in LimitName.allCases { metrics.limited.with(limit.rawValue).increment(by: 0) }
        for errorClass in Self.providerClasses { metrics.retries.with(errorClass.rawValue).increment(by: 0) }
        // Errors of callers and of the daemon belong to no provider, unless one was asked before.
        for errorClass in ErrorClass.allCases where !Self.providerClasses.contains(errorClass) {
            metrics.errors.with(errorClass.rawValue, "").increment(by: 0)
        }
        for priority in RequestPriority.allCases { _ = metrics.queueWait.with(priority.rawValue) }
    }

    /// Prepares the series of those providers that have none yet.
    func prepare(_ providers: [ProviderName], in metrics: ProxyMetrics) {
        let new = self.prepared.withLock { prepared in
            providers.filter { prepared.count < Self.maximumProviders && prepared.insert($0).inserted }
        }
        for provider in new.map(\.text) {
            metrics.upstreamAttempts.with(provider, "ok").increment(by: 0)
            for errorClass in Self.providerClasses.map(\.rawValue) {
                metrics.upstreamAttempts.with(provider, errorClass).increment(by: 0)
                metrics.errors.with(errorClass, provider).increment(by: 0)
                metrics.streamsCut.with(provider, errorClass).increment(by: 0)
            }
        }
    }
}
