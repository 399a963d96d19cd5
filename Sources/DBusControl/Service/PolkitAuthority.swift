import DBusKit
import Synchronization

/// Asks polkit what a caller may do (polkit reference manual, interface `org.freedesktop.PolicyKit1.Authority`).
///
/// Nothing is remembered: polkit itself keeps what a person has agreed to for as long as its rules say. Whatever goes wrong
/// is a refusal, with a message that says what to do about it.
final class PolkitAuthority: Sendable {
    /// How long to wait for an answer.
    struct Patience: Sendable {
        /// Where polkit answers by itself.
        var brief: Duration = .seconds(5)
        /// Where it may ask a person for a password.
        var interactive: Duration = .seconds(120)
    }

    /// Who asks for what.
    struct Question: Sendable {
        /// The caller's connection.
        let caller: BusName
        /// The caller's user.
        let user: UInt32
        /// The action.
        let action: String
        /// Whether a person may be asked.
        let allowsInteraction: Bool
    }

    private struct State {
        var budget = PolkitBudget()
        var lastNumber: UInt64 = 0
        /// Ends questions whose callers go away, by the caller and the number of the question.
        var departures: [BusName: [UInt64: AsyncStream<Void>.Continuation]] = [:]
    }

    private let connection: BusConnection
    private let patience: Patience
    private let state = Mutex(State())

    init(connection: BusConnection, patience: Patience = Patience()) {
        self.connection = connection
        self.patience = patience
    }

    /// Fails with `AccessDenied`, or `InteractiveAuthorizationRequired` where only a person could allow it whom the caller
    /// did not let be asked, unless polkit says yes; with `LimitsExceeded` when too many questions wait.
    func admit(_ question: Question) async throws(BusError) {
        let departure = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state -> UInt64? in
            guard state.budget.begin(question.user) else { return nil }
            state.lastNumber += 1
            state.departures[question.caller, default: [:]][state.lastNumber] = departure.continuation
            return state.lastNumber
        }
        guard let number else {
            throw BusError(.limitsExceeded, "too many questions wait for polkit; call again when they are answered")
        }
        defer {
            self.state.withLock { state in
                state.budget.end(question.user)
                state.departures[question.caller]?[number] = nil
                if state.departures[question.caller]?.isEmpty == true { state.departures[question.caller] = nil }
            }
        }
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await self.ask(question, number) }
            group.addTask {
                for await _ in departure.stream {}
                return .departed
            }
            // Whichever comes first.
            let first = await group.next()
            group.cancelAll()
            return first ?? .departed
        }
        switch ending {
        case .verdict(let verdict): try verdict.get()
        case .late:
            await self.takeBack(number)
            let limit = self.limit(of: question)
            throw BusError(.accessDenied, "polkit did not allow \(question.action) within \(limit); try again")
        case .departed:
            await self.takeBack(number)
            throw BusError(.accessDenied, "the caller has gone")
        }
    }

    /// Gives up the questions about a connection that has ended.
    func forget(_ caller: BusName) {
        let departures = self.state.withLock { $0.departures[caller].map { Array($0.values) } ?? [] }
        for departure in departures { departure.finish() }
    }

    /// The number of questions that wait.
    var waiting: Int { self.state.withLock { $0.budget.count } }

    // MARK: - Asking

    /// How a question ends.
    private enum Ending: Sendable {
        /// Polkit has answered, or cannot be asked.
        case verdict(Result<Void, BusError>)
        /// Nobody answered in time.
        case late
        /// The caller has gone.
        case departed
    }

    private func limit(of question: Question) -> Duration {
        question.allowsInteraction ? self.patience.interactive : self.patience.brief
    }

    private func ask(_ question: Question, _ number: UInt64) async -> Ending {
        do throws(BusError) {
            let reply = try await self.call(
                "CheckAuthorization",
                [
                    .structure([.string("system-bus-name"), .variants(["name": .string(question.caller.text)])]),
                    .string(question.action),
                    .dictionary(key: "s", value: "s", []),
                    .uint32(question.allowsInteraction ? Self.interactionFlag : 0),
                    .string(Self.cancellation(number)),
                ], within: self.limit(of: question))
            return .verdict(Self.verdict(reply, on: question))
        } catch {
            return error.kind == .timedOut ? .late : .verdict(.failure(Self.refusal(error)))
        }
    }

    /// Tells polkit that nobody waits for an answer any more: a dialogue that it shows is closed.
    private func takeBack(_ number: UInt64) async {
        do throws(BusError) {
            _ = try await self.call(
                "CancelCheckAuthorization", [.string(Self.cancellation(number))], within: self.patience.brief)
        } catch {
            // It has answered in the meantime, or does not answer at all; a dialogue then ends with a person.
        }
    }

    private func call(
        _ member: MemberName, _ arguments: [BusValue], within limit: Duration
    ) async throws(BusError) -> [BusValue] {
        try await self.connection.call(
            "org.freedesktop.PolicyKit1", path: "/org/freedesktop/PolicyKit1/Authority",
            interface: "org.freedesktop.PolicyKit1.Authority", member: member, arguments, timeout: limit,
            autoStart: true)
    }

    /// By which polkit tells the questions of one connection apart.
    private static func cancellation(_ number: UInt64) -> String { "kmi-\(number)" }

    /// AllowUserInteraction of polkit's CheckAuthorizationFlags.
    private static let interactionFlag: UInt32 = 1

    // MARK: - What it answers

    /// Reads an AuthorizationResult, `(bba{ss})`: whether it is allowed, and whether a person could allow it.
    private static func verdict(_ reply: [BusValue], on question: Question) -> Result<Void, BusError> {
        guard reply.count == 1, let fields = reply[0].asStructure, fields.count == 3,
            let isAllowed = fields[0].asBoolean, let isChallenge = fields[1].asBoolean
        else { return .failure(BusError(.accessDenied, "polkit answers in a way that is not known here")) }
        if isAllowed { return .success(()) }
        guard isChallenge else {
            return .failure(
                BusError(
                    .accessDenied,
                    "polkit refuses \(question.action): call as root, or have an administrator allow it with a rule"))
        }
        guard question.allowsInteraction else {
            return .failure(
                BusError(
                    .interactionRequired,
                    "polkit wants a person to agree to \(question.action): "
                        + "call with the flag for interactive authorisation, or as root"))
        }
        return .failure(
            BusError(
                .accessDenied,
                "nobody agreed to \(question.action): is a polkit agent running (pkttyagent on a terminal)?"))
    }

    private static func refusal(_ error: BusError) -> BusError {
        switch error.name {
        case .serviceUnknown, .nameHasNoOwner:
            BusError(.accessDenied, "polkit is not there to be asked: call as root, or install polkit (polkitd)")
        default:
            BusError(.accessDenied, "polkit cannot be asked (\(error)): call as root, or see to polkit")
        }
    }
}
