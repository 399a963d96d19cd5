/// The interfaces that are served for every object (D-Bus specification, section "Standard Interfaces").
enum StandardInterface {
    /// The methods of ``peer``.
    enum Peer {
        static let ping: MemberName = "Ping"
        static let getMachineID: MemberName = "GetMachineId"
    }

    /// The methods and signals of ``properties``.
    enum Properties {
        static let get: MemberName = "Get"
        static let getAll: MemberName = "GetAll"
        static let set: MemberName = "Set"
        static let changed: MemberName = "PropertiesChanged"
    }

    /// The signals of ``objectManager``.
    enum ObjectManager {
        static let getManagedObjects: MemberName = "GetManagedObjects"
        static let added: MemberName = "InterfacesAdded"
        static let removed: MemberName = "InterfacesRemoved"
    }

    /// The types of ``objectManager``'s tables: properties by interface, and those by object.
    static let interfacesType: Signature = "a{sa{sv}}"

    static let peer = InterfaceDescription(
        name: "org.freedesktop.DBus.Peer",
        methods: [
            MethodDescription(name: Peer.ping, input: [], output: []),
            MethodDescription(
                name: Peer.getMachineID,
                input: [],
                output: [ArgumentDescription(name: "machine_uuid", signature: "s")]
            ),
        ]
    )

    static let introspectable = InterfaceDescription(
        name: "org.freedesktop.DBus.Introspectable",
        methods: [
            MethodDescription(
                name: "Introspect",
                input: [],
                output: [ArgumentDescription(name: "xml_data", signature: "s")]
            )
        ]
    )

    static let properties = InterfaceDescription(
        name: "org.freedesktop.DBus.Properties",
        methods: [
            MethodDescription(
                name: Properties.get,
                input: [
                    ArgumentDescription(name: "interface_name", signature: "s"),
                    ArgumentDescription(name: "property_name", signature: "s"),
                ],
                output: [ArgumentDescription(name: "value", signature: "v")]
            ),
            MethodDescription(
                name: Properties.getAll,
                input: [ArgumentDescription(name: "interface_name", signature: "s")],
                output: [ArgumentDescription(name: "props", signature: "a{sv}")]
            ),
            MethodDescription(
                name: Properties.set,
                input: [
                    ArgumentDescription(name: "interface_name", signature: "s"),
                    ArgumentDescription(name: "property_name", signature: "s"),
                    ArgumentDescription(name: "value", signature: "v"),
                ],
                output: []
            ),
        ],
        signals: [
            SignalDescription(
                name: Properties.changed,
                arguments: [
                    ArgumentDescription(name: "interface_name", signature: "s"),
                    ArgumentDescription(name: "changed_properties", signature: "a{sv}"),
                    ArgumentDescription(name: "invalidated_properties", signature: "as"),
                ]
            )
        ]
    )

    static let objectManager = InterfaceDescription(
        name: "org.freedesktop.DBus.ObjectManager",
        methods: [
            MethodDescription(
                name: ObjectManager.getManagedObjects,
                input: [],
                output: [
                    ArgumentDescription(name: "objpath_interfaces_and_properties", signature: "a{oa{sa{sv}}}")
                ]
            )
        ],
        signals: [
            SignalDescription(
                name: ObjectManager.added,
                arguments: [
                    ArgumentDescription(name: "object_path", signature: "o"),
                    ArgumentDescription(name: "interfaces_and_properties", signature: Self.interfacesType),
                ]
            ),
            SignalDescription(
                name: ObjectManager.removed,
                arguments: [
                    ArgumentDescription(name: "object_path", signature: "o"),
                    ArgumentDescription(name: "interfaces", signature: "as"),
                ]
            ),
        ]
    )

    /// Whether a name is one of these.
    static func contains(_ name: InterfaceName) -> Bool {
        [self.peer, self.introspectable, self.properties, self.objectManager].contains { $0.name == name }
    }
}
