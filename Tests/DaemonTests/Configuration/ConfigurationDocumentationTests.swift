import Foundation
import Testing

@testable import Daemon

struct ConfigurationDocumentationTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/configuration.md")

    @Test("the page holds the table of keys as the code has it (K-012)") func pageIsUpToDate() throws {
        let begin = "<!-- keys: begin -->\n"
        let end = "<!-- keys: end -->\n"
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let head = try #require(text.range(of: begin))
        let tail = try #require(text.range(of: end))
        let tables = ConfigurationDocumentation.tables
        // With this variable the test writes the page anew instead of comparing.
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTATION"] == "1" {
            let page = text[..<head.upperBound] + tables + "\n" + text[tail.lowerBound...]
            try String(page).write(to: Self.page, atomically: true, encoding: .utf8)
            return
        }
        #expect(text[head.upperBound..<tail.lowerBound] == tables + "\n")
    }

    @Test func everySummaryIsASentence() {
        for setting in ConfigurationSchema.document.settings {
            #expect(setting.summary.hasSuffix("."), "\(setting.name)")
            #expect(!setting.expected.isEmpty)
        }
    }
}
