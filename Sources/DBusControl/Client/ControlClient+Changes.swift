import DBusKit
import Glibc

extension ControlClient {
    /// Chooses how keys take turns.
    public func setRotationMode(_ mode: String) async throws(ControlClientError) {
        try await self.set(
            ManagerInterface.Property.rotationMode, .text(mode), ManagerInterface.name, ControlPath.manager)
    }

    /// Turns dry-run on or off.
    public func setDryRun(_ isOn: Bool) async throws(ControlClientError) {
        try await self.set(ManagerInterface.Property.dryRun, .boolean(isOn), ManagerInterface.name, ControlPath.manager)
    }

    /// Changes what a person may change of a key; `nil` leaves it as it is.
    ///
    /// Each value is a change of its own: where the second one is refused, the first one has happened.
    public func changeKey(
        _ label: String, enabled: Bool? = nil, priority: Int32? = nil, weight: UInt32? = nil
    ) async throws(ControlClientError) {
        let changes: [(KeyInterface.Property, BusValue?)] = [
            (.enabled, enabled.map { .boolean($0) }), (.priority, priority.map { .int32($0) }),
            (.weight, weight.map { .uint32($0) }),
        ]
        for case (let property, let value?) in changes {
            try await self.set(property, value, KeyInterface.name, ControlPath.key(label))
        }
    }

    /// Adds a key; its secret travels in a pipe and never in a message (contract section 9).
    ///
    /// Returns the path of its object.
    @discardableResult
    public func addKey(
        _ label: String, provider: String, secret: SecretText, options: KeyOptions = KeyOptions()
    ) async throws(ControlClientError) -> String {
        let descriptor = try SecretPipe.holding(secret)
        let arguments: [BusValue] = [.text(label), .text(provider), .descriptor(descriptor), options.busValue]
        return try Self.one(try await self.call(.addKey, arguments), \.asPath).text
    }

    /// Replaces the secret of a key that was added at run time; it travels in a pipe and never in a message.
    public func replaceSecret(of label: String, by secret: SecretText) async throws(ControlClientError) {
        let descriptor = try SecretPipe.holding(secret)
        let method = KeyInterface.Method.replaceSecret.member
        _ = try await self.send(ControlPath.key(label), KeyInterface.name, method, [.descriptor(descriptor)])
    }

    /// Changes what the daemon keeps a key to.
    public func setLimits(of label: String, to limits: KeyLimits) async throws(ControlClientError) {
        try await self.set(KeyInterface.Property.limits, limits.busValue, KeyInterface.name, ControlPath.key(label))
    }

    /// Adds a provider that the configuration does not name.
    ///
    /// Returns the path of its object.
    @discardableResult
    public func addProvider(
        _ name: String, kind: String, base: String, options: ProviderOptions = ProviderOptions()
    ) async throws(ControlClientError) -> String {
        let arguments: [BusValue] = [.text(name), .text(kind), .text(base), options.busValue]
        return try Self.one(try await self.call(.addProvider, arguments), \.asPath).text
    }

    /// Removes a provider that was added at run time and has no keys.
    public func removeProvider(_ name: String) async throws(ControlClientError) {
        _ = try await self.call(.removeProvider, [.text(name)])
    }

    /// Removes a key that was added at run time, its secret included.
    public func removeKey(_ label: String) async throws(ControlClientError) {
        _ = try await self.call(.removeKey, [.text(label)])
    }

    /// Makes the next request use another key: `key`, or the next one in turn of `provider` (`nil`: the default one).
    public func rotate(
        to key: String? = nil, of provider: String? = nil
    ) async throws(ControlClientError) -> Rotation {
        var options = KeySelectionOptions()
        options.key = key
        options.provider = provider
        let reply = try await self.call(.rotate, [options.busValue])
        guard reply.count == 2, let key = reply[0].asString, let reason = reply[1].asString else {
            throw Self.unreadable(.rotate)
        }
        return Rotation(key: key, reason: reason)
    }

