import Foundation
import ProxyCore
import Testing

struct ModelCatalogueTests {
    private static let catalogue = ModelCatalogue(
        aliases: ["k2", "fast"],
        offers: [
            .init(provider: "kimi", models: [ModelEntry(id: "kimi-for-coding"), ModelEntry(id: "k2")]),
            .init(
                provider: "anthropic",
                models: [
                    ModelEntry(
                        id: "claude", displayName: "Claude \"X\"",
                        created: WallTime(microseconds: 1_700_000_000_000_000)),
                    ModelEntry(id: "kimi-for-coding", owner: "other"),
                ]),
        ])

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func mergesEachIDOnce() {
        #expect(Self.catalogue.entries.map(\.id) == ["k2", "fast", "kimi-for-coding", "claude"])
        #expect(Self.catalogue.entries.map(\.owner) == ["kmi", "kmi", "kimi", "anthropic"])
        #expect(Self.catalogue["claude"]?.displayName == "Claude \"X\"")
        #expect(Self.catalogue["none"] == nil)
    }

    @Test func filtersByModelList() {
        #expect(Self.catalogue.filtered(by: ["claude", "k2", "x"]).entries.map(\.id) == ["k2", "claude"])
        #expect(Self.catalogue.filtered(by: [String]()) == Self.catalogue)
    }

    @Test("renders the list in both dialects (contract section 4)")
    func rendersList() throws {
        let list = Self.catalogue.filtered(by: ["claude", "k2"])
        #expect(
            Self.text(list.renderList(in: .openai))
                == #"{"object":"list","data":[{"id":"k2","object":"model","created":0,"owned_by":"kmi"},"#
                + #"{"id":"claude","object":"model","created":1700000000,"owned_by":"anthropic"}]}"#)
        #expect(
            Self.text(list.renderList(in: .anthropic))
                == #"{"data":[{"type":"model","id":"k2","display_name":"k2","created_at":"1970-01-01T00:00:00Z"},"#
                + #"{"type":"model","id":"claude","display_name":"Claude \"X\"","created_at":"2023-11-14T22:13:20Z"}],"#
                + #""has_more":false,"first_id":"k2","last_id":"claude"}"#)
        let empty = ModelCatalogue(aliases: [String](), offers: [ModelCatalogue.Offer]())
        #expect(
            Self.text(empty.renderList(in: .anthropic))
                == #"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#)
        #expect(Self.text(empty.renderList(in: .openai)) == #"{"object":"list","data":[]}"#)
        #expect(
            Self.text(ModelEntry(id: "m").render(in: .gemini))
                == #"{"id":"m","object":"model","created":0,"owned_by":"kmi"}"#)
    }

    @Test func readsLists() throws {
        let openAI =
            #"{"object":"list","data":[{"id":"gpt","created":1686935002,"owned_by":"system","permission":[{"x":1e9}]},"#
            + #"{"id":""},{"id":"a b"},{"id":7},{"id":"gpt"},null,{"id":"vendor/model:free","created":"x"}]}"#
        let entries = try #require(ModelEntry.parseList(Array(openAI.utf8)))
        #expect(entries.map(\.id) == ["gpt", "vendor/model:free"])
        #expect(entries[0].owner == "system")
        #expect(entries[0].created == WallTime(microseconds: 1_686_935_002_000_000))
        let anthropic =
            #"{"data":[{"type":"model","id":"c","display_name":"C","created_at":"2025-02-19T00:00:00.5+01:00"}]}"#
        let claude = try #require(ModelEntry.parseList(Array(anthropic.utf8))?.first)
        #expect(claude.displayName == "C")
        #expect(claude.created?.rfc3339 == "2025-02-18T23:00:00Z")
    }

    @Test("refuses other shapes (X-060)", arguments: ["", "[]", "{}", #"{"data":{}}"#, #"{"data":["#, "null"])
    func refusesOtherShapes(body: String) {
        #expect(ModelEntry.parseList(Array(body.utf8)) == nil)
    }

    @Test func boundsTheCount() throws {
        let body = #"{"data":["# + (0..<10_050).map { #"{"id":"m\#($0)"}"# }.joined(separator: ",") + "]}"
        #expect(try #require(ModelEntry.parseList(Array(body.utf8))).count == 10_000)
    }
}
