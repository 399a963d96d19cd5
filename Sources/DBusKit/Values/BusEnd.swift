/// How a connection has ended.
public enum BusEnd: Sendable, Hashable {
    /// This side has closed it.
    case closed
    /// The bus has gone, or has thrown this side out.
    case lost
    /// A name that this side owned was taken from it.
    case nameLost(BusName)
}
