import DBusKit

/// The object `/org/kmi/Proxy1`: decodes, asks the ``ControlPlane``, encodes.
struct ManagerObject: BusObject {
    let service: ControlService

    var interfaces: [InterfaceDescription] { [ManagerInterface.description] }

    func authorise(_ call: BusCall) async throws(BusError) {
        try await self.service.admit(call)
    }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        let properties = self.service.plane.managerStatus().busProperties
        self.service.hasTold(properties, of: .manager)
        return properties
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        guard let property = ManagerInterface.Property(rawValue: name.text) else {
            throw BusError(.unknownProperty, "\(interface) has no such property")
        }
        try await self.service.acting(for: sender) { (_) throws(ControlFault) in
            try await self.set(property, to: value)
        }
        self.service.statusChanged()
    }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        guard let method = ManagerInterface.Method(rawValue: call.member.text) else {
            throw BusError(.unknownMethod, "\(call.interface) has no such method")
        }
        return try await self.service.acting(for: call.sender) { (_) throws(ControlFault) in
            try await self.perform(method, call)
        }
    }

    private func set(_ property: ManagerInterface.Property, to value: BusValue) async throws(ControlFault) {
        switch property {
        case .rotationMode:
            guard let mode = value.asString else { throw ControlFault(.invalidArgument, "RotationMode: expected s") }
            try await self.service.plane.setRotationMode(mode)
        case .dryRun:
            guard let isOn = value.asBoolean else { throw ControlFault(.invalidArgument, "DryRun: expected b") }
            try await self.service.plane.setDryRun(isOn)
        case .version, .commit, .builtAt, .state, .degraded, .listeners, .activeKey, .startedAt, .keysTotal,
            .keysUsable, .requestsInFlight, .nextUsableAt, .warnings, .jobs:
            throw ControlFault(.notAllowed, "\(property.rawValue) cannot be set")
        }
    }

    private func perform(_ method: ManagerInterface.Method, _ call: BusCall) async throws(ControlFault) -> [BusValue] {
        let plane = self.service.plane
        var arguments = ArgumentReader(call)
        switch method {
        case .addKey: return [try await self.addKey(&arguments)]
        case .removeKey:
            try await plane.removeKey(try arguments.label("label"))
            self.service.objectsChanged()
        case .addProvider: return [try await self.addProvider(&arguments)]
        case .removeProvider:
            try await plane.removeProvider(try arguments.label("name"))
            self.service.objectsChanged()
        case .rotate:
            let options = try KeySelectionOptions(busValue: try arguments.value())
            let rotation = try await plane.rotate(to: options.key, of: options.provider)
            self.service.statusChanged()
            return [.text(rotation.key), .text(rotation.reason)]
        case .resetKeys:
            let count = try await plane.resetKeys()
            self.service.everythingChanged()
            return [.uint32(count)]
        case .createClient: return try await self.createClient(&arguments)
        case .revokeClient:
            try await plane.revokeClient(try arguments.label("name"))
            self.service.objectsChanged()
        case .reload:
            let entries = try await plane.reload()
            self.service.everythingChanged()
            return [ReloadEntry.busValue(of: entries)]
        case .checkConfig: return [ReloadEntry.busValue(of: try await plane.checkConfiguration())]
        case .getConfig:
            _ = try OptionReader<NoOption>(try arguments.value())
            return [ConfigurationRow.busValue(of: try await plane.configuration())]
        case .listAudit: return try await plane.audit(try AuditFilter(busValue: try arguments.value())).busValues
        case .backup:
            _ = try OptionReader<NoOption>(try arguments.value())
            return [.text(try await plane.backup())]
        case .drain:
            try await plane.drain()
            self.service.statusChanged()
        case .diagnose:
            let options = try DiagnosisOptions(busValue: try arguments.value())
            return [DiagnosisRow.busValue(of: try await plane.diagnose(options))]
        case .listRequests:
            return try await self.page(try RequestFilter(busValue: try arguments.value())).busValues
        case .getRequest:
            let id = try arguments.string()
            try ControlText.checkRequestID(id)
            guard let row = try await plane.request(id) else {
                throw ControlFault(.notFound, "there is no request of that id")
            }
            return [row.busValue]
        case .summarizeRequests:
            return [try await plane.summary(try RequestFilter(summaryBusValue: try arguments.value())).busValue]
        case .explainRoute:
            let model = try arguments.string()
            try ControlText.checkModel(model)
            let options = try ExplainOptions(busValue: try arguments.value())
            return [ExplainRow.busValue(of: try await plane.explain(model, options))]
        case .refreshUsage:
            let options = try KeySelectionOptions(busValue: try arguments.value())
            let count = try await plane.refreshUsage(of: options.key, provider: options.provider)
            self.service.everythingChanged()
            return [.uint32(count)]
        case .getUsage:
            return [try Self.usage(try await plane.usage(try UsageQuery(busValue: try arguments.value())))]
        case .getPrices: return [try await plane.prices(try PriceQuery(busValue: try arguments.value())).busValue]
        case .importPrices:
            let bytes = try await self.service.files.read(try arguments.descriptor()) { Array($0) }
            return [try await plane.importPrices(bytes).busValue]
        case .metrics: return [.text(await plane.metrics())]
        case .subscribe:
            _ = try OptionReader<NoOption>(try arguments.value())
            try await self.service.subscribe(call.sender)
        case .unsubscribe: self.service.unsubscribe(call.sender)
        }
        return []
    }

    /// A page that one message can carry: a shorter one than asked for where the rows are long.
    private func page(_ filter: RequestFilter) async throws(ControlFault) -> RequestPage {
        var filter = filter
        while true {
            let page = try await self.service.plane.requests(filter)
            guard page.sizeBound > Self.largestPage, filter.limit > 1 else { return page }
            filter.limit /= 2
        }
    }

    /// Rows of usage, if one message can carry them: a part of a sum would be taken for the whole.
    private static func usage(_ rows: [UsageRow]) throws(ControlFault) -> BusValue {
        guard rows.reduce(0, { $0 + $1.sizeBound }) <= Self.largestPage else {
            throw ControlFault(
                .invalidArgument,
                "\(rows.count) \(UsageQuery.tooManyRows): group by less, or ask for a shorter time")
        }
        return UsageRow.busValue(of: rows)
    }

    /// In bytes; some less than the 3 MiB that the arguments of a message may take.
    private static let largestPage = (3 << 20) - 65_536

    private func addKey(_ arguments: inout ArgumentReader) async throws(ControlFault) -> BusValue {
        let label = try arguments.label("label")
        let provider = try arguments.label("provider")
        let descriptor = try arguments.descriptor()
        let options = try KeyOptions(busValue: try arguments.value())
        let secret = try await self.service.secrets.read(descriptor)
        try await self.service.plane.addKey(label, provider: provider, secret: secret, options: options)
        // The path in the reply names an object that is there.
        self.service.objectsChanged()
        return .path(ControlPath.key(label))
    }

    private func addProvider(_ arguments: inout ArgumentReader) async throws(ControlFault) -> BusValue {
        let name = try arguments.label("name")
        let kind = try arguments.string()
        let base = try arguments.string()
        let options = try ProviderOptions(busValue: try arguments.value())
        try await self.service.plane.addProvider(name, kind: kind, base: base, options: options)
        // The path in the reply names an object that is there.
        self.service.objectsChanged()
        return .path(ControlPath.provider(name))
    }

    private func createClient(_ arguments: inout ArgumentReader) async throws(ControlFault) -> [BusValue] {
        let name = try arguments.label("name")
        let options = try ClientOptions(busValue: try arguments.value())
        let pipe = try TokenPipe()
        let token = try await self.service.plane.createClient(name, options: options)
        defer { self.service.objectsChanged() }
        do {
            return [.path(ControlPath.client(name)), .descriptor(try pipe.filled(with: token))]
        } catch {
            // Nobody will ever know this token: the client is of no use.
            try await self.service.plane.revokeClient(name)
            throw error
        }
    }
}
