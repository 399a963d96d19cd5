import CSystemd
import Glibc

extension SystemClock {
    /// Whether something keeps the machine's clock right (`STA_UNSYNC` of adjtimex(2)); `nil` if the system does not tell.
    public static var isSynchronised: Bool? {
        var state = timex()
        // No modes: it only reads.
        state.modes = 0
        guard adjtimex(&state) >= 0 else { return nil }
        return state.status & STA_UNSYNC == 0
    }
}
