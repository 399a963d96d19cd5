import Dispatch
import Logging
import SystemSupport

extension ServiceNotifier {
    /// Messages go out one after the other, apart from everything else: a manager that reads nothing blocks whoever tells
    /// it, and would keep changes and the end waiting.
    private static let line = DispatchQueue(label: "kmi.notify")

    /// Sends a message; that it could not be sent is told to the log, and changes nothing else.
    ///
    /// Never waits.
    func tell(_ message: Message, logger: Logger) {
        Self.line.async {
            do throws(NotificationFailure) {
                try self.send(message)
            } catch {
                logger.warning(
                    "service manager not told", metadata: ["event": "notify_failed", "errno": "\(error.errorNumber)"])
            }
        }
    }
}
