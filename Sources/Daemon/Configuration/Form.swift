import ProxyCore

/// The forms of values by name, for the tables of the schema.
enum Form {
    static let boolean = ValueForm<Bool>.boolean
    static let limit = ValueForm<Int?>.limit
    static let sizeLimit = ValueForm<Int?>.sizeLimit
    static let listen = ValueForm<ListenSpecification>.listen
    static let listenOrOff = ValueForm<ListenSpecification?>.listenOrOff
    static let socket = ValueForm<Configuration.Server.Socket>.socket
    static let addressBlock = ValueForm<AddressBlock>.addressBlock
    static let hostPattern = ValueForm<HostPattern>.hostPattern
    static let base = ValueForm<UpstreamBase>.base
    static let bus = ValueForm<Configuration.Control.Bus>.bus
    static let headers = ValueForm<[HeaderFields.Field]>.headers
    static let forwardedField = ValueForm<String>.forwardedField
    static let allowedHost = ValueForm<String>.allowedHost
    static let allowedOrigin = ValueForm<String>.allowedOrigin
    static let basePath = ValueForm<String>.basePath
    static let proxy = ValueForm<String>.proxy
    static let pin = ValueForm<String>.pin
    static let route = ValueForm<String>.route
    static let project = ValueForm<String>.project
    static let label = ValueForm<KeyLabel>.label
    static let client = ValueForm<ClientName>.client
    static let provider = ValueForm<ProviderName>.provider
    static let model = ValueForm<ModelName>.model
    static let secret = ValueForm<SecretReference>.secret
    static let time = ValueForm<WallTime>.time

    static func text(_ expected: String = "a text") -> ValueForm<String> { .text(expected) }

    static func integer(_ range: ClosedRange<Int>) -> ValueForm<Int> { .integer(range) }

    static func number(_ range: ClosedRange<Double>) -> ValueForm<Double> { .number(range) }

    static func size(atLeast minimum: Int) -> ValueForm<Int> { .size(atLeast: minimum) }

    static func duration(
        _ minimum: Duration = .milliseconds(1),
        atMost maximum: Duration = .seconds(36_500 * 86_400)
    ) -> ValueForm<Duration> {
        .duration(minimum, atMost: maximum)
    }

    static func durationOrZero(
        _ meaning: String = "no limit", from minimum: Duration = .zero
    ) -> ValueForm<Duration?> { .durationOrZero(meaning, from: minimum) }

    static func choice<Value>(
        _ type: Value.Type
    ) -> ValueForm<Value> where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
        .choice
    }
}
