/// How long connections without a request may still bring one when a server drains.
///
/// Such a request is answered like those that run, and its connection closed after it. A caller whose request crosses our closing on its
/// way is told nothing but that the connection has ended, and not all of them may send it again.
public struct DrainGrace: Sendable, Hashable {
    /// For a connection that has brought none yet; `nil` closes it at once.
    public var first: Duration?
    /// For one that is kept between two requests; `nil` closes it at once.
    public var next: Duration?

    /// Makes a grace.
    public init(first: Duration? = nil, next: Duration? = nil) {
        self.first = first
        self.next = next
    }

    /// What has no request is closed at once.
    public static let none = DrainGrace()
    /// For listeners that end with this process: whoever connects to them finds nobody from now on, so that a new
    /// connection without a request makes no difference.
    public static let own = DrainGrace(next: .milliseconds(100))
    /// For listeners that others hold open for the next process: no connection that was accepted may be lost.
    public static let held = DrainGrace(first: .seconds(1), next: .milliseconds(100))
    /// For a held listener whose callers are few and quick.
    public static let brief = DrainGrace(first: .milliseconds(100))
}
