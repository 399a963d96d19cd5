/// The routes of the admin listener (contract section 6).
enum AdminRoute: PolicedRoute {
    /// Whether the daemon answers at all.
    case health
    /// Whether it can serve requests.
    case readiness
    /// What it has counted.
    case metrics
    /// A path that leads nowhere.
    case nowhere

    /// The row of a path.
    init(path: String) {
        self = Self.allCases.first { $0.path == path } ?? .nowhere
    }

    /// The path; `nil` for all others.
    private var path: String? {
        switch self {
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .nowhere: nil
        }
    }

    static let listener = "admin"

    var pattern: String { self.path ?? "/{other}" }

    var policy: RoutePolicy {
        switch self {
        case .health: .open
        case .readiness, .metrics, .nowhere: .metrics
        }
    }
}
