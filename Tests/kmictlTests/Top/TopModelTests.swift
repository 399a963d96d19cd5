import DBusControl
import Testing

@testable import kmictl

struct TopModelTests {
    private func labels(_ model: TopModel) -> [String] { model.keys.map(\.label) }
    private func ids(_ model: TopModel) -> [String] { model.requests.map { model.shown.requests[$0].id } }

    @Test(
        "ends with q and Ctrl-C, wherever it is", arguments: [TopKey.character("q"), .control("c")],
        [[], [TopKey.enter], [.character("?")]])
    func quits(key: TopKey, before: [TopKey]) {
        var model = TopSamples.full()
        for key in before { model.press(key) }
        model.press(key)
        #expect(model.isFinished)
    }

    @Test func sortsByEachColumnAndTurnsRound() {
        var model = TopSamples.full()
        #expect(self.labels(model) == ["alpha", "beta", "delta-of-a-long-name", "gamma"])
        model.press(.character("S"))
        #expect(self.labels(model) == ["gamma", "delta-of-a-long-name", "beta", "alpha"])
        var seen: [TopKeyColumn] = [model.keySort.column]
        for _ in 1..<TopKeyColumn.allCases.count {
            model.press(.character("s"))
            seen.append(model.keySort.column)
        }
        #expect(seen == TopKeyColumn.allCases)
        model.press(.character("s"))
        #expect(model.keySort == TopSort(by: .label))
        model.keySort = TopSort(by: .state)
        #expect(self.labels(model) == ["alpha", "delta-of-a-long-name", "beta", "gamma"])
        model.keySort = TopSort(by: .windows)
        #expect(self.labels(model).first == "beta")

        model.press(.tab, .character("s"), .character("s"), .character("s"), .character("s"))
        #expect(model.requestSort.column == .took)
        #expect(self.ids(model).first == "req-19")
        model.press(.character("S"))
        #expect(self.ids(model).first == "req-0")
        #expect(model.keySort == TopSort(by: .windows))
    }

    @Test("filters by key, model, provider and client, until Esc")
    func filters() {
        var model = TopSamples.full()
        model.press(.character("/"))
        model.type("LAPTOP")
        #expect(model.isFiltering)
        #expect(self.ids(model) == ["req-3", "req-10", "req-17"])
        // The keys that served those.
        #expect(self.labels(model) == ["alpha"])
        model.press(.enter)
        #expect(!model.isFiltering)
        #expect(self.ids(model).count == 3)
        // q is a letter while the filter is typed, and a command behind it.
        model.press(.character("/"), .character("q"))
        #expect(!model.isFinished)
        #expect(model.filter.text == "LAPTOPq")
        model.press(.backspace, .escape)
        #expect(model.filter.isEmpty)
        #expect(self.ids(model).count == 20)
        for (text, count) in [("turbo", 4), ("beta", 4), ("kimi", 20), ("ci", 17), ("nothing", 0)] {
            model.press(.character("/"), .control("u"))
            model.type(text)
            #expect(self.ids(model).count == count, "\(text)")
            model.press(.enter)
        }
        model.press(.escape)
        #expect(model.filter.isEmpty)
        model.press(.character("/"))
        model.type(String(repeating: "x", count: 1000))
        #expect(model.filter.text.count == TopFilter.longest)
    }

    @Test func keepsTheChosenRequestWhereNewOnesCome() {
        var model = TopSamples.full()
        model.press(.tab)
        // Whoever stands at the top stays there.
        model.take(.finished(TopSamples.row("newer", ago: 1)), now: Samples.now)
        #expect(self.ids(model)[model.requestIndex(in: model.requests)] == "newer")
        model.press(.down, .down)
        #expect(self.ids(model)[model.requestIndex(in: model.requests)] == "req-1")
        model.take(.finished(TopSamples.row("newest", ago: 0)), now: Samples.now)
        #expect(self.ids(model)[model.requestIndex(in: model.requests)] == "req-1")
        model.press(.character("G"))
        #expect(self.ids(model)[model.requestIndex(in: model.requests)] == "req-19")
        model.press(.down, .pageUp, .pageUp, .pageUp, .up)
        #expect(model.requestIndex(in: model.requests) == 0)
    }

