import DBusControl
import Testing

@testable import kmictl

struct VersionTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"

    @Test("tells version, commit and build date of both programs (T-038)")
    func tellsBoth() {
        var status = ManagerStatus()
        (status.version, status.commit) = ("0.2.0", Self.commit + "-dirty")
        status.builtAt = 1_767_225_600_000_000
        let report = VersionReport(
            client: .init(version: "0.1.0", commit: "", builtAt: 0), daemon: VersionReport.Build(status))
        let style = TextStyle(width: 80, isColoured: false, now: Samples.now, isUTF8: true)
        #expect(
            report.text(style) == """
                kmictl  0.1.0
                kmid    0.2.0, commit 0123456789ab-dirty, built 2026-01-01T00:00:00Z
                """)
        #expect(
            report.json.text(.short)
                == #"{"kmictl":{"built_at":null,"commit":null,"version":"0.1.0"},"#
                + #""kmid":{"built_at":"2026-01-01T00:00:00Z","commit":"\#(Self.commit)-dirty","version":"0.2.0"}}"#)
        #expect(VersionReport(client: report.client, daemon: nil).text(style).contains("kmid    not reachable"))
    }
}
