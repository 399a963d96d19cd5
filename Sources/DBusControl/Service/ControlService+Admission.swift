import DBusKit

extension ControlService {
    /// The errors that say that a caller may not.
    ///
    /// That a person would have to agree is one of them: polkit's defaults say so of everybody who does not let one be asked.
    /// The others tell of a bus or a polkit that is too busy.
    private static let refusals: Set<ErrorName> = [.accessDenied, .interactionRequired]

    /// Fails unless the sender of a call may do what it asks for; whoever may not is told to the control plane (K-042).
    func admit(_ call: BusCall) async throws(BusError) {
        do throws(BusError) {
            try await self.callers.admit(call)
        } catch {
            if Self.refusals.contains(error.name) {
                let caller = call.sender.flatMap { self.callers.knownUser(of: $0) }.map(ControlCaller.init(userID:))
                self.plane.refused(caller, asking: PolicyTable.title(of: call))
            }
            throw error
        }
    }
}
