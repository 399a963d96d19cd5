import CDBus
import Glibc
import Threads

/// What a connection's thread is started with.
final class ConnectionPlan: Sendable {
    let address: String
    let mailbox: ConnectionMailbox
    let objects: ExportedObjects
    /// Gets the connection's unique name, or why there is no connection.
    let opening = AnswerSlot<BusName>()

    init(address: String) throws(BusError) {
        self.address = address
        let mailbox = try ConnectionMailbox()
        self.mailbox = mailbox
        self.objects = ExportedObjects(emit: { mailbox.emit($0) })
    }
}

/// The thread of a connection: it alone touches libdbus's connection, from its opening to its end.
enum ConnectionThread {
    /// Starts the thread, which ends with the connection.
    static func start(_ plan: ConnectionPlan) throws(BusError) {
        let failure = DetachedThread.start(named: "kmi-dbus") { plan.mailbox.finish(Self.connectAndRun(plan)) }
        guard failure == 0 else { throw BusError(kind: .limit, "pthread_create: error \(failure)") }
    }

    /// All that libdbus has given is given back when this returns.
    private static func connectAndRun(_ plan: ConnectionPlan) -> BusEnd {
        do {
            return try ConnectionEngine(plan).run()
        } catch {
            plan.opening.fill(.failure(error))
            _ = plan.mailbox.seal()
            plan.objects.end()
            return .lost
        }
    }
}