    /// Ends every rest of every key, and forgets their errors.
    ///
    /// Returns how many keys were not usable before and are now.
    public func resetKeys() async throws(ControlClientError) -> UInt32 {
        try Self.one(try await self.call(.resetKeys), \.asUInt32)
    }

    /// Ends every rest of one key, and forgets its errors.
    public func resetKey(_ label: String) async throws(ControlClientError) {
        _ = try await self.send(ControlPath.key(label), KeyInterface.name, KeyInterface.Method.reset.member, [])
    }

    /// Asks the provider now whether it takes the key; returns its state then, and behind a blank the class of the error.
    public func probeKey(_ label: String) async throws(ControlClientError) -> String {
        let reply = try await self.send(
            ControlPath.key(label), KeyInterface.name, KeyInterface.Method.probe.member, [])
        return try Self.one(reply, \.asString)
    }

    /// Asks providers how much is left, for one key, those of one provider, or all.
    ///
    /// Returns how many keys something was learned of.
    public func refreshUsage(of key: String?, provider: String?) async throws(ControlClientError) -> UInt32 {
        var options = KeySelectionOptions()
        options.key = key
        options.provider = provider
        return try Self.one(try await self.call(.refreshUsage, [options.busValue]), \.asUInt32)
    }

    /// Chooses the least severe messages that the daemon logs, one of ``LogControlInterface/levels``.
    public func setLogLevel(_ level: String) async throws(ControlClientError) {
        try await self.set(
            LogControlInterface.Property.logLevel, .text(level), LogControlInterface.name, LogControlInterface.path)
    }

    /// Makes a client, and its token, which nobody can ask for again and which never stands in a message.
    public func createClient(
        _ name: String, options: ClientOptions = ClientOptions()
    ) async throws(ControlClientError) -> SecretText {
        let reply = try await self.call(.createClient, [.text(name), options.busValue])
        guard reply.count == 2, reply[0].asPath != nil, let token = reply[1].asDescriptor else {
            throw Self.unreadable(.createClient)
        }
        return try await Self.token(from: token)
    }

    /// Ends a client that was made at run time.
    public func revokeClient(_ name: String) async throws(ControlClientError) {
        _ = try await self.call(.revokeClient, [.text(name)])
    }

    /// Replaces the price table by the one that the daemon reads from a descriptor of this process, which stays open here.
    ///
    /// Fails with `invalidArgument` if it holds no price table or cannot be read, and with `busy` without descriptors.
    public func importPrices(from descriptor: CInt) async throws(ControlClientError) -> PriceStatus {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else {
            let reason = String(cString: strerror(errno))
            throw ControlClientError(.busy, "no descriptor to pass the file with: \(reason)")
        }
        let reply = try await self.call(.importPrices, [.descriptor(OwnedDescriptor(owning: copy))])
        let status = try Self.one(reply, \.self)
        return try Self.reading { () throws(ControlFault) in try PriceStatus(busValue: status) }
    }

    /// What reading the configuration again would do; fails with `invalidConfig` and every problem.
    public func checkConfiguration() async throws(ControlClientError) -> [ReloadEntry] {
        let entries = try Self.one(try await self.call(.checkConfig), \.self)
        return try Self.reading { () throws(ControlFault) in try ReloadEntry.entries(busValue: entries) }
    }

    /// Makes a copy of the daemon's state that was verified; returns its path.
    public func backup() async throws(ControlClientError) -> String {
        try Self.one(try await self.call(.backup, [.variants([:])]), \.asString)
    }

    /// Lets the daemon take no new requests, and end when those under way have ended.
    public func drain() async throws(ControlClientError) {
        _ = try await self.call(.drain)
    }

    /// Lets the daemon read its configuration again; fails with `invalidConfig` and every problem.
    public func reload() async throws(ControlClientError) -> [ReloadEntry] {
        let entries = try Self.one(try await self.call(.reload), \.self)
        return try Self.reading { () throws(ControlFault) in try ReloadEntry.entries(busValue: entries) }
    }
}
