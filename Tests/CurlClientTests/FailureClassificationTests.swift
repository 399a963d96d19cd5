import ProxyCore
import Testing

@testable import CurlClient

struct FailureClassificationTests {
    @Test(
        "names failures before the request by what stopped the connection",
        arguments: [
            (UInt32(6), UpstreamFailure.Kind.unreachable), (5, .unreachable), (7, .unreachable), (97, .unreachable),
            (56, .unreachable), (28, .connectTimeout), (35, .tls), (60, .tls), (77, .tls), (83, .tls), (58, .tls),
            (90, .pinMismatch), (27, .internalFault), (3, .internalFault),
        ])
    func beforeRequest(code: UInt32, kind: UpstreamFailure.Kind) {
        let classification = FailureClassification(
            code: code,
            requestStarted: false,
            repetitionStopped: false,
            headComplete: false
        )
        #expect(classification.kind == kind)
    }

    @Test(
        "names failures after the request by how far the answer got",
        arguments: [
            (UInt32(52), UpstreamFailure.Kind.closedBeforeAnswer, UpstreamFailure.Kind.closedDuringAnswer),
            (55, .closedBeforeAnswer, .closedDuringAnswer), (56, .closedBeforeAnswer, .closedDuringAnswer),
            (65, .closedBeforeAnswer, .closedDuringAnswer), (18, .closedBeforeAnswer, .closedDuringAnswer),
            (7, .closedBeforeAnswer, .closedDuringAnswer), (28, .closedBeforeAnswer, .closedDuringAnswer),
            (1, .protocolViolation, .protocolViolation), (8, .protocolViolation, .protocolViolation),
            (61, .protocolViolation, .protocolViolation), (27, .protocolViolation, .internalFault),
            (42, .internalFault, .internalFault),
        ])
    func afterRequest(code: UInt32, early: UpstreamFailure.Kind, late: UpstreamFailure.Kind) {
        var classification = FailureClassification(
            code: code,
            requestStarted: true,
            repetitionStopped: false,
            headComplete: false
        )
        #expect(classification.kind == early)
        classification.headComplete = true
        #expect(classification.kind == late)
    }

    @Test func callsAStoppedRepetitionAClosedConnection() {
        let classification = FailureClassification(
            code: 42,
            requestStarted: true,
            repetitionStopped: true,
            headComplete: false
        )
        #expect(classification.kind == .closedBeforeAnswer)
    }
}
