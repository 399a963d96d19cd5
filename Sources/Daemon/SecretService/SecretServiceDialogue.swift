import DBusKit
import ProxyCore

/// One encrypted session with the Secret Service, and what is said in it until a deadline.
struct SecretServiceDialogue {
    private let connection: BusConnection
    /// The service's own connection: a key is agreed upon with this one, not with whoever has the name later.
    private let service: BusName
    private let deadline: ContinuousClock.Instant
    private let session: SecretServiceSession
    private let sessionPath: ObjectPath

    /// Finds the service, which has to be of the user, and agrees upon a key with it.
    static func open(
        on connection: BusConnection, userID: UInt32, until deadline: ContinuousClock.Instant
    ) async throws(SecretServiceFailure) -> SecretServiceDialogue {
        let service: BusName
        do throws(BusError) {
            let answer = try await connection.call(
                SecretServiceNames.messageBus, path: SecretServiceNames.messageBusPath,
                interface: SecretServiceNames.messageBusInterface, member: SecretServiceNames.getNameOwner,
                [.string(SecretServiceNames.bus.text)], timeout: Self.rest(until: deadline))
            guard let name = answer.first?.asString.flatMap({ BusName($0) }) else { throw BusError(.failed, "") }
            service = name
            guard try await connection.userID(of: service, timeout: Self.rest(until: deadline)) == userID else {
                throw BusError(.accessDenied, "")
            }
        } catch {
            switch (error.kind, error.name) {
            case (.remote, .nameHasNoOwner): throw .absent
            case (.remote, .accessDenied):
                throw SecretServiceFailure(.denied, "the Secret Service on the session bus is run by another user")
            default: throw SecretServiceFailure(error, doing: "be found")
            }
        }
        let exchange = SecretServiceExchange()
        let answer: [BusValue]
        do throws(BusError) {
            answer = try await connection.call(
                service, path: SecretServiceNames.path, interface: SecretServiceNames.service,
                member: SecretServiceNames.openSession,
                [.string(SecretServiceExchange.algorithm), .variant(.bytes(exchange.publicKey))],
                timeout: Self.rest(until: deadline))
        } catch {
            if error.name == SecretServiceNames.notSupported {
                throw SecretServiceFailure(
                    .unusable, "the Secret Service offers no encrypted session (\(SecretServiceExchange.algorithm))")
            }
            throw SecretServiceFailure(error, doing: "open a session")
        }
        guard answer.count == 2, let path = answer[1].asPath,
            let session = answer[0].asVariant?.asBytes.flatMap({ exchange.session(with: $0) })
        else { throw SecretServiceFailure(.unusable, "the Secret Service has agreed upon no key") }
        return SecretServiceDialogue(
            connection: connection, service: service, deadline: deadline, session: session, sessionPath: path)
    }

    private static func rest(until deadline: ContinuousClock.Instant) -> Duration {
        max(.zero, ContinuousClock.now.duration(to: deadline))
    }

    // MARK: Collections

    /// The collection that new entries go to.
    func defaultCollection() async throws(SecretServiceFailure) -> ObjectPath {
        let answer = try await self.call(
            SecretServiceNames.path, SecretServiceNames.service, SecretServiceNames.readAlias,
            [.string(SecretServiceNames.defaultAlias)], doing: "name its default collection")
        guard let path = answer.first?.asPath else { throw Self.strangeAnswer }
        guard path != SecretServiceNames.nothing else {
            throw SecretServiceFailure(
                .absent, "the Secret Service has no default collection: make a default keyring")
        }
        return path
    }

    /// Whether a collection is locked.
    func isLocked(_ collection: ObjectPath) async throws(SecretServiceFailure) -> Bool {
        let answer = try await self.call(
            collection, SecretServiceNames.properties, SecretServiceNames.get,
            [.string(SecretServiceNames.collection.text), .string(SecretServiceNames.locked)],
            doing: "say whether it is locked")
        guard let isLocked = answer.first?.asVariant?.asBoolean else { throw Self.strangeAnswer }
        return isLocked
    }

    /// Whether there is a default collection that is locked.
    func isDefaultLocked() async throws(SecretServiceFailure) -> Bool {
        let collection: ObjectPath
        do throws(SecretServiceFailure) {
            collection = try await self.defaultCollection()
        } catch {
            if error.code == .absent { return false }
            throw error
        }
        return try await self.isLocked(collection)
    }

    // MARK: Entries

    /// Everything that has these attributes, and perhaps others.
    func search(
        _ attributes: [String: String]
    ) async throws(SecretServiceFailure) -> (unlocked: [ObjectPath], locked: [ObjectPath]) {
        let answer = try await self.call(
            SecretServiceNames.path, SecretServiceNames.service, SecretServiceNames.searchItems,
            [.texts(attributes)], doing: "look for an entry")
        guard answer.count == 2, let unlocked = answer[0].asPaths, let locked = answer[1].asPaths else {
            throw Self.strangeAnswer
        }
        return (unlocked, locked)
    }