    @Test func pausesWhatIsShownAndGoesOnWithWhatCame() {
        var model = TopSamples.full()
        model.press(.character("p"))
        let before = TopSamples.text(model)
        #expect(before.contains("PAUSED"))
        model.take(.finished(TopSamples.row("newer", ago: 0)), now: Samples.now + 5 * Samples.second)
        model.take(.status(Samples.manager, []), now: Samples.now + 6 * Samples.second)
        #expect(TopSamples.text(model) == before)
        model.press(.character(" "))
        #expect(!model.isPaused)
        #expect(model.keys.isEmpty)
        #expect(model.shown.requests.count == 21)
    }

    @Test func opensARequestAndAKeyAndGoesBack() {
        var model = TopSamples.full()
        model.press(.down, .enter)
        #expect(model.view == .key("beta"))
        #expect(TopSamples.text(model).contains("state        cooling (provider_rate_limited)"))
        model.press(.escape, .tab, .down, .enter)
        #expect(TopSamples.text(model).contains("attempts    1. alpha at kimi: 200"))
        // It stays while the list moves on.
        for number in 0..<1100 {
            model.take(.finished(TopSamples.row("later-\(number)", ago: 0)), now: Samples.now)
        }
        #expect(TopSamples.text(model).contains("── request req-1 ──"))
        model.press(.escape)
        #expect(model.view == .tables)
        model.press(.character("?"))
        #expect(TopSamples.text(model).contains("the other table"))
        model.press(.character("?"))
        #expect(model.view == .tables)
        model.press(.tab, .enter)
        model.take(.status(Samples.manager, []), now: Samples.now)
        #expect(TopSamples.text(model).contains("The key is gone."))
    }

    @Test func scrollsNoFurtherThanThereIsSomething() {
        var model = TopSamples.full(TopSize(columns: 40, rows: 10))
        model.press(.tab, .enter)
        for _ in 0..<500 { model.press(.down) }
        let end = model.scrolled
        #expect(end > 0)
        let last = TopSamples.text(model).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(last.count == 10)
        #expect(!last[8].isEmpty)
        model.press(.up)
        #expect(model.scrolled == end - 1)
        model.press(.home)
        #expect(model.scrolled == 0)
        model.press(.end)
        #expect(model.scrolled == end)
        model.take(.resized(TopSize(columns: 80, rows: 60)), now: Samples.now)
        #expect(model.scrolled == 0)
    }

    @Test("shows what was known while the daemon is away, and tells so")
    func survivesTheDaemon() {
        var model = TopSamples.model()
        #expect(TopSamples.text(model).contains("asking kmid how it is"))
        model.take(.away(.absent), now: Samples.now)
        #expect(TopSamples.text(model).contains("kmid is not running – waiting for it"))
        #expect(TopSamples.text(model, isUTF8: false).contains("kmid is not running - waiting for it"))
        model = TopSamples.full()
        model.take(.away(.absent), now: Samples.now)
        #expect(TopSamples.text(model).hasPrefix("kmid is not running – waiting for it   next alpha"))
        #expect(TopSamples.text(model).contains("gamma"))
        model.take(.away(.silent), now: Samples.now)
        #expect(TopSamples.text(model).hasPrefix("kmid does not answer"))
        // The same requests again count once.
        let figures = model.shown.figures
        model.take(.history(TopSamples.rows), now: Samples.now)
        model.take(.status(TopSamples.manager, TopSamples.keys), now: Samples.now)
        #expect(TopSamples.text(model).hasPrefix("kmid running"))
        #expect(model.shown.figures == figures)
    }
}
