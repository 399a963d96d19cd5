import Glibc
import Testing

@testable import DBusKit

/// Values survive their way through a message of libdbus.
struct BusMessageTests {
    @Test(
        "carries values of every type",
        arguments: [
            .byte(255), .boolean(true), .boolean(false), .int16(.min), .uint16(.max), .int32(.min), .uint32(.max),
            .int64(.min), .uint64(.max), .double(-0.5), .double(.infinity), .string(""), .string("Grüße 🦆 \u{FFFF}"),
            .path("/"), .path("/org/example/a_2db"), .signature(""), .signature("a{s(iv)}"),
            .array(of: "s", []), .array(of: "aas", []), .strings(["a", "", "b"]),
            .array(of: "ay", [.array(of: "y", [.byte(1)]), .array(of: "y", [])]),
            .array(of: "(sv)", [.structure([.string("a"), .variant(.int32(-1))])]),
            .dictionary(key: "s", value: "v", []), .counts(["a": 1, "b": .max]),
            .dictionary(key: "y", value: "a{sv}", [BusEntry(key: .byte(1), value: .variants(["x": .double(1)]))]),
            .structure([.byte(1), .uint64(2), .structure([.string("3")])]),
            .variant(.variant(.string("inner"))), .variant(.variants(["k": .strings(["v"])])),
        ] as [BusValue]
    )
    func carries(value: BusValue) throws {
        #expect(try MessageBodyTests.roundTrip([value]) == [value])
        #expect(
            try MessageBodyTests.roundTrip([.byte(1), value, .string("end")]) == [.byte(1), value, .string("end")])
    }

    @Test func copiesDescriptorsAndClosesEachCopyOnce() throws {
        let (reading, writing) = try Self.pipe()
        defer { close(reading) }
        do {
            let owned = OwnedDescriptor(owning: writing)
            let received = try MessageBodyTests.roundTrip([.descriptor(owned), .variant(.descriptor(owned))])
            #expect(received.count == 2)
            let copy = try #require(received.first?.asDescriptor)
            copy.withDescriptor { number in
                #expect(number != writing)
                #expect(write(number, "x", 1) == 1)
            }
            var byte: UInt8 = 0
            #expect(read(reading, &byte, 1) == 1)
            #expect(byte == UInt8(ascii: "x"))
            // Somebody still has the other end: nothing there, but no end either.
            #expect(read(reading, &byte, 1) == -1)
        }
        // The end of the pipe is there once every copy of the other end has been closed.
        var byte: UInt8 = 0
        #expect(read(reading, &byte, 1) == 0)
    }

    @Test func leavesNoCopyBehindWhenTheMessageIsRefused() throws {
        let (reading, writing) = try Self.pipe()
        defer { close(reading) }
        do {
            let owned = OwnedDescriptor(owning: writing)
            let taken = OwnedDescriptor(owning: fcntl(reading, F_DUPFD_CLOEXEC, 0))
            #expect(taken.take().map { close($0) } == 0)
            #expect { try MessageBodyTests.roundTrip([.descriptor(owned), .variant(.descriptor(taken))]) } throws: {
                ($0 as? BusError)?.kind == .invalid
            }
        }
        var byte: UInt8 = 0
        #expect(read(reading, &byte, 1) == 0)
    }

    @Test func refusesMoreThanSixteenDescriptors() throws {
        let (reading, writing) = try Self.pipe()
        close(reading)
        let value = BusValue.descriptor(OwnedDescriptor(owning: writing))
        #expect(try MessageBodyTests.roundTrip([BusValue](repeating: value, count: 16)).count == 16)
        #expect { try MessageBody([BusValue](repeating: value, count: 17)) } throws: {
            ($0 as? BusError)?.kind == .invalid
        }
    }

    @Test func readsNoMoreThanSoManyValues() throws {
        let bytes = [BusValue](repeating: .byte(0), count: MessageLimits.values - 1)
        #expect(try MessageBodyTests.roundTrip([.array(of: "y", bytes)]).count == 1)
        #expect { try MessageBodyTests.roundTrip([.array(of: "y", bytes + [.byte(0)])]) } throws: {
            ($0 as? BusError)?.kind == .invalid
        }
    }

    @Test func takesZeroCharactersOutOfErrors() throws {
        let error = BusError(.failed, "a\u{0}b")
        let message = try BusMessage.answer(.failure(error), to: CallReference(caller: ":1.7", serial: 9))
        #expect(try message.arguments() == [.string("ab")])
        #expect(message.errorName == .failed)
        #expect(message.replySerial == 9)
        #expect(message.kind == .failure)
    }

    @Test("names are accepted only where libdbus accepts them", arguments: 0..<16)
    func acceptsOnlyWhatLibraryAccepts(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) + 1)
        let alphabet = Array("aZ09_-./:é@[`{ \u{0}")
        for _ in 0..<2_000 {
            let length = Int.random(in: 0...9, using: &generator)
            let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
            // C ends the text there, so libdbus cannot be asked.
            if text.utf8.contains(0) {
                #expect(ObjectPath(text) == nil && BusName(text) == nil && MemberName(text) == nil)
                continue
            }
            #expect((ObjectPath(text) != nil) == LibDBus.isPath(text), "\(text)")
            #expect((InterfaceName(text) != nil) == LibDBus.isInterface(text), "\(text)")
            #expect((MemberName(text) != nil) == LibDBus.isMember(text), "\(text)")
            #expect((ErrorName(text) != nil) == LibDBus.isErrorName(text), "\(text)")
            if BusName(text) != nil { #expect(LibDBus.isBusName(text), "\(text)") }
        }
    }

    @Test("signatures are accepted exactly where libdbus accepts them", arguments: 0..<16)
    func acceptsSignaturesOfLibrary(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) + 77)
        let alphabet = Array("sayv(){}g")
        for _ in 0..<4_000 {
            let length = Int.random(in: 0...8, using: &generator)
            let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
            #expect((Signature(text) != nil) == LibDBus.isSignature(text), "\(text)")
        }
        for (opening, closing) in [("a", ""), ("(", ")"), ("a{s", "}"), ("a(", ")")] {
            for depth in 30...35 {
                let begin = String(repeating: opening, count: depth)
                let text = begin + "s" + String(repeating: closing, count: depth)
                #expect((Signature(text) != nil) == LibDBus.isSignature(text), "\(text)")
            }
        }
    }

    /// Two ends that do not block; no program that another test starts inherits one.
    private static func pipe() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return (ends[0], ends[1])
    }
}

/// Numbers that are the same in every run (SplitMix64).
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
