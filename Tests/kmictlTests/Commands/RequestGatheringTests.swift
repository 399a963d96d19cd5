import DBusControl
import Testing

@testable import kmictl

/// Pages that are shorter than what was asked for.
struct RequestGatheringTests {
    private static func page(_ ids: String..., cursor: String) -> RequestPage {
        RequestPage(rows: ids.map { Samples.row($0, status: 200) }, cursor: cursor)
    }

    @Test("goes on behind short and empty pages until there are as many as were asked for", arguments: [[], ["--csv"]])
    func goesOn(words: [String]) async throws {
        let daemon = FakeDaemon()
        daemon.with { state in
            state.pages = [
                Self.page("a", cursor: "c1"), Self.page(cursor: "c2"), Self.page(cursor: "c3"),
                Self.page("b", "c", cursor: "c4"), Self.page("d", cursor: ""),
            ]
        }
        let result = try await kmictl(words: ["requests", "-n", "3"] + words, daemon: daemon)
        #expect(result.output.split(whereSeparator: \.isNewline).count == 4)
        #expect(result.errors == "kmictl: there are more: --cursor c4\n")
        #expect(daemon.with { $0.filter }?.limit == 2)
        #expect(daemon.with { $0.filter }?.cursor == "c3")
        #expect(daemon.asked.count == 4)
    }

    @Test func endsWithTheLastPage() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.pages = [Self.page(cursor: "c1"), Self.page("a", cursor: "")] }
        let result = try await kmictl("requests", "-q", daemon: daemon)
        #expect(result.output == "a\n")
        #expect(result.errors.isEmpty)
    }

    @Test func endsWhenItsTimeIsOverOrTheCursorStays() {
        var filter = RequestFilter()
        filter.cursor = "c1"
        var late = RequestGathering(filter)
        #expect(late.take(Self.page("a", cursor: "c2"), after: .seconds(59)) == nil)
        #expect(late.take(Self.page(cursor: "c3"), after: .seconds(60)) == Self.page("a", cursor: "c3"))
        var stuck = RequestGathering(filter)
        #expect(stuck.take(Self.page("a", cursor: "c1"), after: .zero) == Self.page("a", cursor: "c1"))
    }
}
