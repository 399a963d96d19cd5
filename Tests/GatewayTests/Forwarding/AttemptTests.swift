import NIOCore
import NIOEmbedded
import ProxyCore
import Testing

@testable import Gateway

/// An attempt whose owner takes its time.
struct AttemptTests {
    private final class Owner: AttemptOwner {
        var failures: [AttemptFailure] = []
        var head: ResponseHead?
        var text = ""
        var ends: [String] = []

        func attemptFailed(_ failure: AttemptFailure) { self.failures.append(failure) }
        func attemptCommitted(_ head: ResponseHead, isEventStream: Bool) { self.head = head }
        func attemptReceived(_ body: ByteBuffer) { self.text += String(buffer: body) }
        func attemptSawError(_ classification: AnswerClassification, status: Int?) {
            self.ends.append("error \(classification.decidedBy) \(status ?? 0)")
        }
        func attemptCompleted() { self.ends.append("completed") }
        func attemptBroke(_ errorClass: ErrorClass, _ fault: ProxyFault, detail: String) {
            self.ends.append("broke \(errorClass.rawValue)")
        }
    }

    private struct Fixture {
        let loop = EmbeddedEventLoop()
        let owner = Owner()
        let attempt: Attempt
        let transfer: FakeTransfer

        init() throws {
            self.attempt = Attempt(
                eventLoop: self.loop, owner: self.owner, body: nil,
                limits: AttemptLimits(firstByte: .seconds(10), idle: .seconds(5)),
                reading: AnswerReading(dialect: .openai)
            ) { answer in
                AnswerClassification(
                    errorClass: .providerRateLimited, blame: .key, decidedBy: answer.eventError?.type ?? "none")
            }
            let transport = FakeTransport(eventLoop: self.loop)
            self.attempt.begin(
                UpstreamRequest(
                    method: "GET", origin: UpstreamOrigin(scheme: .https, host: "a", port: 443), target: "/",
                    headers: [:], body: .none),
                through: transport)
            self.transfer = try #require(transport.transfers.first)
            self.transfer.head(200, ["Content-Type": "text/event-stream"])
        }
    }

    private static let limited = "data: {\"error\":{\"type\":\"rate\",\"code\":429}}\n\n"

    @Test("an answer that begins with an error waits for a decision, and nothing of it is lost", arguments: 0..<3)
    func lateDecision(end: Int) throws {
        let fixture = try Fixture()
        fixture.transfer.body(": alive\n\n" + Self.limited)
        let failure = try #require(fixture.owner.failures.first)
        #expect(failure.classification?.decidedBy == "rate")
        #expect(failure.result.errorClass == .providerRateLimited)
        let answer = try #require(failure.answer)
        #expect(answer.head.status == 200)
        #expect(!answer.isComplete)
        #expect(fixture.transfer.isPaused)
        // What was under way already.
        fixture.transfer.body(Self.limited)
        fixture.loop.advanceTime(by: .hours(1))
        switch end {
        case 0: fixture.transfer.complete()
        case 1: fixture.transfer.fail(.closedDuringAnswer)
        default: break
        }
        #expect(fixture.owner.failures.count == 1)
        #expect(fixture.owner.head == nil)
        fixture.attempt.commit(answer)
        #expect(fixture.owner.head?.status == 200)
        #expect(fixture.owner.text == ": alive\n\n" + Self.limited + Self.limited)
        switch end {
        case 0: #expect(fixture.owner.ends == ["completed"])
        case 1: #expect(fixture.owner.ends == ["broke provider_protocol"])
        default:
            #expect(!fixture.transfer.isPaused)
            #expect(fixture.owner.ends.isEmpty)
            fixture.attempt.cancel()
            #expect(fixture.transfer.isCancelled)
        }
        #expect(fixture.transfer.misuses.isEmpty)
    }

    @Test("an attempt that is given up ends its transfer")
    func givenUp() throws {
        let fixture = try Fixture()
        fixture.transfer.body(Self.limited)
        fixture.attempt.cancel()
        #expect(fixture.transfer.isCancelled)
        #expect(fixture.owner.ends.isEmpty)
        #expect(fixture.owner.head == nil)
    }

    @Test("an error behind the content is told once, after its bytes")
    func lateError() throws {
        let fixture = try Fixture()
        fixture.transfer.body("data: 1\n\n" + Self.limited)
        #expect(fixture.owner.text == "data: 1\n\n" + Self.limited)
        #expect(fixture.owner.ends == ["error rate 429"])
        fixture.transfer.body(Self.limited)
        fixture.transfer.complete()
        #expect(fixture.owner.ends == ["error rate 429", "completed"])
        #expect(fixture.owner.failures.isEmpty)
    }
}
