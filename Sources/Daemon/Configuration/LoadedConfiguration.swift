import ProxyCore
import ProxyHTTP

/// A configuration that was read and found good, with the secrets that it refers to.
struct LoadedConfiguration: Sendable {
    /// The values.
    var configuration: Configuration
    /// The secrets of the keys of the file.
    var keySecrets: [KeyLabel: Secret] = [:]
    /// The tokens of the clients of the file.
    var clientTokens: [ClientName: Secret] = [:]
    /// The secrets that the Secret Service has; the running daemon asks for them.
    var serviceSecrets: [SecretHolder: SecretService.Query] = [:]
    /// What TLS towards callers is made of; `nil` for none.
    var tls: TLSCredentials?
    /// The files beside those of the configuration that were looked at.
    var followed: [FollowedFile] = []
    /// What is worth knowing, in the order of the files and their lines.
    var warnings: [ConfigurationProblem] = []
    /// The files that were read, in that order; empty if there is none.
    var files: [String]
    /// Where the keys of tables that are no lists were set; those that are not in it have their defaults.
    var origins: [String: ConfigurationOrigin]
    /// What was written there; those that are not in it have their defaults.
    var values: [String: ConfigurationNode]
    /// The lists of tables as they were read, for telling what changed.
    let clients: [Entry<ClientDraft>]
    let providers: [Entry<ProviderDraft>]
    let keys: [Entry<KeyDraft>]
    let models: [Entry<ModelDraft>]

    init(_ reader: ConfigurationReader, files: [String]) {
        self.configuration = reader.configuration
        self.files = files
        self.origins = reader.origins
        self.values = reader.values
        self.clients = reader.clients
        self.providers = reader.providers
        self.keys = reader.keys
        self.models = reader.models
    }
}
