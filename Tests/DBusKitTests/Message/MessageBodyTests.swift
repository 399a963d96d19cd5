import Testing

@testable import DBusKit

/// What can be sent, and what is refused before libdbus sees it, which would end the process.
struct MessageBodyTests {
    @Test(
        "refuses what no message can carry",
        arguments: [
            [.string("a\u{0}b")],
            [.variant(.string("\u{0}"))],
            [.structure([])],
            [.variant(.structure([]))],
            [.array(of: "s", [.int32(1)])],
            [.array(of: "", [])],
            [.array(of: "ss", [])],
            [.array(of: "v", [.string("bare")])],
            [.dictionary(key: "v", value: "s", [])],
            [.dictionary(key: "as", value: "s", [])],
            [.dictionary(key: "s", value: "", [])],
            [.dictionary(key: "s", value: "v", [BusEntry(key: .string("a"), value: .string("bare"))])],
            [.dictionary(key: "s", value: "s", [BusEntry(key: .int32(1), value: .string("b"))])],
            [.array(of: "(s)", [.structure([.string("a"), .string("b")])])],
            [BusValue](repeating: .byte(0), count: 256),
        ] as [[BusValue]]
    )
    func refusesFlawedValues(values: [BusValue]) {
        #expect { try MessageBody(values) } throws: { ($0 as? BusError)?.kind == .invalid }
    }

    @Test(
        "knows the types of all arguments",
        arguments: [
            ([], ""),
            ([.string("a"), .uint32(1)], "su"),
            ([.variants(["a": .boolean(true)])], "a{sv}"),
            ([.counts(["a": 1]), .strings([])], "a{st}as"),
            ([.structure([.byte(1), .array(of: "(so)", [])])], "(ya(so))"),
        ] as [([BusValue], Signature)]
    )
    func knowsTypes(values: [BusValue], signature: Signature) throws {
        #expect(try MessageBody(values).signature == signature)
    }

    @Test func takesSixtyFourContainersWithinOneAnotherButNoMore() throws {
        let deepest = (0..<64).reduce(BusValue.byte(0)) { value, _ in .variant(value) }
        let body = try MessageBody([deepest])
        #expect(try Self.roundTrip(body.values) == [deepest])
        #expect { try MessageBody([.variant(deepest)]) } throws: { ($0 as? BusError)?.kind == .invalid }
    }

    @Test func takesThirtyTwoStructuresWithinOneAnotherButNoMore() throws {
        let deepest = (0..<32).reduce(BusValue.byte(0)) { value, _ in .structure([value]) }
        #expect(try Self.roundTrip([deepest]) == [deepest])
        #expect { try MessageBody([.structure([deepest])]) } throws: { ($0 as? BusError)?.kind == .invalid }
        #expect { try MessageBody([.variant(.structure([deepest]))]) } throws: { ($0 as? BusError)?.kind == .invalid }
    }

    @Test func countsTheBytesExactly() throws {
        // A text takes its length in four bytes, and a zero behind it.
        let largest = String(repeating: "x", count: MessageLimits.bodySize - 5)
        #expect(throws: Never.self) { try MessageBody([.string(largest)]) }
        #expect { try MessageBody([.string(largest + "x")]) } throws: { ($0 as? BusError)?.kind == .invalid }
        // A byte takes one byte in an array, whose length takes four.
        let bytes = [BusValue](repeating: .byte(0), count: MessageLimits.bodySize - 4)
        #expect(throws: Never.self) { try MessageBody([.array(of: "y", bytes)]) }
        #expect { try MessageBody([.byte(0), .array(of: "y", bytes)]) } throws: { ($0 as? BusError)?.kind == .invalid }
        // Structures begin at multiples of eight bytes.
        let pairs = [BusValue](repeating: .structure([.byte(0)]), count: MessageLimits.bodySize / 8 - 1)
        #expect(throws: Never.self) { try MessageBody([.array(of: "(y)", pairs)]) }
        let more = pairs + [.structure([.byte(0)]), .structure([.byte(0)])]
        #expect { try MessageBody([.array(of: "(y)", more)]) } throws: { ($0 as? BusError)?.kind == .invalid }
    }

    /// Encodes values and reads them again.
    static func roundTrip(_ values: [BusValue]) throws -> [BusValue] {
        let signal = OutgoingSignal(
            path: "/org/example",
            interface: "org.example.Test",
            member: "Sent",
            arguments: values,
            destination: nil
        )
        return try BusMessage.signal(signal).arguments()
    }
}
