import ProxyCore

/// Whose a secret is.
enum SecretHolder: Hashable, Sendable, CustomStringConvertible {
    /// A key's.
    case key(KeyLabel)
    /// A client's, which shows it as its token.
    case client(ClientName)

    /// For people.
    var description: String {
        switch self {
        case .key(let label): "the key \"\(label)\""
        case .client(let name): "the client \"\(name)\""
        }
    }
}

/// What the Secret Service had to say when it was asked for a secret.
struct SecretAnswer: Sendable {
    /// What it was asked.
    let query: SecretService.Query
    /// The secret, checked as every other one, or why there is none.
    let result: Result<Secret, SecretServiceFailure>
}

extension SecretService.Query {
    /// What a reference of the configuration means; `nil` if it is not one to the Secret Service.
    init?(_ reference: SecretReference, maximum: Int) {
        guard case .secretService(let attributes) = reference else { return nil }
        self.init(
            attributes: Dictionary(attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
            maximum: maximum, isOwn: false)
    }
}

extension SecretService {
    /// Asks for secrets and checks what comes, as what comes from elsewhere is checked: it goes into a header.
    func answers(
        to queries: [SecretHolder: Query], within patience: Duration
    ) async -> [SecretHolder: SecretAnswer] {
        let asked = queries.sorted { $0.key.description < $1.key.description }
        let results = await self.read(asked.map(\.value), within: patience)
        var answers: [SecretHolder: SecretAnswer] = [:]
        for ((holder, query), result) in zip(asked, results) {
            answers[holder] = SecretAnswer(query: query, result: result.flatMap { Self.checked($0, query) })
        }
        return answers
    }

    private static func checked(_ secret: Secret, _ query: Query) -> Result<Secret, SecretServiceFailure> {
        do throws(ConfigurationValueError) {
            return .success(
                try secret.withBytes { (bytes) throws(ConfigurationValueError) in
                    try SecretLoader.secret(bytes, source: "the entry of the Secret Service", maximum: query.maximum)
                })
        } catch {
            return .failure(SecretServiceFailure(.unusable, error.reason))
        }
    }
}
