import DBusControl

/// One look at everything: what the client sees by itself, and what the daemon tells of itself.
struct Examination {
    /// The ports of the data plane and of the administration, unless the configuration says otherwise.
    static let usualPorts: [UInt16] = [7878, 7879]

    /// Whether providers are left alone.
    let isOffline: Bool
    /// The ports that the daemon is to have.
    let ports: [UInt16]
    /// The bus on which the daemon is asked.
    let bus: ControlAddress

    /// How far one gets towards the daemon.
    private enum Reached {
        /// The daemon told how it is, and what it found.
        case daemon(ManagerStatus, Result<[DiagnosisRow], ControlClientError>)
        /// The bus is there, the daemon is not.
        case bus(ControlClientError)
        /// Not even the bus.
        case nothing(ControlClientError)
    }

    /// The rows; without a daemon those that can be had without one.
    func rows(_ invocation: Invocation) async -> [DiagnosisRow] {
        switch await self.reach(invocation) {
        case .daemon(let manager, let found):
            return ClientDiagnosis.versions(of: manager) + [ClientDiagnosis.state(of: manager)]
                + ClientDiagnosis.rows(found, on: self.bus)
        case .bus(let error):
            return [ClientDiagnosis.ownVersion, DiagnosisRow("bus", "", "ok", "it can be reached")]
                + [ClientDiagnosis.missingDaemon(error, on: self.bus)] + self.portRows(error)
        case .nothing(let error):
            return [ClientDiagnosis.ownVersion, ClientDiagnosis.missingBus(error, on: self.bus)] + self.portRows(error)
        }
    }

    private func reach(_ invocation: Invocation) async -> Reached {
        do {
            return try await invocation.withDaemon(askingProviders: true, doing: "looking around") { daemon in
                let manager: ManagerStatus
                do throws(ControlClientError) {
                    manager = try await daemon.manager()
                } catch {
                    return .bus(error)
                }
                var options = DiagnosisOptions()
                options.isOffline = self.isOffline
                do throws(ControlClientError) {
                    return .daemon(manager, .success(try await daemon.diagnose(options)))
                } catch {
                    return .daemon(manager, .failure(error))
                }
            }
        } catch let error as ControlClientError {
            return .nothing(error)
        } catch {
            return .nothing(ControlClientError(.unreachable, "\(error)"))
        }
    }

    /// Who has the ports that the daemon wants; nothing where it may well be there and have them itself.
    private func portRows(_ error: ControlClientError) -> [DiagnosisRow] {
        guard error.code == .unreachable else { return [] }
        let look = PortLook()
        return self.ports.map { ClientDiagnosis.port($0, holder: look.holder(of: $0), on: self.bus) }
    }
}
