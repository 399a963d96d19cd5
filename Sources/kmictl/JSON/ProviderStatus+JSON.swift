import DBusControl

extension ProviderStatus {
    /// The provider as an object.
    var json: JSONValue {
        .object(ProviderInterface.Property.allCases.reduce(into: [:]) { $0[JSONName.of($1)] = self.json(of: $1) })
    }

    private func json(of property: ProviderInterface.Property) -> JSONValue {
        switch property {
        case .name: .string(self.name)
        case .kind: .string(self.kind)
        case .baseURL: .string(self.baseURL)
        case .breaker: .string(self.breaker)
        case .breakerRetryAt: .moment(self.breakerRetryAt)
        case .overloadedUntil: .moment(self.overloadedUntil)
        case .keys: .strings(self.keys)
        case .models: .strings(self.models)
        }
    }
}
