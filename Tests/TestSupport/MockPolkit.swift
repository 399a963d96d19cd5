public import DBusKit
import Synchronization

/// A polkit for one test: answers `CheckAuthorization` as it is told, and remembers what it was asked.
public final class MockPolkit: BusObject {
    /// A question that it was asked.
    public struct Question: Sendable, Hashable {
        /// The connection that is asked about.
        public let caller: String
        /// The action.
        public let action: String
        /// Whether a person may be asked.
        public let allowsInteraction: Bool

        /// Makes a question.
        public init(caller: String, action: String, allowsInteraction: Bool) {
            self.caller = caller
            self.action = action
            self.allowsInteraction = allowsInteraction
        }
    }

    /// How it answers.
    public enum Manner: Sendable, Hashable {
        /// It allows these actions, and refuses the others.
        case allowing(Set<String>)
        /// It would ask a person for everything: it allows these actions if it may, and wants to be let otherwise.
        case asking(Set<String>)
        /// It fails.
        case failing
        /// It says nothing.
        case silent
    }

    private struct State {
        var manner: Manner
        var questions: [Question] = []
        var takenBack: [String] = []
    }

    private let state: Mutex<State>

    private init(_ manner: Manner) {
        self.state = Mutex(State(manner: manner))
    }

    /// Owns polkit's name on a bus for as long as `body` runs.
    public static func with<Value>(
        on address: String, _ manner: Manner = .allowing([]), _ body: (MockPolkit) async throws -> Value
    ) async throws -> Value {
        let connection = try await BusConnection.open(.address(address), timeout: .seconds(20))
        do {
            let polkit = MockPolkit(manner)
            try connection.export(polkit, at: "/org/freedesktop/PolicyKit1/Authority")
            guard try await connection.requestName("org.freedesktop.PolicyKit1", timeout: .seconds(20)) else {
                throw TestFailure("somebody else is polkit on this bus")
            }
            let value = try await body(polkit)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// How it answers from now on.
    public func behave(_ manner: Manner) { self.state.withLock { $0.manner = manner } }

    /// What it was asked, in order.
    public var questions: [Question] { self.state.withLock { $0.questions } }

    /// The questions that were taken back, by the names that the asker gave them.
    public var takenBack: [String] { self.state.withLock { $0.takenBack } }

    // MARK: - As an object

    /// As much of polkit's interface as is asked for.
    public var interfaces: [InterfaceDescription] {
        [
            InterfaceDescription(
                name: "org.freedesktop.PolicyKit1.Authority",
                methods: [
                    MethodDescription(
                        name: "CheckAuthorization",
                        input: [
                            ArgumentDescription(name: "subject", signature: "(sa{sv})"),
                            ArgumentDescription(name: "action_id", signature: "s"),
                            ArgumentDescription(name: "details", signature: "a{ss}"),
                            ArgumentDescription(name: "flags", signature: "u"),
                            ArgumentDescription(name: "cancellation_id", signature: "s"),
                        ],
                        output: [ArgumentDescription(name: "result", signature: "(bba{ss})")]),
                    MethodDescription(
                        name: "CancelCheckAuthorization",
                        input: [ArgumentDescription(name: "cancellation_id", signature: "s")], output: []),
                ])
        ]
    }

    /// Answers.
    public func call(_ call: BusCall) async throws(BusError) -> [BusValue] {
        guard call.member == "CheckAuthorization" else {
            let name = call.arguments.first?.asString ?? ""
            self.state.withLock { $0.takenBack.append(name) }
            return []
        }
        guard let subject = call.arguments[0].asStructure, subject[0].asString == "system-bus-name",
            let caller = subject[1].asDictionary?["name"]?.asString, let action = call.arguments[1].asString,
            let flags = call.arguments[3].asUInt32
        else { throw BusError(.invalidArgs, "not a question that kmid asks") }
        let question = Question(caller: caller, action: action, allowsInteraction: flags & 1 == 1)
        let manner = self.state.withLock { state in
            state.questions.append(question)
            return state.manner
        }
        switch manner {
        case .allowing(let actions): return [Self.answer(actions.contains(action), isChallenge: false)]
        case .asking(let actions):
            return [Self.answer(question.allowsInteraction && actions.contains(action), isChallenge: true)]
        case .failing: throw BusError("org.freedesktop.PolicyKit1.Error.Failed", "out of order")
        case .silent:
            await untilCancelled()
            return [Self.answer(false, isChallenge: false)]
        }
    }

    private static func answer(_ isAllowed: Bool, isChallenge: Bool) -> BusValue {
        .structure([
            .boolean(isAllowed), .boolean(!isAllowed && isChallenge), .dictionary(key: "s", value: "s", []),
        ])
    }
}
