/// A signal to send.
struct OutgoingSignal: Sendable, Equatable {
    /// The object that it speaks of.
    let path: ObjectPath
    /// The interface that defines it.
    let interface: InterfaceName
    /// Its name.
    let member: MemberName
    /// What it tells.
    let arguments: [BusValue]
    /// To whom; `nil` means everybody who wants it.
    let destination: BusName?
}
