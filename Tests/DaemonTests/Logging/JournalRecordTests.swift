import Logging
import ProxyCore
import SystemSupport
import Testing

@testable import Daemon

/// What an entry of the log looks like in the journal (contract 11).
struct JournalRecordTests {
    private static func fields(_ level: Logger.Level, _ fields: Logger.Metadata) -> [String: String] {
        let record = LogRecord(
            level, "answer broke off", fields, at: WallTime(microseconds: 0), file: "Gateway/File.swift",
            function: "cut()", line: 17)
        let pairs = JournalEntry(record).fields.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test("an entry has the fields of the contract, and each of its data under its name (A-018, T-030)")
    func hasFields() {
        let fields = Self.fields(
            .error,
            [
                "event": "stream_cut", "request_id": "r-1", "key": "alpha", "provider": "kimi",
                "class": "provider_timeout", "usable_in_ms": "17", "detail": "",
            ])
        #expect(
            fields == [
                "MESSAGE":
                    "answer broke off class=provider_timeout key=alpha provider=kimi request_id=r-1 usable_in_ms=17",
                "MESSAGE_ID": "d35180fe60025d9896962aafb8b19d11", "PRIORITY": "3", "SYSLOG_IDENTIFIER": "kmid",
                "CODE_FILE": "Gateway/File.swift", "CODE_LINE": "17", "CODE_FUNC": "cut()",
                "KMI_EVENT": "stream_cut", "KMI_REQUEST_ID": "r-1", "KMI_KEY": "alpha", "KMI_PROVIDER": "kimi",
                "KMI_CLASS": "provider_timeout", "KMI_USABLE_IN_MS": "17", "KMI_DETAIL": "",
            ])
    }

    @Test("levels are the priorities of syslog; an entry without an event has no id")
    func mapsLevels() {
        let priorities = [Logger.Level.trace, .debug, .info, .notice, .warning, .error, .critical]
            .map { Self.fields($0, [:])["PRIORITY"] }
        #expect(priorities == ["7", "7", "6", "5", "4", "3", "2"])
        #expect(Self.fields(.info, [:])["MESSAGE_ID"] == nil)
    }

    @Test("foreign text is as harmless as in a line, in every field (A-005)", arguments: LogTextTests.foreign)
    func isInert(_ text: String) {
        for (name, value) in Self.fields(.info, ["detail": "\(text)", text: "v"]) {
            #expect(name.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F })
            for scalar in value.unicodeScalars {
                #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
                #expect(!scalar.properties.isDefaultIgnorableCodePoint)
            }
        }
    }

    @Test("more data than an entry holds are left out, which it says")
    func countsWhatIsLeftOut() {
        let many = Dictionary(uniqueKeysWithValues: (0..<125).map { ("f\($0)", "v" as Logger.Metadata.Value) })
        #expect(Self.fields(.info, many)["KMI_FIELDS_LEFT_OUT"] == "4")
    }
}
