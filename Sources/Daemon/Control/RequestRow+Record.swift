import DBusControl
import ProxyCore

extension RequestRow {
    /// A request in the words of the bus.
    init(_ record: RequestRecord) {
        self.init()
        self.id = record.id
        self.receivedAt = record.receivedAt.unsigned
        self.client = record.client?.text ?? ""
        self.project = record.project ?? ""
        self.dialect = record.dialect.rawValue
        self.model = record.model?.text ?? ""
        self.provider = record.provider?.text ?? ""
        self.key = record.key?.text ?? ""
        self.status = UInt32(clamping: record.status)
        self.errorClass = record.errorClass?.rawValue ?? ""
        self.isStream = record.isStream
        self.outcome = record.outcome.rawValue
        self.duration = record.duration.wholeMicroseconds
        self.firstByte = record.firstByte?.wholeMicroseconds ?? 0
        self.attempts = record.attempts.map { attempt in
            var row = Attempt()
            row.key = attempt.key.text
            row.provider = attempt.provider.text
            row.errorClass = attempt.errorClass?.rawValue ?? ""
            row.status = UInt32(clamping: attempt.status ?? 0)
            row.duration = attempt.duration.wholeMicroseconds
            row.selection = attempt.selection?.rawValue ?? ""
            row.isPossiblyBilled = attempt.isPossiblyBilled
            row.decidedBy = attempt.decidedBy ?? ""
            row.waited = attempt.waited.wholeMicroseconds
            row.passedOver = Dictionary(
                attempt.passedOver.map { passed in
                    // The state says more than that there is one.
                    (passed.label.text, passed.obstacle == .state ? passed.state.rawValue : passed.obstacle.rawValue)
                }, uniquingKeysWith: { first, _ in first })
            return row
        }
    }
}

extension WallTime {
    /// Microseconds since the epoch in the type that the bus has for times; nothing before the epoch is told.
    var unsigned: UInt64 { UInt64(clamping: self.microseconds) }
}

extension Duration {
    /// Microseconds, never negative.
    var wholeMicroseconds: UInt64 { UInt64(clamping: self.nanoseconds / 1_000) }
}
