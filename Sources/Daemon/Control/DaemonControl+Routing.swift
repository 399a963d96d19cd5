import DBusControl

extension DaemonControl {
    // MARK: Providers, and the way that requests take

    func providers() -> [ProviderStatus] { [] }

    func provider(_ name: String) -> ProviderStatus? { nil }

    func summary(_ filter: RequestFilter) async throws(ControlFault) -> RequestSummary {
        throw ControlFault(.busy, "The daemon cannot tell yet.")
    }

    func explain(_ model: String, _ options: ExplainOptions) async throws(ControlFault) -> [ExplainRow] {
        throw ControlFault(.busy, "The daemon cannot tell yet.")
    }

    func refreshUsage(of key: String?, provider: String?) async throws(ControlFault) -> UInt32 {
        throw ControlFault(.busy, "The daemon cannot ask yet.")
    }

    func probeKey(_ label: String) async throws(ControlFault) -> String {
        throw ControlFault(.busy, "The daemon cannot ask yet.")
    }
}
