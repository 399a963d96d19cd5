import DBusControl
import Testing

@testable import kmictl

struct TopScreenTests {
    @Test func fillsAScreenOf80By24() {
        #expect(
            TopSamples.text(TopSamples.full())
                == """
                kmid running   next alpha   round-robin   up 1 h   version 0.1.0
                ! the provider refuses the key gamma
                ! the key alpha has little of its quota left
                requests 0.3/s  in flight 2  errors 27 %  p50 800 ms  p95 1.50 s  p99 1.50 s
                first byte 200 ms  tokens 360/min  cost $0.000018/min
                ── keys: 2 of 4 usable ─────────────────────────────────────────────────────────
                   LABEL▲    PROVI…  STATE      BACK      USED               RUN  SERVED  ERRORS
                ▸  alpha     kimi    usable !             7d █████░  85 %      2   1.23M       0
                   beta      kimi    cooling    1 m 30 s  5h ██████ 100 %      0     100       2
                   delta-o…  moons…  usable               balance 12.5 left    0     100       0
                   gamma     kimi    invalid                                   0     100       2
                ── requests: the last 20 ───────────────────────────────────────────────────────
                   AGO▼  KEY       MODEL            RESULT              TOOK  TOKENS        COST
                    2 s  alpha     kimi-for-coding  200               100 ms      30  $0.0000015
                    6 s  beta      kimi-k2-thinki…  429 provider_r…   200 ms       -           -
                   10 s  alpha     kimi-for-coding  200               300 ms      30  $0.0000015
                   14 s  alpha     kimi-for-coding  left              400 ms      30  $0.0000015
                   18 s  alpha     kimi-for-coding  200 cut           500 ms      30  $0.0000015
                   22 s  alpha     kimi-for-coding  200               600 ms      30  $0.0000015
                   26 s  beta      kimi-k2-thinki…  429 provider_r…   700 ms       -           -
                   30 s  alpha     kimi-for-coding  200               800 ms      30  $0.0000015
                   34 s  alpha     kimi-for-coding  200               900 ms      30  $0.0000015
                   38 s  alpha     kimi-for-coding  200               1.00 s      30  $0.0000015
                q quit  ? help  / filter  s sort  p pause  Enter open  Tab table
                """)
    }

    @Test func staysTidyOn40By10() {
        #expect(
            TopSamples.text(TopSamples.full(TopSize(columns: 40, rows: 10)))
                == """
                kmid running  next alpha  round-robin
                ! 1 of 2: the provider refuses the key …
                requests 0.3/s  in flight 2  errors 27 %
                   LABEL▲    STATE      BACK      RUN
                ▸  alpha     usable !               2
                   beta      cooling    1 m 30 s    0
                   AGO▼  KEY       RESULT           TOOK
                    2 s  alpha     200            100 ms
                    6 s  beta      429 provide…   200 ms
                q quit  ? help  / filter  s sort
                """)
    }

    @Test func usesTheRoomOf100By30() {
        #expect(
            TopSamples.text(TopSamples.full(TopSize(columns: 100, rows: 30)))
                == """
                kmid running   next alpha   round-robin   up 1 h   version 0.1.0
                ! the provider refuses the key gamma
                ! the key alpha has little of its quota left
                requests 0.3/s  in flight 2  errors 27 %  p50 800 ms  p95 1.50 s  p99 1.50 s  first byte 200 ms
                tokens 360/min  cost $0.000018/min
                ── keys: 2 of 4 usable ─────────────────────────────────────────────────────────────────────────────
                   LABEL▲                PROVIDER  STATE      BACK      USED               RUN  SERVED  ERRORS
                ▸  alpha                 kimi      usable !             7d █████░  85 %      2   1.23M       0
                   beta                  kimi      cooling    1 m 30 s  5h ██████ 100 %      0     100       2
                   delta-of-a-long-name  moonshot  usable               balance 12.5 left    0     100       0
                   gamma                 kimi      invalid                                   0     100       2
                ── requests: the last 20 ───────────────────────────────────────────────────────────────────────────
                   AGO▼  KEY       MODEL                  RESULT                    TOOK  TOKENS        COST  CLIENT
                    2 s  alpha     kimi-for-coding        200                     100 ms      30  $0.0000015  ci
                    6 s  beta      kimi-k2-thinking-tur…  429 provider_rate_li…   200 ms       -           -  ci
                   10 s  alpha     kimi-for-coding        200                     300 ms      30  $0.0000015  ci
                   14 s  alpha     kimi-for-coding        left                    400 ms      30  $0.0000015  laptop
                   18 s  alpha     kimi-for-coding        200 cut                 500 ms      30  $0.0000015  ci
                   22 s  alpha     kimi-for-coding        200                     600 ms      30  $0.0000015  ci
                   26 s  beta      kimi-k2-thinking-tur…  429 provider_rate_li…   700 ms       -           -  ci
                   30 s  alpha     kimi-for-coding        200                     800 ms      30  $0.0000015  ci
                   34 s  alpha     kimi-for-coding        200                     900 ms      30  $0.0000015  ci
                   38 s  alpha     kimi-for-coding        200                     1.00 s      30  $0.0000015  ci
                   42 s  alpha     kimi-for-coding        left                    1.10 s      30  $0.0000015  laptop
                   46 s  beta      kimi-k2-thinking-tur…  429 provider_rate_li…   1.20 s       -           -  ci
                   50 s  alpha     kimi-for-coding        200                     1.30 s      30  $0.0000015  ci
                   54 s  alpha     kimi-for-coding        200                     1.40 s      30  $0.0000015  ci
                   58 s  alpha     kimi-for-coding        200                     1.50 s      30  $0.0000015  ci
                    1 m  alpha     kimi-for-coding        200                     1.60 s      30  $0.0000015  ci
                q quit  ? help  / filter  s sort  p pause  Enter open  Tab table
                """)
    }

    @Test("says in an empty pool how to fill it")
    func isTidyWhenEmpty() {
        let model = TopSamples.model(TopSize(columns: 60, rows: 16), [.status(Samples.manager, [])])
        #expect(
            TopSamples.text(model, isUTF8: false)
                == """
                kmid running   next alpha   round-robin   up 1 h
                version 0.1.0
                requests 0.0/s  in flight 2  errors -  p50 -  p95 -  p99 -
                first byte -  tokens 0/min  cost $0.00/min
                -- keys ----------------------------------------------------

                   no keys: kmictl keys add LABEL --provider NAME
                -- requests ------------------------------------------------

                   no requests have ended yet





                q quit  ? help  / filter  s sort  p pause  Enter open
                """)
    }

    @Test("draws bars of ASCII where nothing else can be shown")
    func drawsBarsOfASCII() {
        let model = TopSamples.full(TopSize(columns: 80, rows: 16))
        #expect(
            TopSamples.text(model, isUTF8: false)
                == """
                kmid running   next alpha   round-robin   up 1 h   version 0.1.0
                ! the provider refuses the key gamma
                ! the key alpha has little of its quota left
                requests 0.3/s  in flight 2  errors 27 %  p50 800 ms  p95 1.50 s  p99 1.50 s
                first byte 200 ms  tokens 360/min  cost $0.000018/min
                -- keys: 2 of 4 usable ---------------------------------------------------------
                   LABEL^    PROVI~  STATE      BACK      USED               RUN  SERVED  ERRORS
                >  alpha     kimi    usable !             7d [#####.]  85 %    2   1.23M       0
                   beta      kimi    cooling    1 m 30 s  5h [######] 100 %    0     100       2
                -- requests: the last 20 -------------------------------------------------------
                   AGOv  KEY       MODEL            RESULT              TOOK  TOKENS        COST
                    2 s  alpha     kimi-for-coding  200               100 ms      30  $0.0000015
                    6 s  beta      kimi-k2-thinki~  429 provider_r~   200 ms       -           -
                   10 s  alpha     kimi-for-coding  200               300 ms      30  $0.0000015
                   14 s  alpha     kimi-for-coding  left              400 ms      30  $0.0000015
                q quit  ? help  / filter  s sort  p pause  Enter open  Tab table
                """)
    }

    @Test("colours by meaning, and the same text without colour")
    func colours() {
        var model = TopSamples.full()
        model.press(.tab)
        let lines = TopScreen(model: model, style: TopSamples.style(isColoured: true)).lines
        #expect(lines[0].hasPrefix("\u{1B}[32mkmid running\u{1B}[0m   next alpha"))
        #expect(lines[1].hasPrefix("\u{1B}[33m! the provider refuses the key gamma\u{1B}[0m "))
        #expect(lines[3].contains("\u{1B}[31merrors 27 %\u{1B}[0m"))
        #expect(lines[7].contains("\u{1B}[32musable !\u{1B}[0m"))
        #expect(lines[8].contains("\u{1B}[33mcooling\u{1B}[0m"))
        #expect(lines[8].contains("\u{1B}[31m5h ██████ 100 %\u{1B}[0m"))
        #expect(lines[10].contains("\u{1B}[31minvalid\u{1B}[0m"))
        // The chosen row is one whole.
        #expect(lines[13].hasPrefix("\u{1B}[7m▸   2 s  alpha"))
        #expect(lines[13].hasSuffix("$0.0000015\u{1B}[0m"))
        let plain = TopScreen(model: model, style: TopSamples.style()).lines
        #expect(plain.allSatisfy { !$0.contains("\u{1B}") })
        #expect(lines.map(Self.withoutColour) == plain)
    }

    @Test(
        "is exactly as large as the terminal, whatever it shows",
        arguments: [
            (1, 1), (10, 3), (39, 24), (40, 9), (40, 10), (41, 11), (53, 15), (60, 16), (79, 17), (80, 24), (100, 30),
            (113, 40), (250, 60),
        ], [true, false])
    func isExact(size: (Int, Int), isUTF8: Bool) {
        let size = TopSize(columns: size.0, rows: size.1)
        var models = [
            TopModel(size: size), TopSamples.model(size), TopSamples.full(size),
            TopSamples.model(size, [.away(.absent)]), TopSamples.model(size, [.status(Samples.manager, [])]),
            Self.hostile(size),
        ]
        models += [
            [TopKey.enter], [.tab, .enter], [.character("?")], [.character("/"), .character("語")], [.character("p")],
        ]
        .flatMap { keys in
            models.map { model in
                var model = model
                for key in keys { model.press(key) }
                return model
            }
        }
        for model in models {
            for isColoured in [true, false] {
                let lines = TopScreen(
                    model: model, style: TopSamples.style(isColoured: isColoured, isUTF8: isUTF8)
                ).lines
                #expect(lines.count == size.rows)
                #expect(lines.allSatisfy { DisplayWidth.of(Self.withoutColour($0)) == size.columns })
                #expect(isColoured || lines.allSatisfy { !$0.contains("\u{1B}") })
                #expect(isUTF8 || lines.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
            }
        }
    }

    @Test("lets nothing that others chose reach the terminal as anything but text (A-005)")
    func isHarmless() {
        // By scalars: a mark that combines is one character with the end of the colour before it.
        let colour = /\u{1B}\[(0|1|7|31|32|33)m/.matchingSemantics(.unicodeScalar)
        var model = Self.hostile(TopSize(columns: 200, rows: 60))
        for keys in [[], [TopKey.enter], [.escape, .tab, .enter], [.escape, .character("/"), .character("x")]] {
            for key in keys { model.press(key) }
            let lines = TopScreen(model: model, style: TopSamples.style(isColoured: true)).lines
            for line in lines {
                let text = Self.withoutColour(line)
                #expect(text.unicodeScalars.allSatisfy { !SafeText.isUnsafe($0) })
                #expect(line.replacing(colour, with: "") == text)
            }
        }
    }

    @Test func marksTheColumnThatItIsSortedBy() {
        var model = TopSamples.full()
        model.press(.character("s"), .character("s"))
        #expect(TopSamples.text(model).contains("STATE▲"))
        model.press(.character("S"))
        #expect(TopSamples.text(model).contains("STATE▼"))
        #expect(TopSamples.text(model, isUTF8: false).contains("STATEv"))
    }

    @Test func showsWhatIsTypedForAFilterAndWhatItLetsThrough() {
        var model = TopSamples.full()
        model.press(.character("/"))
        model.type("turbo")
        let typed = TopSamples.text(model)
        #expect(typed.hasSuffix("\nfilter: turbo_"))
        #expect(typed.contains("requests: the last 20, 4 with \"turbo\""))
        #expect(typed.contains("keys: 2 of 4 usable, 1 with \"turbo\""))
        model.press(.character("!"), .enter)
        #expect(TopSamples.text(model).contains("no request has to do with that"))
        #expect(TopSamples.text(model).contains("no key has to do with that"))
        #expect(TopSamples.text(model).contains("\nEsc shows all  q quit"))
    }

    /// Names of everything that try to move the cursor, open links, forge lines, or are wider than they look.
    private static func hostile(_ size: TopSize) -> TopModel {
        let texts = [
            "\u{1B}]8;;http://evil\u{7}x\u{1B}[2J", "a\r\nb\tc", "\u{301}\u{202E}abc", "語語語語語語語語語語語語語語語語語語語語",
            "👩‍👩‍👧‍👦🇩🇪", "<b>\"\n", "\u{9B}31m",
        ]
        var manager = Samples.manager
        (manager.activeKey, manager.rotationMode, manager.version) = (texts[0], texts[1], texts[2])
        (manager.state, manager.warnings, manager.degraded) = (texts[3], texts, texts)
        let keys = texts.map { text in
            var key = Samples.key(text, text, reason: text, back: 5)
            key.provider = text
            key.windows = [KeyStatus.Window(name: text, used: 0.5, limit: 1, resetsAt: 0)]
            return key
        }
        let rows = texts.enumerated().map { number, text in
            var row = TopSamples.row(text, ago: UInt64(number))
            (row.key, row.model, row.provider, row.client) = (text, text, text, text)
            (row.errorClass, row.outcome, row.status) = (text, text, 0)
            row.tokens = [text: .max]
            row.attempts[0].key = text
            return row
        }
        return TopSamples.model(size, [.status(manager, keys), .history(rows), .notice(texts[0])])
    }

    /// A line as it is to be read: its colours are no text.
    private static func withoutColour(_ line: String) -> String {
        var text = ""
        var isEscape = false
        for scalar in line.unicodeScalars {
            if scalar == "\u{1B}" { isEscape = true }
            if !isEscape { text.unicodeScalars.append(scalar) }
            if scalar == "m" { isEscape = false }
        }
        return text
    }
}
