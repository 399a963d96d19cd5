import DBusKit
import Testing

struct BusValueTests {
    private static let descriptor = OwnedDescriptor(owning: -1)

    private static let values: [(BusValue, Signature)] = [
        (.byte(1), "y"), (.boolean(true), "b"), (.int16(-1), "n"), (.uint16(1), "q"), (.int32(-1), "i"),
        (.uint32(1), "u"),
        (.int64(-1), "x"), (.uint64(1), "t"), (.double(0.5), "d"), (.string("ä"), "s"), (.path("/a"), "o"),
        (.signature("as"), "g"), (.descriptor(descriptor), "h"), (.array(of: "(sd)", []), "a(sd)"),
        (.strings(["a"]), "as"), (.variants([:]), "a{sv}"), (.counts([:]), "a{st}"),
        (.structure([.string(""), .structure([.byte(0), .variants([:])])]), "(s(ya{sv}))"),
        (.variant(.strings([])), "v"),
        (.dictionary(key: "o", value: "a{sa{sv}}", []), "a{oa{sa{sv}}}"),
    ]

    @Test(arguments: values)
    func knowsItsType(value: BusValue, signature: Signature) {
        #expect(value.signature == signature)
        #expect(value.signature.isSingle)
    }

    @Test(arguments: values.map(\.0))
    func isReadAsWhatItIsAndAsNothingElse(value: BusValue) {
        let readings = [
            value.asByte.map(BusValue.byte), value.asBoolean.map(BusValue.boolean), value.asInt32.map(BusValue.int32),
            value.asUInt32.map(BusValue.uint32), value.asInt64.map(BusValue.int64),
            value.asUInt64.map(BusValue.uint64), value.asDouble.map(BusValue.double),
            value.asString.map(BusValue.string), value.asPath.map(BusValue.path),
            value.asDescriptor.map(BusValue.descriptor), value.asStructure.map(BusValue.structure),
            value.asVariant.map(BusValue.variant), value.asArray.map { _ in value },
            value.asDictionary.map { _ in value },
        ].compactMap(\.self)
        let isUnread = ["n", "q", "g", "a{oa{sa{sv}}}"].contains(value.signature.text)
        #expect(readings == (isUnread ? [] : [value]))
    }

    @Test
    func sortsTheDictionariesThatItMakes() {
        let entries = [
            BusEntry(key: .string("a"), value: .variant(.byte(1))),
            BusEntry(key: .string("b"), value: .variant(.string("x"))),
            BusEntry(key: .string("c"), value: .variant(.boolean(false))),
        ]
        #expect(
            BusValue.variants(["c": .boolean(false), "a": .byte(1), "b": .string("x")])
                == .dictionary(key: "s", value: "v", entries)
        )
        #expect(
            BusValue.counts(["b": 2, "a": 1])
                == .dictionary(
                    key: "s",
                    value: "t",
                    [
                        BusEntry(key: .string("a"), value: .uint64(1)),
                        BusEntry(key: .string("b"), value: .uint64(2)),
                    ]
                )
        )
    }

    @Test
    func readsDictionariesWithTextsAsKeys() {
        let values: [String: BusValue] = ["a": .byte(1), "b": .variant(.string("x")), "c": .strings([])]
        #expect(BusValue.variants(values).asDictionary == values)
        #expect(BusValue.counts(["a": 1]).asDictionary == ["a": .uint64(1)])
        #expect(BusValue.dictionary(key: "u", value: "s", []).asDictionary == nil)
        #expect(BusValue.array(of: "s", []).asDictionary == nil)
    }

    @Test
    func takesTheLastOfEntriesWithTheSameKey() {
        let entries = [UInt64(1), 2].map { BusEntry(key: .string("a"), value: .uint64($0)) }
        #expect(BusValue.dictionary(key: "s", value: "t", entries).asDictionary == ["a": .uint64(2)])
    }

    @Test
    func isAnErrorInWordsForPeople() {
        let error = BusError(.failed, "no")
        #expect(error.kind == .remote)
        #expect("\(error)" == "org.freedesktop.DBus.Error.Failed: no")
        #expect("\(BusError(.failed, ""))" == "org.freedesktop.DBus.Error.Failed")
        #expect(
            "\(BusAddress.session), \(BusAddress.address("unix:path=/x"))" == "the session bus, the bus at unix:path=/x"
        )
    }
}
