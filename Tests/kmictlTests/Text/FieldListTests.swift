import Testing

@testable import kmictl

struct FieldListTests {
    @Test func wrapsAtBlanksAndKeepsTheIndent() {
        #expect(FieldList.wrapped("  aa bb cc", to: 7) == ["  aa bb", "  cc"])
        #expect(FieldList.wrapped("aa bb cc", to: 5) == ["aa bb", "cc"])
        #expect(FieldList.wrapped("  aa", to: nil) == ["  aa"])
        #expect(FieldList.wrapped("unbreakable", to: 4) == ["unbreakable"])
    }
}