    /// The secret of the one entry that a query means.
    func read(_ query: SecretService.Query) async throws(SecretServiceFailure) -> Secret {
        let found = try await self.search(query.attributes)
        let count = found.unlocked.count + (query.isOwn && !found.unlocked.isEmpty ? 0 : found.locked.count)
        guard count <= 1 else {
            throw SecretServiceFailure(
                .ambiguous, "\(count) entries of the Secret Service have these attributes: name more of them")
        }
        guard let item = found.unlocked.first else {
            // Some services find nothing in what is locked.
            if !found.locked.isEmpty { throw .locked }
            if try await self.isDefaultLocked() { throw .locked }
            throw SecretServiceFailure(.missing, "no entry of the Secret Service has these attributes: store it there")
        }
        let answer = try await self.call(
            item, SecretServiceNames.item, SecretServiceNames.getSecret, [.path(self.sessionPath)],
            doing: "hand out an entry")
        guard let fields = answer.first?.asStructure, fields.count == 4,
            let parameters = fields[1].asBytes, let value = fields[2].asBytes
        else { throw Self.strangeAnswer }
        // One line end more is allowed, as in a file.
        guard value.count <= BlockChaining.paddedCount(query.maximum + 2) else {
            throw SecretServiceFailure(
                .unusable, "the entry of the Secret Service is longer than \(query.maximum) bytes")
        }
        return try self.session.open(SecretServiceSession.Sealed(parameters: parameters, value: value))
    }

    /// Stores an entry, in place of one with the same attributes.
    func create(
        _ secret: Secret, label: String, attributes: [String: String], in collection: ObjectPath
    ) async throws(SecretServiceFailure) -> ObjectPath {
        let sealed = try self.session.seal(secret)
        let answer = try await self.call(
            collection, SecretServiceNames.collection, SecretServiceNames.createItem,
            [
                .variants([
                    SecretServiceNames.itemLabel: .string(label),
                    SecretServiceNames.itemAttributes: .texts(attributes),
                ]),
                .structure([
                    .path(self.sessionPath), .bytes(sealed.parameters), .bytes(sealed.value),
                    .string("text/plain; charset=utf8"),
                ]),
                .boolean(true),
            ], doing: "store an entry")
        guard answer.count == 2, let item = answer[0].asPath, let prompt = answer[1].asPath else {
            throw Self.strangeAnswer
        }
        try await self.refuse(prompt)
        guard item != SecretServiceNames.nothing else { throw Self.strangeAnswer }
        return item
    }

    /// Removes an entry.
    func delete(_ item: ObjectPath) async throws(SecretServiceFailure) {
        let answer: [BusValue]
        do throws(SecretServiceFailure) {
            answer = try await self.call(
                item, SecretServiceNames.item, SecretServiceNames.delete, [], doing: "remove an entry")
        } catch {
            // Somebody else was faster.
            if error.code == .missing { return }
            throw error
        }
        guard let prompt = answer.first?.asPath else { throw Self.strangeAnswer }
        try await self.refuse(prompt)
    }

    /// Where the service wants to ask a person, it is told not to: only a person's own action may have that done.
    private func refuse(_ prompt: ObjectPath) async throws(SecretServiceFailure) {
        guard prompt != SecretServiceNames.nothing else { return }
        _ = try await self.call(
            prompt, SecretServiceNames.prompt, SecretServiceNames.dismiss, [], doing: "take back a question")
        throw .locked
    }

    private func call(
        _ path: ObjectPath, _ interface: InterfaceName, _ member: MemberName, _ arguments: [BusValue],
        doing what: String
    ) async throws(SecretServiceFailure) -> [BusValue] {
        do throws(BusError) {
            return try await self.connection.call(
                self.service, path: path, interface: interface, member: member, arguments,
                timeout: Self.rest(until: self.deadline))
        } catch {
            throw SecretServiceFailure(error, doing: what)
        }
    }

    private static var strangeAnswer: SecretServiceFailure {
        SecretServiceFailure(.unusable, "the Secret Service answers what its specification does not know")
    }
}

extension SecretServiceFailure {
    /// What an error of the bus means; its text is left out, for the service may have put anything into it.
    fileprivate init(_ error: BusError, doing what: String) {
        switch (error.kind, error.name) {
        case (.timedOut, _), (.remote, .noReply), (.remote, .timeout): self = .timedOut
        case (.disconnected, _), (.remote, .serviceUnknown), (.remote, .nameHasNoOwner): self = .absent
        case (.remote, SecretServiceNames.isLocked): self = .locked
        case (.remote, SecretServiceNames.noSuchObject), (.remote, .unknownObject):
            self.init(.missing, "the entry of the Secret Service is gone")
        case (.remote, .accessDenied): self.init(.denied, "the Secret Service refuses to \(what)")
        default: self.init(.unusable, "the Secret Service cannot \(what) (\(error.name))")
        }
    }
}

extension BusValue {
    /// An `ay`.
    fileprivate static func bytes(_ bytes: [UInt8]) -> BusValue { .array(of: "y", bytes.map { .byte($0) }) }

    /// An `a{ss}`, sorted by key.
    fileprivate static func texts(_ texts: [String: String]) -> BusValue {
        .dictionary(
            key: "s", value: "s",
            texts.sorted { $0.key < $1.key }.map { BusEntry(key: .string($0.key), value: .string($0.value)) })
    }

    /// The bytes of an `ay`, `nil` for values of other types.
    fileprivate var asBytes: [UInt8]? {
        guard case .array("y", let elements) = self else { return nil }
        return elements.compactMap(\.asByte)
    }

    /// The paths of an `ao`, `nil` for values of other types.
    fileprivate var asPaths: [ObjectPath]? {
        guard case .array("o", let elements) = self else { return nil }
        return elements.compactMap(\.asPath)
    }
}
