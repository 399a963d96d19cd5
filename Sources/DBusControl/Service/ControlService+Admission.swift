import DBusKit

extension ControlService {
    /// Fails unless the sender of a call may do what it asks for; whoever may not is told to the control plane (K-042).
    func admit(_ call: BusCall) async throws(BusError) {
        do throws(BusError) {
            try await self.callers.admit(call)
        } catch {
            if error.name == .accessDenied {
                let caller = call.sender.flatMap { self.callers.knownUser(of: $0) }.map(ControlCaller.init(userID:))
                self.plane.refused(caller, asking: "\(call.interface).\(call.member)")
            }
            throw error
        }
    }
}
