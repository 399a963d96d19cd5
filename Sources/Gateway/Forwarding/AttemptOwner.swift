import NIOCore
import ProxyCore

/// An HTTP answer that was held back: its head, and as much of its body as had arrived.
struct HeldAnswer {
    var head: ResponseHead
    var body: ByteBuffer
    /// Whether ``body`` is all of it.
    var isComplete: Bool
    /// The error that an event of the stream tells of although the status said that all was well.
    var eventError: ProviderErrorDetails?

    /// The status that the error has, or would have had; `nil` where an event does not name it.
    var statusOfError: Int? {
        if let eventError { eventError.statusCode } else { self.head.status }
    }
}

/// How an attempt that has not been committed failed.
struct AttemptFailure {
    var result: AttemptResult
    /// The answer of the provider, if it gave one that can be passed on.
    ///
    /// Its status is below 400 where an event of a stream told of the error.
    var answer: HeldAnswer?
    /// The fault to report if there is no such answer.
    var fault: ProxyFault
    /// What the provider's answer means; `nil` if there was none.
    var classification: AnswerClassification?
    /// The status of the error, also of one that cannot be passed on; `nil` if there was none.
    var status: Int?
    /// For the log only.
    var detail: String
}

/// Hears of the one attempt that is running.
protocol AttemptOwner: AnyObject {
    /// Nothing of an answer has been passed on yet, and this attempt brings none that should be without asking.
    ///
    /// Where the failure has an answer, the attempt waits for ``Attempt/commit(_:)`` or ``Attempt/cancel()``, at once or
    /// later, and reads no more until then.
    func attemptFailed(_ failure: AttemptFailure)
    /// The answer stands: from now on its bytes are passed on as they come.
    func attemptCommitted(_ head: ResponseHead, isEventStream: Bool)
    /// Bytes of the committed answer.
    func attemptReceived(_ body: ByteBuffer)
    /// An event of the committed stream, which has been passed on, tells of an error.
    ///
    /// At most once, and not for an error that the attempt has failed with. The stream goes on until the provider ends it.
    /// `status` is the one that the answer would have had, where the event names it.
    func attemptSawError(_ classification: AnswerClassification, status: Int?)
    /// The committed answer is complete.
    func attemptCompleted()
    /// The committed answer broke off.
    func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String)
}
