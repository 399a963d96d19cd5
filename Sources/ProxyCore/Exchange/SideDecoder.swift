/// Reads a compressed body beside its way to the caller, who gets it as it came.
///
/// Bound to whoever made it; not to be called from within `output`.
public protocol SideDecoder: AnyObject {
    /// Takes the next piece of the body and hands on what it decodes to, in pieces that are lent for the call.
    ///
    /// `false` once the body cannot be decoded, or decodes to more than is allowed: what was handed on is then worth
    /// nothing, and nothing follows any more.
    func feed(_ bytes: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) -> Void) -> Bool
    /// Whether the bytes so far are a whole body.
    ///
    /// `false` for one that is cut, and for none at all.
    var isComplete: Bool { get }
}

/// Makes side decoders: the port through which the gateway reads compressed answers.
public protocol SideDecoders: Sendable {
    /// A decoder for the value of a `Content-Encoding` field (RFC 9110 section 8.4); `nil` for a coding that cannot be
    /// read, several codings on top of each other, or if there is no memory.
    func decoder(for coding: String) -> (any SideDecoder)?
}
