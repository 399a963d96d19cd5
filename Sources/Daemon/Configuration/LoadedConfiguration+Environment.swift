import ProxyCore
import SystemSupport

extension LoadedConfiguration {
    /// Overwrites the variables that secrets were read from (`env:`), where `/proc/PID/environ` would go on showing them.
    ///
    /// A reload reads what the daemon took over from them at its start: without a restart such a secret cannot change.
    func eraseEnvironment() {
        let references = self.configuration.keys.map(\.secret) + self.configuration.clients.map(\.token)
        for case .environment(let name) in references { EnvironmentBlock.erase(name) }
    }
}
