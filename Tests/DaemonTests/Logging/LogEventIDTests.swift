import Foundation
import TestSupport
import Testing

@testable import Daemon

/// The ids of events, which programs and catalogs of other versions rely on.
struct LogEventIDTests {
    @Test(
        "an event's id never changes (L-014)",
        arguments: [
            ("stream_cut", "d35180fe60025d9896962aafb8b19d11"), ("key_state", "cb98b07aa38f5b5fa7d683c629b21e98"),
            ("state_write_failed", "dfaae57e3ab55caab99aefce3c30bf16"),
            ("internal_error", "46436e5c4ed35db4a5b6ed2247f5dbbd"), ("request", "09e5591fa1695de8ac619d366a4f29b9"),
            ("log_suppressed", "6eb0d4a7309f510fabe71b58ab0ef29f"),
        ])
    func isStable(_ event: String, _ id: String) {
        #expect(LogEventID.text(of: event) == id)
    }

    @Test("the catalog has an entry for every event of the documentation, background jobs included (L-014)")
    func catalogIsComplete() throws {
        let root = BuildProducts.packageRoot
        let catalog = try String(contentsOfFile: root + "/systemd/catalog/kmi.catalog", encoding: .utf8)
        let page = try String(contentsOfFile: root + "/docs/events.md", encoding: .utf8)
        let events = page.components(separatedBy: "\n## Warnings")[0].split(separator: "\n")
            .filter { $0.hasPrefix("| `") }
            .flatMap { row in
                (row.split(separator: "|").first ?? "").matches(of: /`(\w+)`/).map { String($0.output.1) }
            }
        #expect(events.count > 90)
        #expect(
            Set(events).isSuperset(of: ["key_checked", "usage_refresh_failed", "state_backup_failed", "prices_old"]))
        for event in events {
            let entry = catalog.components(separatedBy: "\n-- \(LogEventID.text(of: event))\nSubject: ")
            #expect(entry.count == 2, "\(event)")
            #expect(entry.last?.contains("\nAll entries of this kind: journalctl KMI_EVENT=\(event)\n") == true)
        }
    }
}
