import DBusControl
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Requests

    func requests(_ filter: RequestFilter) async throws(ControlFault) -> RequestPage {
        let query = try RequestQuery(filter)
        do throws(StateStoreError) {
            let (records, next) = try await self.store.requests(query)
            return RequestPage(rows: records.map { RequestRow($0) }, cursor: next)
        } catch {
            throw ControlFault(error)
        }
    }

    func request(_ id: String) async throws(ControlFault) -> RequestRow? {
        do throws(StateStoreError) {
            return try await self.store.request(id: id).map(RequestRow.init(withBodies:))
        } catch {
            throw ControlFault(error)
        }
    }
}

extension RequestQuery {
    /// What a caller asks for; the fault says which of its words can name nothing.
    init(_ filter: RequestFilter) throws(ControlFault) {
        self.init()
        self.limit = Int(filter.limit)
        self.cursor = filter.cursor
        self.since = filter.since.map { WallTime(microseconds: Int64(clamping: $0)) }
        self.until = filter.until.map { WallTime(microseconds: Int64(clamping: $0)) }
        self.key = try NameArgument.read(filter.key, "label of a key", KeyLabel.init)
        self.provider = try NameArgument.read(filter.provider, "name of a provider", ProviderName.init)
        self.client = try NameArgument.read(filter.client, "name of a client", ClientName.init)
        self.status = filter.status.map { Int($0) }
        self.errorClass = try NameArgument.read(filter.errorClass, "class of an error", ErrorClass.init(rawValue:))
    }
}

extension ControlFault {
    /// What a failure of the store means for whoever asked.
    init(_ error: StateStoreError) {
        switch error.code {
        case .invalidCursor, .invalidLimit: self.init(.invalidArgument, error.message)
        default: self.init(.busy, error.message)
        }
    }
}
