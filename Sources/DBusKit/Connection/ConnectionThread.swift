import CDBus
import Glibc

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
        // The thread takes the reference over and releases it when it ends.
        let data = Unmanaged.passRetained(plan)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { data in
                guard let data else { return nil }
                ConnectionThread.run(Unmanaged<ConnectionPlan>.fromOpaque(data).takeRetainedValue())
                return nil
            },
            data.toOpaque()
        )
        guard failure == 0 else {
            data.release()
            throw BusError(kind: .limit, "pthread_create: error \(failure)")
        }
        pthread_detach(thread)
    }

    private static func run(_ plan: ConnectionPlan) {
        // The name is for people who look at the process; going without is no fault.
        _ = cdbus_name_thread("kmi-dbus")
        plan.mailbox.finish(Self.connectAndRun(plan))
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
