import NIOCore
import ProxyCore

/// The beginnings of a request's body and of its answer's, for `trace.capture_bodies`.
struct BodyCapture: Sendable {
    private var request: [UInt8] = []
    private var answer: [UInt8] = []
    private var isRequestCut = false
    private var isAnswerCut = false
    /// Whether the answer's bytes are its content: credentials cannot be seen in what is compressed.
    var keepsAnswer = true
    private let keepsRequest: Bool

    /// Begins with a request of these header fields.
    init(_ headers: HeaderFields) {
        self.keepsRequest = headers.listMembers("content-encoding").allSatisfy {
            $0.equalsIgnoringASCIICase("identity")
        }
    }

    /// Takes a piece of the request's body.
    mutating func sawRequest(_ piece: ByteBuffer) {
        if self.keepsRequest { Self.add(piece, to: &self.request, &self.isRequestCut) }
    }

    /// Takes a piece of the answer's body.
    mutating func sawAnswer(_ piece: ByteBuffer) {
        if self.keepsAnswer { Self.add(piece, to: &self.answer, &self.isAnswerCut) }
    }

    /// What is to be kept; credentials are taken out, which takes some milliseconds.
    func bodies(_ redactor: CredentialRedactor) -> CapturedBodies {
        CapturedBodies(
            request: redactor.redacted(self.request, isCut: self.isRequestCut),
            answer: redactor.redacted(self.answer, isCut: self.isAnswerCut),
            isRequestCut: self.isRequestCut, isAnswerCut: self.isAnswerCut)
    }

    private static func add(_ piece: ByteBuffer, to kept: inout [UInt8], _ isCut: inout Bool) {
        let room = CapturedBodies.limit - kept.count
        kept.append(contentsOf: piece.readableBytesView.prefix(room))
        if piece.readableBytes > room { isCut = true }
    }
}
