/// The beginnings of a request's body and of its answer's, kept only while `trace.capture_bodies` is on, without the
/// credentials that stood in them.
public struct CapturedBodies: Sendable, Equatable {
    /// As much of each body is kept, in bytes.
    public static let limit = 65_536

    /// The beginning of the request's body, as the caller sent it.
    public var request: [UInt8]
    /// The beginning of the answer's body, as the caller got it.
    public var answer: [UInt8]
    /// Whether there was more of the request's body.
    public var isRequestCut: Bool
    /// Whether there was more of the answer's body.
    public var isAnswerCut: Bool

    /// Keeps two beginnings.
    public init(request: [UInt8], answer: [UInt8], isRequestCut: Bool, isAnswerCut: Bool) {
        self.request = request
        self.answer = answer
        self.isRequestCut = isRequestCut
        self.isAnswerCut = isAnswerCut
    }
}
