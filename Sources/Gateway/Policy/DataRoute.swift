import ProxyCore

/// The routes of the data plane (contract section 4).
enum DataRoute: PolicedRoute {
    /// The merged list of models, or one entry of it.
    case models
    /// OpenAI's dialect, routed by model.
    case openAI
    /// Anthropic's dialect, routed by model.
    case anthropic
    /// One provider.
    case provider
    /// The compatibility mount.
    case base
    /// A path that leads nowhere: who is not allowed in does not learn that.
    case nowhere
    /// A method that is not taken.
    case refusedMethod
    /// A target that cannot be read.
    case malformed

    /// The row of a request whose target was taken apart.
    init(_ route: Route) {
        switch route {
        case .models: self = .models
        case .openAI: self = .openAI
        case .anthropic: self = .anthropic
        case .provider: self = .provider
        case .base: self = .base
        case .notFound: self = .nowhere
        case .methodNotAllowed: self = .refusedMethod
        }
    }

    static let listener = "data"

    var pattern: String {
        switch self {
        case .models: "/v1/models[/{id}]"
        case .openAI: "/v1/{rest}"
        case .anthropic: "/v1/messages[/{rest}]"
        case .provider: "/p/{provider}/{rest}"
        case .base: "{base_path}/{rest}"
        case .nowhere: "/{other}"
        case .refusedMethod: "CONNECT, TRACE"
        case .malformed: "{malformed}"
        }
    }

    var policy: RoutePolicy {
        switch self {
        case .models, .openAI, .anthropic, .provider, .base, .nowhere, .refusedMethod, .malformed: .inference
        }
    }
}
