import ProxyCore
import Testing

struct UsageReadingTests {
    @Test("reads each shape that is known (X-002)", arguments: UsageFixture.all)
    func readsEachKnownShape(_ fixture: UsageFixture) {
        let reading = UsageReading(fixture.body.utf8, of: fixture.endpoint, at: UsageFixture.now)
        if let fault = fixture.fault {
            #expect(reading == .unknown(fault))
        } else {
            #expect(reading.report?.windows.map(\.line) == fixture.windows)
            #expect(reading.report?.windows.allSatisfy { $0.source == .panel } == true)
        }
    }

    @Test("keeps the windows apart: a full window of five hours beside a week that has room (X-002)")
    func keepsWindowsApart() throws {
        let body = """
            {"usage":{"limit":100,"used":75},
             "limits":[{"window":{"duration":300,"timeUnit":"TIME_UNIT_MINUTE"},"detail":{"limit":10,"used":2}}]}
            """
        let report = try #require(UsageReading(body.utf8, of: .kimiUsages, at: UsageFixture.now).report)
        #expect(report.windows.map(\.name) == ["7d", "5h"])
        #expect(report.windows.map(\.remainingShare) == [0.25, 0.8])
    }

    @Test func keepsWhatIsNoWindowAsItIs() throws {
        let body = """
            {"user":{"membership":{"level":"LEVEL_NEW"},"email":"ada@example.org"},"usage":{"limit":1,"used":0},
             "parallel":{"limit":"30"},"totalQuota":{"limit":"500","used":"500"}}
            """
        let report = try #require(UsageReading(body.utf8, of: .kimiUsages, at: UsageFixture.now).report)
        #expect(report.membership == "LEVEL_NEW")
        #expect(report.parallelLimit == 30)
        #expect(report.email == "ada@example.org")
        // A pack that is used up is no window of the plan.
        #expect(report.windows.map(\.line) == ["7d 0.0/1.0 -"])
        #expect(report.extra?.line == "extra 500.0/500.0 -")
    }

    @Test(
        "takes an e-mail only from its member and only if it is one (K-036)",
        arguments: [
            (#""email":"ada@example.org""#, "ada@example.org"),
            (#""email":"a.b+c@mail.example.org""#, "a.b+c@mail.example.org"),
            (#""name":"ada@example.org""#, nil), (#""email":"ada""#, nil), (#""email":"ada@localhost""#, nil),
            (#""email":"a@b@example.org""#, nil), (#""email":"ada @example.org""#, nil),
            (#""email":"@example.org""#, nil),
            (#""email":".ada@example.org""#, nil), (#""email":"ada@-x.org""#, nil), (#""email":7"#, nil),
            (#""email":"ada@example.org\n""#, nil),
        ] as [(String, String?)])
    func takesEmailOnlyFromItsMember(member: String, email: String?) throws {
        let body = "{\"user\":{\(member)},\"usage\":{\"limit\":1,\"used\":0}}"
        let report = try #require(UsageReading(body.utf8, of: .kimiUsages, at: UsageFixture.now).report)
        #expect(report.email == email)
    }

    @Test func boundsWhatItReads() throws {
        let items = (0..<200).map { #"{"name":"w\#($0)","limit":10,"used":1}"# }.joined(separator: ",")
        let report = try #require(
            UsageReading("{\"limits\":[\(items)]}".utf8, of: .kimiUsages, at: UsageFixture.now).report)
        #expect(report.windows.count == 16)
        let long = #"{"usage":{"limit":1,"used":0,"note":""# + String(repeating: "x", count: 1 << 20) + #""}}"#
        #expect(UsageReading(long.utf8, of: .kimiUsages, at: UsageFixture.now) == .unknown(.tooLong))
    }

    @Test("never traps on what a provider might send, and tells no impossible number", .timeLimit(.minutes(5)))
    func survivesWhateverIsSent() {
        var random = SeededGenerator(seed: 20_261_121)
        let splices: [[UInt8]] = [
            "-1", "1e400", "-1e308", "NaN", "null", "[]", "{}", "\"\"", "\"-9\"", "1e15", "99999999999999999999",
            "\"Infinity\"",
            "\"0x1p4\"", ",", "\"2026-99-99T99:99:99Z\"", "\"9999-12-31T23:59:59Z\"", "true",
        ].map { Array($0.utf8) }
        for round in 0..<4_000 {
            let fixture = UsageFixture.all[round % UsageFixture.all.count]
            var bytes = Array(fixture.body.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: Self.replaceScalar(in: &bytes, from: place, with: splices.randomElement(using: &random) ?? [])
                default: bytes.insert(contentsOf: splices.randomElement(using: &random) ?? [], at: place)
                }
            }
            for endpoint in UsageEndpoint.allCases {
                guard let report = UsageReading(bytes, of: endpoint, at: UsageFixture.now).report else { continue }
                let windows = report.windows + [report.extra].compactMap { $0 }
                let isSound = windows.allSatisfy(\.isSound)
                #expect(isSound, "\(String(decoding: bytes, as: UTF8.self))")
                #expect(Set(report.windows.map(\.name)).count == report.windows.count)
                #expect(report.windows.allSatisfy { (1...128).contains($0.name.utf8.count) })
            }
        }
    }

    /// Puts something in the place of what follows the next colon.
    private static func replaceScalar(in bytes: inout [UInt8], from place: Int, with splice: [UInt8]) {
        guard let colon = bytes[place...].firstIndex(of: 0x3A) else { return }
        let end = bytes[colon...].firstIndex { [0x2C, 0x7D, 0x5D].contains($0) } ?? bytes.endIndex
        bytes.replaceSubrange(colon + 1..<end, with: splice)
    }
}
