import Logging
import SystemSupport

extension ServiceNotifier {
    /// Sends a message; that it could not be sent is told to the log, and changes nothing else.
    func tell(_ message: Message, logger: Logger) {
        do throws(NotificationFailure) {
            try self.send(message)
        } catch {
            logger.warning(
                "service manager not told", metadata: ["event": "notify_failed", "errno": "\(error.errorNumber)"])
        }
    }
}
