/// What a route of a listener asks of its caller before anything else of the request is looked at (L-010).
enum RoutePolicy: Sendable, Hashable, CaseIterable {
    /// Nothing: the route discloses nothing but that it is there.
    case open
    /// A token with the scope `inference`, or none where the settings ask for none; signed where signatures are required.
    case inference
    /// Nothing on a listener of the machine itself; on others a token with the scope `metrics`.
    case metrics
}

/// A route of a listener, with its row in the table of policies.
protocol PolicedRoute: CaseIterable, Hashable, Sendable {
    /// The listener that has the route, as the log names it.
    static var listener: String { get }
    /// The path, with what varies in braces; for people.
    var pattern: String { get }
    /// What a caller must show.
    var policy: RoutePolicy { get }
}

/// What a caller must show, for each route of each listener.
///
/// The rows are `switch` statements without a default, so that a route without a row does not compile (L-010, T-001).
enum HTTPPolicyTable {
    /// A row.
    struct Row: Sendable, Hashable {
        /// The listener.
        let listener: String
        /// The path.
        let pattern: String
        /// What a caller must show.
        let policy: RoutePolicy
    }

    /// All rows.
    static let rows: [Row] = Self.rows(DataRoute.self) + Self.rows(AdminRoute.self)

    private static func rows<Route: PolicedRoute>(_: Route.Type) -> [Row] {
        Route.allCases.map { Row(listener: Route.listener, pattern: $0.pattern, policy: $0.policy) }
    }
}
