import DBusKit

/// An object that does what a test wants.
struct SampleObject: BusObject {
    var interfaces: [InterfaceDescription] = [Self.sample]
    var onCall: @Sendable (BusCall) async throws(BusError) -> [BusValue] = { $0.arguments }
    var onProperties: @Sendable (InterfaceName) async throws(BusError) -> [String: BusValue] = { _ in Self.values }
    var onSet: @Sendable (MemberName, InterfaceName, BusValue, BusName?) async throws(BusError) -> Void = {
        _, _, _, _ in
    }
    var onAuthorise: @Sendable (BusCall) async throws(BusError) -> Void = { _ in }

    func call(_ call: BusCall) async throws(BusError) -> [BusValue] { try await self.onCall(call) }

    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] {
        try await self.onProperties(interface)
    }

    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        try await self.onSet(name, interface, value, sender)
    }

    func authorise(_ call: BusCall) async throws(BusError) { try await self.onAuthorise(call) }

    /// One of everything; `Echo` answers what it gets.
    static let sample = InterfaceDescription(
        name: "org.example.Sample",
        methods: [
            MethodDescription(
                name: "Echo",
                input: [
                    ArgumentDescription(name: "text", signature: "s"),
                    ArgumentDescription(name: "options", signature: "a{sv}"),
                ],
                output: [
                    ArgumentDescription(name: "text", signature: "s"),
                    ArgumentDescription(name: "options", signature: "a{sv}"),
                ]
            ),
            MethodDescription(name: "Nothing", input: [], output: []),
        ],
        properties: [
            PropertyDescription(name: "Name", signature: "s", change: .const),
            PropertyDescription(name: "Level", signature: "u", access: .readWrite),
            PropertyDescription(name: "Load", signature: "d", change: .silent),
            PropertyDescription(name: "Parts", signature: "as", change: .invalidates),
        ],
        signals: [
            SignalDescription(name: "Moved", arguments: [ArgumentDescription(name: "to", signature: "o")]),
            SignalDescription(name: "Ended", arguments: []),
        ],
        documentation: "A sample."
    )

    /// The values of ``sample``'s properties.
    static let values: [String: BusValue] = [
        "Name": .string("x"), "Level": .uint32(3), "Load": .double(0.5), "Parts": .strings(["a", "b"]),
    ]

    /// Another interface whose members have the same names, and one of its own.
    static let other = InterfaceDescription(
        name: "org.example.Other",
        methods: [
            MethodDescription(name: "Nothing", input: [], output: [ArgumentDescription(name: "n", signature: "u")]),
            MethodDescription(name: "More", input: [], output: []),
            // As a standard interface has it.
            MethodDescription(name: "Ping", input: [], output: []),
        ],
        properties: [
            PropertyDescription(name: "Name", signature: "i"),
            PropertyDescription(name: "Only", signature: "b", access: .readWrite),
        ]
    )

    /// Has ``sample`` and ``other``.
    static let double = SampleObject(
        interfaces: [Self.sample, Self.other],
        onProperties: { $0 == Self.sample.name ? Self.values : ["Name": .int32(7), "Only": .boolean(true)] }
    )
}
