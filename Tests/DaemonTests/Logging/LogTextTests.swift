import Foundation
import Logging
import ProxyCore
import Testing

@testable import Daemon

@Suite("Foreign text in the log (A-005)")
struct LogTextTests {
    /// Control characters of both sets, ANSI, forged lines, marks that turn or hide text, and tags.
    static let foreign = [
        "\u{1B}[2J\u{1B}]0;title\u{7}", "a\r\nb level=ERROR", "\u{9B}31m", "\u{85}\u{7F}\u{0}",
        "user\u{202E}nimda\u{2066}",
        "a\u{200B}b\u{FEFF}c\u{AD}", "\u{2028}\u{2029}", "\u{E0041}\u{E007F}", "\u{E000}", "\u{115F}",
    ]

    private func render(_ style: LogStyle, _ text: String) -> String {
        let record = LogRecord(.info, "m", ["field": "\(text)", text: "v"], at: WallTime(microseconds: 0))
        return String(decoding: LogLine(style: style).render(record), as: UTF8.self)
    }

    private func literal(_ text: String) -> String {
        var json = JSONWriter()
        LogText.write(literal: text, to: &json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test("a text line holds nothing that a terminal would act on or hide", arguments: foreign)
    func textIsInert(_ text: String) {
        for scalar in self.render(.text, text).unicodeScalars {
            #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
            #expect(!scalar.properties.isDefaultIgnorableCodePoint)
        }
    }

    @Test("a JSON line holds none either, and is the same text for a program", arguments: foreign)
    func jsonIsInertAndTrue(_ text: String) throws {
        let line = self.render(.json, text)
        for scalar in line.unicodeScalars {
            #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
            #expect(!scalar.properties.isDefaultIgnorableCodePoint)
        }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["field"]?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        #expect(object.count == 5)
    }

    @Test("the spelling cannot be forged, and other scripts stay")
    func isUnambiguous() {
        #expect(LogText.line("\\u{1b}") == "\\\\u{1b}")
        #expect(LogText.line("\u{1B}") == "\\u{1b}")
        #expect(LogText.line("größe 模型 <b>") == "größe 模型 <b>")
        #expect(self.literal("größe \"模型\"") == #""größe \"模型\"""#)
        #expect(self.literal("\u{E0041}") == #""\udb40\udc41""#)
    }
}
